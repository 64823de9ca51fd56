"""The items of a MISB ST 0601 UAS Datalink Local Set: tag, name, scale and unit."""

import math
from typing import Any, NamedTuple

from server.feeds.misb_klv.stream import KEY, ber_length

MAX_ITEMS = 500
MAX_TEXT = 127


class Linear(NamedTuple):
    """An integer that stands for a range: unsigned over `low` to `high`, signed over plus and minus `high`."""

    name: str
    low: float
    high: float
    signed: bool = False


TEXTS = {3: "mission_id", 4: "tail_number", 10: "platform", 11: "sensor", 12: "coordinate_system", 59: "call_sign"}
NUMBERS = {
    5: Linear("platform_heading_deg", 0, 360),
    6: Linear("platform_pitch_deg", -20, 20, signed=True),
    7: Linear("platform_roll_deg", -50, 50, signed=True),
    13: Linear("sensor_lat", -90, 90, signed=True),
    14: Linear("sensor_lon", -180, 180, signed=True),
    15: Linear("sensor_altitude_m", -900, 19_000),
    16: Linear("hfov_deg", 0, 180),
    17: Linear("vfov_deg", 0, 180),
    18: Linear("sensor_azimuth_deg", 0, 360),
    19: Linear("sensor_elevation_deg", -180, 180, signed=True),
    20: Linear("sensor_roll_deg", 0, 360),
    21: Linear("slant_range_m", 0, 5_000_000),
    22: Linear("target_width_m", 0, 10_000),
    23: Linear("centre_lat", -90, 90, signed=True),
    24: Linear("centre_lon", -180, 180, signed=True),
    25: Linear("centre_elevation_m", -900, 19_000),
    **{tag: Linear(f"corner_offset_{tag - 26}", -0.075, 0.075, signed=True) for tag in range(26, 34)},
    40: Linear("target_lat", -90, 90, signed=True),
    41: Linear("target_lon", -180, 180, signed=True),
    42: Linear("target_elevation_m", -900, 19_000),
    56: Linear("ground_speed_mps", 0, 255),
    57: Linear("ground_range_m", 0, 5_000_000),
    75: Linear("sensor_ellipsoid_height_m", -900, 19_000),
    78: Linear("centre_ellipsoid_height_m", -900, 19_000),
    **{tag: Linear(f"corner_{tag - 82}", -90, 90, signed=True) for tag in range(82, 90, 2)},
    **{tag: Linear(f"corner_{tag - 82}", -180, 180, signed=True) for tag in range(83, 90, 2)},
    90: Linear("platform_pitch_full_deg", -90, 90, signed=True),
    91: Linear("platform_roll_full_deg", -90, 90, signed=True),
}
"""Corners in pairs of latitude and longitude: upper left, upper right, lower right, lower left."""
MAPPED = {
    96: ("target_width_full_m", 0, 1_500_000),
    103: ("density_altitude_m", -900, 40_000),
    104: ("sensor_ellipsoid_height_full_m", -900, 40_000),
    112: ("platform_course_deg", 0, 360),
    113: ("height_agl_m", -900, 40_000),
}
"""Later items, whose length is the sender's choice: floating point mapped to integers (MISB ST 1201, IMAPB)."""
FULLER = {
    "platform_pitch_full_deg": "platform_pitch_deg",
    "platform_roll_full_deg": "platform_roll_deg",
    "target_width_full_m": "target_width_m",
    "sensor_ellipsoid_height_full_m": "sensor_ellipsoid_height_m",
}
"""Items of a wider range, and the older ones in whose place they are taken."""
CHECKSUM, TIME, SECURITY, VERSION, CORE_ID = 1, 2, 48, 65, 94
CLASSES = {1: "UNCLASSIFIED", 2: "RESTRICTED", 3: "CONFIDENTIAL", 4: "SECRET", 5: "TOP SECRET"}
"""ST 0102, item 1."""


def items(packet: bytes) -> dict[str, Any]:
    """The values of a packet by name. A signed number that says it is none, and what is no number, is left out.

    `checksum_ok` is whether the stated checksum is right, absent where none is stated. Raises ValueError where the
    items are not a sequence of tag, length and value.
    """
    header, _ = ber_length(packet, len(KEY))
    found: dict[str, Any] = {}
    at, number = len(KEY) + header, 0
    while at < len(packet):
        number += 1
        start = at
        tag, at = _tag(packet, at)
        octets, length = ber_length(packet, at)
        if octets == 0 or at + octets + length > len(packet) or number > MAX_ITEMS:
            raise ValueError(f"item {tag} is longer than its packet")
        value = packet[at + octets : at + octets + length]
        if tag == CHECKSUM and length == 2:
            found["checksum_ok"] = checksum(packet[: at + octets]) == int.from_bytes(value, "big")
        else:
            _read(tag, value, found)
        at += octets + length
        assert at > start
    for fuller, name in FULLER.items():
        if fuller in found:
            found[name] = found.pop(fuller)
    return found


def checksum(data: bytes) -> int:
    """The running 16-bit sum of ST 0601: octets of even index are the high ones."""
    return (sum(data[::2]) * 256 + sum(data[1::2])) % 65_536


def linear(scale: Linear, value: bytes) -> float | None:
    """The number that the octets stand for, by their actual length; None for the error value and for no octets."""
    if not 1 <= len(value) <= 8:
        return None
    bits = 8 * len(value)
    if not scale.signed:
        return scale.low + int.from_bytes(value, "big") * (scale.high - scale.low) / float(2**bits - 1)
    raw = int.from_bytes(value, "big", signed=True)
    return None if raw == -(2 ** (bits - 1)) else raw * scale.high / float(2 ** (bits - 1) - 1)


def mapped(low: float, high: float, value: bytes) -> float | None:
    """The number between two limits that the octets stand for by ST 1201 (IMAPB); None for what is no number."""
    if not 1 <= len(value) <= 8:
        return None
    raw, octets_bits, range_bits = int.from_bytes(value, "big"), 8 * len(value) - 1, math.ceil(math.log2(high - low))
    if raw > 1 << octets_bits:  # a set high bit marks infinities, NaN and values of the sender's own
        return None
    scale = 2.0 ** (octets_bits - range_bits)
    zero = scale * low - math.floor(scale * low) if low < 0 < high else 0.0
    found = (raw - zero) / scale + low
    return found if low <= found <= high else None


def _tag(packet: bytes, at: int) -> tuple[int, int]:
    """A BER-OID tag: seven bits in each octet, the high bit says that more follow."""
    tag = 0
    for octet in packet[at : at + 4]:
        at += 1
        tag = tag << 7 | octet & 0x7F
        if octet < 0x80:
            return tag, at
    raise ValueError("a tag that does not end")


def _read(tag: int, value: bytes, found: dict[str, Any]) -> None:
    if (scale := NUMBERS.get(tag)) is not None:
        number = linear(scale, value)
        if number is not None:
            found[scale.name] = number
    elif tag in MAPPED:
        name, low, high = MAPPED[tag]
        number = mapped(low, high, value)
        if number is not None:
            found[name] = number
    elif tag in TEXTS:
        text = "".join(char for char in value[:MAX_TEXT].decode("utf-8", "replace") if char.isprintable()).strip()
        if text:
            found[TEXTS[tag]] = text
    elif tag == TIME and len(value) == 8:
        found["time_us"] = int.from_bytes(value, "big")
    elif tag == VERSION and len(value) == 1:
        found["version"] = value[0]
    elif tag == CORE_ID and 1 <= len(value) <= 64:
        found["core_id"] = value.hex()
    elif tag == SECURITY and (stated := _classification(value)) is not None:
        found["classification"] = stated


def _classification(value: bytes) -> str | None:
    """What a nested security set states; a code that is none of the standard's is `unknown`, and no less secret."""
    at = 0
    while at + 2 <= len(value):
        octets, length = ber_length(value, at + 1)
        if octets == 0:
            break
        if value[at] == 1 and length == 1 and at + 1 + octets < len(value):
            return CLASSES.get(value[at + 1 + octets], "unknown")
        at += 1 + octets + length
    return None
