"""What the contents of all kinds are made of: their common configuration, types of fields, and structs within them."""

from datetime import datetime
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


class Waypoint(Struct, frozen=True, kw_only=True):
    """A planned point of a flight; the third coordinate is metres above ground."""

    number: int
    geometry: dict[str, Any]
