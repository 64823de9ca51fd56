"""A TAK client that connected to us: signed in or cut, then heard, and told what its token may see.

Nobody is told anything before we know whose token it is: by its certificate, by its address, or by the token as
password of the sign-in that stands before the first event.
"""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from msgspec import Struct

from layers.cot import Event, node, xml
from layers.cot_out import own_prefix
from layers.cot_types import DELETE, OFFER, PING, PONG, REQUEST, RESPONSE
from server import runtime
from server.access import Principal
from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.feeds.cot import piece_event
from server.feeds.cot.framing import AUTH, JUNK, PROTO, XML, Framer, Piece, framed
from server.feeds.cot.xml import read_sign_in
from server.situations import Situation
from server.sync import Full
from server.tak.encoder import Encoder, Form, packed
from server.tak.outlet import Outlet
from server.tak.rooms import Rooms
from server.tak.wire import Wire
from server.throttle import Throttle
from server.transports.cot_server_settings import CotServerSettings

log = logging.getLogger("lagebild.tak")

FEED = "cot"
WRITE_S = 30.0
"""A client that takes nothing for so long is gone."""
SIGN_IN_BYTES = 65_536
"""What may be said before it is known who speaks."""
BURST_MIN = 0.1
"""Events that may come at once, in minutes of `events_per_min`: the others in the house get their turns meanwhile."""
BUSY_TRIES = 60
PROTOCOL = "1"


class TakStats(Struct):
    """Counters since the start."""

    signed_in: int = 0
    turned_away: int = 0
    taken: int = 0
    refused: int = 0
    ignored: int = 0
    """Events of clients whose role may not send."""
    echoes: int = 0
    """Our own events that came back."""
    lost: int = 0


class Guest:
    """See the module."""

    def __init__(
        self, rooms: Rooms, encoder: Encoder, settings: CotServerSettings, wire: Wire, address: str, stats: TakStats
    ) -> None:
        self._rooms, self._encoder, self._settings = rooms, encoder, settings
        self._wire, self._address = wire, address
        self._host = address.rpartition(":")[0].strip("[]")
        self._stats = stats
        self._framer = Framer()
        self._throttle = Throttle(settings.events_per_min, max(1.0, settings.events_per_min * BURST_MIN))
        self._outlet: Outlet | None = None
        self._form: Form = "xml"
        """What is spoken with who gets nothing of the picture."""
        self._who: Principal | None = None
        self._situation: Situation | None = None

    def run(self) -> None:
        """From the handshake to the end. Raises OSError, DecodeError."""
        until = time.monotonic() + self._settings.sign_in_s
        self._wire.shake(self._settings.sign_in_s)
        waiting, said = self._welcome(self._bound(), []), 0
        while self._who is None:
            self._wire.patience(max(0.01, until - time.monotonic()))
            chunk = self._wire.recv()
            if not chunk:
                return
            said += len(chunk)
            if said > SIGN_IN_BYTES and self._who is None:
                self._turn_away("it said too much before it signed in")
            waiting = self._sign_in(self._framer.feed(chunk))
        try:
            self._hear(waiting)
            self._listen()
        finally:
            if self._outlet is not None:
                self._outlet.stop()

    def _bound(self) -> Principal | None:
        """Whose token the certificate or the address stands for."""
        digest, name = self._wire.certificate()
        for key, table in ((digest, self._settings.certificates), (name, self._settings.certificates)):
            if key and key in table:
                return self._rooms.access.holder(table[key])
        token = self._settings.peers.get(self._host)
        return None if token is None else self._rooms.access.holder(token)

    def _sign_in(self, pieces: list[Piece]) -> list[Piece]:
        """The first thing that is said must be who it is. Returns what was said behind it."""
        if not pieces:
            return []
        first, *rest = pieces
        if first.kind != AUTH:
            self._turn_away("it did not sign in")
        try:
            password = read_sign_in(first.body).password
        except DecodeError as error:
            self._turn_away(error.reason)
        who = self._rooms.access.check(password)
        if who is None:
            self._rooms.failures.take(self._host)
            self._turn_away("its password is no token")
        return self._welcome(who, rest)

    def _turn_away(self, reason: str) -> NoReturn:
        self._stats.turned_away += 1
        log.info("TAK client turned away", extra={"peer": self._address, "reason": reason})
        raise ConnectionAbortedError(reason)

    def _welcome(self, who: Principal | None, pieces: list[Piece]) -> list[Piece]:
        if who is None:
            return pieces
        situation = self._rooms.situation_of(who)
        if situation is None:
            self._turn_away("its situation is not there")
        self._who, self._situation = who, situation
        self._stats.signed_in += 1
        log.info("TAK client", extra={"peer": self._address, "token": who.name, "role": who.role})
        self._wire.patience(WRITE_S)
        if self._settings.protobuf:
            self._answer(OFFER, "TakProtocolSupport", version=PROTOCOL)
        if who.role != "feed" and situation is not None:
            self._outlet = Outlet(
                self._rooms,
                self._encoder,
                who,
                situation,
                self._wire.send,
                layers=self._settings.layers,
                interval_s=self._settings.interval_s,
                gone=self._wire.close,
            )
            runtime.spawn(self._show, self._outlet, name="tak out")
        return pieces

    def _show(self, outlet: Outlet) -> None:
        try:
            outlet.run()
        except (OSError, Full) as error:
            log.info("TAK client gone", extra={"peer": self._address, "reason": str(error)[:200] or "no room"})
        finally:
            self._wire.close()

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        while True:
            try:
                chunk = self._wire.recv()
            except TimeoutError:
                continue
            if not chunk:
                self._hear(self._framer.rest())
                return
            self._hear(self._framer.feed(chunk))
            time.sleep(0)  # reading what is there already never waits: without it nobody else would get a turn

    def _hear(self, pieces: list[Piece]) -> None:
        """Answer what is for us, and hand over the rest as one message."""
        parts = []
        for piece in pieces:
            if piece.kind == AUTH:
                continue
            while wait_s := self._throttle.take("events"):
                time.sleep(wait_s)  # it waits with us
            if self._is_for_the_picture(piece):
                parts.append(framed(piece))
        if not parts:
            return
        who, situation = self._who, self._situation
        if who is None or situation is None or who.role not in self._settings.senders:
            self._stats.ignored += len(parts)
            return
        if self._rooms.access.holder(who.token_id) is None:
            raise ConnectionAbortedError("its token was revoked")
        self._take(who, situation, b"".join(parts), len(parts))

    def _take(self, who: Principal, situation: Situation, body: bytes, number: int) -> None:
        for _ in range(BUSY_TRIES):
            try:
                taken = self._rooms.intake.take(situation, FEED, who.name, body, f"tak {self._address}")
            except DecodeError:
                self._stats.refused += number
            except Busy as busy:
                time.sleep(min(1.0, busy.retry_after_s))
                continue
            except Closed as closed:
                raise ConnectionAbortedError("the situation has ended") from closed
            else:
                self._stats.taken += taken.receipt.accepted
                self._stats.refused += len(taken.refused)
            return
        self._stats.lost += number

    def _is_for_the_picture(self, piece: Piece) -> bool:
        """Whether it is for the picture: not for us, and not our own coming back. What cannot be read is for the
        quarantine.
        """
        if piece.kind == JUNK:
            return True
        try:
            event = piece_event(piece) if piece.kind in (XML, PROTO) else None
        except DecodeError:
            return True
        if event is None:
            return False
        own = own_prefix(self._encoder.house)
        if event.type == PING:
            self._answer(PONG, None, uid=event.uid)
            return False
        if event.type == REQUEST:
            self._switch(event)
            return False
        named = [link.get("uid") or "" for link in event.find("link")] if event.type == DELETE else [event.uid]
        if named and all(uid.startswith((own, f"GeoChat.{own}")) for uid in named):
            self._stats.echoes += 1
            return False
        if self._outlet is not None and event.type != DELETE:
            self._outlet.remember(event.uid)
        return True

    def _switch(self, event: Event) -> None:
        wanted = next(
            (one.get("version") for each in event.find("TakControl") for one in each.find("TakRequest")), None
        )
        agreed = self._settings.protobuf and wanted == PROTOCOL
        answer = xml(control(RESPONSE, "TakResponse", event.uid, status="true" if agreed else "false"))
        if agreed and self._outlet is not None:
            self._outlet.switch(answer)
        else:
            self._wire.send(answer)
            self._form = "stream" if agreed else self._form

    def _answer(self, kind: str, inner: str | None, uid: str = "protouid", **attributes: str) -> None:
        form = self._form if self._outlet is None else self._outlet.form
        self._wire.send(packed(control(kind, inner, uid, **attributes), form))


def control(kind: str, inner: str | None = None, uid: str = "protouid", **attributes: str) -> Event:
    """A control message, valid for a minute from now."""
    now = datetime.now(UTC)
    detail = () if inner is None else (node("TakControl", "", (node(inner, "", (), **attributes),)),)
    return Event(
        type=kind,
        uid=uid,
        how="m-g",
        time=now,
        start=now,
        stale=now + timedelta(minutes=1),
        lat=0.0,
        lon=0.0,
        detail=detail,
    )
