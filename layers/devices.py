"""Layer devices: sensors, actuators and cameras of smart homes, with a state from their thresholds."""

from collections.abc import Iterable
from typing import Any

from layers.book import Book, Change
from layers.content import Threshold, Thresholds
from layers.draw import common, feature, flat, listed, plain, values
from layers.observation import Geometry
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"device"})
LISTENS = frozenset({"device", "building"})

OK, WARNING, ALARM, ERROR, UNKNOWN = "OK", "WARNING", "ALARM", "ERROR", "UNKNOWN"
STATES = (ALARM, WARNING, OK, ERROR, UNKNOWN)

PERMISSIONS = frozenset({"NONE", "REQUEST", "PENDING", "GRANTED", "DENIED"})

_CLOSED = {"closed": "close"}
"""Gateways write CLOSED for the model's CLOSE."""


def affected(change: Change, book: Book) -> Iterable[str]:
    """The device itself; the devices of a building that moved or whose consent changed."""
    if change.kind == "device":
        return (change.subject,)
    if not change.touches(GEOMETRY, "permission"):
        return ()
    return [device.subject for device in book.referring(change.subject, "device")]


def state(record: Record) -> str:
    """OK, WARNING, ALARM, ERROR or UNKNOWN.

    The thresholds decide wherever the value can be held against them: invalid gives ERROR, then alarm, then warning,
    and none of them OK. Elsewhere the device's own word counts; without one the state is unknown, never assumed OK.
    """
    value, thresholds = record.get("value"), record.get("thresholds")
    if value is not None and isinstance(thresholds, Thresholds):
        decided = by_thresholds(value, thresholds)
        if decided is not None:
            return decided
    own = record.get("state")
    return own if own in STATES else UNKNOWN


def by_thresholds(value: Any, thresholds: Thresholds) -> str | None:
    """The state that the rules give a value, None where no rule can be held against it."""
    judged = False
    for found, rules in ((ERROR, thresholds.invalid), (ALARM, thresholds.alarm), (WARNING, thresholds.warning)):
        for rule in rules:
            holds = compare(value, rule)
            if holds:
                return found
            judged = judged or holds is not None
    return OK if judged else None


def compare(value: Any, rule: Threshold) -> bool | None:
    """Whether a rule holds; None where the two cannot be compared. Numerals and booleans count as numbers."""
    left, right = number(value), number(rule.value)
    if left is not None and right is not None:
        return _compare_numbers(left, right, rule.comparison)
    if not isinstance(value, str) or not isinstance(rule.value, str):
        return None
    same = _word(value) == _word(rule.value)
    return {"equal": same, "notEqual": not same}.get(rule.comparison)


def _compare_numbers(left: float, right: float, comparison: str) -> bool | None:
    match comparison:
        case "equal":
            return left == right
        case "notEqual":
            return left != right
        case "greaterThan":
            return left > right
        case "greaterThanInclusive":
            return left >= right
        case "lessThan":
            return left < right
        case "lessThanInclusive":
            return left <= right
    return None


def number(value: Any) -> float | None:
    """The value as a number: numbers, booleans as 0 and 1, numerals; else None."""
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _word(text: str) -> str:
    word = text.strip().casefold()
    return _CLOSED.get(word, word)


def is_on(value: Any) -> bool:
    """Whether a detector's value says yes: a number above 0, true, or a word for it."""
    found = number(value)
    if found is not None:
        return found > 0.0
    return isinstance(value, str) and _word(value) in ("true", "on", "yes", "detected", "occupied", "open")


def consent(book: Book, record: Record) -> str:
    """The permission of the device's building in lower case, `none` where it has not said one we know.

    `unknown` where the building itself is not known: nobody can be asked, and nobody has refused.
    """
    building = book.record(record.get("building") or "", "building")
    if building is None:
        return "unknown"
    word = building.get("permission")
    return str(word).lower() if word in PERMISSIONS else "none"


def position(book: Book, record: Record) -> Geometry | None:
    """The device's own position, else its building's."""
    building = book.record(record.get("building") or "", "building")
    own: Geometry | None = record.get(GEOMETRY)
    return own if own is not None or building is None else building.get(GEOMETRY)


def draw(subject: str, book: Book) -> list[Feature]:
    """The device as one point (null without a position of its own or its building's)."""
    record = book.records[subject]
    properties = common(book, record, "devices", "device", record.get("name"), times=("value",))
    properties.update(
        values(
            record,
            *("name", "description", "value", "probability", "building", "room", "source_name"),
            *("desired_value", "action_status"),
        ),
        state=state(record),
        thresholds=plain(record.get("thresholds")),
        consent=consent(book, record),
        **listed(record, "measures", "categories"),
    )
    return [feature(subject, flat(position(book, record)), properties)]


def urgent(before: Feature | None, after: Feature) -> bool:
    """A device that goes into alarm."""
    alarm = after["properties"]["state"] == ALARM
    return alarm and not (before is not None and before["properties"]["state"] == ALARM)
