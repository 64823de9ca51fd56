"""The only file that names eventlet: patching, tasks, real threads, the listening server.

The async mode is one setting (`LAGEBILD_ASYNC_MODE`: `eventlet`, the default, or `threading`). Everything else in `server`
uses the standard library's `queue`, `threading` and `time`: under eventlet `patch()` has made them green.
Call `patch()` before anything else is imported (server/cli.py does).
"""

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MODES = ("eventlet", "threading")
BACKLOG = 1024
"""Connections that may wait for accept: clients that come back together must not queue for a second (eventlet's own is 50)."""
MAX_CONNECTIONS = 10_000
"""eventlet's WSGI server stops silently at 1,024 unless told otherwise."""

_patched = False
_pool: ThreadPoolExecutor | None = None


def mode() -> str:
    """The async mode in force. Raises ValueError for a word that is none."""
    chosen = os.environ.get("LAGEBILD_ASYNC_MODE", "eventlet")
    if chosen not in MODES:
        raise ValueError(f"LAGEBILD_ASYNC_MODE must be one of {', '.join(MODES)}, not {chosen!r}")
    return chosen


def patch() -> None:
    """Make the standard library green under eventlet; nothing in threading mode. Safe to call twice."""
    global _patched
    if not _patched and mode() == "eventlet":
        import eventlet

        eventlet.monkey_patch()
        _patched = True


def is_green() -> bool:
    """True once `patch` has made this process an eventlet process."""
    return _patched


def spawn(function: Callable[..., object], *args: Any, name: str = "lagebild") -> threading.Thread:
    """Start a background task (a green thread under eventlet, else a daemon thread)."""
    task = threading.Thread(target=function, args=args, name=name, daemon=True)
    task.start()
    return task


def offload(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work (sqlite, shapely over many rows) in a real thread and wait for it without stopping the loop.

    The function must touch nothing green: no lock, queue or socket of ours, no emit.
    """
    if _patched:
        from eventlet import tpool

        return tpool.execute(function, *args, **kwargs)  # type: ignore[no-any-return]
    return function(*args, **kwargs)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket with a deep backlog and no Nagle delay; port 0 picks a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener
