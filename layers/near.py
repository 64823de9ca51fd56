"""What is near a place: a grid over WGS84 that answers with a superset, cheap to keep when things move.

A cell is 0.01 degrees (1.1 km north to south, 0.7 km east to west in Germany). What spans more than `MOST_CELLS` cells,
such as the warning of a district, is kept in one list that every question looks through.
"""

from collections.abc import Iterator
from math import cos, floor, radians

from layers.geo import Box

CELL_DEG = 0.01
MOST_CELLS = 64
METRES_PER_DEG = 110_000.0
"""Of latitude, rounded down: a margin comes out too wide rather than too narrow."""

Cells = tuple[int, int, int, int]


def around(box: Box, margin_m: float) -> Box:
    """The box widened by at least the margin on every side."""
    west, south, east, north = box
    high = margin_m / METRES_PER_DEG
    wide = high / max(0.01, cos(radians(min(89.0, max(abs(south), abs(north))))))
    return west - wide, south - high, east + wide, north + high


class Near:
    """Subjects by the grid cells that their bounding boxes touch."""

    def __init__(self) -> None:
        self._where: dict[str, tuple[Cells, Box]] = {}
        self._cells: dict[tuple[int, int], dict[str, None]] = {}
        self._large: dict[str, None] = {}

    def put(self, subject: str, box: Box | None) -> None:
        """Note where a subject is now; None: nowhere."""
        known = self._where.get(subject)
        if box is None:
            if known is not None:
                self._take_out(subject, known[0])
                del self._where[subject]
            return
        cells = _cells(box)
        if known is not None and known[0] != cells:
            self._take_out(subject, known[0])
        self._where[subject] = (cells, box)
        if known is not None and known[0] == cells:
            return
        if _number(cells) > MOST_CELLS:
            self._large[subject] = None
            return
        for cell in _each(cells):
            self._cells.setdefault(cell, {})[subject] = None

    def box(self, subject: str) -> Box | None:
        """Where a subject is now."""
        known = self._where.get(subject)
        return None if known is None else known[1]

    def find(self, box: Box) -> list[str]:
        """Subjects whose bounding boxes touch the box, sorted."""
        cells = _cells(box)
        found: dict[str, None] = {}
        if _number(cells) > MOST_CELLS * MOST_CELLS:
            found.update(dict.fromkeys(self._where))
        else:
            for cell in _each(cells):
                found.update(self._cells.get(cell, {}))
            found.update(self._large)
        return sorted(subject for subject in found if _touch(self._where[subject][1], box))

    def _take_out(self, subject: str, cells: Cells) -> None:
        if _number(cells) > MOST_CELLS:
            del self._large[subject]
            return
        for cell in _each(cells):
            inside = self._cells[cell]
            del inside[subject]
            if not inside:
                del self._cells[cell]


def _cells(box: Box) -> Cells:
    west, south, east, north = box
    return floor(west / CELL_DEG), floor(south / CELL_DEG), floor(east / CELL_DEG), floor(north / CELL_DEG)


def _number(cells: Cells) -> int:
    return (cells[2] - cells[0] + 1) * (cells[3] - cells[1] + 1)


def _each(cells: Cells) -> Iterator[tuple[int, int]]:
    for x in range(cells[0], cells[2] + 1):
        for y in range(cells[1], cells[3] + 1):
            yield x, y


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
