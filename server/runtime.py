"""The only file that names eventlet: patching, tasks, real threads, the listening server.

The async mode is one setting (`LAGEBILD_ASYNC_MODE`: `eventlet`, the default, or `threading`). Everything else in
`server` uses the standard library's `queue`, `threading` and `time`: under eventlet `patch()` has made them green.
Call `patch()` before anything else is imported (server/cli.py does).
"""

import contextlib
import logging
import os
import posix
import select
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Mode = Literal["eventlet", "threading"]
MODES: tuple[Mode, ...] = ("eventlet", "threading")
BACKLOG = 1024
"""Connections that may wait for accept: clients that come back together must not queue for a second (eventlet's own is
50).
"""
MAX_CONNECTIONS = 10_000
"""eventlet's WSGI server stops silently at 1,024 unless told otherwise."""
SOCKET_TIMEOUT_S = 60
"""A connection that neither sends nor takes anything for so long is closed: nobody holds one open by sending a byte an
hour.
"""

POLLIN = 1
"""Of poll(2); the module that names it is replaced."""

log = logging.getLogger("lagebild.runtime")

_patched = False


def mode() -> Mode:
    """The async mode in force. Raises ValueError for a word that is none."""
    chosen = os.environ.get("LAGEBILD_ASYNC_MODE", "eventlet")
    if chosen not in MODES:
        raise ValueError(f"LAGEBILD_ASYNC_MODE must be one of {', '.join(MODES)}, not {chosen!r}")
    return chosen


def patch() -> None:
    """Make the standard library green under eventlet; nothing in threading mode. Safe to call twice."""
    global _patched
    if not _patched and mode() == "eventlet":
        with warnings.catch_warnings():
            # Its maintainers announce its end on every import; docs/adr and this file are where that is dealt with.
            warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
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


def run_apart(command: Sequence[str], within_s: float) -> int:
    """Run a program to its end, with no environment, input or output; its exit code, negative where a signal ended it.

    What takes longer is killed. Blocks the thread it is called in: call it offloaded. Nothing here is green, so that a
    real thread may use it in either mode.
    """
    nothing = [(posix.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    pid = posix.posix_spawn(command[0], list(command), {"LC_ALL": "C.UTF-8"}, file_actions=nothing)
    child = os.pidfd_open(pid)
    try:
        waiting = _native_select().poll()
        waiting.register(child, POLLIN)
        if not waiting.poll(within_s * 1000):
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(child)
        _, status = posix.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _native_select() -> Any:
    if _patched:
        from eventlet.patcher import original

        return original("select")
    return select


def native_lock() -> Any:
    """A lock between real threads, for what offloaded work shares. Hold it shortly: on the loop it stops everybody."""
    if _patched:
        from eventlet.patcher import original

        return original("threading").RLock()
    return threading.RLock()


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket with a deep backlog and no Nagle delay; port 0 picks a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def hang_up(environ: dict[str, Any]) -> None:
    """End the TCP connection of a request (a WebSocket's, too), whatever either side still wants to say."""
    source = environ.get("eventlet.input")
    connection = source.get_socket() if source is not None else environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def answered(environ: dict[str, Any]) -> list[bytes]:
    """The body of a request whose connection the application took over (a WebSocket that has ended): nothing more is
    sent. Raises ConnectionError in threading mode, where that is how a server is told.
    """
    if "eventlet.input" not in environ:
        raise ConnectionError("taken over")
    from eventlet.wsgi import WSGI_LOCAL

    WSGI_LOCAL.already_handled = True
    return []


class WebServer:
    """Serves a WSGI application on a listening socket, in a background task."""

    def __init__(self, listener: socket.socket, application: Any) -> None:
        self._listener = listener
        self._application = application
        self._end: Callable[[], None] = listener.close

    def start(self) -> None:
        """Begin to accept."""
        if is_green():
            self._start_green()
        else:
            self._start_threads()

    def stop(self) -> None:
        """Accept nothing more. Requests under way go on; open WebSockets end with the process."""
        self._end()

    def _start_green(self) -> None:
        import eventlet
        import eventlet.wsgi

        task = eventlet.spawn(
            eventlet.wsgi.server,
            self._listener,
            self._application,
            log=log,
            log_output=False,
            max_size=MAX_CONNECTIONS,
            debug=False,
            socket_timeout=SOCKET_TIMEOUT_S,
            keepalive=True,
        )

        def end() -> None:
            # Its own way of ending waits for every open WebSocket; killed, it waits alone.
            task.kill()
            self._listener.close()

        self._end = end

    def _start_threads(self) -> None:
        from werkzeug.serving import make_server

        host, port = self._listener.getsockname()[:2]
        server = make_server(host, port, self._application, threaded=True, fd=self._listener.fileno())
        spawn(server.serve_forever, name="http")
        self._end = server.shutdown


class Signals:
    """Catches signals from its creation on, in the main task; `wait` returns the first that came or comes.

    A handler in Python would not wake the event loop from its sleep; the byte that the interpreter writes into a socket
    does.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        for number in numbers:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def wait(self) -> signal.Signals:
        """Wait while the other tasks go on."""
        while True:
            got = self._reader.recv(1)[0]
            if got in self._numbers:
                return signal.Signals(got)
