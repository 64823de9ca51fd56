"""A hydrant that is on the map and in the operator's table is one water point, told by the table's word."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from layers.content import Mission
from mobile import geo
from mobile.pack import Pack
from mobile.shelf import Shelf
from mobile.water_finder import WaterFinder
from server.base.base import Base, Bases
from server.base.hoses import Hoses
from server.base.mission_water import MissionWater
from server.base.objects.library import Objects
from server.base.objects.same import MapWater
from server.base.objects.settings import settings as objects_of
from server.base.objects.ways import OwnWater
from server.config import BaseSettings, Settings
from server.house import House
from server.packs.own import cut_own, version_of
from tests.layers.world import picture_of, point, see
from tests.ways.places import Place, at
from tests.ways.test_arrivals import worked_out

Call = Callable[..., TestResponse]
ALL = ["control", "crew", "planner", "liaison", "admin"]
EAST_M, NORTH_M = 0.01, 0.01
"""In the grid of `Place`."""


def street(folder: Path, *, more: bool = False) -> Base:
    """A street of a kilometre with hydrants along it; their numbers in the map are 101 and following."""
    folder.mkdir(exist_ok=True)
    place = Place()
    place.sheet.bounds = (*at(-1, -1), *at(11, 1))
    place.street((0, 0), (10, 0), name="Lange Straße")
    place.sheet.node(
        *at(1, 0), emergency="fire_hydrant", fire_hydrant__type="underground", fire_hydrant__position="lane",
        fire_hydrant__diameter="80", ref="H1",
    )  # fmt: skip
    place.sheet.node(*at(2, 0), emergency="fire_hydrant", fire_hydrant__type="pillar", couplings="2")
    place.sheet.node(*at(3, 0), emergency="fire_hydrant", fire_hydrant__type="wall")
    place.sheet.node(*at(4, 0), emergency="fire_hydrant", ref="H 4", fire_hydrant__type="underground")
    if more:
        place.sheet.node(*at(0.5, 0), emergency="fire_hydrant", ref="NEU")
    return place.base(folder)


TABLE = [
    # number, hundreds of metres east and north, type, DN
    ("H1", 1 + 40 * EAST_M, 0.0, "", 100),  # 40 m away, the same number: the type is the map's
    ("W2", 2 + 5 * EAST_M, NORTH_M, "Überflur", None),  # 5 m away, the same type
    ("W3", 3 + 5 * EAST_M, 0.0, "Unterflur", 100),  # 5 m away, of another type: another one
    ("h4", 4 + 70 * EAST_M, 0.0, "Unterflur", 100),  # the same number, but too far away
    ("W5", 2 + 7 * EAST_M, 0.0, "Überflur", 150),  # 7 m from the second one of the map, which is W2 already
]


def write_table(path: Path, rows: list[tuple[str, float, float, str, int | None]]) -> None:
    lines = [f"{ref},{at(x, y)[0]},{at(x, y)[1]},{kind},{size or ''}" for ref, x, y, kind, size in rows]
    path.write_text("\n".join(["ref,lon,lat,hydrant,diameter_mm", *lines, ""]))


def table(folder: Path, audience: list[str] = ALL) -> Objects:
    write_table(folder / "own.csv", TABLE)
    one = {"title": "Stadtwerke", "purpose": "Löschwasser", "audience": audience, "kind": "hydrant",
           "source": str(folder / "own.csv")}  # fmt: skip
    objects = Objects(folder / "objects", objects_of({"own": one}))
    objects.refresh()
    assert objects.state("own").trouble is None, objects.state("own").trouble
    return objects


def told(row: Any) -> tuple[Any, ...]:
    return row.ref, row.kind, row.diameter_mm, row.position, row.couplings, row.source


def test_which_are_the_same_and_what_is_told_of_them(tmp_path: Path) -> None:
    base, objects = street(tmp_path), table(tmp_path)
    rows = objects.of_layer("own")
    refs = {place: stored.own.ref for place, stored in enumerate(rows)}
    water = base.get(MapWater)
    same = {refs[place]: water.rows[row]["lon_deg"] for place, row in water.same(rows).items()}
    assert same == {"H1": pytest.approx(at(1, 0)[0]), "W2": pytest.approx(at(2, 0)[0])}
    hoses = base.get(Hoses)
    found = hoses.near(*at(0, 0), limit=20, own=OwnWater(objects).hung(hoses, None))
    assert [told(row) for row in found] == [
        ("H1", "underground", 100, "lane", None, "Stadtwerke"),
        ("W2", "pillar", None, None, "2", "Stadtwerke"),
        ("W5", "pillar", 150, None, None, "Stadtwerke"),
        (None, "wall", None, None, None, None),
        ("W3", "underground", 100, None, None, "Stadtwerke"),
        ("H 4", "underground", None, None, None, None),
        ("h4", "underground", 100, None, None, "Stadtwerke"),
    ]
    # Where the table says they are.
    assert found[0].lon == pytest.approx(at(1.4, 0)[0], abs=1e-6)
    assert found[0].distance_m == 140
    # Whoever may not see the table has the map's word.
    assert [row.ref for row in hoses.near(*at(0, 0), limit=20)] == ["H1", None, None, "H 4"]


def test_an_own_hydrant_too_far_from_every_street_hides_nothing(tmp_path: Path) -> None:
    base = street(tmp_path)
    hoses = base.get(Hoses)
    far = {"id": "own/x/1", "kind": "wall", "lon_deg": at(1, 1)[0], "lat_deg": at(1, 1)[1]}
    assert hoses.hang([far], {0: 0}).replaces == frozenset()


def test_a_mission_is_asked_again_of_new_base_data_and_of_a_new_table(tmp_path: Path) -> None:
    street(tmp_path)
    objects, bases = table(tmp_path), Bases(tmp_path / "base")
    water = MissionWater(bases, OwnWater(objects))
    picture = picture_of(see("mission:1", Mission(keyword="Feuer"), 0, point(*at(0, 0))))

    def refs() -> list[str | None]:
        worked_out(water, picture, "mission:1")
        assert water.ask(picture, "mission:1") is None, "nothing is new"
        drawn = (picture.features.get(f"mission:1#water-{number}") for number in range(1, 6))
        return [None if one is None else one["properties"]["ref"] for one in drawn]

    first = refs()
    assert first == ["H1", "W2", "W5", None, "W3"]
    around = water.surroundings(picture, picture.book.time())
    street(tmp_path, more=True)
    assert water.surroundings(picture, picture.book.time()) != around
    assert [*water.surrounded(picture)] == ["mission:1"]
    assert refs() == ["NEU", "H1", "W2", "W5", None]
    # As it was again: an earlier answer counts anew.
    street(tmp_path)
    assert refs() == first
    around = water.surroundings(picture, picture.book.time())
    # Only its place has changed, its number has not.
    write_table(tmp_path / "own.csv", [("H1", 0.6, 0.0, "", 100), *TABLE[1:]])
    objects.refresh()
    assert water.surroundings(picture, picture.book.time()) != around
    assert refs()[:2] == ["H1", "W2"]
    assert picture.features["mission:1#water-1"]["properties"]["distance_m"] == 60


def test_the_pack_says_which_they_are_and_the_tablet_shows_them_once(tmp_path: Path) -> None:
    base, objects = street(tmp_path), table(tmp_path)
    entry = cut_own(objects, tmp_path / "own.pack", base)
    assert entry is not None
    assert entry.version == version_of(objects, base) != version_of(objects, street(tmp_path / "other", more=True))
    pack = Pack(tmp_path / "own.pack")
    assert pack.replaced == {f"node{row['osm_id']}" for row in base.get(MapWater).rows[:2]}
    mine = {one.ref: (one.kind, one.diameter_mm) for one in pack.water(at(1, 0), 2000.0)}
    assert mine["H1"] == ("underground", 100)
    assert mine["W2"] == ("pillar", 0)
    pack.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A table that only the control room and crews may see."""
    base = street(tmp_path)
    write_table(tmp_path / "own.csv", TABLE)
    one = {"title": "Stadtwerke", "purpose": "Löschwasser", "audience": ["control", "crew"], "kind": "hydrant",
           "source": str(tmp_path / "own.csv")}  # fmt: skip
    return Settings(base=BaseSettings(folder=str(base.folder), objects=objects_of({"own": one})))


def test_one_in_every_answer_of_the_server(house: House, call: Call, tmp_path: Path) -> None:
    house.objects.refresh()
    lon, lat = at(0, 0)
    refs = {
        role: [row.get("ref") for row in call("GET", f"/base/water?at={lat},{lon}&limit=20", role).get_json()["water"]]
        for role in ("control", "liaison")
    }
    assert refs == {"control": ["H1", "W2", "W5", None, "W3", "H 4", "h4"], "liaison": ["H1", None, None, "H 4"]}
    # The browser's map hides that of the map, whose name the tile has, too.
    listed = call("GET", "/objects/own", "control").get_json()["features"]
    own = {one["properties"]["ref"]: one["properties"] for one in listed}
    water = house.bases.current.get(MapWater) if house.bases.current is not None else None
    assert water is not None
    nodes = [f"node{row['osm_id']}" for row in water.rows]
    assert {ref: told.get("same_as") for ref, told in own.items()} == {
        "H1": nodes[0], "W2": nodes[1], "W3": None, "h4": None, "W5": None,
    }  # fmt: skip
    assert (own["H1"]["hydrant"], own["H1"]["diameter_mm"], own["H1"]["position"]) == ("underground", 100, "lane")
    items = "/ogc/live/collections/base_water_points/items"
    for role, expected in (("control", ("own/", 100, "lane")), ("liaison", (None, 80, "lane"))):
        page = call("GET", items, role).get_json()
        assert page["numberReturned"] == 4
        first = page["features"][0]
        told = first["properties"]
        assert (told["own"] and told["own"][:4], told["diameter_mm"], told["position"]) == expected
        assert call("GET", f"{items}/{first['id']}", role).get_json()["properties"] == told


def test_water_of_a_tablet_with_both_packs(house: House, call: Call, tmp_path: Path) -> None:
    house.objects.refresh()
    house.packs.refresh()
    folder = tmp_path / "packs"
    folder.mkdir()
    for entry in call("GET", "/packs", "crew").get_json()["packs"]:
        (folder / f"{entry['id']}.pack").write_bytes(call("GET", f"/packs/{entry['id']}", "crew").data)
    shelf = Shelf(folder)
    here: geo.LonLat = at(0, 0)
    assert sorted(one.ref for one in shelf.water(here, 2000.0, 20)) == ["", "H 4", "H1", "W2", "W3", "W5", "h4"]
    by_hose = WaterFinder(shelf, 20)._find(here, shelf.changes)
    assert by_hose is not None
    assert [one.ref for one in by_hose] == ["H1", "W2", "W5", "", "W3", "H 4", "h4"]
    shelf.close()
    # A pack of an older server knows nothing of it.
    path = folder / "eigene-objekte.pack"
    with closing(sqlite3.connect(path)) as pack:
        pack.execute("DELETE FROM part WHERE name = 'same_water'")
        pack.commit()
    os.utime(path)
    old = Pack(path)
    assert old.replaced == frozenset()
    old.close()
