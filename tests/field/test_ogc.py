"""GDAL reads the base data of real places from a server: every feature, exact positions, and boxes."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from server.base.base import Base
from server.base.buildings import within
from server.base.streets import streets
from tests.field.conftest import Bases
from tests.ogc.gis import Gdal
from tests.server import Server

TABLES = {
    "base_addresses": "address_houses",
    "base_water_points": "water_points",
    "base_places": "places",
    "base_buildings": "buildings",
}


@contextmanager
def serving(base: Base, data: Path) -> Iterator[Gdal]:
    """GDAL at a server that has this base data."""
    with Server(data, LAGEBILD_BASE_FOLDER=str(base.folder)) as server:
        yield Gdal(f"{server.url}/ogc/live", server.token("liaison"))


@pytest.mark.parametrize("place", ["krems"])
def test_gdal_reads_every_collection_of_a_real_place(bases: Bases, place: str, tmp_path: Path) -> None:
    base = bases(place)
    with serving(base, tmp_path / "data") as gdal:
        for name, table in TABLES.items():
            expected = base.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            assert len(gdal.read(name, 4_000, tmp_path)) == expected, name
        roads = gdal.read("base_roads", 4_000, tmp_path)
        graph = base.get(streets).graph
        assert len(roads) == len(graph.segment_way) > 100
        for at in random.Random(3).sample(range(len(roads)), 50):
            assert roads[at]["properties"]["osm_way"] == int(graph.segment_way[at])
            found, known = shape(roads[at]["geometry"]), shapely.linestrings(graph.line(at))
            assert shapely.equals_exact(found, known, 1e-6)
        middle = base.db.execute("SELECT lon_deg, lat_deg FROM buildings ORDER BY lon_deg").fetchall()
        lon, lat = middle[len(middle) // 2]
        box = (lon - 0.004, lat - 0.004, lon + 0.004, lat + 0.004)
        area = shapely.box(*box)
        near: list[dict[str, Any]] = list(within(base, *box))
        touched = [row for row in near if shapely.intersects(row["outline"], area)]
        read = gdal.read("base_buildings", 300, tmp_path, "-spat", *(f"{number:.12f}" for number in box))
        assert len(read) == len(touched) > 5
        assert {one["properties"]["osm"] for one in read} == {f"{row['osm_type']}/{row['osm_id']}" for row in touched}
