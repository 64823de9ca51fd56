"""The ground under addresses: distances on a plane, what lies together, and which places a point belongs to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Any

import numpy
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

PLACE_RADIUS_M = {
    "city": 6000.0,
    "town": 3000.0,
    "village": 1200.0,
    "borough": 2500.0,
    "suburb": 1500.0,
    "quarter": 800.0,
    "neighbourhood": 500.0,
    "hamlet": 400.0,
    "isolated_dwelling": 200.0,
    "farm": 200.0,
    "locality": 400.0,
    "allotments": 300.0,
    "city_block": 200.0,
    "municipality": 6000.0,
    "island": 1000.0,
}
"""How far from its point a place reaches where it has no outline (a rule of thumb for Central Europe)."""


@dataclass(slots=True)
class Area:
    """A place: its point, and its outline where there is one. `postcode` is set for what is a postal district."""

    names: tuple[str, ...]
    kind: str
    level: int
    shape: BaseGeometry
    postcode: str | None


def middle(shape: BaseGeometry) -> Point:
    """A point of the shape: its middle where that is inside."""
    if shape.geom_type == "Point":
        return Point(shapely.get_coordinates(shape)[0])
    centre = shape.centroid
    return (
        Point(centre)
        if shape.geom_type.endswith("LineString") or shape.contains(centre)
        else shape.representative_point()
    )


def extent_m(shape: BaseGeometry) -> float:
    """Half the diagonal of what a shape covers, metres, at least 15."""
    west, south, east, north = shape.bounds
    plane = Plane((south + north) / 2)
    return max(15.0, hypot((east - west) * plane.lon_m, (north - south) * plane.lat_m) / 2)


class Plane:
    """Degrees to metres around a latitude: exact to a few per mille over a district, which is what names need."""

    def __init__(self, lat_deg: float) -> None:
        self.lat_m = 111_200.0
        """Metres per degree of latitude (mean of the ellipsoid at 50 degrees, to 0.1 per cent)."""
        self.lon_m = 111_320.0 * cos(radians(lat_deg))


def together(shapes: Sequence[BaseGeometry], plane: Plane, gap_m: float) -> list[list[int]]:
    """Groups of shapes of which each has a neighbour within `gap_m`, in the order of their first members."""
    if len(shapes) == 1:
        return [[0]]
    flat = on_plane(shapes, plane)
    pairs = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=gap_m)
    parent = list(range(len(shapes)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in pairs.T.tolist():
        first, second = root(one), root(other)
        if first != second:
            parent[max(first, second)] = min(first, second)
    groups: dict[int, list[int]] = defaultdict(list)
    for index in range(len(shapes)):
        groups[root(index)].append(index)
    return list(groups.values())


def on_plane(shapes: Iterable[BaseGeometry], plane: Plane) -> Any:
    """The shapes in metres, as an array."""
    scale = numpy.array([plane.lon_m, plane.lat_m])
    return shapely.transform(numpy.array(list(shapes), dtype=object), lambda points: points * scale)


class Regions:
    """The places around a point, innermost first."""

    def __init__(self, areas: Sequence[Area], plane: Plane) -> None:
        self._areas = [area for area in areas if area.shape.geom_type != "Point"]
        self._points = [area for area in areas if area.shape.geom_type == "Point" and area.kind in PLACE_RADIUS_M]
        self._tree = shapely.STRtree([area.shape for area in self._areas])
        self._size = [area.shape.area for area in self._areas]
        self._plane = plane
        self._near = shapely.STRtree(on_plane([area.shape for area in self._points], plane)) if self._points else None

    def around(self, lon: float, lat: float) -> list[Area]:
        """Outlines that contain the point, smallest first, then the points whose reach covers it, nearest first."""
        here = shapely.points(lon, lat)
        inside = sorted(self._tree.query(here, predicate="intersects").tolist(), key=lambda index: self._size[index])
        found = [self._areas[index] for index in inside]
        if self._near is None:
            return found
        flat = shapely.points(lon * self._plane.lon_m, lat * self._plane.lat_m)
        near = []
        for index in self._near.query(flat, predicate="dwithin", distance=max(PLACE_RADIUS_M.values())).tolist():
            distance = shapely.distance(flat, self._near.geometries[index])
            reach = PLACE_RADIUS_M[self._points[index].kind]
            if distance <= reach:
                near.append((distance / reach, index))
        return found + [self._points[index] for _, index in sorted(near)]


def most(values: Iterable[str | None]) -> str | None:
    """The value that occurs most (of equals the first in the alphabet); None where there is none."""
    counts = Counter(value for value in values if value)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


INNER = ("suburb", "quarter", "neighbourhood", "village", "hamlet", "borough")
TOWNS = ("city", "town", "municipality")


def town(around: list[Area]) -> str | None:
    for area in around:
        if area.names and (area.kind in TOWNS or (area.kind == "administrative" and area.level in (6, 8))):
            return area.names[0]
    return next((area.names[0] for area in around if area.names and area.kind == "village"), None)


def inner(around: list[Area], city: str | None) -> str | None:
    for area in around:
        narrow = area.kind in INNER or (area.kind == "administrative" and area.level > 8)
        if narrow and area.names and area.names[0] != city:
            return area.names[0]
    return None
