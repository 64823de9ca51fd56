"""What of the picture is drawn on the map, and how: areas, lines and badges on the plane, in metres. Pure.

Colours are names of the theme or #rrggbb. What is old keeps its place and loses its colour, and its caption says how
old it is: never by colour alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from layers.wire import Feature
from mobile import ages, describe, geo, themes
from mobile.i18n import Words
from mobile.map.shapes import Point
from mobile.mission import own_missions

MAX_BADGES = 1500


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
    """A line."""

    line: tuple[Point, ...]
    colour: str
    width_mm: float = 0.5
    dashed: bool = False


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


def draw(features: dict[str, Feature], scene: Scene) -> Drawing:
    """Lay out every feature that the map shows."""
    drawing = Drawing()
    own = {mission["id"] for mission in own_missions(features, scene.unit)}
    for feature in features.values():
        properties = feature["properties"]
        if ages.freshness(properties, scene.now) is ages.Freshness.EXPIRED:
            continue
        paint = _PAINT.get(str(properties.get("part")))
        if paint is None or feature["geometry"] is None:
            continue
        for item in paint(feature, scene, own):
            if isinstance(item, Area):
                drawing.areas.append(item)
            elif isinstance(item, Stroke):
                drawing.strokes.append(item)
            else:
                drawing.badges.append(item)
    drawing.badges.sort(key=lambda badge: (-badge.rank, badge.id))
    drawing.badges = drawing.badges[-MAX_BADGES:]
    return drawing


Item = Area | Stroke | Badge


def _at(feature: Feature, scene: Scene) -> Point:
    return scene.plane.to_metres(*(geo.centre(feature["geometry"]) or (scene.plane.lon, scene.plane.lat)))


def _rings(feature: Feature, scene: Scene) -> Iterator[tuple[tuple[Point, ...], ...]]:
    geometry = feature["geometry"]
    polygons: list[Any] = []
    if geometry["type"] == "Polygon":
        polygons = [geometry["coordinates"]]
    elif geometry["type"] == "MultiPolygon":
        polygons = geometry["coordinates"]
    for polygon in polygons:
        yield tuple(tuple(scene.plane.line(ring)) for ring in polygon)


def _runs(feature: Feature, scene: Scene) -> Iterator[tuple[Point, ...]]:
    geometry = feature["geometry"]
    if geometry["type"] == "LineString":
        yield tuple(scene.plane.line(geometry["coordinates"]))
    elif geometry["type"] == "MultiLineString":
        for line in geometry["coordinates"]:
            yield tuple(scene.plane.line(line))


def _old(feature: Feature, scene: Scene) -> bool:
    return ages.position_freshness(feature["properties"], scene.now) is ages.Freshness.STALE


def _caption(name: str, feature: Feature, scene: Scene, attribute: str = "position") -> str:
    """The name; what is old says so."""
    if not _old(feature, scene):
        return name
    return f"{name} · {scene.words.age(ages.age_s(feature['properties'], scene.now, attribute))}"


def _mission(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:
    if feature["properties"].get("state") == "ended":
        return
    mine = feature["id"] in own
    name = str(feature["properties"].get("keyword_short") or describe.title(feature, scene.words))
    yield Badge(
        id=feature["id"],
        at=_at(feature, scene),
        shape="pin" if mine else "diamond",
        text="!" if mine else "",
        ground="alarm" if mine else "quiet",
        ink="on_alarm" if mine else "on_quiet",
        caption=_caption(name, feature, scene),
        size_mm=9.0 if mine else 6.0,
        ring="text" if mine else "",
        rank=0.2 if mine else 4.0,
        stale=_old(feature, scene),
    )


def _unit(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:
    properties = feature["properties"]
    digit = properties.get("fms_status")
    ground, ink = themes.FMS.get(digit, ("quiet", "on_quiet")) if isinstance(digit, int) else ("quiet", "on_quiet")
    mine = feature["id"] == scene.unit
    alarm = bool(properties.get("emergency"))
    old = _old(feature, scene)
    name = properties.get("name") or describe.title(feature, scene.words)
    working = properties.get("mission") in own
    yield Badge(
        id=feature["id"],
        at=_at(feature, scene),
        shape="box",
        text="?" if digit is None else str(digit),
        ground="quiet" if old and not alarm else ground,
        ink="on_quiet" if old and not alarm else ink,
        caption=_caption(str(name), feature, scene),
        size_mm=7.0 if mine or alarm else 5.6,
        heading_deg=None if old else properties.get("heading_deg"),
        ring="accent" if mine else ("alarm" if alarm else ""),
        rank=0.0 if mine else (0.1 if alarm else (1.0 if working else 3.0)),
        stale=old,
    )


def _region(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001  (every painter's signature)
    properties = feature["properties"]
    letter = properties.get("level_of_service")
    old = _old(feature, scene)
    colour = "quiet" if old else themes.LEVEL_OF_SERVICE.get(str(letter), "quiet")
    over = bool(properties.get("over_threshold"))
    for rings in _rings(feature, scene):
        yield Area(rings, colour, 0.42, "alarm" if over else colour, 0.9 if over else 0.5, dashed=old)
    density = properties.get("density_pm2")
    words = scene.words
    caption = f"{words.number(density, 1)}/m²" if isinstance(density, int | float) else ""
    yield Badge(
        id=feature["id"],
        at=_at(feature, scene),
        shape="circle",
        text=str(letter or "?"),
        ground="alarm" if over and not old else "panel",
        ink="on_alarm" if over and not old else "text",
        caption=_caption(caption, feature, scene, "people"),
        size_mm=6.0 if over else 5.0,
        rank=0.8 if over else 3.5,
        stale=old,
        min_zoom=0.0 if over else 14.5,
    )


def _blind(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for rings in _rings(feature, scene):
        yield Area(rings, "quiet", 0.35, "muted", 0.4, dashed=True)
    yield Badge(
        feature["id"], _at(feature, scene), "circle", "?", "quiet", "on_quiet", size_mm=4.0, rank=6.0, min_zoom=15.5
    )


def _crowd_line(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for run in _runs(feature, scene):
        yield Stroke(run, "alarm" if feature["properties"].get("congested") else "muted", 0.7)


def _alert(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for rings in _rings(feature, scene):
        yield Area(rings, "alarm", 0.18, "alarm", 0.9, dashed=_old(feature, scene))


def _warning(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for rings in _rings(feature, scene):
        yield Area(rings, "warn", 0.10, "warn", 0.9, dashed=True)
    name = describe.title(feature, scene.words)
    caption = _caption(name, feature, scene)
    yield Badge(
        feature["id"], _at(feature, scene), "triangle", "!", "warn", "on_warn", caption=caption, size_mm=6.0, rank=2.0
    )


def _drone(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    properties = feature["properties"]
    height = properties.get("height_m")
    name = " ".join(describe.title(feature, scene.words).split()[:2])
    caption = f"{name} · {scene.words.number(height)} m" if isinstance(height, int | float) else name
    old = _old(feature, scene)
    yield Badge(
        id=feature["id"],
        at=_at(feature, scene),
        shape="drone",
        text="",
        ground="quiet" if old else "accent",
        ink="on_quiet" if old else "on_accent",
        caption=_caption(caption, feature, scene),
        size_mm=6.4,
        heading_deg=None if old else properties.get("heading_deg"),
        rank=1.5,
        stale=old,
    )


def _track(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for run in _runs(feature, scene):
        yield Stroke(run, "muted", 0.3, dashed=True)  # thin: nobody must take it for the way to drive


def _device(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    properties = feature["properties"]
    state = properties.get("state")
    if state not in ("ALARM", "WARNING"):
        return
    old, alarm = _old(feature, scene), state == "ALARM"
    ground = "quiet" if old else ("alarm" if alarm else "warn")
    name = describe.device_value(properties, scene.words) or describe.title(feature, scene.words)
    yield Badge(
        id=feature["id"],
        at=_at(feature, scene),
        shape="circle" if alarm else "triangle",
        text="!",
        ground=ground,
        ink="on_quiet" if old else ("on_alarm" if alarm else "on_warn"),
        caption=_caption(name, feature, scene, "value"),
        size_mm=4.4,
        rank=2.2 if alarm else 3.2,
        stale=old,
        min_zoom=15.0,
    )


def _building(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    properties = feature["properties"]
    persons = properties.get("persons_probable")
    counts = properties.get("devices")
    alarms = counts.get("alarm") if isinstance(counts, dict) else 0
    if not persons and not alarms:
        return
    caption = scene.words.say("building.persons", n=persons) if persons else ""
    yield Badge(
        id=feature["id"],
        at=_at(feature, scene),
        shape="house",
        text=str(persons) if persons else "",
        ground="alarm" if alarms else "accent",
        ink="on_alarm" if alarms else "on_accent",
        caption=_caption(caption, feature, scene),
        size_mm=7.0,
        rank=1.2,
        stale=_old(feature, scene),
        min_zoom=14.5,
    )


def _report(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    verdict = feature["properties"].get("verdict")
    if isinstance(verdict, dict) and verdict.get("decision") == "reject":
        return
    yield Badge(
        feature["id"], _at(feature, scene), "box", "i", "panel", "text", size_mm=3.6, rank=5.5, min_zoom=15.5,
        ring="muted", stale=_old(feature, scene),
    )  # fmt: skip


_PAINT = {
    "mission": _mission,
    "unit": _unit,
    "region": _region,
    "blind_spot": _blind,
    "line": _crowd_line,
    "alert": _alert,
    "warning": _warning,
    "drone": _drone,
    "track": _track,
    "device": _device,
    "building": _building,
    "post": _report,
    "citizen_report": _report,
    "note": _report,
}
