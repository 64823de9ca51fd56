"""IRiS: a smart building that can be asked. Its answers (JSON-RPC 2.0) become a building, rooms, persons and devices.

An answer does not say which question it answers; its members tell. Pictures (floor maps, faces) are taken out of the
bytes before anything is kept, only their digest stays. What is asked is built by `question`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET

from layers.content import Address, Building, Device, Occupant, Room, Threshold, Thresholds
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._addresses import one_line
from server.feeds._batch import Batch, Fields, settings
from server.feeds._documents import documents
from server.feeds._homes import Home, HomeOptions
from server.feeds._homes import clean as without_secrets
from server.feeds.ngsi.values import Bad, Reading, flag, number, share, text, time, words

NAME = "iris"
METHODS = ("isAlarm", "getGeneralInformation", "getObjectList", "getMaps", "getStatus")
"""What may be asked without changing anything."""
_PICTURE = re.compile(
    rb"(?P<name>\"(?:map|image)\"\s{0,20}:\s{0,20})\"(?!sha256:)(?P<data>[A-Za-z0-9+/=_:;,.\\-]{64,}+)\""
)
MAX_PICTURES = 100
TYPES: dict[str, tuple[str, bool]] = {
    "SmokeDetector": ("smoke", False),
    "MotionSensor": ("motion", False),
    "SwitchButton": ("switch", False),
    "TemperatureSensor": ("temperature", False),
    "Window": ("window", True),
    "Door": ("door", True),
    "Light": ("light", True),
    "Shutter": ("shutter", True),
    "EmergencyOff": ("emergency_off", True),
    "ValveGas": ("gas_valve", True),
    "ValveWater": ("water_valve", True),
    "Photovoltaic": ("photovoltaic", True),
    "Camera": ("camera", False),
    "Image": ("camera", False),
}
"""Device types: what each measures or moves, and whether it is an actuator by its nature."""
SMOKE = Thresholds(
    warning=(Threshold(comparison="greaterThan", value=0.0),),
    alarm=(Threshold(comparison="greaterThanInclusive", value=0.5),),
)
"""A smoke detector says 0 to 1: any smoke is a warning, from the middle on it is an alarm."""
_PRESENT = {"present": "present", "notpresent": "absent", "unknown": "unknown"}


def decode(body: bytes, context: Context) -> Decoded:
    """A building and its inside. Raises DecodeError."""
    batch = Batch(context)
    home = Home(NAME, context, settings(context, HomeOptions))
    given = documents(clean(body), context.limits)
    batch.refused.extend(given.refused)
    for document in given.found:
        for result in _results(document, batch):
            _result(result, home, batch)
    if not given.found and not batch.refused:
        raise DecodeError("no answer of IRiS", INVALID)
    return batch.decoded()


def question(method: str, number: int, **parameters: Any) -> bytes:
    """A request: one of `METHODS`, or `switchDevice` (id, value), `setRoomMarked` (id, marked), `resetAlarm`."""
    asked: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "id": number}
    if parameters:
        asked["params"] = parameters
    return json.dumps(asked, ensure_ascii=False).encode()


def clean(body: bytes) -> bytes:
    """The answers with pictures as their digest, and without secrets."""
    digest = lambda found: found["name"] + b'"sha256:' + hashlib.sha256(found["data"]).hexdigest().encode() + b'"'  # noqa: E731
    return without_secrets(_PICTURE.sub(digest, body))


def building_of(home: Home) -> str:
    """The subject of the building: the one of the settings, else the source's own."""
    return home.options.building or home.subject("building")


def _results(document: Any, batch: Batch) -> Iterator[Mapping[str, Any] | list[Any]]:
    for answer in document if isinstance(document, list) and _is_answers(document) else [document]:
        if not isinstance(answer, Mapping):
            if isinstance(answer, list):
                yield answer
            else:
                batch.refuse("an answer is an object", answer)
        elif isinstance(answer.get("error"), Mapping):
            fault = answer["error"]
            batch.refuse(f"the building answers an error: {str(fault.get('message', fault.get('code')))[:200]}", fault)
        elif isinstance(answer.get("result"), Mapping | list):
            yield answer["result"]
        elif "result" not in answer and "method" not in answer:
            yield answer
        # else a question, or the answer to a command: it says nothing of the building


def _is_answers(document: list[Any]) -> bool:
    return any(isinstance(item, Mapping) and {"jsonrpc", "result", "error"} & item.keys() for item in document)


def _result(result: Mapping[str, Any] | list[Any], home: Home, batch: Batch) -> None:
    if isinstance(result, list):
        _maps(result, home, batch)
        return
    understood = False
    if "alarm" in result:
        understood = True
        _alarm(batch.fields(result, building_of(home)), home, batch)
    if {"address", "buildingMaterial", "heatingType"} & result.keys():
        understood = True
        _general(batch.fields(result, building_of(home)), home, batch)
    if isinstance(result.get("maps"), list):
        understood = True
        _maps(result["maps"], home, batch)
    if {"persons", "rooms", "devices", "floors"} & result.keys():
        understood = True
        _objects(batch.fields(result, building_of(home)), home, batch)
    if not understood:
        batch.refuse("neither alarm, information, objects, maps nor status", result, building_of(home), UNKNOWN_TYPE)


def _alarm(fields: Fields, home: Home, batch: Batch) -> None:
    """`isAlarm`: the building's own alarm, as a device of its own."""
    on = fields.said("alarm", flag)
    kinds = tuple(kind.lower() for kind in fields.said("types", words) or ())
    content = Device(
        building=building_of(home),
        categories=("sensor",),
        measures=kinds or ("alarm",),
        value=on,
        state="UNKNOWN" if on is None else "ALARM" if on else "OK",
    )
    extra = {"types": list(kinds), "last_presence": _iso(fields.said("lastPresence", unix))}
    batch.claim(home.subject("alarm"), content, at=None, geometry=home.geometry, extra=extra)


def _general(fields: Fields, home: Home, batch: Batch) -> None:
    content = Building(
        address=fields.get("address", _address),
        material=fields.get("buildingMaterial", text),
        heating=fields.get("heatingType", words),
        categories=("iris",),
    )
    batch.claim(building_of(home), content, at=None, geometry=home.geometry)


def _maps(maps: list[Any], home: Home, batch: Batch) -> None:
    """`getMaps`: where the building is. The pictures are not kept, what is needed to place something on them is."""
    told: list[dict[str, Any]] = []
    place: Any = UNSET
    for item in maps[:MAX_PICTURES]:
        if not isinstance(item, Mapping) or not ({"map", "pixelsPerMeter", "coordinates"} & item.keys()):
            batch.refuse("no map", item, building_of(home))
            continue
        fields = batch.fields(item, building_of(home))
        corner = fields.inner("coordinates").point("longitude", "latitude")
        place = corner if place is UNSET else place
        picture = fields.said("map", text) or ""
        told.append(
            {
                "floor": fields.said("floor", text),
                "pixels_per_m": fields.said("pixelsPerMeter", number),
                "north_deg": fields.said("north", number),
                "coordinates": corner["coordinates"] if corner is not UNSET else None,
                "picture": picture if picture.startswith("sha256:") else None,
            }
        )
    if told:
        geometry = home.geometry if home.geometry is not UNSET else place
        batch.claim(building_of(home), Building(categories=("iris",)), at=None, geometry=geometry, extra={"maps": told})
    elif not maps:
        batch.refuse("no map", maps, building_of(home))


def _objects(fields: Fields, home: Home, batch: Batch) -> None:
    """`getObjectList` (what there is) and `getStatus` (how it is): rooms, persons and devices, each by its id."""
    floors = {key: floor for floor in fields.each("floors") if (key := floor.said("id", text)) is not None}
    for room in fields.each("rooms"):
        _room(room, floors, home, batch)
    for person in fields.each("persons"):
        _person(person, home, batch)
    for device in fields.each("devices"):
        _device(device, home, batch)


def _id(fields: Fields, home: Home, kind: str, batch: Batch) -> str | None:
    key = fields.said("id", text)
    if key is None:
        batch.refuse(f"a {kind} without an id", "" if kind == "person" else fields.raw, building_of(home))
        return None
    fields.of = home.subject(kind, key)
    return fields.of


def _room(fields: Fields, floors: dict[str, Fields], home: Home, batch: Batch) -> None:
    of = _id(fields, home, "room", batch)
    if of is None:
        return
    key = fields.said("floor", text)
    floor = floors.get(key) if key is not None else None
    status = fields.said("status", words) if fields.has("status") else () if "status" in fields.raw else UNSET
    content = Room(
        building=building_of(home),
        name=fields.get("name", text),
        type=fields.get("type", text),
        floor=(floor.said("name|type", text) if floor is not None else None) or (key if key is not None else UNSET),
        level=floor.get("level", number) if floor is not None else UNSET,
        status=UNSET if status is UNSET or status is None else tuple(word.lower() for word in status),
        last_presence_at=fields.get("lastPresence", unix),
        markable=fields.get("markable", flag),
        marked=fields.get("marked", flag),
    )
    batch.claim(of, content, at=None, flags=fields.flags, geometry=home.geometry, extra={"id": fields.get("id", text)})


def _person(fields: Fields, home: Home, batch: Batch) -> None:
    """All of it is personal. Core data (papers, telephone numbers) and the picture are not taken."""
    of = _id(fields, home, "person", batch)
    if of is None:
        return
    probable = [(each.said("room", text), each.said("probability", share)) for each in fields.each("likelyPositions")]
    ranked = sorted(((room, chance or 0.0) for room, chance in probable if room is not None), key=lambda one: -one[1])
    told = "likelyPositions" in fields.raw
    word = fields.said("present", text)
    content = Occupant(
        building=building_of(home),
        name=fields.get("name", text),
        born=fields.get("birthday", text),
        remark=fields.get("remark", text),
        health=fields.get("diseases", words),
        present=UNSET if word is None else _PRESENT.get(word.replace(" ", "").lower(), "unknown"),
        rooms=tuple(home.subject("room", room) for room, _ in ranked) if told else UNSET,
        probabilities=tuple(chance for _, chance in ranked) if told else UNSET,
    )
    batch.claim(of, content, at=None, flags=fields.flags, geometry=home.geometry, personal=True)


def _device(fields: Fields, home: Home, batch: Batch) -> None:
    of = _id(fields, home, "device", batch)
    if of is None:
        return
    kind = fields.said("type", text)
    measure, moves = TYPES.get(kind, (kind.lower(), False)) if kind is not None else (None, False)
    room = fields.said("room", text)
    value, told = _value(fields)
    measure = measure or told
    actuator = moves or fields.said("switchable", flag) is True
    known = kind is not None
    content = Device(
        name=fields.get("name", text),
        description=UNSET if kind is None else kind,
        building=building_of(home),
        room=UNSET if room is None else home.subject("room", room),
        categories=(("actuator",) if actuator else ("media",) if measure == "camera" else ("sensor",))
        if known
        else UNSET,
        measures=(measure,) if measure is not None else UNSET,
        value=value,
        thresholds=SMOKE if measure == "smoke" else UNSET,
    )
    place = fields.inner("position")
    extra = {
        "position_px": [place.said("x", number), place.said("y", number)] if place.raw else None,
        "connecting_room": fields.get("connectingRoom", text),
        "direction": fields.get("direction", number)
        if _is_number(fields.raw.get("direction"))
        else fields.get("direction"),
        "switchable": fields.get("switchable", flag),
        "last_change": _iso(fields.said("lastChange", unix)),
    }
    at = fields.said("lastUpdate", unix)
    batch.claim(of, content, at=at, flags=fields.flags, geometry=home.geometry, extra=extra)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _value(fields: Fields) -> tuple[Any, str | None]:
    """The value that a status tells, and what it measures where its name says so. UNSET for none."""
    if not isinstance(fields.raw.get("value"), Mapping):
        return UNSET, None
    value = fields.inner("value")
    for name, measure, read in _VALUES:
        if name in value.raw:
            return value.get(name, read), measure
    return UNSET, None


def _open(value: Any, reading: Reading) -> str | None:
    found = flag(value, reading)
    return None if found is None else "OPEN" if found else "CLOSE"


def _per_cent(value: Any, reading: Reading) -> float | None:
    found = share(value, reading)
    return None if found is None else round(found * 100, 3)


_VALUES: tuple[tuple[str, str | None, Any], ...] = (
    ("smoke", "smoke", share),
    ("open", None, _open),
    ("motionDetected", "motion", flag),
    ("temperature", "temperature", number),
    ("on", None, flag),
    ("shutterPosition", "shutter", _per_cent),
    ("active", None, flag),
)
"""Members of a value, what they measure, and how they are read. A shutter's share becomes per cent."""


def _address(value: Any, reading: Reading) -> Address | None:
    """One line, or its parts under the names that buildings use."""
    if isinstance(value, str):
        line = one_line(text(value, reading))
        return line if isinstance(line, Address) else None
    if not isinstance(value, Mapping):
        raise Bad("an address is expected")
    street, house = (
        _part(value, reading, *names) for names in (("street", "streetAddress"), ("houseNumber", "number"))
    )
    return Address(
        street=f"{street} {house}" if street and house else street,
        postcode=_part(value, reading, "zipCode", "zip", "postalCode", "postcode"),
        city=_part(value, reading, "city", "town", "addressLocality"),
    )


def _part(value: Mapping[str, Any], reading: Reading, *names: str) -> str | None:
    return next((found for name in names if (found := text(value.get(name), reading)) is not None), None)


def unix(value: Any, reading: Reading) -> datetime | None:
    """Unix seconds; 0 is none."""
    if isinstance(value, bool) or value in (0, "0"):
        return None
    return time(value, reading)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


FEED = Feed(
    name=NAME, title="IRiS smart building", decode=decode, max_bytes=8_000_000, clean=clean, options=HomeOptions
)
