"""The nearest water by the length of hose, from what a pack holds of the streets: without a network. Pure.

The rules are the server's (docs/base.md, "Water"): along streets and paths in either direction, a straight line from
the place to the street and from the street to the water, neither across rails, motorways or rivers. Shortest ways after
Dijkstra 1959 (doi:10.1007/BF01386390).
"""

import json
import math
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import ceil, hypot, inf
from typing import Any

from mobile.geo import LonLat, Metres

CELLS_PER_DEGREE = 100
MICRO = 1_000_000
MAX_CELL_BYTES = 32_000_000
"""Of one cell, inflated."""
B_HOSE_M = 20.0
MAX_HOSE_M = 2_000.0
MAX_OFF_M, START_OFF_M = 60.0, 300.0
NEAREST_OF_STREETS = 8
STEPS_M = (300.0, 800.0, MAX_HOSE_M)
"""How far round a place is looked: what is nearer by hose than a step is nearer as the crow flies, too."""
GRID_M = 75.0
M_PER_DEG = 111_319.49
"""On the server's plane (`server.base.search.Plane`): lengths of ways are true without it, what lies beside them is
measured alike.
"""
Cell = dict[str, list[Any]]
Read = Callable[[int, int], Cell | None]
"""Gives a cell."""


@dataclass(frozen=True)
class Tap:
    """Water that is not in the pack's cells: `id`, kind, reference, diameter (0 unknown) and place."""

    id: str
    kind: str
    ref: str
    diameter_mm: int
    at: LonLat


More = Callable[[float], Iterable[Tap]]
"""Gives further water so many metres round a place."""


@dataclass(frozen=True)
class Source:
    """Water and the hose to it. `is_open`: a bank that nobody has looked at."""

    id: str
    kind: str
    ref: str
    diameter_mm: int
    at: LonLat
    distance_m: int
    b_hoses: int
    """B hoses of 20 m, without reserve."""
    name: str = ""
    is_open: bool = False


def decoded(body: bytes) -> Cell | None:
    """A cell as it lies in a pack; None where it cannot be read."""
    try:
        plain = zlib.decompressobj().decompress(body, MAX_CELL_BYTES)
        told = json.loads(plain)
    except (zlib.error, ValueError):
        return None
    if not isinstance(told, dict) or not all(isinstance(told.get(name), list) for name in "wrcp"):
        return None
    return told


def cell_of(place: LonLat) -> tuple[int, int]:
    """Column and row of the cell that a place lies in."""
    return math.floor(place[0] * CELLS_PER_DEGREE), math.floor(place[1] * CELLS_PER_DEGREE)


@dataclass(frozen=True, slots=True)
class _Way:
    tail: int
    head: int
    length_m: float


@dataclass(frozen=True, slots=True)
class _Snap:
    way: int
    along_m: float
    off_m: float


@dataclass
class _Piece:
    """A straight piece of a way, or of what no hose crosses (`way` -1), on the plane."""

    way: int
    a: Metres
    b: Metres
    before_m: float = 0.0
    """Of the way, up to this piece, as drawn."""


@dataclass
class Sheet:
    """What the cells round a place hold, on a plane with the place at its origin."""

    here: LonLat
    ways: dict[int, _Way] = field(default_factory=dict)
    at_node: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    rails: set[int] = field(default_factory=set)
    water: dict[int, list[tuple[float, float, Tap, str, bool]]] = field(default_factory=lambda: defaultdict(list))
    _drawn_m: dict[int, float] = field(default_factory=dict)
    _grid: dict[tuple[int, int], list[_Piece]] = field(default_factory=lambda: defaultdict(list))
    _cuts: dict[tuple[int, int], list[_Piece]] = field(default_factory=lambda: defaultdict(list))

    def add(self, x: int, y: int, cell: Cell) -> None:
        """Take a cell in. Raises ValueError, TypeError or IndexError where it is not what it should be."""
        corner = x * (MICRO // CELLS_PER_DEGREE), y * (MICRO // CELLS_PER_DEGREE)
        fresh = set()
        for number, tail, head, length_dm, line in cell["w"]:
            if number in self.ways:
                continue
            fresh.add(number)
            self.ways[number] = _Way(tail, head, length_dm / 10)
            for node in {tail, head}:
                self.at_node[node].append(number)
            self._draw(number, self._line(line, corner), self._grid)
        self.rails.update(cell["r"])
        for line in cell["c"]:
            self._draw(-1, self._line(line, corner), self._cuts)
        for number, along_dm, off_dm, lon, lat, name, kind, ref, diameter_mm, title, is_open in cell["p"]:
            if number in fresh:
                at = (corner[0] + lon) / MICRO, (corner[1] + lat) / MICRO
                tap = Tap(name, kind, ref, diameter_mm, at)
                self.water[number].append((along_dm / 10, off_dm / 10, tap, title, bool(is_open)))

    def _line(self, told: list[int], corner: tuple[int, int]) -> list[Metres]:
        (x, y), (lon, lat), east, found = corner, self.here, self._east, []
        for number in range(0, len(told), 2):
            x, y = x + told[number], y + told[number + 1]
            found.append(((x / MICRO - lon) * east, (y / MICRO - lat) * M_PER_DEG))
        return found

    @property
    def _east(self) -> float:
        return M_PER_DEG * math.cos(math.radians(self.here[1]))

    def _draw(self, way: int, line: list[Metres], grid: dict[tuple[int, int], list[_Piece]]) -> None:
        along = 0.0
        for a, b in pairwise(line):
            piece = _Piece(way, a, b, along)
            along += hypot(b[0] - a[0], b[1] - a[1])
            for square in _squares(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])):
                grid[square].append(piece)
        self._drawn_m[way] = along

    def snap(self, at: Metres, within_m: float) -> _Snap | None:
        """The nearest way that a straight line reaches without crossing what no hose crosses."""
        for radius_m in (within_m / 4.0, within_m):
            ranked = self._near(at, radius_m)
            for number, (off_m, way, foot, drawn_m) in enumerate(ranked):
                if number == NEAREST_OF_STREETS:
                    return None
                if not self._is_cut(at, foot):
                    whole = self._drawn_m[way]
                    share = drawn_m / whole if whole else 0.0
                    return _Snap(way, share * self.ways[way].length_m, off_m)
        return None

    def _near(self, at: Metres, within_m: float) -> list[tuple[float, int, Metres, float]]:
        """Ways within a distance, nearest first: metres, way, nearest place, metres along it as drawn."""
        best: dict[int, tuple[float, int, Metres, float]] = {}
        box = at[0] - within_m, at[1] - within_m, at[0] + within_m, at[1] + within_m
        for square in _squares(*box):
            for piece in self._grid.get(square, ()):
                share, foot = _foot(piece, at)
                off_m = hypot(foot[0] - at[0], foot[1] - at[1])
                if off_m <= within_m and (piece.way not in best or off_m < best[piece.way][0]):
                    length = hypot(piece.b[0] - piece.a[0], piece.b[1] - piece.a[1])
                    best[piece.way] = off_m, piece.way, foot, piece.before_m + share * length
        return sorted(best.values())

    def _is_cut(self, a: Metres, b: Metres) -> bool:
        box = min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])
        return any(_cross(a, b, cut.a, cut.b) for square in _squares(*box) for cut in self._cuts.get(square, ()))

    def hang(self, taps: Iterable[Tap]) -> dict[int, list[tuple[float, float, Tap, str, bool]]]:
        """Further water at its ways; what is too far from every way is left out."""
        found: dict[int, list[tuple[float, float, Tap, str, bool]]] = defaultdict(list)
        for tap in taps:
            at = (tap.at[0] - self.here[0]) * self._east, (tap.at[1] - self.here[1]) * M_PER_DEG
            snap = self.snap(at, MAX_OFF_M)
            if snap is not None:
                found[snap.way].append((snap.along_m, snap.off_m, tap, "", False))
        return found


def near(read: Read, here: LonLat, limit: int, own: More) -> list[Source] | None:
    """Water by the length of hose, nearest first; None where the pack knows no ways here.

    `read` gives a cell, `own(metres)` further water that far round the place.
    """
    found: list[Source] = []
    for reach_m in STEPS_M:
        sheet = _sheet(read, here, max(reach_m, START_OFF_M))
        if not sheet.ways:
            return None
        start = sheet.snap((0.0, 0.0), START_OFF_M)
        if start is None:
            return []
        found = _walk(sheet, start, reach_m, limit, sheet.hang(own(reach_m)))
        if len(found) >= limit:
            break
    return found


def _sheet(read: Read, here: LonLat, reach_m: float) -> Sheet:
    sheet = Sheet(here)
    north = reach_m / M_PER_DEG
    east = north / max(0.01, math.cos(math.radians(here[1])))
    (west, south), (last, top) = cell_of((here[0] - east, here[1] - north)), cell_of((here[0] + east, here[1] + north))
    for x in range(west, last + 1):
        for y in range(south, top + 1):
            cell = read(x, y)
            if cell is not None:
                sheet.add(x, y, cell)
    return sheet


def _walk(
    sheet: Sheet, start: _Snap, within_m: float, limit: int, more: dict[int, list[tuple[float, float, Tap, str, bool]]]
) -> list[Source]:
    """The water that is reached, nearest first."""
    best: dict[str, tuple[float, Tap, str, bool]] = {}

    def pass_by(number: int, tail_m: float, head_m: float) -> None:
        length_m = sheet.ways[number].length_m
        for along_m, off_m, tap, title, is_open in (*sheet.water.get(number, ()), *more.get(number, ())):
            metres = min(tail_m + along_m, head_m + length_m - along_m)
            if number == start.way:
                metres = min(metres, start.off_m + abs(along_m - start.along_m))
            if metres + off_m <= within_m and (tap.id not in best or metres + off_m < best[tap.id][0]):
                best[tap.id] = metres + off_m, tap, title, is_open

    first = sheet.ways[start.way]
    pass_by(start.way, inf, inf)
    heap = [
        (start.off_m + start.along_m, first.tail), (start.off_m + first.length_m - start.along_m, first.head)
    ]  # fmt: skip
    heapify(heap)
    known: dict[int, float] = {}
    while heap:
        metres, node = heappop(heap)
        if metres > within_m or (len(best) >= limit and metres > sorted(one[0] for one in best.values())[limit - 1]):
            break
        if node in known:
            continue
        known[node] = metres
        for number in sheet.at_node[node]:
            way = sheet.ways[number]
            pass_by(number, known.get(way.tail, inf), known.get(way.head, inf))
            other = way.head if way.tail == node else way.tail
            if node not in sheet.rails and other not in known:
                heappush(heap, (metres + way.length_m, other))
    ranked = sorted(best.values(), key=lambda one: (one[0], one[1].id))[:limit]
    return [_source(*one) for one in ranked]


def _source(metres: float, tap: Tap, title: str, is_open: bool) -> Source:
    told_m = round(metres)
    hoses = max(1, ceil(told_m / B_HOSE_M))
    return Source(tap.id, tap.kind, tap.ref, tap.diameter_mm, tap.at, told_m, hoses, title, is_open)


def _squares(west: float, south: float, east: float, north: float) -> Iterator[tuple[int, int]]:
    for x in range(math.floor(west / GRID_M), math.floor(east / GRID_M) + 1):
        for y in range(math.floor(south / GRID_M), math.floor(north / GRID_M) + 1):
            yield x, y


def _foot(piece: _Piece, at: Metres) -> tuple[float, Metres]:
    """The place of a piece that is nearest, with its share of the piece."""
    (ax, ay), (bx, by) = piece.a, piece.b
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    share = 0.0 if squared == 0 else max(0.0, min(1.0, ((at[0] - ax) * dx + (at[1] - ay) * dy) / squared))
    return share, (ax + share * dx, ay + share * dy)


def _cross(a: Metres, b: Metres, c: Metres, d: Metres) -> bool:
    """Whether the line from a to b passes from one side of c-d to the other; one that ends on it does not."""
    side_a, side_b = _side(c, d, a), _side(c, d, b)
    if side_a * side_b >= 0:
        return False
    return _side(a, b, c) * _side(a, b, d) <= 0


def _side(a: Metres, b: Metres, point: Metres) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
