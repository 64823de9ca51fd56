"""Areas made of parts: circles on the earth, several polygons as one, holes cut out, corners kept within a limit.

All in and out is GeoJSON in WGS84, longitude first. What needs no work comes out as it went in, to the digit.
"""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from layers.geo import distance_m, level, ring_around
from layers.mend import mended
from layers.observation import Geometry

POLYGONAL = ("Polygon", "MultiPolygon")
FIRST_TOLERANCE_DEG = 0.0001
"""First step of simplification, about 10 m; doubled until the corners are within the limit."""
_STEPS = 12
_WORLD = shapely.box(-180, -90, 180, 90)


def circle(lon: float, lat: float, radius_m: float) -> Geometry:
    """All places within a distance (geodesic, 64 corners): a Polygon, a MultiPolygon across the date line.

    A Point where there is no radius, and where a pole is within: that circle is no polygon in degrees.
    """
    if radius_m <= 0 or min(distance_m(lon, lat, lon, 90), distance_m(lon, lat, lon, -90)) <= radius_m:
        return {"type": "Point", "coordinates": [lon, lat]}
    ring = ring_around(lon, lat, radius_m)
    if all(-180 <= x <= 180 for x, _ in ring):
        return {"type": "Polygon", "coordinates": [ring]}
    shape = shapely.Polygon(ring)
    moved = shapely.transform(shape, lambda xy: xy + ([360, 0] if ring[0][0] < 0 else [-360, 0]))
    found = _geojson(shapely.union_all([shape.intersection(_WORLD), moved.intersection(_WORLD)]))
    assert found is not None
    return found


def joined(parts: Sequence[Geometry], holes: Sequence[Geometry] = ()) -> Geometry | None:
    """What the parts cover together without the holes; None where nothing is left.

    Points and lines count only where there is no area among the parts: the first point then.
    """
    areas = [level(part) for part in parts if part["type"] in POLYGONAL]
    if not areas:
        return next((part for part in parts if part["type"] == "Point"), None)
    cut = [level(hole) for hole in holes if hole["type"] in POLYGONAL]
    if len(areas) == 1 and not cut:
        return areas[0]
    together = _multi(areas)
    if not cut and shapely.geometry.shape(together).is_valid:
        return together
    shape = shapely.union_all([_shape(area) for area in areas])
    if cut:
        shape = shape.difference(shapely.union_all([_shape(hole) for hole in cut]))
    return _geojson(shape)


def corners(geometry: Geometry) -> int:
    """Number of positions in a geometry."""
    return int(shapely.get_num_coordinates(shapely.geometry.shape(level(geometry))))


def simplified(geometry: Geometry, most: int) -> Geometry:
    """The area with at most so many corners: as it is, with small bends left out, or its convex hull."""
    if geometry["type"] not in POLYGONAL or corners(geometry) <= most:
        return geometry
    shape, tolerance = _shape(geometry), FIRST_TOLERANCE_DEG
    for _ in range(_STEPS):
        fewer = _geojson(shapely.simplify(shape, tolerance))
        if fewer is not None and corners(fewer) <= most:
            return fewer
        tolerance *= 2
    hull = _geojson(shapely.simplify(shapely.convex_hull(shape), FIRST_TOLERANCE_DEG))
    return hull if hull is not None and corners(hull) <= most else _geojson(shapely.envelope(shape)) or geometry


def _shape(geometry: Geometry) -> BaseGeometry:
    return mended(shapely.geometry.shape(level(geometry)))


def _multi(areas: Sequence[Geometry]) -> Geometry:
    rings: list[list[list[list[float]]]] = []
    for area in areas:
        rings.extend([area["coordinates"]] if area["type"] == "Polygon" else area["coordinates"])
    return {"type": "MultiPolygon", "coordinates": rings}


def _geojson(shape: BaseGeometry) -> Geometry | None:
    """The polygons of a shape as GeoJSON; None where it has none."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    nested = [part for part in shapely.get_parts(shape) if part.geom_type == "MultiPolygon"]
    polygons.extend(inner for part in nested for inner in shapely.get_parts(part))
    rings = [[_ring(ring) for ring in (polygon.exterior, *polygon.interiors)] for polygon in polygons]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings} if rings else None


def _ring(ring: BaseGeometry) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in shapely.get_coordinates(ring)]
