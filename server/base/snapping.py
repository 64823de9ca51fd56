"""Where a position lies on the roads: the nearest segment, how far along it, and how far away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from server.base.road_graph import Floats, Ints, RoadGraph
from server.base.search import Plane

RADII_M = (40.0, 150.0, 500.0, 2_000.0)
"""A position farther from every road than the last is not on the map."""


@dataclass(frozen=True, slots=True)
class Snap:
    """A position on a segment. `along_m` counts from the segment's beginning, `off_m` from the position asked for."""

    segment: int
    along_m: float
    off_m: float
    lon: float
    lat: float


def lines_of(x: Floats, y: Floats, owner: Ints) -> Any:
    """A line for each owner of positions on the plane, as an array; empty for none."""
    return shapely.linestrings(np.column_stack([x, y]), indices=owner) if len(x) else np.empty(0, dtype=object)


class Snapper:
    """An index over the segments of a graph on its plane."""

    def __init__(self, graph: RoadGraph, plane: Plane) -> None:
        self._graph, self._plane = graph, plane
        x, y = plane.of(graph.positions)
        owner = np.repeat(np.arange(len(graph.segment_way)), np.diff(graph.segment_first))
        self.lines: Any = lines_of(x, y, owner)
        self.tree = shapely.STRtree(self.lines)

    def near(self, lon: float, lat: float, within_m: float) -> list[tuple[float, int]]:
        """Segments within a distance, `(metres, segment)`, nearest first."""
        point = shapely.Point(*self._plane.point(lon, lat))
        found = self.tree.query(point, predicate="dwithin", distance=within_m)
        distances = shapely.distance(self.lines[found], point)
        return sorted(zip(distances.tolist(), found.tolist(), strict=True))

    def snap(self, lon: float, lat: float, fits: Callable[[int], bool]) -> Snap | None:
        """The nearest position on a segment that fits, None where none is within two kilometres."""
        for radius_m in RADII_M:
            for distance_m, segment in self.near(lon, lat, radius_m):
                if fits(segment):
                    return self.on(segment, lon, lat, distance_m)
        return None

    def on(self, segment: int, lon: float, lat: float, off_m: float) -> Snap:
        """The position on this segment that is nearest."""
        line, point = self.lines[segment], shapely.Point(*self._plane.point(lon, lat))
        share = float(shapely.line_locate_point(line, point, normalized=True))
        foot = shapely.line_interpolate_point(line, share, normalized=True)
        length_m = float(self._graph.segment_length_m[segment])
        return Snap(segment, share * length_m, off_m, *self._plane.degrees(foot.x, foot.y))
