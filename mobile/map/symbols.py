"""What of the picture is drawn on the map, and how. Pure; the figures are those of `mobile.map.figures`."""

from collections.abc import Iterator
from typing import Any

from layers.wire import Feature
from mobile import ages, describe, themes
from mobile.map import marks, ways
from mobile.map.figures import Area, Badge, Drawing, Item, Scene, Stroke, aged, is_old, lines, polygons, spot
from mobile.mission import own_missions

MAX_BADGES = 1500


def kind(properties: dict[str, Any]) -> str:
    """The part without its number: `water` of `water-2`."""
    return str(properties.get("part")).partition("-")[0]


def draw(features: dict[str, Feature], scene: Scene) -> Drawing:
    """Lay out every feature that the map shows."""
    drawing = Drawing()
    own = {mission["id"] for mission in own_missions(features, scene.unit)}
    for feature in features.values():
        properties = feature["properties"]
        if ages.freshness(properties, scene.now) is ages.Freshness.EXPIRED:
            continue
        paint = _PAINT.get(kind(properties))
        if paint is None or feature["geometry"] is None:
            continue
        for item in paint(feature, scene, own):
            if isinstance(item, Area):
                drawing.areas.append(item)
            elif isinstance(item, Stroke):
                drawing.strokes.append(item)
            else:
                drawing.badges.append(item)
    drawing.strokes.sort(key=lambda stroke: -stroke.rank)
    drawing.badges.sort(key=lambda badge: (-badge.rank, badge.id))
    drawing.badges = drawing.badges[-MAX_BADGES:]
    return drawing


def _mission(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:
    if feature["properties"].get("state") == "ended":
        return
    mine = feature["id"] in own
    name = str(feature["properties"].get("keyword_short") or describe.title(feature, scene.words))
    yield Badge(
        id=feature["id"],
        at=spot(feature, scene),
        shape="pin" if mine else "diamond",
        text="!" if mine else "",
        ground="alarm" if mine else "quiet",
        ink="on_alarm" if mine else "on_quiet",
        caption=aged(name, feature, scene),
        size_mm=9.0 if mine else 6.0,
        ring="text" if mine else "",
        rank=0.2 if mine else 4.0,
        stale=is_old(feature, scene),
    )


def _unit(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:
    properties = feature["properties"]
    digit = properties.get("fms_status")
    ground, ink = themes.FMS.get(digit, ("quiet", "on_quiet")) if isinstance(digit, int) else ("quiet", "on_quiet")
    mine = feature["id"] == scene.unit
    alarm = bool(properties.get("emergency"))
    old = is_old(feature, scene)
    name = properties.get("name") or describe.title(feature, scene.words)
    working = properties.get("mission") in own
    arrives = ages.moment(properties.get("eta_at"))
    if arrives is not None and working and not old:
        name = scene.words.say("eta.map", name=name, time=scene.words.time(arrives, seconds=False))
    yield Badge(
        id=feature["id"],
        at=spot(feature, scene),
        shape="box",
        text="?" if digit is None else str(digit),
        ground="quiet" if old and not alarm else ground,
        ink="on_quiet" if old and not alarm else ink,
        caption=aged(str(name), feature, scene),
        size_mm=7.0 if mine or alarm else 5.6,
        heading_deg=None if old else properties.get("heading_deg"),
        ring="accent" if mine else ("alarm" if alarm else ""),
        rank=0.0 if mine else (0.1 if alarm else (1.0 if working else 3.0)),
        stale=old,
    )


def _region(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001  (every painter's signature)
    properties = feature["properties"]
    letter = properties.get("level_of_service")
    old = is_old(feature, scene)
    colour = "quiet" if old else themes.LEVEL_OF_SERVICE.get(str(letter), "quiet")
    over = bool(properties.get("over_threshold"))
    for rings in polygons(feature, scene):
        yield Area(rings, colour, 0.42, "alarm" if over else colour, 0.9 if over else 0.5, dashed=old)
    density = properties.get("density_pm2")
    words = scene.words
    caption = f"{words.number(density, 1)}/m²" if isinstance(density, int | float) else ""
    yield Badge(
        id=feature["id"],
        at=spot(feature, scene),
        shape="circle",
        text=str(letter or "?"),
        ground="alarm" if over and not old else "panel",
        ink="on_alarm" if over and not old else "text",
        caption=aged(caption, feature, scene, "people"),
        size_mm=6.0 if over else 5.0,
        rank=0.8 if over else 3.5,
        stale=old,
        min_zoom=0.0 if over else 14.5,
    )


def _blind(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for rings in polygons(feature, scene):
        yield Area(rings, "quiet", 0.35, "muted", 0.4, dashed=True)
    yield Badge(
        feature["id"], spot(feature, scene), "circle", "?", "quiet", "on_quiet", size_mm=4.0, rank=6.0, min_zoom=15.5
    )


def _crowd_line(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for run in lines(feature, scene):
        yield Stroke(run, "alarm" if feature["properties"].get("congested") else "muted", 0.7)


def _alert(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for rings in polygons(feature, scene):
        yield Area(rings, "alarm", 0.18, "alarm", 0.9, dashed=is_old(feature, scene))


def _warning(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for rings in polygons(feature, scene):
        yield Area(rings, "warn", 0.10, "warn", 0.9, dashed=True)
    name = describe.title(feature, scene.words)
    caption = aged(name, feature, scene)
    yield Badge(
        feature["id"], spot(feature, scene), "triangle", "!", "warn", "on_warn", caption=caption, size_mm=6.0, rank=2.0
    )


def _drone(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    properties = feature["properties"]
    height = properties.get("height_m")
    name = " ".join(describe.title(feature, scene.words).split()[:2])
    caption = f"{name} · {scene.words.number(height)} m" if isinstance(height, int | float) else name
    old = is_old(feature, scene)
    yield Badge(
        id=feature["id"],
        at=spot(feature, scene),
        shape="drone",
        text="",
        ground="quiet" if old else "accent",
        ink="on_quiet" if old else "on_accent",
        caption=aged(caption, feature, scene),
        size_mm=6.4,
        heading_deg=None if old else properties.get("heading_deg"),
        rank=1.5,
        stale=old,
    )


def _track(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    for run in lines(feature, scene):
        yield Stroke(run, "muted", 0.3, dashed=True)  # thin: nobody must take it for the way to drive


def _device(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    properties = feature["properties"]
    state = properties.get("state")
    if state not in ("ALARM", "WARNING"):
        return
    old, alarm = is_old(feature, scene), state == "ALARM"
    ground = "quiet" if old else ("alarm" if alarm else "warn")
    name = describe.device_value(properties, scene.words) or describe.title(feature, scene.words)
    yield Badge(
        id=feature["id"],
        at=spot(feature, scene),
        shape="circle" if alarm else "triangle",
        text="!",
        ground=ground,
        ink="on_quiet" if old else ("on_alarm" if alarm else "on_warn"),
        caption=aged(name, feature, scene, "value"),
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
        at=spot(feature, scene),
        shape="house",
        text=str(persons) if persons else "",
        ground="alarm" if alarms else "accent",
        ink="on_alarm" if alarms else "on_accent",
        caption=aged(caption, feature, scene),
        size_mm=7.0,
        rank=1.2,
        stale=is_old(feature, scene),
        min_zoom=14.5,
    )


def _report(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001
    verdict = feature["properties"].get("verdict")
    if isinstance(verdict, dict) and verdict.get("decision") == "reject":
        return
    yield Badge(
        feature["id"], spot(feature, scene), "box", "i", "panel", "text", size_mm=3.6, rank=5.5, min_zoom=15.5,
        ring="muted", stale=is_old(feature, scene),
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
    "mark": marks.paint,
    "route": ways.paint_route,
    "water": ways.paint_water,
}
