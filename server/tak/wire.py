"""A connection to one peer, with TLS or without. TLS runs over memory, so that one task may read while another writes,
in both async modes.
"""

import hashlib
import socket
import ssl
import threading
import time
from typing import Any

from server.transports.serving import close

CHUNK = 65_536


class Wire:
    """Bytes to and from a peer. Raises OSError (TimeoutError among them) where it fails."""

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext | None = None, *, name: str | None = None) -> None:
        self._socket = sock
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = None
        if tls is not None:
            self._tls = tls.wrap_bio(self._in, self._out, server_side=name is None, server_hostname=name)

    def patience(self, seconds: float) -> None:
        """How long reading and writing may take from now on."""
        self._socket.settimeout(seconds)

    def shake(self, within_s: float) -> None:
        """Agree on TLS, if there is any; an octet now and then is not enough. Raises TimeoutError."""
        until = time.monotonic() + within_s
        while self._tls is not None:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if (left_s := until - time.monotonic()) <= 0:
                    raise TimeoutError(f"no TLS within {within_s:g} s") from None
                self.patience(left_s)
                if not self._fill():
                    raise ConnectionResetError("closed while agreeing on TLS") from None
            else:
                self._flush()
                return

    def certificate(self) -> tuple[str, str]:
        """SHA-256 of the peer's certificate and its common name; empty where it showed none."""
        if self._tls is None or (der := self._tls.getpeercert(True)) is None:
            return "", ""
        told: Any = self._tls.getpeercert() or {}
        names = [value for part in told.get("subject", ()) for key, value in part if key == "commonName"]
        return hashlib.sha256(der).hexdigest(), names[0] if names else ""

    def recv(self) -> bytes:
        """What came; empty when the peer has closed."""
        if self._tls is None:
            return self._socket.recv(CHUNK)
        while True:
            with self._lock:
                try:
                    data: bytes | None = self._tls.read(CHUNK)
                except ssl.SSLWantReadError:
                    data = None
                except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                    return b""
            self._flush()
            if data is not None:
                return data
            if not self._fill():
                return b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls is None:
            with self._sending:
                self._socket.sendall(data)
            return
        with self._lock:
            self._tls.write(data)
        self._flush()

    def close(self) -> None:
        """End it, whoever waits."""
        close(self._socket)

    def _fill(self) -> bool:
        chunk = self._socket.recv(CHUNK)
        with self._lock:
            if chunk:
                self._in.write(chunk)
            else:
                self._in.write_eof()
        return bool(chunk)

    def _flush(self) -> None:
        with self._sending:
            with self._lock:
                data = self._out.read()
            if data:
                self._socket.sendall(data)
