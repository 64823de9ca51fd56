"""Turn restrictions as sequences of edges that must not be driven: over a node two edges, over ways between more."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.base.road_graph import Ints

Sequence = tuple[int, ...]
MOST_EDGES, MOST_LOOKS = 60, 2_000
"""Of the ways in between of one restriction: what is longer or more tangled is a mistake in the map."""


@dataclass(slots=True)
class Ban:
    """A turn restriction from a way over a node, or over ways that hang together, to a way (`only`: to no other).

    `condition` is as in `RoadGraph.conditions`; empty: always.
    """

    from_ways: tuple[int, ...]
    via: int
    to_ways: tuple[int, ...]
    only: bool
    via_ways: tuple[int, ...] = ()
    """`via` does not count then."""
    condition: str = ""


class _Edges:
    """What the restrictions need of a graph that is being made."""

    def __init__(self, arrays: Mapping[str, Any], ways: frozenset[int]) -> None:
        self.head: list[int] = arrays["edge_head"].tolist()
        self.twin: list[int] = arrays["edge_twin"].tolist()
        self.first: list[int] = arrays["first"].tolist()
        self._way: Ints = arrays["segment_way"][arrays["edge_segment"]]
        self.way: list[int] = self._way.tolist()
        self.of_way: dict[int, list[int]] = defaultdict(list)
        for edge in np.flatnonzero(np.isin(self._way, sorted(ways))).tolist():
            self.of_way[self.way[edge]].append(edge)

    def leaving(self, edge: int) -> range:
        return range(self.first[self.head[edge]], self.first[self.head[edge] + 1])


def banned(
    arrays: Mapping[str, Any], node_of: Mapping[int, int], bans: Iterable[Ban], conditions: dict[str, int]
) -> dict[str, Any]:
    """The graph's arrays of what is forbidden; `conditions` grows. Ways that do not meet forbid nothing."""
    bans = list(bans)
    edges = _Edges(arrays, frozenset(way for ban in bans for way in ban.from_ways))
    found: set[tuple[Sequence, int]] = set()
    for ban in bans:
        condition = conditions.setdefault(ban.condition, len(conditions))
        found.update((sequence, condition) for sequence in _sequences(edges, node_of, ban))
    always = {sequence for sequence, condition in found if not condition}
    pairs = sorted(sequence for sequence in always if len(sequence) == 2)
    rest = sorted(one for one in found if (len(one[0]) > 2 or one[1]) and (not one[1] or one[0] not in always))
    ends = np.cumsum([0, *(len(sequence) for sequence, _ in rest)], dtype=np.int64)
    return {
        "banned": np.array(pairs, dtype=np.int64).reshape(-1, 2),
        "barred_first": ends,
        "barred_edges": np.array([edge for sequence, _ in rest for edge in sequence], dtype=np.int64),
        "barred_condition": np.array([condition for _, condition in rest], dtype=np.int64),
    }


def _sequences(edges: _Edges, node_of: Mapping[int, int], ban: Ban) -> Iterator[Sequence]:
    for driven in _up_to_the_turn(edges, node_of, ban):
        leaving = edges.leaving(driven[-1])
        named = [edge for edge in leaving if edges.way[edge] in ban.to_ways]
        back = edges.twin[driven[-1]]
        barred = [edge for edge in leaving if edge not in named and edge != back] if ban.only else named
        if named:
            yield from ((*driven, edge) for edge in barred)


def _up_to_the_turn(edges: _Edges, node_of: Mapping[int, int], ban: Ban) -> Iterator[Sequence]:
    """Edges from the way that is come from, over all ways in between, to the node at which is turned."""
    entries = [edge for way in ban.from_ways for edge in edges.of_way[way]]
    if not ban.via_ways:
        node = node_of.get(ban.via)
        yield from ((edge,) for edge in entries if edges.head[edge] == node)
        return
    between, looks = frozenset(ban.via_ways), 0
    waiting: list[Sequence] = [(edge,) for edge in entries]
    while waiting and looks < MOST_LOOKS:
        looks += 1
        driven = waiting.pop()
        if between.issubset(edges.way[edge] for edge in driven[1:]):
            yield driven
        if len(driven) > MOST_EDGES:
            continue
        seen = {edges.head[edge] for edge in driven}
        onward = (edge for edge in edges.leaving(driven[-1]) if edges.way[edge] in between)
        waiting += [(*driven, edge) for edge in onward if edges.head[edge] not in seen]
