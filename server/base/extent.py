"""What an extract covers whose header does not say so: where its elements lie, but for the few that lie far off."""

from array import array

import numpy as np
from shapely.geometry.base import BaseGeometry

from server.base.elements import OsmType, Problems

Box = tuple[float, float, float, float]
FEW = 20
"""One element of so many may be misplaced, at least one."""
FAR = 5.0
"""Times as far from the middle as those that are not among the few is far off."""
LEAST_DEG = 0.5
"""What is nearer than this to where the others end is never far off."""
TYPES: tuple[OsmType, ...] = ("node", "way", "relation")


class Extent:
    """Gathers the boxes of elements: 41 bytes for each."""

    def __init__(self) -> None:
        self._boxes, self._ids, self._types = array("d"), array("q"), bytearray()

    def add(self, osm_type: OsmType, osm_id: int, shape: BaseGeometry) -> None:
        """One element and what it draws."""
        self._boxes.extend(shape.bounds)
        self._ids.append(osm_id)
        self._types.append(TYPES.index(osm_type))

    def box(self, problems: Problems) -> Box | None:
        """West, south, east, north of all but those far off, which are told as problems; None where there are none.

        Far off is what reaches FAR times as far from the median of all middles as all but one in FEW do. A node at 0, 0
        or a border of the whole country so moves nothing.
        """
        if not self._ids:
            return None
        boxes = np.frombuffer(self._boxes).reshape(-1, 4)
        middle = np.median((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0)
        reach = np.maximum(np.abs(boxes[:, :2] - middle), np.abs(boxes[:, 2:] - middle))
        trusted = len(boxes) - 1 - max(1, len(boxes) // FEW)
        most = FAR * np.sort(reach, axis=0)[max(0, trusted)] + LEAST_DEG
        far = np.any(reach > most, axis=1)
        if far.all():
            far[:] = False
        for at in np.flatnonzero(far).tolist():
            problems.add("far_off", f"{TYPES[self._types[at]]} {self._ids[at]}")
        near = boxes[~far]
        west, south = near[:, :2].min(axis=0).tolist()
        east, north = near[:, 2:].max(axis=0).tolist()
        return west, south, east, north
