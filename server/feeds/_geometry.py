"""Geometries from strangers: GeoJSON (longitude first) and the shapes of CAP (latitude first), each position checked.

What comes out is plain GeoJSON in WGS84 with finite coordinates in range and closed rings. Whether a polygon crosses
itself is for the domain to mend (`layers.geo`).
"""

import math
from typing import Any

from layers.observation import Geometry

NULL_ISLAND = "0/0 is no position"
MAX_HEIGHT_M = 100_000
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG), for the circles of CAP; their own precision is a kilometre with decimals."""
CIRCLE_CORNERS = 32
_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


class BadGeometry(ValueError):
    """Not a geometry that can be drawn. The message says what is wrong with it."""


class NoPosition(BadGeometry):
    """Exactly 0/0: a receiver without a fix, not a place in the Gulf of Guinea."""


def geojson(value: Any, max_points: int) -> Geometry | None:
    """The geometry with nothing in it but `type` and `coordinates`; None for an empty one. Takes a Feature as well.

    Raises BadGeometry.
    """
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    if value is None or value == {} or value == []:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise BadGeometry("a GeoJSON geometry is expected")
    coordinates = value.get("coordinates")
    if coordinates is None or _is_empty(coordinates):
        return None
    counter = _Counter(max_points)
    return {"type": kind, "coordinates": _nested(coordinates, kind, _DEPTH[kind], counter)}


def position(lon: Any, lat: Any, height: Any = None) -> list[float]:
    """One checked position, longitude first. Numbers may be written as text. Raises BadGeometry, NoPosition."""
    x, y = _coordinate(lon, 180.0, "longitude"), _coordinate(lat, 90.0, "latitude")
    if x == 0.0 and y == 0.0:
        raise NoPosition(NULL_ISLAND)
    return [x, y] if height is None else [x, y, _coordinate(height, MAX_HEIGHT_M, "height")]


def cap_polygon(text: str, max_points: int) -> Geometry | None:
    """CAP 1.2 `polygon`: blank-separated `lat,lon` pairs, first and last the same. Raises BadGeometry."""
    pairs = [pair.split(",") for pair in text.split()]
    if not pairs:
        return None
    if len(pairs) > max_points or any(len(pair) != 2 for pair in pairs):
        raise BadGeometry(f"a CAP polygon is at most {max_points} pairs of latitude and longitude")
    return {"type": "Polygon", "coordinates": [_ring([position(lon, lat) for lat, lon in pairs])]}


def cap_circle(text: str) -> Geometry | None:
    """CAP 1.2 `circle`, `lat,lon radius` in kilometres, as a polygon of 32 corners; its centre where that
    cannot be drawn (no radius, over a pole or the date line). Raises BadGeometry.
    """
    parts = text.replace(",", " ").split()
    if not parts:
        return None
    if len(parts) != 3:
        raise BadGeometry("a CAP circle is latitude, longitude and a radius")
    lon, lat = position(parts[1], parts[0])
    radius_m = _coordinate(parts[2], 1_000.0, "radius in km") * 1000
    if radius_m <= 0 or abs(lat) >= 89:
        return {"type": "Point", "coordinates": [lon, lat]}
    north = math.degrees(radius_m / EARTH_RADIUS_M)
    east = north / math.cos(math.radians(lat))
    if abs(lon) + east > 180 or abs(lat) + north > 90:
        return {"type": "Point", "coordinates": [lon, lat]}
    steps = [2 * math.pi * corner / CIRCLE_CORNERS for corner in range(CIRCLE_CORNERS)]
    ring = [[lon + east * math.cos(step), lat + north * math.sin(step)] for step in steps]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def polygons(parts: list[Geometry]) -> Geometry | None:
    """One geometry from several: nothing, the only one, or a MultiPolygon of the polygons among them."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    rings: list[Any] = []
    for part in parts:
        if part["type"] == "Polygon":
            rings.append(part["coordinates"])
        elif part["type"] == "MultiPolygon":
            rings.extend(part["coordinates"])
    return {"type": "MultiPolygon", "coordinates": rings} if rings else parts[0]


class _Counter:
    def __init__(self, limit: int) -> None:
        self.limit = self.left = limit

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise BadGeometry(f"more than {self.limit} positions")


def _nested(value: Any, kind: str, depth: int, counter: _Counter) -> list[Any]:
    if not isinstance(value, list):
        raise BadGeometry("coordinates are lists")
    if depth == 0:
        counter.count()
        if not 2 <= len(value) <= 4:
            raise BadGeometry("a position has a longitude, a latitude and at most a height")
        return position(*value[:3])
    parts = [_nested(part, kind, depth - 1, counter) for part in value]
    if depth == 1 and kind in ("Polygon", "MultiPolygon"):
        return _ring(parts)
    if depth == 1 and kind != "MultiPoint" and len(parts) < 2:
        raise BadGeometry("a line has two positions or more")
    if not parts:
        raise BadGeometry("an empty part")
    return parts


def _ring(positions: list[list[float]]) -> list[list[float]]:
    if len({(p[0], p[1]) for p in positions}) < 3:
        raise BadGeometry("a ring has three corners or more")
    return positions if positions[0] == positions[-1] else [*positions, positions[0]]


def _coordinate(value: Any, limit: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadGeometry(f"the {name} is no number")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise BadGeometry(f"the {name} is no number") from error
    if not -limit <= number <= limit:  # NaN fails too
        raise BadGeometry(f"the {name} is out of range")
    return number


def _is_empty(coordinates: Any) -> bool:
    return isinstance(coordinates, list) and all(_is_empty(part) for part in coordinates)
