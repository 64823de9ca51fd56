"""The grid of the tiles: spherical Mercator (EPSG:3857) as a square of 2^zoom tiles of 4096 units each, y downwards."""

import math
from typing import Any

import numpy as np
import shapely

EXTENT = 4096
BUFFER = 80
"""Units of its neighbours that a tile carries along, so that lines and outlines meet without a seam."""
MIN_ZOOM, MAX_ZOOM = 8, 15
PIXEL = EXTENT / 512
"""Units of a screen pixel at the zoom of the tile."""
MOST_NORTH_DEG = 85.0511
Array = Any
"""A numpy array; shapely's stubs know less of them than shapely does."""


def to_units(lonlat: Array) -> Array:
    """Degrees (n, 2) to units at MAX_ZOOM. (Snyder, Map Projections, 1987, eq. 7-1, 7-2, sphere, scaled to 0..1.)"""
    lon, lat = lonlat[:, 0], np.clip(lonlat[:, 1], -MOST_NORTH_DEG, MOST_NORTH_DEG)
    x = (lon + 180) / 360
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / math.pi) / 2
    return np.column_stack((x, y)) * (EXTENT << MAX_ZOOM)


def to_degrees(zoom: int, x: int, y: int, units: Array) -> Array:
    """Units of a tile (n, 2) to degrees, the other way round."""
    world = (np.asarray(units, dtype=float) / EXTENT + (x, y)) / (1 << zoom)
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * world[:, 1]))))
    return np.column_stack((world[:, 0] * 360 - 180, lat))


def projected(shapes: Array) -> Array:
    """An array of WGS84 geometries in units at MAX_ZOOM."""
    return shapely.transform(shapes, to_units)


def tile_range(west: float, south: float, east: float, north: float, zoom: int) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the tiles that a box of degrees touches."""
    corners = to_units(np.array([(west, north), (east, south)])) / EXTENT / (1 << (MAX_ZOOM - zoom))
    last = (1 << zoom) - 1
    x0, y0, x1, y1 = (min(max(math.floor(value), 0), last) for value in corners.ravel())
    return x0, x1, y0, y1
