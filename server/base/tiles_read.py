"""Reads the tiles of a base again, for packs, tests and whoever wants a single tile."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import deserialize_directory, tileid_to_zxy, zxy_to_tileid

from server.base.base import TILES, Base
from server.base.tiles_grid import MAX_ZOOM, MIN_ZOOM, tile_range

Decoded = dict[str, list[dict[str, Any]]]
"""Layer: features with `geometry` (GeoJSON in units of the tile, y downwards) and `properties`."""


class TileFile:
    """One PMTiles file, mapped into memory: `base.get(TileFile)`. Safe for several threads."""

    def __init__(self, base: Base | Path) -> None:
        with (base.file(TILES) if isinstance(base, Base) else base).open("rb") as file:
            self._bytes: Any = MmapSource(file)  # type: ignore[no-untyped-call]
        reader: Any = Reader(self._bytes)  # type: ignore[no-untyped-call]
        self.header: dict[str, Any] = reader.header()
        """Bounds, zooms and types, as PMTiles has them."""
        self.metadata: dict[str, Any] = reader.metadata()
        """Layers and fields, name, attribution."""
        # The reader unpacks the directory anew for every tile: here it is looked up once.
        self._where: dict[int, tuple[int, int]] = {}
        self._index(self.header["root_offset"], self.header["root_length"])

    def _index(self, offset: int, length: int) -> None:
        for entry in deserialize_directory(self._bytes(offset, length)):
            if entry.run_length == 0:
                self._index(self.header["leaf_directory_offset"] + entry.offset, entry.length)
            for tile_id in range(entry.tile_id, entry.tile_id + entry.run_length):
                self._where[tile_id] = (self.header["tile_data_offset"] + entry.offset, entry.length)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Zoom, column and row of every tile."""
        return (tileid_to_zxy(tile_id) for tile_id in self._where)

    def get(self, zoom: int, x: int, y: int) -> bytes | None:
        """The gzipped tile; None where there is none."""
        where = self._where.get(zxy_to_tileid(zoom, x, y))
        return bytes(self._bytes(*where)) if where and where[1] else None

    def within(self, west: float, south: float, east: float, north: float) -> Iterator[tuple[int, int, int, bytes]]:
        """Zoom, column, row and content of every tile that touches a box of degrees."""
        for zoom in range(MIN_ZOOM, MAX_ZOOM + 1):
            x0, x1, y0, y1 = tile_range(west, south, east, north, zoom)
            for x in range(x0, x1 + 1):
                for y in range(y0, y1 + 1):
                    if (found := self.get(zoom, x, y)) is not None:
                        yield zoom, x, y, found

    def decoded(self, zoom: int, x: int, y: int) -> Decoded:
        """A tile taken apart; empty where there is none."""
        return decode(self.get(zoom, x, y))


def decode(content: bytes | None) -> Decoded:
    """The layers of a gzipped tile."""
    if not content:
        return {}
    layers = mapbox_vector_tile.decode(gzip.decompress(content), default_options={"y_coord_down": True})
    return {name: layer["features"] for name, layer in layers.items()}
