"""Ways of emergency vehicles through small places, with the street they take and what they cost."""

from pathlib import Path
from typing import Any

import pytest

from server.base.routing import Avoid, NoWay, Route, Router
from server.base.vehicles import VEHICLES, Vehicle, profile_of
from tests.ways.places import Place, at, streets_of


def two_ways(**short: str) -> Place:
    """From the west to the east: 300 m by Kurz, or 500 m by Lang."""
    place = Place()
    place.street((-2, 0), (0, 0), name="West")
    place.street((0, 0), (1.5, 0), (3, 0), name="Kurz", **short)
    place.street((0, 0), (0, 1), (3, 1), (3, 0), name="Lang")
    place.street((3, 0), (5, 0), name="Ost")
    return place


def way(router: Router, profile: str = "HLF", **more: Any) -> Route:
    found = router.route(at(-1, 0), at(4, 0), profile, **more)
    assert isinstance(found, Route), found
    return found


def square(x: float, y: float, half: float = 0.2) -> dict[str, Any]:
    """An area around a position."""
    corners = [
        (x - half, y - half),
        (x + half, y - half),
        (x + half, y + half),
        (x - half, y + half),
        (x - half, y - half),
    ]
    return {"type": "Polygon", "coordinates": [[list(at(*corner)) for corner in corners]]}


def test_the_quickest_way_and_what_it_takes(tmp_path: Path) -> None:
    found = way(two_ways().router(tmp_path))
    assert found.length_m == pytest.approx(500, abs=1)
    # Four legs straight on at 0.85 of 30 km/h; no turn costs anything.
    assert found.duration_s == pytest.approx(500 / (30 / 3.6 * 0.85), abs=0.5)
    assert [(step.turn, step.street) for step in found.steps] == [
        ("depart", "West"), ("straight", "Kurz"), ("straight", "Ost"), ("arrive", "Ost"),
    ]  # fmt: skip
    assert found.steps[1].text("de") == "geradeaus: Kurz, 300 m"
    assert found.steps[1].text("en") == "straight on: Kurz, 300 m"
    assert (found.detour_s, found.avoided, found.passes, found.limits, found.uncertain) == (0.0, [], [], [], [])
    assert found.geometry["coordinates"][0] == pytest.approx(at(-1, 0), abs=2e-6)
    assert found.geometry["coordinates"][-1] == pytest.approx(at(4, 0), abs=2e-6)


def test_turns_cost_by_their_side_and_are_told(tmp_path: Path) -> None:
    found = way(two_ways(oneway="-1").router(tmp_path))
    assert found.length_m == pytest.approx(700, abs=1)
    straight_s = 700 / (30 / 3.6 * 0.85)
    # Left, right within the street (a bend, no junction: free), right (free), left at the end.
    assert found.duration_s - straight_s == pytest.approx(5.0 + 5.0, abs=0.3)
    turns = [(step.turn, step.street) for step in found.steps]
    assert turns == [("depart", "West"), ("left", "Lang"), ("left", "Ost"), ("arrive", "Ost")]


@pytest.mark.parametrize(
    ("tags", "profile", "taken"),
    [
        ({"oneway": "yes"}, "HLF", "Kurz"),
        ({"oneway": "-1"}, "HLF", "Lang"),
        ({"oneway": "-1", "oneway:emergency": "no"}, "HLF", "Kurz"),
        ({"maxheight": "3.4"}, "HLF", "Lang"),
        ({"maxheight": "3.4"}, "DLK", "Kurz"),
        ({"maxheight": "3.4"}, "RTW", "Kurz"),
        ({"maxweight": "16"}, "HLF", "Lang"),
        ({"maxweight": "16"}, "DLK", "Kurz"),
        ({"maxwidth": "2.3"}, "RTW", "Kurz"),
        ({"maxwidth": "2.3"}, "HLF", "Lang"),
        ({"width": "2.4"}, "HLF", "Lang"),
        ({"width": "2.4"}, "KdoW", "Kurz"),
        ({"access": "no"}, "KdoW", "Lang"),
        ({"access": "no", "emergency": "yes"}, "HLF", "Kurz"),
        ({"access": "destination"}, "HLF", "Kurz"),
        ({"access": "private"}, "HLF", "Kurz"),
        ({"highway": "footway"}, "HLF", "Lang"),
        ({"highway": "footway", "width": "3.5", "emergency": "yes", "maxspeed": "30"}, "HLF", "Lang"),  # walkers' pace
        ({"highway": "steps"}, "KdoW", "Lang"),
        ({"highway": "track", "tracktype": "grade5"}, "HLF", "Lang"),
        ({"highway": "construction"}, "HLF", "Lang"),
    ],
)
def test_what_a_vehicle_may_use(tmp_path: Path, tags: dict[str, str], profile: str, taken: str) -> None:
    router = two_ways(**{key.replace(":", "__"): value for key, value in tags.items()}).router(tmp_path)
    assert streets_of(router, way(router, profile).edges) == ["West", taken, "Ost"]


@pytest.mark.parametrize(
    ("tags", "taken", "costs_s"),
    [
        ({"barrier": "bollard"}, "Lang", 0),
        ({"barrier": "bollard", "bollard": "removable"}, "Lang", 0),  # 60 s: the long way is quicker
        ({"barrier": "gate"}, "Kurz", 20),
        ({"barrier": "cattle_grid"}, "Kurz", 0),
        ({"barrier": "height_restrictor", "maxheight": "2.2"}, "Lang", 0),
        ({"highway": "traffic_signals"}, "Kurz", 4),
    ],
)
def test_what_stands_in_the_way(tmp_path: Path, tags: dict[str, str], taken: str, costs_s: float) -> None:
    place = Place()
    place.node(1.5, 0, **tags)
    place.street((-2, 0), (0, 0), name="West")
    place.street((0, 0), (1.5, 0), (3, 0), name="Kurz")
    place.street((1.5, 0), (1.5, -1), name="Stich")
    place.street((0, 0), (0, 1), (3, 1), (3, 0), name="Lang")
    place.street((3, 0), (5, 0), name="Ost")
    router = place.router(tmp_path)
    found = way(router)
    assert streets_of(router, found.edges) == ["West", taken, "Ost"]
    if taken == "Kurz":
        assert found.duration_s == pytest.approx(500 / (30 / 3.6 * 0.85) + costs_s, abs=0.5)


@pytest.mark.parametrize(
    ("tags", "taken"),
    [
        ({"restriction": "no_straight_on"}, "Lang"),
        ({"restriction": "no_straight_on", "except": "bus;emergency"}, "Kurz"),
        ({"restriction": "only_left_turn"}, "Lang"),
        ({"restriction:hgv": "no_straight_on"}, "Kurz"),
        ({"restriction": "no_u_turn"}, "Kurz"),
    ],
)
def test_turn_restrictions(tmp_path: Path, tags: dict[str, str], taken: str) -> None:
    place = two_ways()
    west, short, long = (1000, 1001, 1002)
    to = {"only_left_turn": long, "no_u_turn": west}.get(tags.get("restriction", ""), short)
    keys = {key.replace(":", "__"): value for key, value in tags.items()}
    members = [("way", west, "from"), ("node", place.node(0, 0), "via"), ("way", to, "to")]
    place.sheet.relation(members, type="restriction", **keys)
    router = place.router(tmp_path)
    assert streets_of(router, way(router).edges) == ["West", taken, "Ost"]


def test_a_closure_is_driven_around_and_its_price_told(tmp_path: Path) -> None:
    router = two_ways().router(tmp_path)
    free = way(router)
    found = way(router, avoid=[Avoid("Baustelle", square(1.5, 0))])
    assert streets_of(router, found.edges) == ["West", "Lang", "Ost"]
    assert (found.avoided, found.passes) == (["Baustelle"], [])
    assert found.detour_s == pytest.approx(found.duration_s - free.duration_s, abs=0.11)
    assert found.detour_s == pytest.approx(200 / (30 / 3.6 * 0.85) + 10.0, abs=0.5)


def test_a_closure_beside_the_way_changes_nothing(tmp_path: Path) -> None:
    found = way(two_ways().router(tmp_path), avoid=[Avoid("Anderswo", square(1.5, -3))])
    assert (found.avoided, found.passes, found.detour_s) == ([], [], 0.0)


def test_a_closure_on_every_way_is_said(tmp_path: Path) -> None:
    router = two_ways().router(tmp_path)
    closed = [Avoid("Süd", square(1.5, 0)), Avoid("Nord", square(1.5, 1))]
    assert router.route(at(-1, 0), at(4, 0), avoid=closed) == NoWay(reason="closed", detail=["Süd"])


def test_a_mission_in_a_closed_area_is_reached_and_said_so(tmp_path: Path) -> None:
    router = two_ways().router(tmp_path)
    found = router.route(at(-1, 0), at(4, 0), avoid=[Avoid("Sperrzone", square(4, 0, 0.5))])
    assert isinstance(found, Route)
    assert (found.passes, found.avoided) == (["Sperrzone"], [])


def test_a_crowd_costs_time_and_is_passed_only_where_that_is_quicker(tmp_path: Path) -> None:
    router = two_ways().router(tmp_path)
    small = way(router, avoid=[Avoid("Wenige", square(1.5, 0, 0.1), slow=True)])
    assert (small.passes, small.avoided) == (["Wenige"], [])
    assert small.detour_s == pytest.approx(20.0, abs=0.3)  # 20 m at 1 m/s
    large = way(router, avoid=[Avoid("Viele", square(1.5, 0, 0.8), slow=True)])
    assert (large.passes, large.avoided) == ([], ["Viele"])


def test_why_there_is_no_way(tmp_path: Path) -> None:
    place = Place()
    for west in (0, 6):  # two nets of the same size, joined by a low bridge
        for row in range(4):
            place.street((west, row), (west + 4, row), name=f"Reihe {row}")
            place.street(*((west + column, row) for column in range(5)), name=f"Reihe {row}")
        for column in range(5):
            place.street(*((west + column, row) for row in range(4)))
    place.street((4, 0), (6, 0), name="Durchlass", maxheight="2.5", bridge="yes")
    router = place.router(tmp_path)
    assert router.route(at(0, 0), at(9, 0)) == NoWay(reason="limit", detail=["max_height_m"])
    assert isinstance(router.route(at(0, 0), at(9, 0), "KdoW"), Route)
    assert router.route(at(0, 0), (9.9, 51.0)) == NoWay(reason="off_map", detail=["goal"])


def test_limits_that_are_kept_and_doubts_are_told(tmp_path: Path) -> None:
    place = Place()
    place.street((0, 0), (2, 0), name="Brücke", maxweight="24", bridge="yes")
    place.street((2, 0), (4, 0), highway="track")
    place.street((4, 0), (6, 0), highway="pedestrian", name="Markt")
    found = place.router(tmp_path).route(at(0, 0), at(6, 0))
    assert isinstance(found, Route)
    assert found.limits == [{"limit": "max_weight_t", "value": 24.0, "street": "Brücke"}]
    assert found.uncertain == ["ground", "width"]


def test_the_rest_is_walked(tmp_path: Path) -> None:
    found = two_ways().router(tmp_path).route(at(-1, 0.3), at(4, -0.5))
    assert isinstance(found, Route)
    assert (found.start_off_m, found.walk_m) == pytest.approx((30, 50), abs=0.5)


def test_start_and_goal_on_one_street(tmp_path: Path) -> None:
    router = two_ways().router(tmp_path)
    ahead = router.route(at(0.2, 0), at(1.2, 0))
    assert isinstance(ahead, Route)
    assert ahead.length_m == pytest.approx(100, abs=0.5)
    back = router.route(at(1.2, 0), at(0.2, 0))
    assert isinstance(back, Route)
    assert back.length_m == pytest.approx(100, abs=0.5)


def test_start_behind_the_goal_on_a_oneway_goes_round(tmp_path: Path) -> None:
    router = two_ways(oneway="yes").router(tmp_path)
    found = router.route(at(1.2, 0), at(0.2, 0))
    assert isinstance(found, Route)
    assert streets_of(router, found.edges) == ["Kurz", "Lang", "Kurz"]
    assert found.length_m == pytest.approx(180 + 500 + 20, abs=2)


def test_a_roundabout_is_told_by_its_exit(tmp_path: Path) -> None:
    place = Place()
    place.street((-3, 0), (-0.2, 0), name="West")
    place.street((-0.2, 0), (0, -0.2), (0.2, 0), (0, 0.2), (-0.2, 0), junction="roundabout")
    place.street((0, -0.2), (0, -3), name="Süd")
    place.street((0.2, 0), (3, 0), name="Ost")
    place.street((0, 0.2), (0, 3), name="Nord")
    found = place.router(tmp_path).route(at(-2, 0), at(2, 0))
    assert isinstance(found, Route)
    assert [(step.turn, step.exit, step.street) for step in found.steps] == [
        ("depart", 0, "West"), ("roundabout", 2, "Ost"), ("arrive", 0, "Ost"),
    ]  # fmt: skip
    assert found.steps[1].text("de").startswith("im Kreisverkehr 2. Ausfahrt: Ost")


def test_what_was_learned_changes_the_time(tmp_path: Path) -> None:
    router = two_ways().router(tmp_path)
    usual, slow = way(router), way(router, pace={"residential": 0.5})
    assert slow.duration_s == pytest.approx(2 * usual.duration_s, rel=0.01)
    wild = way(router, pace={"residential": 100.0})
    assert wild.duration_s == pytest.approx(usual.duration_s / 1.6, rel=0.01)


def test_against_a_oneway_only_where_the_operator_lets_it(tmp_path: Path) -> None:
    base = two_ways(oneway="-1").router(tmp_path)
    brave = Router(base._streets, against=True)
    assert streets_of(base, way(base).edges) == ["West", "Lang", "Ost"]
    found = brave.route(at(-1, 0), at(1.0, 0))
    assert isinstance(found, Route)
    assert streets_of(brave, found.edges) == ["West", "Kurz"]


def test_an_own_vehicle(tmp_path: Path) -> None:
    router = two_ways(maxheight="4.0").router(tmp_path, Kran=Vehicle(height_m=4.1))
    assert streets_of(router, way(router, "Kran").edges) == ["West", "Lang", "Ost"]
    with pytest.raises(KeyError):
        router.route(at(0, 0), at(1, 0), "Panzer")


@pytest.mark.parametrize(
    ("vehicle_type", "call_sign", "profile"),
    [
        ("HLF 20", None, "HLF"), ("DLK 23/12", None, "DLK"), (None, "Florian Padertopia 1/33/1", "HLF"),
        ("RTW", None, "RTW"), (None, "Rettung 83-1 RTW", "RTW"), ("NEF", None, "KdoW"), ("ELW 1", None, "KdoW"),
        ("Drehleiter", None, "DLK"), (None, None, "HLF"),
    ],
)  # fmt: skip
def test_the_profile_of_a_unit(vehicle_type: str | None, call_sign: str | None, profile: str) -> None:
    assert profile_of(vehicle_type, call_sign, VEHICLES) == profile
