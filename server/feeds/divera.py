"""DIVERA 24/7: alarms pushed by v1 and v2, alarms and vehicles as its API answers them, status of vehicles.

Which of them a message is shows its shape: `{"Alarm"}` is a v2 push, `{"success", "data"}` an answer, `usingVehicles` a
bulk of statuses, a `title` a v1 push, a `status` one vehicle. Times are Unix seconds, 0 means none. `status_id` 10 is
the status 0. The access key of an address or form is never kept.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET

from layers.content import Mission, Removal, Unit
from layers.observation import Geometry, idempotency_key
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._addresses import one_line
from server.feeds._batch import Batch, Fields, joined, settings, subject
from server.feeds._dispatch import BERLIN, DispatchOptions, category, fms_status, person, unit_subject
from server.feeds._documents import documents
from server.feeds._json import dump
from server.feeds._requests import requests
from server.feeds._secrets import clean
from server.feeds.ngsi.values import Reading, flag, number, time, words

NAME = "divera"
GERMANY = (5.8, 47.0, 15.1, 55.1)
MAPPINGS = ("id", "ric", "issi", "opta", "number", "name", "foreign_id")
"""By which attribute a vehicle may be named (`instructions…mapping`, and `vehicle_ric` and the like of v1)."""
_STATUS = "status|status_id|fmsstatus|fmsstatus_id"
RETRY_S = 600


class DiveraOptions(DispatchOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`bounds`: longitude and latitude from, longitude and latitude to; a position outside is refused, not swapped."""

    bounds: tuple[float, float, float, float] | None = GERMANY


def decode(body: bytes, context: Context) -> Decoded:
    """Missions and units. Raises DecodeError."""
    batch, options = Batch(context), settings(context, DiveraOptions)
    understood = False
    for request in requests(clean(body)):
        found: list[Any] = [request.query] if request.query and not request.body.strip() else []
        if request.body.strip():
            given = documents(request.body, context.limits)
            batch.refused.extend(given.refused)
            found.extend(given.found)
        for document in found:
            for record in document if isinstance(document, list) else [document]:
                vehicle = request.after("set-status") or request.after("get-status")
                _message(record, vehicle, batch, options)
                understood = True
    if not understood and not batch.refused:
        raise DecodeError("no message of DIVERA", INVALID)
    return batch.decoded()


def reply(status: int, reason: str | None) -> tuple[int, dict[str, Any]]:
    """DIVERA's own answer: {"success": true}, or false and why as `message`; see `Feed.reply`."""
    return status, {"success": True} if reason is None else {"success": False, "message": reason}


def _message(record: Any, vehicle: str | None, batch: Batch, options: DiveraOptions) -> None:
    """An answer may say nothing: `{"success": false}` means that there is no alarm."""
    if not isinstance(record, Mapping):
        batch.refuse("a message is an object", record)
    elif "Alarm" in record or "alarm" in record:
        whole = batch.fields(record)
        _alarm(whole.inner("Alarm|alarm"), whole.inner("instructions"), batch, options)
    elif "success" in record:
        for key, found in _answered(record.get("data")):
            if not isinstance(found, Mapping):
                batch.refuse("neither an alarm nor a vehicle", found)
                continue
            fields = batch.fields(found if "id" in found or key is None else {**found, "id": key})
            _vehicle(fields, None, batch, options) if _is_vehicle(found) else _alarm(fields, None, batch, options)
    elif "usingVehicles" in record:
        _bulk(batch.fields(record), batch, options)
    elif vehicle is not None or _is_vehicle(record):
        _vehicle(batch.fields(record), vehicle, batch, options)
    elif {"title", "text"} & record.keys():
        _alarm(batch.fields(record), None, batch, options)
    else:
        batch.refuse("neither an alarm nor a vehicle", record)


def _is_vehicle(record: Mapping[str, Any]) -> bool:
    return "title" not in record and any(name in record for name in _STATUS.split("|"))


def _answered(data: Any, key: str | None = None) -> Iterator[tuple[str | None, Any]]:
    """The records that an answer holds, each with the key it stood under.

    Lists of records, an object of records by id, one record, or the whole state of an organisation (pull/all). An
    empty object comes as `[]`.
    """
    if isinstance(data, list):
        for item in data:
            yield from _answered(item)
    elif not isinstance(data, Mapping):
        if data is not None:
            yield key, data
    elif isinstance(items := data.get("items"), Mapping):
        for name, item in items.items():
            yield from _answered(item, str(name))
    elif isinstance(items, list):
        yield from _answered(items)
    elif _is_vehicle(data) or {"title", "foreign_id"} & data.keys():
        yield key, data
    else:
        yield from _answered(data.get("alarm"))
        cluster = data.get("cluster")
        vehicles = cluster.get("vehicle") if isinstance(cluster, Mapping) else None
        yield from _answered({"items": vehicles} if isinstance(vehicles, Mapping) else None)


def _alarm(alarm: Fields, instructions: Fields | None, batch: Batch, options: DiveraOptions) -> None:
    title = alarm.get("title")
    key, own_id = alarm.said("foreign_id|number"), alarm.said("id")
    if key is None and own_id is None and title is UNSET and not alarm.has("text"):
        batch.refuse("an alarm without title", alarm.raw)
        return
    if key is not None:
        of = subject(NAME, key)
    elif own_id is not None:
        of = subject(NAME, "id", own_id)
    else:
        # Nothing to know it by: the same words on the same day are one alarm.
        alarm.flags.add("id_assumed")
        of = subject(NAME, idempotency_key(batch.context.received_at.date().isoformat(), dump(alarm.raw)))
    alarm.of = of
    issued = alarm.said("date|ts_create", unix)
    at = max(
        filter(None, (alarm.said(each, unix) for each in ("ts_update", "ts_create", "date", "ts_close"))), default=None
    )
    if alarm.said("deleted", flag):
        batch.claim(of, Removal(), at=at, flags=alarm.flags, every_s=RETRY_S)
        return
    units = _units(alarm, instructions)
    content = Mission(
        number=key or own_id or UNSET,
        keyword=title,
        category=category(options, title),
        description=joined(alarm.get("text"), alarm.get("remark"), by="\n"),
        address=one_line(alarm.get("address")),
        location_detail=alarm.get("scene_object"),
        reporter=alarm.get("caller", person),
        issued_at=UNSET if issued is None else issued,
        valid_from=alarm.get("ts_publish", unix),
        closed=alarm.get("closed", flag),
        units=tuple(units) or UNSET,
    )
    names = ("id", "ric", "units", "report", "destination", "destination_address", "response_time", "notification_type")
    extra = {name: alarm.get(name) for name in (*names, *(f"additional_text_{place}" for place in (1, 2, 3)))}
    extra["priority"] = alarm.get("priority", flag)
    geometry = _position(alarm, options)
    batch.claim(of, content, at=at, flags=alarm.flags, geometry=geometry, extra=extra, every_s=RETRY_S)
    for unit, name in units.items():
        if name is not None:
            batch.claim(unit, Unit(name=name, mission=of), at=at, flags=alarm.flags, every_s=RETRY_S)


def _units(alarm: Fields, instructions: Fields | None) -> dict[str, str | None]:
    """Subjects of the vehicles alarmed, with the name where one was given: v1 names them, answers have their ids."""
    listed = alarm.said("vehicle", words) or ()
    mapping = instructions.inner("vehicle").said("mapping") if instructions is not None else None
    found: dict[str, str | None] = {}
    for each in (part.strip() for item in listed for part in item.split(",")):
        if mapping in MAPPINGS and mapping != "name":
            found[_unit_of(mapping, each)] = None
        elif each.isdecimal() and mapping is None:
            found[_unit_of("id", each)] = None
        elif (of := unit_subject(NAME, "", each)) is not None:
            found[of] = each
    return found


def _unit_of(mapping: str, key: str) -> str:
    return subject(NAME, "unit", key) if mapping == "id" else subject(NAME, "unit", mapping, key)


def _vehicle(vehicle: Fields, path_id: str | None, batch: Batch, options: DiveraOptions, of: str | None = None) -> None:
    named = ((mapping, vehicle.said(f"vehicle_{mapping}|{mapping}")) for mapping in MAPPINGS)
    known = next(((mapping, key) for mapping, key in named if key is not None), None)
    if path_id is not None:
        of = _unit_of("id", path_id)
    elif of is None and known is not None:
        of = _unit_of(*known)
    if of is None:
        batch.refuse("a vehicle without an id", vehicle.raw)
        return
    vehicle.of = of
    content = Unit(
        name=vehicle.get("name"),
        vehicle_type=vehicle.get("shortname"),
        description=vehicle.get("fullname"),
        fms_status=_fms(vehicle),
    )
    extra = {name: vehicle.get(name) for name in ("number", "issi", "opta")}
    extra["status_note"] = vehicle.get("status_note|fmsstatus_note")
    extra["status"] = vehicle.raw.get("status", vehicle.raw.get("status_id", vehicle.raw.get("fmsstatus_id", UNSET)))
    at = vehicle.said("fmsstatus_ts|status_ts|ts", unix)
    batch.claim(of, content, at=at, flags=vehicle.flags, geometry=_position(vehicle, options), extra=extra)


def _fms(vehicle: Fields) -> Any:
    """`status` counts from 0 to 9, `status_id` from 1 to 10: 10 is the status 0."""
    if vehicle.has("status|fmsstatus"):
        return fms_status(vehicle, "status|fmsstatus")
    found = fms_status(vehicle, "status_id|fmsstatus_id", 1, 10)
    return 0 if found == 10 else found


def _bulk(bulk: Fields, batch: Batch, options: DiveraOptions) -> None:
    mapping = bulk.inner("instructions").inner("using_vehicle").said("mapping") or "id"
    if mapping not in MAPPINGS:
        batch.refuse(f"unknown mapping {mapping[:40]!r}", bulk.raw)
        return
    vehicles = bulk.inner("usingVehicles").raw
    if len(vehicles) > batch.context.limits.items:
        batch.refuse(f"{len(vehicles)} vehicles, more than {batch.context.limits.items}")
    for key in list(vehicles)[: batch.context.limits.items]:
        record = vehicles[key]
        if isinstance(record, Mapping):
            _vehicle(batch.fields(record), None, batch, options, _unit_of(mapping, key))
        else:
            batch.refuse("a vehicle is an object", record, _unit_of(mapping, key))


def _position(fields: Fields, options: DiveraOptions) -> Geometry | Any:
    lon, lat = fields.said("lng|lon", number), fields.said("lat", number)
    if options.bounds is not None and (lon or lat) and None not in (lon, lat):
        west, south, east, north = options.bounds
        if not (west <= lon <= east and south <= lat <= north):
            fields.bad("position", "outside the bounds of this source", [lon, lat])
            return UNSET
    return fields.place(lon, lat)


def unix(value: Any, reading: Reading) -> datetime | None:
    """Unix seconds; 0 is none."""
    return None if value in (0, "0", False) else time(value, reading)


FEED = Feed(name=NAME, title="DIVERA 24/7", decode=decode, zone=BERLIN, clean=clean, reply=reply, options=DiveraOptions)
