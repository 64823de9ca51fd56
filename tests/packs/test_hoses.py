"""The nearest water on the tablet by the length of hose: what the server finds, from what is in the pack."""

import json
import random
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mobile import hoses
from mobile.hoses import Source, Tap
from mobile.pack import Pack
from mobile.shelf import Shelf
from mobile.water_finder import WaterFinder
from server.base import hoses as servers
from server.base.base import Base
from server.base.hoses import Hoses
from server.packs.area import PackArea
from server.packs.cut import cut
from tests.server import wait_until
from tests.ways.places import Place, at

TOLERANCE_M = 2
LonLat = tuple[float, float]


@contextmanager
def packed(base: Base, folder: Path, area: PackArea | None = None) -> Iterator[Pack]:
    path = folder / "hoses.pack"
    cut(area or PackArea(id="gebiet", title="Gebiet"), base, path)
    pack = Pack(path)
    try:
        yield pack
    finally:
        pack.close()


def reader(pack: Pack) -> hoses.Read:
    def read(x: int, y: int) -> hoses.Cell | None:
        body = pack.hose_cell(x, y)
        return hoses.decoded(body) if body is not None else None

    return read


def on_the_tablet(pack: Pack, here: LonLat, limit: int = 3, taps: list[Tap] | None = None) -> list[Source] | None:
    return hoses.near(reader(pack), here, limit, lambda _: taps or [])


def places(base: Base, count: int, seed: str) -> list[LonLat]:
    """Places some tens of metres off the streets: houses, gardens, a square. None far beyond the edge of the base data,
    where a way may lead, but no pack knows anything.
    """
    chance = random.Random(seed)
    west, south, east, north = base.manifest.bbox
    nodes = base.get(Hoses).streets.graph.node_position
    chosen = [nodes[chance.randrange(len(nodes))].tolist() for _ in range(count)]
    beside = [(lon + chance.gauss(0, 0.0006), lat + chance.gauss(0, 0.0004)) for lon, lat in chosen]
    beyond = 0.005  # degrees
    return [
        (lon, lat)
        for lon, lat in beside
        if west - beyond < lon < east + beyond and south - beyond < lat < north + beyond
    ]


def compare(base: Base, pack: Pack, here: LonLat, limit: int = 3, tolerance_m: int = TOLERANCE_M) -> int:
    """Assert that tablet and server find the same; how many that are."""
    theirs = [(one.id.replace("/", ""), one.distance_m, one.kind) for one in base.get(Hoses).near(*here, limit)]
    ours = on_the_tablet(pack, here, limit)
    assert ours is not None, here
    assert len(ours) == len(theirs), (here, theirs, ours)
    for (name, metres, kind), one in zip(theirs, ours, strict=True):
        assert abs(one.distance_m - metres) <= tolerance_m, (here, theirs, ours)
        assert abs(one.b_hoses - -(-metres // 20)) <= 1
        if sum(abs(other - metres) <= 2 * tolerance_m for _, other, _ in theirs) == 1:
            assert (one.id, one.kind) == (name, kind), "of two that are as far either may come first"
    return len(ours)


def test_fifty_places_of_the_town(town_base: Base, tmp_path: Path) -> None:
    with packed(town_base, tmp_path) as pack:
        found = [compare(town_base, pack, here) for here in places(town_base, 50, "town")]
    assert sum(found) > 140
    assert (tmp_path / "hoses.pack").stat().st_size < 2_000_000


def test_rails_motorways_bridges_open_water_and_pieces_of_their_own(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (4, 0), name="hier")
    place.street((0, -1), (4, -1), name="drüben")
    place.node(4, -0.5, railway="level_crossing")
    place.street((4, 0), (4, -0.5), (4, -1), name="Bahnübergang")
    place.street((-1, -0.5), (4, -0.5), (6, -0.5), highway="tertiary", name="neben dem Gleis")
    place.sheet.way([at(-2, -0.6), at(3.9, -0.6)], railway="rail")
    place.street((0, 0), (0, 2), bridge="yes")
    place.street((-5, 1), (0, 1), (9, 1), highway="motorway", oneway="yes")
    place.street((0, 2), (4, 2), (4, 2), name="Nord")
    place.sheet.way([at(2, 2.2), at(3, 2.2), at(3, 3), at(2, 3)], closed=True, natural="water", name="Teich")
    place.street((8, 8), (8.1, 8), name="ohne Verbindung")
    for x, y, ref in ((1, -0.7, "R"), (3, 0, "H"), (1, 2, "N"), (8, 8, "O"), (2, -1, "D")):
        place.sheet.node(*at(x, y), emergency="fire_hydrant", ref=ref)
    base = place.base(tmp_path)
    with packed(base, tmp_path) as pack:
        for x in range(-1, 5):
            for y in (-1.1, -0.55, 0.1, 1.2, 2.1):
                compare(base, pack, at(x, y), limit=10)
        by_ref = {one.ref or one.name: one for one in on_the_tablet(pack, at(1, 0), 10) or []}
        assert set(by_ref) == {"H", "N", "Teich"}
        assert (by_ref["H"].distance_m, by_ref["H"].b_hoses) == (200, 10)
        assert (by_ref["Teich"].is_open, by_ref["Teich"].kind) == (True, "lake")
        assert [by_ref["N"].is_open, by_ref["N"].distance_m] == [False, 100 + 200 + 100]


def test_own_hydrants_join_at_the_streets_as_on_the_server(town_base: Base, tmp_path: Path) -> None:
    with packed(town_base, tmp_path) as pack:
        for number, here in enumerate(places(town_base, 10, "own")):
            beside = (here[0] + 0.0007, here[1] - 0.0004)
            row = {"id": f"own/a/{number}", "kind": "pillar", "lon_deg": beside[0], "lat_deg": beside[1]}
            server = town_base.get(Hoses)
            theirs = server.near(*here, 3, own=[server.hang([row])])
            tap = Tap(f"own:a:{number}", "pillar", "", 0, beside)
            ours = on_the_tablet(pack, here, 3, [tap])
            assert ours is not None
            assert [one.distance_m for one in ours] == [
                pytest.approx(one.distance_m, abs=TOLERANCE_M) for one in theirs
            ]
            assert (tap.id in [one.id for one in ours]) == (row["id"] in [one.id for one in theirs])


def test_the_pack_of_a_part_knows_the_ways_beyond_its_edge(town_base: Base, tmp_path: Path) -> None:
    corner = PackArea(id="wache", title="Wache", bbox=(8.7, 51.0, 8.7763, 51.8300))
    with packed(town_base, tmp_path, corner) as pack:
        assert compare(town_base, pack, (8.7762, 51.8299)) == 3
        assert on_the_tablet(pack, (8.9, 51.9)) is None, "nothing is known there"
        assert pack.info.parts["hoses"] > 0


def test_the_same_limits_as_on_the_server() -> None:
    names = ("MAX_HOSE_M", "MAX_OFF_M", "START_OFF_M", "B_HOSE_M", "NEAREST_OF_STREETS")
    assert [getattr(hoses, name) for name in names] == [getattr(servers, name) for name in names]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no", zlib.compress(b"no"), zlib.compress(b"[]"), zlib.compress(b'{"w":1,"r":[],"c":[],"p":[]}'),
        zlib.compress(b" " * 40_000_000), zlib.compress(json.dumps({"w": []}).encode()),
    ],
)  # fmt: skip
def test_a_damaged_cell_is_none(body: bytes) -> None:
    assert hoses.decoded(body) is None


class TestFinder:
    """The thread that the screen asks."""

    @pytest.fixture
    def shelf(self, town_base: Base, tmp_path: Path) -> Iterator[Shelf]:
        (tmp_path / "packs").mkdir()
        cut(PackArea(id="gebiet", title="G"), town_base, tmp_path / "packs" / "gebiet.pack")
        shelf = Shelf(tmp_path / "packs")
        yield shelf
        shelf.close()

    @pytest.fixture
    def finder(self, shelf: Shelf) -> Iterator[WaterFinder]:
        finder = WaterFinder(shelf, 3)
        finder.start()
        yield finder
        finder.stop()

    def test_it_answers_later_and_never_for_another_place(self, finder: WaterFinder, town_base: Base) -> None:
        first, second = (8.7778, 51.8314), (8.7900, 51.8350)
        assert finder.near(first) is None
        found = wait_until(lambda: finder.near(first), "the water")
        theirs = town_base.get(Hoses).near(*first, 3)
        assert [one.distance_m for one in found] == [pytest.approx(one.distance_m, abs=2) for one in theirs]
        assert finder.near((first[0] + 0.0002, first[1])) == found, "some metres on it still holds"
        assert finder.near(second) is None
        assert wait_until(lambda: finder.near(second), "the water there") != found

    def test_without_ways_it_says_nothing(self, finder: WaterFinder, shelf: Shelf) -> None:
        here = (8.7778, 51.8314)
        wait_until(lambda: finder.near(here), "the water")
        shelf.remove("gebiet")
        assert finder.near(here) is None

    def test_a_damaged_pack_ends_no_thread(
        self, finder: WaterFinder, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        damaged: Callable[..., Any] = lambda *_: zlib.compress(b'{"w":[[1]],"r":[],"c":[],"p":[]}')  # noqa: E731
        asked: list[LonLat] = []
        with monkeypatch.context() as patch:
            patch.setattr(Pack, "hose_cell", damaged)
            patch.setattr(hoses, "near", _noting(hoses.near, asked))
            finder.near((8.7700, 51.8300))
            wait_until(lambda: asked, "the search")
        here = (8.7778, 51.8314)
        assert wait_until(lambda: finder.near(here), "the water, when the pack is whole")


def _noting(near: Any, asked: list[LonLat]) -> Any:
    def noted(*told: Any) -> Any:
        asked.append(told[1])
        return near(*told)

    return noted
