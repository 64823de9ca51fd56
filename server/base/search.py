"""The quickest way through a graph of edges: A* over edges (not nodes), so that turns cost and can be forbidden.

Hart, Nilsson, Raphael 1968 (doi:10.1109/TSSC.1968.300136). The estimate (`server.base.nets`) never overestimates, so
what is found is the quickest. Pure Python over lists: scipy's Dijkstra settles the whole graph and knows neither goal
nor closures of the moment, and networkx calls a function per edge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import Any

import numpy as np

from server.base.road_costs import Costs
from server.base.road_graph import Floats, RoadGraph

M_PER_DEG = 111_319.49


class Plane:
    """Metres east and north on a plane through the middle of a graph: true to a few per mille within 50 km."""

    def __init__(self, graph: RoadGraph) -> None:
        places = graph.node_position
        self.lon, self.lat = (float(x) for x in (places.mean(axis=0) if len(places) else (0.0, 0.0)))
        self._east = M_PER_DEG * float(np.cos(np.radians(self.lat)))

    def of(self, positions: Floats) -> tuple[Floats, Floats]:
        """Metres east and north of the middle, of positions in degrees."""
        return (positions[:, 0] - self.lon) * self._east, (positions[:, 1] - self.lat) * M_PER_DEG

    def point(self, lon: float, lat: float) -> tuple[float, float]:
        """As `of`, for one position."""
        return (lon - self.lon) * self._east, (lat - self.lat) * M_PER_DEG

    def degrees(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Inverse of `point`, for one position or arrays."""
        return self.lon + x / self._east, self.lat + y / M_PER_DEG


class Lanes:
    """A graph as the search wants it: lists, and the nodes where a turn is one (more than one way to go on)."""

    def __init__(self, graph: RoadGraph) -> None:
        self.head: list[int] = graph.edge_head.tolist()
        self.tail: list[int] = graph.edge_tail.tolist()
        self.twin: list[int] = graph.edge_twin.tolist()
        self.first: list[int] = graph.first.tolist()
        self.leaves: list[float] = graph.edge_leaves_deg.tolist()
        self.arrives: list[float] = graph.edge_arrives_deg.tolist()
        banned: dict[int, set[int]] = {}
        for edge, other in graph.banned.tolist():
            banned.setdefault(edge, set()).add(other)
        self.banned = {edge: frozenset(others) for edge, others in banned.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """Edges from start to goal, and the seconds of all but the way on foot."""

    edges: list[int]
    seconds: float
    settled: int
    """How many edges were looked at, for the curious and the bench."""


def quickest(
    lanes: Lanes,
    costs: Costs,
    starts: Mapping[int, float],
    goals: Mapping[int, float],
    bound: Sequence[float],
    extra: Mapping[int, float] | None = None,
    direct: Mapping[int, float] | None = None,
) -> Found | None:
    """The quickest way, None where there is none.

    `starts`: seconds from the start to the end of each edge that it lies on. `goals`: seconds from the beginning of an
    edge to the goal. `extra`: seconds more by edge (infinite: closed). `direct`: edges on which the goal lies ahead
    of the start, with the seconds between. `bound`: by node, seconds that the rest takes at the least.
    """
    extra, number = extra or {}, len(lanes.head)
    head, first, edge_s = lanes.head, lanes.first, costs.edge_s
    best = [inf] * number
    before: dict[int, int] = {}
    heap: list[tuple[float, float, int, int]] = []
    ended, reached = inf, -1  # the best arrival so far and the edge before the last
    last = -1
    for edge, seconds in (direct or {}).items():
        if seconds + extra.get(edge, 0.0) < ended:
            ended, reached, last = seconds + extra.get(edge, 0.0), -1, edge
    for edge, seconds in starts.items():
        seconds += extra.get(edge, 0.0)
        if seconds < best[edge]:
            best[edge] = seconds
            heappush(heap, (seconds + bound[head[edge]], seconds, edge, -1))
    settled = 0
    while heap:
        estimate, seconds, edge, came = heappop(heap)
        if estimate >= ended:
            break
        if seconds > best[edge] or edge in before:
            continue
        before[edge] = came
        settled += 1
        node = head[edge]
        banned = lanes.banned.get(edge)
        back, through = lanes.twin[edge], costs.node_s[node]
        begin, end = first[node], first[node + 1]
        turns, arrives = end - begin > 2, lanes.arrives[edge]
        for other in range(begin, end):
            if banned is not None and other in banned:
                continue
            if other == back:
                onward = seconds + costs.u_turn_s
            else:
                onward = seconds + through
                if turns:
                    onward += costs.turn_s[int((lanes.leaves[other] - arrives + 540.0) % 360.0)]
            if other in goals and onward + goals[other] + extra.get(other, 0.0) < ended:
                ended, reached, last = onward + goals[other] + extra.get(other, 0.0), edge, other
            onward += edge_s[other]
            if extra:
                onward += extra.get(other, 0.0)
            if onward < best[other]:
                best[other] = onward
                heappush(heap, (onward + bound[head[other]], onward, other, edge))
    if ended == inf:
        return None
    edges = [last]
    while reached != -1:
        edges.append(reached)
        reached = before[reached]
    return Found(edges[::-1], ended, settled)
