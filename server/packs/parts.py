"""What goes into a pack, part by part: a table each, filled from the base data in a fixed order.

Only what the map of a place says: nothing of a mission, no person, no telephone number, none of who mapped it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from server.base.base import TILES, Base
from server.base.extract import Box
from server.base.tiles_read import TileFile
from server.packs import hoses

Row = tuple[Any, ...]


@dataclass(frozen=True)
class PackPart:
    """`version` goes up when the meaning of its columns changes; a reader leaves out a part that it does not know."""

    name: str
    version: int
    tables: tuple[str, ...]
    """CREATE statements."""
    insert: tuple[tuple[str, Callable[[Base, Box], Iterator[Row]]], ...]
    """INSERT statements with what gives their rows, in the order in which they are written."""


def _tiles(base: Base, box: Box) -> Iterator[Row]:
    """MBTiles numbers its rows from the south."""
    if not base.file(TILES).is_file():
        return
    for zoom, x, y, content in base.get(TileFile).within(*box):
        yield zoom, x, (1 << zoom) - 1 - y, content


def _read(base: Base, table: str, sql: str, box: Box) -> Iterator[Row]:
    """Rows of a query on base.db with the box as :west, :south, :east, :north; none where a base has no such table."""
    known = base.db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    if known is None:
        return
    west, south, east, north = box
    for row in base.db.execute(sql, {"west": west, "south": south, "east": east, "north": north}):
        yield tuple(row)


_INSIDE = "lat BETWEEN :south AND :north AND lon BETWEEN :west AND :east"


def _streets(base: Base, box: Box) -> Iterator[Row]:
    """A street that has a house in the box, or its middle."""
    sql = f"""SELECT id, name, coalesce(postcode, ''), coalesce(city, ''), lon, lat FROM address_streets
        WHERE ({_INSIDE}) OR id IN (SELECT street FROM address_houses WHERE {_INSIDE}) ORDER BY id"""  # noqa: S608
    yield from _read(base, "address_streets", sql, box)


def _houses(base: Base, box: Box) -> Iterator[Row]:
    sql = f"""SELECT street, label, lon, lat FROM address_houses WHERE {_INSIDE}
        ORDER BY street, number, letter, id"""  # noqa: S608
    yield from _read(base, "address_houses", sql, box)


def _water(base: Base, box: Box) -> Iterator[Row]:
    """Hydrants and other water points."""
    sql = """SELECT osm_type || osm_id, kind, coalesce(ref, ''), coalesce(diameter_mm, 0), lon_deg, lat_deg
        FROM water_points WHERE lat_deg BETWEEN :south AND :north AND lon_deg BETWEEN :west AND :east ORDER BY id"""
    yield from _read(base, "water_points", sql, box)


def _objects(base: Base, box: Box) -> Iterator[Row]:
    """Named objects of the map, for the search; an operator's own come as further layers."""
    sql = f"""SELECT 'osm:' || id, 'osm', kind, name, coalesce(address, ''), lon, lat, '', 'crew', '{{}}',
        NULL, NULL, NULL FROM address_objects WHERE {_INSIDE} ORDER BY id"""  # noqa: S608
    yield from _read(base, "address_objects", sql, box)


TABLE_OF_TILES = """CREATE TABLE tiles (
    zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB,
    PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID"""
PARTS = (
    PackPart("tiles", 1, (TABLE_OF_TILES,), (("INSERT INTO tiles VALUES (?,?,?,?)", _tiles),)),
    PackPart(
        "addresses",
        1,
        (
            "CREATE TABLE street (id INTEGER PRIMARY KEY, name TEXT, postcode TEXT, city TEXT, lon REAL, lat REAL)",
            "CREATE TABLE address (street INTEGER, housenumber TEXT, lon REAL, lat REAL)",
            "CREATE INDEX address_street ON address (street)",
            "CREATE INDEX address_where ON address (lat, lon)",
        ),
        (("INSERT INTO street VALUES (?,?,?,?,?,?)", _streets), ("INSERT INTO address VALUES (?,?,?,?)", _houses)),
    ),
    PackPart(
        "water",
        1,
        (
            "CREATE TABLE water (id TEXT PRIMARY KEY, kind TEXT, ref TEXT, diameter_mm INTEGER, lon REAL, lat REAL)",
            "CREATE INDEX water_where ON water (lat, lon)",
        ),
        (("INSERT INTO water VALUES (?,?,?,?,?,?)", _water),),
    ),
    PackPart(
        "objects",
        1,
        (
            """CREATE TABLE object (id TEXT PRIMARY KEY, layer TEXT, kind TEXT, title TEXT, address TEXT, lon REAL,
            lat REAL, purpose TEXT, audience TEXT, properties TEXT, geometry TEXT, media_type TEXT, media BLOB)""",
        ),
        (("INSERT INTO object VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", _objects),),
    ),
    PackPart(
        "hoses",
        1,
        ("CREATE TABLE hose (x INTEGER, y INTEGER, body BLOB, PRIMARY KEY (x, y)) WITHOUT ROWID",),
        (("INSERT INTO hose VALUES (?,?,?)", hoses.rows),),
    ),
)


def fill(pack: sqlite3.Connection, base: Base, box: Box, part: PackPart, count: Callable[[Row], None]) -> None:
    """Make a part's tables and write its rows; `count` sees each of them."""
    for table in part.tables:
        pack.execute(table)
    for insert, rows in part.insert:
        for row in rows(base, box):
            pack.execute(insert, row)
            count(row)
