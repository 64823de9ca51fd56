"""Water by the length of hose: exact on a small place, and against brute force on the exercise town."""

from collections import defaultdict
from math import ceil, inf
from pathlib import Path

import pytest

from server.base import water_rules
from server.base.base import Base
from server.base.hoses import MAX_OFF_M, Hoses
from server.base.streets import Streets, streets
from tests.ways.places import Place, at


@pytest.mark.parametrize(
    ("tags", "point"),
    [
        (
            {"emergency": "fire_hydrant", "fire_hydrant:type": "underground", "fire_hydrant:diameter": "DN 100",
             "fire_hydrant:position": "lane", "ref": "H7", "couplings": "2", "fire_hydrant:pressure": "5 bar",
             "fire_hydrant:flow_rate": "96 m3/h"},
            ("underground", "H7", "lane", 100, "2", 1600, 5.0, None),
        ),
        ({"emergency": "fire_hydrant"}, ("hydrant", None, None, None, None, None, None, None)),
        ({"amenity": "fire_hydrant", "fire_hydrant:type": "pillar"}, ("pillar", *[None] * 7)),
        (
            {"emergency": "fire_hydrant", "fire_hydrant:type": "pond", "fire_hydrant:pressure": "suction"},
            ("fire_water_pond", *[None] * 5, 0.0, None),
        ),
        ({"emergency": "water_tank", "water_tank:volume": "96"}, ("water_tank", *[None] * 6, 96000)),
        ({"emergency": "fire_hydrant", "fire_hydrant:diameter": '4"'}, ("hydrant", None, None, 102, *[None] * 4)),
        ({"emergency": "fire_hydrant", "fire_hydrant:diameter": "groß", "flow_rate": "viel"}, ("hydrant", *[None] * 7)),
    ],
)  # fmt: skip
def test_a_water_point_is_read(tags: dict[str, str], point: tuple[object, ...]) -> None:
    assert water_rules.point(tags) == point


@pytest.mark.parametrize(
    "tags", [{}, {"emergency": "siren"}, {"emergency": "fire_hydrant", "disused": "yes"},
             {"emergency": "fire_hydrant", "fire_hydrant:in_service": "no"}],
)  # fmt: skip
def test_what_gives_no_water(tags: dict[str, str]) -> None:
    assert water_rules.point(tags) is None


def test_open_water_and_what_only_looks_like_it() -> None:
    assert water_rules.body({"natural": "water", "water": "pond"}) == "pond"
    assert water_rules.body({"waterway": "stream"}) == "stream"
    assert water_rules.body({"landuse": "basin"}) == "basin"
    assert water_rules.body({"landuse": "basin", "basin": "infiltration"}) is None
    assert water_rules.body({"waterway": "stream", "tunnel": "culvert"}) is None
    assert water_rules.body({"natural": "water", "intermittent": "yes"}) is None


def hydrant(place: Place, x: float, y: float, ref: str, **tags: str) -> None:
    place.sheet.node(*at(x, y), emergency="fire_hydrant", ref=ref, **tags)  # type: ignore[arg-type]


def test_hoses_go_along_streets_over_footways_and_against_oneways(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (2, 0), (4, 0), name="Nord")
    place.street((0, -2), (2, -2), (4, -2), name="Süd")
    place.street((0, 0), (0, -2), name="West", oneway="yes")
    place.street((2, 0), (2, -2), highway="footway")
    hydrant(place, 2, -2.05, "gegenüber", fire_hydrant__type="pillar", fire_hydrant__diameter="150")
    hydrant(place, 4, 0.08, "Ende")
    hydrant(place, 0, -1, "West")
    found = place.hoses(tmp_path).near(*at(1, 0.1), limit=3)
    # 10 m to the street, then along it; the same to the hydrant.
    assert [(one.ref, one.distance_m, one.off_m, one.b_hoses) for one in found] == [
        ("West", 10 + 100 + 100, 0, 11), ("gegenüber", 10 + 100 + 200 + 5, 5, 16), ("Ende", 10 + 300 + 8, 8, 16),
    ]  # fmt: skip
    assert (found[1].kind, found[1].diameter_mm) == ("pillar", 150)


def test_no_hose_over_rails_motorways_and_rivers(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (4, 0), name="hier")
    place.street((0, -1), (4, -1), name="drüben")
    place.node(4, -0.5, railway="level_crossing")
    place.street((4, 0), (4, -0.5), (4, -1), name="Bahnübergang")
    place.street((-1, -0.5), (4, -0.5), (6, -0.5), highway="tertiary", name="neben dem Gleis")
    place.sheet.way([at(-2, -0.6), at(3.9, -0.6)], railway="rail")
    hydrant(place, 1, -0.7, "jenseits des Gleises")  # 20 m from the street this side of the rails, 30 m from the other
    hydrant(place, 3, 0, "hier")
    found = place.hoses(tmp_path).near(*at(1, 0), limit=5)
    assert [(one.ref, one.distance_m) for one in found] == [("hier", 200)]


def test_over_a_bridge_a_hose_may_go(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (2, 0), (4, 0))
    place.street((0, -2), (2, -2), (4, -2))
    place.street((2, 0), (2, -2), bridge="yes")
    place.street((-5, -1), (0, -1), (5, -1), (9, -1), highway="motorway", oneway="yes")
    hydrant(place, 2, -2, "drüben")
    assert [(one.ref, one.distance_m) for one in place.hoses(tmp_path).near(*at(2, 0))] == [("drüben", 200)]


def test_open_water_beside_a_street_is_offered_with_its_bank_unknown(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (4, 0))
    place.sheet.way(
        [at(2, 0.2), at(3, 0.2), at(3, 1), at(2, 1)], closed=True, natural="water", water="pond", name="Teich"
    )
    place.sheet.way([at(0, 2), at(4, 2)], waterway="stream")  # two hundred metres off: out of reach
    (found,) = place.hoses(tmp_path).near(*at(1, 0))
    # Six metres before the corner of the pond the street is hardly farther from it.
    assert (found.kind, found.name, found.access, found.off_m) == ("pond", "Teich", "unknown", 21)
    assert found.distance_m == 100 - 6 + 21


def test_the_limit_and_the_reach_hold(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (30, 0))
    for number in range(1, 12):
        hydrant(place, number, 0, str(number))
    hoses = place.hoses(tmp_path)
    assert [one.ref for one in hoses.near(*at(0, 0), limit=3)] == ["1", "2", "3"]
    assert [one.ref for one in hoses.near(*at(0, 0), limit=50, within_m=450)] == ["1", "2", "3", "4"]
    assert hoses.near(9.5, 51.0) == []


def test_the_town_against_brute_force(town_base: Base) -> None:
    hoses = town_base.get(Hoses)
    west, south, east, north = town_base.manifest.bbox
    for step in range(1, 6):
        lon, lat = west + (east - west) * step / 6, south + (north - south) * step / 6
        found = {one.id: one.distance_m for one in hoses.near(lon, lat, limit=50) if one.access is None}
        expected = brute_force_m(town_base.get(streets), hoses, lon, lat)
        nearest = dict(sorted(expected.items(), key=lambda pair: pair[1])[: len(found)])
        assert len(found) > 20
        assert set(found) <= set(expected)
        for name, metres in found.items():
            assert metres == pytest.approx(expected[name], abs=1)
        assert max(found.values()) <= max(nearest.values()) + 1


def brute_force_m(found: Streets, hoses: Hoses, lon: float, lat: float) -> dict[str, float]:
    """Every hydrant by relaxing every segment until nothing changes (Bellman and Ford): no heap, no early end."""
    graph = found.graph
    start = hoses._snap(lon, lat, 300.0)
    assert start is not None
    metres: dict[int, float] = defaultdict(lambda: inf)
    rows = []
    for segment in range(len(graph.segment_way)):
        edge = found.pairs[segment][0]
        rows.append(
            (segment, int(graph.edge_tail[edge]), int(graph.edge_head[edge]), float(graph.segment_length_m[segment]))
        )
    _, tail, head, length = rows[start.segment]
    metres[tail], metres[head] = start.off_m + start.along_m, start.off_m + length - start.along_m
    changed = True
    while changed:
        changed = False
        for segment, tail, head, length in rows:
            if not hoses._usable[segment]:
                continue
            for one, other in ((tail, head), (head, tail)):
                if metres[one] + length < metres[other] - 1e-9 and not graph.node_rails[one]:
                    metres[other] = metres[one] + length
                    changed = True
    told = {}
    for row in hoses._points:
        snap = hoses._snap(row["lon_deg"], row["lat_deg"], MAX_OFF_M)
        if snap is None:
            continue  # too far from every street
        _, tail, head, length = rows[snap.segment]
        best = min(metres[tail] + snap.along_m, metres[head] + length - snap.along_m)
        if snap.segment == start.segment:
            best = min(best, start.off_m + abs(snap.along_m - start.along_m))
        told[f"{row['osm_type']}/{row['osm_id']}"] = best + snap.off_m
    return told


def test_hoses_are_counted_without_reserve(town_base: Base) -> None:
    west, south, east, north = town_base.manifest.bbox
    for one in town_base.get(Hoses).near((west + east) / 2, (south + north) / 2):
        assert one.b_hoses == ceil(one.distance_m / 20)
