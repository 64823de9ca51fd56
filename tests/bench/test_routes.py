"""How long a way takes over the streets of a district, beside plain Dijkstra in scipy, run by `make bench`."""

import random
import time

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from server.base.routing import Route, Router
from server.base.streets import Streets
from tests.bench.roads import district_roads

QUESTIONS = 60


def _told(name: str, spent: list[float]) -> None:
    middle, late = np.percentile(np.array(spent) * 1000, [50, 95])
    print(f"{name}: median {middle:.0f} ms, p95 {late:.0f} ms")


@pytest.mark.bench
def test_ways_over_a_district() -> None:
    graph = district_roads()
    router = Router(Streets(graph))
    places = graph.node_position
    began = time.process_time()
    moment, net, cost = router._at("HLF", None, {})
    first_s = time.process_time() - began
    print(f"\n{len(graph.segment_way)} segments, {len(places)} crossings; before the first question {first_s:.1f} s")
    assert moment.graph is graph
    states = router._finder.states
    weights = np.maximum(net.arc_s + cost.edge_s[states.edge][states.after], 1e-12)
    matrix = csr_array((weights, states.after, states.first), shape=(len(states.edge), len(states.edge)))
    rng = random.Random(1)
    ours, again, plain, settled = list[float](), list[float](), list[float](), list[int]()
    for _ in range(QUESTIONS):
        start, goal = (tuple(places[rng.randrange(len(places))].tolist()) for _ in range(2))
        began = time.process_time()
        found = router.route(start, goal)
        ours.append(time.process_time() - began)
        assert isinstance(found, Route)
        settled.append(found.settled)
        near = places[int(graph.edge_head[found.edges[min(5, len(found.edges) - 1)]])]
        began = time.process_time()
        router.route((float(near[0]), float(near[1])), goal)
        again.append(time.process_time() - began)
        began = time.process_time()
        dijkstra(matrix, indices=np.array([found.edges[0]]), return_predecessors=True)
        plain.append(time.process_time() - began)
    _told("a way (CPU)", ours)
    _told("the next one to the same place, 500 m on", again)
    _told("plain Dijkstra of scipy over the same states, to everywhere", plain)
    print(
        f"ratio of medians {np.median(plain) / np.median(ours):.1f}; states looked at: median {np.median(settled):.0f}"
    )
