"""Routes of emergency vehicles: `Router.route` from a position to another for a vehicle, around what is closed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from shapely.ops import substring

from layers.geo import as_shape
from server import runtime
from server.base.road_costs import FASTEST, Costs, costs, doubts
from server.base.road_graph import Floats
from server.base.road_rules import BLOCKED, CLASSES
from server.base.search import Found, quickest
from server.base.snapping import Snap
from server.base.steps import Step, steps
from server.base.streets import Streets
from server.base.vehicles import USUAL, VEHICLES, Vehicle

if TYPE_CHECKING:
    from server.base.nets import Landmarks

CROWD_MPS = 1.0
"""How fast an engine gets through people who make way."""
MAX_AVOID = 200
CACHED = 16
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


Bound = Callable[[Mapping[int, float]], list[float]]


class _Net(NamedTuple):
    cost: Costs
    segments: frozenset[int]
    """From which everywhere can be reached, and that can be reached from everywhere."""
    landmarks: "Landmarks"


class Router:
    """Routes on streets; made once and used from several threads."""

    def __init__(self, streets: Streets, profiles: Mapping[str, Vehicle] | None = None, against: bool = False) -> None:
        self._streets = streets
        self.graph, self.plane, self.lanes = streets.graph, streets.plane, streets.lanes
        self.snapper = streets.snapper
        self.profiles = dict(profiles or VEHICLES)
        self._against = against
        self._lock = runtime.native_lock()
        self._nets: dict[str, _Net] = {}
        self._paced: dict[Any, Costs] = {}

    def route(
        self,
        start: tuple[float, float],
        goal: tuple[float, float],
        profile: str = USUAL,
        avoid: Sequence[Avoid] = (),
        pace: Mapping[str, float] | None = None,
    ) -> Route | NoWay:
        """The quickest way between two positions (longitude, latitude). Raises KeyError for an unknown profile."""
        net, cost = self._net(profile), self._cost(profile, pace or {})
        ends = [self.snapper.snap(*place, net.segments.__contains__) for place in (start, goal)]
        begin, end = ends
        if begin is None or end is None:
            missing = [name for name, snap in zip(("start", "goal"), ends, strict=True) if snap is None]
            return NoWay(reason="off_map", detail=missing)
        quicker = 1.0 / max(1.0, *(min(FASTEST, factor) for factor in (pace or {"": 1.0}).values()))

        def bound(goals: Mapping[int, float]) -> list[float]:
            return net.landmarks.bounds(goals, self.graph.edge_tail, quicker)

        free = self._search(cost, begin, end, {}, bound)
        if free is None:
            return self._why(cost, begin, end)
        in_the_way = [(one, self._edges_in(one)) for one in avoid[:MAX_AVOID]]
        extra = self._extra(in_the_way, begin, end)
        found = self._search(cost, begin, end, extra, bound) if extra else free
        if found is None:
            touched = set(free.edges)
            names = [one.name for one, edges in in_the_way if not one.slow and not touched.isdisjoint(edges)]
            return NoWay(reason="closed", detail=names)
        return self._told(profile, cost, begin, end, found, free, in_the_way)

    # -- costs ---------------------------------------------------------------------------------------------------------

    def _net(self, profile: str) -> _Net:
        """What a profile's ways look like without anything learned; made when first asked for."""
        with self._lock:
            net = self._nets.get(profile)
            if net is None:
                from server.base.nets import Landmarks, largest_nets  # scipy: half a second that not every start pays

                cost = costs(self.graph, self.profiles[profile], None, self._against)
                nets = largest_nets(self.graph, cost)
                segments = frozenset(segment for edges in nets for segment in self.graph.edge_segment[edges].tolist())
                landmarks = Landmarks(self.graph, cost, nets[0] if nets else np.zeros(0, dtype=np.int64))
                net = self._nets[profile] = _Net(cost, segments, landmarks)
            return net

    def _cost(self, profile: str, pace: Mapping[str, float]) -> Costs:
        if not pace:
            return self._net(profile).cost
        key = (profile, tuple(sorted(pace.items())))
        with self._lock:
            found = self._paced.get(key)
            if found is None:
                found = costs(self.graph, self.profiles[profile], pace, self._against)
                while len(self._paced) >= CACHED:
                    del self._paced[next(iter(self._paced))]
                self._paced[key] = found
            return found

    # -- searching -----------------------------------------------------------------------------------------------------

    def _search(self, cost: Costs, begin: Snap, end: Snap, extra: Mapping[int, float], bound: Bound) -> Found | None:
        length = self.graph.segment_length_m
        starts, goals, direct = {}, {}, {}
        begin_share, end_share = begin.along_m / length[begin.segment], end.along_m / length[end.segment]
        for edge, share in zip(self._streets.pairs[begin.segment], (1.0 - begin_share, begin_share), strict=True):
            if cost.edge_s[edge] < inf:
                starts[edge] = cost.edge_s[edge] * float(share)
        for edge, share in zip(self._streets.pairs[end.segment], (end_share, 1.0 - end_share), strict=True):
            if cost.edge_s[edge] < inf:
                goals[edge] = cost.edge_s[edge] * float(share)
                ahead = starts.get(edge, -1.0) - (cost.edge_s[edge] - goals[edge])
                if begin.segment == end.segment and edge in starts and ahead >= 0.0:
                    direct[edge] = ahead
        return quickest(self.lanes, cost, starts, goals, bound(goals), extra, direct)

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
            edge_s=(lengths / 10.0).tolist(), node_s=[0.0] * len(cost.node_s), turn_s=[0.0] * 361, u_turn_s=10.0,
            why_not={},
        )  # fmt: skip
        found = self._search(open_cost, begin, end, {}, lambda _: [0.0] * len(cost.node_s))
        if found is None:
            return NoWay(reason="not_connected", detail=[])
        edges = set(found.edges)
        reasons = [reason for reason, barred in cost.why_not.items() if not edges.isdisjoint(barred.tolist())]
        if any(self.graph.node_barrier[self.lanes.head[edge]] == BLOCKED for edge in found.edges[:-1]):
            reasons.append("barrier")
        return NoWay(reason="limit", detail=sorted(reasons))

    # -- telling -------------------------------------------------------------------------------------------------------

    def _told(
        self, profile: str, cost: Costs, begin: Snap, end: Snap, found: Found, free: Found,
        in_the_way: Sequence[tuple[Avoid, dict[int, float]]],
    ) -> Route:  # fmt: skip
        graph, edges = self.graph, found.edges
        line = self._line(edges, begin, end)
        segments = [int(graph.edge_segment[edge]) for edge in edges]
        metres = self._metres(edges, begin, end)
        whole = graph.segment_length_m[segments]
        seconds = [cost.edge_s[edge] * m / float(w) for edge, m, w in zip(edges, metres, whole, strict=True)]
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
            limits=self._limits(segments),
            uncertain=sorted(doubts(graph, segments)),
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

    def _limits(self, segments: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {"limit": limit, "value": float(values[segment]), "street": self.graph.name(segment)}
            for limit, column in LIMITS.items()
            for values in (getattr(self.graph, column),)
            for segment in dict.fromkeys(segments)
            if not np.isnan(values[segment])
        ]
