"""What the whole graph says before anybody asks: which edges hang together."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from server.base.road_costs import Costs
from server.base.road_graph import Floats, Ints
from server.base.states import States

LEAST_SHARE = 0.05


def largest_nets(states: States, costs: Costs, arc_s: Floats) -> list[Ints]:
    """Sets of edges in which each can be reached from each, the largest first; none without a usable edge.

    `arc_s` is of `States.seconds`. Small ones are left out (`LEAST_SHARE` of the largest): a parking deck cut off by a
    mistake in the map is no place to begin. An extract may well have two large ones, on either side of a river.
    """
    number, usable = len(states.edge), np.isfinite(costs.edge_s)[states.edge]
    if not usable.any():
        return []
    open_arcs = np.isfinite(arc_s) & usable[states.before] & usable[states.after]
    before, after = states.before[open_arcs], states.after[open_arcs]
    matrix = csr_array((np.ones(len(before), dtype=np.int8), (before, after)), shape=(number, number))
    _, label = connected_components(matrix, directed=True, connection="strong")
    sizes = np.bincount(label[usable])
    large = np.flatnonzero(sizes >= LEAST_SHARE * sizes.max())
    return [
        np.unique(states.edge[usable & (label == which)]) for which in large[np.argsort(-sizes[large], kind="stable")]
    ]


def pieces(tails: Ints, heads: Ints, lengths_m: Floats, number: int, least_m: float) -> Ints:
    """Places of the segments that hang together with at least so many metres of others, or with most of them all."""
    if not len(tails):
        return tails
    matrix = csr_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(number, number))
    _, label = connected_components(matrix, directed=False)
    metres = np.bincount(label[tails], weights=lengths_m)
    kept: Ints = np.flatnonzero(metres[label[tails]] >= min(least_m, metres.max()))
    return kept
