"""Small geometry of the cab: a metric plane round the town, distance, bearing. WGS84 in, longitude first, metres out.

The plane uses the radii of curvature of the WGS84 ellipsoid at its origin; within 5 km of it, lengths are off by less
than one part in a thousand, which is less than a tablet's position is off. The server measures properly, with pyproj.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_SQUARED = 6.694_379_990_14e-3

LonLat = tuple[float, float]
Metres = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """Local plane: x metres east, y metres north of the origin."""

    lon: float
    lat: float

    @property
    def _scales(self) -> tuple[float, float]:
        sine = math.sin(math.radians(self.lat))
        root = math.sqrt(1 - ECCENTRICITY_SQUARED * sine * sine)
        east = SEMI_MAJOR_M / root * math.cos(math.radians(self.lat))
        north = SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED) / root**3
        return math.radians(east), math.radians(north)

    def to_metres(self, lon: float, lat: float) -> Metres:
        """A position on the plane."""
        east, north = self._scales
        return (lon - self.lon) * east, (lat - self.lat) * north

    def to_lonlat(self, x_m: float, y_m: float) -> LonLat:
        """Inverse of `to_metres`."""
        east, north = self._scales
        return self.lon + x_m / east, self.lat + y_m / north

    def line(self, positions: list[list[float]]) -> list[Metres]:
        """A GeoJSON line or ring on the plane; heights are dropped."""
        east, north = self._scales
        return [((position[0] - self.lon) * east, (position[1] - self.lat) * north) for position in positions]


def distance_m(a: LonLat, b: LonLat) -> float:
    """Distance in metres, for positions up to some 30 km apart."""
    x_m, y_m = Plane(a[0], (a[1] + b[1]) / 2).to_metres(b[0], b[1])
    _, y0_m = Plane(a[0], (a[1] + b[1]) / 2).to_metres(a[0], a[1])
    return math.hypot(x_m, y_m - y0_m)


def bearing_deg(a: LonLat, b: LonLat) -> float:
    """Direction from a to b in degrees, clockwise from true north, 0 <= result < 360."""
    plane = Plane(a[0], (a[1] + b[1]) / 2)
    x_m, y_m = plane.to_metres(b[0], b[1])
    return math.degrees(math.atan2(x_m, y_m - plane.to_metres(a[0], a[1])[1])) % 360.0


def compass(bearing: float) -> str:
    """Eight-part compass rose in English letters: N, NE, E, SE, S, SW, W, NW."""
    return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[round(bearing / 45.0) % 8]


def positions(geometry: dict[str, Any] | None) -> Iterator[LonLat]:
    """Every position of a GeoJSON geometry, heights dropped; nothing for null."""
    if not geometry:
        return
    if geometry.get("type") == "GeometryCollection":
        for part in geometry.get("geometries", []):
            yield from positions(part)
        return
    stack: list[Any] = [geometry.get("coordinates")]
    while stack:
        value = stack.pop()
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], int | float):
            if len(value) >= 2 and isinstance(value[1], int | float):
                yield float(value[0]), float(value[1])
        else:
            stack.extend(reversed(value))


def centre(geometry: dict[str, Any] | None) -> LonLat | None:
    """A point to measure to and to label: the point itself, or the middle of the bounding box. None for null."""
    found = list(positions(geometry))
    if not found:
        return None
    lons, lats = [lon for lon, _ in found], [lat for _, lat in found]
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def contains(geometry: dict[str, Any] | None, point: LonLat) -> bool:
    """Whether a Polygon or MultiPolygon holds a point (even-odd rule over all rings)."""
    if not geometry or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        return False
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return any(sum(_crossings(ring, point) for ring in polygon) % 2 == 1 for polygon in polygons)


def _crossings(ring: list[list[float]], point: LonLat) -> int:
    x, y = point
    count = 0
    for (ax, ay, *_), (bx, by, *_) in pairwise(ring):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            count += 1
    return count


def nearest_m(geometry: dict[str, Any] | None, point: LonLat) -> tuple[float, LonLat] | None:
    """Distance in metres to the nearest part of a geometry, and that part's position; 0 inside an area. None for
    null.
    """
    if not geometry:
        return None
    if contains(geometry, point):
        return 0.0, point
    plane = Plane(*point)
    best: tuple[float, Metres] | None = None
    for line in _lines(geometry):
        run = plane.line(line)
        for a, b in zip(run, run[1:] or run, strict=False):
            foot = _foot(a, b)
            found = math.hypot(*foot)
            if best is None or found < best[0]:
                best = found, foot
    return (best[0], plane.to_lonlat(*best[1])) if best else None


def _lines(geometry: dict[str, Any]) -> Iterator[list[list[float]]]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        for part in geometry.get("geometries", []):
            yield from _lines(part)
    elif not coordinates:
        return
    elif kind == "Point":
        yield [coordinates]
    elif kind == "MultiPoint":
        yield from ([position] for position in coordinates)
    elif kind == "LineString":
        yield coordinates
    elif kind in ("Polygon", "MultiLineString"):
        yield from coordinates
    elif kind == "MultiPolygon":
        for polygon in coordinates:
            yield from polygon


def _foot(a: Metres, b: Metres) -> Metres:
    """The point of the segment a-b nearest to the origin."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length_squared = dx * dx + dy * dy
    share = 0.0 if length_squared == 0 else max(0.0, min(1.0, -(a[0] * dx + a[1] * dy) / length_squared))
    return a[0] + share * dx, a[1] + share * dy
