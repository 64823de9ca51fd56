"""Triangles for lines: ribbons with round joins and caps, dashes, discs. Pure; metres or pixels alike."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]
MAX_VERTICES = 65_000
"""A mesh counts its vertices in 16 bits."""


@dataclass
class Triangles:
    """Vertices x, y, u, v, x, y ... and indices in threes, as a Kivy mesh takes them."""

    vertices: list[float] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        """Number of vertices."""
        return len(self.vertices) // 4

    def fan(self, points: list[Point]) -> None:
        """A convex polygon."""
        start = len(self)
        for x, y in points:
            self.vertices += (x, y, 0.0, 0.0)
        for number in range(1, len(points) - 1):
            self.indices += (start, start + number, start + number + 1)

    def add(self, vertices: list[float], indices: list[int]) -> None:
        """A part that was triangulated elsewhere; its vertices are x, y, u, v."""
        start = len(self)
        self.vertices += vertices
        self.indices += [start + index for index in indices]


def split(parts: list[Triangles]) -> list[Triangles]:
    """The parts gathered into as few meshes as the vertex limit allows; a part above the limit is left out."""
    gathered: list[Triangles] = []
    for part in parts:
        if not part.indices or len(part) > MAX_VERTICES:
            continue
        if not gathered or len(gathered[-1]) + len(part) > MAX_VERTICES:
            gathered.append(Triangles())
        gathered[-1].add(part.vertices, part.indices)
    return gathered


SHARP_COSINE = 0.5
"""Cosine of the turn (60 degrees) from which a mitre would stick out: there the corner is a disc."""


def ribbon(line: list[Point], width: float) -> Triangles:
    """A line of a width: mitred where it bends a little, round where it bends sharply and at both ends."""
    result = Triangles()
    half = width / 2
    run = [point for number, point in enumerate(line) if number == 0 or point != line[number - 1]]
    if len(run) < 2:
        return result
    normals = []
    for (ax, ay), (bx, by) in pairwise(run):
        size = math.hypot(bx - ax, by - ay)
        normals.append(((ay - by) / size, (bx - ax) / size))
    mitres: list[Point | None] = [None]
    for (nx, ny), (mx, my) in pairwise(normals):
        cosine = nx * mx + ny * my
        mitres.append(((nx + mx) / (1 + cosine), (ny + my) / (1 + cosine)) if cosine > SHARP_COSINE else None)
    mitres.append(None)
    for number, ((ax, ay), (bx, by)) in enumerate(pairwise(run)):
        px, py = mitres[number] or normals[number]
        qx, qy = mitres[number + 1] or normals[number]
        result.fan(
            [
                (ax + px * half, ay + py * half),
                (ax - px * half, ay - py * half),
                (bx - qx * half, by - qy * half),
                (bx + qx * half, by + qy * half),
            ]
        )
    for (x, y), mitre in zip(run, mitres, strict=True):
        if mitre is None:
            result.fan(disc(x, y, half, 10))
    return result


def disc(x: float, y: float, radius: float, corners: int = 16) -> list[Point]:
    """The corners of a regular polygon round a point."""
    step = 2 * math.pi / corners
    return [(x + radius * math.cos(step * n), y + radius * math.sin(step * n)) for n in range(corners)]


def dashes(line: list[Point], dash: float, gap: float) -> list[list[Point]]:
    """A line cut into dashes, measured along it."""
    pieces: list[list[Point]] = []
    piece: list[Point] = []
    left, drawing = dash, True
    for (ax, ay), (bx, by) in pairwise(line):
        length = math.hypot(bx - ax, by - ay)
        at = 0.0
        if drawing and not piece:
            piece = [(ax, ay)]
        while length - at > left:
            at += left
            point = (ax + (bx - ax) * at / length, ay + (by - ay) * at / length)
            if drawing:
                pieces.append([*piece, point])
                piece, left = [], gap
            else:
                piece, left = [point], dash
            drawing = not drawing
        left -= length - at
        if drawing:
            piece.append((bx, by))
    if drawing and len(piece) > 1:
        pieces.append(piece)
    return pieces


def length(line: list[Point]) -> float:
    """Length along a line."""
    return sum(math.hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(line))


def along(line: list[Point], distance: float) -> tuple[Point, float]:
    """The point at a distance along a line, and the direction of the line there in radians."""
    for (ax, ay), (bx, by) in pairwise(line):
        part = math.hypot(bx - ax, by - ay)
        if part >= distance and part > 0:
            share = distance / part
            return (ax + (bx - ax) * share, ay + (by - ay) * share), math.atan2(by - ay, bx - ax)
        distance -= part
    (ax, ay), (bx, by) = line[-2], line[-1]
    return (bx, by), math.atan2(by - ay, bx - ax)


def joined(lines: list[list[Point]]) -> list[list[Point]]:
    """Lines that meet end to end made one; where three meet, two of them are. Directions may differ."""
    open_ends: dict[Point, list[Point]] = {}
    for piece in lines:
        line = list(piece)
        while True:
            other = open_ends.get(line[-1]) or open_ends.get(line[0])
            if other is None or other is line:
                break
            for end in (other[0], other[-1]):
                if open_ends.get(end) is other:
                    del open_ends[end]
            if other[0] == line[-1]:
                line = line + other[1:]
            elif other[-1] == line[-1]:
                line = line + other[-2::-1]
            elif other[-1] == line[0]:
                line = other + line[1:]
            else:
                line = other[::-1] + line[1:]
        if line[0] != line[-1]:
            open_ends.setdefault(line[0], line)
            open_ends.setdefault(line[-1], line)
            if open_ends[line[0]] is not line and open_ends[line[-1]] is not line:
                open_ends[(math.nan, float(len(open_ends)))] = line
        else:
            open_ends[(math.nan, float(len(open_ends)))] = line
    return list({id(line): line for line in open_ends.values()}.values())
