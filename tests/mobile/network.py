"""A bad mobile network on one machine: a TCP proxy that can be cut, go silent, or swallow what the server answers."""

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit


class Network:
    """Between the app and the server. `mode` is open, cut (no connection at all) or deaf (nothing comes back)."""

    def __init__(self, server_url: str) -> None:
        parts = urlsplit(server_url)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self.mode = "open"
        self.connections = 0
        self.passed_bytes = 0
        """From the server to the app, since the start."""
        self.break_after: int | None = None
        """The tunnel comes when so many bytes more have passed to the app: the connection that carries them breaks."""
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """The tunnel: every connection breaks and no new one is made."""
        self.mode = "cut"
        self._break_all()

    def deafen(self) -> None:
        """What the app says arrives, what the server answers does not."""
        self.mode = "deaf"

    def restore(self) -> None:
        """The network is back; what was open before stays broken."""
        self._break_all()
        self.mode = "open"

    def to(self, server_url: str) -> None:
        """The server has moved to another port."""
        parts = urlsplit(server_url)
        self._target = (str(parts.hostname), int(parts.port or 80))

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.mode == "cut":
                near.close()
                continue
            try:
                far = socket.create_connection(self._target, timeout=10)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self.connections += 1
            with self._lock:
                self._sockets |= {near, far}
            threading.Thread(target=self._pump, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if from_server and self.mode == "deaf":
                    continue
                if not from_server:
                    sink.sendall(data)
                elif not self._passes(sink, data):
                    break
        except OSError:
            pass
        for end in (source, sink):
            self._close(end)

    def _passes(self, sink: socket.socket, data: bytes) -> bool:
        """Hand on what may still pass; False when that was not all of it."""
        with self._lock:
            left = self.break_after
            allowed = data if left is None else data[:left]
            self.break_after = None if left is None or len(data) >= left else left - len(data)
            self.passed_bytes += len(allowed)
        sink.sendall(allowed)
        return len(allowed) == len(data)

    def _break_all(self) -> None:
        with self._lock:
            ends = list(self._sockets)
        for end in ends:
            self._close(end)

    def _close(self, end: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(end)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._break_all()
