"""Areas whose rings cross themselves: repaired where that is cheap, else taken by their outline.

A ring of a few hundred corners in random order crosses itself ten thousand times, and repairing it takes minutes. A
sender must not be able to cost us that, so the crossings are counted first, and beyond a limit the convex hull stands
for the area: it holds every corner, so nobody in it is told that he is outside.
"""

from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

MAX_CROSSINGS = 100
"""Most crossings of rings that are repaired; real slips have a handful."""
_CHUNK = 256


def mended(shape: BaseGeometry) -> BaseGeometry:
    """A valid shape for any that shapely can hold; the same object where it is valid already."""
    if shape.is_valid:
        return shape
    if crossings_exceed(shape, MAX_CROSSINGS):
        return shapely.convex_hull(shape)
    return shapely.make_valid(shape)


def crossings_exceed(shape: BaseGeometry, limit: int) -> bool:
    """Whether more than `limit` pairs of its segments meet elsewhere than neighbours in a ring do."""
    segments = _segments(shape)
    tree = shapely.STRtree(segments)
    found = 0
    for start in range(0, len(segments), _CHUNK):
        part = segments[start : start + _CHUNK]
        # Each segment meets itself and its two neighbours; each crossing is found from both sides.
        found += len(tree.query(part, predicate="intersects")[0]) - 3 * len(part)
        if found > 2 * limit:
            return True
    return False


def _segments(shape: BaseGeometry) -> list[BaseGeometry]:
    found: list[BaseGeometry] = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        corners = shapely.get_coordinates(ring).tolist()
        found.extend(shapely.LineString(ends) for ends in pairwise(corners))
    return found
