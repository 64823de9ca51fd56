"""What WebSocket and Socket.IO clients share: a WebSocket that lets nothing too large in, credentials, TLS."""

import base64
import ssl
from typing import Any

import websocket
from websocket import ABNF

from server.transports.call_settings import CallSettings
from server.transports.connection import Lost, refusal
from server.transports.secret import SecretError

MAX_RETRY_AFTER = 9
"""Digits of a Retry-After that is looked at."""


class TooLarge(websocket.WebSocketException):
    """A message is longer than we let in."""


class Bounded(websocket.WebSocket):
    """Ends with `TooLarge` before it reads a message, or the fragments of one, that is over `max_bytes`."""

    def __init__(self, *args: Any, max_bytes: int = 8_000_000, **options: Any) -> None:
        super().__init__(*args, **options)
        self._max_bytes = max_bytes
        self._gathered = 0
        plain = self.frame_buffer.recv_length

        def recv_length() -> None:
            plain()
            length = self.frame_buffer.length or 0
            if self._gathered + length > max_bytes:
                raise TooLarge(f"a message has more than {max_bytes} bytes")

        self.frame_buffer.recv_length = recv_length  # type: ignore[method-assign]

    def recv_frame(self) -> ABNF:
        """As the library does; counts the fragments of a message."""
        frame: ABNF = super().recv_frame()  # type: ignore[no-untyped-call]
        if frame.opcode in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT):
            self._gathered = 0 if frame.fin else self._gathered + len(frame.data)
        return frame


def headers(settings: CallSettings) -> dict[str, str]:
    """Headers with our credentials. Raises Lost where the secret cannot be had."""
    found = dict(settings.headers)
    if settings.secret is None:
        return found
    try:
        secret = settings.secret.read()
    except SecretError as error:
        raise Lost(str(error)) from error
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in secret):
        raise Lost("the secret holds a control character")
    if settings.auth == "basic":
        found["Authorization"] = "Basic " + base64.b64encode(f"{settings.username}:{secret}".encode()).decode()
    else:
        found["Authorization"] = f"Bearer {secret}"
    return found


def tls(settings: CallSettings) -> ssl.SSLContext:
    """Whom we trust, and how we prove who we are. Raises Lost where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:
        raise Lost(refusal(error)) from error
    return context


def options(settings: CallSettings) -> dict[str, Any]:
    """For the library: no redirects (credentials would go along), no proxy of the environment, TLS verified."""
    found: dict[str, Any] = {"redirect_limit": 0, "http_no_proxy": ["*"], "skip_utf8_validation": True}
    if settings.secured:
        found["sslopt"] = {"context": tls(settings)}
    return found


def lost(error: BaseException) -> Lost:
    """The failure of a WebSocket in words, without what the other side wrote."""
    if isinstance(error, websocket.WebSocketBadStatusException):
        wait = str((error.resp_headers or {}).get("retry-after", ""))
        asked = float(wait) if wait.isascii() and wait.isdigit() and len(wait) <= MAX_RETRY_AFTER else None
        return Lost(f"refused with HTTP status {error.status_code}", asked)
    if isinstance(error, websocket.WebSocketConnectionClosedException):
        return Lost("the connection was closed")
    if isinstance(error, websocket.WebSocketTimeoutException | TimeoutError):
        return Lost("no answer in time")
    if isinstance(error, websocket.WebSocketException) and not isinstance(error, TooLarge):
        return Lost(f"no WebSocket: {str(error).splitlines()[0][:150] if str(error) else type(error).__name__}")
    return Lost(refusal(error))
