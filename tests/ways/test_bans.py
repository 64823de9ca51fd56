"""Turn restrictions over ways in between: what they forbid in a drawn town, and laws against brute force."""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import pairwise
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.base.road_bans import Ban
from server.base.road_build import Piece, make
from server.base.road_costs import Costs, costs
from server.base.road_graph import RoadGraph
from server.base.road_rules import way
from server.base.routing import Route
from server.base.search import Finder
from server.base.states import States
from server.base.vehicles import VEHICLES
from tests.ways.places import Place, at, streets_of

WEST, MIDDLE_1, MIDDLE_2, EAST = 1000, 1001, 1002, 1003


def bridge() -> Place:
    """West, over two short ways in between, to the east or by the alley; all of them reached round about as well."""
    place = Place()
    place.street((-2, 0), (0, 0), name="West")
    place.street((0, 0), (0.5, 0), name="Brücke")
    place.street((0.5, 0), (1, 0), name="Brücke", bridge="yes")
    place.street((1, 0), (3, 0), name="Ost")
    place.street((1, 0), (1, -1), (3, -1), (3, 0), name="Gasse")
    place.street((0, 0), (0, 2), (0.5, 2), (0.5, 0), name="Schleife")
    return place


def over(place: Place, to: int, *between: int, **tags: str) -> Place:
    vias = [("way", one, "via") for one in between]
    place.sheet.relation([("way", WEST, "from"), *vias, ("way", to, "to")], type="restriction", **tags)
    return place


@pytest.mark.parametrize(
    ("to", "between", "tags", "taken"),
    [
        (EAST, (MIDDLE_1, MIDDLE_2), {"restriction": "no_straight_on"}, ["West", "Brücke", "Gasse", "Ost"]),
        # As some mappers have it: the ways in between in any order.
        (EAST, (MIDDLE_2, MIDDLE_1), {"restriction": "no_straight_on"}, ["West", "Brücke", "Gasse", "Ost"]),
        (EAST + 1, (MIDDLE_1, MIDDLE_2), {"restriction": "only_right_turn"}, ["West", "Brücke", "Gasse", "Ost"]),
        (EAST, (MIDDLE_1, MIDDLE_2), {"restriction": "only_straight_on"}, ["West", "Brücke", "Ost"]),
        (EAST + 1, (MIDDLE_1, MIDDLE_2), {"restriction": "no_right_turn"}, ["West", "Brücke", "Ost"]),
        (EAST, (MIDDLE_1, MIDDLE_2), {"restriction": "no_straight_on", "except": "emergency"},
         ["West", "Brücke", "Ost"]),
        # A gap between the ways: a mistake in the map forbids nothing.
        (EAST, (MIDDLE_2,), {"restriction": "no_straight_on"}, ["West", "Brücke", "Ost"]),
    ],
)  # fmt: skip
def test_over_ways_in_between(
    tmp_path: Path, to: int, between: tuple[int, ...], tags: dict[str, str], taken: list[str]
) -> None:
    router = over(bridge(), to, *between, **tags).router(tmp_path)
    found = router.route(at(-1, 0), at(2.9, 0))
    assert isinstance(found, Route)
    assert streets_of(router, found.edges) == taken
    # Whoever comes to the bridge from elsewhere may drive as he likes.
    other = router.route(at(0.5, 1), at(2.9, 0))
    assert isinstance(other, Route)
    assert streets_of(router, other.edges) == ["Schleife", "Brücke", "Ost"]


def test_a_restriction_is_not_escaped_within_its_ways(tmp_path: Path) -> None:
    place = over(bridge(), EAST, MIDDLE_1, MIDDLE_2, restriction="no_straight_on")
    over(place, EAST + 1, MIDDLE_1, MIDDLE_2, restriction="no_right_turn")
    router = place.router(tmp_path)
    found = router.route(at(-1, 0), at(2.9, 0))
    # Not over the whole bridge: round by the loop, which comes onto its second half.
    assert isinstance(found, Route)
    assert streets_of(router, found.edges) == ["West", "Schleife", "Brücke", "Ost"]
    assert States(router.graph).copies


SIDE = 3


@st.composite
def barred_graphs(draw: st.DrawFn) -> tuple[RoadGraph, list[Ban]]:
    """A grid of single stretches, so that each way is a segment, with restrictions over one to three ways."""
    places = {(x, y): at(x, y) for x in range(SIDE) for y in range(SIDE)}
    number = {place: index for index, place in enumerate(places)}
    pairs = [((x, y), (x + 1, y)) for x in range(SIDE - 1) for y in range(SIDE)]
    pairs += [((x, y), (x, y + 1)) for x in range(SIDE) for y in range(SIDE - 1)]
    pieces: list[Piece] = []
    for pair in pairs:
        made = way({"highway": "residential", "maxspeed": str(draw(st.sampled_from([20, 30, 50])))})
        assert made is not None
        pieces.append(Piece(100 + len(pieces), made, [number[one] for one in pair], [places[one] for one in pair]))
    bans = []
    for _ in range(draw(st.integers(1, 6))):
        walk = _walk(draw, pieces, draw(st.integers(2, 4)))
        if len(set(walk)) == len(walk):
            via = next(iter(set(_refs(pieces, walk[0])) & set(_refs(pieces, walk[1]))))
            bans.append(Ban((walk[0],), via, (walk[-1],), draw(st.booleans()), tuple(walk[1:-1])))
    return make(pieces, {}, bans, []), bans


def _refs(pieces: Sequence[Piece], name: int) -> Sequence[int]:
    return pieces[name - 100].refs


def _walk(draw: st.DrawFn, pieces: Sequence[Piece], length: int) -> list[int]:
    """Ways one after the other, as one drives."""
    first = draw(st.sampled_from(pieces))
    walk, node = [first.id], draw(st.sampled_from(list(first.refs)))
    while len(walk) < length:
        onward = [piece for piece in pieces if node in piece.refs and piece.id != walk[-1]]
        piece = draw(st.sampled_from(onward))
        walk.append(piece.id)
        node = next(ref for ref in piece.refs if ref != node)
    return walk


def _may(graph: RoadGraph, bans: Sequence[Ban], driven: tuple[int, ...]) -> bool:
    """Whether the last of these edges may be driven after the others: by the words of the restrictions."""
    ways = [int(graph.segment_way[graph.edge_segment[edge]]) for edge in driven]
    back = driven[-1] == graph.edge_twin[driven[-2]]
    outward = range(int(graph.first[graph.edge_tail[driven[-1]]]), int(graph.first[graph.edge_tail[driven[-1]] + 1]))
    leaving = {int(graph.segment_way[graph.edge_segment[edge]]) for edge in outward}
    for ban in bans:
        before = [*ban.from_ways, *ban.via_ways]
        if ways[-len(before) - 1 : -1] != before:
            continue
        # Driven along, not forth and back: then each edge begins where the one before ends, and no two are twins.
        lately = driven[-len(before) - 1 : -1]
        if any(graph.edge_twin[one] == other for one, other in pairwise(lately)):
            continue
        (to,) = ban.to_ways
        if (ways[-1] == to and not ban.only) or (ban.only and ways[-1] != to and to in leaving and not back):
            return False
    return True


def _slowly(graph: RoadGraph, bans: Sequence[Ban], cost: Costs, start: int, goal: int) -> float:
    """Dijkstra over all that was driven lately; four edges are as much as any restriction here remembers."""
    heap: list[tuple[float, tuple[int, ...]]] = [(0.0, (start,))]
    done: set[tuple[int, ...]] = set()
    while heap:
        seconds, driven = heappop(heap)
        if driven in done:
            continue
        done.add(driven)
        edge = driven[-1]
        if edge == goal:
            return seconds
        node = int(graph.edge_head[edge])
        for other in range(int(graph.first[node]), int(graph.first[node + 1])):
            if not _may(graph, bans, (*driven, other)):
                continue
            angle = (graph.edge_leaves_deg[other] - graph.edge_arrives_deg[edge] + 540.0) % 360.0
            many = int(graph.first[node + 1] - graph.first[node]) > 2
            turn = cost.u_turn_s if other == graph.edge_twin[edge] else cost.turn_s[int(angle)] if many else 0.0
            heappush(heap, (seconds + float(turn + cost.edge_s[other]), (*driven, other)[-4:]))
    return inf


@settings(max_examples=25, deadline=None)
@given(barred_graphs(), st.data())
def test_sequences_are_kept_as_brute_force_keeps_them(drawn: tuple[RoadGraph, list[Ban]], data: st.DataObject) -> None:
    graph, bans = drawn
    cost, finder = costs(graph, VEHICLES["HLF"]), Finder(graph)
    arc_s = finder.states.seconds(cost, ())
    for _ in range(6):
        start, goal = (data.draw(st.integers(0, len(graph.edge_head) - 1)) for _ in range(2))
        if start == goal:
            continue
        left = finder.left(cost, {goal: float(cost.edge_s[goal])}, [start])
        got = finder.quickest(cost, arc_s, {start: 0.0}, left)
        assert (inf if got is None else got.seconds) == pytest.approx(_slowly(graph, bans, cost, start, goal), abs=1e-6)
