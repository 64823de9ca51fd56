"""Milesight: channel, type, value; again and again, little-endian, on port 85. The first unknown pair ends the reading.

Layouts: the maker's published decoders of VS121, VS132, VS133, VS350, VS360, WS302 and GS101. A pair means the same in
all of them as far as they share it, so one table serves; what is in no table stays unread.
"""

from collections.abc import Callable

from server.feeds.lorawan.payload import Bytes, Past, Payload, Short, Values

FAMILY, PORT = "milesight", 85
_WEIGHTS, _TIMES = {0: "Z", 1: "A", 2: "C"}, {0: "I", 1: "F", 2: "S"}
_GAS_ALARMS = {
    0: {"mains": 0},
    1: {"mains": 1},
    2: {"fault": 1},
    3: {"fault": 0},
    4: {"end_of_service": 1},
    5: {"end_of_service": 1, "fault": 1},
}
"""GS101: power off, power on, fault, fault over, soon invalid, invalid."""

Read = Callable[[Bytes], Values]


def _pair(first: str, second: str, size: int = 2) -> Read:
    return lambda data: {first: data.little(size), second: data.little(size)}


def _each(size: int, *names: str) -> Read:
    return lambda data: {name: data.little(size) for name in names}


def _all(data: Bytes) -> Values:
    found: Values = {"people_count_all": data.u8(), "region_count": data.u8()}
    mask = data.big(2)
    return {**found, **{f"region_{n + 1}": mask >> n & 1 for n in range(min(found["region_count"], 16))}}


def _dwell(data: Bytes) -> Values:
    region = data.u8()
    return {f"region_{region}_avg_dwell": data.little(2), f"region_{region}_max_dwell": data.little(2)}


def _temperature(data: Bytes) -> Values:
    return {"temperature": data.little(2, signed=True) / 10}


def _sound(data: Bytes) -> Values:
    weights = data.u8()
    frequency, time = _WEIGHTS.get(weights & 3), _TIMES.get(weights >> 2 & 3)
    levels = [data.little(2) / 10 for _ in range(3)]
    if frequency is None or time is None:
        return {"sound": levels[0], "sound_eq": levels[1], "sound_max": levels[2]}
    return {f"L{frequency}{time}": levels[0], f"L{frequency}eq": levels[1], f"L{frequency}{time}max": levels[2]}


def _alarmed(name: str, read: Read) -> Read:
    return lambda data: {**read(data), name: data.u8()}


_TOTALS, _PERIODS = _pair("total_in", "total_out"), _pair("period_in", "period_out")

VALUES: dict[tuple[int, int], Read] = {
    (0x01, 0x75): _each(1, "battery"),
    (0x03, 0x67): _temperature,
    (0x83, 0x67): _alarmed("temperature_alarm", _temperature),
    (0x04, 0xC9): _all,
    (0x04, 0xCC): _TOTALS,
    (0x84, 0xCC): _alarmed("total_count_alarm", _TOTALS),
    (0x05, 0xCC): _PERIODS,
    (0x85, 0xCC): _alarmed("period_count_alarm", _PERIODS),
    (0x06, 0xCD): _each(1, "people_count_max"),
    (0x07, 0xD5): _each(1, *(f"region_{n}_count" for n in range(1, 9))),
    (0x08, 0xD5): _each(1, *(f"region_{n}_count" for n in range(9, 17))),
    (0x09, 0xDA): _each(2, "a_to_a", "a_to_b", "a_to_c", "a_to_d"),
    (0x0A, 0xDA): _each(2, "b_to_a", "b_to_b", "b_to_c", "b_to_d"),
    (0x0B, 0xDA): _each(2, "c_to_a", "c_to_b", "c_to_c", "c_to_d"),
    (0x0C, 0xDA): _each(2, "d_to_a", "d_to_b", "d_to_c", "d_to_d"),
    (0x0D, 0xCC): _TOTALS,
    (0x0E, 0xE4): _dwell,
    (0x10, 0xE4): _dwell,
    (0x0F, 0xE3): _each(1, *(f"region_{n}_count" for n in range(1, 5))),
    (0x0F, 0x85): _each(4, "timestamp"),
    (0x0A, 0xEF): _each(4, "timestamp"),
    (0x10, 0xF7): _pair("line_1_period_in", "line_1_period_out"),
    (0x05, 0x5B): _sound,
    (0x05, 0x8E): _each(1, "gas"),
    (0x06, 0x01): _each(1, "valve"),
    (0x07, 0x01): _each(1, "relay"),
    (0x08, 0x90): _each(4, "life_remain_s"),
}
for _line in range(4):
    VALUES[0x03 + 3 * _line, 0xD2] = _each(4, f"line_{_line + 1}_total_in")
    VALUES[0x04 + 3 * _line, 0xD2] = _each(4, f"line_{_line + 1}_total_out")
    if _line:
        VALUES[0x05 + 3 * _line, 0xCC] = _pair(f"line_{_line + 1}_period_in", f"line_{_line + 1}_period_out")


def _minor(written: int) -> int:
    """Some models write the number in the upper half of the byte."""
    return written >> 4 if written and not written & 15 else written


INFO: dict[int, Read] = {
    0x01: lambda data: {"protocol_version": data.u8()},
    0x08: lambda data: {"serial": data.take(6).hex()},
    0x16: lambda data: {"serial": data.take(8).hex()},
    0x09: lambda data: {"hardware_version": f"{data.u8()}.{_minor(data.u8())}"},
    0x0A: lambda data: {"firmware_version": f"{data.u8()}.{data.u8()}"},
    0x1F: lambda data: {"firmware_version": ".".join(str(part) for part in data.take(4))},
    0x0B: lambda data: {"power_on": data.u8() != 0},
    0x0F: lambda data: {"device_class": data.u8()},
    0xFE: lambda data: {"reset": data.u8() != 0},
    0xFF: lambda data: {"tsl_version": f"{data.u8()}.{data.u8()}"},
}
"""What a device says of itself, on channel 0xFF."""


def read(data: bytes) -> Payload:
    """The payload as far as it can be read. Never raises."""
    found, rest = Payload(FAMILY, {}, {}, []), Bytes(data)
    while rest.left:
        begin = rest.at
        try:
            if not _next(rest, found):
                found.unread = data[begin:]
                break
        except Short:
            found.unread = data[begin:]
            break
    return found


def _next(rest: Bytes, found: Payload) -> bool:
    channel, kind = rest.u8(), rest.u8()
    if channel == 0xFF and kind == 0x3F:
        alarm = rest.u8()
        found.values.update(_GAS_ALARMS.get(alarm, {"device_alarm": alarm}))
    elif channel == 0xFF and kind in INFO:
        found.info.update(INFO[kind](rest))
    elif (channel, kind) == (0x20, 0xCE):
        return _history(rest, found)
    elif (channel, kind) in VALUES:
        found.values.update(VALUES[channel, kind](rest))
    else:
        return False
    return True


def _history(rest: Bytes, found: Payload) -> bool:
    """VS350 and VS360: counts of an earlier period. Other devices have other histories under the same pair."""
    at_s, kind = rest.little(4), rest.u8()
    if kind not in (0, 1):
        return False
    values = _PERIODS(rest)
    if kind == 1:
        values.update(_TOTALS(rest))
    found.past.append(Past(at_s, values))
    return True
