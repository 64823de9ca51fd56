"""What a map is made of: areas, lines and badges on the plane, in metres; and what every painter of them needs. Pure.

Colours are names of the theme or #rrggbb. What is old keeps its place and loses its colour, and its caption says how
old it is: never by colour alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from layers.wire import Feature
from mobile import ages, geo
from mobile.i18n import Words
from mobile.map.shapes import Point


@dataclass(frozen=True)
class Area:
    """A filled polygon with holes; `width_mm` is that of its outline, dashed if `dashed`."""

    rings: tuple[tuple[Point, ...], ...]
    fill: str
    alpha: float
    line: str
    width_mm: float = 0.4
    dashed: bool = False


@dataclass(frozen=True)
class Stroke:
    """A line. `edge` draws a border of that colour round it; of two lines that cross, `rank` 0 lies on top."""

    line: tuple[Point, ...]
    colour: str
    width_mm: float = 0.5
    dashed: bool = False
    edge: str = ""
    rank: float = 5.0


@dataclass(frozen=True)
class Badge:
    """A sign of constant size: box, circle, diamond, pin, triangle, house or drone; `text` inside, `caption` beside.

    `heading_deg` draws a nose; `ring` marks the own vehicle; `rank` 0 is drawn last and captioned first.
    """

    id: str
    at: Point
    shape: str
    text: str
    ground: str
    ink: str
    caption: str = ""
    size_mm: float = 5.0
    heading_deg: float | None = None
    ring: str = ""
    rank: float = 5.0
    stale: bool = False
    min_zoom: float = 0.0


@dataclass
class Drawing:
    """Everything, bottom first."""

    areas: list[Area] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    badges: list[Badge] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """For whom and when the map is drawn."""

    plane: geo.Plane
    unit: str | None
    now: datetime | None
    words: Words


Item = Area | Stroke | Badge


def spot(feature: Feature, scene: Scene) -> Point:
    """Where its sign stands."""
    return scene.plane.to_metres(*(geo.centre(feature["geometry"]) or (scene.plane.lon, scene.plane.lat)))


def polygons(feature: Feature, scene: Scene) -> Iterator[tuple[tuple[Point, ...], ...]]:
    """The rings of each polygon of a feature in metres, the outer one first."""
    geometry = feature["geometry"]
    found: list[Any] = []
    if geometry["type"] == "Polygon":
        found = [geometry["coordinates"]]
    elif geometry["type"] == "MultiPolygon":
        found = geometry["coordinates"]
    for polygon in found:
        yield tuple(tuple(scene.plane.line(ring)) for ring in polygon)


def lines(feature: Feature, scene: Scene) -> Iterator[tuple[Point, ...]]:
    """The lines of a feature in metres."""
    geometry = feature["geometry"]
    if geometry["type"] == "LineString":
        yield tuple(scene.plane.line(geometry["coordinates"]))
    elif geometry["type"] == "MultiLineString":
        for line in geometry["coordinates"]:
            yield tuple(scene.plane.line(line))


def is_old(feature: Feature, scene: Scene) -> bool:
    """Whether its position may no longer be trusted."""
    return ages.position_freshness(feature["properties"], scene.now) is ages.Freshness.STALE


def aged(name: str, feature: Feature, scene: Scene, attribute: str = "position") -> str:
    """The name; what is old says so."""
    if not is_old(feature, scene):
        return name
    return f"{name} · {scene.words.age(ages.age_s(feature['properties'], scene.now, attribute))}"
