"""The grid of map tiles over the plane of the cab: which tiles a view needs, and where a tile lies in metres. Pure.

Tiles are those of web maps (spherical Mercator, y southwards). Within one tile latitude is taken as linear in y between
its upper and lower edge: off by 6 cm in the middle of a tile at zoom 14, and neighbours meet exactly at their edges.
"""

import math
from dataclasses import dataclass

from mobile import geo
from mobile.map.camera import MIN_ZOOM, Camera

FIRST_BAND, LAST_BAND = int(MIN_ZOOM), 17
"""Drawn anew for each band of zooms; from 17 on streets have their true width and only grow."""
ROUND_UP = 0.25
MAX_TILES = 60
LAST_TILE_ZOOM = 15


@dataclass(frozen=True)
class Key:
    """A tile, drawn for a band of zooms."""

    zoom: int
    x: int
    y: int
    band: int


@dataclass(frozen=True)
class Frame:
    """Tile coordinates (0 to `extent`, right and down) to metres of the plane: x * scale_x + x_m, y * scale_y + y_m."""

    x_m: float
    y_m: float
    scale_x: float
    scale_y: float


def band_of(zoom: float) -> int:
    """The band of a zoom."""
    return max(FIRST_BAND, min(LAST_BAND, math.floor(zoom + ROUND_UP)))


def tile_zoom(band: int, last: int = LAST_TILE_ZOOM) -> int:
    """Tiles one zoom below the view, so that one covers 512 pixels; never below what a pack holds."""
    return min(last, band - 1)


def frame(key: Key, plane: geo.Plane, extent: int) -> Frame:
    """Where a tile lies."""
    count = 1 << key.zoom
    west, east = (360.0 * (key.x + step) / count - 180.0 for step in (0, 1))
    left, top = plane.to_metres(west, latitude(key.y / count))
    right, bottom = plane.to_metres(east, latitude((key.y + 1) / count))
    return Frame(left, top, (right - left) / extent, (bottom - top) / extent)


def latitude(share: float) -> float:
    """Degrees of latitude at a share of the way from the upper to the lower edge of the Mercator map."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * share))))


def share_of(lat: float) -> float:
    """Inverse of `latitude`."""
    return (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2


def needed(camera: Camera, plane: geo.Plane, beyond: float, last: int = LAST_TILE_ZOOM) -> list[Key]:
    """The tiles below a view and a share of its size beyond each edge, the middle first, MAX_TILES at most."""
    band = band_of(camera.zoom)
    zoom = tile_zoom(band, last)
    count = 1 << zoom
    width, height = camera.size
    corners = []
    for px, py in ((-beyond, -beyond), (1 + beyond, -beyond), (1 + beyond, 1 + beyond), (-beyond, 1 + beyond)):
        lon, lat = plane.to_lonlat(*camera.to_world(px * width, py * height))
        corners.append(((lon + 180.0) / 360.0 * count, share_of(max(-85.0, min(85.0, lat))) * count))
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    middle = sum(xs) / 4, sum(ys) / 4
    columns = range(max(0, math.floor(min(xs))), min(count - 1, math.floor(max(xs))) + 1)
    rows = range(max(0, math.floor(min(ys))), min(count - 1, math.floor(max(ys))) + 1)
    keys = [Key(zoom, x, y, band) for x in columns for y in rows]
    keys.sort(key=lambda key: (math.hypot(key.x + 0.5 - middle[0], key.y + 0.5 - middle[1]), key.x, key.y))
    return keys[:MAX_TILES]
