"""What the whole graph says before anybody asks: which edges hang together, and how far everything is from landmarks.

With distances to and from a few places at the rim, the triangle inequality bounds every other distance from below: the
estimate of A* becomes sharp (ALT: Goldberg, Harrelson, "Computing the shortest path: A* search meets graph theory",
2005). scipy does the counting; it settles a whole town in C faster than we ask for one way.
"""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from server.base.road_costs import Costs
from server.base.road_graph import Floats, Ints, RoadGraph

LANDMARKS = 8
LEAST_SHARE = 0.05


def arcs(graph: RoadGraph, costs: Costs) -> tuple[Ints, Ints]:
    """Pairs of usable edges of which the second may follow the first."""
    usable = np.isfinite(np.array(costs.edge_s)) if costs.edge_s else np.zeros(0, dtype=bool)
    degree = np.diff(graph.first)[graph.edge_head]
    before = np.repeat(np.arange(len(usable)), degree)
    skipped = np.repeat(np.cumsum(degree) - degree, degree)
    after = np.repeat(graph.first[:-1][graph.edge_head], degree) + np.arange(len(before)) - skipped
    through = np.isfinite(np.array(costs.node_s))[graph.edge_head[before]]
    back = after == graph.edge_twin[before]
    allowed = usable[before] & usable[after] & (through | back)
    if len(graph.banned):
        number = np.int64(len(usable))
        barred = np.isin(before * number + after, graph.banned[:, 0] * number + graph.banned[:, 1])
        allowed &= ~barred
    return before[allowed], after[allowed]


def largest_nets(graph: RoadGraph, costs: Costs) -> list[Ints]:
    """Sets of edges in which each can be reached from each, the largest first; none without a usable edge.

    Small ones are left out (`LEAST_SHARE` of the largest): a parking deck cut off by a mistake in the map is no place
    to begin. An extract may well have two large ones, on either side of a river.
    """
    number = len(graph.edge_head)
    usable = np.flatnonzero(np.isfinite(np.array(costs.edge_s)))
    if not len(usable):
        return []
    before, after = arcs(graph, costs)
    matrix = csr_array((np.ones(len(before), dtype=np.int8), (before, after)), shape=(number, number))
    _, label = connected_components(matrix, directed=True, connection="strong")
    sizes = np.bincount(label[usable])
    large = np.flatnonzero(sizes >= LEAST_SHARE * sizes.max())
    return [usable[label[usable] == which] for which in large[np.argsort(-sizes[large], kind="stable")]]


def pieces(tails: Ints, heads: Ints, lengths_m: Floats, number: int, least_m: float) -> Ints:
    """Places of the segments that hang together with at least so many metres of others, or with most of them all."""
    if not len(tails):
        return tails
    matrix = csr_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(number, number))
    _, label = connected_components(matrix, directed=False)
    metres = np.bincount(label[tails], weights=lengths_m)
    kept: Ints = np.flatnonzero(metres[label[tails]] >= min(least_m, metres.max()))
    return kept


class Landmarks:
    """Seconds from and to places at the rim of the net, without turns: never more than a way takes."""

    def __init__(self, graph: RoadGraph, costs: Costs, net: Ints) -> None:
        seconds = np.array(costs.edge_s)
        usable = np.flatnonzero(np.isfinite(seconds))
        number = len(graph.node_position)
        tails, heads = graph.edge_tail[usable], graph.edge_head[usable]
        matrix = _least(tails, heads, seconds[usable], number)
        rim = self._rim(graph, np.unique(graph.edge_tail[net])) if len(net) else []
        self._from: Floats = np.asarray(dijkstra(matrix, indices=rim)).reshape(-1, number)
        self._to: Floats = np.asarray(dijkstra(matrix.T.tocsr(), indices=rim)).reshape(-1, number)

    @staticmethod
    def _rim(graph: RoadGraph, nodes: Ints) -> list[int]:
        """The outermost node in each of several directions."""
        angles = 2.0 * np.pi * np.arange(LANDMARKS) / LANDMARKS
        places = graph.node_position[nodes] - graph.node_position[nodes].mean(axis=0)
        places[:, 0] *= np.cos(np.radians(graph.node_position[nodes, 1].mean()))
        outermost = np.argmax(places @ np.stack([np.cos(angles), np.sin(angles)]), axis=0)
        return sorted({int(nodes[place]) for place in outermost})

    def bounds(self, goals: Mapping[int, float], tails: Ints, shrink: float = 1.0) -> list[float]:
        """By node, least seconds to a goal: `goals` holds seconds from the beginning of an edge, `tails` all edges'
        tails. `shrink` (at most 1): how much faster everything may be than when the landmarks were measured.
        """
        best = np.full(self._from.shape[1], np.inf)
        for edge, rest_s in goals.items():
            node = int(tails[edge])
            bound = np.zeros(len(best))
            with np.errstate(invalid="ignore"):  # infinity less infinity says nothing, and fmax passes over it
                for outward, inward in zip(self._from, self._to, strict=True):
                    np.fmax(bound, outward[node] - outward, out=bound)
                    np.fmax(bound, inward - inward[node], out=bound)
            best = np.minimum(best, bound * (shrink * (1.0 - 1e-9)) + rest_s)
        told: list[float] = best.tolist()
        return told


def _least(tails: Ints, heads: Ints, seconds: Floats, number: int) -> csr_array:
    """The matrix of the quickest edge between two nodes (scipy would add parallel ones up)."""
    order = np.lexsort((seconds, heads, tails))
    tails, heads, seconds = tails[order], heads[order], seconds[order]
    first = np.ones(len(tails), dtype=bool)
    first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    return csr_array((seconds[first], (tails[first], heads[first])), shape=(number, number))
