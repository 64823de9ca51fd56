"""The Socket.IO events, their checks, and how deltas leave: thin, the work is in `server.sync` and `server.reports`."""

import json
import logging
import sys
import time
from typing import Annotated, Any, Literal, cast

import msgspec
from engineio import json as engineio_json
from flask_socketio import SocketIO
from msgspec import Meta, Struct
from socketio.exceptions import ConnectionRefusedError as Refused

from layers.views import View, layers_for
from layers.wire import PROTOCOL
from server import runtime
from server.access import PERSONAL_ROLES, Principal, Role
from server.edge import Bug, contained
from server.house import House
from server.places import Places
from server.reports import refusal
from server.situations import Situation
from server.sync import Full
from server.throttle import Throttle

log = logging.getLogger("lagebild.sockets")

EVENTS = ("connect", "disconnect", "applied", "report")
"""Every event a client can send; the access test walks them."""
LAST_WORDS_S = 0.2
"""What a client that is cut may still be told in."""
SILENT_ROLES = frozenset({Role.FEED})
"""Roles that may not connect: a feed sends by HTTP and sees nothing."""


class wire_json:  # noqa: N801  (stands in for a module)
    """The JSON module of Socket.IO: msgspec writes (several times faster, and takes pre-encoded parts), the standard
    library reads.
    """

    JSONDecodeError = json.JSONDecodeError

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """JSON text; the options of json.dumps do not matter, the result is always compact."""
        return msgspec.json.encode(value).decode()

    loads = staticmethod(engineio_json.loads)


class Auth(Struct, kw_only=True):
    """What a client says when it connects. Unknown keys are left alone: newer clients may say more."""

    token: Annotated[str, Meta(max_length=200)] = ""
    situation: Annotated[str, Meta(max_length=100)] | None = None
    layers: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=40)] | None = None
    mission: Annotated[str, Meta(max_length=256)] | None = None
    rev: Annotated[int, Meta(ge=0, le=2**53)] = 0
    epoch: Annotated[str, Meta(max_length=100)] | None = None
    protocol: int = PROTOCOL
    encoding: Literal["json", "json+zlib"] = "json"


def attach(socketio: SocketIO, house: House) -> None:
    """Register the events and let the sending loop send.

    On the server below Flask-SocketIO, whose request context for every `applied` would cost more than all that it does.
    """
    server = engine_of(socketio)
    seats: dict[str, tuple[Principal, Situation]] = {}
    # How many there may be in all, sync counts: TAK clients are among them.
    places = Places(sys.maxsize, house.settings.limits.clients_per_address)
    addresses: dict[str, str] = {}

    def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        address = environ.get("REMOTE_ADDR") or "unknown"
        if places.take(address) is not None:
            house.metrics.turned_away.labels("clients").inc()
            raise Refused("full")
        addresses[sid] = address
        try:
            seats[sid] = contained(_admit, house, sid, environ, auth)
        except Bug as bug:
            leave(sid)
            if isinstance(bug.__cause__, Refused):
                raise bug.__cause__ from None
            log.exception("unforeseen error while connecting")
            raise Refused("internal") from bug

    def leave(sid: str) -> None:
        if (address := addresses.pop(sid, None)) is not None:
            places.leave(address)

    def disconnect(sid: str, _reason: Any = None) -> None:
        seats.pop(sid, None)
        leave(sid)
        house.sync.leave(sid)

    def applied(sid: str, message: Any = None, *_more: Any) -> None:
        to = message.get("to") if isinstance(message, dict) else None
        if isinstance(to, int):
            house.sync.applied(sid, to)

    def report(sid: str, message: Any = None, *_more: Any) -> dict[str, Any]:
        seat = seats.get(sid)
        if seat is None:
            return refusal("unauthorized", "not connected")
        try:
            return contained(house.reports.take, *seat, message)
        except Bug:
            log.exception("unforeseen error in a report")
            return refusal("internal", "an error on our side; it was logged")

    for handler in (connect, disconnect, applied, report):
        server.on(handler.__name__, handler)

    def emit(event: str, data: Any, sids: list[str]) -> None:
        server.emit(event, data, to=sids)

    def drop(sid: str) -> None:
        eio_sid = server.manager.eio_sid_from_sid(sid, "/")
        server.disconnect(sid)
        close(server, eio_sid)

    def connected(sid: str) -> bool:
        return bool(server.manager.is_connected(sid, "/"))

    _limit_messages(server, house)
    house.sync.start(emit, drop, connected)


def _admit(house: House, sid: str, environ: dict[str, Any], auth: Any) -> tuple[Principal, Situation]:
    """Let a client in. Raises Refused with the reason it is to hear."""
    wish, who = _authenticated(house, environ.get("REMOTE_ADDR") or "unknown", auth)
    situation = _opened(house, who, wish.situation)
    view = View(role=who.role, unit=who.unit, layers=_layers(who.role, wish.layers), mission=wish.mission)
    if who.role in PERSONAL_ROLES:
        house.audit.append("connected", who, situation.id, unit=who.unit)
    try:
        house.sync.join(sid, who, situation, view, wish.encoding, wish.rev, wish.epoch)
    except Full:
        raise Refused("full") from None
    return who, situation


def _limit_messages(server: Any, house: House) -> None:
    """Count every message of a transport: a flood would starve the timers of everybody else."""
    per_min = house.settings.limits.messages_per_min
    throttle = Throttle(per_minute=per_min, burst=max(per_min / 10, 20))
    handle = server.eio.handlers["message"]

    def counted(eio_sid: str, data: Any) -> Any:
        time.sleep(0)  # a socket with more to read would not let anybody else run
        if throttle.take(eio_sid):
            house.metrics.clients_cut.labels("too many messages").inc()
            close(server, eio_sid)
            return None
        return handle(eio_sid, data)

    server.eio.handlers["message"] = counted


def engine_of(socketio: SocketIO) -> Any:
    """The python-socketio server inside (the published types of Flask-SocketIO leave it out)."""
    return cast(Any, socketio).server


def close(server: Any, eio_sid: str) -> None:
    """End a transport at once, without waiting for its queue: whom we cut may not read it any more."""
    environ, engine = server.environ.get(eio_sid), server.eio.sockets.get(eio_sid)
    if engine is not None:
        engine.close(wait=False, abort=True)
    if environ is not None:
        runtime.spawn(_hang_up, environ, name="hang up")


def _hang_up(environ: dict[str, Any]) -> None:
    time.sleep(LAST_WORDS_S)
    runtime.hang_up(environ)


def _authenticated(house: House, address: str, auth: Any) -> tuple[Auth, Principal]:
    try:
        wish = msgspec.convert(auth if isinstance(auth, dict) else {}, Auth)
    except msgspec.ValidationError as error:
        raise Refused(f"bad auth: {error}") from None
    who = house.access.check(wish.token)
    if who is None:
        house.metrics.sign_in_failures.inc()
        if wish.token and house.failures.take(address):
            raise Refused("too many attempts")
        raise Refused("unauthorized")
    if wish.protocol != PROTOCOL:
        raise Refused("protocol")
    if who.role in SILENT_ROLES:
        raise Refused("forbidden")
    return wish, who


def _opened(house: House, who: Principal, wanted: str | None) -> Situation:
    name = wanted or who.home
    if not who.may_enter(name):
        raise Refused("forbidden")
    try:
        return house.situations.get(name)
    except KeyError:
        raise Refused("unknown situation") from None


def _layers(role: str, wanted: list[str] | None) -> tuple[str, ...] | None:
    """The layers asked for, of those the role has; a layer it does not have is left out, not refused."""
    return None if wanted is None else tuple(name for name in layers_for(role) if name in wanted)
