"""TCP listener: senders connect and write, message after message; each is cut out of the stream as its format has it.

While the desk is busy we do not read on, so the sender waits. What is no message (too long, broken off) goes to the
quarantine. A sender that can be answered is answered once its message is durable or in the quarantine.
"""

import time

from server.feeds import feeds
from server.feeds._stream import FRAMINGS, Unframed
from server.places import Places
from server.transports.connection import Link, Lost, Stopped, Transport, refusal
from server.transports.gathering import Gathering
from server.transports.serving import Peers, ServingStats, StreamServer, server_tls
from server.transports.tcp_settings import TcpSettings

LOOK_S = 1.0
DRAIN_S = 3.0
"""How long senders that were connected at the end may be read to the end."""
TROUBLE_S = 600.0
"""So long somebody who was turned away is told to the operator."""


class SenderSession:
    """One sender's connection."""

    def __init__(self, link: Link, settings: TcpSettings, peer: str) -> None:
        feed = feeds()[link.feed]
        make = feed.stream.framer if settings.framing is None else FRAMINGS[settings.framing]
        self._link, self._peer = link, f"tcp {peer}"
        self._framer = make(min(settings.message_bytes, feed.max_bytes))
        self._gathering = Gathering(link, feed.stream, self._peer)
        self._pieces = 0
        self._lost = False

    def received(self, chunk: bytes) -> bytes:
        """See Session. Raises OSError where the server ends, Unframed where the stream is lost."""
        try:
            return self._cut(chunk)
        except Stopped as stopped:
            raise ConnectionAbortedError("the server ends") from stopped

    def _cut(self, chunk: bytes) -> bytes:
        try:
            pieces = self._framer.feed(chunk)
        except Unframed as error:
            self._lost = True
            self._gathering.add(error.found)
            self._link.refuse(error.reason, error.start, None, self._peer)
            raise
        self._pieces += len(pieces)
        return self._gathering.add(pieces, last=self._link.stopping.is_set())

    def pause_s(self) -> float | None:
        """See Session."""
        return self._gathering.pause_s()

    def due(self) -> bytes:
        """See Session."""
        try:
            return self._gathering.flush()
        except Stopped as stopped:
            raise ConnectionAbortedError("the server ends") from stopped

    def progress(self) -> int:
        """See Session."""
        return self._pieces

    def ended(self) -> None:
        """See Session."""
        try:
            if not self._lost:
                self._gathering.add(self._framer.rest(), last=True)
            self._gathering.flush(last=True)
        except Stopped:
            return


class Tcp(Transport[TcpSettings]):
    """See the module."""

    def __init__(self, settings: TcpSettings) -> None:
        super().__init__(settings)
        self._server: StreamServer | None = None
        self._trouble: tuple[str, float] | None = None

    def where(self) -> str:
        """Where it listens."""
        port = self.settings.port if self._server is None else self._server.port
        secured = "tls" if self.settings.cert_file else "tcp"
        return f"{secured} {self.settings.host}:{port}"

    def plan(self) -> list[str]:
        """Who may connect, and how messages are cut."""
        one = self.settings
        each = Places(one.connections, one.per_address).per_address
        return [
            f"peers {', '.join(one.peers) or 'everybody'}, {one.connections} at once, {each} of an address",
            f"who is silent for {one.idle_s:g} s is let go",
            f"framing {one.framing or 'of the format'}, messages of {one.message_bytes} bytes at most",
            "without TLS" if one.cert_file is None else "TLS" + (", with a certificate" if one.client_ca_file else ""),
        ]

    def run(self, link: Link) -> None:
        """See Transport."""
        one, stats = self.settings, ServingStats()
        try:
            tls = None if one.cert_file is None else server_tls(one.cert_file, one.key_file, one.client_ca_file)
            server = StreamServer(
                one.host,
                one.port,
                lambda peer: SenderSession(link, one, peer),
                connections=one.connections,
                per_address=one.per_address,
                idle_s=one.idle_s,
                peers=Peers(one.peers),
                tls=tls,
                stats=stats,
                turned_away=lambda reason: self._turned_away(link, reason),
                name=f"{link.feed}/{link.instance}",
            )
            server.start()
        except OSError as error:
            raise Lost(refusal(error)) from error
        self._server = server
        try:
            while True:
                link.up(self.where(), self._told())
                link.wait(LOOK_S)
        finally:
            server.drain(DRAIN_S)
            server.stop()
            self._server = None

    def stop(self) -> None:
        """See Transport; `run` looks at the link and ends the connections."""

    def _turned_away(self, link: Link, reason: str) -> None:
        link.count(turned_away=1)
        self._trouble = (f"turned away: {reason}", time.monotonic())
        link.up(self.where(), self._told())

    def _told(self) -> str | None:
        if self._trouble is None or time.monotonic() - self._trouble[1] > TROUBLE_S:
            return None
        return self._trouble[0]


TRANSPORT = Tcp
