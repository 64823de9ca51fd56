"""OGC SensorThings API 1.0 and 1.1: Observations over MQTT in both forms, collections over HTTP, Things, Datastreams.

What a datastream means is not in the protocol but in its `observationType`, its names and its unit, and where these do
not say it in the settings (`datastreams`).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from msgspec import UNSET, Struct, UnsetType

from layers.content import Content, CrowdCount, CrowdLine, Device
from layers.observation import Geometry
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._geometry import BadGeometry, geojson
from server.feeds._json import dump, load
from server.feeds._sensorthings_capture import MAX_BYTES, as_list, captured, clean, datastream_of
from server.feeds._sensorthings_meaning import Stream, StreamSettings, people, value_of
from server.feeds._times import interval
from server.feeds.ngsi.values import anchor, end_time, time

NAME = "sensorthings"
MAX_DEPTH = 6


class SensorThingsOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`datastreams` by id; `datastream` is the id where a message names none (the poll of a single one)."""

    datastreams: dict[str, StreamSettings] = {}
    datastream: str | None = None


class Seen:
    """What a body says of datastreams and places beside its observations."""

    def __init__(self, context: Context) -> None:
        self.options = settings(context, SensorThingsOptions)
        self.batch = Batch(context)
        self.instance = context.source.partition("/")[2] or "server"
        self.streams: dict[str, Stream] = {}
        self.observations: list[tuple[Mapping[str, Any], str | None, bool]] = []

    def stream(self, key: str | None) -> Stream:
        """What is known of a datastream."""
        return self.streams.get(key or "", Stream())

    def subject(self, *key: str) -> str:
        """A subject of this server."""
        return subject(NAME, self.instance, *key)


def decode(body: bytes, context: Context) -> Decoded:
    """Counts, crossings, devices. Raises DecodeError."""
    seen = Seen(context)
    given = captured(body, context.limits)
    seen.batch.refused.extend(given.refused)
    for message in given.found:
        _entity(message.payload, datastream_of(message.topic), seen, 0)
    if not given.found and not seen.batch.refused:
        raise DecodeError("no entity of SensorThings", INVALID)
    for raw, stream, complex_ in seen.observations:
        _observation(raw, stream, complex_, seen)
    return seen.batch.decoded()


def next_link(body: bytes, asked: str, context: Context) -> str | None:
    """The address of the next page, None on the last. Blanks in it are encoded.

    Raises DecodeError where it leads to another server than the one that was `asked`.
    """
    document = load(body, context.limits)
    link = document.get("@iot.nextLink") if isinstance(document, Mapping) else None
    if not isinstance(link, str) or not link.strip() or len(link) > 4_000:
        return None
    try:
        target = urljoin(asked, quote(link.strip(), safe="%/:=&?~#+!$,;'@()*[]-._"))
        here, there = urlsplit(asked), urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
    except ValueError as error:
        raise DecodeError(f"@iot.nextLink: {error}", INVALID) from error
    if not same:
        raise DecodeError(f"@iot.nextLink leads to another server: {there.hostname}", INVALID)
    return target


def _entity(raw: Any, stream: str | None, seen: Seen, depth: int) -> None:
    """Sorts what came: collections are opened, entities noted, observations kept for later."""
    batch = seen.batch
    if isinstance(raw, list) and raw and depth < MAX_DEPTH:
        for item in raw[: batch.context.limits.items * 20]:
            _entity(item, stream, seen, depth + 1)
        if len(raw) > batch.context.limits.items * 20:
            batch.refuse(f"{len(raw)} entities, more than {batch.context.limits.items * 20}")
    elif not isinstance(raw, Mapping) or depth >= MAX_DEPTH:
        batch.refuse("an entity is an object", raw)
    elif isinstance(raw.get("dataArray"), list):
        _data_array(raw, stream, seen)
    elif isinstance(raw.get("value"), list):
        found = stream or datastream_of_link(raw.get("@iot.nextLink"))
        for item in raw["value"][: batch.context.limits.items * 20]:
            _entity(item, found, seen, depth + 1)
    elif "result" in raw:
        _keep_observation(raw, stream, seen)
    elif "unitOfMeasurement" in raw or "observationType" in raw or "unitOfMeasurements" in raw:
        _datastream(raw, None, seen, depth)
    elif {"Locations", "Datastreams", "Locations@iot.navigationLink", "Datastreams@iot.navigationLink"} & raw.keys():
        _thing(raw, seen, depth)
    elif "encodingType" in raw and ("location" in raw or "feature" in raw):
        fields = batch.fields(raw)
        about = Device(name=fields.get("name"), description=fields.get("description"), categories=("place",))
        batch.claim(seen.subject("location", _id(raw) or "unknown"), about, at=None, geometry=_place(raw, fields))
    elif "encodingType" in raw or "definition" in raw:
        return  # a Sensor or an ObservedProperty alone
    else:
        batch.refuse("no entity of SensorThings that says something of the field", raw)


def datastream_of_link(link: Any) -> str | None:
    """The id in `…/Datastreams(5)/Observations?$skip=100` and in `…/Datastreams(5)`."""
    if not isinstance(link, str):
        return None
    path = link.partition("?")[0]
    return datastream_of(path) or datastream_of(f"{path}/Observations")


def _id(raw: Any) -> str | None:
    found = raw.get("@iot.id") if isinstance(raw, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        return None
    return str(found)[:200]


def _keep_observation(raw: Mapping[str, Any], stream: str | None, seen: Seen) -> None:
    inline = raw.get("Datastream", raw.get("MultiDatastream"))
    stream = stream or datastream_of_link(raw.get("Datastream@iot.navigationLink"))
    if isinstance(inline, Mapping) and len(inline) > 1:
        _datastream(inline, None, seen, 1, quiet=True)
    seen.observations.append((raw, _id(inline) or stream, "MultiDatastream" in raw))


def _data_array(raw: Mapping[str, Any], stream: str | None, seen: Seen) -> None:
    """The extension for many observations in little space: names once, then rows."""
    names = [name for name in as_list(raw.get("components")) if isinstance(name, str)]
    inline = raw.get("Datastream", raw.get("MultiDatastream"))
    stream = stream or datastream_of_link(raw.get("Datastream@iot.navigationLink"))
    for row in raw["dataArray"][: seen.batch.context.limits.items * 20]:
        if isinstance(row, list) and "result" in names and len(row) == len(names):
            values = {("@iot.id" if name == "id" else name): value for name, value in zip(names, row, strict=True)}
            seen.observations.append((values, _id(inline) or stream, "MultiDatastream" in raw))
        else:
            seen.batch.refuse("dataArray: rows are as long as components", row)


def _datastream(raw: Mapping[str, Any], thing: Stream | None, seen: Seen, depth: int, quiet: bool = False) -> None:
    """Notes what a datastream means and where it is; its observations follow if they are in it."""
    fields, key = seen.batch.fields(raw), _id(raw)
    place: Geometry | UnsetType = _geometry(raw.get("observedArea"), fields)
    inside = raw.get("Thing")
    if place is UNSET and isinstance(inside, Mapping):
        place = _thing_place(inside, fields)
    if place is UNSET and thing is not None:
        place = thing.geometry
    units = [unit for unit in as_list(raw.get("unitOfMeasurement")) if isinstance(unit, Mapping)]
    property_ = raw.get("ObservedProperty")
    words = [raw.get("name"), raw.get("description"), *(property_.values() if isinstance(property_, Mapping) else ())]
    kind = raw.get("observationType")
    stream = Stream(
        name=fields.said("name"),
        kind=kind.rpartition("/")[2] if isinstance(kind, str) else "",
        units=tuple(str(unit.get(word)) for unit in units for word in ("symbol", "name") if unit.get(word)),
        words=" ".join(word for word in words if isinstance(word, str))[:2_000].casefold(),
        geometry=place,
    )
    if key is not None:
        seen.streams[key] = stream
    observations = as_list(raw.get("Observations"))
    for item in observations[: seen.batch.context.limits.items * 20]:
        _entity(item, key, seen, depth + 2)
    if not quiet and not observations and key is not None:
        content = Device(name=fields.get("name"), description=fields.get("description"), categories=("datastream",))
        extra = {"kind": stream.kind, "unit": list(stream.units), "result_time": raw.get("resultTime")}
        if place is not UNSET:
            place = anchor(place, fields.reading) or UNSET
        seen.batch.claim(seen.subject("datastream", key), content, at=None, geometry=place, extra=extra)


def _thing(raw: Mapping[str, Any], seen: Seen, depth: int) -> None:
    fields, key = seen.batch.fields(raw), _id(raw)
    place = _thing_place(raw, fields)
    for item in as_list(raw.get("Datastreams"))[: seen.batch.context.limits.items]:
        if isinstance(item, Mapping):
            _datastream(item, Stream(geometry=place), seen, depth + 1)
    content = Device(name=fields.get("name"), description=fields.get("description"), categories=("thing",))
    properties = raw.get("properties")
    extra = {"properties": dict(properties)} if isinstance(properties, Mapping) else {}
    if key is None:
        seen.batch.refuse("a Thing without @iot.id", raw)
    else:
        seen.batch.claim(seen.subject("thing", key), content, at=None, flags=fields.flags, geometry=place, extra=extra)


def _thing_place(thing: Mapping[str, Any], fields: Fields) -> Geometry | UnsetType:
    for location in as_list(thing.get("Locations"))[:10]:
        if isinstance(location, Mapping) and (place := _place(location, fields)) is not UNSET:
            return place
    return UNSET


def _place(location: Mapping[str, Any], fields: Fields) -> Geometry | UnsetType:
    return _geometry(location.get("location", location.get("feature")), fields)


def _geometry(written: Any, fields: Fields) -> Geometry | UnsetType:
    """GeoJSON, a Feature too. A longitude that equals the latitude was copied into it, and is no position."""
    try:
        found = geojson(written, fields.batch.context.limits.points)
    except BadGeometry:
        return UNSET
    if found is None:
        return UNSET
    if found["type"] == "Point" and found["coordinates"][0] == found["coordinates"][1]:
        fields.flags.add("no_position")
        return UNSET
    return found


def _observation(raw: Mapping[str, Any], key: str | None, complex_: bool, seen: Seen) -> None:
    key = key or seen.options.datastream
    fields = seen.batch.fields(raw, seen.subject(key or "unknown"))
    mapping = seen.options.datastreams.get(key or "", StreamSettings())
    stream = seen.stream(key)
    begin, end = _times(fields)
    said = fields.said("resultTime", time)
    result = raw["result"]
    if result is None or result == "":
        fields.bad("result", "empty", result)
        return
    flags = set(fields.flags) | ({"name_assumed"} if key is None else set())
    place = _position(result, mapping, fields)
    own, identity = place is not UNSET, _id(raw)
    if place is UNSET:
        place = mapping.geometry
    if place is UNSET:
        place = stream.geometry
    feature = raw.get("FeatureOfInterest")
    if place is UNSET and isinstance(feature, Mapping):
        place = _place(feature, fields)
    content, extra = _content(result, mapping, stream, (begin, end), own)
    if content is None:
        fields.bad("result", "not what the settings say", result)
        return
    if place is not UNSET and not (isinstance(content, CrowdLine) and place["type"] == "LineString"):
        place = anchor(place, fields.reading) or UNSET
    part = ("people",) if isinstance(content, CrowdLine | CrowdCount) else ()
    seen.batch.claim(
        seen.subject(key or "unknown", *part),
        content,
        at=end or said,
        said=said,
        flags=flags | fields.flags,
        geometry=place,
        extra={"datastream": stream.name, "parameters": raw.get("parameters"), **extra, "complex": complex_ or None},
        identity=f"id/{identity}" if identity else hashlib.sha256(dump(result)).hexdigest(),
        personal=own,
    )


def _times(fields: Fields) -> tuple[datetime | None, datetime | None]:
    """Both ends of phenomenonTime; the beginning only where it is an interval."""
    written = fields.raw.get("phenomenonTime")
    end = fields.said("phenomenonTime", end_time)
    if end is None or not isinstance(written, str) or "/" not in written:
        return None, end
    begin, _, _ = interval(written, fields.reading.context.zone)
    return begin, end


def _position(result: Any, mapping: StreamSettings, fields: Fields) -> Geometry | UnsetType:
    """A position within the result, of a tracker."""
    inner = value_of(result, mapping.path) if mapping.kind == "position" and mapping.path else result
    if not isinstance(inner, Mapping):
        return UNSET
    if "coordinates" in inner:
        return _geometry(inner, fields)
    record = Fields(inner, fields.batch, fields.of, folded=True)
    record.reading = fields.reading
    return record.point("lon|lng|longitude", "lat|latitude")


def _content(
    result: Any, mapping: StreamSettings, stream: Stream, span: tuple[datetime | None, datetime | None], moves: bool
) -> tuple[Content | None, dict[str, Any]]:
    """What the result is, and what of it has no place."""
    extra = {"result": result} if isinstance(result, Mapping | list) else {}
    name = mapping.name or stream.name or UNSET
    kind = mapping.kind or stream.meaning()
    if kind == "position" or (moves and not mapping.kind):
        about = {name: result.get(name) for name in ("tagId", "type")} if isinstance(result, Mapping) else {}
        title = about.get("tagId") if isinstance(about.get("tagId"), str) else name
        return Device(name=title, categories=("tracker",), measures=("position",)), extra
    if kind in ("count", "line"):
        count = people(result, mapping)
        if count is None:
            return None, extra
        begin, end = span
        if kind == "line" or (begin is not None and not mapping.kind):
            direction = mapping.direction or UNSET
            return CrowdLine(
                name=name, people=count, direction=direction, from_at=begin or UNSET, to_at=end or UNSET
            ), extra
        return CrowdCount(people=count, region=mapping.region or UNSET), extra
    if kind in ("inbound_total", "outbound_total"):
        count = people(result, mapping)
        if count is None:
            return None, extra
        return CrowdCount(**{kind: count}, region=mapping.region or UNSET), extra
    value = value_of(result, mapping.path)
    plain = value if isinstance(value, bool | int | float | str) else UNSET
    if isinstance(plain, str):
        plain = _number(plain[:200])
    if stream.units:
        extra["unit"] = list(stream.units)
    return Device(name=name, categories=("sensor",), measures=(kind or "observation",), value=plain), extra


def _number(written: str) -> float | str:
    try:
        found = float(written)
    except ValueError:
        return written
    return found if abs(found) < 1e12 else written


FEED = Feed(
    topical=True,
    name=NAME,
    title="OGC SensorThings API",
    decode=decode,
    max_bytes=MAX_BYTES,
    clean=clean,
    zone="UTC",
    options=SensorThingsOptions,
)
