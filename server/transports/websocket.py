"""WebSocket client (RFC 6455): connects, says hello as the format wants it, and takes each message.

While the desk is busy we do not read on, so the other side waits. Pings go out in silence; who does not answer is lost.
"""

import contextlib
import socket
import time
from urllib.parse import urlsplit, urlunsplit

import websocket
from websocket import ABNF

from server.feeds import feeds
from server.transports.calls import Bounded, headers, lost, options
from server.transports.connection import Link, Lost, Transport
from server.transports.websocket_settings import WebsocketSettings

SCHEMES = {"http": "ws", "https": "wss"}


class Websocket(Transport[WebsocketSettings]):
    """See the module."""

    def __init__(self, settings: WebsocketSettings) -> None:
        super().__init__(settings)
        self._wire: Bounded | None = None

    def where(self) -> str:
        """The address."""
        return self.settings.shown

    def plan(self) -> list[str]:
        """How we present ourselves."""
        one = self.settings
        hello = "of the format" if one.hello is None else f"{len(one.hello)} messages"
        who = f"as {one.username}" if one.auth == "basic" else "with a token" if one.auth == "bearer" else "as nobody"
        return [f"{'TLS' if one.secured else 'without TLS'}, {who}", f"hello: {hello}", f"ping after {one.ping_s:g} s"]

    def run(self, link: Link) -> None:
        """See Transport."""
        one = self.settings
        address = urlsplit(one.url)
        url = urlunsplit(address._replace(scheme=SCHEMES.get(address.scheme, address.scheme)))
        wire = Bounded(max_bytes=one.message_bytes, enable_multithread=True, **_for_socket(options(one)))
        self._wire = wire
        try:
            wire.settimeout(one.timeout_s)
            wire.connect(  # type: ignore[no-untyped-call]
                url,
                header=headers(one),
                subprotocols=list(one.subprotocols) or None,
                suppress_origin=True,
                timeout=one.timeout_s,
                **options(one),
            )
            self._listen(link, wire)
        except (websocket.WebSocketException, OSError, ValueError) as error:
            raise lost(error) from error
        finally:
            self._wire = None
            _hang_up(wire)

    def stop(self) -> None:
        """See Transport."""
        if self._wire is not None and self._wire.sock is not None:
            with contextlib.suppress(OSError):
                self._wire.sock.shutdown(socket.SHUT_RDWR)

    def _listen(self, link: Link, wire: Bounded) -> None:
        feed = feeds()[link.feed]
        for word in feed.stream.hello if self.settings.hello is None else self.settings.hello:
            wire.send(word)
        link.up(self.where())
        wire.settimeout(self.settings.ping_s)
        heard_at = time.monotonic()
        while not link.stopping.is_set():
            try:
                opcode, data = wire.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException:
                if time.monotonic() - heard_at >= 2 * self.settings.ping_s:
                    raise Lost("the other side says nothing any more") from None
                wire.ping()
                continue
            heard_at = time.monotonic()
            if opcode == ABNF.OPCODE_CLOSE:
                raise Lost(f"the other side closed{_reason(data)}")
            if opcode in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY):
                link.take(data)


def _for_socket(given: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if name in ("sslopt", "skip_utf8_validation")}


def _reason(data: bytes) -> str:
    """Code and words of a close frame (RFC 6455, 7.1.5)."""
    if len(data) < 2:
        return ""
    words = "".join(sign for sign in data[2:].decode("utf-8", "replace") if sign.isprintable())[:100]
    return f" with code {int.from_bytes(data[:2], 'big')}" + (f": {words}" if words else "")


def _hang_up(wire: Bounded) -> None:
    with contextlib.suppress(websocket.WebSocketException, OSError):
        if wire.connected:
            wire.send_close()
    wire.shutdown()  # type: ignore[no-untyped-call]


TRANSPORT = Websocket
