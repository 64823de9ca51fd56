"""GeoPackage 1.3 (OGC 12-128r17): SQLite, a table with its R*Tree per layer, geometries as WKB behind a header."""

import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from server.exports import Snapshot
from server.ogc.live import TITLES, Table

MIME = "application/geopackage+sqlite3"
APPLICATION_ID, VERSION = 0x47504B47, 10300
"""`GPKG`, and 1.3.0 (requirements 2 and 3)."""
WGS84 = 4326
SQL_TYPES = {
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "number": "REAL",
    "string": "TEXT",
    "date-time": "DATETIME",
}
WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,'
    'AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT
);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
    last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
    z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);
"""
EXTENSIONS = """
CREATE TABLE gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
    CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
"""
RTREE = ("gpkg_rtree_index", "http://www.geopackage.org/spec130/#extension_rtree", "write-only")
"""Annex F.3: name, definition, scope."""
BOX = 'ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")'
FILLED, EMPTY = 'NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")', '(NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))'
TRIGGERS = (
    ("insert", "AFTER INSERT", FILLED, "INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, {box})"),
    ("update1", 'AFTER UPDATE OF "geom"', f"OLD.fid = NEW.fid AND ({FILLED})",
     "INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, {box})"),
    ("update2", 'AFTER UPDATE OF "geom"', f"OLD.fid = NEW.fid AND {EMPTY}", "DELETE FROM {tree} WHERE id = OLD.fid"),
    ("update3", "AFTER UPDATE", f"OLD.fid != NEW.fid AND ({FILLED})",
     "DELETE FROM {tree} WHERE id = OLD.fid; INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, {box})"),
    ("update4", "AFTER UPDATE", f"OLD.fid != NEW.fid AND {EMPTY}", "DELETE FROM {tree} WHERE id IN (OLD.fid, NEW.fid)"),
    ("delete", "AFTER DELETE", 'OLD."geom" NOT NULL', "DELETE FROM {tree} WHERE id = OLD.fid"),
)  # fmt: skip
"""What keeps the tree in step when somebody edits the file: name, event, condition, action. The functions are those of
the program that edits."""
SYSTEMS = (
    ("Undefined Cartesian", -1, "NONE", -1, "undefined", None),
    ("Undefined geographic", 0, "NONE", 0, "undefined", None),
    ("WGS 84", WGS84, "EPSG", WGS84, WKT, "longitude and latitude in degrees"),
)
OPTIONAL, PROHIBITED = 2, 0
"""Of heights: some geometries of a table have them, or none."""


def document(snapshot: Snapshot) -> bytes:
    """The whole situation."""
    with tempfile.TemporaryDirectory(prefix="lagebild-gpkg-") as folder:
        path = Path(folder) / "situation.gpkg"
        with closing(sqlite3.connect(path)) as db:
            db.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};")
            db.executescript(TABLES)
            db.executescript(EXTENSIONS)
            db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", SYSTEMS)
            for layer, table in snapshot.tables.items():
                _write(db, layer, table, snapshot)
            db.commit()
        return path.read_bytes()


def _write(db: sqlite3.Connection, layer: str, table: Table, snapshot: Snapshot) -> None:
    shapes = [None if one is None else shapely.geometry.shape(one) for one in table.geometries]
    kinds = {shape.geom_type.upper() for shape in shapes if shape is not None}
    kind = kinds.pop() if len(kinds) == 1 else "GEOMETRY"
    names = _names(table.types)
    typed = [f"{_quoted(names[name])} {SQL_TYPES[form]}" for name, form in table.types.items()]
    columns = ", ".join(['"fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL', f'"geom" {kind}', '"id" TEXT', *typed])
    db.execute(f"CREATE TABLE {_quoted(layer)} ({columns})")
    mark = "ÜBUNG: " if snapshot.exercise else ""
    stamp = snapshot.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = f"{snapshot.marked_title}, {snapshot.situation}, {stamp}"
    box = _box(shape for shape in shapes if shape is not None)
    db.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)",
        (layer, mark + TITLES.get(layer, (layer,))[0], about, stamp, *box, WGS84),
    )
    db.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, ?, 0)",
        (layer, kind, WGS84, OPTIONAL if any(shape is not None and shape.has_z for shape in shapes) else PROHIBITED),
    )
    places = ", ".join("?" * (2 + len(names)))
    listed = ", ".join(['"geom"', '"id"', *map(_quoted, names.values())])
    db.executemany(
        f"INSERT INTO {_quoted(layer)} ({listed}) VALUES ({places})",  # noqa: S608
        (
            (None if shape is None else blob(shape), name, *(row[column] for column in names))
            for shape, name, row in zip(shapes, table.ids, table.rows, strict=True)
        ),
    )
    _index(db, layer, shapes)


def _index(db: sqlite3.Connection, layer: str, shapes: Sequence[BaseGeometry | None]) -> None:
    """The R*Tree of a table whose rows are written, in their order."""
    tree = _quoted(f"rtree_{layer}_geom")
    db.execute("INSERT INTO gpkg_extensions VALUES (?, 'geom', ?, ?, ?)", (layer, *RTREE))
    db.execute(f"CREATE VIRTUAL TABLE {tree} USING rtree (id, minx, maxx, miny, maxy)")
    db.executemany(
        f"INSERT INTO {tree} VALUES (?, ?, ?, ?, ?)",  # noqa: S608
        (
            (fid, west, east, south, north)
            for fid, shape in enumerate(shapes, 1)
            if shape is not None and not shape.is_empty
            for west, south, east, north in (shape.bounds,)
        ),
    )
    for name, event, condition, action in TRIGGERS:
        trigger, told = _quoted(f"rtree_{layer}_geom_{name}"), action.format(tree=tree, box=BOX)
        db.execute(f"CREATE TRIGGER {trigger} {event} ON {_quoted(layer)} WHEN {condition} BEGIN {told}; END")


def _names(types: dict[str, str]) -> dict[str, str]:
    """Names for columns: SQLite does not tell capitals, and three names are taken."""
    taken, names = {"fid", "geom", "id"}, {}
    for name in types:
        chosen = name
        while chosen.lower() in taken:
            chosen += "_"
        taken.add(chosen.lower())
        names[name] = chosen
    return names


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _box(shapes: Iterable[BaseGeometry]) -> tuple[Any, Any, Any, Any]:
    bounds = [shape.bounds for shape in shapes if not shape.is_empty]
    if not bounds:
        return None, None, None, None
    west, south, east, north = zip(*bounds, strict=True)
    return min(west), min(south), max(east), max(north)


def blob(shape: BaseGeometry) -> bytes:
    """A geometry as GeoPackage keeps it: magic, version, flags, system, envelope (none for points), WKB."""
    little_endian, envelope_xy, empty = 0b1, 0b10, 0b10000
    flags = little_endian | (empty if shape.is_empty else 0)
    envelope = b""
    if not shape.is_empty and shape.geom_type != "Point":
        flags |= envelope_xy
        west, south, east, north = shape.bounds
        envelope = struct.pack("<4d", west, east, south, north)
    head = struct.pack("<2sBBi", b"GP", 0, flags, WGS84)
    wkb: bytes = shapely.to_wkb(shape, byte_order=1, flavor="iso")
    return head + envelope + wkb
