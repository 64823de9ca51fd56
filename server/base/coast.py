"""The sea: OSM draws the coast as lines with the land on their left; the water lies right of them in the box."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from server.base.tiles_grid import Array

REACH_DEG = 0.002
"""Longest gap between the end of a coast and the edge of the extract that is closed: about 200 m."""
STEP_DEG = 1e-7
"""How far beside a coast it is looked: a centimetre."""


def sea(coast: Sequence[BaseGeometry], bbox: tuple[float, float, float, float]) -> Iterator[BaseGeometry]:
    """The faces of the box that lie right of the coast. A face with the coast on both sides of it (the line is broken)
    is left out: better no sea than sea on land.
    """
    lines = [
        line for line in shapely.get_parts(shapely.clip_by_rect(np.array(coast, dtype=object), *bbox)) if line.length
    ]
    if not lines:
        return
    frame = shapely.box(*bbox).exterior
    whole = shapely.unary_union([*lines, *_to_the_frame(lines, frame), frame])
    faces = shapely.get_parts(shapely.polygonize([whole]))
    right, left = _beside(lines)
    tree = shapely.STRtree(faces)
    wet = np.bincount(tree.query(right, predicate="within")[1], minlength=len(faces))
    dry = np.bincount(tree.query(left, predicate="within")[1], minlength=len(faces))
    for index in np.flatnonzero(wet > 0):
        if wet[index] > 20 * dry[index]:
            yield shapely.multipolygons([faces[index]])


def _to_the_frame(lines: Sequence[BaseGeometry], frame: BaseGeometry) -> list[BaseGeometry]:
    """An extract ends a coast at its last node inside: from loose ends near the frame it goes straight on to it."""
    ends = Counter(end for line in lines for end in (line.coords[0], line.coords[-1]))
    loose = [shapely.Point(end) for end, count in ends.items() if count == 1]
    return [shapely.shortest_line(end, frame) for end in loose if 0 < end.distance(frame) < REACH_DEG]


def _beside(lines: Sequence[BaseGeometry]) -> tuple[Array, Array]:
    """A point to the right and one to the left of the middle of each segment."""
    right, left = [], []
    for line in lines:
        places = shapely.get_coordinates(line)
        step = np.diff(places, axis=0)
        size = np.hypot(step[:, 0], step[:, 1])
        step, middle = step[size > 0] / size[size > 0, None], (places[1:] + places[:-1])[size > 0] / 2
        aside = np.column_stack((step[:, 1], -step[:, 0])) * STEP_DEG
        right.append(middle + aside)
        left.append(middle - aside)
    return shapely.points(np.concatenate(right)), shapely.points(np.concatenate(left))
