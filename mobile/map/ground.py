"""The base map as meshes: cut into triangles once, in metres of the plane, and gathered by colour. No window needed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kivy.graphics.tesselator import TYPE_POLYGONS, WINDING_ODD, Tesselator

from mobile import geo
from mobile.basemap import BasemapFeature
from mobile.i18n import Words
from mobile.map.camera import METRES_PER_PIXEL_AT_ZOOM_0
from mobile.map.labels import Word
from mobile.map.shapes import Point, Triangles, disc, ribbon, split
from mobile.map.symbols import Badge

BANDS = (14.5, 16.0, 17.5)
"""Zooms at which streets are drawn with another width: far away a street of 5 m would be thinner than a pixel."""
MIN_STREET_PX = 3.0
LANDUSE = {
    "heath": "heath",
    "wood": "wood",
    "forest": "wood",
    "meadow": "green",
    "park": "green",
    "pitch": "green",
    "allotments": "green",
    "cemetery": "green",
    "rampart": "green",
    "grass": "green",
}
MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
SIGNS = {"assembly_point": "S", "key_safe": "FSD", "defibrillator": "AED", "first_aid": "+"}


@dataclass(frozen=True)
class Batch:
    """Triangles, or pairs of points where `lines`, in one colour; `band` None is drawn at every zoom."""

    colour: str
    triangles: Triangles
    band: int | None = None
    lines: bool = False


def band_of(zoom: float) -> int:
    """Which set of street widths belongs to a zoom."""
    return sum(zoom >= limit for limit in BANDS)


def tesselate(rings: Iterable[Iterable[Point]]) -> Triangles:
    """A polygon with holes as triangles (even-odd rule)."""
    cutter = Tesselator()
    for ring in rings:
        cutter.add_contour([value for point in ring for value in point])
    result = Triangles()
    if cutter.tesselate(WINDING_ODD, TYPE_POLYGONS):
        for vertices, indices in cutter.meshes:
            corners = [(vertices[4 * n], vertices[4 * n + 1]) for n in indices]
            result.fan(corners)
    return result


def outline(rings: Iterable[Iterable[Point]]) -> Triangles:
    """The edges of a polygon as pairs of points."""
    result = Triangles()
    for ring in rings:
        points = list(ring)
        start = len(result)
        for x, y in points:
            result.vertices += (x, y, 0.0, 0.0)
        for number in range(len(points) - 1):
            result.indices += (start + number, start + number + 1)
    return result


_prepared: list[tuple[list[BasemapFeature], geo.Plane, list[Batch]]] = []


def prepared(features: list[BasemapFeature], plane: geo.Plane) -> list[Batch]:
    """`batches`, kept for the next time: a change from day to night needs the same triangles in other colours."""
    if not (_prepared and _prepared[0][0] is features and _prepared[0][1] == plane):
        _prepared[:] = [(features, plane, batches(features, plane))]
    return _prepared[0][2]


def batches(features: list[BasemapFeature], plane: geo.Plane) -> list[Batch]:
    """The base map from the bottom up."""
    parts: dict[tuple[str, int | None, bool], list[Triangles]] = {}

    def put(colour: str, triangles: Triangles, band: int | None = None, *, lines: bool = False) -> None:
        parts.setdefault((colour, band, lines), []).append(triangles)

    for feature in features:
        if feature.cls in ("landuse", "water", "square"):
            colour = LANDUSE.get(feature.kind, "land") if feature.cls == "landuse" else feature.cls
            for rings in _polygons(feature.geometry, plane):
                put(colour, tesselate(rings))
        elif feature.cls == "waterway":
            for line in _runs(feature.geometry, plane):
                put("water", ribbon(line, max(2.0, feature.width_m)))
    for feature in features:
        if feature.cls in ("path", "road"):
            _street(feature, plane, put)
    for feature in features:
        if feature.cls == "building":
            for rings in _polygons(feature.geometry, plane):
                put("building", tesselate(rings))
                put("building_line", outline(rings), lines=True)
        elif feature.kind == "tree":
            put("wood", _tree(feature.geometry, plane), 3)
    order = sorted(parts, key=lambda key: _ORDER.index(key[0]))
    return [
        Batch(colour, mesh, band, lines) for colour, band, lines in order for mesh in split(parts[colour, band, lines])
    ]


_ORDER = (
    "land",
    "heath",
    "green",
    "wood",
    "square",
    "water",
    "path",
    "road_case",
    "road",
    "main_road",
    "building",
    "building_line",
)


def _street(feature: BasemapFeature, plane: geo.Plane, put: Any) -> None:
    for line in _runs(feature.geometry, plane):
        for band in range(len(BANDS) + 1):
            zoom = (*BANDS, 18.5)[band] - 0.75
            pixel_m = METRES_PER_PIXEL_AT_ZOOM_0 * 0.62 / 2**zoom
            if feature.cls == "path":
                put("path", ribbon(line, max(feature.width_m or 1.5, 1.4 * pixel_m)), band)
                continue
            width_m = max(feature.width_m or 4.0, MIN_STREET_PX * pixel_m)
            put("road_case", ribbon(line, width_m + 2.2 * pixel_m), band)
            put("main_road" if feature.kind in MAIN_ROADS else "road", ribbon(line, width_m), band)


def _tree(geometry: dict[str, Any], plane: geo.Plane) -> Triangles:
    result = Triangles()
    for lon, lat in geo.positions(geometry):
        result.fan(disc(*plane.to_metres(lon, lat), 2.2, 9))
    return result


def _polygons(geometry: dict[str, Any], plane: geo.Plane) -> list[list[list[Point]]]:
    kind = geometry["type"]
    polygons = [geometry["coordinates"]] if kind == "Polygon" else []
    polygons = geometry["coordinates"] if kind == "MultiPolygon" else polygons
    return [[plane.line(ring) for ring in polygon] for polygon in polygons]


def _runs(geometry: dict[str, Any], plane: geo.Plane) -> list[list[Point]]:
    if geometry["type"] == "LineString":
        return [plane.line(geometry["coordinates"])]
    if geometry["type"] == "MultiLineString":
        return [plane.line(line) for line in geometry["coordinates"]]
    return []


def words(features: list[BasemapFeature], plane: geo.Plane) -> list[Word]:
    """What is written on the base map."""
    found = []
    for feature in features:
        middle = geo.centre(feature.geometry)
        if middle is None:
            continue
        at = plane.to_metres(*middle)
        if feature.cls in ("road", "path") and feature.name:
            main = feature.kind in MAIN_ROADS
            rank, zoom = (1.0, 14.0) if main else ((2.0, 15.0) if feature.cls == "road" else (4.0, 16.5))
            style = "main" if main else "street"
            lines = _runs(feature.geometry, plane)
            found += [_along(feature.name, style, rank, zoom, line) for line in lines]
        elif feature.cls == "building" and feature.name:
            found.append(Word(feature.name, "place", 2.5, 15.8, at=at))
        elif feature.cls in ("square", "water", "landuse") and feature.name:
            found.append(Word(feature.name, "place", 1.5, 15.0, at=at))
        elif feature.cls == "building" and feature.housenumber:
            found.append(Word(feature.housenumber, "number", 6.0, 17.2, at=at))
        elif feature.cls == "poi" and feature.name:
            found.append(Word(feature.name, "place", 3.0, 16.8, at=at))
    return found


def _along(text: str, style: str, rank: float, min_zoom: float, line: list[Point]) -> Word:
    xs, ys = [x for x, _ in line], [y for _, y in line]
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return Word(text, style, rank, min_zoom, tuple(line), middle, math.dist(middle, (max(xs), max(ys))))


def signs(features: list[BasemapFeature], plane: geo.Plane, texts: Words) -> list[Badge]:
    """Hydrants and the few points of the base map that a crew looks for."""
    found = []
    for number, feature in enumerate(features):
        middle = geo.centre(feature.geometry) if feature.cls in ("hydrant", "poi") else None
        if middle is None:
            continue
        at = plane.to_metres(*middle)
        if feature.cls == "hydrant":
            caption = f"{feature.diameter_mm}" if feature.diameter_mm else texts.value("hydrant", feature.kind)
            letter = "H" if feature.kind == "fire_hydrant" else "W"
            found.append(Badge(f"base:{number}", at, "circle", letter, "panel", "hydrant", caption=caption,
                               size_mm=3.8, ring="hydrant", rank=7.0, min_zoom=16.3))  # fmt: skip
        elif feature.kind in SIGNS:
            found.append(Badge(f"base:{number}", at, "box", SIGNS[feature.kind], "good", "on_good", size_mm=4.0,
                               rank=7.5, min_zoom=16.5))  # fmt: skip
    return found


def bounds(features: list[BasemapFeature], plane: geo.Plane) -> tuple[Point, Point] | None:
    """Lower left and upper right corner of the mapped ground; None for an empty map."""
    corners = [plane.to_metres(*place) for feature in features for place in geo.positions(feature.geometry)]
    if not corners:
        return None
    return (min(x for x, _ in corners), min(y for _, y in corners)), (
        max(x for x, _ in corners),
        max(y for _, y in corners),
    )
