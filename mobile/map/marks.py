"""What people in the field have marked (Cursor on Target): points, lines and areas with their label. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from layers.wire import Feature
from mobile import describe, themes
from mobile.map.figures import Area, Badge, Item, Scene, Stroke, aged, is_old, lines, polygons, spot
from mobile.map.shapes import along, length

CALLS = ("emergency", "casevac")
"""Marks that are calls for help."""
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
INK_DARK, INK_LIGHT = "#10181c", "#ffffff"
LETTERS = {
    "incident": "!", "emergency": "!", "casevac": "+", "sensor": "S", "waypoint": "W", "track": "T", "place": "O",
    "route": "R", "range": "R", "bullseye": "B", "geofence": "G",
}  # fmt: skip
OTHER_LETTER = "M"


def paint(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:  # noqa: ARG001  (every painter's signature)
    """Its shape in its sender's colour, and a sign with its label; a call for help as an alarm."""
    properties = feature["properties"]
    old, call = is_old(feature, scene), properties.get("mark") in CALLS
    colour = "stale" if old else ("alarm" if call else _colour(properties, "color") or "accent")
    fill = "stale" if old else _colour(properties, "fill") or colour
    for rings in polygons(feature, scene):
        yield Area(rings, fill, 0.18, colour, 0.6, dashed=old)
    runs = list(lines(feature, scene))
    for line in runs:
        yield Stroke(line, colour, 0.7, dashed=old, edge="label_halo", rank=3.0)
    is_point = feature["geometry"]["type"] == "Point"
    ground = "quiet" if old else colour
    yield Badge(
        id=feature["id"],
        at=along(list(runs[0]), length(list(runs[0])) / 2)[0] if runs else spot(feature, scene),
        shape="triangle" if call else "circle",
        text=LETTERS.get(str(properties.get("mark")), OTHER_LETTER),
        ground=ground,
        ink=_ink(ground),
        caption=aged(describe.title(feature, scene.words), feature, scene),
        size_mm=6.4 if call else (4.6 if is_point else 3.6),
        rank=0.3 if call else 3.3,
        stale=old,
        min_zoom=0.0 if call else 14.0,
    )


def _colour(properties: dict[str, Any], key: str) -> str:
    """A colour that the sender gave, "" without one: it comes from strangers."""
    told = properties.get(key)
    return told if isinstance(told, str) and COLOUR.fullmatch(told) else ""


def _ink(ground: str) -> str:
    """What can be read on it."""
    if not ground.startswith("#"):
        return f"on_{ground}"
    return max((INK_DARK, INK_LIGHT), key=lambda ink: themes.contrast(ink, ground))
