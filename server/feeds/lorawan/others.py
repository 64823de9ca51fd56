"""Elsys, Yobiiq and Netvox: payload layouts that are not Milesight's."""

from collections.abc import Callable

from server.feeds.lorawan.payload import Bytes, Payload, Short, Values

ELSYS, YOBIIQ, NETVOX = "elsys", "yobiiq", "netvox"
Read = Callable[[Bytes], Values]

_ELSYS: dict[int, Read] = {
    0x01: lambda data: {"temperature": data.big(2, signed=True) / 10},
    0x02: lambda data: {"humidity": data.u8()},
    0x03: lambda data: {axis: data.big(1, signed=True) for axis in ("x", "y", "z")},
    0x04: lambda data: {"light": data.big(2)},
    0x05: lambda data: {"pir": data.u8()},
    0x06: lambda data: {"co2": data.big(2)},
    0x07: lambda data: {"vdd": data.big(2)},
    0x08: lambda data: {"analog1": data.big(2)},
    0x09: lambda data: {"latitude": _degrees(data), "longitude": _degrees(data)},
    0x0A: lambda data: {"pulse1": data.big(2)},
    0x0B: lambda data: {"pulse1_absolute": data.big(4)},
    0x0C: lambda data: {"external_temperature": data.big(2, signed=True) / 10},
    0x0D: lambda data: {"digital": data.u8()},
    0x0E: lambda data: {"distance": data.big(2)},
    0x0F: lambda data: {"acceleration_motion": data.u8()},
    0x10: lambda data: {
        "ir_internal_temperature": data.big(2, signed=True) / 10,
        "ir_external_temperature": data.big(2, signed=True) / 10,
    },
    0x11: lambda data: {"occupancy": data.u8()},
    0x12: lambda data: {"water_leak": data.u8()},
    0x14: lambda data: {"pressure": data.big(4) / 1000},
    0x15: lambda data: {"soundPeak": data.u8(), "soundAvg": data.u8()},
    0x16: lambda data: {"pulse2": data.big(2)},
    0x17: lambda data: {"pulse2_absolute": data.big(4)},
    0x18: lambda data: {"analog2": data.big(2)},
    0x19: lambda data: {"external_temperature2": data.big(2, signed=True) / 10},
    0x1A: lambda data: {"digital2": data.u8()},
    0x1C: lambda data: {"tvoc": data.big(2)},
}
"""Type byte, then the value, big-endian (the maker's payload description)."""


def _degrees(data: Bytes) -> float:
    return data.little(3, signed=True) / 10_000


def elsys(data: bytes) -> Payload:
    """An Elsys payload as far as it can be read. Never raises."""
    found, rest = Payload(ELSYS, {}, {}, []), Bytes(data)
    while rest.left:
        begin, kind = rest.at, rest.u8()
        try:
            if kind in _ELSYS:
                found.values.update(_ELSYS[kind](rest))
                continue
        except Short:
            pass
        found.unread = data[begin:]
        break
    return found


_YOBIIQ = {
    (0x01, 0x75): "battery",
    (0x02, 0x0B): "mains",
    (0x03, 0x00): "battery_low",
    (0x04, 0x00): "fault",
    (0x05, 0x00): "smoke",
    (0x06, 0x00): "interconnect_smoke",
    (0x07, 0x00): "self_test",
}
_YOBIIQ_INFO: dict[int, Read] = {
    0x09: lambda data: {"hardware_version": f"{data.u8()}.{data.u8()}"},
    0x0A: lambda data: {"firmware_version": f"{data.u8()}.{data.u8()}"},
    0x16: lambda data: {"serial": data.take(5).hex()},
    0x0F: lambda data: {"device_class": data.u8()},
}
"""What it says of itself on port 50; 0x0B there is whether it has mains power."""


def yobiiq(data: bytes, port: int) -> Payload:
    """SD-1001: states on port 8, what the detector says of itself on port 50. Never raises."""
    found, rest = Payload(YOBIIQ, {}, {}, []), Bytes(data)
    while rest.left:
        begin = rest.at
        try:
            channel, kind = rest.u8(), rest.u8()
            if channel == 0xFF and kind == 0x0B and port == 50:
                found.values["mains"] = rest.u8()
                continue
            if channel == 0xFF and kind in _YOBIIQ_INFO and port == 50:
                found.info.update(_YOBIIQ_INFO[kind](rest))
                continue
            if (channel, kind) in _YOBIIQ and port != 50:
                found.values[_YOBIIQ[channel, kind]] = rest.u8()
                continue
        except Short:
            pass
        found.unread = data[begin:]
        break
    return found


_NETVOX = {0x12: ("R718WB", "water_leak"), 0x1A: ("R718DA", "vibration")}


def netvox(data: bytes) -> Payload:
    """R718WB (water) and R718DA (vibration), 11 bytes on port 6. Never raises."""
    found = Payload(NETVOX, {}, {}, [])
    if len(data) < 5 or data[0] != 1 or data[1] not in _NETVOX or data[2] not in (0, 1):
        found.unread = data
        return found
    model, name = _NETVOX[data[1]]
    found.info["model"] = model
    if data[2] == 0:
        found.info.update(software_version=data[3], hardware_version=str(data[4]))
        return found
    found.values.update(battery_voltage=(data[3] & 0x7F) / 10, battery_low=data[3] >> 7)
    found.values[name] = int(data[4] != 0)
    return found
