"""What is read from files of every format: exact positions and fields, and every bad row told with its place."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from layers.geo import distance_m
from server.base.objects.bring import bring, checked
from server.base.objects.plans import PlanStore
from server.base.objects.raw import SourceError
from server.base.objects.rows import Own, Refusal
from server.base.objects.settings import settings
from server.base.objects.store import Layer
from server.config import ConfigError, load
from tests.objects.samples import geopackage, layer, pdf, png

NOW = datetime(2026, 9, 12, 12, 0, tzinfo=UTC)


def taken(path: Path, body: bytes | str, **more: Any) -> tuple[list[Own], list[Refusal]]:
    """What comes of a file with this content."""
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    found = checked(Layer(path.parent, "test"), layer(path, **more))
    return found.objects, found.refused


def test_a_table_of_the_waterworks(tmp_path: Path) -> None:
    body = (
        "Nr;Art;DN;Rechtswert;Hochwert;Eigentümer\r\n"
        "H 12;Unterflurhydrant;DN 100;484.540,5;5.742.345,25;geheim\r\n"
        ";;;;;\r\n"
        "H 13;Überflurhydrant;150;484600;5742400;geheim\r\n"
        "H 14;Unterflurhydrant;viel;484600;5742400;x\r\n"
        "H 15;Unterflurhydrant;100;hier;5742400;x\r\n"
        "H 16;Unterflurhydrant;100;484600;5742400;x;zuviel\r\n"
        "H 13;Unterflurhydrant;100;484600;5742400;x\r\n"
    ).encode("cp1252")
    fields = {"ref": "Nr", "hydrant": "Art", "diameter_mm": "DN"}
    objects, refused = taken(tmp_path / "h.csv", body, kind="hydrant", epsg=25832, fields=fields)
    assert [(one.ref, one.hydrant, one.diameter_mm) for one in objects] == [
        ("H 12", "underground", 100), ("H 13", "pillar", 150)]  # fmt: skip
    assert objects[0].geometry == {"type": "Point", "coordinates": [8.77564893, 51.83171598]}
    assert refused == [
        Refusal("line 5", "diameter_mm: 'viel' is no number"),
        Refusal("line 6", "no position: 'hier' is no number"),
        Refusal("line 7", "7 columns where the heading has 6"),
        Refusal("line 8", "the reference 'H 13' is there twice"),
    ]
    assert b"geheim" not in repr(objects).encode(), "a column that nobody named is not taken along"


def test_planes_become_degrees(tmp_path: Path) -> None:
    def place(epsg: int, east: float, north: float) -> tuple[float, float]:
        objects, _ = taken(tmp_path / "x.csv", f"x,y\n{east},{north}\n", epsg=epsg)
        lon, lat = objects[0].geometry["coordinates"]
        return lon, lat

    # On the central meridian of UTM a northing is 0.9996 of the arc from the equator.
    lon, lat = place(25832, 500_000.0, 5_700_000.0)
    assert lon == pytest.approx(9.0, abs=1e-7)
    assert distance_m(9.0, 0.0, 9.0, lat) * 0.9996 == pytest.approx(5_700_000.0, abs=0.01)
    # Worked by hand: arc on Bessel's ellipsoid, then the seven parameters of EPSG:1777 to GRS80.
    assert distance_m(*place(31467, 3_500_000.0, 5_700_000.0), 8.998948, 51.434634) < 3.0
    assert place(4326, 9.0, 51.0) == (9.0, 51.0)


@pytest.mark.parametrize(
    ("body", "options", "why"),
    [
        ("", {}, "line 1: there is no heading"),
        ("a;b\n1;2\n", {}, "line 1: no columns of a position among a, b"),
        ("x;y\n1;2\n", {}, "line 1: x and y need their coordinate system"),
        ("lon;lat;lon\n1;2;3\n", {}, "line 1: the column 'lon' is there twice"),
        ("lon;lat\n1;\0\n", {}, "line 2: a zero byte"),
        ("lon;lat\n1;99\n181;9\n", {}, "none of 2 rows can be used; line 2: 1, 99 is no position"),
        (b"lon;lat\n1;\x81\n", {}, "line 2: the letters are not utf-8 or cp1252"),
        ("lon;lat\n1;2\n", {"encoding": "klingon"}, "there is no encoding 'klingon'"),
        ("x;y\n1;2\n", {"epsg": 1025}, "none of 1 rows can be used; line 2: there is no coordinate system"),
        ("lon;lat\n1;2\n3;4\n", {"max_objects": 1}, "line 3: more than 1 objects"),
        ("lon;lat\n1;2\n", {"max_bytes": 5}, "12 bytes, more than 5"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, body: bytes | str, options: dict[str, Any], why: str) -> None:
    with pytest.raises(SourceError) as caught:
        taken(tmp_path / "x.csv", body, **options)
    assert why in str(caught.value)


def test_geojson_with_bad_features(tmp_path: Path) -> None:
    square = [[8.77, 51.82], [8.78, 51.82], [8.78, 51.83], [8.77, 51.82]]
    features = [
        {"type": "Feature", "id": 7, "geometry": {"type": "Point", "coordinates": [8.77, 51.82, 110.0]},
         "properties": {"title": "Tor 1", "valid_from": "12.09.2026", "valid_to": "12.09.2026", "Länge": 3.0}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [square]}, "properties": None},
        {"type": "Feature", "geometry": None, "properties": {}},
        "nonsense",
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [[[[[1]]]]]}, "properties": {}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"valid_to": "bald"}},
    ]  # fmt: skip
    body = json.dumps({"type": "FeatureCollection", "features": features})
    objects, refused = taken(tmp_path / "x.geojson", body, show={"Länge in m": "Länge"})
    assert objects[0].geometry == {"type": "Point", "coordinates": [8.77, 51.82]}
    assert (objects[0].valid_from, objects[0].valid_to) == ("2026-09-11T22:00:00.000Z", "2026-09-12T22:00:00.000Z")
    assert (objects[0].title, objects[0].shown) == ("Tor 1", {"Länge in m": "3"})
    assert objects[1].geometry == {"type": "Polygon", "coordinates": [square]}
    assert [one.where for one in refused] == ["feature 3", "feature 4", "feature 5", "feature 6"]
    assert refused[3].reason == "'bald' is no time (2026-09-12T08:00 or 12.09.2026 08:00)"


@pytest.mark.parametrize("body", ["", "[", "[]", '{"type": "FeatureCollection"}', "{" * 9000, '{"features": {}}'])
def test_what_is_no_geojson(tmp_path: Path, body: str) -> None:
    with pytest.raises(SourceError, match="this is no"):
        taken(tmp_path / "x.json", body)


def test_a_geopackage_by_the_standard(tmp_path: Path) -> None:
    rows = [
        ("A", shapely.Point(500_000, 5_700_000)),
        ("leer", None),
        ("kaputt", b"GP\x00\x01zu kurz"),
        ("fremd", b"XX"),
    ]
    path = geopackage(tmp_path / "s.gpkg", rows, 25832)
    found = checked(Layer(tmp_path, "test"), layer(path, fields={"ref": "NAME"}))
    assert [one.ref for one in found.objects] == ["A"]
    assert found.objects[0].geometry == {"type": "Point", "coordinates": [9.0, 51.45118221]}
    assert [(one.where, one.reason) for one in found.refused] == [
        ("row 2", "no position"), ("row 3", "no WKB"), ("row 4", "no geometry of a GeoPackage")]  # fmt: skip
    with pytest.raises(SourceError, match="no table 'x'; it has safes"):
        checked(Layer(tmp_path, "test"), layer(path, table="x"))
    (tmp_path / "no.gpkg").write_bytes(path.read_bytes()[:3000])
    with pytest.raises(SourceError, match="this is no GeoPackage"):
        checked(Layer(tmp_path, "test"), layer(tmp_path / "no.gpkg"))


def test_plans_are_what_they_are(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "OP-1.pdf").write_bytes(pdf(3))
    (plans / "foto.png").write_bytes(png())
    (plans / "liar.pdf").write_bytes(b"MZ this is a program")
    (plans / "broken.pdf").write_bytes(pdf()[:60])
    (tmp_path / "secret.pdf").write_bytes(pdf())
    body = (
        "ref,lon,lat,plan\nOP-1,8.77,51.82,\nOP-2,8.78,51.83,foto.png;liar.pdf;broken.pdf\n"
        "OP-3,8.79,51.84,../secret.pdf\nOP-4,8.79,51.84,\n"
    )
    (tmp_path / "o.csv").write_text(body)
    one = Layer(tmp_path / "own", "test")
    told = layer(tmp_path / "o.csv", kind="object_plan")
    state = bring(one, told, lambda: NOW)
    assert (state.count, state.trouble, state.refusals) == (4, None, 3)
    found = {stored.own.ref: [(p.name, p.mime, p.pages) for p in stored.plans] for stored in one.read()}
    assert (found["OP-1"], found["OP-2"]) == ([("OP-1.pdf", "application/pdf", 3)], [("foto.png", "image/png", 1)])
    assert (found["OP-3"], found["OP-4"]) == ([], [])
    assert [refusal.where for refusal in state.refused] == ["plan of OP-2", "plan of OP-2", "plan of OP-3"]
    assert "by its content no PDF" in state.refused[0].reason
    store = PlanStore(tmp_path / "own" / "plans", 0)
    drawn = store.page(state.plans[0], 1).read_bytes()
    assert drawn.startswith(b"\x89PNG")
    big = layer(tmp_path / "o.csv", kind="object_plan", max_plan_bytes=10)
    assert bring(one, big, lambda: NOW).refusals == 5, "a plan that is too large is told; its object stays"


def test_a_bad_file_leaves_what_there_was(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ref,lon,lat\nA,8.77,51.82\n")
    one, told = Layer(tmp_path / "own", "test"), layer(path)
    first = bring(one, told, lambda: NOW)
    assert (first.count, first.trouble) == (1, None)
    path.write_text("ref,lon,lat\nA,800,51.82\n")
    second = bring(one, told, lambda: NOW)
    assert second.trouble is not None
    assert second.trouble.startswith("none of 1 rows can be used; line 2")
    assert (second.version, second.data_at) == (first.version, first.data_at)
    assert [stored.own.ref for stored in one.read()] == ["A"]
    path.write_text("ref,lon,lat\nB,8.77,51.82\n")
    third = bring(one, told, lambda: NOW)
    assert (third.trouble, third.version != first.version) == (None, True)
    assert [stored.own.ref for stored in one.read((8.0, 51.0, 9.0, 52.0))] == ["B"]
    assert one.read((9.0, 51.0, 9.5, 52.0)) == []


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"audience": []}, "length >= 1"), ({"audience": ["feed"]}, "Invalid enum value 'feed'"),
        ({"purpose": ""}, "length >= 1"), ({"mission_only": True, "audience": ["crew", "liaison"]}, "crew and control"),
        ({"source": "x.doc"}, "cannot be guessed"), ({"fields": {"colour": "x"}}, "there is no colour"),
        ({"source": "https://u:p@x.example/collections/a"}, "without user and password"),
        ({"format": "wfs"}, "needs an address"),
        ({"source": "https://x.example/wfs"}, "a WFS needs typename"), ({"titel": "x"}, "unknown field `titel`"),
        ({"zone": "Mond"}, "no time zone 'Mond'"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(tmp_path: Path, told: dict[str, Any], why: str) -> None:
    good = {"source": "x.csv", "title": "T", "purpose": "P", "audience": ["control"]}
    lines = [
        f"{name} = {json.dumps(value) if not isinstance(value, dict) else '{colour = 1}'}"
        for name, value in (good | told).items()
    ]
    path = tmp_path / "lagebild.toml"
    path.write_text("[base.objects.test]\n" + "\n".join(lines).replace("{colour = 1}", '{colour = "x"}'))
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert why in str(caught.value)
    with pytest.raises(ValueError, match="no name of a layer"):
        settings({"../x": good})
