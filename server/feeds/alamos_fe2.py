"""Alamos FE2, external interface, data format v2: alarms, their end, unit status, positions, diary lines.

What a control room's adapter POSTs to an FE2 server (`/rest/external/http/{alarm|status|position|diary}/v2`),
unchanged. The coordinate is a list `[lon, lat]` in an alarm and an object `{lat, lng}` in a status. A position also
comes without an envelope. The same `externalId` of the same sender again is an update.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from layers.content import Mission, Note, Unit
from layers.observation import idempotency_key
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed, Limits
from server.feeds._addresses import address
from server.feeds._batch import Batch, Fields, joined, settings, subject
from server.feeds._dispatch import BERLIN, DispatchOptions, category, fms_status, lines, person, unit_subject
from server.feeds._documents import documents
from server.feeds._json import dump, load
from server.feeds._requests import requests
from server.feeds._secrets import clean, is_secret
from server.feeds.ngsi.values import degrees, number, time, words

NAME = "alamos_fe2"
OK, UNUSED = 200, 422
"""FE2 answers 200 also where it says NOT_OK; ours for a message of which nothing could be used is 422."""
TYPES = ("ALARM", "CLOSE", "STATUS", "POSITION", "DIARY")
RETRY_S = 600
"""A message without a time that comes again within this time is the same."""


def decode(body: bytes, context: Context) -> Decoded:
    """Missions, units and notes of one or several messages. Raises DecodeError."""
    batch, options = Batch(context), settings(context, DispatchOptions)
    for request in requests(clean(body)):
        found = documents(request.body, context.limits)
        batch.refused.extend(found.refused)
        for document in found.found:
            for message in document if isinstance(document, list) else [document]:
                _message(message, request.path, batch, options)
    if not batch.decoded().observations and not batch.refused:
        raise DecodeError("no message of the external interface", INVALID)
    return batch.decoded()


def reply(status: int, reason: str | None) -> tuple[int, dict[str, str]]:
    """FE2's own answer: {"status": "OK"} or {"status": "NOT_OK", "error": why}; see `Feed.reply`."""
    if reason is None:
        return status, {"status": "OK"}
    return OK if status == UNUSED else status, {"status": "NOT_OK", "error": reason}


def authorization(body: bytes, limits: Limits) -> str | None:
    """What the sender shows who it is by, its shared secret; None where there is none. Raises DecodeError."""
    document = load(body, limits)
    secret = document.get("authorization") if isinstance(document, Mapping) else None
    return secret if isinstance(secret, str) else None


def _message(message: Any, path: tuple[str, ...], batch: Batch, options: DispatchOptions) -> None:
    if not isinstance(message, Mapping):
        batch.refuse("a message is an object", message)
        return
    envelope = batch.fields(message)
    kind = str(envelope.said("type") or _by_path(path) or _by_shape(message)).upper()
    sender = envelope.said("sender") or batch.context.source.partition("/")[2]
    data = envelope.inner("data") if "data" in message else envelope
    match kind:
        case "ALARM":
            _alarm(data, envelope, sender, batch, options)
        case "CLOSE":
            _close(data, envelope, sender, batch)
        case "STATUS" | "POSITION":
            _unit(data, envelope, sender, batch)
        case "DIARY":
            _diary(data, envelope, sender, batch)
        case _:
            batch.refuse(f"unknown type {kind[:40]!r}", message, kind=UNKNOWN_TYPE)


def _by_path(path: tuple[str, ...]) -> str | None:
    return next((segment.upper() for segment in reversed(path) if segment.upper() in TYPES), None)


def _by_shape(message: Mapping[str, Any]) -> str:
    if {"lat", "lng"} <= message.keys():
        return "POSITION"
    return "ALARM" if isinstance(message.get("data"), Mapping) and "keyword" in message["data"] else ""


def _mission_of(data: Fields, sender: str) -> str | None:
    key = data.said("externalId")
    return None if key is None else subject(NAME, sender, key)


def _alarm(data: Fields, envelope: Fields, sender: str, batch: Batch, options: DispatchOptions) -> None:
    at = envelope.said("timestamp", time)
    of, flags = _mission_of(data, sender), set(envelope.flags)
    if of is None:
        # Some senders give no id: then an alarm is its time and its words.
        flags.add("id_assumed")
        of = subject(NAME, sender, idempotency_key(str(at), dump(data.raw)))
    data.of = of
    place, keyword = data.inner("location"), data.get("keyword")
    vehicles = data.each("vehicles")
    units = [found for vehicle in vehicles if (found := _unit_of(vehicle, sender)) is not None]
    patients = data.each("patient")
    content = Mission(
        number=data.get("externalId"),
        keyword=keyword,
        category=category(options, keyword),
        subcategory=data.get("keyword_description"),
        description=data.get("message", lines),
        address=address(place.get("street"), place.get("house"), place.get("postalCode"), place.get("city")),
        location_detail=joined(*(place.get(each) for each in ("building", "city_abbr", "crossing", "additional"))),
        alert_source=sender,
        reporter=data.inner("caller").get("name", person),
        issued_at=UNSET if at is None else at,
        units=tuple(dict.fromkeys(units)) or UNSET,
        closed=False,
    )
    extra = {
        "keyword_misc": data.get("keyword_misc", words),
        "building_id": place.get("building_id"),
        "alerted": [unit.said("address") for unit in data.each("units")],
        "patients": len(patients) or None,
        "destinations": [found for patient in patients if (found := patient.said("destination"))],
        "custom": {key: value for key, value in data.inner("custom").raw.items() if not is_secret(key)},
    }
    geometry = _coordinate(place)
    batch.claim(of, content, at=at, flags=flags | data.flags, geometry=geometry, extra=extra, every_s=RETRY_S)
    for vehicle in vehicles:
        _vehicle(vehicle, of, sender, at, batch)


def _coordinate(place: Fields) -> Any:
    written = place.raw.get("coordinate")
    if written in (None, "", [], ["", ""], [None, None]):
        return UNSET
    if not isinstance(written, list) or not 2 <= len(written) <= 3:
        place.bad("coordinate", "a list of longitude and latitude is expected", written)
        return UNSET
    pair = Fields({"lon": written[0], "lat": written[1]}, place.batch, place.of)
    found = pair.point("lon", "lat")
    place.flags.update(pair.flags)
    return found


def _vehicle(vehicle: Fields, mission: str, sender: str, at: Any, batch: Batch) -> None:
    """An alarmed vehicle: who it is, and that it belongs to the mission now."""
    of = _unit_of(vehicle, sender)
    if of is None:
        batch.refuse("a vehicle without id and name", vehicle.raw, mission)
        return
    vehicle.of = of
    content = Unit(
        name=vehicle.get("name|radioName"),
        call_sign=vehicle.get("radioName"),
        vehicle_type=vehicle.get("unitType"),
        base_station=vehicle.get("station"),
        mission=mission,
    )
    extra = {name: vehicle.get(name) for name in ("id", "dispoInfo", "jobNumber")}
    alarmed_at = vehicle.said("alarmedTime", time)
    batch.claim(of, content, at=alarmed_at or at, flags=vehicle.flags, extra=extra, every_s=RETRY_S)


def _unit_of(fields: Fields, sender: str) -> str | None:
    """A unit is known by its radio name, whatever its spelling; without one by the id that FE2 has for it."""
    return unit_subject(NAME, sender, fields.said("radioName"), fields.said("address|id|name"))


def _close(data: Fields, envelope: Fields, sender: str, batch: Batch) -> None:
    of = _mission_of(data, sender)
    if of is None:
        batch.refuse("CLOSE without externalId", data.raw)
        return
    content = Mission(number=data.get("externalId"), closed=True)
    at = envelope.said("timestamp", time)
    batch.claim(of, content, at=at, flags=envelope.flags, every_s=RETRY_S)


def _unit(data: Fields, envelope: Fields, sender: str, batch: Batch) -> None:
    of = _unit_of(data, sender)
    if of is None:
        batch.refuse("a status or position without radioName and address", data.raw)
        return
    data.of = of
    place = data.inner("location") if data.has("location") else data
    geometry = place.point("lng|lon", "lat")
    content = Unit(
        name=data.get("name"),
        call_sign=data.get("radioName"),
        fms_status=fms_status(data, "status"),
        heading_deg=data.get("heading", degrees),
    )
    extra = {name: data.raw.get(name) for name in ("status", "event", "address", "alt")}
    extra["speed"] = data.get("speed", number)  # the unit is not documented
    at = envelope.said("timestamp", time)
    batch.claim(of, content, at=at, flags=envelope.flags | data.flags | place.flags, geometry=geometry, extra=extra)


def _diary(data: Fields, envelope: Fields, sender: str, batch: Batch) -> None:
    text = data.get("message|text|entry", lines)
    if text is UNSET:
        batch.refuse("a diary line without text", data.raw)
        return
    at = envelope.said("timestamp", time)
    content = Note(text=text, origin="logbook", mission=_mission_of(data, sender) or UNSET, issued_at=at or UNSET)
    of = subject(NAME, sender, "note", idempotency_key(str(at), str(data.said("externalId")), str(text)))
    batch.claim(of, content, at=at, flags=envelope.flags, every_s=RETRY_S)


FEED = Feed(
    name=NAME,
    title="Alamos FE2, external interface v2",
    decode=decode,
    zone=BERLIN,
    clean=clean,
    reply=reply,
    options=DispatchOptions,
)
