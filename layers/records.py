"""What is known of one subject: for each attribute the newest claim, and who made it.

Merging is last writer wins per attribute, by the stamp `(observed_at, received_at, observation id)`. Taking the maximum
of stamps is commutative, associative and idempotent, so any order of the same observations leaves the same record.
`None` is a value ("now unknown"); an attribute nobody spoke of is not held at all.
"""

from datetime import datetime
from math import isfinite
from types import UnionType
from typing import Any, NamedTuple, get_args

import msgspec
from msgspec import UNSET, Struct

from layers import fms
from layers.content import Address, Content, Fence, Number, Threshold, Thresholds, Waypoint
from layers.content_parts import is_sane
from layers.geo import is_valid
from layers.observation import Observation
from layers.plain import plain, plainly
from layers.settings import PictureSettings

GEOMETRY = "geometry"
MENTION = ""
"""Pseudo-attribute: the newest claim of all, also of an observation that says nothing new."""


class Claim(NamedTuple):
    """Who said something and when; ordered by its stamp, which is the first three fields."""

    observed_at: datetime
    received_at: datetime
    id: str
    source: str
    reported_at: datetime
    flags: tuple[str, ...]
    accuracy_m: float
    """-1 when unknown, so that claims compare."""


Held = tuple[Any, Claim]
Sample = tuple[Claim, Any]
"""One value of an attribute's history with its claim."""

NON_SUBJECTS = frozenset({"seen", "verdict", "removal", "refusal", "link_state", "tick"})
"""Kinds that speak about something else than a subject of their own."""


def _classes() -> dict[str, type[Struct]]:
    assert isinstance(Content, UnionType)
    return {str(cls.__struct_config__.tag): cls for cls in get_args(Content)}


CLASSES: dict[str, type[Struct]] = _classes()
FIELDS: dict[str, tuple[str, ...]] = {kind: cls.__struct_fields__ for kind, cls in CLASSES.items()}
TYPES: dict[str, dict[str, Any]] = {
    kind: {field.name: field.type for field in msgspec.structs.fields(cls)} for kind, cls in CLASSES.items()
}
_FLOATS = {kind: frozenset(name for name, type_ in types.items() if type_ == Number) for kind, types in TYPES.items()}

REFERENCES: dict[str, tuple[str, ...]] = {
    "mission": ("units", "search_ids"),
    "unit": ("mission",),
    "crowd_region": ("site", "count", "lines"),
    "crowd_count": ("region",),
    "crowd_alert": ("region",),
    "device": ("building",),
    "room": ("building",),
    "occupant": ("building",),
    "image": ("drone",),
    "warning": ("references", "identifier"),
    "note": ("mission",),
    "post": ("search_ids",),
    "social_event": ("search_ids",),
}
"""Attributes that name other subjects, or searches that others name too, by kind."""

HISTORIES: dict[str, str] = {"drone": GEOMETRY, "crowd_count": "people", "unit": GEOMETRY}
"""Kinds of which one attribute's earlier values are kept (of a unit: the one position that cards tell)."""

_SHAPES = frozenset(
    {"report_to", "field_of_view", "blind_spots", "area", "home", "operator_place", "footprint", "centre"}
)
_SIZED = (dict, list)


STALE_AT = "stale_at"
"""Attribute: the end of validity that a sender named for what it said."""


class Record:
    """The attribute book of one subject. `held[name]` is (value, claim); `history` is sorted by claim."""

    __slots__ = ("expires_at", "extra", "heard_at", "held", "history", "kind", "memo", "subject")

    def __init__(self, subject: str, kind: str) -> None:
        self.subject = subject
        self.kind = kind
        self.held: dict[str, Held] = {}
        self.extra: dict[str, Held] = {}
        self.history: list[Sample] = []
        self.memo: dict[str, tuple[Any, Any]] = {}
        """Results of pure functions of this record with what they were computed from; never part of a snapshot."""
        self.heard_at: datetime | None = None
        self.expires_at: datetime | None = None

    def get(self, name: str) -> Any:
        """The value of an attribute, None when unknown or never spoken of."""
        held = self.held.get(name)
        return None if held is None else held[0]

    def claim(self, name: str) -> Claim | None:
        """The claim behind an attribute."""
        held = self.held.get(name)
        return None if held is None else held[1]

    @property
    def lead(self) -> Claim:
        """The newest claim of all about the subject."""
        return self.held[MENTION][1]

    def put(self, name: str, value: Any, claim: Claim) -> bool:
        """Hold the value if its claim is newer than what is held; True if it was."""
        held = self.held.get(name)
        if held is not None and held[1] >= claim:
            return False
        self.held[name] = (value, claim)
        return True

    def put_extra(self, name: str, value: Any, claim: Claim) -> None:
        """As `put`, for a sender's attribute as written."""
        held = self.extra.get(name)
        if held is None or held[1] < claim:
            self.extra[name] = (value, claim)

    def withdraw(self, claim: Claim, names: tuple[str, ...]) -> set[str]:
        """Forget what was claimed before the withdrawal (all, or the named attributes); returns the names that went."""
        gone = set()
        for name in names or tuple(self.held):
            held = self.held.get(name)
            if held is not None and held[1] < claim:
                del self.held[name]
                gone.add(name)
        for name in names or tuple(self.extra):
            extra = self.extra.get(name)
            if extra is not None and extra[1] < claim:
                del self.extra[name]
        self.memo.clear()
        if not names or HISTORIES.get(self.kind) in names:
            self.history = [sample for sample in self.history if sample[0] > claim]
        return gone

    def named_end(self) -> datetime | None:
        """The end of validity that the newest claim named; None where what was said last names none."""
        held = self.held.get(STALE_AT)
        return held[0] if held is not None and held[1].observed_at == self.lead.observed_at else None

    def heard(self) -> datetime:
        """Newest time of receipt among the claims that are held."""
        newest, previous = self.held[MENTION][1].received_at, None
        for _, claim in self.held.values():
            if claim is not previous:
                previous = claim
                newest = max(newest, claim.received_at)
        return newest


def claim_of(observation: Observation) -> Claim:
    """The claim that an observation makes."""
    return Claim(
        observation.observed_at,
        observation.received_at,
        observation.id,
        observation.source,
        observation.reported_at,
        observation.flags,
        -1.0 if observation.accuracy_m is None else float(observation.accuracy_m),
    )


def attributes(observation: Observation, settings: PictureSettings) -> tuple[dict[str, Any], list[str]]:
    """What an observation says, bounded: `(attributes, names refused)`. A refused attribute counts as not spoken of."""
    said: dict[str, Any] = {}
    refused: list[str] = []
    content, kind = observation.content, observation.kind
    for name in FIELDS[kind]:
        value = getattr(content, name)
        if value is UNSET:
            continue
        if value is None or bounded(kind, name, value, settings):
            said[name] = as_journaled(kind, name, value)
        elif type(value) is str and name not in _SHAPES:
            said[name] = value[: settings.max_text_chars]
        else:
            refused.append(name)
    if observation.geometry is not UNSET:
        if observation.geometry is None or is_valid(observation.geometry, settings.max_vertices):
            said[GEOMETRY] = canonical(observation.geometry)
        else:
            refused.append(GEOMETRY)
    if "fms_status" in said:
        said.update(fms.registers(said["fms_status"], settings.fms))
    return said, refused


def bounded(kind: str, name: str, value: Any, settings: PictureSettings) -> bool:
    """Whether a value that is not None is within the limits of its attribute."""
    cls = type(value)
    if name in _SHAPES and kind != "device":
        return is_valid(value, settings.max_vertices)
    if name in ("geocode", "located"):
        return is_sane(value, settings.max_text_chars)
    if cls is str:
        return len(value) <= settings.max_text_chars
    if cls is float:
        return isfinite(value)
    if cls is bool or cls is datetime:
        return True
    if cls is int:
        return name != "fms_status" or value in fms.FMS
    if cls is tuple:
        return len(value) <= settings.max_items and all(_item(item, settings) for item in value)
    return not isinstance(value, _SIZED) or (small(value, settings) and _is_finite(value))


def as_journaled(kind: str, name: str, value: Any) -> Any:
    """The value in the one form that equal values have.

    It may come from a feed or back from a journal, where a whole number in a field of floats is a float; -0.0 is 0.0.
    """
    cls = type(value)
    if cls is str:
        return plain(value)
    if cls is float or (cls is int and name in _FLOATS[kind]):
        return float(value) + 0.0
    if cls is Thresholds:
        return Thresholds(invalid=_rules(value.invalid), warning=_rules(value.warning), alarm=_rules(value.alarm))
    if cls is tuple and value and hasattr(value[0], GEOMETRY):
        return tuple(msgspec.structs.replace(item, geometry=canonical(item.geometry)) for item in value)
    if cls is dict:
        return canonical(value) if name in _SHAPES else plainly(value)
    if cls is Address:
        parts = msgspec.structs.asdict(value)
        return Address(**{key: part if part is None else plain(part) for key, part in parts.items()})
    return plainly(value) if cls is tuple or cls is list else value


def canonical(geometry: Any) -> Any:
    """A valid geometry with its type and coordinates alone, all numbers floats."""
    if geometry is None:
        return None
    return {"type": geometry["type"], "coordinates": _floats(geometry["coordinates"])}


def _floats(node: Any) -> list[Any]:
    if isinstance(node[0], (list, tuple)):
        return [_floats(child) for child in node]
    return [float(number) + 0.0 for number in node]


def _rules(rules: tuple[Threshold, ...]) -> tuple[Threshold, ...]:
    return tuple(Threshold(comparison=rule.comparison, value=_limit(rule.value)) for rule in rules)


def _limit(value: float | str | bool | None) -> float | str | bool | None:
    return value if value is None or isinstance(value, (str, bool)) else float(value)


def _item(item: Any, settings: PictureSettings) -> bool:
    if isinstance(item, str):
        return len(item) <= settings.max_text_chars
    if isinstance(item, Waypoint):
        return is_valid(item.geometry) and item.geometry["type"] == "Point"
    return not isinstance(item, Fence) or is_valid(item.geometry, settings.max_vertices)


def _is_finite(value: Any) -> bool:
    """Whether a free-form value, already known to be small, holds no number that JSON has not."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(_is_finite(item) for item in value.values())
    return not isinstance(value, list) or all(_is_finite(item) for item in value)


def small(value: Any, settings: PictureSettings) -> bool:
    """Whether a free-form value is within its limit as JSON."""
    try:
        return len(msgspec.json.encode(value)) <= settings.max_value_bytes
    except (TypeError, ValueError, RecursionError):
        return False


def remember(record: Record, claim: Claim, value: Any, settings: PictureSettings) -> bool:
    """Add a value to the record's history, bounded in time and number; True if the history changed.

    Kept are the newest claim of each moment (of positions: the first of each step), and of the moments the newest ones
    in the window that ends at the newest. All are maxima over the set of samples: the order of arrival does not matter.
    """
    step_s, window_s, most = _keeps(record.kind, settings)
    window, track = window_s / step_s, record.kind != "crowd_count"
    history = record.history
    slot = _slot(claim, step_s)
    index = len(history)
    while index and _slot(history[index - 1][0], step_s) > slot:
        index -= 1
    if index and _slot(history[index - 1][0], step_s) == slot:
        known = history[index - 1][0]
        if claim == known or (claim < known) != track:
            return False
        history[index - 1] = (claim, value)
        return True
    if history and (_slot(history[-1][0], step_s) - slot > window or (index == 0 and len(history) >= most)):
        return False
    history.insert(index, (claim, value))
    newest = _slot(history[-1][0], step_s)
    first = max(0, len(history) - most)
    while newest - _slot(history[first][0], step_s) > window:
        first += 1
    del history[:first]
    return True


def _keeps(kind: str, settings: PictureSettings) -> tuple[float, float, int]:
    """Step and window in seconds, and the most samples."""
    if kind == "drone":
        return settings.track_step_s, settings.track_window_s, settings.track_points
    if kind == "unit":
        return settings.card_step_s, settings.card_step_s, 1
    return 1e-6, settings.trend_window_s, settings.trend_points


def _slot(claim: Claim, step_s: float) -> int:
    return int(claim.observed_at.timestamp() / step_s)
