"""Measures on the earth; the only module that names pyproj.

Geometries are GeoJSON dicts in WGS84 (EPSG:4326), longitude first. Lengths and areas are geodesic on the WGS84
ellipsoid (Karney 2013, doi:10.1007/s00190-012-0578-z, as in PROJ's Geod); where a plane is needed it is the UTM zone of
the place.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Any

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from layers.mend import mended
from layers.observation import Geometry

_GEOD = pyproj.Geod(ellps="WGS84")
_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_POLYGONAL = ("Polygon", "MultiPolygon")

Box = tuple[float, float, float, float]
"""west, south, east, north in degrees."""


def is_valid(geometry: Any, max_vertices: int = 5_000) -> bool:
    """Whether we can draw this GeoJSON: known type, finite coordinates in range, enough positions, closed rings."""
    if not isinstance(geometry, dict):
        return False
    coordinates = geometry.get("coordinates")
    kind = geometry.get("type")
    if kind == "Point":
        return _is_position(coordinates)
    depth = _DEPTH.get(kind) if isinstance(kind, str) else None
    if depth is None:
        return False
    count = _count(coordinates, depth, 4 if kind in _POLYGONAL else 2 if "Line" in str(kind) else 1, kind in _POLYGONAL)
    return count is not None and 0 < count <= max_vertices


def _is_position(position: Any) -> bool:
    if not isinstance(position, (list, tuple)) or not 2 <= len(position) <= 4:
        return False
    for number in position:
        if not isinstance(number, (int, float)) or isinstance(number, bool) or not isfinite(number):
            return False
    lon, lat = float(position[0]), float(position[1])
    return -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0


def _count(node: Any, depth: int, least: int, ring: bool) -> int | None:
    """Number of positions below a node, None where something is wrong."""
    if not isinstance(node, (list, tuple)):
        return None
    if depth > 1:
        counts = [_count(child, depth - 1, least, ring) for child in node]
        return None if None in counts else sum(count for count in counts if count is not None)
    if len(node) < least or not all(_is_position(position) for position in node):
        return None
    if ring and list(node[0][:2]) != list(node[-1][:2]):
        return None
    return len(node)


def level(geometry: Geometry) -> Geometry:
    """The geometry without heights; the same object where it has none."""
    flat = _level(geometry["coordinates"])
    return geometry if flat is geometry["coordinates"] else {"type": geometry["type"], "coordinates": flat}


def _level(node: Any) -> Any:
    if not isinstance(node[0], (list, tuple)):
        return node if len(node) == 2 else list(node[:2])
    flat = [_level(child) for child in node]
    return node if all(one is other for one, other in zip(flat, node, strict=True)) else flat


def as_shape(geometry: Geometry) -> BaseGeometry:
    """The geometry as shapely sees it, repaired if its rings cross themselves. Heights count nowhere."""
    shape = shapely.geometry.shape(level(geometry))
    return mended(shape)


def bounds(geometry: Geometry) -> Box:
    """The bounding box of a valid geometry."""
    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"][:2]
        return lon, lat, lon, lat
    west, south, east, north = as_shape(geometry).bounds
    return west, south, east, north


def centre(geometry: Geometry) -> tuple[float, float]:
    """One position to measure from: the point itself, else the middle of the bounding box."""
    west, south, east, north = bounds(geometry)
    return (west + east) / 2.0, (south + north) / 2.0


def area_m2(geometry: Geometry) -> float:
    """Geodesic area in m2 of a Polygon or MultiPolygon, holes left out; 0 for points and lines."""
    if geometry["type"] not in _POLYGONAL:
        return 0.0
    shape = shapely.orient_polygons(as_shape(geometry))
    return abs(float(_GEOD.geometry_area_perimeter(shape)[0]))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Geodesic distance of two positions in metres."""
    return float(_GEOD.inv(lon1, lat1, lon2, lat2)[2])


def step_lengths_m(lons: Sequence[float], lats: Sequence[float]) -> list[float]:
    """Geodesic distances in metres from each position to the next: one fewer than positions."""
    return [float(metres) for metres in _GEOD.line_lengths(lons, lats)] if len(lons) > 1 else []


def bearing_deg(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Azimuth from the first position to the second, degrees clockwise from north, 0 to 360."""
    return float(_GEOD.inv(lon1, lat1, lon2, lat2)[0]) % 360.0


def ring_around(lon: float, lat: float, radius_m: float, corners: int = 64) -> list[list[float]]:
    """A closed ring of positions at one geodesic distance, counter-clockwise, to 7 decimals.

    Longitudes go on beyond 180 degrees where the ring crosses the date line. Only for rings without a pole within.
    """
    azimuths = [-360.0 * corner / corners for corner in range(corners)]
    lons, lats, _ = _GEOD.fwd([lon] * corners, [lat] * corners, azimuths, [radius_m] * corners)
    ring = [[round(lon + (x - lon + 180.0) % 360.0 - 180.0, 7), round(y, 7)] for x, y in zip(lons, lats, strict=True)]
    return [*ring, ring[0]]


def ellipse_around(
    lon: float, lat: float, major_m: float, minor_m: float, angle_deg: float, corners: int = 64
) -> list[list[float]]:
    """A closed ring of positions on an ellipse, to 7 decimals: semi axes in metres, the major one so many degrees
    clockwise from north. As `ring_around`, only without a pole within.
    """
    lons, lats, azimuths, distances = [], [], [], []
    for corner in range(corners):
        step = -2.0 * math.pi * corner / corners
        along, across = major_m * math.cos(step), minor_m * math.sin(step)
        lons.append(lon)
        lats.append(lat)
        azimuths.append(angle_deg + math.degrees(math.atan2(across, along)))
        distances.append(math.hypot(along, across))
    xs, ys, _ = _GEOD.fwd(lons, lats, azimuths, distances)
    ring = [[round(lon + (x - lon + 180.0) % 360.0 - 180.0, 7), round(y, 7)] for x, y in zip(xs, ys, strict=True)]
    return [*ring, ring[0]]


def offset(lon: float, lat: float, east_m: float, north_m: float) -> tuple[float, float]:
    """The position so many metres east and north of another, along the geodesic."""
    x, y, _ = _GEOD.fwd(lon, lat, math.degrees(math.atan2(east_m, north_m)), math.hypot(east_m, north_m))
    return float(x), float(y)


def contains(geometry: Geometry, lon: float, lat: float) -> bool:
    """Whether a polygonal geometry covers the position (its border included); False for points and lines."""
    return geometry["type"] in _POLYGONAL and bool(shapely.intersects_xy(as_shape(geometry), lon, lat))


def overlap(one: Geometry, other: Geometry) -> float:
    """How much of the smaller of two polygons lies in the other, 0 to 1 (planar: a ratio of areas at one place)."""
    a, b = as_shape(one), as_shape(other)
    smaller = min(a.area, b.area)
    if smaller <= 0.0 or not shapely.intersects(a, b):
        return 0.0
    return float(min(1.0, a.intersection(b).area / smaller))


@lru_cache(maxsize=64)
def _utm(zone: int, south: bool) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(4326, (32700 if south else 32600) + zone, always_xy=True)


def metric(lon: float, lat: float) -> pyproj.Transformer:
    """The cached transformer from WGS84 to the UTM zone of a place (metres east, north)."""
    return _utm(min(60, int((lon + 180.0) // 6.0) + 1), lat < 0)


def distance_to_m(geometry: Geometry, lon: float, lat: float) -> float:
    """Distance in metres from a position to the nearest point of a geometry; 0 inside a polygon."""
    if geometry["type"] == "Point":
        return distance_m(lon, lat, geometry["coordinates"][0], geometry["coordinates"][1])
    transform = metric(lon, lat).transform
    shape = as_shape(geometry)
    degrees = shapely.get_coordinates(shape)
    east, north = transform(degrees[:, 0], degrees[:, 1])
    plane = shapely.set_coordinates(shape, list(zip(east, north, strict=True)))
    return float(shapely.distance(plane, shapely.Point(*transform(lon, lat))))


class NotOnEarth(ValueError):
    """A geometry whose coordinates are none, or lie outside of where their coordinate system is valid."""


@lru_cache(maxsize=64)
def _to_degrees(epsg: int, by_authority: bool) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, "OGC:CRS84", always_xy=not by_authority)


@lru_cache(maxsize=64)
def is_known(epsg: int) -> bool:
    """Whether there is a coordinate system of this number that positions can be taken from."""
    try:
        crs = pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError:
        return False
    return crs.is_geographic or crs.is_projected or crs.is_compound


def to_wgs84(geometry: Any, epsg: int, by_authority: bool = False) -> Geometry:
    """The geometry in degrees, longitude first, without heights.

    `by_authority`: its axes come in the order of the EPSG register, else east before north. Raises NotOnEarth.
    """
    if not isinstance(geometry, dict) or not isinstance(geometry.get("type"), str):
        raise NotOnEarth("no geometry")
    if not is_known(epsg):
        raise NotOnEarth(f"there is no coordinate system EPSG:{epsg}")
    move = None if epsg == 4326 and not by_authority else _to_degrees(epsg, by_authority)
    return {"type": geometry["type"], "coordinates": _moved(geometry.get("coordinates"), move, 4)}


def _moved(node: Any, move: pyproj.Transformer | None, depth: int) -> Any:
    if not isinstance(node, (list, tuple)) or not node or depth == 0:
        raise NotOnEarth("no coordinates")
    if isinstance(node[0], (list, tuple)):
        return [_moved(child, move, depth - 1) for child in node]
    if len(node) < 2 or any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in node[:2]):
        raise NotOnEarth("a position that is no two numbers")
    east, north = float(node[0]), float(node[1])
    if move is not None and isfinite(east) and isfinite(north):
        east, north = move.transform(east, north)
    if not (isfinite(east) and isfinite(north) and -180.0 <= east <= 180.0 and -90.0 <= north <= 90.0):
        raise NotOnEarth(f"{node[0]:g}, {node[1]:g} is no position in this coordinate system")
    return [round(east, 8), round(north, 8)]
