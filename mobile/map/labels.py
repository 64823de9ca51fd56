"""Which words of the base map are written, where and at what angle: streets, house numbers, places. Pure.

Important words come first; a word that would touch one already placed is left out.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mobile.map.camera import Camera
from mobile.map.figures import Badge
from mobile.map.shapes import Point, along, length

Measure = Callable[[str, str], tuple[float, float]]
"""Width and height in pixels of a text in a style."""

CELL_PX = 48.0
MAX_PLACED = 400
SAME_M = 1.5
"""Two signs of water nearer than this on the ground are one and the same water point."""


@dataclass(frozen=True)
class Word:
    """Something to write: along `line`, or at `at` with upright letters. `rank` 0 is the most important."""

    text: str
    style: str
    rank: float
    min_zoom: float
    line: tuple[Point, ...] = ()
    at: Point = (0.0, 0.0)
    """The place, or the middle of the line's box."""
    reach_m: float = 0.0
    """How far the line goes from there."""


@dataclass(frozen=True)
class Placed:
    """A word in its place: the middle in pixels and the angle in degrees, anticlockwise."""

    word: Word
    x_px: float
    y_px: float
    angle_deg: float


class Clutter:
    """What is taken on the screen, as discs in a grid."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float, float]]] = {}

    def free(self, discs: list[tuple[float, float, float]]) -> bool:
        """Whether none of the discs (x, y, radius) touches a taken one."""
        return not any(self._hit(*disc) for disc in discs)

    def take(self, discs: Iterable[tuple[float, float, float]]) -> None:
        """Take the place."""
        for x, y, radius in discs:
            self._cells.setdefault((int(x // CELL_PX), int(y // CELL_PX)), []).append((x, y, radius))

    def _hit(self, x: float, y: float, radius: float) -> bool:
        column, row = int(x // CELL_PX), int(y // CELL_PX)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                for ox, oy, other in self._cells.get((column + dx, row + dy), ()):
                    if (ox - x) ** 2 + (oy - y) ** 2 < (radius + other) ** 2:
                        return True
        return False


def uncovered(signs: list[tuple[Badge, Point]], apart_px: float) -> list[tuple[Badge, Point]]:
    """Signs of the base map that stand free, in their order: a point that matters gives way to what is more important,
    and to what is happening. What is happening never gives way, and a hydrant only to itself as water of a mission.
    """
    kept: list[tuple[Badge, Point]] = []
    for badge, at in sorted(signs, key=lambda sign: (sign[0].id.startswith("base:"), sign[0].rank)):
        by_whom = [one for one, other in kept if math.dist(at, other) < apart_px]
        gives_way = badge.id.startswith("base:poi") and by_whom
        twice = badge.id.startswith("base:hydrant") and any(
            "#water-" in one.id and math.dist(one.at, badge.at) < SAME_M for one in by_whom
        )
        if not (gives_way or twice):
            kept.append((badge, at))
    free = {id(badge) for badge, _ in kept}
    return [sign for sign in signs if id(sign[0]) in free]


def discs(x: float, y: float, width: float, height: float, angle_deg: float = 0.0) -> list[tuple[float, float, float]]:
    """Discs that cover a text box round its middle."""
    radius = max(4.0, min(height / 2, CELL_PX / 2))
    reach = max(0.0, width / 2 - radius)
    count = max(1, math.ceil(reach / radius))
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    steps = [reach * (2 * n / count - 1) for n in range(count + 1)] if reach else [0.0]
    return [(x + step * cosine, y + step * sine, radius) for step in steps]


def place(words: list[Word], camera: Camera, measure: Measure, clutter: Clutter, margin_px: float) -> list[Placed]:
    """The words that can be written, most important first; `clutter` is filled on the way."""
    placed: list[Placed] = []
    width, height = camera.size
    named: dict[str, list[Point]] = {}
    seen_m = (math.hypot(width, height) / 2 + margin_px) * camera.metres_per_pixel
    near = [
        word
        for word in words
        if camera.zoom >= word.min_zoom
        and math.hypot(word.at[0] - camera.x_m, word.at[1] - camera.y_m) <= seen_m + word.reach_m
    ]
    for word in sorted(near, key=lambda word: word.rank):
        if len(placed) >= MAX_PLACED:
            break
        size = measure(word.text, word.style)
        for x, y, angle in _uncut_first(word, camera, size):
            if not (-margin_px <= x <= width + margin_px and -margin_px <= y <= height + margin_px):
                continue
            others = named.setdefault(word.text, []) if word.style != "number" else []
            if any(math.hypot(x - ox, y - oy) < size[0] * 2.5 for ox, oy in others):
                continue
            covered = discs(x, y, *size, angle)
            if clutter.free(covered):
                clutter.take(covered)
                others.append((x, y))
                placed.append(Placed(word, x, y, angle))
                break
    return placed


def is_cut(x: float, y: float, width: float, height: float, angle_deg: float, view: tuple[float, float]) -> bool:
    """Whether the edge of the view goes through a text box round its middle."""
    half_x, half_y = _half(width, height, angle_deg)
    inside = half_x <= x <= view[0] - half_x and half_y <= y <= view[1] - half_y
    beyond = x < -half_x or x > view[0] + half_x or y < -half_y or y > view[1] + half_y
    return not inside and not beyond


def _half(width: float, height: float, angle_deg: float) -> tuple[float, float]:
    """Half the width and height of the upright box round a turned one."""
    cosine, sine = abs(math.cos(math.radians(angle_deg))), abs(math.sin(math.radians(angle_deg)))
    return (width * cosine + height * sine) / 2, (width * sine + height * cosine) / 2


def _uncut_first(word: Word, camera: Camera, size: tuple[float, float]) -> list[tuple[float, float, float]]:
    """Where a word may stand. A street's name rather where it is whole; what stands at a point moves in from the edge,
    and is left out where the point itself is out of sight.
    """
    found = list(_candidates(word, camera, size))
    cut = [is_cut(x, y, *size, angle, camera.size) for x, y, angle in found]
    if word.line:
        return [one for one, _ in sorted(zip(found, cut, strict=True), key=lambda pair: pair[1])]
    (x, y, angle), (width, height) = found[0], camera.size
    if not cut[0]:
        return found
    if not (0 <= x <= width and 0 <= y <= height) or size[0] > width or size[1] > height:
        return []
    half_x, half_y = size[0] / 2, size[1] / 2
    return [(max(half_x, min(width - half_x, x)), max(half_y, min(height - half_y, y)), angle)]


def _candidates(word: Word, camera: Camera, size: tuple[float, float]) -> Iterable[tuple[float, float, float]]:
    if not word.line:
        yield (*camera.to_screen(*word.at), 0.0)
        return
    line = list(word.line)
    total_m = length(line)
    needed_m = size[0] * camera.metres_per_pixel
    if needed_m > total_m * 1.1:
        return
    for share in (0.5, 0.3, 0.7, 0.15, 0.85):
        middle = total_m * share
        if middle - needed_m * 0.45 < 0 or middle + needed_m * 0.45 > total_m:
            continue
        (sx, sy), _ = along(line, middle - needed_m * 0.45)
        (ex, ey), _ = along(line, middle + needed_m * 0.45)
        straight_m = math.hypot(ex - sx, ey - sy)
        if straight_m < needed_m * 0.82:  # too much of a bend to write along
            continue
        (mx, my), _ = along(line, middle)
        x, y = camera.to_screen((mx + (sx + ex) / 2) / 2, (my + (sy + ey) / 2) / 2)
        angle = math.degrees(math.atan2(ey - sy, ex - sx)) + camera.rotation_deg
        yield x, y, upright(angle)


def upright(angle_deg: float) -> float:
    """The angle that writes along the same line and is not upside down: from -90 up to 90."""
    return (angle_deg + 90.0) % 180.0 - 90.0
