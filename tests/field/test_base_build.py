"""Base data of four real places: what is found, what was cut, and what the tiles show (samples/basemap/SOURCES.md)."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pytest
import shapely
from shapely.geometry import shape

from server.base import buildings, places
from server.base.base import Base
from server.base.extract import Extract
from server.base.tiles_grid import BUFFER, EXTENT, tile_range, to_degrees
from server.base.tiles_read import TileFile, decode
from tests.field.conftest import EXTRACTS, Bases


def counted(base: Base, part: str, *kinds: str) -> tuple[int, ...]:
    return tuple(base.manifest.counts[part].get(kind, 0) for kind in kinds)


def at_15(base: Base, layer: str) -> list[tuple[tuple[int, int, int], dict[str, Any]]]:
    """Every feature of a layer at zoom 15, with its tile."""
    file = base.get(TileFile)
    tiles = [at for at in file if at[0] == 15]
    return [(at, feature) for at in tiles for feature in file.decoded(*at).get(layer, ())]


@pytest.mark.parametrize(
    ("place", "all_buildings", "addressed", "roads", "hydrants", "stations"),
    [("bayreuth", 4267, 780, 2056, 20, 7), ("krems", 1195, 239, 836, 2, 1), ("helsinki", 483, 88, 2308, 37, 1),
     ("laufamholz", 118, 5, 45, 4, 0)],
)  # fmt: skip
def test_what_is_found(
    bases: Bases, place: str, all_buildings: int, addressed: int, roads: int, hydrants: int, stations: int
) -> None:
    base = bases(place)
    assert counted(base, "buildings", "buildings", "with_address") == (all_buildings, addressed)
    assert counted(base, "tiles", "road", "hydrant") == (roads, hydrants)
    assert counted(base, "places", "fire_station") == (stations,)
    assert base.manifest.complete
    assert len(at_15(base, "hydrant")) == hydrants, "a point lies in one tile"


def test_the_fire_stations_north_of_bayreuth(bases: Bases) -> None:
    base = bases("bayreuth")
    west, south, east, north = base.manifest.bbox
    found = {row["name"] for row in places.within(base, west, south, east, north) if row["kind"] == "fire_station"}
    assert {"FF Crottendorf", "FF Ramsenthal", "FF Euben"} <= found
    drawn = {
        one["properties"].get("name") for _, one in at_15(base, "poi") if one["properties"]["kind"] == "fire_station"
    }
    assert found == drawn


def test_the_fire_brigade_of_krems_stands_where_it_stands(bases: Bases) -> None:
    base = bases("krems")
    rows = base.db.execute("SELECT * FROM places WHERE kind = 'fire_station'").fetchall()
    assert [(row["osm_type"], row["osm_id"], row["name"]) for row in rows] == [
        ("way", 48405957, "Freiwillige Feuerwehr Krems")
    ]
    lat, lon = rows[0]["lat_deg"], rows[0]["lon_deg"]
    house = buildings.at(base, lat, lon)
    assert house is not None
    assert (house["osm_id"], house["use"]) == (95293439, "fire_station"), "by the grounds it stands in"
    ((tile, sign),) = (one for one in at_15(base, "poi") if one[1]["properties"]["kind"] == "fire_station")
    x0, _, y0, _ = tile_range(lon, lat, lon, lat, 15)
    assert tile == (15, x0, y0)
    here = to_degrees(*tile, np.array([sign["geometry"]["coordinates"]]))[0]
    assert tuple(here) == pytest.approx((lon, lat), abs=3e-6)


def cut_ways(path: Path) -> tuple[int, int]:
    """Ways with a tag or in an area that lack nodes, and how many nodes that is; counted without us."""
    item: Any
    members: set[int] = set()
    for item in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        if dict(item.tags).get("type") in ("multipolygon", "boundary"):
            members |= {one.ref for one in item.members if one.type == "w"}
    nodes = {item.id for item in osmium.FileProcessor(str(path), osmium.osm.NODE)}
    ways: Iterable[Any] = osmium.FileProcessor(str(path), osmium.osm.WAY)
    missing = [len({node.ref for node in item.nodes} - nodes) for item in ways if len(item.tags) or item.id in members]
    return sum(map(bool, missing)), sum(missing)


def test_an_extract_cut_at_its_border_is_said_and_built(bases: Bases, samples: Path) -> None:
    extract = Extract(samples / "basemap" / EXTRACTS["helsinki"], lambda _tags: True)
    assert sum(1 for _ in extract.elements()) == 13_485
    cut, gone = cut_ways(extract.path)
    assert (cut, gone) == (420, 4117)
    assert extract.problems.counts == {
        "cut_ways": cut, "missing_nodes": gone, "ways_without_shape": 128, "relations_without_area": 26,
    }  # fmt: skip
    told = bases("helsinki").manifest
    assert 0 < told.problems["cut_ways"] <= extract.problems.counts["cut_ways"], "of what some part wants"
    assert told.examples["relations_without_area"][0] == "relation 6077"
    assert bases("krems").manifest.problems["cut_relations"] == 1
    assert "cut_ways" not in bases("laufamholz").manifest.problems


def test_the_sea_of_helsinki_is_water_and_its_station_is_not(bases: Bases) -> None:
    base = bases("helsinki")
    sea = []
    for tile, one in at_15(base, "water"):
        if one["properties"]["kind"] == "sea":
            assert one["geometry"]["type"] == "Polygon"
            outer, *holes = (to_degrees(*tile, np.array(ring)) for ring in one["geometry"]["coordinates"])
            sea.append(shapely.Polygon(outer, holes))
    water = shapely.union_all(sea)
    assert water.contains(shapely.Point(24.9467, 60.1767)), "Kaisaniemenlahti"
    assert not water.contains(shapely.Point(24.9414, 60.1719)), "the railway station"


@pytest.mark.parametrize("place", EXTRACTS)
def test_every_tile_can_be_read_and_keeps_to_itself(bases: Bases, place: str) -> None:
    base = bases(place)
    file = base.get(TileFile)
    limits = {"housenumber": 0, "hydrant": 0, "poi": 0, "place": 0, "area_label": 0}
    layers = Counter[str]()
    for tile in file:
        for layer, features in decode(file.get(*tile)).items():
            layers[layer] += len(features)
            shapes = np.array([shape(one["geometry"]) for one in features], dtype=object)
            margin = limits.get(layer, BUFFER)
            low, high = shapely.bounds(shapes)[:, :2], shapely.bounds(shapes)[:, 2:]
            assert (low >= -margin).all(), (tile, layer)
            assert (high <= EXTENT + margin).all(), (tile, layer)
    assert {"building", "road", "landuse", "housenumber"} <= set(layers)


def test_streets_of_krems_have_their_names(bases: Bases) -> None:
    names = {one["properties"].get("name") for _, one in at_15(bases("krems"), "road")}
    assert len(names - {None}) == 152
    assert {"Obere Landstraße", "Steiner Landstraße"} & names
