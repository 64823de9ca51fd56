"""Wachalarm IP (WAIP): alarms of a control room to its stations, as UDP datagrams and as Socket.IO events.

A datagram is `{einsatzdaten, ortsdaten, alarmdaten[]}`; the Socket.IO event wraps it in `{data, app_id}`. **The axes
are swapped: `wgs84_x` is the latitude, `wgs84_y` the longitude**, both texts. `alarmzeit` is `DD.MM.YY&HH:MM` in local
time. A later message of the same `nummer` is an update that may name further vehicles.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

from layers.content import Mission, Unit
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._addresses import address
from server.feeds._batch import Batch, Fields, joined, settings, subject
from server.feeds._dispatch import BERLIN, DispatchOptions, local_time, unit_subject
from server.feeds._documents import documents
from server.feeds._json import load
from server.feeds._secrets import openings
from server.feeds._stream import Objects, Stream
from server.feeds.ngsi.values import Bad, Reading, anchor, flag

NAME = "waip"
CATEGORIES = {
    "brandeinsatz": "fire",
    "hilfeleistungseinsatz": "technical",
    "rettungseinsatz": "medical",
    "krankentransport": "medical",
}
"""`art` of a mission; another says nothing of the category, then the keyword does."""
_EVENT = re.compile(rb"\d{1,2}(?:/[\w/-]*,)?\d*(?=\[)")
"""Head of a Socket.IO packet: packet types, namespace, id of the acknowledgement."""
_PACKETS = re.compile(rb"[\x1e\r\n]+")
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)
EARLIER_H = 1
"""A vehicle's clock time is taken as the first one that is at most so many hours before the alarm."""
NO_OBJECT = "-1"


def decode(body: bytes, context: Context) -> Decoded:
    """Missions and their units. Raises DecodeError."""
    batch, options = Batch(context), settings(context, DispatchOptions)
    found = documents(_events(body), context.limits)
    batch.refused.extend(found.refused)
    for document in found.found:
        for message in _messages(document, batch):
            _alarm(message, batch, options)
    if not batch.decoded().observations and not batch.refused:
        raise DecodeError("no Wachalarm message", INVALID)
    return batch.decoded()


def _events(body: bytes) -> bytes:
    """The Socket.IO events of a capture without their heads, one on each line; another body as it is."""
    packets = _PACKETS.split(body)
    events = [_EVENT.sub(b"", packet, count=1) for packet in packets if _EVENT.match(packet)]
    return b"\n".join(events) if events else body


def _messages(document: Any, batch: Batch) -> list[Mapping[str, Any]]:
    """The payloads: of a Socket.IO event `[name, payload, ...]`, of a list, or the only one; unwrapped."""
    if isinstance(document, list):
        if document and isinstance(document[0], str):
            if not document[0].endswith("new_waip"):
                batch.refuse(f"event {document[0][:60]!r} is no alarm", document, kind=UNKNOWN_TYPE)
                return []
            document = document[1:]
        return [message for item in document for message in _messages(item, batch)]
    if isinstance(document, Mapping):
        inner = document.get("data")
        if isinstance(inner, str):
            try:
                inner = load(inner.encode(), batch.context.limits)
            except DecodeError as error:
                batch.refuse(f"data: {error.reason}", inner)
                return []
        return _messages(inner, batch) if isinstance(inner, Mapping | list) else [document]
    batch.refuse("a message is an object", document)
    return []


def _alarm(message: Mapping[str, Any], batch: Batch, options: DispatchOptions) -> None:
    whole = batch.fields(message)
    # A station's monitor gets the same fields without the three objects.
    data = whole.inner("einsatzdaten") if whole.has("einsatzdaten") else whole
    place = whole.inner("ortsdaten") if whole.has("ortsdaten") else whole
    number = data.said("nummer|einsatznummer|els_einsatz_nummer")
    if number is None:
        batch.refuse("an alarm without nummer", message)
        return
    data.of = place.of = of = subject(NAME, number)
    at = data.said("alarmzeit", local_time)
    keyword, kind = data.get("stichwort"), data.get("art|einsatzart")
    alarmed = whole.each("alarmdaten|em_alarmiert")
    units = [unit for each in alarmed if (unit := _unit_of(each)) is not None]
    content = Mission(
        number=number,
        keyword=keyword,
        category=_category(kind, keyword, options),
        subcategory=kind,
        description=data.get("besonderheiten"),
        address=address(place.get("strasse"), place.get("hausnummer"), UNSET, place.get("ort")),
        location_detail=joined(*(place.get(each) for each in ("ortsteil", "ortslage", "objekt", "objektteil"))),
        issued_at=UNSET if at is None else at,
        units=tuple(dict.fromkeys(units)) or UNSET,
    )
    object_number = place.get("objektnr")
    extra = {
        "sondersignal": data.get("sondersignal", flag),
        "uuid": data.get("uuid"),
        "objektnr": UNSET if object_number == NO_OBJECT else object_number,
        **{name: place.get(name) for name in ("objektart", "wachfolge", "landkreis", "einsatzdetails")},
    }
    geometry = place.point("wgs84_y", "wgs84_x")
    if geometry is UNSET:
        geometry = place.get("wgs84_area", _area)
    flags = data.flags | place.flags
    batch.claim(of, content, at=at, flags=flags, geometry=geometry, extra=extra, every_s=600)
    for each in alarmed:
        _unit(each, of, at, data.flags & {"tz_assumed"}, batch)


def _category(kind: Any, keyword: Any, options: DispatchOptions) -> Any:
    known = CATEGORIES.get(kind.casefold()) if isinstance(kind, str) else None
    if known is not None or keyword is UNSET:
        return known or UNSET
    return options.catalogue.category(keyword)


def _area(value: Any, reading: Reading) -> Any:
    if isinstance(value, str):
        try:
            value = load(value.encode(), reading.context.limits)
        except DecodeError as error:
            raise Bad(error.reason) from error
    return anchor(value, reading)


def _unit_of(alarmed: Fields) -> str | None:
    return unit_subject(NAME, "", alarmed.said("einsatzmittel|em_funkrufname"))


def _unit(alarmed: Fields, mission: str, at: datetime | None, flags: set[str], batch: Batch) -> None:
    of = _unit_of(alarmed)
    if of is None:
        if alarmed.has("wachenname") or alarmed.has("netzadresse"):
            return  # a station is called without a vehicle
        batch.refuse("an alarm line without einsatzmittel", alarmed.raw, mission)
        return
    alarmed.of = of
    name = alarmed.get("einsatzmittel|em_funkrufname")
    content = Unit(name=name, call_sign=name, base_station=alarmed.get("wachenname"), mission=mission)
    extra = {each: alarmed.get(each) for each in ("typ", "netzadresse", "zeit_a", "zeit_b", "zeit_c")}
    alarmed_at = at if at is None else _clock_time(alarmed.said("zeit_a"), at, batch.context.zone)
    batch.claim(of, content, at=alarmed_at, flags=flags, extra=extra, every_s=600)


def _clock_time(written: str | None, at: datetime, zone: str) -> datetime:
    """A clock time without a date: the first that is not long before the alarm; it may be past midnight."""
    found = _CLOCK.fullmatch(written.strip()) if written is not None else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return at
    try:
        here = at.astimezone(ZoneInfo(zone))
        clock = here.replace(
            hour=int(found[1]), minute=int(found[2]), second=min(int(found[3] or 0), 59), microsecond=0
        )
        clock = clock if clock > here - timedelta(hours=EARLIER_H) else clock + timedelta(days=1)
        return clock.astimezone(at.tzinfo)
    except OverflowError:  # a day at the end of all years
        return at


FEED = Feed(
    name=NAME,
    title="Wachalarm IP (WAIP), UDP and Socket.IO",
    decode=decode,
    clean=openings,
    zone=BERLIN,
    options=DispatchOptions,
    stream=Stream(
        framer=Objects, events=("from_server_to_client_new_waip", "from_client_to_server_new_waip", "io.new_waip")
    ),
)
