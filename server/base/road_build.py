"""Makes the road graph of ways, nodes and turn restrictions: cuts ways into segments at junctions and at what stands in
the way, and lays an edge over each segment in both directions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np

from layers.geo import step_lengths_m
from server.base.road_bans import Ban, banned
from server.base.road_graph import Floats, Ints, RoadGraph
from server.base.road_rules import FREE, Way

Position = tuple[float, float]


@dataclass(slots=True)
class NodeFacts:
    """What stands at a node."""

    barrier: int = FREE
    signals: bool = False
    rails: bool = False
    max_height_m: float = nan
    max_width_m: float = nan
    condition: str = ""
    """As in `RoadGraph.conditions`: on what the barrier depends."""

    @property
    def splits(self) -> bool:
        """Whether a way is cut here."""
        limited = self.max_height_m == self.max_height_m or self.max_width_m == self.max_width_m
        return self.barrier != FREE or self.rails or limited or bool(self.condition)


@dataclass(slots=True)
class Piece:
    """A way or what is left of it: node ids with their positions."""

    id: int
    way: Way
    refs: Sequence[int]
    positions: Sequence[Position]
    condition: str = ""
    """As in `RoadGraph.conditions`: on what its tags depend."""


@dataclass(slots=True)
class _Growing:
    """Lists that become the graph's arrays."""

    node_of: dict[int, int] = field(default_factory=dict)
    nodes: list[int] = field(default_factory=list)
    places: list[Position] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    lines: list[Sequence[Position]] = field(default_factory=list)

    def node(self, ref: int, place: Position) -> int:
        found = self.node_of.get(ref)
        if found is None:
            found = self.node_of[ref] = len(self.nodes)
            self.nodes.append(ref)
            self.places.append(place)
        return found


def make(
    pieces: Sequence[Piece], facts: dict[int, NodeFacts], bans: Iterable[Ban], cuts: Sequence[Sequence[Position]]
) -> RoadGraph:
    """The graph. Nothing to drive on gives an empty one."""
    growing = _Growing()
    vias = {ban.via for ban in bans if not ban.via_ways}
    junctions = _junctions(pieces, facts) | vias
    for piece in pieces:
        for start, end in _segments(piece, junctions):
            tail = growing.node(piece.refs[start], piece.positions[start])
            head = growing.node(piece.refs[end], piece.positions[end])
            growing.ends.append((tail, head))
            growing.pieces.append(piece)
            growing.lines.append(piece.positions[start : end + 1])
    arrays = {**_nodes(growing, facts), **_of_segments(growing), **_cut_lines(cuts)}
    arrays |= _edges(growing, arrays["positions"], arrays["segment_first"])
    arrays |= _conditions(growing, facts)
    conditions = {text: place for place, text in enumerate(arrays["conditions"])}
    arrays |= banned(arrays, growing.node_of, bans, conditions)
    return RoadGraph(**{**arrays, "conditions": tuple(conditions)})


def _junctions(pieces: Iterable[Piece], facts: dict[int, NodeFacts]) -> set[int]:
    used: Counter[int] = Counter()
    for piece in pieces:
        used.update(piece.refs)
    return {ref for ref, times in used.items() if times > 1 or (ref in facts and facts[ref].splits)}


def _segments(piece: Piece, junctions: set[int]) -> Iterator[tuple[int, int]]:
    """First and last index of each stretch between junctions; a loop is cut in the middle so that it has two ends."""
    start, last = 0, len(piece.refs) - 1
    for index in range(1, last + 1):
        if index < last and piece.refs[index] not in junctions:
            continue
        middle = (start + index) // 2
        if piece.refs[start] == piece.refs[index] and start < middle < index:
            yield start, middle
            yield middle, index
        else:
            yield start, index
        start = index


def _nodes(growing: _Growing, facts: dict[int, NodeFacts]) -> dict[str, Any]:
    known = [facts.get(ref) or NodeFacts() for ref in growing.nodes]
    return {
        "node_position": np.array(growing.places, dtype=np.float64).reshape(-1, 2),
        "node_barrier": np.array([one.barrier for one in known], dtype=np.int64),
        "node_signals": np.array([one.signals for one in known], dtype=np.int64),
        "node_rails": np.array([one.rails for one in known], dtype=np.int64),
        "node_max_height_m": np.array([one.max_height_m for one in known], dtype=np.float64),
        "node_max_width_m": np.array([one.max_width_m for one in known], dtype=np.float64),
    }


def _conditions(growing: _Growing, facts: dict[int, NodeFacts]) -> dict[str, Any]:
    known: dict[str, int] = {"": 0}
    ways = [known.setdefault(piece.condition, len(known)) for piece in growing.pieces]
    nodes = [facts[ref].condition if ref in facts else "" for ref in growing.nodes]
    return {
        "segment_condition": np.array(ways, dtype=np.int64),
        "node_condition": np.array([known.setdefault(text, len(known)) for text in nodes], dtype=np.int64),
        "conditions": tuple(known),
    }


def _of_segments(growing: _Growing) -> dict[str, Any]:
    names: dict[str, int] = {"": 0}
    ways = [piece.way for piece in growing.pieces]
    first, positions = _packed(growing.lines)
    steps = np.array(step_lengths_m(positions[:, 0].tolist(), positions[:, 1].tolist()))
    along = np.concatenate([[0.0], np.cumsum(steps)]) if len(steps) else np.zeros(1)
    # The step from one line to the next is no part of either.
    lengths = along[np.maximum(first[1:] - 1, 0)] - along[first[:-1]] if len(ways) else np.zeros(0)
    named = [names.setdefault(way.name, len(names)) for way in ways]
    numbered = [names.setdefault(way.ref, len(names)) for way in ways]
    return {
        "segment_way": np.array([piece.id for piece in growing.pieces], dtype=np.int64),
        "segment_class": np.array([way.road_class for way in ways], dtype=np.int64),
        "segment_flags": np.array([way.flags for way in ways], dtype=np.int64),
        "segment_name": np.array(named, dtype=np.int64),
        "segment_ref": np.array(numbered, dtype=np.int64),
        "segment_kmh": np.array([(way.forward_kmh, way.backward_kmh) for way in ways], dtype=np.float64).reshape(-1, 2),
        "segment_max_height_m": np.array([way.max_height_m for way in ways], dtype=np.float64),
        "segment_max_weight_t": np.array([way.max_weight_t for way in ways], dtype=np.float64),
        "segment_max_width_m": np.array([way.max_width_m for way in ways], dtype=np.float64),
        "segment_width_m": np.array([way.width_m for way in ways], dtype=np.float64),
        "segment_length_m": np.maximum(lengths, 0.01),
        "segment_first": first,
        "positions": positions,
        "names": tuple(names),
    }


def _packed(lines: Sequence[Sequence[Position]]) -> tuple[Ints, Floats]:
    first = np.concatenate([[0], np.cumsum([len(line) for line in lines], dtype=np.int64)]).astype(np.int64)
    positions = np.array([place for line in lines for place in line], dtype=np.float64).reshape(-1, 2)
    return first, positions


def _cut_lines(cuts: Sequence[Sequence[Position]]) -> dict[str, Any]:
    first, positions = _packed(cuts)
    return {"cut_first": first, "cut_positions": positions}


def _edges(growing: _Growing, positions: Floats, first: Ints) -> dict[str, Any]:
    number = len(growing.ends)
    ends = np.array(growing.ends, dtype=np.int64).reshape(-1, 2)
    segment = np.repeat(np.arange(number, dtype=np.int64), 2)
    backward = np.tile(np.array([0, 1], dtype=np.int64), number)
    tail = np.where(backward == 0, ends[segment, 0], ends[segment, 1])
    head = np.where(backward == 0, ends[segment, 1], ends[segment, 0])
    order = np.argsort(tail, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    twin = place[order ^ 1]
    begin, end = first[:-1], first[1:] - 1
    starts = _bearings(positions[begin], positions[begin + 1])
    finishes = _bearings(positions[end - 1], positions[end])
    leaves = np.where(backward == 0, starts[segment], (finishes[segment] + 180.0) % 360.0)
    arrives = np.where(backward == 0, finishes[segment], (starts[segment] + 180.0) % 360.0)
    return {
        "edge_segment": segment[order],
        "edge_backward": backward[order],
        "edge_tail": tail[order],
        "edge_head": head[order],
        "edge_twin": twin,
        "edge_leaves_deg": leaves[order],
        "edge_arrives_deg": arrives[order],
        "first": np.searchsorted(tail[order], np.arange(len(growing.nodes) + 1)).astype(np.int64),
    }


def _bearings(start: Floats, end: Floats) -> Floats:
    """Degrees clockwise from north on a plane that is true at the place: good enough for metres."""
    east = (end[:, 0] - start[:, 0]) * np.cos(np.radians(start[:, 1]))
    bearings: Floats = np.degrees(np.arctan2(east, end[:, 1] - start[:, 1])) % 360.0
    return bearings
