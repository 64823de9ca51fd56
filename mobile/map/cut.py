"""One vector tile made ready to be drawn: triangles by colour, words and signs, all in metres of the plane. No window.

Runs in a thread of its own (mobile/map/atlas.py); what it returns is never changed again.
"""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kivy.graphics.tesselator import TYPE_POLYGONS, WINDING_ODD, Tesselator

from mobile import geo, mvt
from mobile.map import style
from mobile.map.camera import METRES_PER_PIXEL_AT_ZOOM_0
from mobile.map.grid import FIRST_BAND, Frame, Key, frame
from mobile.map.labels import Word
from mobile.map.shapes import Point, Triangles, dashes, joined, ribbon, split

NUMBERS_FROM, POINTS_FROM, WATER_FROM = 17, 17, 16
NUMBER_ZOOM = 16.9
MAX_SIGNS = 2000


@dataclass(frozen=True)
class Shape:
    """Vertices x, y, u, v and indices as Kivy takes them without copying; pairs of points where `lines`."""

    vertices: "array[float]"
    indices: "array[int]"
    lines: bool = False


@dataclass(frozen=True)
class Sign:
    """A water point (`cls` hydrant) or a point that matters (`cls` poi), on the plane."""

    cls: str
    kind: str
    name: str
    ref: str
    diameter_mm: int
    at: Point
    osm: str = ""
    """A water point's name in the map, such as `node123`."""


@dataclass
class Cut:
    """What a tile becomes. `shapes` by entry of style.PAINT_ORDER."""

    shapes: dict[str, list[Shape]] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)

    @property
    def cost(self) -> int:
        """Size in numbers kept."""
        shapes = sum(len(shape.vertices) for shapes in self.shapes.values() for shape in shapes)
        return shapes + 50 * (len(self.words) + len(self.signs)) + 100


def cut(data: bytes, key: Key, plane: geo.Plane) -> Cut:
    """Decode a tile and make it ready. Raises mvt.TileError."""
    return _Cutter(key, plane).cut(mvt.decode(data))


class _Cutter:
    def __init__(self, key: Key, plane: geo.Plane) -> None:
        self._key, self._plane, self._band = key, plane, key.band
        scale = METRES_PER_PIXEL_AT_ZOOM_0 * math.cos(math.radians(plane.lat))
        self._pixel_m = scale / 2 ** (key.band + 0.25)
        self._parts: dict[str, list[Triangles]] = {}
        self._names: dict[tuple[str, style.Road], list[list[Point]]] = {}
        self._made = Cut()
        self._frame = Frame(0, 0, 1, 1)
        self._extent = 4096

    def cut(self, layers: dict[str, mvt.TileLayer]) -> Cut:
        """Layer by layer; one that is not known is not drawn."""
        for name, draw in (
            ("landuse", self._landuse), ("water", self._water), ("waterway", self._waterway), ("road", self._road),
            ("rail", self._rail), ("building", self._building), ("boundary", self._boundary), ("place", self._place),
            ("housenumber", self._housenumber), ("hydrant", self._hydrant), ("poi", self._poi),
            ("area_label", self._area_label),
        ):  # fmt: skip
            layer = layers.get(name)
            if layer is None:
                continue
            self._extent, self._frame = layer.extent, frame(self._key, self._plane, layer.extent)
            for feature in layer.features:
                draw(feature)
        self._write_names()
        for paint, parts in self._parts.items():
            lines = paint == "building_line"
            self._made.shapes[paint] = [
                Shape(array("f", mesh.vertices), array("H", mesh.indices), lines) for mesh in split(parts)
            ]
        self._made.words.sort(key=lambda word: word.rank)
        return self._made

    # geometry

    def _line(self, part: mvt.Part) -> list[Point]:
        at = self._frame
        x_m, y_m, scale_x, scale_y = at.x_m, at.y_m, at.scale_x, at.scale_y
        return [(x * scale_x + x_m, y * scale_y + y_m) for x, y in part]

    def _put(self, paint: str, triangles: Triangles) -> None:
        self._parts.setdefault(paint, []).append(triangles)

    def _fill(self, paint: str, feature: mvt.TileFeature) -> None:
        if feature.kind == mvt.POLYGON:
            self._put(paint, filled([self._line(ring) for ring in feature.parts]))

    def _middle(self, feature: mvt.TileFeature) -> Point | None:
        """A point of it, or the middle of its largest part; None where that belongs to the neighbouring tile."""
        if not feature.parts:
            return None
        part = max(feature.parts, key=len)
        xs, ys = [x for x, _ in part], [y for _, y in part]
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        if not (0 <= x < self._extent and 0 <= y < self._extent):
            return None
        at = self._frame
        return x * at.scale_x + at.x_m, y * at.scale_y + at.y_m

    # layers

    def _landuse(self, feature: mvt.TileFeature) -> None:
        paint = style.LANDUSE.get(_text(feature, "kind"))
        if paint:
            self._fill(paint, feature)

    def _water(self, feature: mvt.TileFeature) -> None:
        self._fill("water", feature)

    def _waterway(self, feature: mvt.TileFeature) -> None:
        width_m, least_px = style.WATERWAYS.get(_text(feature, "kind"), (2.0, 0.8))
        if least_px == 0 and self._band < 15:
            return
        for part in feature.parts:
            self._put("water", ribbon(self._line(part), max(width_m, least_px * self._pixel_m)))

    def _road(self, feature: mvt.TileFeature) -> None:
        if feature.kind == mvt.POLYGON:
            self._fill("square", feature)
            return
        road = style.ROADS.get(_text(feature, "kind"), style.UNKNOWN_ROAD)
        if feature.properties.get("link") and road.paint != "path":
            road = style.LINK
        least_px = road.least_px[self._band - FIRST_BAND]
        if feature.kind != mvt.LINE or least_px == 0:
            return
        pixel_m = self._pixel_m
        width_m = max(_number(feature, "width_m") or road.width_m, least_px * pixel_m)
        above = "bridge_" if feature.properties.get("bridge") else ""
        below = bool(feature.properties.get("tunnel"))
        for part in feature.parts:
            line = self._line(part)
            if below:
                self._tunnel(line, width_m)
            else:
                self._put(above + road.paint, ribbon(line, width_m))
                if road.paint != "path" and width_m >= style.CASE_FROM_PX * pixel_m:
                    case = "bridge_case" if above else "road_case"
                    self._put(case, ribbon(line, width_m + 2 * (2 if above else 1) * style.CASE_PX * pixel_m))
            self._remember(feature, road, line)

    def _tunnel(self, line: list[Point], width_m: float) -> None:
        pixel_m = self._pixel_m
        for piece in dashes(line, 6 * pixel_m, 4 * pixel_m):
            self._put("tunnel", ribbon(piece, min(width_m, 4 * pixel_m)))

    def _remember(self, feature: mvt.TileFeature, road: style.Road, line: list[Point]) -> None:
        name, ref = _text(feature, "name"), _text(feature, "ref")
        text = name if name and (self._band >= 15 or not ref) else ref
        if text and self._band >= road.name_band:
            self._names.setdefault((text, road), []).append(line)

    def _write_names(self) -> None:
        """Streets come in pieces, from crossing to crossing; a name is written along the whole of one."""
        for (text, road), lines in self._names.items():
            heavy = road.paint in ("main_road", "motorway")
            for line in joined(lines):
                xs, ys = [x for x, _ in line], [y for _, y in line]
                middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
                reach_m = math.dist(middle, (max(xs), max(ys)))
                word = Word(text, "main" if heavy else "street", road.rank, 0.0, tuple(line), middle, reach_m)
                self._made.words.append(word)

    def _rail(self, feature: mvt.TileFeature) -> None:
        if feature.kind != mvt.LINE or feature.properties.get("tunnel"):
            return
        for part in feature.parts:
            self._put("rail", ribbon(self._line(part), max(style.RAIL_M, style.RAIL_PX * self._pixel_m)))

    def _building(self, feature: mvt.TileFeature) -> None:
        if feature.kind != mvt.POLYGON:
            return
        rings = [self._line(ring) for ring in feature.parts]
        self._put("building", filled(rings))
        if self._band >= 15:
            self._put("building_line", edges(rings, [self._cut_off(ring) for ring in feature.parts]))

    def _cut_off(self, ring: mvt.Part) -> list[bool]:
        """Which edges of a ring lie on the border where the tile was cut, and are no walls."""
        extent = self._extent
        found = []
        for number, (ax, ay) in enumerate(ring):
            bx, by = ring[(number + 1) % len(ring)]
            found.append((ax == bx and not 0 < ax < extent) or (ay == by and not 0 < ay < extent))
        return found

    def _boundary(self, feature: mvt.TileFeature) -> None:
        if self._band > 14 or feature.kind != mvt.LINE:
            return
        pixel_m = self._pixel_m
        for part in feature.parts:
            for piece in dashes(self._line(part), 7 * pixel_m, 5 * pixel_m):
                self._put("boundary", ribbon(piece, 1.2 * pixel_m))

    def _place(self, feature: mvt.TileFeature) -> None:
        letters, rank, first, last = style.PLACES.get(_text(feature, "kind"), ("place", 3.5, 15, 17))
        if first <= self._band <= last:
            self._name(feature, letters, rank, 0.0)

    def _area_label(self, feature: mvt.TileFeature) -> None:
        rank, first, zoom = style.AREA_NAMES.get(_text(feature, "of"), (3.5, 17, 16.9))
        if self._band >= first:
            self._name(feature, "place", rank, zoom)

    def _housenumber(self, feature: mvt.TileFeature) -> None:
        if self._band >= NUMBERS_FROM:
            self._name(feature, "number", 6.0, NUMBER_ZOOM, "housenumber")

    def _hydrant(self, feature: mvt.TileFeature) -> None:
        if self._band >= WATER_FROM:
            self._sign("hydrant", feature)

    def _poi(self, feature: mvt.TileFeature) -> None:
        sign = style.SIGNS.get(_text(feature, "kind"))
        if sign is not None and self._band >= sign[4]:
            self._sign("poi", feature)
        elif sign is None and self._band >= POINTS_FROM:
            self._name(feature, "place", 3.4, 16.9)

    def _name(self, feature: mvt.TileFeature, letters: str, rank: float, min_zoom: float, prop: str = "name") -> None:
        text, at = _text(feature, prop), self._middle(feature)
        if text and at is not None:
            self._made.words.append(Word(text, letters, rank, min_zoom, at=at))

    def _sign(self, cls: str, feature: mvt.TileFeature) -> None:
        at = self._middle(feature)
        if at is None or len(self._made.signs) >= MAX_SIGNS:
            return
        name, ref = _text(feature, "name"), _text(feature, "ref")
        size = int(_number(feature, "diameter_mm"))
        self._made.signs.append(Sign(cls, _text(feature, "kind"), name, ref, size, at, _text(feature, "osm")))


def _text(feature: mvt.TileFeature, name: str) -> str:
    value = feature.properties.get(name)
    return value if isinstance(value, str) else ("" if value is None else str(value))


def _number(feature: mvt.TileFeature, name: str) -> float:
    value: Any = feature.properties.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else 0.0


def filled(rings: list[list[Point]]) -> Triangles:
    """A polygon with holes as triangles (even-odd rule); a convex quadrangle, as most houses are, is quickly done."""
    result = Triangles()
    if len(rings) == 1 and len(rings[0]) <= 4 and _convex(rings[0]):
        result.fan(rings[0])
        return result
    return tesselate(rings)


def tesselate(rings: Iterable[Iterable[Point]]) -> Triangles:
    """A polygon with holes as triangles (even-odd rule)."""
    result = Triangles()
    cutter = Tesselator()
    for ring in rings:
        cutter.add_contour([value for point in ring for value in point])
    if cutter.tesselate(WINDING_ODD, TYPE_POLYGONS):
        for vertices, indices in cutter.meshes:
            result.fan([(vertices[4 * n], vertices[4 * n + 1]) for n in indices])
    return result


def _convex(ring: list[Point]) -> bool:
    turns = []
    for number, (bx, by) in enumerate(ring):
        ax, ay = ring[number - 1]
        cx, cy = ring[(number + 1) % len(ring)]
        turns.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)


def edges(rings: list[list[Point]], left_out: list[list[bool]]) -> Triangles:
    """The edges of closed rings as pairs of points, without those that are left out."""
    result = Triangles()
    for ring, out in zip(rings, left_out, strict=True):
        start, count = len(result), len(ring)
        for x, y in ring:
            result.vertices += (x, y, 0.0, 0.0)
        for number in range(count):
            if not out[number]:
                result.indices += (start + number, start + (number + 1) % count)
    return result
