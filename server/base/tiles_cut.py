"""Cuts features into tiles and encodes them (Mapbox Vector Tile 2.1), whole arrays at a time.

Per zoom: scale, drop what is too small to see, simplify to half a pixel, find the tiles of each feature, clip, round to
whole units. Lines with equal fields that meet are joined within a tile, so that a street is labelled as one.
"""

import gzip
from collections.abc import Iterator, Sequence
from itertools import groupby

import mapbox_vector_tile
import numpy as np
import shapely

from server.base.tiles_grid import BUFFER, EXTENT, MAX_ZOOM, PIXEL, Array
from server.base.tiles_schema import Value

LAYERS = ("landuse", "water", "waterway", "boundary", "building", "rail", "road", "area_label", "housenumber",
          "hydrant", "poi", "place")  # fmt: skip
"""The order in the tile."""
SMALLEST_PX = 4.0
"""Areas of fewer pixels are left out below MAX_ZOOM."""
STRIP_TILES = 8
"""A shape over more tiles than that is cut into columns first: clipping costs by the number of its corners."""
POINT, LINE, AREA = 0, 1, 2
Tile = tuple[int, int, bytes]
"""Column, row, gzipped content."""


class Sheet:
    """Everything that is to be drawn, in arrays: geometries in units at MAX_ZOOM."""

    def __init__(
        self, shapes: Array, layers: Sequence[int], fields: Sequence[int], zooms: Sequence[int],
        table: Sequence[dict[str, Value]],
    ) -> None:  # fmt: skip
        self.shapes = np.asarray(shapes, dtype=object)
        self.layers = np.asarray(layers, dtype=np.int16)
        self.fields = np.asarray(fields, dtype=np.int64)
        self.zooms = np.asarray(zooms, dtype=np.int16)
        self.table = table
        """The different fields there are; `fields` are indices into it."""
        self.dimensions = shapely.get_dimensions(self.shapes)
        self.areas = shapely.area(self.shapes)


def tiles(sheet: Sheet, zoom: int) -> Iterator[Tile]:
    """Every tile of a zoom that holds something, column by column."""
    shapes, chosen = _at_zoom(sheet, zoom)
    if not len(shapes):
        return
    where, which = _pairs(shapes, sheet.dimensions[chosen])
    order = np.lexsort((which, where[:, 1], where[:, 0]))
    where, which = where[order], which[order]
    starts = np.flatnonzero(np.any(np.diff(where, axis=0, prepend=-1) != 0, axis=1))
    column: dict[int, tuple[int, object]] = {}
    for start, end in zip(starts, [*starts[1:], len(which)], strict=True):
        x, y = (int(value) for value in where[start])
        members = which[start:end]
        parts = np.array([_strip(shapes, int(one), x, column) for one in members], dtype=object)
        content = _encode(sheet, chosen[members], parts, x, y)
        if content:
            yield x, y, gzip.compress(content, 6, mtime=0)


def _at_zoom(sheet: Sheet, zoom: int) -> tuple[Array, Array]:
    """The shapes drawn at a zoom, in its units, simplified; and their indices."""
    factor = 0.5 ** (MAX_ZOOM - zoom)
    wanted = sheet.zooms <= zoom
    if zoom < MAX_ZOOM:
        wanted &= (sheet.dimensions != AREA) | (sheet.areas * factor**2 >= SMALLEST_PX * PIXEL**2)
    chosen = np.flatnonzero(wanted)
    shapes = sheet.shapes[chosen]
    if zoom < MAX_ZOOM:
        shapes = shapely.transform(shapes, lambda places: places * factor)
        areas = sheet.dimensions[chosen] == AREA
        shapes[areas] = shapely.simplify(shapes[areas], PIXEL / 2, preserve_topology=True)
        lines = sheet.dimensions[chosen] == LINE
        shapes[lines] = shapely.simplify(shapes[lines], PIXEL / 2, preserve_topology=False)
    return shapes, chosen


def _pairs(shapes: Array, dimensions: Array) -> tuple[Array, Array]:
    """(tile column and row, index of the shape) for each tile that a shape touches; a point lies in one tile alone."""
    boxes = shapely.bounds(shapes)
    margin = np.where(dimensions == POINT, 0, BUFFER)[:, None]
    first = np.floor((boxes[:, :2] - margin) / EXTENT).astype(int)
    last = np.floor((boxes[:, 2:] + margin) / EXTENT).astype(int)
    size = last - first + 1
    counts = size[:, 0] * size[:, 1]
    which = np.repeat(np.arange(len(shapes)), counts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    where = np.column_stack((place // size[which, 1], place % size[which, 1])) + first[which]
    return where, which


def _strip(shapes: Array, index: int, x: int, column: dict[int, tuple[int, object]]) -> object:
    """The shape, or for a tall one what of it lies in the column of tiles: tiles come column by column."""
    shape = shapes[index]
    _, south, _, north = shape.bounds
    if north - south < STRIP_TILES * EXTENT:
        return shape
    kept = column.get(index)
    if kept is None or kept[0] != x:
        part = shapely.clip_by_rect(shape, x * EXTENT - BUFFER, south, (x + 1) * EXTENT + BUFFER, north)
        kept = column[index] = (x, part)
    return kept[1]


def _encode(sheet: Sheet, members: Array, shapes: Array, x: int, y: int) -> bytes:
    low, high = np.array((x, y)) * EXTENT - BUFFER, np.array((x + 1, y + 1)) * EXTENT + BUFFER
    boxes = shapely.bounds(shapes)
    out = ~np.all((boxes[:, :2] >= low) & (boxes[:, 2:] <= high), axis=1)
    shapes[out] = shapely.clip_by_rect(shapes[out], *low, *high)
    origin = np.array((x, y)) * EXTENT
    shapes = shapely.transform(shapes, lambda places: np.rint(places - origin))
    layers = []
    order = np.argsort(sheet.layers[members], kind="stable")
    for layer, group in groupby(order, key=lambda at: int(sheet.layers[members[at]])):
        rows = list(group)
        features = _features(sheet, members[rows], shapes[rows])
        if features:
            layers.append({"name": LAYERS[layer], "features": features})
    options = {"extents": EXTENT, "y_coord_down": True, "check_winding_order": False}
    return mapbox_vector_tile.encode(layers, default_options=options) if layers else b""


def _features(sheet: Sheet, members: Array, shapes: Array) -> list[dict[str, object]]:
    dimension = sheet.dimensions[members[0]]
    fields = sheet.fields[members]
    if dimension == AREA:
        shapes = _sound(shapes)
    elif dimension == LINE:
        shapes, fields = _joined(shapes, fields, sheet.table)
    keep = ~shapely.is_empty(shapes)
    return [
        {"geometry": shape, "properties": sheet.table[at]} for shape, at in zip(shapes[keep], fields[keep], strict=True)
    ]


def _sound(shapes: Array) -> Array:
    """Areas that rounding made cross themselves are mended; outer rings run as the format wants them."""
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        mended = shapely.set_precision(shapely.make_valid(shapes[broken]), 1.0)
        shapes[broken] = [_areas_only(shape) for shape in mended]
    return shapely.orient_polygons(shapes, exterior_cw=False)


def _areas_only(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def _joined(shapes: Array, fields: Array, table: Sequence[dict[str, Value]]) -> tuple[Array, Array]:
    """Lines of equal fields as one feature each, end to end where they meet; what is one-way keeps its direction."""
    order = np.argsort(fields, kind="stable")
    parts, owner = shapely.get_parts(shapes[order], return_index=True)
    long = shapely.length(parts) > 0
    kinds, bundle = np.unique(fields[order][owner[long]], return_inverse=True)
    if not len(kinds):
        return np.array([], dtype=object), kinds
    joined: Array = shapely.multilinestrings(parts[long], indices=bundle)
    directed = np.array(["oneway" in table[at] for at in kinds])
    for way in (True, False):
        joined[directed == way] = shapely.line_merge(joined[directed == way], directed=way)
    return joined, kinds
