"""What the search goes over: the edges of a graph, and copies of edges that remember a restriction that has begun.

Whoever has driven the first edges of a sequence that must not be driven to its end is in a copy of the last of them,
from which the end cannot be reached. Copies are the nodes of an automaton over the sequences, which may overlap (Aho,
Corasick: "Efficient string matching: an aid to bibliographic search", 1975).
"""

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from server.base.road_costs import Costs
from server.base.road_graph import Floats, Ints, RoadGraph

Sequence = tuple[int, ...]
STRAIGHT = 180


def sequences(graph: RoadGraph) -> Iterator[tuple[Sequence, int]]:
    """Edges that must not follow one another like this, and the condition (place in `graph.conditions`)."""
    yield from ((tuple(pair), 0) for pair in graph.banned.tolist())
    first, edges = graph.barred_first.tolist(), graph.barred_edges.tolist()
    for index, condition in enumerate(graph.barred_condition.tolist()):
        yield tuple(edges[first[index] : first[index + 1]]), condition


class States:
    """States `0 .. edges - 1` are the edges themselves, then copies; `after[first[s] .. first[s + 1]]` may follow s."""

    def __init__(self, graph: RoadGraph) -> None:
        number = len(graph.edge_head)
        known = list(sequences(graph))
        places: dict[Sequence, int] = {}
        for sequence, _ in known:
            for length in range(2, len(sequence)):
                places.setdefault(sequence[:length], number + len(places))
        self.edge: Ints = np.concatenate([np.arange(number), [driven[-1] for driven in places]]).astype(np.int64)
        self.copies: dict[int, list[int]] = {}
        """Copies of an edge."""
        for driven, place in places.items():
            self.copies.setdefault(driven[-1], []).append(place)
        self._head = graph.edge_head[self.edge]
        self._leaving = graph.first
        degree = np.diff(graph.first)[self._head]
        self.first: Ints = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
        self.before: Ints = np.repeat(np.arange(len(self.edge)), degree)
        onward = graph.first[self._head][self.before] + np.arange(len(self.before)) - self.first[self.before]
        self._back = onward == graph.edge_twin[self.edge][self.before]
        turn = (graph.edge_leaves_deg[onward] - graph.edge_arrives_deg[self.edge][self.before] + 540.0) % 360.0
        self._angle = np.where(degree[self.before] > 2, turn, STRAIGHT).astype(np.int16)
        self.after: NDArray[np.int32] = onward.astype(np.int32)
        self._begin(places)
        self._barred = self._forbid(known, places)

    def arc(self, state: int, edge: int) -> int:
        """Where it is said that this edge may follow."""
        return int(self.first[state]) + edge - int(self._leaving[self._head[state]])

    def seconds(self, cost: Costs, in_force: Collection[int]) -> Floats:
        """What it takes to get from state to state past the node between them; infinite where that is forbidden."""
        node_s: Floats = cost.node_s[self._head][self.before] + cost.turn_s[self._angle]
        told: Floats = np.where(self._back, cost.u_turn_s, node_s)
        for condition, arcs in self._barred.items():
            if condition == 0 or condition in in_force:
                told[arcs] = np.inf
        return told

    def _begin(self, places: dict[Sequence, int]) -> None:
        """Lead from each state into the copy that remembers the most."""
        for driven, place in places.items():
            if len(driven) == 2:
                self.after[self.arc(driven[0], driven[1])] = place
        for driven, place in places.items():
            for arc in range(int(self.first[place]), int(self.first[place + 1])):
                longer = (*driven, int(self.after[arc]))
                fits = (longer[start:] for start in range(len(driven)) if longer[start:] in places)
                if (longest := next(fits, None)) is not None:
                    self.after[arc] = places[longest]

    def _forbid(self, known: list[tuple[Sequence, int]], places: dict[Sequence, int]) -> dict[int, Ints]:
        ends: dict[Sequence, list[tuple[int, int]]] = {}
        for sequence, condition in known:
            ends.setdefault(sequence[:-1], []).append((sequence[-1], condition))
        states: dict[Sequence, int] = {driven: driven[0] for driven in ends if len(driven) == 1}
        states.update(places)
        arcs: dict[int, list[int]] = {}
        for driven, state in states.items():
            for start in range(len(driven)):
                for edge, condition in ends.get(driven[start:], ()):
                    arcs.setdefault(condition, []).append(self.arc(state, edge))
        return {condition: np.array(some, dtype=np.int64) for condition, some in arcs.items()}
