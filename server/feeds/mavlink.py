"""MAVLink 1 and 2: what a drone's autopilot sends, as raw frames or as a ground station's log (tlog).

Frames, checksums and fields are left to pymavlink, which comes with the extra `mavlink`; without it the feed says so. A
tlog has the time of receipt before each frame: eight octets, microseconds since 1970. Read are position, arming,
battery, home, camera status and captured images, and what the drone says of itself as remote identification.
"""

import importlib
import math
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct

from layers.content import Drone, Image
from layers.footprint import Axes, Lens, ground, pitch_deg, polygon, yaw_deg
from server.feeds import INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, subject
from server.feeds._stream import Piece, Stream

NAME = "mavlink"
DIALECT = "pymavlink.dialects.v20.ardupilotmega"
MISSING = "this server reads MAVLink with the extra `mavlink` (pip install 'lagebild[mavlink]'), which is not installed"
MAX_BYTES = 64_000_000
GROUND_STATION, ARMED = 6, 128
"""MAV_TYPE_GCS; MAV_MODE_FLAG_SAFETY_ARMED."""
HEARTBEAT, SYS_STATUS, SYSTEM_TIME, POSITION, HOME, CAPTURED, VIEW = 0, 1, 2, 33, 242, 263, 271
BASIC_ID, SELF_ID, SYSTEM, OPERATOR_ID = 12_900, 12_903, 12_904, 12_905
WANTED = frozenset(
    {HEARTBEAT, SYS_STATUS, SYSTEM_TIME, POSITION, HOME, CAPTURED, VIEW, BASIC_ID, SELF_ID, SYSTEM, OPERATOR_ID}
)
V1, V2 = 0xFE, 0xFD
MAX_SYSTEMS = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAUSIBLE_US = (946_684_800_000_000, 4_102_444_800_000_000)
"""Microseconds of the years 2000 and 2100."""


class Heard(Struct):
    """One message: the system that sent it, and when a log says it was received."""

    system: int
    message: Any
    at: datetime | None


def decode(body: bytes, context: Context) -> Decoded:
    """Aircraft, and images they took. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the capture has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    try:
        dialect = importlib.import_module(DIALECT)
    except ImportError as error:
        raise DecodeError(MISSING, INVALID) from error
    batch, boots = Batch(context), dict[int, datetime]()
    number = 0
    for heard in _messages(body, dialect):
        number += 1
        _claim(heard, boots, batch)
    if number == 0:
        raise DecodeError("no message of MAVLink that tells of a drone", INVALID)
    return batch.decoded()


def _messages(body: bytes, dialect: Any) -> Iterator[Heard]:
    """Wanted messages whose checksum is right, in their order."""
    parser = dialect.MAVLink(None)
    at = end = 0
    while at + 8 <= len(body):
        if body[at] not in (V1, V2):
            at += 1
            continue
        kind, system, length = _head(body, at)
        if length == 0 or at + length > len(body) or kind not in dialect.mavlink_map:
            at += 1
            continue
        if kind not in WANTED:
            at += length if _is_followed(body, at + length) else 1
            continue
        try:
            message = parser.decode(bytearray(body[at : at + length]))
        except (dialect.MAVError, struct.error, ValueError, IndexError, TypeError):
            at += 1
            continue
        yield Heard(system, message, _stamp(body[at - 8 : at]) if at - 8 >= end else None)
        at = end = at + length


def _head(body: bytes | bytearray, at: int) -> tuple[int, int, int]:
    """Kind of message, system and length of a frame; length 0 where its head is broken off."""
    if body[at] == V1:
        return body[at + 5], body[at + 3], 8 + body[at + 1]
    if at + 10 > len(body):
        return 0, 0, 0
    signature = 13 if body[at + 2] & 1 else 0
    return int.from_bytes(body[at + 7 : at + 10], "little"), body[at + 5], 12 + body[at + 1] + signature


def _is_followed(body: bytes | bytearray, at: int) -> bool:
    """Whether a frame, a time and a frame, or nothing comes next: then what came before was a frame."""
    return at == len(body) or body[at] in (V1, V2) or (at + 8 < len(body) and body[at + 8] in (V1, V2))


def _stamp(octets: bytes) -> datetime | None:
    return _moment(int.from_bytes(octets, "big")) if len(octets) == 8 else None


def _moment(microseconds: int) -> datetime | None:
    if not _PLAUSIBLE_US[0] <= microseconds < _PLAUSIBLE_US[1]:
        return None
    return _EPOCH + timedelta(microseconds=microseconds)


def _claim(heard: Heard, boots: dict[int, datetime], batch: Batch) -> None:
    message, kind = heard.message, heard.message.get_msgId()
    of = subject(NAME, batch.context.source.partition("/")[2] or "unnamed", str(heard.system))
    fields = batch.fields({}, of)
    geometry: Any = UNSET
    content: Drone | None = None
    at = heard.at
    if at is None and heard.system in boots and hasattr(message, "time_boot_ms"):
        at = boots[heard.system] + timedelta(milliseconds=message.time_boot_ms)
    match kind:
        case 0 if message.type != GROUND_STATION:
            content = Drone(armed=bool(message.base_mode & ARMED))
        case 1 if 0 <= message.battery_remaining <= 100:
            content = Drone(battery_pct=float(message.battery_remaining))
        case 2:
            if (now := _moment(message.time_unix_usec)) is not None:
                boots[heard.system] = now - timedelta(milliseconds=message.time_boot_ms)
        case 33:
            geometry = fields.place(message.lon / 1e7, message.lat / 1e7, message.relative_alt / 1000)
            content = Drone(
                heading_deg=message.hdg / 100 % 360.0 if message.hdg != 65_535 else UNSET,
                ground_speed_mps=round(math.hypot(message.vx, message.vy) / 100, 3),
                vertical_speed_mps=-message.vz / 100,
                altitude_m=message.alt / 1000,
            )
        case 242:
            home = fields.place(message.longitude / 1e7, message.latitude / 1e7)
            content = Drone(home=home) if home is not UNSET else None
        case 263:
            _captured(message, of, at, batch)
        case 271:
            _view(message, of, at, batch)
        case 12_900 | 12_903 | 12_904 | 12_905:
            content = _identity(message, kind)
    if content is not None:
        personal = kind in (SELF_ID, SYSTEM, OPERATOR_ID)
        batch.claim(of, content, at=at, flags=fields.flags, geometry=geometry, personal=personal)


def _identity(message: Any, kind: int) -> Drone | None:
    """What the drone sends as remote identification; who flies it is personal."""
    if kind == SYSTEM:
        lon, lat = message.operator_longitude / 1e7, message.operator_latitude / 1e7
        if (lon, lat) == (0.0, 0.0) or abs(lon) > 180 or abs(lat) > 90:
            return None
        return Drone(operator_place={"type": "Point", "coordinates": [lon, lat]})
    written = {BASIC_ID: "uas_id", SELF_ID: "description", OPERATOR_ID: "operator_id"}[kind]
    name = {BASIC_ID: "registration", SELF_ID: "remark", OPERATOR_ID: "operator_id"}[kind]
    value = getattr(message, written)
    octets = value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value)
    text = octets.rstrip(b"\0 ").decode("ascii", "replace")
    if not text or not text.isascii() or not text.isprintable():
        return None
    said: dict[str, Any] = {name: text}
    return Drone(**said)


def _captured(message: Any, of: str, at: datetime | None, batch: Batch) -> None:
    """An image was taken: where and when; a failed one is no image."""
    if message.capture_result != 1:
        return
    taken = _moment(message.time_utc) or at
    image = f"{of}:image-{message.image_index}"
    fields = batch.fields({}, image)
    axes = _axes(message.q)
    content = Image(
        view="unknown" if axes is None else "nadir" if pitch_deg(axes) <= -70 else "oblique",
        drone=of,
        taken_at=taken or UNSET,
        height_m=message.relative_alt / 1000,
        height_source="takeoff",
        altitude_m=message.alt / 1000,
        **_pose(axes),
    )
    geometry = fields.place(message.lon / 1e7, message.lat / 1e7)
    extra = {"camera_id": message.camera_id, "image_index": message.image_index}
    batch.claim(image, content, at=taken, flags=fields.flags, geometry=geometry, extra=extra)


def _view(message: Any, of: str, at: datetime | None, batch: Batch) -> None:
    """What the camera sees now: the middle of its view on the ground, and the footprint by its attitude."""
    fields = batch.fields({}, f"{of}:view")
    place = fields.place(message.lon_camera / 1e7, message.lat_camera / 1e7)
    centre = fields.place(message.lon_image / 1e7, message.lat_image / 1e7)
    height_m = (message.alt_camera - message.alt_image) / 1000
    axes = _axes(message.q)
    seen: dict[str, Any] = {}
    views = (message.hfov, message.vfov)
    if axes is not None and place is not UNSET and all(math.isfinite(view) and 0 < view < 170 for view in views):
        width, height = (2 * math.tan(math.radians(view) / 2) for view in views)
        found = ground(axes, Lens(width, height, 1.0), height_m)
        shape = None if found is None else polygon(found.outline, *place["coordinates"])
        if found is not None and shape is not None:
            seen = {"footprint": shape, "footprint_source": "computed", "truncated": found.truncated}
    content = Image(
        view="unknown" if axes is None else "nadir" if pitch_deg(axes) <= -70 else "oblique",
        drone=of,
        taken_at=at or UNSET,
        centre=centre,
        height_m=height_m,
        height_source="told",
        altitude_m=message.alt_camera / 1000,
        **_pose(axes),
        **seen,
    )
    batch.claim(f"{of}:view", content, at=at, flags=fields.flags, geometry=place)


def _axes(q: Any) -> Axes | None:
    """The camera's axes of a quaternion (w, x, y, z) from camera (forward, right, down) to north, east, down."""
    w, x, y, z = (float(part) for part in q)
    norm = math.sqrt(w * w + x * x + y * y + z * z)
    if not math.isfinite(norm) or not 0.5 < norm < 2.0:
        return None
    w, x, y, z = w / norm, x / norm, y / norm, z / norm
    forward = (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y))
    right = (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x))
    down = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y))
    look, side, below = ((east, north, -deep) for north, east, deep in (forward, right, down))
    return Axes(look, side, below)


def _pose(axes: Axes | None) -> dict[str, Any]:
    return {} if axes is None else {"heading_deg": round(yaw_deg(axes), 4), "pitch_deg": round(pitch_deg(axes), 4)}


class Frames:
    """Frames out of a stream that never ends. What tells nothing of a drone's state is left out: it is most of it.

    The newest SYSTEM_TIME of each system goes before what is handed on, so that its times are read by one clock.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._buffer = bytearray()
        self._clocks: dict[int, bytes] = {}

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer."""
        body = self._buffer + chunk
        found: list[Piece] = []
        at = 0
        while at < len(body):
            if body[at] not in (V1, V2):
                at += 1
                continue
            kind, system, length = _head(body, at) if at + 8 <= len(body) else (0, 0, 0)
            if length == 0 or at + length > len(body):
                break
            frame = bytes(body[at : at + length])
            if kind == SYSTEM_TIME and (system in self._clocks or len(self._clocks) < MAX_SYSTEMS):
                self._clocks[system] = frame
            elif kind in WANTED:
                found.append(self._clocks.get(system, b"") + frame)
            at += length if kind in WANTED or _is_followed(body, at + length) else 1
        self._buffer = bytearray(body[at:])
        return found

    def rest(self) -> list[Piece]:
        """See Framer: half a frame is none."""
        self._buffer.clear()
        return []


FEED = Feed(
    name=NAME,
    title="MAVLink 1 and 2 (extra mavlink)",
    decode=decode,
    max_bytes=MAX_BYTES,
    stream=Stream(framer=Frames, spans=True, gather_s=0.5, joint=b"", files=("*.tlog", "*.mavlink", "*.bin")),
)
