"""Ways and water in real places: fifty routes each checked against the graph, hydrants against brute force."""

import random
from math import inf

import pytest

from server.base.hoses import Hoses
from server.base.road_costs import costs
from server.base.routing import Route, Router
from server.base.streets import streets
from tests.field.conftest import EXTRACTS, Bases
from tests.ways.test_search import check_drivable
from tests.ways.test_water import brute_force_m

pytestmark = pytest.mark.field
PLACES = sorted(EXTRACTS)


@pytest.mark.parametrize("place", PLACES)
def test_fifty_routes_can_be_driven(bases: Bases, place: str) -> None:
    router = Router(bases(place).get(streets))
    chance = random.Random(place)
    nodes = router.graph.node_position
    found, asked = 0, 0
    while found < 50:
        asked += 1
        assert asked < 500, f"{found} routes of {asked}"
        start, goal = (tuple(nodes[chance.randrange(len(nodes))].tolist()) for _ in range(2))
        profile = chance.choice(sorted(router.profiles))
        got = router.route(start, goal, profile)
        if not isinstance(got, Route) or not got.edges:
            continue
        found += 1
        check_drivable(router, costs(router.graph, router.profiles[profile]), got)
        assert got.duration_s < inf
        driven = sum(step.length_m for step in got.steps)
        assert driven == pytest.approx(got.length_m, abs=0.1 * len(got.steps) + 0.1)


@pytest.mark.parametrize("place", PLACES)
def test_hydrants_against_brute_force(bases: Bases, place: str) -> None:
    hoses, found = bases(place).get(Hoses), bases(place).get(streets)
    first = hoses._points[0]
    lon, lat = first["lon_deg"] + 0.0007, first["lat_deg"] + 0.0004
    got = {one.id: one.distance_m for one in hoses.near(lon, lat, limit=50) if one.access is None}
    expected = brute_force_m(found, hoses, lon, lat)
    assert got
    for name, metres in got.items():
        assert metres == pytest.approx(expected[name], abs=1)
    missed = [metres for name, metres in expected.items() if name not in got and metres < 1999]
    assert len(got) >= 40 or not missed
