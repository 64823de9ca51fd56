"""Columns and files without a server: what is taken apart, which type it gets, and text that would break out."""

import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import shapely
from lxml import etree
from PIL import Image

from server.exports import gpkg, kml, snapshot
from server.ogc.columns import aligned
from server.ogc.live import Table
from server.ogc.query import BadQuery, interval
from tests.ogc.gis import features_by_gdal, layers_by_gdal

NOW = datetime(2026, 7, 25, 17, 31, 2, tzinfo=UTC)
KML = {"k": kml.NAMESPACE}


def feature(name: str, geometry: Any, /, **more: Any) -> dict[str, Any]:
    """A feature with what every feature has."""
    told = {"layer": "marks", "title": name, "observed_at": "2026-07-25T17:30:00.000Z", "rev": 1}
    told["stale_at"] = "2026-07-25T17:31:00.000Z"
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": {**told, **more}}


def test_objects_become_columns_and_lists_text() -> None:
    types, rows = aligned(
        [
            {"title": "a", "address": {"street": "Kamp", "city": None}, "units": ["x", "y"], "value": 3, "height_m": 1},
            {
                "title": "b",
                "address": None,
                "units": [],
                "value": "open",
                "place": {"type": "Point", "coordinates": [1, 2]},
            },
        ]
    )
    assert types == {
        "title": "string",
        "address_city": "string",
        "address_street": "string",
        "height_m": "number",
        "place": "string",
        "units": "string",
        "value": "string",
    }
    assert rows[0] == {
        "title": "a",
        "address_city": None,
        "address_street": "Kamp",
        "height_m": 1.0,
        "place": None,
        "units": '["x","y"]',
        "value": "3",
    }
    assert rows[1] == {
        "title": "b",
        "address_city": None,
        "address_street": None,
        "height_m": None,
        "place": '{"type":"Point","coordinates":[1,2]}',
        "units": None,
        "value": "open",
    }


def test_an_object_that_would_hide_another_column_stays_one() -> None:
    types, rows = aligned([{"a": {"b": 1, "c": 2}, "a_b": 5}, {"a": {str(n): n for n in range(30)}, "x": True}])
    assert types == {"a": "string", "a_b": "integer", "x": "boolean"}
    assert (rows[0]["a"], rows[0]["a_b"]) == ('{"b":1,"c":2}', 5)


def test_a_table_is_in_the_order_of_ids_and_finds_them() -> None:
    table = Table([feature(name, None) for name in ("b", "a", "ä", "C")], "live", False, None)
    assert table.ids == ["C", "a", "b", "ä"]
    found = table.find("ä")
    assert found is not None
    assert found["properties"]["title"] == "ä"
    assert table.find("c") is None
    assert Table([], "live", False, None).find("a") is None


@pytest.mark.parametrize("text", ["2026-07-25T17:30:00Z/2026-07-25T17:30:00Z", "../.."])
def test_intervals_that_are_some(text: str) -> None:
    start, end = interval(text)
    assert start == end


def test_an_interval_with_both_ends_empty_is_none() -> None:
    with pytest.raises(BadQuery):
        interval("/")


SHAPES = [
    shapely.Point(8.7, 51.7),
    shapely.Point(8.7, 51.7, 112.5),
    shapely.LineString([(8.7, 51.7), (8.8, 51.8)]),
    shapely.box(8, 51, 9, 52).difference(shapely.box(8.2, 51.2, 8.4, 51.4)),
    shapely.MultiPoint([(8.7, 51.7), (8.8, 51.8)]),
    shapely.MultiLineString([[(8.7, 51.7), (8.8, 51.8)], [(9, 52), (9, 53)]]),
    shapely.MultiPolygon([shapely.box(8, 51, 9, 52), shapely.box(10, 51, 11, 52)]),
]


def test_a_kmz_has_a_pin_of_our_own_for_each_layer_and_fetches_nothing() -> None:
    places = [feature("a", {"type": "Point", "coordinates": [8.7, 51.7]}), feature("b", None, layer="units")]
    body = kml.zipped(snapshot(places, "live", "Echtlage", False, NOW))
    assert body == kml.zipped(snapshot(places, "live", "Echtlage", False, NOW))
    with ZipFile(BytesIO(body)) as archive:
        names = archive.namelist()
        assert (names[0], sorted(names[1:])) == ("doc.kml", ["pins/marks.png", "pins/units.png"])
        root = etree.fromstring(archive.read("doc.kml"))
        colours = {name: Image.open(BytesIO(archive.read(name))) for name in names[1:]}
    for layer, colour in (("marks", (0x37, 0x47, 0x4F, 255)), ("units", (0x15, 0x65, 0xC0, 255))):
        (icon,) = root.iterfind(f".//k:Style[@id='{layer}']/k:IconStyle", KML)
        assert [etree.QName(child).localname for child in icon] == ["Icon", "hotSpot"]
        assert icon.findtext("k:Icon/k:href", None, KML) == f"pins/{layer}.png"
        spot = icon.find("k:hotSpot", KML)
        assert spot is not None
        assert dict(spot.attrib) == {"x": "0.5", "xunits": "fraction", "y": "0", "yunits": "fraction"}
        picture = np.asarray(colours[f"pins/{layer}.png"])
        assert picture.shape == (64, 64, 4)
        # The ground beside the letter, the tip, and nothing in the corners.
        assert tuple(picture[24, 14].tolist()) == colour
        assert picture[61, 32, 3] > 128
        assert picture[[0, 0, 63, 63], [0, 63, 0, 63], 3].tolist() == [0, 0, 0, 0]
    assert not [one for one in root.iterfind(".//k:href", KML) if "://" in str(one.text)]
    plain = etree.fromstring(kml.document(snapshot(places, "live", "Echtlage", False, NOW)))
    assert plain.find(".//k:Icon", KML) is None


def test_a_geopackage_has_a_spatial_index_that_gdal_uses_and_keeps_in_step(tmp_path: Path) -> None:
    features = [feature(str(at), shapely.geometry.mapping(shape)) for at, shape in enumerate(SHAPES)]
    features += [feature("8", None), feature("9", {"type": "LineString", "coordinates": []})]
    file = tmp_path / "all.gpkg"
    file.write_bytes(gpkg.document(snapshot(features, "live", "Echtlage", False, NOW)))

    def tree() -> dict[str, tuple[float, ...]]:
        with closing(sqlite3.connect(file)) as db:
            rows = db.execute(
                "SELECT m.id, t.minx, t.miny, t.maxx, t.maxy FROM rtree_marks_geom t JOIN marks m ON m.fid = t.id"
            ).fetchall()
            return {row[0]: row[1:] for row in rows}

    def gdal(*arguments: str) -> str:
        return subprocess.run(
            ["ogrinfo", "-q", str(file), *arguments], check=True, capture_output=True, text=True
        ).stdout

    expected = {str(at): shape.bounds for at, shape in enumerate(SHAPES)}
    assert tree() == {name: pytest.approx(bounds, abs=1e-5) for name, bounds in expected.items()}
    assert "(Integer) = 1" in gdal("-sql", "SELECT HasSpatialIndex('marks', 'geom')")
    within = gdal("marks", "-al", "-geom=NO", "-spat", "9.5", "50", "12", "53")
    assert re.findall(r"^  id \(String\) = (.*)$", within, re.M) == ["6"]
    # Whoever edits it there, keeps the index.
    gdal("-sql", "UPDATE marks SET geom = NULL WHERE id = '0'")
    gdal("-sql", "DELETE FROM marks WHERE id = '1'")
    gdal("-sql", "UPDATE marks SET geom = (SELECT geom FROM marks WHERE id = '3') WHERE id = '8'")
    gdal("-sql", "UPDATE marks SET fid = 100 WHERE id = '2'")
    del expected["0"], expected["1"]
    expected["8"] = SHAPES[3].bounds
    assert tree() == {name: pytest.approx(bounds, abs=1e-5) for name, bounds in expected.items()}


@pytest.mark.parametrize("form", ["gpkg", "kml", "kmz"])
def test_every_kind_of_geometry_comes_back(form: str, tmp_path: Path) -> None:
    features = [feature(str(at), shapely.geometry.mapping(shape)) for at, shape in enumerate(SHAPES)]
    taken = snapshot([*features, feature("9", None)], "live", "Echtlage", False, NOW)
    file = tmp_path / f"all.{form}"
    file.write_bytes({"gpkg": gpkg.document, "kml": kml.document, "kmz": kml.zipped}[form](taken))
    read = sorted(features_by_gdal(file), key=lambda one: str(one["properties"]["id"]))
    assert len(read) == len(SHAPES) + 1
    assert read.pop()["geometry"] is None
    for shape, one in zip(SHAPES, read, strict=True):
        found = shapely.force_2d(shapely.geometry.shape(one["geometry"]))
        assert shapely.equals_exact(found, shapely.force_2d(shape), 1e-7, normalize=True), shape
    assert read[1]["geometry"]["coordinates"] == [8.7, 51.7, 112.5]


def test_a_geopackage_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "one.gpkg"
    empty = snapshot([], "live", "Echtlage", False, NOW)
    file.write_bytes(
        gpkg.document(snapshot([feature("a", shapely.geometry.mapping(SHAPES[0]))], "live", "x", False, NOW))
    )
    assert file.read_bytes()[68:72] == b"GPKG"
    db = sqlite3.connect(file)
    assert db.execute("PRAGMA user_version").fetchone() == (10300,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert {row[0] for row in db.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")} == {-1, 0, 4326}
    assert db.execute("SELECT geometry_type_name, z FROM gpkg_geometry_columns").fetchone() == ("POINT", 0)
    assert db.execute("SELECT min_x, max_y FROM gpkg_contents").fetchone() == (8.7, 51.7)
    head = db.execute("SELECT geom FROM marks").fetchone()[0][:8]
    assert head == b"GP\x00\x01" + (4326).to_bytes(4, "little")
    db.close()
    file.write_bytes(gpkg.document(empty))
    assert layers_by_gdal(file) == {}


def test_columns_that_sqlite_would_take_for_one_are_two() -> None:
    told = {"id": 7, "Geom": "x", "name": "y", "NAME": "z", 'q"uote': 1}
    taken = snapshot([feature("a", None, **told)], "live", "Echtlage", False, NOW)
    assert gpkg.document(taken)[:15] == b"SQLite format 3"


EVIL = "<script>alert(1)</script>]]>&\x00\x0b\ud800\uffff\"'</name>"


def test_what_somebody_wrote_stays_text_in_kml() -> None:
    point = shapely.geometry.mapping(SHAPES[0])
    body = kml.document(snapshot([feature(EVIL, point, description=EVIL)], "ex-1", EVIL, True, NOW))
    root = etree.fromstring(body)
    mark = root.find(".//k:Placemark", KML)
    assert mark is not None
    name, said = mark.findtext("k:name", namespaces=KML), mark.findtext("k:description", namespaces=KML)
    assert name is not None
    assert said is not None
    assert name.startswith("ÜBUNG: <script>alert(1)</script>]]>&\ufffd\ufffd")
    assert "<script" not in said, "viewers show it as HTML"
    assert said.startswith(
        "Stand 25.07.2026 17:30:00 UTC, beim Schreiben 62 s alt, VERALTET<br>description: &lt;script&gt;"
    )
    assert [etree.QName(child).localname for child in mark] == [
        *("name", "description", "TimeStamp", "styleUrl", "ExtendedData", "Point"),
    ]


def test_a_style_has_the_colour_of_its_layer_the_other_way_round() -> None:
    body = kml.document(snapshot([feature("a", None, layer="missions")], "live", "Echtlage", False, NOW))
    root = etree.fromstring(body)
    assert root.findtext(".//k:Style[@id='missions']/k:IconStyle/k:color", namespaces=KML) == "ff2f2fd3"
    assert root.findtext(".//k:Placemark/k:styleUrl", namespaces=KML) == "#missions"
    assert root.findtext("k:Document/k:name", namespaces=KML) == "Echtlage"
