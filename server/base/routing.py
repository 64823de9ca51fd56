"""Routes of emergency vehicles: `Router.route` from a position to another for a vehicle, around what is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any, NamedTuple, TypeVar

import numpy as np
import shapely
from shapely.ops import substring

from layers.geo import as_shape
from server import runtime
from server.base.moments import Moment, Moments
from server.base.road_costs import Costs, costs, doubts
from server.base.road_graph import Floats, RoadGraph
from server.base.road_rules import BLOCKED, CLASSES
from server.base.search import Finder, Found, Left
from server.base.snapping import Snap
from server.base.steps import Step, steps
from server.base.streets import Streets
from server.base.vehicles import USUAL, VEHICLES, Vehicle

T = TypeVar("T")
CROWD_MPS = 1.0
"""How fast an engine gets through people who make way."""
MAX_AVOID = 200
CACHED, MOST_NETS = 16, 8
LIMITS = {
    "max_height_m": "segment_max_height_m",
    "max_weight_t": "segment_max_weight_t",
    "max_width_m": "segment_max_width_m",
}


@dataclass(frozen=True, slots=True)
class Avoid:
    """Something in the way: `geometry` in WGS84, closed for all (`slow` False) or only slow, such as a crowd."""

    name: str
    geometry: dict[str, Any]
    slow: bool = False


@dataclass(frozen=True, kw_only=True)
class Route:
    """A way. Seconds are of the drive; from the vehicle to the goal it is `walk_m` on foot."""

    profile: str
    geometry: dict[str, Any]
    length_m: float
    duration_s: float
    start_off_m: float
    walk_m: float
    steps: list[Step]
    limits: list[dict[str, Any]]
    """Limits that are met on the way and kept."""
    uncertain: list[str]
    """What nobody tagged, or what nobody understood of the tags (`condition`)."""
    avoided: list[str]
    """What was driven around, by name."""
    passes: list[str]
    """What could not be driven around: it is slow, or start or goal lie in it."""
    detour_s: float
    """What driving around costs against the way without anything in it."""
    class_s: dict[str, float]
    """Seconds by road class."""
    edges: tuple[int, ...] = field(repr=False)
    settled: int = 0


@dataclass(frozen=True, kw_only=True)
class NoWay:
    """There is none, and why: `reason` is off_map, not_connected, closed or limit."""

    reason: str
    detail: list[str]


class _Net(NamedTuple):
    """What a profile's ways are like at a moment, without anything learned."""

    cost: Costs
    arc_s: Floats
    segments: frozenset[int]
    """From which everywhere can be reached, and that can be reached from everywhere."""


class Router:
    """Routes on streets; made once and used from several threads."""

    def __init__(self, streets: Streets, profiles: Mapping[str, Vehicle] | None = None, against: bool = False) -> None:
        self._streets = streets
        self.graph, self.plane = streets.graph, streets.plane
        self.snapper = streets.snapper
        self.profiles = dict(profiles or VEHICLES)
        self._against = against
        self._finder = Finder(self.graph)
        self._moments = Moments(self.graph, self.plane.lon, self.plane.lat)
        self._lock = runtime.native_lock()
        self._nets: dict[tuple[str, Moment], _Net] = {}
        self._paced: dict[Any, Costs] = {}
        self._left: dict[Any, Left] = {}

    def route(
        self,
        start: tuple[float, float],
        goal: tuple[float, float],
        profile: str = USUAL,
        avoid: Sequence[Avoid] = (),
        pace: Mapping[str, float] | None = None,
        at: datetime | None = None,
    ) -> Route | NoWay:
        """The quickest way between two positions (longitude, latitude). Raises KeyError for an unknown profile.

        `at`: when, aware; by it the conditions on signs are judged, and without it those that ask for the hour are
        not understood.
        """
        moment, net, cost = self._at(profile, at, pace or {})
        ends = [self.snapper.snap(*place, net.segments.__contains__) for place in (start, goal)]
        begin, end = ends
        if begin is None or end is None:
            missing = [name for name, snap in zip(("start", "goal"), ends, strict=True) if snap is None]
            return NoWay(reason="off_map", detail=missing)
        free = self._search(cost, net.arc_s, begin, end, {})
        if free is None:
            return self._why(net.cost, begin, end)
        in_the_way = [(one, self._edges_in(one)) for one in avoid[:MAX_AVOID]]
        extra = self._extra(in_the_way, begin, end)
        # A way on which nothing lies stays the quickest, whatever lies elsewhere.
        found = free if extra.keys().isdisjoint(free.edges) else self._search(cost, net.arc_s, begin, end, extra)
        if found is None:
            touched = set(free.edges)
            names = [one.name for one, edges in in_the_way if not one.slow and not touched.isdisjoint(edges)]
            return NoWay(reason="closed", detail=names)
        return self._told(profile, moment, cost, begin, end, found, free, in_the_way)

    # -- costs ---------------------------------------------------------------------------------------------------------

    def _at(self, profile: str, at: datetime | None, pace: Mapping[str, float]) -> tuple[Moment, _Net, Costs]:
        """What a profile's ways are like then, and what they cost with what was learned; made when first asked for."""
        vehicle = self.profiles[profile]
        with self._lock:
            moment = self._moments.at(at, vehicle)
            net = self._nets.get((profile, moment))
            if net is None:
                net = _kept(self._nets, (profile, moment), self._net(vehicle, moment), MOST_NETS)
            if not pace:
                return moment, net, net.cost
            key = (profile, moment, tuple(sorted(pace.items())))
            cost = self._paced.get(key)
            if cost is None:
                cost = _kept(self._paced, key, costs(moment.graph, vehicle, pace, self._against), CACHED)
            return moment, net, cost

    def _net(self, vehicle: Vehicle, moment: Moment) -> _Net:
        from server.base.nets import largest_nets  # scipy: half a second that not every start pays

        cost = costs(moment.graph, vehicle, None, self._against)
        arc_s = self._finder.states.seconds(cost, moment.turns)
        nets = largest_nets(self._finder.states, cost, arc_s)
        segments = frozenset(segment for edges in nets for segment in self.graph.edge_segment[edges].tolist())
        return _Net(cost, arc_s, segments)

    def _left_of(self, cost: Costs, goals: Mapping[int, float], starts: Mapping[int, float]) -> Left:
        """What is left to the goal: units on their way to the same mission share it."""
        key = (cost, *goals.items())
        with self._lock:
            found = self._left.get(key)
        if found is None or not self._finder.is_enough(found, starts):
            found = self._finder.left(cost, goals, starts)
            with self._lock:
                _kept(self._left, key, found, CACHED)
        return found

    # -- searching -----------------------------------------------------------------------------------------------------

    def _search(self, cost: Costs, arc_s: Floats, begin: Snap, end: Snap, extra: Mapping[int, float]) -> Found | None:
        length = self.graph.segment_length_m
        starts, goals, direct = dict[int, float](), dict[int, float](), dict[int, float]()
        begin_share, end_share = begin.along_m / length[begin.segment], end.along_m / length[end.segment]
        for edge, share in zip(self._streets.pairs[begin.segment], (1.0 - begin_share, begin_share), strict=True):
            if cost.edge_s[edge] < inf:
                starts[edge] = float(cost.edge_s[edge] * share)
        for edge, share in zip(self._streets.pairs[end.segment], (end_share, 1.0 - end_share), strict=True):
            if cost.edge_s[edge] < inf:
                goals[edge] = float(cost.edge_s[edge] * share)
                ahead = starts.get(edge, -1.0) - (float(cost.edge_s[edge]) - goals[edge])
                if begin.segment == end.segment and edge in starts and ahead >= 0.0:
                    direct[edge] = ahead
        if not starts or not goals:
            return None
        left = self._left_of(cost, goals, starts)
        return self._finder.quickest(cost, arc_s, starts, left, extra, direct)

    def _edges_in(self, avoid: Avoid) -> dict[int, float]:
        """Edges that touch the geometry, with their metres in it."""
        shape = as_shape(avoid.geometry)
        plane = shapely.transform(shape, lambda places: np.column_stack(self.plane.of(places)))
        if not plane.is_valid:
            plane = shapely.make_valid(plane)
        shapely.prepare(plane)
        segments = self.snapper.tree.query(plane, predicate="intersects")
        inside = shapely.length(self.snapper.lines[segments])
        # What lies in it as a whole needs no cutting: that is most of a large area, and cutting takes the time.
        cut = ~np.isin(segments, self.snapper.tree.query(plane, predicate="contains_properly"))
        inside[cut] = shapely.length(shapely.intersection(self.snapper.lines[segments[cut]], plane))
        found = {}
        for segment, metres in zip(segments.tolist(), inside.tolist(), strict=True):
            for edge in self._streets.pairs[segment]:
                found[edge] = metres
        return found

    def _extra(self, in_the_way: Sequence[tuple[Avoid, dict[int, float]]], begin: Snap, end: Snap) -> dict[int, float]:
        """Seconds more by edge. A closure that start or goal lie in is only slow: whoever must in there drives in."""
        extra: dict[int, float] = {}
        inner = {*self._streets.pairs[begin.segment], *self._streets.pairs[end.segment]}
        ends = shapely.points([(begin.lon, begin.lat), (end.lon, end.lat)])
        for one, edges in in_the_way:
            slow = one.slow
            if not slow and not inner.isdisjoint(edges):
                slow = bool(shapely.intersects(as_shape(one.geometry), shapely.buffer(ends, 1e-6)).any())
            for edge, metres in edges.items():
                extra[edge] = extra.get(edge, 0.0) + (metres / CROWD_MPS if slow else inf)
        return extra

    def _why(self, cost: Costs, begin: Snap, end: Snap) -> NoWay:
        """What lies on the way that there would be without limits and barriers."""
        lengths = self.graph.segment_length_m[self.graph.edge_segment]
        open_cost = Costs(
            edge_s=lengths / 10.0, node_s=np.zeros(len(cost.node_s)), turn_s=np.zeros(361), u_turn_s=10.0, why_not={}
        )
        found = self._search(open_cost, self._finder.states.seconds(open_cost, ()), begin, end, {})
        if found is None:
            return NoWay(reason="not_connected", detail=[])
        edges = set(found.edges)
        reasons = [reason for reason, barred in cost.why_not.items() if not edges.isdisjoint(barred.tolist())]
        if any(self.graph.node_barrier[self.graph.edge_head[edge]] == BLOCKED for edge in found.edges[:-1]):
            reasons.append("barrier")
        return NoWay(reason="limit", detail=sorted(reasons))

    # -- telling -------------------------------------------------------------------------------------------------------

    def _told(
        self, profile: str, moment: Moment, cost: Costs, begin: Snap, end: Snap, found: Found, free: Found,
        in_the_way: Sequence[tuple[Avoid, dict[int, float]]],
    ) -> Route:  # fmt: skip
        graph, edges = moment.graph, found.edges
        line = self._line(edges, begin, end)
        segments = [int(graph.edge_segment[edge]) for edge in edges]
        metres = self._metres(edges, begin, end)
        whole = graph.segment_length_m[segments]
        seconds = [float(cost.edge_s[edge]) * m / float(w) for edge, m, w in zip(edges, metres, whole, strict=True)]
        by_class: dict[str, float] = {}
        for segment, spent in zip(segments, seconds, strict=True):
            name = CLASSES[int(graph.segment_class[segment])]
            by_class[name] = by_class.get(name, 0.0) + spent
        on_route, on_free = set(edges), set(free.edges)
        avoided = [
            one.name for one, inside in in_the_way if on_route.isdisjoint(inside) and not on_free.isdisjoint(inside)
        ]
        passes = [one.name for one, inside in in_the_way if not on_route.isdisjoint(inside)]
        return Route(
            profile=profile,
            geometry={
                "type": "LineString",
                "coordinates": [[round(lon, 6), round(lat, 6)] for lon, lat in line.tolist()],
            },
            length_m=round(sum(metres), 1),
            duration_s=round(found.seconds, 1),
            start_off_m=round(begin.off_m, 1),
            walk_m=round(end.off_m, 1),
            steps=steps(graph, edges, metres, seconds),
            limits=_limits(graph, segments),
            uncertain=sorted({*doubts(graph, segments), *(["condition"] if moment.is_unclear(edges) else [])}),
            avoided=sorted(set(avoided)),
            passes=sorted({*passes}),
            detour_s=round(found.seconds - free.seconds, 1),
            class_s={name: round(spent, 2) for name, spent in by_class.items()},
            edges=tuple(edges),
            settled=found.settled + (free.settled if found is not free else 0),
        )

    def _metres(self, edges: Sequence[int], begin: Snap, end: Snap) -> list[float]:
        """How much of each edge is driven."""
        graph = self.graph
        metres = [float(graph.segment_length_m[graph.edge_segment[edge]]) for edge in edges]
        skipped = begin.along_m if not graph.edge_backward[edges[0]] else metres[0] - begin.along_m
        left = metres[-1] - end.along_m if not graph.edge_backward[edges[-1]] else end.along_m
        metres[0] -= skipped
        metres[-1] -= left
        return [max(0.0, part) for part in metres]

    def _line(self, edges: Sequence[int], begin: Snap, end: Snap) -> Floats:
        """Positions from the start on the road to the goal on the road."""
        graph, pieces = self.graph, []
        for index, edge in enumerate(edges):
            line, whole = self.snapper.lines[graph.edge_segment[edge]], graph.segment_length_m[graph.edge_segment[edge]]
            low = begin.along_m / whole if index == 0 else None
            high = end.along_m / whole if index == len(edges) - 1 else None
            if graph.edge_backward[edge]:
                line = line.reverse()
                low, high = (None if low is None else 1 - low), (None if high is None else 1 - high)
            if low is not None or high is not None:
                line = substring(line, low or 0.0, 1.0 if high is None else high, normalized=True)
            pieces.append(shapely.get_coordinates(line))
        plane = np.concatenate(pieces)
        keep = np.concatenate([[True], np.any(np.abs(np.diff(plane, axis=0)) > 1e-3, axis=1)])
        plane = plane[keep] if keep.sum() > 1 else plane[[0, -1]]
        lon, lat = self.plane.degrees(plane[:, 0], plane[:, 1])
        return np.column_stack([lon, lat])


def _kept(kept: dict[Any, T], key: Any, value: T, most: int) -> T:
    """The value, kept; the oldest goes."""
    while len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value
    return value


def _limits(graph: RoadGraph, segments: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"limit": limit, "value": float(values[segment]), "street": graph.name(segment)}
        for limit, column in LIMITS.items()
        for values in (getattr(graph, column),)
        for segment in dict.fromkeys(segments)
        if not np.isnan(values[segment])
    ]
