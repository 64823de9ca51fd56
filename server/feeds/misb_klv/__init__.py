"""MISB ST 0601 (STANAG 4609): where an aircraft is and what its video shows, as KLV, bare or in MPEG-TS.

Each packet yields the aircraft (content drone) and the newest frame of its video (content image). A packet whose
checksum is wrong is read and flagged: a published example of the standard itself is so. What a packet calls classified
is not shown.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET

from layers.content import Drone, Image
from layers.footprint import Axes, Lens, ground, pitch_deg, polygon, reach_m, sensor_axes, yaw_deg
from layers.geo import distance_m
from layers.observation import Geometry
from server.feeds import INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, subject
from server.feeds._geometry import BadGeometry, geojson, position
from server.feeds._stream import Stream
from server.feeds.misb_klv.framer import Packets
from server.feeds.misb_klv.items import items
from server.feeds.misb_klv.stream import packets

NAME = "misb_klv"
MAX_BYTES = 64_000_000
MAX_PACKETS = 10_000
FAR_M = 200_000.0
"""A frame whose centre is further from its sensor than this contradicts itself."""
NADIR_DEG = -70.0
_EXTRA = (
    *(
        "mission_id",
        "tail_number",
        "platform",
        "sensor",
        "coordinate_system",
        "platform_pitch_deg",
        "platform_roll_deg",
    ),
    *("hfov_deg", "vfov_deg", "sensor_azimuth_deg", "sensor_elevation_deg", "sensor_roll_deg", "slant_range_m"),
    *("target_width_m", "centre_elevation_m", "target_lat", "target_lon", "target_elevation_m", "version", "core_id"),
    *("ground_range_m", "density_altitude_m", "platform_course_deg", "height_agl_m"),
    *("classification", "checksum_ok"),
)

_CHECKSUM_FLAGS: dict[bool | None, set[str]] = {None: {"checksum_missing"}, False: {"checksum_failed"}, True: set()}

Items = dict[str, Any]


def decode(body: bytes, context: Context) -> Decoded:
    """Aircraft and frames of every packet. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the capture has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    batch, number = Batch(context), 0
    for packet, problem in packets(body):
        number += 1
        if number > MAX_PACKETS:
            batch.refuse(f"more than {MAX_PACKETS} packets")
            break
        if problem:
            batch.refuse(problem, packet[:32].hex())
            continue
        try:
            found = items(packet)
        except ValueError as error:
            batch.refuse(str(error), packet[:32].hex())
            continue
        _claim(found, batch)
    if number == 0:
        raise DecodeError("no packet of ST 0601", INVALID)
    return batch.decoded()


def _claim(found: Items, batch: Batch) -> None:
    if found.get("classification", "UNCLASSIFIED") != "UNCLASSIFIED":
        batch.refuse("classified footage is not shown")
        return
    key = found.get("core_id") or "-".join(
        found[name] for name in ("mission_id", "tail_number", "platform") if name in found
    )
    if not set(found) - {"checksum_ok", "time_us", "version"}:
        batch.refuse("a packet that tells nothing of aircraft or frame")
        return
    of = subject(NAME, key or "unnamed")
    fields = batch.fields({}, of)
    flags = (
        {"checksum_missing"} if "checksum_ok" not in found else set() if found["checksum_ok"] else {"checksum_failed"}
    )
    at = _moment(found.get("time_us"))
    place = fields.place(found.get("sensor_lon"), found.get("sensor_lat"))
    centre = fields.place(found.get("centre_lon"), found.get("centre_lat"))
    extra = {name: _short(found[name]) for name in _EXTRA if name in found}
    altitude = found.get("sensor_altitude_m", found.get("sensor_ellipsoid_height_m"))
    height = _height(found, altitude, place, centre)
    drone = Drone(
        name=found.get("call_sign") or found.get("tail_number") or found.get("platform") or UNSET,
        heading_deg=_told(found.get("platform_heading_deg")),
        ground_speed_mps=_told(found.get("ground_speed_mps")),
        altitude_m=_told(altitude),
    )
    lifted = _with_height(place, height)
    frame = _frame(found, of, at, place, centre, height, altitude, fields)
    identity = None if at is None else repr(sorted(found.items()))
    flags = flags | fields.flags
    batch.claim(of, drone, at=at, flags=flags, geometry=lifted, extra=extra, identity=identity)
    batch.claim(f"{of}:frame", frame, at=at, flags=flags, geometry=place, extra=extra, identity=identity)


def _frame(
    found: Items,
    of: str,
    at: datetime | None,
    place: Any,
    centre: Any,
    height: float | None,
    altitude: Any,
    fields: Fields,
) -> Image:
    axes = _axes(found)
    footprint, source, truncated = _corners(found, fields), "told", False
    if footprint is None:
        footprint, truncated = _computed(found, axes, place, height)
        source = "computed"
    view: Any = "unknown"
    if axes is not None:
        pitch = pitch_deg(axes)
        view = "up" if pitch > 0 else "nadir" if pitch <= NADIR_DEG else "oblique"
    return Image(
        name=found.get("mission_id", UNSET),
        camera=found.get("sensor", UNSET),
        view=view,
        drone=of,
        taken_at=at or UNSET,
        footprint=footprint or UNSET,
        footprint_source=source if footprint is not None else UNSET,
        truncated=truncated if footprint is not None else UNSET,
        centre=centre,
        heading_deg=UNSET if axes is None else _told(yaw_deg(axes)),
        pitch_deg=UNSET if axes is None else _told(pitch_deg(axes)),
        altitude_m=_told(altitude),
        height_m=_told(height),
        height_source=UNSET if height is None else "told",
    )


def _axes(found: Items) -> Axes | None:
    heading, azimuth = found.get("platform_heading_deg"), found.get("sensor_azimuth_deg")
    elevation = found.get("sensor_elevation_deg")
    if heading is None or azimuth is None or elevation is None:
        return None
    pitch, roll, turn = (found.get(f"{name}_deg", 0.0) for name in ("platform_pitch", "platform_roll", "sensor_roll"))
    return sensor_axes(heading, pitch, roll, azimuth, elevation, turn)


def _corners(found: Items, fields: Fields) -> Geometry | None:
    """Full corners, else the centre and their offsets."""
    full = [found.get(f"corner_{number}") for number in range(8)]
    if None in full and "centre_lat" in found and "centre_lon" in found:
        offsets = [found.get(f"corner_offset_{number}") for number in range(8)]
        origin = (found["centre_lat"], found["centre_lon"])
        full = [None if value is None else origin[number % 2] + value for number, value in enumerate(offsets)]
    if None in full:
        return None
    try:
        ring = [position(full[number + 1], full[number]) for number in range(0, 8, 2)]
        rounded = [[round(x, 7), round(y, 7)] for x, y in ring]
        return geojson({"type": "Polygon", "coordinates": [[*rounded, rounded[0]]]}, 10)
    except BadGeometry as error:
        fields.bad("corners", str(error), full)
        return None


def _computed(found: Items, axes: Axes | None, place: Any, height: float | None) -> tuple[Geometry | None, bool]:
    views = [found.get("hfov_deg"), found.get("vfov_deg")]
    if axes is None or place is UNSET or height is None or height <= 0.0 or None in views:
        return None, False
    sizes = [2.0 * math.tan(math.radians(view) / 2.0) for view in views if view is not None and 0.0 < view < 170.0]
    if len(sizes) != 2:
        return None, False
    reach = max(reach_m(height), min(2.0 * found.get("slant_range_m", 0.0), 50_000.0))
    seen = ground(axes, Lens(sizes[0], sizes[1], 1.0), height, reach)
    if seen is None:
        return None, False
    return polygon(seen.outline, *place["coordinates"]), seen.truncated


def _height(found: Items, altitude: float | None, place: Any, centre: Any) -> float | None:
    """Above the ground amid the frame, where sensor and frame do not contradict each other; else as told."""
    ground_m = found.get("centre_elevation_m", found.get("centre_ellipsoid_height_m"))
    if altitude is None or ground_m is None or place is UNSET or centre is UNSET:
        return None if place is UNSET else found.get("height_agl_m")
    apart = distance_m(*place["coordinates"], *centre["coordinates"])
    return float(altitude - ground_m) if apart <= FAR_M else None


def _with_height(place: Any, height: float | None) -> Any:
    if place is UNSET or height is None:
        return place
    return {"type": "Point", "coordinates": [*place["coordinates"], round(height, 2)]}


def _moment(microseconds: int | None) -> datetime | None:
    if not microseconds:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def _told(value: Any) -> Any:
    return UNSET if value is None else round(value, 6)


def _short(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


FEED = Feed(
    name=NAME,
    title="MISB ST 0601 KLV: aircraft and frames of video",
    decode=decode,
    max_bytes=MAX_BYTES,
    stream=Stream(
        framer=Packets,
        spans=True,
        gather_s=0.5,
        joint=b"",
        files=("*.klv", "*.ts", "*.m2ts", "*.mpg", "*.mpeg", "*.bin"),
    ),
)
