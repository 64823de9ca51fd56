"""GeoPackage (OGC 12-128r19): a table of features in SQLite, geometries as WKB behind a header of its own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely

from server.base.objects.raw import Raw, SourceError

_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
"""By the code of the envelope in the flags (clause 2.1.3.1.1)."""


def geometry_of(blob: Any) -> dict[str, Any] | None:
    """GeoJSON of a GeoPackageBinary; None for NULL and for an empty geometry. Raises ValueError."""
    if blob is None:
        return None
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        raise ValueError("no geometry of a GeoPackage")
    flags = blob[3]
    if flags & 0x20:
        raise ValueError("a geometry of an extension")
    code = flags >> 1 & 7
    if code >= len(_ENVELOPE_BYTES):
        raise ValueError("a header that is not understood")
    if flags & 0x10:
        return None
    try:
        shape = shapely.from_wkb(blob[8 + _ENVELOPE_BYTES[code] :])
    except shapely.errors.ShapelyError:
        raise ValueError("no WKB") from None
    return None if shape.is_empty else dict(shapely.geometry.mapping(shapely.force_2d(shape)))


def read(path: Path, table: str | None) -> Iterator[Raw]:
    """The features of a table, of the only one where none is named. Raises SourceError."""
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as db:
            db.row_factory = sqlite3.Row
            yield from _features(db, table)
    except sqlite3.Error as error:
        raise SourceError(f"this is no GeoPackage that can be read: {error}") from None


def _features(db: sqlite3.Connection, table: str | None) -> Iterator[Raw]:
    tables = [row[0] for row in db.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]
    if table is None and len(tables) != 1:
        raise SourceError(f"it has {len(tables)} tables of features ({', '.join(tables)[:200]}); name one: table")
    chosen = table or tables[0]
    if chosen not in tables:
        raise SourceError(f"there is no table {chosen!r}; it has {', '.join(tables)[:200]}")
    column, epsg = _column(db, chosen)
    quoted = chosen.replace('"', '""')
    cursor = db.execute(f'SELECT rowid AS "rowid of the row", * FROM "{quoted}"')  # noqa: S608
    for row in cursor:
        columns = dict(row)
        key = columns.pop("rowid of the row")
        blob = columns.pop(column, None)
        where = f"row {key}"
        try:
            geometry = geometry_of(blob)
        except ValueError as error:
            yield Raw(where=where, columns={}, wrong=str(error))
            continue
        yield Raw(where=where, columns=columns, geometry=geometry, epsg=epsg, name=str(key))


def _column(db: sqlite3.Connection, table: str) -> tuple[str, int | None]:
    """Name of the geometry column, and EPSG (None: WGS84)."""
    row = db.execute(
        """SELECT column_name, organization, organization_coordsys_id FROM gpkg_geometry_columns
        JOIN gpkg_spatial_ref_sys USING (srs_id) WHERE table_name = ?""",
        (table,),
    ).fetchone()
    if row is None:
        raise SourceError(f"the table {table!r} has no geometry or no coordinate system")
    if str(row[1]).upper() != "EPSG":
        raise SourceError(f"the coordinate system of {table!r} is not of EPSG")
    return str(row[0]), None if row[2] == 4326 else int(row[2])
