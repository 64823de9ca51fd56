"""MONICA: crowd density of cameras, cameras, acoustic events, fights, trackers and their SOS, as adapters post them.

Positions are written latitude first, always. A density map carries no size of its cells: an area, and with it a
density, can only come from the settings.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.content import CrowdCount, CrowdRegion, CrowdSite, Device
from layers.observation import Geometry
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._geometry import BadGeometry, geojson, position
from server.feeds._homes import ALARM, WARNING
from server.feeds._mqtt import messages
from server.feeds._secrets import clean
from server.feeds.ngsi.values import number, time, words

NAME = "monica"
MAX_CELLS = 1_000_000
MAX_PERSONS_PER_CELL = 1e6
END_BEFORE_START = "end_before_start"
_EVENTS = {
    "gun shot": "gunshot",
    "gunshot": "gunshot",
    "glass break": "glass_break",
    "glass breaking": "glass_break",
    "breaking glass": "glass_break",
    "explosion": "explosion",
    "scream": "scream",
    "screaming": "scream",
    "alarm": "alarm_sound",
    "siren": "siren",
}
"""Kinds of acoustic events; what is in no table is named as it was written."""
_ALARMS = frozenset({"gunshot", "glass_break", "explosion", "scream"})


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A module, camera, sensor or place: where it is, what it looks at, the region it counts for, a cell's size."""

    name: str | None = None
    lon: float | None = None
    lat: float | None = None
    area: dict[str, Any] | None = None
    region: str | None = None
    cell_m2: float | None = None


class MonicaOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sites` by module, camera, device, location or tag; `alarm_from`: probability from which an event is an alarm."""

    sites: dict[str, Site] = {}
    alarm_from: float = 0.5

    def site(self, *keys: str | None) -> Site:
        """The entry of the first key that has one."""
        return next((self.sites[key] for key in keys if key and key in self.sites), Site())


def decode(body: bytes, context: Context) -> Decoded:
    """Counts, sites, devices. Raises DecodeError."""
    batch, options = Batch(context), settings(context, MonicaOptions)
    given = messages(clean(body), context.limits)
    batch.refused.extend(given.refused)
    for message in given.found:
        items = message.payload if isinstance(message.payload, list) and message.payload else [message.payload]
        for item in items[: context.limits.entities]:
            _message(item, options, batch)
        if len(items) > context.limits.entities:
            batch.refuse(f"{len(items)} messages, more than {context.limits.entities}")
    if not given.found and not batch.refused:
        raise DecodeError("no message of MONICA", INVALID)
    return batch.decoded()


def _message(raw: Any, options: MonicaOptions, batch: Batch) -> None:
    if not isinstance(raw, Mapping):
        batch.refuse("a message is an object", raw)
        return
    fields = batch.fields(raw)
    module = fields.said("type_module") or ""
    if "density_map" in raw or module.startswith("crowd_density"):
        _density(fields, options)
    elif "situation" in raw or module == "fighting_detection":
        _fight(fields, options)
    elif "camera_id" in raw and not module:
        _camera(fields)
    elif "startTime" in raw and ("deviceId" in raw or "locationId" in raw):
        _sound(fields, options)
    elif "tagId" in raw:
        _tag(fields, options)
    else:
        batch.refuse("no message of MONICA that says something of the field", _without_map(raw), kind=UNKNOWN_TYPE)


def _without_map(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if not isinstance(value, list) or len(value) < 20}


def _density(fields: Fields, options: MonicaOptions) -> None:
    """How many persons a camera, or all of them together, see. Count and map need not agree: both are told."""
    cameras = list(fields.said("camera_ids", words) or ())
    module = fields.said("module_id") or next(iter(cameras), None)
    if module is None:
        fields.batch.refuse("a density without module_id and camera_ids", _without_map(fields.raw))
        return
    fields.of = subject(NAME, module)
    site = options.site(module, *cameras)
    cells = _cells(fields)
    told = fields.said("density_count", number)
    if cells is None and told is None:
        return
    people = told if told is not None else sum(map(math.fsum, cells or ()))
    if not 0 <= people < 1e9:
        fields.bad("density_count", "no number of persons", people)
        return
    peak = max((max(row) for row in cells or () if row), default=None)
    extra: dict[str, Any] = {"type": fields.said("type_module"), "cameras": cameras}
    if cells is not None:
        extra.update(rows=len(cells), columns=len(cells[0]), map_sum=math.fsum(map(math.fsum, cells)), map_max=peak)
        if site.cell_m2 and site.cell_m2 > 0 and peak is not None:
            extra["peak_density_pm2"] = round(peak / site.cell_m2, 3)
    bearing = fields.raw.get("camera_bearing")
    extra["camera_bearing_deg"] = bearing[0] if isinstance(bearing, list) and bearing else bearing
    region = site.region or (subject(NAME, module, "area") if site.area is not None else None)
    place = _place(fields, "ground_plane_position")
    if place is UNSET:
        place = _place(fields, "camera_position")
    at, said = _times(fields, "timestamp_1|timestamp"), _times(fields, "timestamp_2")
    if site.area is not None and site.region is None:
        content = CrowdRegion(name=site.name or UNSET, area=_area(site, fields), active=True)
        fields.batch.claim(subject(NAME, module, "area"), content, at=at)
    fields.batch.claim(
        subject(NAME, module),
        CrowdCount(people=round(people), region=region or UNSET),
        at=at,
        said=said,
        flags=fields.flags,
        geometry=place if place is not UNSET else _own(site),
        extra=extra,
    )


def _cells(fields: Fields) -> list[list[float]] | None:
    """The map as rows of persons per cell; None (and refused) for what is none."""
    raw = fields.raw.get("density_map")
    if raw is None or raw == "":
        return None
    rows = raw if isinstance(raw, list) else []
    width = len(rows[0]) if rows and isinstance(rows[0], list) else 0
    if not width or width * len(rows) > MAX_CELLS:
        fields.bad("density_map", "rows of numbers are expected", "")
        return None
    found = []
    for row in rows:
        if not isinstance(row, list) or len(row) != width or not all(map(_is_cell, row)):
            fields.bad("density_map", "rows of as many numbers are expected", "")
            return None
        found.append([float(cell) for cell in row])
    return found


def _is_cell(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and 0 <= cell <= MAX_PERSONS_PER_CELL


def _camera(fields: Fields) -> None:
    """A camera that registers itself: where it stands and what it is for."""
    camera = fields.said("camera_id") or "unknown"
    fields.of = subject(NAME, "camera", camera)
    kept: tuple[str, ...] = ("camera_type", "camera_bearing", "camera_tilt", "camera_height", "ground_plane_size")
    kept += (
        "frame_roi",
        "ground_plane_orientation",
        "ground_plane_roi",
        "flow_rois",
        "image_2_ground_plane_matrix",
        "zone_id",
    )
    content = CrowdSite(
        name=fields.get("zone_id"), sensors=fields.get("module_types", words), status=fields.get("state")
    )
    extra = {name: fields.raw.get(name) for name in kept}
    place, plane = _place(fields, "camera_position"), _place(fields, "ground_plane_position")
    if plane is not UNSET:
        extra["ground_plane_position"] = plane["coordinates"]
    fields.batch.claim(
        subject(NAME, "camera", camera),
        content,
        at=_times(fields, "timestamp"),
        flags=fields.flags,
        geometry=place if place is not UNSET else plane,
        extra=extra,
    )


def _sound(fields: Fields, options: MonicaOptions) -> None:
    """An acoustic event. Each is a device of its own: the next one is another alarm."""
    device, location = fields.said("deviceId"), fields.said("locationId")
    written = fields.said("type") or "unknown"
    measure = _EVENTS.get(written.casefold(), re.sub(r"\W+", "_", written.casefold())[:60])
    start, end = _times(fields, "startTime"), _times(fields, "endTime")
    if start is not None and end is not None and end < start:
        fields.flags.add(END_BEFORE_START)
    _event(fields, options, (device or location or "unknown", measure), measure, written, start, device, location)


def _fight(fields: Fields, options: MonicaOptions) -> None:
    """What a camera takes for a fight."""
    cameras = fields.said("camera_ids", words) or ()
    camera = next(iter(cameras), None) or fields.said("camera_id") or "unknown"
    situation = fields.said("situation") or ""
    fights = "fight" in situation.casefold()
    measure = "fight" if fights else re.sub(r"\W+", "_", situation.casefold())[:60] or "unknown"
    at = _times(fields, "timestamp")
    _event(fields, options, ("camera", camera, measure), measure, situation, at, camera, fields.said("camera_id"))


def _event(
    fields: Fields,
    options: MonicaOptions,
    key: tuple[str, ...],
    measure: str,
    written: str,
    at: datetime | None,
    *sites: str | None,
) -> None:
    probability = fields.said("probability|confidence", number)
    if probability is not None and not 0 <= probability <= 1:
        fields.bad("probability", "0 to 1 is expected", probability)
        probability = None
    sure = probability is None or probability >= options.alarm_from
    site = options.site(*sites)
    content = Device(
        name=site.name or UNSET,
        categories=("sensor",),
        measures=(measure,),
        value=True,
        probability=UNSET if probability is None else probability,
        state=ALARM if sure and (measure in _ALARMS or measure == "fight") else WARNING,
    )
    when = at.strftime("%Y%m%dT%H%M%S.%f") if at is not None else "now"
    extra = {"type": written, "location": fields.said("locationId"), "end": fields.said("endTime")}
    fields.batch.claim(subject(NAME, *key, when), content, at=at, flags=fields.flags, geometry=_own(site), extra=extra)


def _tag(fields: Fields, options: MonicaOptions) -> None:
    """A tracker: with a position it says where it is, without one its button was pressed."""
    tag = fields.said("tagId") or "unknown"
    at = _times(fields, "timestamp|phenomenonTime")
    extra = {name: fields.raw.get(name) for name in ("type", "areaId", "battery_level", "motion_state", "bearing")}
    if {"lat", "lon"} <= fields.raw.keys():
        content = Device(name=tag, categories=("tracker",), measures=("position",))
        place = fields.point("lon", "lat")
        fields.batch.claim(
            subject(NAME, "tag", tag), content, at=at, flags=fields.flags, geometry=place, extra=extra, personal=True
        )
        return
    site = options.site(tag)
    pressed = Device(name=site.name or tag, categories=("tracker",), measures=("panic",), value=True, state=ALARM)
    when = at.strftime("%Y%m%dT%H%M%S.%f") if at is not None else "now"
    key = subject(NAME, "tag", tag, "sos", when)
    fields.batch.claim(key, pressed, at=at, flags=fields.flags, geometry=_own(site), extra=extra)


def _times(fields: Fields, names: str) -> datetime | None:
    found: datetime | None = fields.said(names, time)
    return found


def _place(fields: Fields, name: str) -> Geometry | UnsetType:
    """`[latitude, longitude]`, also in a list of one; an empty text is none."""
    raw = fields.raw.get(name)
    if isinstance(raw, list) and raw and isinstance(raw[0], list):
        raw = raw[0]
    if raw is None or raw == "" or raw == []:
        return UNSET
    if not isinstance(raw, list) or len(raw) < 2:
        fields.bad(name, "latitude and longitude are expected", raw)
        return UNSET
    batch = Fields({"lat": raw[0], "lon": raw[1]}, fields.batch, fields.of)
    batch.reading = fields.reading
    return batch.point("lon", "lat")


def _own(site: Site) -> Geometry | UnsetType:
    if site.lon is None or site.lat is None:
        return UNSET
    try:
        return {"type": "Point", "coordinates": position(site.lon, site.lat)}
    except BadGeometry as error:
        raise DecodeError(f"the settings of this source: {error}", INVALID) from error


def _area(site: Site, fields: Fields) -> Geometry | None:
    try:
        return geojson(site.area, fields.batch.context.limits.points)
    except BadGeometry as error:
        raise DecodeError(f"the settings of this source: {error}", INVALID) from error


FEED = Feed(
    topical=True,
    name=NAME,
    title="MONICA (crowd density, events)",
    decode=decode,
    clean=clean,
    zone="UTC",
    options=MonicaOptions,
)
