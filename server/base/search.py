"""The quickest way through a graph of edges, so that turns cost and can be forbidden: exact, and in C.

Two searches of scipy: one over nodes from the goal backward, without turns, bounds from below what is left from
everywhere; one over edges (`server.base.states`) from the start, with what a step costs more than it brings nearer to
the goal by that bound (A* is Dijkstra's algorithm with reduced costs: Hart, Nilsson, Raphael 1968,
doi:10.1109/TSSC.1968.300136; "feasible potentials": Goldberg, Harrelson 2005). The second is stopped at a limit,
which is raised until the goal lies within: then nothing that was left out can be quicker.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, hypot, inf, radians
from typing import Any

import numpy as np

from server.base.road_costs import Costs
from server.base.road_graph import Floats, Ints, RoadGraph
from server.base.states import States

M_PER_DEG = 111_319.49
SURELY_MPS, SURELY_S = 8.0, 120.0
"""How far the first look from the goal goes: so many seconds for the way as the crow flies. What lies farther is only
known to be farther, which is a bound too."""
FARTHEST_S = 1e6
SLACK_S = (40.0, 160.0, 640.0, FARTHEST_S)
"""How much more than the bound a way may take in each look for it."""
LEAST_S = 1e-12
"""A step of no cost at all: rounding must not make it less."""


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


@dataclass(frozen=True, slots=True)
class Found:
    """Edges from start to goal, and the seconds of all but the way on foot."""

    edges: list[int]
    seconds: float
    settled: int
    """How many states were looked at, for the curious and the bench."""


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """By node, the least seconds to the goal without turns, as far as `limit_s`: what is farther is at that."""

    goals: dict[int, float]
    seconds: Floats
    limit_s: float


class Finder:
    """Searches over a graph; made once and used from several threads. scipy is needed only then."""

    def __init__(self, graph: RoadGraph) -> None:
        self.states = states = States(graph)
        self._graph, self._head = graph, graph.edge_head[states.edge]
        self._degree = np.diff(states.first)
        self._onward = states.edge[states.after]
        # Backward over nodes: the edges by head and tail, and where those between two nodes begin.
        self._order = np.lexsort((graph.edge_tail, graph.edge_head))
        heads, tails = graph.edge_head[self._order], graph.edge_tail[self._order]
        fresh = np.ones(len(heads), dtype=bool)
        fresh[1:] = (heads[1:] != heads[:-1]) | (tails[1:] != tails[:-1])
        self._between: Ints = np.flatnonzero(fresh)
        self._tails = tails[fresh].astype(np.int32)
        nodes = len(graph.node_position)
        self._rows = np.searchsorted(heads[fresh], np.arange(nodes + 1)).astype(np.int32)

    def left(self, cost: Costs, goals: Mapping[int, float], starts: Iterable[int]) -> Left:
        """See `Left`; `goals`: seconds from the beginning of an edge to the goal; at least as far as to an edge of
        `starts`, or as anything is."""
        graph = self._graph
        starts = [*starts]
        nodes = [int(graph.edge_head[edge]) for edge in starts]
        ends = [nodes[0], *(int(graph.edge_tail[edge]) for edge in [*goals][:1])]
        (lon, lat), (other_lon, other_lat) = graph.node_position[ends].tolist()
        metres = hypot((lon - other_lon) * cos(radians(lat)), lat - other_lat) * M_PER_DEG
        limit_s = metres / SURELY_MPS + SURELY_S
        while True:
            found = self._left(cost, goals, min(limit_s, FARTHEST_S))
            if self.is_enough(found, starts):
                return found
            limit_s *= 4.0

    def is_enough(self, left: Left, starts: Iterable[int]) -> bool:
        """Whether what was found for another start will do for this one."""
        nodes = self._graph.edge_head[list(starts)]
        return left.limit_s >= FARTHEST_S or bool((left.seconds[nodes] < left.limit_s).any())

    def _left(self, cost: Costs, goals: Mapping[int, float], limit_s: float) -> Left:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        graph, nodes = self._graph, len(self._graph.node_position)
        least = cost.edge_s + np.minimum(cost.node_s, cost.u_turn_s)[graph.edge_tail]
        seconds = np.minimum.reduceat(least[self._order], self._between)
        ends: dict[int, float] = {}
        for edge, rest_s in goals.items():
            tail = int(graph.edge_tail[edge])
            # What passing the node costs is part of the bound for everybody who comes to it.
            rest_s += min(float(cost.node_s[tail]), cost.u_turn_s)
            ends[tail] = min(ends.get(tail, inf), rest_s)
        told = _from(csr_array, dijkstra, nodes, seconds, self._tails, self._rows, ends, limit_s, predecessors=False)[0]
        return Left(dict(goals), np.minimum(told[:nodes], limit_s), limit_s)

    def quickest(
        self,
        cost: Costs,
        arc_s: Floats,
        starts: Mapping[int, float],
        left: Left,
        extra: Mapping[int, float] | None = None,
        direct: Mapping[int, float] | None = None,
    ) -> Found | None:
        """The quickest way, None where there is none.

        `arc_s`: of `States.seconds`. `starts`: seconds from the start to the end of each edge that it lies on. `extra`:
        seconds more by edge (infinite: closed). `direct`: edges on which the goal lies ahead of the start, with the
        seconds between.
        """
        extra = extra or {}
        best = min(((s + extra.get(edge, 0.0), edge) for edge, s in (direct or {}).items()), default=(inf, -1))
        found = None if best[0] == inf else Found([best[1]], best[0], 0)
        begins = {edge: s + extra.get(edge, 0.0) for edge, s in starts.items() if s + extra.get(edge, 0.0) < inf}
        rest_s = left.seconds[self._head]
        # Whoever stands before the goal's limit is no nearer than that: without a way when it was the farthest.
        begins = {edge: s for edge, s in begins.items() if rest_s[edge] < FARTHEST_S}
        if not begins:
            return found
        least_s = min(s + float(rest_s[edge]) for edge, s in begins.items())
        edge_s = cost.edge_s
        if extra:
            edge_s = edge_s.copy()
            edge_s[list(extra)] += list(extra.values())
        ahead_s = edge_s[self.states.edge] + rest_s
        reduced_s = arc_s + ahead_s[self.states.after] - np.repeat(rest_s, self._degree)
        begin_s = {edge: s + float(rest_s[edge]) - least_s for edge, s in begins.items()}
        return self._look(arc_s, reduced_s, begin_s, least_s, rest_s, left.goals, extra, found)

    def _look(
        self, arc_s: Floats, reduced_s: Floats, begin_s: Mapping[int, float], least_s: float, rest_s: Floats,
        goals: Mapping[int, float], extra: Mapping[int, float], found: Found | None,
    ) -> Found | None:  # fmt: skip
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        states, number = self.states, len(self.states.edge)
        rows, last = states.first.astype(np.int32), self._last(goals)
        limits = list(SLACK_S)
        while limits:
            limit_s = limits.pop(0)
            if found is not None and found.seconds - least_s <= limit_s:
                limit_s, limits = max(found.seconds - least_s, 0.0) + 1e-6, []
            told, before = _from(
                csr_array, dijkstra, number, reduced_s, states.after, rows, begin_s, limit_s, predecessors=True
            )
            settled = int(np.isfinite(told).sum())
            for state, goal in last:
                seconds = float(told[state] + least_s - rest_s[state] + arc_s[states.arc(state, goal)])
                seconds += goals[goal] + extra.get(goal, 0.0)
                if seconds < (inf if found is None else found.seconds):
                    found = Found([*self._driven(before, state), goal], seconds, settled)
            if found is not None and found.seconds - least_s <= limit_s:
                break
        return found

    def _last(self, goals: Mapping[int, float]) -> list[tuple[int, int]]:
        """States from which the goal's edges may be entered."""
        graph, found = self._graph, []
        for goal in goals:
            tail = int(graph.edge_tail[goal])
            for edge in graph.edge_twin[graph.first[tail] : graph.first[tail + 1]].tolist():
                found += [(state, goal) for state in (edge, *self.states.copies.get(edge, ()))]
        return found

    def _driven(self, before: Ints, state: int) -> list[int]:
        edges, number = [], len(self.states.edge)
        while state != number:
            edges.append(int(self.states.edge[state]))
            state = int(before[state])
        return edges[::-1]


def _from(
    csr_array: Any, dijkstra: Any, number: int, seconds: Floats, columns: Any, rows: Any,
    begins: Mapping[int, float], limit_s: float, predecessors: bool,
) -> tuple[Floats, Any]:  # fmt: skip
    """Seconds from a further place, from which one begins at given costs; and the place before each."""
    told = np.concatenate([seconds, list(begins.values())])
    np.maximum(told, LEAST_S, out=told)
    where = np.concatenate([columns, np.array(list(begins), dtype=np.int32)])
    matrix = csr_array((told, where, np.append(rows, np.int32(len(where)))), shape=(number + 1, number + 1))
    if not predecessors:
        return dijkstra(matrix, indices=number, limit=limit_s), None
    found, before = dijkstra(matrix, indices=number, limit=limit_s, return_predecessors=True)
    return found, before
