"""The messages of ASTM F3411 (ASD-STAN EN 4709-002): 25 octets each, little-endian, alone or in a pack."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

SIZE = 25
MOST_IN_PACK = 9
BASIC, LOCATION, AUTHENTICATION, SELF, SYSTEM, OPERATOR, PACK = 0, 1, 2, 3, 4, 5, 0xF
ID_TYPES = {1: "serial", 2: "registration", 3: "utm", 4: "session"}
AIRCRAFT = {
    1: "aeroplane",
    2: "multirotor",
    3: "gyroplane",
    4: "vtol",
    5: "ornithopter",
    6: "glider",
    7: "kite",
    8: "free_balloon",
    9: "captive_balloon",
    10: "airship",
    11: "parachute",
    12: "rocket",
    13: "tethered",
    14: "ground_obstacle",
}
STATUS = {1: "GROUND", 2: "AIRBORNE", 3: "EMERGENCY", 4: "FAILURE"}
ACCURACY_M = (None, 18520.0, 7408.0, 3704.0, 1852.0, 926.0, 555.6, 185.2, 92.6, 30.0, 10.0, 3.0, 1.0)
"""Horizontal accuracy by its nibble."""
_SINCE = datetime(2019, 1, 1, tzinfo=UTC)
_DECI_DEGREES = 1e-7


def messages(payload: bytes) -> Iterator[bytes]:
    """The messages of a pack, or the single one; what is broken off is left out."""
    if payload[:1] and payload[0] >> 4 == PACK:
        if len(payload) >= 3 and payload[1] == SIZE:
            for number in range(min(payload[2], MOST_IN_PACK)):
                message = payload[3 + number * SIZE : 3 + (number + 1) * SIZE]
                if len(message) == SIZE:
                    yield message
    elif len(payload) >= SIZE:
        yield payload[:SIZE]


def read(message: bytes) -> dict[str, Any]:
    """What a message says, by name; unknown values are left out. Empty for one that says nothing we read."""
    match message[0] >> 4:
        case 0:
            return _basic(message)
        case 1:
            return _location(message)
        case 3:
            return _known(description=_ascii(message[2:25]), description_type=message[1])
        case 4:
            return _system(message)
        case 5:
            return _known(operator_id=_ascii(message[2:22]))
    return {}


def _basic(message: bytes) -> dict[str, Any]:
    kind, aircraft = message[1] >> 4, message[1] & 0x0F
    if kind in (3, 4):
        identity: str | None = message[2:22].rstrip(b"\0").hex() or None
    else:
        identity = _ascii(message[2:22])
    if identity is None:
        return {}
    told = {"id": identity, "id_type": ID_TYPES.get(kind, "unknown")}
    return told | ({"aircraft": AIRCRAFT.get(aircraft, "unknown")} if aircraft else {})


def _location(message: bytes) -> dict[str, Any]:
    flags, direction, speed = message[1], message[2], message[3]
    climb, lat, lon, pressure, geodetic, height = struct.unpack_from("<biiHHH", message, 4)
    heading = direction + (180 if flags & 2 else 0)
    accuracy = message[19] & 0x0F
    tenths = struct.unpack_from("<H", message, 21)[0]
    return _known(
        status=STATUS.get(flags >> 4, "unknown"),
        above="ground" if flags & 4 else "takeoff",
        heading_deg=float(heading) if heading < 360 else None,
        speed_mps=None if speed == 255 else speed * 0.75 + 63.75 if flags & 1 else speed * 0.25,
        climb_mps=None if abs(climb) >= 126 else climb * 0.5,
        place=_place(lat, lon),
        pressure_altitude_m=_metres(pressure),
        altitude_m=_metres(geodetic),
        height_m=_metres(height),
        accuracy_m=ACCURACY_M[accuracy] if accuracy < len(ACCURACY_M) else None,
        tenths=tenths if tenths < 36_000 else None,
    )


def _system(message: bytes) -> dict[str, Any]:
    lat, lon, count, radius, ceiling, floor = struct.unpack_from("<iiHBHH", message, 2)
    seconds = struct.unpack_from("<I", message, 20)[0]
    return _known(
        operator_place=_place(lat, lon),
        operator_place_type={0: "takeoff", 1: "live", 2: "fixed"}.get(message[1] & 3, "unknown"),
        area_count=count,
        area_radius_m=radius * 10,
        area_ceiling_m=_metres(ceiling),
        area_floor_m=_metres(floor),
        eu_category=message[17] >> 4 if message[1] >> 2 & 7 == 1 else None,
        eu_class=message[17] & 0x0F if message[1] >> 2 & 7 == 1 else None,
        said_at=_SINCE + timedelta(seconds=seconds) if seconds else None,
    )


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _place(lat: int, lon: int) -> tuple[float, float] | None:
    """Longitude and latitude; 0/0 is unknown."""
    if lat == 0 and lon == 0:
        return None
    if abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:
        return None
    return round(lon * _DECI_DEGREES, 7), round(lat * _DECI_DEGREES, 7)


def _metres(raw: int) -> float | None:
    return raw * 0.5 - 1000.0 if raw else None


def _ascii(octets: bytes) -> str | None:
    """Printable text up to the padding; None for one with anything else in it."""
    text = octets.rstrip(b"\0 ")
    if not text or any(not 32 <= octet < 127 for octet in text):
        return None
    return text.decode("ascii").strip() or None
