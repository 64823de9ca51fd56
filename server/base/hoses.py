"""The nearest water by the length of hose: along streets and paths, in either direction, not as the crow flies.

A hose goes over footways, steps, squares and against one-ways. It is not laid along a motorway, nor across rails on the
ground, motorways and rivers (only where a street leads over or under them). From the street to the fire and from the
hydrant to the street it is a straight line, at most `MAX_OFF_M`, that crosses none of these either.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, inf
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from server.base.base import Base
from server.base.objects.same import MapWater
from server.base.road_costs import ROOM_M
from server.base.road_graph import GraphError, Ints
from server.base.road_rules import BRIDGE, CLOSED, FIRST_FOR_WALKERS, NO_HOSE, TUNNEL
from server.base.snapping import Snap, lines_of
from server.base.streets import Streets, streets

B_HOSE_M = 20.0
MAX_HOSE_M = 2_000.0
MAX_OFF_M = 60.0
START_OFF_M = 300.0
"""A fire may be farther from the street than a hydrant: a farm, an allotment."""
REACH_M = 30.0
"""How far from a street open water may be: a suction hose from the engine, or a portable pump carried there."""
LEAST_NET_M = 500.0
MOST = 50
NEAREST_OF_STREETS = 8
FROM_THE_MAP = "0"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Water, and the hose to it. `access` is unknown for open water: nobody has looked at the bank."""

    id: str
    kind: str
    lon: float
    lat: float
    distance_m: int
    """Length of the hose line from the position asked for."""
    off_m: int
    """Of that, from the street to the water."""
    b_hoses: int
    """B hoses of 20 m, without reserve."""
    ref: str | None = None
    name: str | None = None
    position: str | None = None
    diameter_mm: int | None = None
    couplings: str | None = None
    flow_lpm: int | None = None
    pressure_bar: float | None = None
    volume_l: int | None = None
    access: str | None = None
    source: str | None = None
    """The operator's layer that it is of; None: the map."""


class _Joint(NamedTuple):
    """Water at a segment: how far along it, and how far beside it."""

    row: int
    along_m: float
    off_m: float


class Hung(NamedTuple):
    """Further points at the streets (`Hoses.hang`)."""

    points: list[dict[str, Any]]
    at: dict[int, list[_Joint]]
    replaces: frozenset[int] = frozenset()
    """Rows of the map that are the same water points."""


class Hoses:
    """Reader for `Base.get`: water points laid onto the streets once, then asked again and again. Raises GraphError."""

    def __init__(self, base: Base) -> None:
        self.streets: Streets = base.get(streets)
        graph, plane = self.streets.graph, self.streets.plane
        flags = graph.segment_flags
        self._usable = self._hang_together(np.flatnonzero((flags & NO_HOSE) == 0))
        self._rails = graph.node_rails.tolist()
        self._length: list[float] = graph.segment_length_m.tolist()
        try:
            self.map_water = base.get(MapWater)
            rows = base.db.execute("SELECT kind, name, wkb, osm_type, osm_id FROM water_bodies ORDER BY id").fetchall()
        except sqlite3.OperationalError as error:
            raise GraphError(f"the base data knows no water ({error}): build it anew") from error
        self._points = self.map_water.rows
        self.bodies = [dict(row) for row in rows]
        self.shapes: Any = shapely.transform(
            shapely.from_wkb(np.array([row["wkb"] for row in rows], dtype=object)),
            lambda places: np.column_stack(plane.of(places)),
        )
        self._body_tree = shapely.STRtree(self.shapes)
        x, y = plane.of(graph.cut_positions)
        owner = np.repeat(np.arange(len(graph.cut_first) - 1), np.diff(graph.cut_first))
        self._cuts = shapely.STRtree(lines_of(x, y, owner))
        width = graph.segment_width_m
        wide = np.isnan(width) | (width >= 2.6 + ROOM_M)
        self._banks = (
            (graph.segment_class < FIRST_FOR_WALKERS) & (flags & (CLOSED | NO_HOSE | BRIDGE | TUNNEL) == 0) & wide
        )
        self.hung_points = self.hang(self._points)
        self.unreached = len(self._points) - sum(len(joints) for joints in self.hung_points.at.values())
        """Water points too far from every street."""

    @property
    def usable(self) -> list[int]:
        """Segments that a hose may lie on."""
        return [segment for segment, fits in enumerate(self._usable) if fits]

    def carries_engine(self, segment: int) -> bool:
        """May an engine stand there to draw from open water?"""
        return bool(self._banks[segment])

    def hang(self, points: list[dict[str, Any]], same: Mapping[int, int] | None = None) -> Hung:
        """Points with `lon_deg` and `lat_deg` at their streets; one too far from every street is left out.

        `same`: which of them are which rows of the map (`MapWater.same`).
        """
        at: dict[int, list[_Joint]] = {}
        replaces = set[int]()
        for number, row in enumerate(points):
            snap = self._snap(row["lon_deg"], row["lat_deg"], MAX_OFF_M)
            if snap is not None:
                at.setdefault(snap.segment, []).append(_Joint(number, snap.along_m, snap.off_m))
                if same and number in same:
                    replaces.add(same[number])
        return Hung(points, at, frozenset(replaces))

    def near(
        self, lon: float, lat: float, limit: int = 5, within_m: float = MAX_HOSE_M, own: Sequence[Hung] = ()
    ) -> list[Source]:
        """Water by the length of hose, nearest first; of each open water its nearest bank alone. `own` joins it."""
        sets, replaced = (self.hung_points, *own), frozenset[int]().union(*(one.replaces for one in own))
        limit = max(1, min(limit, MOST))
        start = self._snap(lon, lat, START_OFF_M)
        if start is None:
            return []
        banks = self._open_water(lon, lat, within_m)
        best: dict[tuple[str, int], tuple[float, float, tuple[float, float]]] = {}
        for segment, begin_m, end_m in self._walk(start, within_m, best, limit):
            length = self._length[segment]
            for place, along_m, off_m, where in (*_joints(sets, segment, replaced), *banks.get(segment, ())):
                metres = min(begin_m + along_m, end_m + length - along_m)
                if segment == start.segment:
                    metres = min(metres, start.off_m + abs(along_m - start.along_m))
                if metres + off_m <= within_m and metres + off_m < best.get(place, (inf,))[0]:
                    best[place] = (metres + off_m, off_m, where)
        ranked = sorted((found[0], place) for place, found in best.items())[:limit]
        return [self._source(sets, place, *best[place]) for _, place in ranked]

    def _hang_together(self, segments: Ints) -> list[bool]:
        """Which segments a hose may lie on; not a square or path that nothing leads to on the map."""
        from server.base.nets import pieces  # scipy: half a second that not every start pays

        graph, pairs = self.streets.graph, self.streets.pairs
        forward = np.array([pairs[segment][0] for segment in segments.tolist()], dtype=np.int64)
        tails, heads, lengths = graph.edge_tail[forward], graph.edge_head[forward], graph.segment_length_m[segments]
        usable = np.zeros(len(graph.segment_way), dtype=bool)
        usable[segments[pieces(tails, heads, lengths, len(graph.node_position), LEAST_NET_M)]] = True
        told: list[bool] = usable.tolist()
        return told

    # -- on the streets ------------------------------------------------------------------------------------------------

    def _snap(self, lon: float, lat: float, within_m: float) -> Snap | None:
        """The nearest street that a straight line reaches without crossing what no hose crosses."""
        snapper, plane = self.streets.snapper, self.streets.plane
        here = plane.point(lon, lat)
        for radius_m in (within_m / 4.0, within_m):
            tried = 0
            for distance_m, segment in snapper.near(lon, lat, radius_m):
                if not self._usable[segment]:
                    continue
                snap = snapper.on(segment, lon, lat, distance_m)
                leg = shapely.LineString([here, plane.point(snap.lon, snap.lat)])
                if not len(self._cuts.query(leg, predicate="crosses")):
                    return snap
                tried += 1
                if tried == NEAREST_OF_STREETS:
                    return None
        return None

    def _walk(
        self, start: Snap, within_m: float, best: dict[Any, tuple[float, Any, Any]], limit: int
    ) -> Iterator[tuple[int, float, float]]:
        """Dijkstra over nodes, until nothing nearer can come.

        Yields `(segment, metres at its first node, metres at its last)`; again when the second becomes known.
        """
        lanes, graph = self.streets.lanes, self.streets.graph
        known: dict[int, float] = {}
        length = self._length[start.segment]
        forward, _ = self.streets.pairs[start.segment]
        heap = [
            (start.off_m + start.along_m, lanes.tail[forward]),
            (start.off_m + length - start.along_m, lanes.head[forward]),
        ]
        yield start.segment, inf, inf
        heap.sort()
        segment_of, backward = graph.edge_segment, graph.edge_backward
        while heap:
            metres, node = heappop(heap)
            if metres > within_m or (
                len(best) >= limit and metres > sorted(one[0] for one in best.values())[limit - 1]
            ):
                return
            if node in known:
                continue
            known[node] = metres
            for edge in range(lanes.first[node], lanes.first[node + 1]):
                segment = int(segment_of[edge])
                if not self._usable[segment]:
                    continue
                other = lanes.head[edge]
                ends = (known.get(other, inf), metres) if backward[edge] else (metres, known.get(other, inf))
                yield segment, *ends
                if not self._rails[node] and other not in known:
                    heappush(heap, (metres + self._length[segment], other))

    def _open_water(self, lon: float, lat: float, within_m: float) -> dict[int, list[Any]]:
        """Where open water lies beside streets that carry an engine, by segment."""
        snapper, plane = self.streets.snapper, self.streets.plane
        if not len(self.bodies):
            return {}
        circle = shapely.Point(*plane.point(lon, lat)).buffer(within_m, quad_segs=8)
        bodies = self._body_tree.query(circle, predicate="intersects")
        near = snapper.tree.query(circle, predicate="intersects")
        near = near[self._banks[near]]
        if not len(bodies) or not len(near):
            return {}
        part = shapely.intersection(self.shapes[bodies], circle)
        which, street = shapely.STRtree(snapper.lines[near]).query(part, predicate="dwithin", distance=REACH_M)
        found: dict[int, list[Any]] = {}
        for body, segment, bank in zip(bodies[which].tolist(), near[street].tolist(), part[which], strict=True):
            found.setdefault(segment, []).extend(self.banks_at(body, segment, bank))
        return found

    def banks_at(self, body: int, segment: int, bank: BaseGeometry) -> Iterator[Any]:
        """The nearest point of a street to open water, and where the stretch begins and ends that is about as near."""
        line, plane = self.streets.snapper.lines[segment], self.streets.plane
        least_m = float(shapely.distance(line, bank))
        beside = shapely.get_coordinates(shapely.intersection(line, shapely.buffer(bank, least_m + 1.0)))
        nearest = shapely.get_coordinates(shapely.shortest_line(line, bank))[0]
        shares = shapely.line_locate_point(line, shapely.points([nearest, *beside]), normalized=True)
        for share in {float(shares[0]), float(shares.min()), float(shares.max())}:
            leg = shapely.shortest_line(shapely.line_interpolate_point(line, share, normalized=True), bank)
            where = plane.degrees(*shapely.get_coordinates(leg)[1].tolist())
            yield ("body", body), share * self._length[segment], float(shapely.length(leg)), where

    def _source(
        self, sets: Sequence[Hung], place: tuple[str, int], distance_m: float, off_m: float, where: tuple[float, float]
    ) -> Source:
        sort, number = place
        lon, lat = round(float(where[0]), 7), round(float(where[1]), 7)
        measure: dict[str, Any] = {
            "distance_m": round(distance_m),
            "off_m": round(off_m),
            "b_hoses": max(1, ceil(round(distance_m) / B_HOSE_M)),
        }
        if sort == "body":
            row = self.bodies[number]
            name = f"{row['osm_type']}/{row['osm_id']}"
            return Source(id=name, kind=row["kind"], lon=lon, lat=lat, name=row["name"], access="unknown", **measure)
        row = sets[int(sort)].points[number]
        kept = ("kind", "ref", "position", "diameter_mm", "couplings", "flow_lpm", "pressure_bar", "volume_l")
        name = row["id"] if sort != FROM_THE_MAP else f"{row['osm_type']}/{row['osm_id']}"
        told: dict[str, Any] = {key: row.get(key) for key in (*kept, "name", "source")}
        return Source(id=name, lon=lon, lat=lat, **measure, **told)


def _joints(
    sets: Sequence[Hung], segment: int, replaced: frozenset[int]
) -> Iterator[tuple[tuple[str, int], float, float, tuple[float, float]]]:
    """Water points of a street, named by the number of their set and of their row; not those of the map `replaced`."""
    for number, hung in enumerate(sets):
        for one in hung.at.get(segment, ()):
            if number == 0 and one.row in replaced:
                continue
            row = hung.points[one.row]
            yield (str(number), one.row), one.along_m, one.off_m, (row["lon_deg"], row["lat_deg"])
