"""What a named value of a payload means: a count, a crossing, a reading, a detector. Names are the makers', and those
that network servers' own decoders give.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from server.feeds._homes import ALARM, MEASURED, OK, UNKNOWN, WARNING, measure_of, on_or_off, state_of

MAX_NUMBER = 1e12
_LINE = re.compile(
    r"(?:line_(?P<line>\d{1,2})(?:\.0)?_)?(?:people_)?(?P<kind>total|period|periodic)(?:_counter)?_(?P<way>in|out)"
)
_LONE = re.compile(r"(?:line|people)_(?P<way>in|out)")
_REGION = re.compile(r"region_(?P<region>\d{1,2})_count")
_EQUIVALENT = re.compile(r"L[ZAC]eq")
DETECTORS = {
    "gas": "gas",
    "smoke": "smoke",
    "interconnect_smoke": "interconnect_smoke",
    "water_leak": "water",
    "vibration": "vibration",
    "glass_break": "glass_break",
    "tamper": "tamper",
    "fault": "fault",
    "battery_low": "battery_low",
    "end_of_service": "end_of_service",
    "acceleration_motion": "vibration",
}
NUMBERS = {
    "battery": "battery",
    "temperature": "temperature",
    "humidity": "humidity",
    "light": "light",
    "illuminance": "light",
    "pir": "motion",
    "occupancy": "motion",
    "co2": "co2",
    "pressure": "pressure",
    "tvoc": "voc",
    "soundAvg": "noiseLevel",
    "sound_eq": "noiseLevel",
    "valve": "valve",
    "relay": "relay",
    "mains": "mains",
}
_TYPED = {
    "air temperature": "temperature",
    "air humidity": "humidity",
    "light intensity": "light",
    "barometric pressure": "pressure",
}
"""Words of payloads that list `{type, measurementValue}` (SenseCAP)."""


class Meaning(Struct):
    """What values mean. `people` by region number (`all` for the whole view), `totals` and `periods` by line (in, out),
    `readings` by measure (value and state); `rest` has no place of its own.
    """

    people: dict[str, int]
    totals: dict[str, dict[str, int]]
    periods: dict[str, dict[str, int]]
    readings: dict[str, tuple[Any, str | UnsetType]]
    rest: dict[str, Any]


def meaning(values: Mapping[str, Any]) -> Meaning:
    """What the values mean."""
    found = Meaning({}, {}, {}, {}, {})
    for name, value in values.items():
        if not (_counted(name, value, found) or _read(name, value, found)):
            found.rest[name] = value
    return found


def flat(decoded: Mapping[str, Any]) -> dict[str, Any]:
    """What a network server decoded, as far as it is a list of named values."""
    found = {name: value for name, value in decoded.items() if not isinstance(value, Mapping | list)}
    messages = decoded.get("messages")
    for item in messages[:100] if isinstance(messages, list) else ():
        if isinstance(item, Mapping) and isinstance(item.get("type"), str):
            word = item["type"].casefold()
            value = item.get("measurementValue")
            if word == "barometric pressure" and isinstance(value, int | float) and abs(value) < 1e9:
                value = value / 100  # Pa
            found[_TYPED.get(word, str(item["type"])[:100])] = value
    return found


def dig(value: Any, path: str) -> Any:
    """The value at a path of names and numbers of items; None where there is none."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdecimal() and len(part) < 6:
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return None
    return value


def _counted(name: str, value: Any, found: Meaning) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**32 or value != int(value):
        return False
    count = int(value)
    if name == "people_count_all":
        found.people["all"] = count
    elif region := _REGION.fullmatch(name):
        found.people[str(int(region["region"]))] = count
    elif lone := _LONE.fullmatch(name):
        found.periods.setdefault("1", {})[lone["way"]] = count
    elif line := _LINE.fullmatch(name):
        kind = found.totals if line["kind"] == "total" else found.periods
        kind.setdefault(str(int(line["line"] or 1)), {})[line["way"]] = count
    else:
        return False
    return True


def _read(name: str, value: Any, found: Meaning) -> bool:
    if name in DETECTORS:
        on = on_or_off(value) if value in (0, 1) or not isinstance(value, int | float) else None
        if name in ("water_leak", "acceleration_motion") and isinstance(value, int):
            on = value > 0  # a strength, or a number of movements
        found.readings[DETECTORS[name]] = (on, _state(DETECTORS[name], on))
    elif name == "self_test":
        found.readings["self_test"] = (on_or_off(value), OK)
    elif name in ("valve", "relay"):
        found.readings[name] = ({0: "CLOSE", 1: "OPEN"}.get(value) if isinstance(value, int) else None, UNSET)
    elif name == "mains":
        found.readings[name] = (on_or_off(value), WARNING if on_or_off(value) is False else OK)
    elif name in ("pir", "occupancy") and isinstance(value, int):
        found.readings["motion"] = (value > 0, UNSET)
        return name == "occupancy"
    elif (name in NUMBERS or name in MEASURED or _EQUIVALENT.fullmatch(name)) and _is_number(value):
        measure: str = "noiseLevel" if _EQUIVALENT.fullmatch(name) else NUMBERS.get(name, measure_of(name))
        found.readings[measure] = (value, UNSET)
        return measure != "noiseLevel"  # which level it is stays readable
    else:
        return False
    return True


def _state(measure: str, on: bool | None) -> str | UnsetType:
    if measure == "interconnect_smoke":
        return UNKNOWN if on is None else ALARM if on else OK
    return state_of(measure, on)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER
