"""Our own TAK server: clients connect by TCP or TLS, send datagrams, or hear a multicast group.

Nobody without a token hears anything. What a client hears is the view of its token's role, by the same
synchronisation as browsers and tablets have.
"""

import logging
import socket
import ssl
import time

from server import runtime
from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.places import Places
from server.sync import Full
from server.tak.encoder import Encoder
from server.tak.guest import FEED, Guest, TakStats
from server.tak.outlet import Outlet
from server.tak.rooms import Rooms
from server.tak.wire import Wire
from server.transports.connection import Link, Lost, Transport, refusal
from server.transports.cot_server_settings import CotServerSettings
from server.transports.datagrams import DatagramServer
from server.transports.serving import Address, Sockets, close, server_tls, told

log = logging.getLogger("lagebild.tak")

LOOK_S = 1.0
TROUBLE_S = 600.0
"""So long somebody who was turned away is told to the operator."""
SEND_BYTES = 262_144
"""What the kernel may keep for a client that does not read."""
TTL = 1
"""Multicast stays in its own network."""


class CotServer(Transport[CotServerSettings]):
    """See the module."""

    def __init__(self, settings: CotServerSettings) -> None:
        super().__init__(settings)
        self.stats = TakStats()
        self.port = settings.port
        self.udp_port = settings.udp_port
        self._rooms: Rooms | None = None
        self._encoder: Encoder | None = None
        self._sockets = Sockets()
        self._places = Places(settings.connections, settings.per_address)
        self._link: Link | None = None
        self._trouble: tuple[str, float] | None = None

    def attach(self, rooms: Rooms) -> None:
        """The house that it serves."""
        self._rooms = rooms

    def where(self) -> str:
        """Where it listens."""
        kind = "tls" if self.settings.cert_file else "tcp"
        datagrams = "" if self.udp_port is None else f", udp {self.settings.host}:{self.udp_port}"
        group = "" if self.settings.multicast is None else f", to {self.settings.multicast}"
        return f"{kind} {self.settings.host}:{self.port}{datagrams}{group}"

    def plan(self) -> list[str]:
        """Who may connect, and what becomes of what they say."""
        one = self.settings
        secured = "without TLS" if one.cert_file is None else "TLS"
        return [
            f"{one.connections} clients at once, of one address {self._places.per_address}",
            f"{secured}, {len(one.certificates)} certificates and {len(one.peers)} addresses bound to tokens",
            f"events of {', '.join(one.senders) or 'nobody'} are taken",
            f"layers {', '.join(one.layers) if one.layers is not None else 'of the role'}, every {one.interval_s:g} s",
        ]

    def run(self, link: Link) -> None:
        """See Transport."""
        rooms, one = self._rooms, self.settings
        if rooms is None or link.probing:
            raise Lost("it is made by a running server alone")
        self._link = link
        self._encoder = encoder = Encoder(rooms.house)
        self._sockets = Sockets()
        datagrams = None
        try:
            tls = None if one.cert_file is None else server_tls(one.cert_file, one.key_file, one.client_ca_file)
            listener = runtime.listen(one.host, one.port)
            self.port = listener.getsockname()[1]
            self._sockets.hold(listener)
            if one.udp_port is not None:
                datagrams = DatagramServer(one.host, one.udp_port, self._datagram, name="tak udp")
                datagrams.start()
                self.udp_port = datagrams.port
        except OSError as error:
            self._sockets.stop()
            raise Lost(refusal(error)) from error
        runtime.spawn(self._accept, listener, rooms, encoder, tls, name="tak")
        if one.multicast is not None and one.multicast_token is not None:
            runtime.spawn(self._announce, rooms, encoder, one.multicast, one.multicast_token, name="tak multicast")
        try:
            while True:
                link.up(self.where(), self._told())
                link.wait(LOOK_S)
        finally:
            self._sockets.stop()
            if datagrams is not None:
                datagrams.stop()

    def stop(self) -> None:
        """See Transport."""
        self._sockets.stop()

    # -- connections ---------------------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket, rooms: Rooms, encoder: Encoder, tls: ssl.SSLContext | None) -> None:
        sockets = self._sockets
        while not sockets.over():
            try:
                peer, address = listener.accept()
            except OSError:
                if sockets.over():
                    return
                time.sleep(0.1)
                continue
            if (full := self._places.take(address[0])) is not None:
                self._turn_away(full)
                close(peer)
            elif sockets.hold(peer):
                runtime.spawn(self._serve, peer, address, rooms, encoder, tls, sockets, name="tak in")
            else:
                self._places.leave(address[0])

    def _serve(
        self,
        peer: socket.socket,
        address: Address,
        rooms: Rooms,
        encoder: Encoder,
        tls: ssl.SSLContext | None,
        sockets: Sockets,
    ) -> None:
        where = told(address)
        try:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
            Guest(rooms, encoder, self.settings, Wire(peer, tls), where, self.stats).run()
        except (OSError, DecodeError) as error:
            log.info("TAK client gone", extra={"peer": where, "reason": str(error)[:200]})
        finally:
            self._places.leave(address[0])
            sockets.drop(peer)

    def _turn_away(self, reason: str) -> None:
        self.stats.turned_away += 1
        self._trouble = (f"turned away: {reason}", time.monotonic())
        if self._link is not None:
            self._link.count(turned_away=1)

    def _told(self) -> str | None:
        if self._trouble is None or time.monotonic() - self._trouble[1] > TROUBLE_S:
            return None
        return self._trouble[0]

    # -- datagrams -----------------------------------------------------------------------------------------------------

    def _datagram(self, body: bytes, address: Address) -> bytes:
        """Taken of the addresses that stand for a token which may send; of nobody else, and never answered."""
        rooms = self._rooms
        token = self.settings.peers.get(address[0])
        who = None if token is None or rooms is None else rooms.access.holder(token)
        situation = None if who is None or rooms is None else rooms.situation_of(who)
        if rooms is None or who is None or situation is None or who.role not in self.settings.senders:
            self._turn_away(f"datagrams of {address[0]}, which stands for no token that may send")
            return b""
        try:
            taken = rooms.intake.take(situation, FEED, who.name, body, f"tak udp {told(address)}")
        except DecodeError:
            self.stats.refused += 1
        except (Busy, Closed):
            self.stats.lost += 1
        else:
            self.stats.taken += taken.receipt.accepted
        return b""

    def _announce(self, rooms: Rooms, encoder: Encoder, group: str, token: str) -> None:
        """Send a view to the group: all of it, then what changes, and all of it again for who came later."""
        host, _, port = group.rpartition(":")
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL)
        interface = socket.inet_aton(self.settings.multicast_interface)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        sockets = self._sockets
        if not sockets.hold(sender):
            return
        while not sockets.over():
            who = rooms.access.holder(token)
            situation = None if who is None else rooms.situation_of(who)
            if who is None or situation is None:
                time.sleep(LOOK_S)
                continue
            outlet = Outlet(
                rooms,
                encoder,
                who,
                situation,
                lambda body: _send(sender, body, (host, int(port))),
                layers=self.settings.layers,
                interval_s=self.settings.interval_s,
                each=True,
                gone=_nobody,
            )
            runtime.spawn(_end_after, outlet, self.settings.announce_s, sockets, name="tak announce")
            try:
                outlet.run()
            except (OSError, Full) as error:
                log.warning("multicast", extra={"group": group, "reason": str(error)[:200]})
                time.sleep(LOOK_S)
        sockets.drop(sender)


def _send(sender: socket.socket, body: bytes, address: tuple[str, int]) -> None:
    sender.sendto(body, address)


def _end_after(outlet: Outlet, seconds: float, sockets: Sockets) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not sockets.over():
        time.sleep(min(LOOK_S, seconds))
    outlet.stop()


def _nobody() -> None:
    return


TRANSPORT = CotServer
