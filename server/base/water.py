"""Part water: hydrants, tanks, suction points and open water, gathered while base data is built.

Tables `water_points`, its R*Tree `water_points_box`, `water_bodies` and its `water_bodies_box` of base.db.
"""

from collections import Counter
from collections.abc import Mapping

import shapely

from server.base import water_rules
from server.base.build import Output
from server.base.elements import Element

_POINTS = """
CREATE TABLE water_points (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref TEXT, position TEXT, diameter_mm INTEGER, couplings TEXT,
    flow_lpm INTEGER, pressure_bar REAL, volume_l INTEGER, lat_deg REAL NOT NULL, lon_deg REAL NOT NULL,
    osm_type TEXT NOT NULL, osm_id INTEGER NOT NULL
) STRICT
"""
_BOX = "CREATE VIRTUAL TABLE water_points_box USING rtree (id, west, east, south, north)"
_BODIES_BOX = "CREATE VIRTUAL TABLE water_bodies_box USING rtree (id, west, east, south, north)"
_BODIES = """
CREATE TABLE water_bodies (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, wkb BLOB NOT NULL,
    osm_type TEXT NOT NULL, osm_id INTEGER NOT NULL
) STRICT
"""


class Water:
    """The part."""

    name = "water"

    def __init__(self) -> None:
        self._points: list[tuple[object, ...]] = []
        self._bodies: list[tuple[object, ...]] = []
        self._boxes: list[tuple[float, ...]] = []
        self._kinds: Counter[str] = Counter()

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Water points and open water."""
        return water_rules.point(tags) is not None or water_rules.body(tags) is not None

    def take(self, element: Element) -> None:
        """Remember the row."""
        shape = element.geometry
        if shape is None or shape.is_empty:
            return
        found = water_rules.point(element.tags)
        if found is not None:
            place = shape.representative_point()
            self._points.append((*found, place.y, place.x, element.osm_type, element.id))
            self._kinds[found.kind] += 1
            return
        kind = water_rules.body(element.tags)
        if kind is not None and element.kind != "node":
            name = element.tags.get("name:de", element.tags.get("name"))
            self._bodies.append((kind, name, shapely.to_wkb(shape), element.osm_type, element.id))
            west, south, east, north = shape.bounds
            self._boxes.append((len(self._bodies), west, east, south, north))
            self._kinds["open_water"] += 1

    def finish(self, out: Output) -> dict[str, int]:
        """Write the tables."""
        columns = "kind, ref, position, diameter_mm, couplings, flow_lpm, pressure_bar, volume_l, lat_deg, lon_deg"
        out.db.execute(_POINTS)
        out.db.executemany(
            f"INSERT INTO water_points ({columns}, osm_type, osm_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            self._points,
        )
        out.db.execute(_BOX)
        out.db.execute("INSERT INTO water_points_box SELECT id, lon_deg, lon_deg, lat_deg, lat_deg FROM water_points")
        out.db.execute(_BODIES)
        out.db.executemany(
            "INSERT INTO water_bodies (kind, name, wkb, osm_type, osm_id) VALUES (?, ?, ?, ?, ?)", self._bodies
        )
        out.db.execute(_BODIES_BOX)
        out.db.executemany("INSERT INTO water_bodies_box VALUES (?, ?, ?, ?, ?)", self._boxes)
        return dict(sorted(self._kinds.items()))


def part() -> Water:
    """A fresh part."""
    return Water()
