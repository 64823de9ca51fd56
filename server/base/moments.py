"""A graph as its signs are at a time: conditional tags are put in force, and the same rules read them as all others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from server.base import road_rules
from server.base.conditions import SUFFIX, Conditions, InForce, clauses, is_conditional
from server.base.road_graph import Ints, RoadGraph
from server.base.states import sequences
from server.base.vehicles import Vehicle

KEPT = frozenset({
    "highway", "junction", "bridge", "tunnel", "covered", "oneway", "oneway:emergency", "emergency", "service",
    "motorcar", "motor_vehicle", "vehicle", "access", "smoothness", "tracktype", "surface", "barrier", "bollard",
    "maxspeed", "maxspeed:forward", "maxspeed:backward", "maxheight", "maxheight:physical", "maxweight", "maxwidth",
    "maxwidth:physical", "width",
})  # fmt: skip
"""What `road_rules.way` and `road_rules.barrier` read, but for names."""


def condition(tags: Mapping[str, str]) -> str:
    """The entry of `RoadGraph.conditions` for a way or a node; empty where nothing depends on anything."""
    return _written(tags) if is_conditional(tags) else ""


def turns(tags: Mapping[str, str]) -> list[tuple[str, str]]:
    """Kinds of restriction that a relation may be (`no_left_turn`), each with the entry for when it is that."""
    plain, told = tags.get("restriction"), tags.get("restriction" + SUFFIX)
    if told is None:
        return [(plain, "")] if plain is not None else []
    kinds = dict.fromkeys(filter(None, (plain, *(part.value for part in clauses(told) or ()))))
    return [
        (kind, _written({name: tags[name] for name in tags if name.startswith("restriction")}, kind)) for kind in kinds
    ]


def _written(tags: Mapping[str, str], kind: str | None = None) -> str:
    kept = {key: tags[key] for key in sorted(tags) if key in KEPT or key.endswith(SUFFIX) or kind is not None}
    return json.dumps({"tags": kept} | ({} if kind is None else {"kind": kind}), ensure_ascii=False)


@dataclass(frozen=True, eq=False)
class Moment:
    """The graph as it is then, for a vehicle."""

    graph: RoadGraph
    turns: frozenset[int]
    """Conditions of turn restrictions that are in force."""
    unclear: frozenset[int]
    """Conditions of which something was not understood."""

    def is_unclear(self, edges: Sequence[int]) -> bool:
        """Whether what was not understood concerns a way over these edges."""
        if not self.unclear:
            return False
        graph, unclear = self.graph, np.array(sorted(self.unclear))
        if np.isin(graph.segment_condition[graph.edge_segment[list(edges)]], unclear).any():
            return True
        if np.isin(graph.node_condition[graph.edge_head[list(edges[:-1])]], unclear).any():
            return True
        places = {edge: place for place, edge in enumerate(edges)}
        driven = tuple(edges)
        return any(
            driven[places[barred[0]] : places[barred[0]] + len(barred)] == barred
            for barred, which in sequences(graph)
            if which in self.unclear and barred[0] in places
        )


class Moments:
    """Makes moments of a graph; equal ones are made once."""

    MOST = 16

    def __init__(self, graph: RoadGraph, lon: float, lat: float) -> None:
        self._graph = graph
        self._conditions = Conditions(lon, lat)
        self._texts: list[Any] = [json.loads(text) for text in graph.conditions[1:]]
        self._made: dict[Any, Moment] = {}
        self._segments = _by_condition(graph.segment_condition)
        self._nodes = _by_condition(graph.node_condition)

    def at(self, at: datetime | None, vehicle: Vehicle) -> Moment:
        """The moment; the same object for the same signs in force."""
        found = [self._conditions.in_force(text["tags"], at, vehicle) for text in self._texts]
        key = tuple((*one.tags.items(), one.unclear) for one in found)
        if key not in self._made:
            while len(self._made) >= self.MOST:
                del self._made[next(iter(self._made))]
            self._made[key] = self._moment(found)
        return self._made[key]

    def _moment(self, found: Sequence[InForce]) -> Moment:
        if not found:
            return Moment(self._graph, frozenset(), frozenset())
        graph, in_force = self._graph, {place: one.tags for place, one in enumerate(found, 1)}
        columns = {name: getattr(graph, name).copy() for name in _COLUMNS}
        for place, segments in self._segments.items():
            way = road_rules.way(in_force[place])
            assert way is not None, "what is a way does not depend on conditions"
            for name, value in _columns(way).items():
                columns[name][segments] = value
        for place, nodes in self._nodes.items():
            columns["node_barrier"][nodes] = road_rules.barrier(in_force[place])
        return Moment(
            replace(graph, **columns),
            frozenset(
                place
                for place, text in enumerate(self._texts, 1)
                if "kind" in text and in_force[place].get("restriction") == text["kind"]
            ),
            frozenset(place for place, one in enumerate(found, 1) if one.unclear),
        )


def _columns(way: road_rules.Way) -> dict[str, Any]:
    return {
        "segment_flags": way.flags,
        "segment_kmh": (way.forward_kmh, way.backward_kmh),
        "segment_max_height_m": way.max_height_m,
        "segment_max_weight_t": way.max_weight_t,
        "segment_max_width_m": way.max_width_m,
    }


_COLUMNS = (
    *("segment_flags", "segment_kmh", "segment_max_height_m", "segment_max_weight_t", "segment_max_width_m"),
    "node_barrier",
)


def _by_condition(conditions: Ints) -> dict[int, Any]:
    places = np.flatnonzero(conditions)
    return {int(which): places[conditions[places] == which] for which in np.unique(conditions[places])}
