"""What is in a pack: the tiles of its area, what the base data knows there, nothing else, always the same bytes."""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from server.base.base import Base
from server.base.build import build
from server.base.tiles_read import TileFile
from server.packs.area import PackArea
from server.packs.cut import FORMAT, PackError, cut, hash_of, version_of
from server.packs.extent import Reach
from tests.base.osm import Sheet
from tests.server import lagebild

WHOLE = PackArea(id="gebiet", title="Padertopia")
CORNER = PackArea(id="wache", title="Wache", bbox=(8.7, 51.0, 8.7763, 51.8300))
"""The south west of the town; the rest of the box is none of the base data."""


@pytest.fixture(scope="module")
def pack(town_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("cut") / "whole.pack"
    cut(WHOLE, town_base, path)
    with closing(sqlite3.connect(path)) as opened:
        yield opened


def test_the_tiles_are_those_of_the_base_data(pack: sqlite3.Connection, town_base: Base) -> None:
    rows = pack.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles").fetchall()
    file = TileFile(town_base)
    held = {(zoom, x, (1 << zoom) - 1 - row): data for zoom, x, row, data in rows}
    expected = {(zoom, x, y): data for zoom, x, y, data in file.within(*town_base.get(Reach).drawn)}
    assert held == expected
    assert set(expected) == set(file), "a pack of everything is a pack of every tile"
    assert {zoom for zoom, _, _ in held} == set(range(8, 16))


def test_it_says_what_it_is(pack: sqlite3.Connection, town_base: Base) -> None:
    assert pack.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"LBPK", "big"),)
    assert pack.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    told = dict(pack.execute("SELECT name, value FROM metadata"))
    assert {told["id"], told["name"], told["format"], told["minzoom"], told["maxzoom"]} == {
        "gebiet", "Padertopia", "pbf", "8", "15",
    }  # fmt: skip
    assert [float(part) for part in told["bounds"].split(",")] == pytest.approx(town_base.get(Reach).told, abs=1e-6)
    assert told["pack_version"] == version_of(WHOLE, town_base)
    assert told["attribution"] == town_base.manifest.attribution
    parts = dict(pack.execute("SELECT name, rows FROM part"))
    assert set(parts) == {"tiles", "addresses", "water", "objects", "hoses"}
    assert parts["tiles"] == pack.execute("SELECT count(*) FROM tiles").fetchone()[0]


def test_addresses_and_water_are_those_of_the_base_data(pack: sqlite3.Connection, town_base: Base) -> None:
    streets = [tuple(row) for row in town_base.db.execute("SELECT id, name FROM address_streets ORDER BY id")]
    assert pack.execute("SELECT id, name FROM street ORDER BY id").fetchall() == streets
    sql = "SELECT street, label, lon, lat FROM address_houses ORDER BY street, number, letter, id"
    houses = [tuple(row) for row in town_base.db.execute(sql)]
    assert pack.execute("SELECT street, housenumber, lon, lat FROM address ORDER BY rowid").fetchall() == houses
    sql = "SELECT kind, ref, coalesce(diameter_mm, 0), lon_deg, lat_deg FROM water_points ORDER BY osm_type || osm_id"
    points = [tuple(row) for row in town_base.db.execute(sql)]
    found = pack.execute("SELECT kind, ref, diameter_mm, lon, lat FROM water ORDER BY id").fetchall()
    assert found == [(kind, ref or "", *rest) for kind, ref, *rest in points]
    assert min(len(streets), len(houses), len(points)) > 20
    objects = [row[0] for row in town_base.db.execute("SELECT name FROM address_objects ORDER BY id")]
    assert [row[0] for row in pack.execute("SELECT title FROM object ORDER BY rowid")] == objects


def test_the_same_area_is_the_same_bytes_and_another_is_another_version(town_base: Base, tmp_path: Path) -> None:
    one, two = (cut(WHOLE, town_base, tmp_path / name) for name in ("one", "two"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert one == two
    assert (one.sha256, one.bytes) == (hash_of(tmp_path / "one"), (tmp_path / "one").stat().st_size)
    part = cut(CORNER, town_base, tmp_path / "part")
    assert part.version != one.version
    assert 8 <= part.parts["tiles"] < one.parts["tiles"]
    assert part.bbox == (*town_base.get(Reach).told[:2], 8.7763, 51.83)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "part", "two"]


def test_an_area_elsewhere_is_refused_and_the_old_pack_stays(town_base: Base, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with pytest.raises(PackError, match="holds nothing"):
        cut(PackArea(id="meer", title="Nordsee", bbox=(5, 54, 6, 55)), town_base, target)
    assert target.read_bytes() == b"old"


def test_what_lies_beyond_the_area_of_the_header_is_in_the_pack_but_nothing_far_off(tmp_path: Path) -> None:
    sheet = Sheet(bounds=(8.70, 51.80, 8.80, 51.85))
    sheet.way([(8.75, 51.82), (8.7601, 51.82), (8.805, 51.82)], highway="residential", name="Kamp")
    inside = sheet.node(8.7601, 51.8201, emergency="fire_hydrant")
    beyond = sheet.node(8.805, 51.8201, emergency="fire_hydrant")
    sheet.node(8.806, 51.8202, addr__street="Kamp", addr__housenumber="40")
    sheet.node(8.75, 51.852, amenity="fire_station", name="Feuerwache Nord")
    sheet.node(0.0, 0.0, emergency="fire_hydrant")
    sheet.node(9.5, 51.82, emergency="fire_hydrant")
    base = build(sheet.write(tmp_path / "a.osm"), tmp_path / "base")
    try:
        whole = cut(WHOLE, base, tmp_path / "whole")
        inner = PackArea(id="ort", title="Ort", bbox=(8.70, 51.80, 8.80, 51.85))
        part = cut(inner, base, tmp_path / "part")
        tiles = len(set(TileFile(base)))
    finally:
        base.close()
    assert base.manifest.bbox == (8.70, 51.80, 8.80, 51.85)
    assert whole.bbox == pytest.approx((8.70, 51.80, 8.806, 51.852), abs=1e-6)
    assert (whole.parts["water"], whole.parts["addresses"], whole.parts["objects"]) == (2, 2, 1)
    assert whole.parts["tiles"] == tiles
    assert part.bbox == inner.bbox
    assert (part.parts["water"], part.parts["addresses"], part.parts["objects"]) == (1, 1, 0)
    with closing(sqlite3.connect(tmp_path / "whole")) as pack:
        held = [row[0] for row in pack.execute("SELECT id FROM water ORDER BY id")]
        assert held == [f"node{inside}", f"node{beyond}"]


@pytest.mark.parametrize(
    ("places", "box"),
    [
        ([(8.75, 51.82)], (8.745, 51.815, 8.755, 51.825)),
        ([(8.75, 51.82), (8.79, 51.82)], (8.75, 51.815, 8.79, 51.825)),
    ],
    ids=["a single point", "all on one line"],
)
def test_the_smallest_base_data_gives_a_pack(
    tmp_path: Path, places: list[tuple[float, float]], box: tuple[float, float, float, float]
) -> None:
    sheet = Sheet()
    for place in places:
        sheet.node(*place, emergency="fire_hydrant")
    base = build(sheet.write(tmp_path / "a.osm"), tmp_path / "base")
    try:
        made = cut(WHOLE, base, tmp_path / "pack")
    finally:
        base.close()
    assert made.bbox == pytest.approx(box)
    assert made.parts["water"] == len(places)
    assert made.parts["tiles"] >= 2


def test_base_data_in_which_nothing_has_a_place_gives_none(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.relation([("way", 1, "from"), ("node", 2, "via"), ("way", 3, "to")], type="restriction")
    base = build(sheet.write(tmp_path / "a.osm"), tmp_path / "base")
    try:
        with pytest.raises(PackError, match="holds nothing"):
            cut(WHOLE, base, tmp_path / "pack")
    finally:
        base.close()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Ä", "x" * 41, "a\n"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": name, "title": "x"}, PackArea)


def test_no_mapper_and_no_telephone_is_in_it(pack: sqlite3.Connection, town_base: Base) -> None:
    texts = "\n".join(pack.iterdump())
    tiles = b"".join(gzip.decompress(row[0]) for row in pack.execute("SELECT tile_data FROM tiles"))
    for word in ("phone", "changeset", "user", "operator"):
        assert word not in texts
        assert word.encode() not in tiles


def test_the_command_cuts_one(town_base: Base, tmp_path: Path) -> None:
    out = tmp_path / "out.mbtiles"
    words = ("base", "pack", "--base", town_base.folder, "--bbox", "8.7,51,8.7763,51.83", "--out", out, "wache")
    done = lagebild(*words, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["id"], told["sha256"], told["bytes"]) == ("wache", hash_of(out), out.stat().st_size)
    wrong = lagebild("base", "pack", "--base", town_base.folder, "nirgends", "--out", out)
    assert (wrong.returncode, "there is no area nirgends" in wrong.stderr) == (2, True)
    nothing = lagebild("base", "pack", "--base", tmp_path / "none", "--out", out)
    assert (nothing.returncode, "there is no base data" in nothing.stderr) == (1, True)
