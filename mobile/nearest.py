"""The nearest address of what moves or is reported: from the addresses of the packs, without a network.

Told at the moment of looking, never kept with the feature. Not told where the position itself is only good to a street.
"""

from collections.abc import Mapping
from typing import Any

from layers.wire import Feature
from mobile import geo
from mobile.i18n import Words
from mobile.pack import Address
from mobile.shelf import Shelf

PARTS = frozenset({"unit", "drone", "citizen_report", "post"})
SURE_M = 100.0
"""A position that may be off by more has no nearest house."""
AT_M = 25.0
"""So near one is at a house; farther off the distance is told."""
MAX_KNOWN = 500
CELL_DEG = 4
"""Decimals of a position that is looked up: about ten metres."""


class Nearest:
    """Looks up and remembers; for the screen's thread."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[tuple[int, float, float], Address | None] = {}

    def line(self, feature: Feature, words: Words) -> str:
        """`bei Kettengasse 9`, `80 m von Kettengasse 9`; "" where it is unknown or not to be told."""
        at = _place(feature["properties"], feature["geometry"])
        address = self._address(at) if at is not None else None
        if at is None or address is None:
            return ""
        far_m, name = geo.distance_m(at, address.at), f"{address.street} {address.housenumber}".strip()
        if far_m <= AT_M:
            return words.say("nearest.at", address=name)
        return words.say("nearest.from", distance=words.distance(far_m), address=name)

    def _address(self, at: geo.LonLat) -> Address | None:
        key = (self._shelf.changes, round(at[0], CELL_DEG), round(at[1], CELL_DEG))
        if key not in self._known:
            while len(self._known) >= MAX_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[key] = self._shelf.nearest_address(at)
        return self._known[key]


def _place(properties: Mapping[str, Any], geometry: dict[str, Any] | None) -> geo.LonLat | None:
    """The position, where it is one and good enough."""
    accuracy_m = properties.get("accuracy_m")
    if properties.get("part") not in PARTS or not geometry or geometry.get("type") != "Point":
        return None
    return None if isinstance(accuracy_m, int | float) and accuracy_m > SURE_M else geo.centre(geometry)
