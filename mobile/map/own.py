"""An operator's own objects on the map: key safes, plans, closures, hydrants, hazards. Pure."""

from collections.abc import Iterable, Iterator
from typing import cast

from layers.wire import Feature
from mobile.map import style
from mobile.map.figures import Area, Badge, Drawing, Item, Scene, Stroke, lines, polygons
from mobile.map.shapes import along, length
from mobile.map.ways import INK
from mobile.own import OwnObject

SIGNS = {
    "key_safe": ("box", "FSD", "accent"),
    "object_plan": ("box", "P", "accent"),
    "closure": ("circle", "–", "alarm"),
    "hazard": ("triangle", "!", "warn"),
}
"""Shape, letter and ground; a closure looks like the road sign, a key safe is lettered as that of the base map."""
OTHER = ("diamond", "i", "accent")
MIN_ZOOM = {"closure": 13.0, "hydrant": 15.5}
OTHER_MIN_ZOOM = 14.5


def lay_under(drawing: Drawing, objects: Iterable[OwnObject], scene: Scene) -> None:
    """Add what holds now to a drawing, below everything that is happening."""
    items = [item for one in objects if one.is_valid(scene.now) for item in _paint(one, scene)]
    drawing.areas[:0] = [item for item in items if isinstance(item, Area)]
    drawing.strokes[:0] = [item for item in items if isinstance(item, Stroke)]
    drawing.badges[:0] = [item for item in items if isinstance(item, Badge)]


def _paint(one: OwnObject, scene: Scene) -> Iterator[Item]:
    shape, letter, colour = SIGNS.get(one.kind, OTHER)
    ink, caption = f"on_{colour}", one.title or one.ref
    if one.kind == "hydrant":
        shape, letter, colour = style.HYDRANTS.get(one.hydrant, style.OTHER_WATER)
        ink, caption = INK[colour], f"DN {one.diameter_mm}" if one.diameter_mm else one.ref
    feature = cast("Feature", {"id": one.id, "geometry": one.geometry, "properties": {}})
    for rings in polygons(feature, scene):
        yield Area(rings, colour, 0.16, colour, 0.7, dashed=one.kind == "closure")
    runs = list(lines(feature, scene))
    for line in runs:
        yield Stroke(line, colour, 1.0, dashed=one.kind == "closure", edge="label_halo", rank=4.5)
    at = scene.plane.to_metres(*one.at)
    yield Badge(
        id=one.id,
        at=along(list(runs[0]), length(list(runs[0])) / 2)[0] if runs else at,
        shape=shape,
        text=letter,
        ground=colour,
        ink=ink,
        caption=caption,
        size_mm=4.2 if one.kind == "hydrant" else 5.0,
        rank=4.5,
        min_zoom=MIN_ZOOM.get(one.kind, OTHER_MIN_ZOOM),
    )
