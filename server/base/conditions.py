"""What conditional tags say at a time for a vehicle: `no @ (Mo-Fr 07:00-16:00); yes @ emergency` (OSM wiki:
Conditional restrictions).

The last condition that holds wins. Hours are read by the library opening-hours-py; weights, heights and kinds of users
by ourselves. What is not understood is never guessed: the tag stays as it is without it, and whoever asked is told.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.base.vehicles import Vehicle

SUFFIX = ":conditional"
_ACCESS = ("access", "vehicle", "motor_vehicle", "motorcar")
KEYS = frozenset({
    *_ACCESS, "emergency", "oneway", "oneway:emergency", "restriction",
    "maxheight", "maxweight", "maxwidth", "maxspeed", "maxspeed:forward", "maxspeed:backward",
})  # fmt: skip
"""Tags of which the conditional form is evaluated."""
NOT_UNDERSTOOD = frozenset({
    *(f"{key}:{way}" for key in (*_ACCESS, "maxheight", "maxweight", "maxwidth") for way in ("forward", "backward")),
    "maxlength", "maxaxleload", "maxweightrating",
})  # fmt: skip
"""Tags of which the conditional form concerns a fire engine and is not evaluated."""
HARMLESS = frozenset({"maxspeed", "maxspeed:forward", "maxspeed:backward"})
"""A limit of speed in the wet makes nobody doubt whether he gets through."""

_CLAUSE = re.compile(r"\s*([^@;()]+?)\s*@\s*(\([^()]*\)|[^;()]+?)\s*(?:;|$)")
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_MEASURE = re.compile(r"(weight|weightrating|maxweight|height|width)\s*(<=|>=|<|>|=)\s*([0-9]+(?:\.[0-9]+)?)\s*(t|m)?")
_OURS = frozenset({"emergency"})
_OTHERS = frozenset({
    "bus", "psv", "taxi", "tourist_bus", "coach", "bicycle", "foot", "moped", "mofa", "motorcycle", "agricultural",
    "forestry", "disabled", "resident", "residents", "carpool", "hov", "military", "horse", "caravan", "goods",
})  # fmt: skip
MOST_CHARS = 1_000


class Clause(NamedTuple):
    """A value, and the conditions that must all hold for it."""

    value: str
    conditions: tuple[str, ...]


def clauses(text: str) -> list[Clause] | None:
    """The clauses of a conditional tag; None for what is not of that form."""
    found, at = list[Clause](), 0
    if len(text) > MOST_CHARS:
        return None
    while at < len(text) and text[at:].strip():
        match = _CLAUSE.match(text, at)
        if match is None:
            return None
        inner = match[2][1:-1] if match[2].startswith("(") else match[2]
        found.append(Clause(match[1].strip(), tuple(part.strip() for part in _AND.split(inner.strip()))))
        at = match.end()
    return found or None


def is_conditional(tags: Mapping[str, str]) -> bool:
    """Whether a tag depends on something that concerns us."""
    return any(True for _ in _conditional(tags))


def _conditional(tags: Mapping[str, str]) -> Iterator[str]:
    for key in tags:
        plain = key.removesuffix(SUFFIX)
        if plain != key and (plain in KEYS or plain in NOT_UNDERSTOOD):
            yield plain


class InForce(NamedTuple):
    """Tags as they are at a time, and whether something that counts was not understood."""

    tags: dict[str, str]
    unclear: bool


class Conditions:
    """Evaluates conditions at a place: its time zone and public holidays follow from where it is."""

    def __init__(self, lon: float, lat: float) -> None:
        self._place = (lat, lon)
        self._hours: dict[str, object | None] = {}

    def in_force(self, tags: Mapping[str, str], at: datetime | None, vehicle: Vehicle) -> InForce:
        """The tags without their conditional forms; `at` is aware, None for a time that nobody said."""
        told, unclear = {key: value for key, value in tags.items() if not key.endswith(SUFFIX)}, False
        for key in _conditional(tags):
            parts = clauses(tags[key + SUFFIX]) if key in KEYS else None
            if parts is None:
                unclear |= key not in HARMLESS
                continue
            doubt = False
            for part in parts:
                holds = self._all(part.conditions, at, vehicle)
                if holds:
                    told[key], doubt = part.value, False
                elif holds is None:
                    doubt = True
            unclear |= doubt and key not in HARMLESS
        return InForce(told, unclear)

    def _all(self, conditions: tuple[str, ...], at: datetime | None, vehicle: Vehicle) -> bool | None:
        holds = [self._one(condition, at, vehicle) for condition in conditions]
        if False in holds:
            return False
        return None if None in holds else True

    def _one(self, text: str, at: datetime | None, vehicle: Vehicle) -> bool | None:
        word = text.lower()
        if word in _OURS:
            return True
        if word in _OTHERS:
            return False
        measured = _MEASURE.fullmatch(word)
        if measured is not None:
            own = {"height": vehicle.height_m, "width": vehicle.width_m}.get(measured[1], vehicle.weight_t)
            return _compared(own, measured[2], float(measured[3]))
        return self._open(text, at)

    def _open(self, text: str, at: datetime | None) -> bool | None:
        if at is None or "SH" in text or '"' in text:
            return None  # school holidays: nobody's calendar has them; words in quotes: for people
        from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets it

        if text not in self._hours:
            try:
                self._hours[text] = OpeningHours(text, coords=self._place)
            except ParserError:
                self._hours[text] = None
        hours = self._hours[text]
        if not isinstance(hours, OpeningHours):
            return None
        state, _ = hours.state(at.astimezone(ZoneInfo("UTC")))
        return None if state == State.UNKNOWN else bool(state == State.OPEN)


def _compared(own: float, sign: str, limit: float) -> bool:
    return {"<": own < limit, "<=": own <= limit, ">": own > limit, ">=": own >= limit, "=": own == limit}[sign]
