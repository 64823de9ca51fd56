"""Laws of the search: it finds what brute force finds, on graphs nobody drew by hand."""

from math import inf

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from server.base.road_bans import Ban
from server.base.road_build import NodeFacts, Piece, make
from server.base.road_costs import Costs, costs
from server.base.road_graph import RoadGraph
from server.base.road_rules import BLOCKED, GATE, way
from server.base.routing import Avoid, Route, Router
from server.base.search import Finder
from server.base.streets import Streets
from server.base.vehicles import VEHICLES
from tests.ways.places import at, brute_force_s

SIDE = 4
KINDS: tuple[dict[str, str], ...] = (
    {},
    {},
    {"oneway": "yes"},
    {"maxspeed": "70"},
    {"highway": "primary"},
    {"maxheight": "2"},
    {"motor_vehicle": "no"},
)


@st.composite
def graphs(draw: st.DrawFn) -> RoadGraph:
    """Streets on a crooked grid, some missing, with one-ways, limits, gates, bollards and forbidden turns."""
    shift = st.floats(-0.3, 0.3)
    places = {
        (x, y): at(x + draw(shift), y + draw(shift)) for x in range(SIDE) for y in range(SIDE)
    }  # fmt: skip
    pairs = [((x, y), (x + 1, y)) for x in range(SIDE - 1) for y in range(SIDE)]
    pairs += [((x, y), (x, y + 1)) for x in range(SIDE) for y in range(SIDE - 1)]
    number = {place: index for index, place in enumerate(places)}
    pieces: list[Piece] = []
    for pair in pairs:
        if pieces and draw(st.integers(0, 9)) == 0:
            continue
        made = way({"highway": "residential", **(draw(st.sampled_from(KINDS)) if pieces else {})})
        assert made is not None
        pieces.append(Piece(len(pieces), made, [number[place] for place in pair], [places[place] for place in pair]))
    facts = {
        draw(st.integers(0, len(places) - 1)): NodeFacts(draw(st.sampled_from([GATE, BLOCKED])), draw(st.booleans()))
        for _ in range(2)
    }  # fmt: skip
    bans = []
    for _ in range(3):
        one, other = (draw(st.sampled_from(pieces)) for _ in range(2))
        if via := set(one.refs) & set(other.refs):
            bans.append(Ban((one.id,), min(via), (other.id,), draw(st.booleans())))
    return make(pieces, facts, bans, [])


def rules(graph: RoadGraph) -> Costs:
    return costs(graph, VEHICLES["HLF"])


@settings(max_examples=25, deadline=None)
@given(graphs(), st.data())
def test_it_finds_what_brute_force_finds(graph: RoadGraph, data: st.DataObject) -> None:
    found, cost = Streets(graph), rules(graph)
    usable = [edge for edge, seconds in enumerate(cost.edge_s) if seconds < inf]
    finder = Finder(graph)
    arc_s = finder.states.seconds(cost, ())
    best = brute_force_s(found, cost.edge_s, cost.node_s, (cost.turn_s, cost.u_turn_s))
    for _ in range(8):
        start, goal = data.draw(st.sampled_from(usable)), data.draw(st.sampled_from(usable))
        if start == goal:
            continue
        goals = {goal: float(cost.edge_s[goal])}
        got = finder.quickest(cost, arc_s, {start: 0.0}, finder.left(cost, goals, [start]))
        if best[start, goal] == inf:
            assert got is None
        else:
            assert got is not None
            assert abs(got.seconds - best[start, goal]) < 1e-6
            assert (got.edges[0], got.edges[-1]) == (start, goal)


@settings(max_examples=20, deadline=None)
@given(graphs(), st.data())
def test_a_way_by_another_edge_is_never_quicker(graph: RoadGraph, data: st.DataObject) -> None:
    finder, cost = Finder(graph), rules(graph)
    usable = [edge for edge, seconds in enumerate(cost.edge_s) if seconds < inf]
    arc_s = finder.states.seconds(cost, ())

    def seconds(start: int, goal: int) -> float:
        left = finder.left(cost, {goal: float(cost.edge_s[goal])}, [start])
        got = finder.quickest(cost, arc_s, {start: 0.0}, left)
        return inf if got is None else got.seconds

    for _ in range(5):
        one, two, three = (data.draw(st.sampled_from(usable)) for _ in range(3))
        if len({one, two, three}) == 3:
            assert seconds(one, three) <= seconds(one, two) + seconds(two, three) + 1e-6


@settings(max_examples=20, deadline=None)
@given(graphs(), st.data())
def test_a_closure_never_lies_on_a_route_and_every_edge_is_legal(graph: RoadGraph, data: st.DataObject) -> None:
    router, cost = Router(Streets(graph)), rules(graph)
    spot = st.floats(0.1, SIDE - 1.1)
    x, y = data.draw(spot), data.draw(spot)
    ring = [
        list(at(x + east, y + north))
        for east, north in ((-0.3, -0.3), (0.3, -0.3), (0.3, 0.3), (-0.3, 0.3), (-0.3, -0.3))
    ]
    closed = Avoid("zu", {"type": "Polygon", "coordinates": [ring]})
    barred = set(router._edges_in(closed))
    got = router.route(at(data.draw(spot), 0), at(data.draw(spot), SIDE - 1), avoid=[closed])
    if isinstance(got, Route):
        if "zu" not in got.passes:
            assert barred.isdisjoint(got.edges)
        check_drivable(router, cost, got)


def check_drivable(router: Router, cost: Costs, got: Route) -> None:
    """Continuous, usable and without a forbidden turn, by the arrays alone."""
    graph = router.graph
    banned = {tuple(pair) for pair in graph.banned.tolist()}
    for edge in got.edges:
        segment = graph.edge_segment[edge]
        assert cost.edge_s[edge] < inf
        assert not graph.segment_max_height_m[segment] < router.profiles[got.profile].height_m
        assert not graph.segment_max_weight_t[segment] < router.profiles[got.profile].weight_t
    for edge, other in zip(got.edges, got.edges[1:], strict=False):
        assert graph.edge_head[edge] == graph.edge_tail[other]
        assert (edge, other) not in banned
        if other != graph.edge_twin[edge]:
            assert graph.node_barrier[graph.edge_head[edge]] != BLOCKED


def test_the_file_is_read_back_as_it_was_written(tmp_path_factory: object) -> None:
    made = way({"highway": "residential", "name": "Größenstraße", "oneway": "yes"})
    assert made is not None
    graph = make([Piece(7, made, [1, 2, 3], [at(0, 0), at(1, 0), at(1, 1)])], {}, [], [[at(0, 0), at(2, 2)]])
    path = tmp_path_factory.mktemp("roads") / "roads.npz"  # type: ignore[attr-defined]
    graph.save(path)
    again = RoadGraph.load(path)
    assert again.names == ("", "Größenstraße")
    assert again.segment_length_m.tolist() == graph.segment_length_m.tolist()
    assert again.segment_length_m[0] == np.float64(graph.segment_length_m[0])
    assert again.edge_twin.tolist() == [1, 0]
