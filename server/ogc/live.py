"""The layers of a situation as collections: what a view shows (layers.views), made flat, in the order of ids.

A page begins after the id that ended the page before. So a feature that comes or goes between two pages moves no other
into or out of them: whoever was there all the time is read exactly once.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.geo import as_shape
from layers.views import layers_for
from layers.wire import Feature
from server import runtime
from server.ogc.columns import Properties, aligned
from server.ogc.pages import Page, fitted
from server.ogc.query import Box, Query

EXERCISE = "ÜBUNG"
TITLES: dict[str, tuple[str, str]] = {
    "missions": ("Einsätze", "Missions"),
    "units": ("Einheiten", "Units"),
    "crowd": ("Menschenmengen", "Crowd"),
    "drones": ("Drohnen und ihre Bilder", "Drones and their images"),
    "buildings": ("Gebäude mit Anbindung", "Connected buildings"),
    "devices": ("Geräte in Gebäuden", "Devices in buildings"),
    "reports": ("Meldungen", "Reports"),
    "warnings": ("Warnungen", "Warnings"),
    "marks": ("Eingezeichnetes", "Marks"),
    "notes": ("Notizen", "Notes"),
    "sources": ("Quellen und ihr Zustand", "Sources and their health"),
    "cards": ("Fünf-Minuten-Karten", "Five-minute cards"),
    "routes": ("Anfahrten", "Approaches"),
    "water": ("Wasserentnahmestellen der Einsätze", "Water near missions"),
}
MIXED = ("crowd", "drones", "reports", "warnings", "marks")
"""Layers with geometries of several kinds, which many programs cannot hold in one layer: also given by kind."""
KINDS: dict[str, tuple[frozenset[str], tuple[str, str], str]] = {
    "points": (frozenset({"Point", "MultiPoint"}), ("Punkte", "points"), "Point"),
    "lines": (frozenset({"LineString", "MultiLineString"}), ("Linien", "lines"), "LineString"),
    "areas": (frozenset({"Polygon", "MultiPolygon"}), ("Flächen", "areas"), "Polygon"),
}
KEPT_FEATURES = 100_000
"""Features in all tables that are kept for the next page."""


def collections(role: str) -> dict[str, tuple[str, str | None]]:
    """Collection id -> (layer, kind of geometry or None) of a role."""
    told: dict[str, tuple[str, str | None]] = {}
    for layer in layers_for(role):
        told[layer] = (layer, None)
        if layer in MIXED:
            told.update((f"{layer}_{kind}", (layer, kind)) for kind in KINDS)
    return told


def title(layer: str, kind: str | None, lang: str) -> str:
    """What a collection is called."""
    at = 0 if lang == "de" else 1
    name = TITLES.get(layer, (layer, layer))[at]
    return name if kind is None else f"{name} ({KINDS[kind][1][at]})"


class Table:
    """Features of one collection as a view shows them, sorted by id."""

    def __init__(self, features: Iterable[Feature], situation: str, exercise: bool, kind: str | None) -> None:
        wanted = None if kind is None else KINDS[kind][0]
        chosen = [one for one in features if wanted is None or (one["geometry"] or {}).get("type") in wanted]
        chosen.sort(key=lambda feature: str(feature["id"]))
        self.ids: list[str] = [str(feature["id"]) for feature in chosen]
        self.geometries: list[Any] = [feature["geometry"] for feature in chosen]
        self.types, self.rows = aligned(_marked(one["properties"], situation, exercise) for one in chosen)
        self._shapes: np.ndarray[Any, np.dtype[np.object_]] | None = None

    def feature(self, at: int) -> Feature:
        """The feature at a place."""
        return {"type": "Feature", "id": self.ids[at], "geometry": self.geometries[at], "properties": self.row(at)}

    def row(self, at: int) -> Properties:
        """The columns of the feature at a place."""
        return self.rows[at]

    def find(self, feature_id: str) -> Feature | None:
        """The feature with an id."""
        at = bisect_right(self.ids, feature_id) - 1
        return self.feature(at) if at >= 0 and self.ids[at] == feature_id else None

    def page(self, query: Query) -> Page:
        """The features that are asked for. What has no geometry is everywhere (OGC 17-069r4, 7.15.3)."""
        chosen = np.ones(len(self.ids), dtype=bool)
        if query.boxes:
            chosen = self._within(query.boxes)
        if query.start is not None or query.end is not None:
            chosen &= np.array([self.covers(query, at) for at in range(len(self.ids))], dtype=bool)
        places: list[int] = np.flatnonzero(chosen).tolist()
        first = bisect_right([self.ids[at] for at in places], query.after) if query.after else 0
        wanted = [self.feature(at) for at in places[first : first + query.limit]]
        features, number = fitted(wanted, query.limit)
        more = first + number < len(places)
        after = self.ids[places[first + number - 1]] if more else None
        return Page(features=features, matched=len(places), after=after)

    def covers(self, query: Query, at: int) -> bool:
        """Whether the feature at a place is of the time that is asked for."""
        observed_at = self.rows[at]["observed_at"]
        return observed_at is None or query.covers(datetime.fromisoformat(observed_at))

    def _within(self, boxes: tuple[Box, ...]) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        if self._shapes is None:
            shapes: list[BaseGeometry | None] = [None if one is None else as_shape(one) for one in self.geometries]
            self._shapes = np.empty(len(shapes), dtype=object)
            self._shapes[:] = shapes
        found = shapely.is_missing(self._shapes)
        for box in boxes:
            found = found | shapely.intersects(self._shapes, shapely.box(*box))
        return np.asarray(found, dtype=bool)


def _marked(properties: Properties, situation: str, exercise: bool) -> Properties:
    """What is of an exercise says so in its title and in a property."""
    told = properties["title"]
    if exercise:
        told = f"{EXERCISE}: {told}" if told else EXERCISE
    return {**properties, "title": told, "exercise": exercise, "situation": situation}


T = TypeVar("T", bound=Table)


class Tables(Generic[T]):
    """Tables of the newest state, kept while pages of them are read; bounded."""

    def __init__(self, most: int = KEPT_FEATURES) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = runtime.native_lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The table of a key, made when it is not there.

        For offloading: it touches nothing of the loop.
        """
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._held[key] = made
            while len(self._held) > 1 and sum(len(table.ids) + 100 for table in self._held.values()) > self._most:
                self._held.popitem(last=False)
        return made
