"""UDP listener: each datagram is a message, or a piece of its sender's stream that is put together (video, MAVLink).

Nobody sends a datagram again. So they are read as they come into a bounded queue, and what finds no room is dropped,
counted and told. Datagrams are answered by nobody.
"""

import queue
import time
from collections import OrderedDict

from server.feeds import Feed, feeds
from server.feeds._stream import Framer, Piece, Unframed
from server.transports.connection import Link, Lost, Stopped, Transport, refusal
from server.transports.datagrams import DatagramServer
from server.transports.gathering import Gathering
from server.transports.serving import Address, Peers, told
from server.transports.udp_settings import UdpSettings

LOOK_S = 0.5
DRAIN_S = 3.0
"""How long datagrams that wait at the end may be handed over."""
QUEUE_BYTES = 32_000_000
TROUBLE_S = 600.0


class Senders:
    """What each sender's datagrams become; the one that was silent longest gives way."""

    def __init__(self, link: Link, feed: Feed, settings: UdpSettings) -> None:
        self._link, self._feed, self._settings = link, feed, settings
        self._known: OrderedDict[str, tuple[Framer | None, Gathering]] = OrderedDict()

    def take(self, body: bytes, address: Address, *, last: bool = False) -> None:
        """One datagram. `last`: as for `Link.take`. Raises Stopped."""
        sender = told(address)
        if sender not in self._known:
            self._known[sender] = self._new(sender)
            while len(self._known) > self._settings.senders:
                self._known.popitem(last=False)[1][1].flush(last=last)
        self._known.move_to_end(sender)
        framer, gathering = self._known[sender]
        try:
            pieces: list[Piece] = [body] if framer is None else framer.feed(body)
        except Unframed as error:
            gathering.add(error.found, last=last)
            gathering.flush(last=last)
            self._link.refuse(error.reason, error.start, None, f"udp {sender}")
            del self._known[sender]
            return
        gathering.add(pieces, last=last)

    def pause_s(self) -> float | None:
        """Seconds until something gathered is due; None where nothing waits."""
        pauses = [pause for _, one in self._known.values() if (pause := one.pause_s()) is not None]
        return min(pauses, default=None)

    def flush(self, everything: bool = False) -> None:
        """Hand over what is due; at the end everything. Raises Stopped."""
        for _, one in list(self._known.values()):
            if everything or one.pause_s() == 0.0:
                one.flush(last=everything)

    def _new(self, sender: str) -> tuple[Framer | None, Gathering]:
        stream = self._feed.stream
        framer = stream.framer(self._feed.max_bytes) if stream.spans else None
        return framer, Gathering(self._link, stream, f"udp {sender}", self._settings.gather_s)


class Udp(Transport[UdpSettings]):
    """See the module."""

    def __init__(self, settings: UdpSettings) -> None:
        super().__init__(settings)
        self._server: DatagramServer | None = None
        self._waiting: queue.Queue[tuple[bytes, Address]] = queue.Queue(settings.queue)
        self._waiting_bytes = 0
        self._lost = 0
        self._peers = Peers(settings.peers)
        self._trouble: tuple[str, float] | None = None

    def where(self) -> str:
        """Where it listens."""
        port = self.settings.port if self._server is None else self._server.port
        groups = f" for {', '.join(self.settings.groups)}" if self.settings.groups else ""
        return f"udp {self.settings.host}:{port}{groups}"

    def plan(self) -> list[str]:
        """Who may send."""
        one = self.settings
        return [f"peers {', '.join(one.peers) or 'everybody'}", f"{one.queue} datagrams may wait"]

    def run(self, link: Link) -> None:
        """See Transport."""
        one = self.settings

        def received(body: bytes, address: Address) -> bytes:
            self._received(link, body, address)
            return b""

        name = f"{link.feed}/{link.instance}"
        server = DatagramServer(one.host, one.port, received, groups=one.groups, interface=one.interface, name=name)
        try:
            server.start()
        except OSError as error:
            raise Lost(refusal(error)) from error
        self._server, self._lost = server, 0
        try:
            self._work(link)
        finally:
            server.stop()
            self._server = None

    def stop(self) -> None:
        """See Transport; `run` looks at the link, and hands over what had come."""

    def _received(self, link: Link, body: bytes, address: Address) -> None:
        if address[0] not in self._peers:
            link.count(turned_away=1)
            self._tell(link, f"turned away: {address[0]} is not among the peers")
            return
        if self._waiting.full() or self._waiting_bytes + len(body) > QUEUE_BYTES:
            link.count(dropped=1)
            self._tell(link, "datagrams were dropped: the desk is slower than they come")
            return
        self._waiting_bytes += len(body)
        self._waiting.put_nowait((body, address))  # nobody else puts: it was not full

    def _work(self, link: Link) -> None:
        senders = Senders(link, feeds()[link.feed], self.settings)
        look_at = 0.0
        while not link.stopping.is_set():
            if time.monotonic() >= look_at:
                self._look(link)
                look_at = time.monotonic() + LOOK_S
            pause_s = senders.pause_s()
            try:
                body, address = self._waiting.get(timeout=LOOK_S if pause_s is None else min(LOOK_S, pause_s + 0.001))
            except queue.Empty:
                senders.flush()
                continue
            self._waiting_bytes -= len(body)
            senders.take(body, address)
            senders.flush()
        self._finish(senders)
        raise Stopped

    def _finish(self, senders: Senders) -> None:
        """Hand over what had come before the end."""
        until, quiet = time.monotonic() + DRAIN_S, 0
        while quiet < 2 and time.monotonic() < until:  # twice: one may be on its way from the socket to the queue
            quiet = quiet + 1 if self._waiting.empty() and not self._is_unread() else 0
            while not self._waiting.empty():
                senders.take(*self._waiting.get_nowait(), last=True)
            time.sleep(0.01)
        senders.flush(everything=True)

    def _is_unread(self) -> bool:
        return self._server is not None and self._server.waiting()

    def _tell(self, link: Link, trouble: str) -> None:
        self._trouble = (trouble, time.monotonic())
        link.up(self.where(), trouble)

    def _look(self, link: Link) -> None:
        lost = 0 if self._server is None else self._server.lost()
        if lost > self._lost:
            link.count(dropped=lost - self._lost)
            self._tell(link, "datagrams were lost: they come faster than they are read")
        self._lost = lost
        link.up(self.where(), self._told())

    def _told(self) -> str | None:
        if self._trouble is None or time.monotonic() - self._trouble[1] > TROUBLE_S:
            return None
        return self._trouble[0]


TRANSPORT = Udp
