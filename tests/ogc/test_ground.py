"""Pages of base data by box: with the R*Trees of water, and of base data that was built before there were any."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from server.base.base import Base
from server.ogc.ground import GROUND
from server.ogc.query import Box, Query
from tests.ways.places import Place, at

EDGES = [(-0.5, -0.5, 1.5, 0.5), (2, 0, 2, 0), (5, 5, 6, 6), (-1, -1, 10, 10)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Three hydrants in a row, a hundred metres apart."""
    place = Place()
    place.street((0, 0), (3, 0))
    for x in range(3):
        place.sheet.node(*at(x, 0), emergency="fire_hydrant", ref=f"H{x}")
    # A pond, a bent stream whose box is wider than itself, and the bed of another one.
    for name, corners, tags in (
        ("Teich", [(0, 2), (1, 2), (1, 3), (0, 3), (0, 2)], {"natural": "water", "water": "pond"}),
        ("Bach", [(0, 5), (2, 5), (2, 7)], {"waterway": "stream"}),
        ("Bett", [(4, 2), (5, 2), (5, 3), (4, 2)], {"natural": "water", "water": "stream"}),
    ):
        place.sheet.way([place.node(*corner) for corner in corners], name=name, **tags)  # type: ignore[arg-type]
    return place.base(tmp_path_factory.mktemp("place"))


def refs(base: Base, *boxes: tuple[float, float, float, float]) -> tuple[list[str], int]:
    corners = tuple(Box(*at(west, south), *at(east, north)) for west, south, east, north in boxes)
    page = GROUND["base_water_points"].page(base, Query(boxes=corners, limit=10))
    return [str(one).split('"ref":"')[1][:2] for one in map(bytes.decode, map(bytes, page.features))], page.matched


def test_water_points_by_box(base: Base, tmp_path: Path) -> None:
    expected = [(["H0", "H1"], 2), (["H2"], 1), ([], 0), (["H0", "H1", "H2"], 3)]
    assert [refs(base, box) for box in EDGES] == expected
    assert refs(base, EDGES[0], EDGES[1]) == (["H0", "H1", "H2"], 3)
    plan = base.db.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM water_points_box WHERE east >= 1 AND west <= 2 AND north >= 3 AND south <= 4"
    ).fetchall()
    assert "VIRTUAL TABLE INDEX" in plan[0]["detail"]
    shutil.copytree(base.folder, tmp_path / "old")
    old = Base.open(tmp_path / "old")
    with closing(sqlite3.connect(old.file("base.db"))) as db:
        db.execute("DROP TABLE water_points_box")
        db.commit()
    assert [refs(old, box) for box in EDGES] == expected
    old.close()


def bodies(base: Base, kind: str, *boxes: tuple[float, float, float, float]) -> tuple[list[str], int]:
    """Names of open water, page by page of one feature, and how many are said to be there."""
    corners = tuple(Box(*at(west, south), *at(east, north)) for west, south, east, north in boxes)
    ground, found, after = GROUND[f"base_open_water_{kind}"], list[str](), ""
    while True:
        page = ground.page(base, Query(boxes=corners, limit=1, after=after))
        found += [msgspec.json.decode(feature)["properties"]["name"] for feature in page.features]
        if page.after is None:
            return found, page.matched
        after = page.after


WATER: list[tuple[str, list[tuple[float, float, float, float]], list[str]]] = [
    ("areas", [], ["Teich", "Bett"]),
    ("lines", [], ["Bach"]),
    ("areas", [(-1, 1, 3, 4)], ["Teich"]),
    ("areas", [(0.4, 2.4, 0.6, 2.6)], ["Teich"]),
    ("areas", [(4.1, 2.8, 4.2, 2.9)], []),
    ("areas", [(-1, 1, 3, 4), (4, 1, 9, 9)], ["Teich", "Bett"]),
    ("lines", [(-1, -1, 9, 9)], ["Bach"]),
    ("lines", [(0.5, 6, 1.5, 7)], []),
    ("lines", [(1.5, 6, 2.5, 6.5)], ["Bach"]),
]


def test_open_water_by_kind_and_box(base: Base, tmp_path: Path) -> None:
    assert [bodies(base, kind, *boxes) for kind, boxes, _ in WATER] == [(names, len(names)) for *_, names in WATER]
    shutil.copytree(base.folder, tmp_path / "old")
    old = Base.open(tmp_path / "old")
    with closing(sqlite3.connect(old.file("base.db"))) as db:
        db.execute("DROP TABLE water_bodies_box")
        db.commit()
    assert [bodies(old, kind, *boxes) for kind, boxes, _ in WATER] == [(names, len(names)) for *_, names in WATER]
    old.close()
    for kind, geometry in (("lines", "LineString"), ("areas", "MultiPolygon")):
        ground = GROUND[f"base_open_water_{kind}"]
        first = msgspec.json.decode(ground.page(base, Query()).features[0])
        assert (first["geometry"]["type"], ground.geometry) == (geometry, geometry)
        assert first["properties"].keys() == ground.types.keys()
        found = ground.find(base, str(first["id"]))
        assert found is not None
        assert found["properties"] == first["properties"]
        other = GROUND[f"base_open_water_{'areas' if kind == 'lines' else 'lines'}"]
        assert other.find(base, str(first["id"])) is None
