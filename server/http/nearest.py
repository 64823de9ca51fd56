"""The nearest address of features, worked out while they are read: in no journal, in no delta (ADR 0143)."""

from typing import Any

import msgspec

from server.base.base import Base
from server.base.reverse import reverse

PARTS = frozenset({"unit", "drone", "citizen_report", "post"})
SURE_M = 100.0
"""A position that may be off by more has no nearest house; the crew app holds it alike."""
MOST = 300
"""Features of one answer: each costs a fraction of a millisecond of a core."""


def with_addresses(features: list[Any], base: Base) -> list[Any]:
    """The features with `nearest_address` where they are what moves or is reported and the map knows one.

    As they may be seen already: what a role does not see has no address. Some may be JSON. Runs in a real thread.
    """
    told, left = [], MOST
    for one in features:
        feature = msgspec.json.decode(one) if isinstance(one, msgspec.Raw) else one
        at = _place(feature)
        found = reverse(base, *at) if at is not None and left > 0 else None
        if at is not None:
            left -= 1
        if found is not None:
            nearest = {name: getattr(found, name) for name in ("label", "distance_m", "street", "housenumber", "city")}
            feature = {**feature, "properties": {**feature["properties"], "nearest_address": nearest}}
            told.append(feature)
        else:
            told.append(one)
    return told


def _place(feature: dict[str, Any]) -> tuple[float, float] | None:
    properties, geometry = feature["properties"], feature["geometry"]
    if properties["part"] not in PARTS or geometry is None or geometry["type"] != "Point":
        return None
    accuracy_m = properties["accuracy_m"]
    if accuracy_m is not None and accuracy_m > SURE_M:
        return None
    lon, lat = geometry["coordinates"][:2]
    return lon, lat
