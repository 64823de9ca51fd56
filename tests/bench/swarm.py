"""Many clients in one process, as cheap as can be: a thread and a raw WebSocket each, which notes when what came."""

import contextlib
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import websocket

from tests.server import wait_until

Seen = Callable[[dict[str, Any], float], None]


class Watcher:
    """One client: acknowledges every delta, counts bytes, and shows each delta to `seen` with the time it came."""

    def __init__(self, url: str, seen: Seen, **auth: Any) -> None:
        self.bytes = 0
        self.deltas = 0
        self.full_bytes = 0
        self._seen = seen
        self._stopping = False
        address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._wire: Any = websocket.create_connection(address, timeout=60)
        self._wire.recv()
        self._wire.send("40" + json.dumps({"protocol": 1, **auth}))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):  # the end of the connection, ours or theirs
            while not self._stopping:
                self._hear(self._wire.recv(), time.monotonic())

    def _hear(self, frame: str | bytes, at: float) -> None:
        if isinstance(frame, bytes):
            self._take(json.loads(zlib.decompress(frame)), len(frame), at)
        elif frame == "2":
            self._wire.send("3")
        elif frame.startswith('451-["delta"'):
            self.bytes += len(frame)
        elif frame.startswith('42["delta"'):
            self._take(json.loads(frame[2:])[1], len(frame.encode()), at)

    def _take(self, delta: dict[str, Any], size: int, at: float) -> None:
        self.bytes += size
        self.deltas += 1
        if delta["full"]:
            self.full_bytes += size
        self._wire.send(f'42["applied",{{"to":{delta["to"]}}}]')
        self._seen(delta, at)

    def stop(self) -> None:
        """End the connection."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wire.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._wire.shutdown()


class Swarm:
    """Watchers that start and end together."""

    def __init__(self, url: str, count: int, seen: Seen | None = None, **auth: Any) -> None:
        self._url = url
        self._seen = seen or (lambda _delta, _at: None)
        self._auth = auth
        self._count = count
        self.watchers: list[Watcher] = []

    def __enter__(self) -> Self:
        self.watchers = [Watcher(self._url, self._seen, **self._auth) for _ in range(self._count)]
        wait_until(lambda: all(watcher.deltas for watcher in self.watchers), "the first delta of everybody")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watcher in self.watchers:
            watcher.stop()


def table(title: str, head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A table in Markdown, to be put into docs/benchmarks.md as it is."""
    lines = [f"\n\n**{title}**\n", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
