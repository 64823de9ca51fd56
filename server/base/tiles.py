"""The map as vector tiles in one PMTiles file: gathers what is drawn, cuts it zoom by zoom, writes it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry.base import BaseGeometry

from server.base.base import TILES
from server.base.build import Output, Part
from server.base.coast import sea
from server.base.elements import Element
from server.base.extract import Box
from server.base.tiles_cut import LAYERS, Sheet, tiles
from server.base.tiles_grid import EXTENT, MAX_ZOOM, MIN_ZOOM, Array, projected, to_units
from server.base.tiles_schema import KEYS, Feature, Value, features

SCHEMA = 1
"""Goes up when the meaning of layers or fields changes (docs/base.md)."""
FIELDS: dict[str, dict[str, str]] = {
    "landuse": {"kind": "String"},
    "water": {"kind": "String", "name": "String"},
    "waterway": {"kind": "String", "name": "String"},
    "boundary": {"level": "Number"},
    "building": {"kind": "String", "use": "String", "name": "String", "levels": "Number", "height_m": "Number"},
    "rail": {"kind": "String", "bridge": "Boolean", "tunnel": "Boolean"},
    "road": dict.fromkeys(("kind", "name", "ref", "access"), "String")
    | dict.fromkeys(("link", "bridge", "tunnel"), "Boolean")
    | dict.fromkeys(("oneway", "width_m"), "Number"),
    "area_label": {"kind": "String", "name": "String", "of": "String"},
    "housenumber": {"housenumber": "String"},
    "hydrant": {"kind": "String", "ref": "String", "diameter_mm": "Number"},
    "poi": {"kind": "String", "name": "String", "ref": "String"},
    "place": {"kind": "String", "name": "String", "population": "Number"},
}
REACH_DEG = 0.2
"""How far beyond the area that the extract says it covers its shapes are drawn."""
MOST_TILES = 50_000
"""A shape whose box holds more tiles at MAX_ZOOM is drawn only where the others are: one misplaced node makes such."""
BOUNDARY_ZOOMS = {2: 8, 4: 8, 5: 8, 6: 8, 7: 11, 8: 11, 9: 12, 10: 13}
"""`admin_level`: zoom from which on it is drawn."""


class Tiles:
    """The part `tiles`."""

    name = "tiles"

    def __init__(self) -> None:
        self._shapes: list[BaseGeometry] = []
        self._layers: list[int] = []
        self._fields: list[int] = []
        self._zooms: list[int] = []
        self._table: dict[tuple[tuple[str, Value, type], ...], int] = {}
        self._coast: list[BaseGeometry] = []
        self._borders: dict[int, list[BaseGeometry]] = {}

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Whatever may be drawn."""
        return not KEYS.isdisjoint(tags)

    def take(self, element: Element) -> None:
        """Keep what is drawn of it."""
        tags, shape = element.tags, element.geometry
        if shape is None:
            return
        if tags.get("natural") == "coastline" and element.kind == "way":
            self._coast.append(shape)
        if tags.get("boundary") == "administrative" and element.kind != "node":
            level = tags.get("admin_level", "")
            if level.isascii() and level.isdecimal() and int(level) in BOUNDARY_ZOOMS:
                self._borders.setdefault(int(level), []).append(shape if element.kind == "way" else shape.boundary)
        for feature in features(element):
            self._add(feature)

    def _add(self, feature: Feature) -> None:
        self._shapes.append(feature.geometry)
        self._layers.append(LAYERS.index(feature.layer))
        # True == 1 in a tuple: booleans are told apart by their type.
        key = tuple((name, value, type(value)) for name, value in feature.fields.items())
        self._fields.append(self._table.setdefault(key, len(self._table)))
        self._zooms.append(feature.min_zoom)

    def finish(self, out: Output) -> dict[str, int]:
        """Write `tiles.pmtiles`."""
        for water in sea(self._coast, out.bbox):
            self._add(Feature("water", water, {"kind": "sea"}, MIN_ZOOM))
        for level, lines in self._borders.items():
            merged = shapely.line_merge(shapely.unary_union(lines))
            for line in shapely.get_parts(merged):
                self._add(Feature("boundary", line, {"level": level}, BOUNDARY_ZOOMS[level]))
        table = [{name: value for name, value, _ in key} for key in self._table]
        shapes = _near(np.array(self._shapes, dtype=object), out.bbox)
        self._shapes.clear()
        kept = np.flatnonzero(~shapely.is_empty(shapes))
        self._layers, self._fields, self._zooms = (
            [values[at] for at in kept] for values in (self._layers, self._fields, self._zooms)
        )
        sheet = Sheet(projected(shapes[kept]), self._layers, self._fields, self._zooms, table)
        counts = Counter(LAYERS[layer] for layer in self._layers)
        return {**dict(sorted(counts.items())), "tiles": self._write(sheet, out)}

    def _write(self, sheet: Sheet, out: Output) -> int:
        written = 0
        with (out.folder / TILES).open("wb") as file:
            writer: Any = Writer(file)  # type: ignore[no-untyped-call]
            for zoom in range(MIN_ZOOM, MAX_ZOOM + 1):
                done = [(zxy_to_tileid(zoom, x, y), content) for x, y, content in tiles(sheet, zoom)]
                for tile_id, content in sorted(done):
                    writer.write_tile(tile_id, content)
                written += len(done)
                out.tell((zoom - MIN_ZOOM + 1) / (MAX_ZOOM - MIN_ZOOM + 1))
            if not written:
                writer.write_tile(zxy_to_tileid(MIN_ZOOM, 0, 0), b"")
            writer.finalize(_header(out), _metadata(out))
        return written


def _near(shapes: Array, box: Box) -> Array:
    """The shapes without what lies far outside of the area; empty ones where that is all of it.

    Whole relations in an extract reach over a country, and a node at 0, 0 makes a street of 5,000 km: each tile on
    the way would be cut.
    """
    if not len(shapes):
        return shapes
    clipped = _clipped(shapes, box)
    bounds = shapely.bounds(clipped)
    span = np.nan_to_num(np.diff(to_units(bounds.reshape(-1, 2)).reshape(-1, 2, 2), axis=1)[:, 0] / EXTENT)
    vast = np.abs(span[:, 0] * span[:, 1]) > MOST_TILES
    if vast.any():
        others = shapely.total_bounds(clipped[~vast])
        clipped[vast] = _clipped(clipped[vast], box if np.isnan(others).any() else tuple(others))
    return clipped


def _clipped(shapes: Array, box: Box) -> Array:
    low, high = np.array(box[:2]) - REACH_DEG, np.array(box[2:]) + REACH_DEG
    bounds = shapely.bounds(shapes)
    out = ~np.all((bounds[:, :2] >= low) & (bounds[:, 2:] <= high), axis=1)
    shapes = shapes.copy()
    shapes[out] = shapely.clip_by_rect(shapes[out], *low, *high)
    return shapes


def _header(out: Output) -> dict[str, object]:
    west, south, east, north = (round(degrees * 10_000_000) for degrees in out.bbox)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 14,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(out: Output) -> dict[str, object]:
    return {
        "name": out.name,
        "attribution": out.attribution,
        "schema": SCHEMA,
        "vector_layers": [
            {"id": layer, "minzoom": MIN_ZOOM, "maxzoom": MAX_ZOOM, "fields": fields}
            for layer, fields in FIELDS.items()
        ],
    }


def part() -> Part:
    """For `build.PARTS`."""
    return Tiles()
