"""Pages of base data by box: with the R*Tree of water points, and of base data that was built before there was one."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

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
