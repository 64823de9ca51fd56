"""What the contents of all kinds are made of: their common configuration, types of fields, and structs within them."""

from datetime import datetime
from math import isfinite
from typing import Any

from msgspec import Struct, UnsetType

Text = str | None | UnsetType
Number = float | None | UnsetType
Whole = int | None | UnsetType
Flag = bool | None | UnsetType
Time = datetime | None | UnsetType
Shape = dict[str, Any] | None | UnsetType
Words = tuple[str, ...] | UnsetType


class Base(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", forbid_unknown_fields=True):
    """Common configuration of all contents."""


class Address(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A postal address as the sender wrote it."""

    street: str | None = None
    postcode: str | None = None
    city: str | None = None


class Candidate(Struct, frozen=True, kw_only=True):
    """A place that an address may mean: `kind` house, interpolated, nearest, street, crossing, object or place.

    `accuracy_m` is the radius in which it lies (one sigma), `score` 0 to 1 how well it fits.
    """

    lon: float
    lat: float
    kind: str
    accuracy_m: float
    score: float
    label: str


class Geocode(Struct, frozen=True, kw_only=True):
    """What an address line was taken to mean. `verdict`: found (the first hit), ambiguous or nothing.

    `base` is the version of the base data that was asked.
    """

    address: str
    base: str
    verdict: str
    hits: tuple[Candidate, ...] = ()


class Located(Struct, frozen=True, kw_only=True):
    """Where a person placed something, for the address it had then (None: whatever the address)."""

    lon: float
    lat: float
    by: str
    accuracy_m: float | None = None
    label: str | None = None
    address: str | None = None


MOST_CANDIDATES = 10
"""Most places that an address may mean."""


def is_sane(value: Any, max_text_chars: int) -> bool:
    """Whether a `geocode` or `located` is within all bounds."""
    if isinstance(value, Located):
        texts = (value.by, value.label, value.address)
        return _is_place(value) and all(len(text or "") <= max_text_chars for text in texts)
    if not isinstance(value, Geocode) or len(value.hits) > MOST_CANDIDATES or len(value.address) > max_text_chars:
        return False
    return all(_is_place(hit) and isfinite(hit.score) and len(hit.label) <= max_text_chars for hit in value.hits)


def _is_place(value: Any) -> bool:
    accuracy = value.accuracy_m
    return -180.0 <= value.lon <= 180.0 and -90.0 <= value.lat <= 90.0 and (accuracy is None or 0.0 <= accuracy < 1e7)


class Threshold(Struct, frozen=True, kw_only=True):
    """One rule: `comparison` is equal, notEqual, greaterThan, greaterThanInclusive, lessThan or lessThanInclusive."""

    comparison: str
    value: float | str | bool | None


class Thresholds(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a device's value is invalid, a warning or an alarm."""

    invalid: tuple[Threshold, ...] = ()
    warning: tuple[Threshold, ...] = ()
    alarm: tuple[Threshold, ...] = ()


class Media(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture or stream that lies elsewhere: `type` is IMAGE, VIDEO or VIDEOSTREAM."""

    type: str
    url: str


class Fence(Struct, frozen=True, kw_only=True):
    """An area that a drone must stay inside (`inclusion`) or out of."""

    inclusion: bool
    geometry: dict[str, Any]


class Approach(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit's way to a mission, as worked out from the roads: arrival, seconds and metres from where it was.

    `line` is the way as positions in WGS84; `detour_s` is what driving around `avoided` and through `passes` costs;
    `uncertain` is what nobody tagged and could stop the vehicle. `walk_m` is left to go on foot at the end.
    """

    mission: str
    profile: str
    eta_at: datetime
    eta_s: float
    length_m: float
    walk_m: float
    detour_s: float
    avoided: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    basis: str
    """What of the situation it was worked out from: the mission's position and what stands in the way."""
    line: tuple[tuple[float, float], ...]


class WaterPoint(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Water at the end of a hose of `distance_m`; see `server.base.hoses`."""

    id: str
    kind: str
    lon: float
    lat: float
    distance_m: int
    b_hoses: int
    ref: str | None = None
    name: str | None = None
    position: str | None = None
    diameter_mm: int | None = None
    couplings: str | None = None
    flow_lpm: int | None = None
    pressure_bar: float | None = None
    volume_l: int | None = None
    access: str | None = None


class Waypoint(Struct, frozen=True, kw_only=True):
    """A planned point of a flight; the third coordinate is metres above ground."""

    number: int
    geometry: dict[str, Any]
