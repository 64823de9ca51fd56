"""What an edge costs a vehicle on an emergency run, in seconds; infinite where it cannot or may not go.

The law (StVO section 35) lets a fire engine on an emergency run do what signs forbid; walls, bollards and bridges do
not care. So signs cost time and matter closes: see docs/adr/0085.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from server.base.road_graph import Floats, Ints, RoadGraph
from server.base.road_rules import (
    BLOCKED,
    CLASSES,
    CLOSED,
    EMERGENCY,
    FIRST_FOR_WALKERS,
    GATE,
    LINK,
    LOW_CLASSES,
    LOW_ROOF,
    NO_MOTORS,
    ONLY_BACKWARD,
    ONLY_FORWARD,
    PRIVATE,
    REMOVABLE,
    ROUGH,
    ROUNDABOUT,
    UNKNOWN_GROUND,
)
from server.base.vehicles import Vehicle

Mask = NDArray[np.bool_]

USUAL_KMH = dict(zip(CLASSES, (120, 90, 65, 60, 50, 45, 30, 10, 15, 15, 10, 7, 7, 7, 0.001), strict=True))
"""Speed in km/h by class where no limit is tagged: Germany's towns."""
LINK_KMH = 50.0
WALKERS_KMH = 10.0
AGAINST_KMH = 10.0
ROUNDABOUT_KMH = 30.0
PRIVATE_FACTOR, FORBIDDEN_FACTOR, UNKNOWN_GROUND_FACTOR = 1.2, 1.3, 1.3
GATE_S, REMOVABLE_S = 20.0, 60.0
ROOM_M = 0.2
"""How much wider than the vehicle a way must be."""
SLOWEST, FASTEST = 0.4, 1.6
"""Bounds of what is learned of a class of roads."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Costs:
    """Seconds, infinite for what is out of the question."""

    edge_s: Floats
    node_s: Floats
    turn_s: Floats
    """By the angle of the turn in whole degrees plus 180: -180 (back) over 0 (straight on) to 180."""
    u_turn_s: float
    why_not: "dict[str, Ints]"
    """Edges that are out of the question, by reason."""


def costs(
    graph: RoadGraph, vehicle: Vehicle, pace: Mapping[str, float] | None = None, against_oneways: bool = False
) -> Costs:
    """What everything costs this vehicle; `pace` holds factors on the speed by road class, 1 where it is silent."""
    pace = pace or {}
    factors = np.array([min(FASTEST, max(SLOWEST, pace.get(name, 1.0))) for name in CLASSES])
    segment = graph.edge_segment
    flags, road_class = graph.segment_flags[segment], graph.segment_class[segment]
    against = _against(graph)
    kmh = _speeds_kmh(graph, flags, road_class) * factors[road_class] * vehicle.speed_factor
    kmh = np.minimum(kmh, vehicle.max_kmh)
    kmh[against] = np.minimum(kmh[against], AGAINST_KMH)
    seconds = graph.segment_length_m[segment] / (kmh / 3.6)
    seconds[flags & PRIVATE != 0] *= PRIVATE_FACTOR
    seconds[flags & NO_MOTORS != 0] *= FORBIDDEN_FACTOR
    seconds[flags & UNKNOWN_GROUND != 0] *= UNKNOWN_GROUND_FACTOR
    why_not = _why_not(graph, vehicle, flags, road_class, against, against_oneways)
    for edges in why_not.values():
        seconds[edges] = inf
    return Costs(
        edge_s=seconds,
        node_s=_node_costs(graph, vehicle),
        turn_s=_turn_costs(vehicle),
        u_turn_s=vehicle.u_turn_s,
        why_not=why_not,
    )


def _against(graph: RoadGraph) -> Mask:
    flags, backward = graph.segment_flags[graph.edge_segment], graph.edge_backward == 1
    forbidden: Mask = np.where(backward, flags & ONLY_FORWARD != 0, flags & ONLY_BACKWARD != 0)
    return forbidden


def _speeds_kmh(graph: RoadGraph, flags: Ints, road_class: Ints) -> Floats:
    tagged = graph.segment_kmh[graph.edge_segment, graph.edge_backward]
    usual = np.array([USUAL_KMH[name] for name in CLASSES], dtype=np.float64)[road_class]
    usual = np.where((flags & LINK != 0) & (usual > LINK_KMH), LINK_KMH, usual)
    kmh: Floats = np.where(np.isnan(tagged), usual, tagged)
    kmh = np.where(flags & ROUNDABOUT != 0, np.minimum(kmh, ROUNDABOUT_KMH), kmh)
    walkers = (road_class >= FIRST_FOR_WALKERS) | (flags & NO_MOTORS != 0)
    kmh = np.where(walkers, np.minimum(kmh, WALKERS_KMH), kmh)
    return np.maximum(kmh, 3.0)


def _why_not(
    graph: RoadGraph, vehicle: Vehicle, flags: Ints, road_class: Ints, against: Mask, against_oneways: bool
) -> dict[str, Ints]:
    segment = graph.edge_segment
    wide_enough = graph.segment_width_m[segment] >= vehicle.width_m + ROOM_M
    made_for_us = flags & EMERGENCY != 0
    low = np.isin(road_class, [CLASSES.index(name) for name in sorted(LOW_CLASSES)]) & (
        flags & (LINK | ROUNDABOUT) == 0
    )
    path = road_class > FIRST_FOR_WALKERS
    steps = road_class == CLASSES.index("steps")
    opened = path & (flags & NO_MOTORS == 0) & ~steps
    reasons = {
        "steps": steps,
        "footway": path & ~steps & ~(wide_enough | made_for_us | opened),
        "closed": flags & CLOSED != 0,
        "oneway": against & ~(low & against_oneways),
        "rough": (flags & ROUGH != 0) & (not vehicle.off_road),
        "max_height_m": graph.segment_max_height_m[segment] < vehicle.height_m,
        "max_weight_t": graph.segment_max_weight_t[segment] < vehicle.weight_t,
        "max_width_m": graph.segment_max_width_m[segment] < vehicle.width_m,
        "width_m": (graph.segment_width_m[segment] < vehicle.width_m + ROOM_M) & ~made_for_us,
    }
    return {reason: np.flatnonzero(mask) for reason, mask in reasons.items() if mask.any()}


def _node_costs(graph: RoadGraph, vehicle: Vehicle) -> Floats:
    seconds: Floats = np.zeros(len(graph.node_position))
    seconds[graph.node_signals == 1] = vehicle.signals_s
    seconds[graph.node_barrier == GATE] += GATE_S
    seconds[graph.node_barrier == REMOVABLE] += REMOVABLE_S
    seconds[graph.node_barrier == BLOCKED] = inf
    seconds[graph.node_max_height_m < vehicle.height_m] = inf
    seconds[graph.node_max_width_m < vehicle.width_m] = inf
    return seconds


def _turn_costs(vehicle: Vehicle) -> Floats:
    """Nothing up to 20 degrees, then in proportion, the full cost at a right angle, twice as much at a hairpin."""
    told = []
    for angle in range(-180, 181):
        full = vehicle.right_turn_s if angle > 0 else vehicle.left_turn_s
        told.append(full * max(0.0, abs(angle) - 20.0) / 70.0)
    return np.array(told)


def doubts(graph: RoadGraph, segments: Iterable[int]) -> set[str]:
    """What nobody tagged of these segments although it could stop a truck: width, ground, height, private."""
    found = set()
    for segment in segments:
        flags, road_class = int(graph.segment_flags[segment]), int(graph.segment_class[segment])
        if road_class >= FIRST_FOR_WALKERS and np.isnan(graph.segment_width_m[segment]) and not flags & EMERGENCY:
            found.add("width")
        if flags & UNKNOWN_GROUND:
            found.add("ground")
        if flags & LOW_ROOF:
            found.add("height")
        if flags & PRIVATE:
            found.add("private")
    return found
