"""Own objects as tests give them: small files of our own making, and settings for them."""

import io
import sqlite3
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
from PIL import Image
from shapely.geometry.base import BaseGeometry

from layers.content import Mission
from layers.observation import Observation
from server.base.objects.settings import ObjectSettings, settings
from server.house import House
from tests.server import wait_until

KAMP = (8.7757, 51.8290)
UNIT = "urn:unit:hlf"
"""Lon, lat in the exercise town."""


def layer(source: Path | str, **more: Any) -> ObjectSettings:
    """Settings of a layer, as they are read from a file."""
    told = {"source": str(source), "title": "Test", "purpose": "Zum Testen", "audience": ["control"], **more}
    found: ObjectSettings = settings({"test": told})["test"]
    return found


def pdf(pages: int = 1) -> bytes:
    """A real PDF with so many empty pages of 200 x 100 points."""
    kids = " ".join(f"{3 + number} 0 R" for number in range(pages))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode()]
    objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>"] * pages
    out, places = io.BytesIO(b""), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj%b endobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def png(width: int = 30, height: int = 20) -> bytes:
    """A picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "PNG")
    return out.getvalue()


def geopackage(path: Path, rows: list[tuple[str, Any]], epsg: int = 4326) -> Path:
    """A GeoPackage by the letter of the standard: one table of features `safes` with a column NAME."""
    db = sqlite3.connect(path)
    db.executescript(
        """PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10300;
        CREATE TABLE gpkg_spatial_ref_sys(srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
          organization_coordsys_id INTEGER, definition TEXT, description TEXT);
        CREATE TABLE gpkg_contents(table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_geometry_columns(table_name TEXT, column_name TEXT, geometry_type_name TEXT,
          srs_id INTEGER, z TINYINT, m TINYINT);
        CREATE TABLE safes(fid INTEGER PRIMARY KEY, geom BLOB, NAME TEXT);
        INSERT INTO gpkg_contents VALUES ('safes', 'features', 'safes', 7);
        INSERT INTO gpkg_geometry_columns VALUES ('safes', 'geom', 'GEOMETRY', 7, 0, 0);"""
    )
    db.execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 7, 'EPSG', ?, '', '')", (epsg,))
    for name, shape in rows:
        blob = shape
        if isinstance(shape, BaseGeometry):
            west, south, east, north = shape.bounds
            blob = b"GP\x00\x03" + struct.pack("<i4d", 7, west, east, south, north) + shapely.to_wkb(shape)
        db.execute("INSERT INTO safes(geom, NAME) VALUES (?,?)", (blob, name))
    db.commit()
    db.close()
    return path


def send_mission(house: House) -> None:
    """A mission at Kamp with the unit `UNIT`, live."""
    now = datetime.now(UTC)
    one = Observation(
        id="one", source="test/dispatch", subject="urn:mission:1", observed_at=now, reported_at=now, received_at=now,
        geometry={"type": "Point", "coordinates": list(KAMP)}, content=Mission(units=(UNIT,), issued_at=now),
    )  # fmt: skip
    live = house.situations.live
    live.desk.submit([one])
    wait_until(lambda: "urn:mission:1" in live.picture.features, "the mission")
