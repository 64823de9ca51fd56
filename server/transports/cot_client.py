"""A connection to somebody else's TAK server: what it sends is taken, and a chosen view goes out to it, if any."""

import contextlib
import socket
import ssl
import threading
import time

from layers.cot import fragment, node
from layers.cot_out import own_prefix
from layers.cot_types import PING, SILENT
from server import runtime
from server.feeds import TOO_LARGE, DecodeError
from server.feeds.cot import piece_event
from server.feeds.cot.framing import AUTH, JUNK, Framer, Piece, framed
from server.sync import Full
from server.tak.encoder import Encoder
from server.tak.guest import control
from server.tak.outlet import Outlet
from server.tak.rooms import Rooms
from server.tak.tongue import Tongue
from server.tak.wire import Wire
from server.transports.connection import Link, Lost, Stopped, Transport, refusal
from server.transports.cot_client_settings import CotClientSettings
from server.transports.secret import SecretError

ASK_AGAIN_S = 3600.0
"""So long a server that offered protocol 1 and did not answer our question is left with XML."""


class CotClient(Transport[CotClientSettings]):
    """See the module."""

    def __init__(self, settings: CotClientSettings) -> None:
        super().__init__(settings)
        self._rooms: Rooms | None = None
        self._wire: Wire | None = None
        self._ask_from = 0.0

    def attach(self, rooms: Rooms) -> None:
        """The house whose view goes out."""
        self._rooms = rooms

    def where(self) -> str:
        """Host and port."""
        return f"{'tls' if self.settings.tls else 'tcp'} {self.settings.host}:{self.settings.port}"

    def plan(self) -> list[str]:
        """What goes out."""
        one = self.settings
        if one.publish_token is None:
            return ["nothing goes out"]
        layers = "all its layers" if one.layers is None else ", ".join(one.layers)
        return [f"what the token {one.publish_token} sees goes out: {layers}"]

    def run(self, link: Link) -> None:
        """See Transport."""
        wire = self._connect()
        self._wire = wire
        tongue = self._tongue(link, wire)
        ended = threading.Event()
        try:
            self._greet(wire, tongue)
            link.up(self.where(), trouble=self._unpublished())
            tongue.outlet = self._publish(link, wire)
            runtime.spawn(self._keep_alive, tongue, ended, name="tak alive")
            self._listen(link, wire, tongue)
            raise self._lost(tongue, "the server closed the connection")
        except (OSError, SecretError) as error:
            raise self._lost(tongue, refusal(error)) from error
        except DecodeError as error:
            raise Lost(error.reason) from error
        finally:
            ended.set()
            tongue.end()
            self._wire = None
            wire.close()

    def _tongue(self, link: Link, wire: Wire) -> Tongue:
        """XML again in each connection. A probe asks for nothing."""
        one = self.settings
        wanted = one.protobuf and not link.probing and time.monotonic() >= self._ask_from

        def agreed() -> None:
            link.up(f"{self.where()}, protocol 1", trouble=self._unpublished())

        return Tongue(wire, wanted=wanted, answer_s=one.answer_s, agreed=agreed)

    def _lost(self, tongue: Tongue, reason: str) -> Lost:
        if not tongue.unanswered:
            return Lost(reason)
        self._ask_from = time.monotonic() + ASK_AGAIN_S
        return Lost("the server did not answer whether it speaks protocol 1; XML is next")

    def stop(self) -> None:
        """See Transport."""
        if (wire := self._wire) is not None:
            wire.close()

    def _connect(self) -> Wire:
        one = self.settings
        try:
            tls = self._tls()
            sock = socket.create_connection((one.host, one.port), one.connect_timeout_s)
        except OSError as error:
            raise Lost(refusal(error)) from error
        wire = Wire(sock, tls, name=one.server_name or one.host)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire.shake(one.connect_timeout_s)
            wire.patience(one.silent_s)
        except OSError as error:
            wire.close()
            raise Lost(refusal(error)) from error
        return wire

    def _tls(self) -> ssl.SSLContext | None:
        one = self.settings
        if not one.tls:
            return None
        context = ssl.create_default_context(cafile=one.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if one.cert_file is not None:
            context.load_cert_chain(one.cert_file, one.key_file)
        return context

    def _greet(self, wire: Wire, tongue: Tongue) -> None:
        one = self.settings
        if one.password is not None:
            known = node("cot", username=one.username or "", password=one.password.read())
            wire.send(fragment([node("auth", "", (known,))]).encode())
        tongue.say(control(PING, uid=self._own("ping")))

    def _own(self, name: str) -> str:
        return (own_prefix(self._rooms.house) if self._rooms is not None else "Lagebild-") + name

    def _keep_alive(self, tongue: Tongue, ended: threading.Event) -> None:
        while not ended.wait(self.settings.keepalive_s):
            try:
                tongue.say(control(PING, uid=self._own("ping")))
            except OSError:
                return

    # -- out -----------------------------------------------------------------------------------------------------------

    def _unpublished(self) -> str | None:
        token, rooms = self.settings.publish_token, self._rooms
        if token is None or rooms is None or rooms.access.holder(token) is not None:
            return None
        return f"there is no open token {token}: nothing goes out"

    def _publish(self, link: Link, wire: Wire) -> Outlet | None:
        token, rooms = self.settings.publish_token, self._rooms
        if token is None or rooms is None or link.probing:
            return None
        who = rooms.access.holder(token)
        situation = None if who is None else rooms.situation_of(who)
        if who is None or situation is None:
            return None
        outlet = Outlet(
            rooms,
            Encoder(rooms.house),
            who,
            situation,
            wire.send,
            layers=self.settings.layers,
            interval_s=self.settings.interval_s,
            not_from=f"{link.feed}/{link.instance}",
            gone=wire.close,
        )
        runtime.spawn(_show, outlet, wire, name="tak out")
        return outlet

    # -- in ------------------------------------------------------------------------------------------------------------

    def _listen(self, link: Link, wire: Wire, tongue: Tongue) -> None:
        framer, began = Framer(), time.monotonic()
        while not link.stopping.is_set():
            chunk = wire.recv()
            if not chunk:
                self._take(link, tongue, framer.rest())
                if time.monotonic() - began < 1.0 and not tongue.unanswered:
                    raise Lost("the server closed the connection at once: it may not know us")
                return
            try:
                pieces = framer.feed(chunk)
            except DecodeError as error:
                if error.kind != TOO_LARGE:
                    raise
                raise Lost(error.reason) from error
            self._take(link, tongue, pieces)
        raise Stopped

    def _take(self, link: Link, tongue: Tongue, pieces: list[Piece]) -> None:
        parts = [framed(piece) for piece in pieces if self._is_news(tongue, piece)]
        if parts:
            link.take(b"".join(parts), self.where())

    def _is_news(self, tongue: Tongue, piece: Piece) -> bool:
        """Neither control nor our own coming back."""
        if piece.kind in (AUTH, JUNK):
            return piece.kind == JUNK
        try:
            event = piece_event(piece)
        except DecodeError:
            return True
        if event is not None:
            tongue.hear(event)
        if event is None or (event.type.startswith(SILENT) and not event.type.startswith("t-x-d-d")):
            return False
        own = own_prefix(self._rooms.house) if self._rooms is not None else "Lagebild-"
        named = [link.get("uid") or "" for link in event.find("link")] if event.type == "t-x-d-d" else [event.uid]
        return not (named and all(own in uid for uid in named))


def _show(outlet: Outlet, wire: Wire) -> None:
    with contextlib.suppress(OSError, Full):
        outlet.run()
    wire.close()


TRANSPORT = CotClient
