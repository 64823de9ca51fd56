"""Ways and water on the map: how we get there, how the others do, and where the hose begins. Pure."""

from collections.abc import Iterator

from layers.wire import Feature
from mobile import describe
from mobile.map import style
from mobile.map.figures import Badge, Item, Scene, Stroke, is_old, lines, spot

OWN_MM, OTHER_MM = 1.5, 0.7
INK = {"hydrant": "on_alarm", "accent": "on_accent"}
"""Letters on the filled signs of a mission's water; that of the base map is only outlined."""


def paint_route(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:
    """The own way broad and above all other lines; those of others to the same mission thin, further ones not at all.

    An old one is grey and broken: the vehicle may be elsewhere by now.
    """
    properties = feature["properties"]
    mine = properties.get("unit") == scene.unit
    if not mine and properties.get("mission") not in own:
        return
    old = is_old(feature, scene)
    for line in lines(feature, scene):
        yield Stroke(
            line,
            "stale" if old else ("route" if mine else "route_other"),
            OWN_MM if mine else OTHER_MM,
            dashed=old,
            edge="label_halo",
            rank=0.0 if mine else 1.0,
        )


def paint_water(feature: Feature, scene: Scene, own: set[str]) -> Iterator[Item]:
    """Water of own missions with the length of hose; what is nearest is captioned before the names of vehicles."""
    properties = feature["properties"]
    if properties.get("mission") not in own:
        return
    shape, letter, colour = style.HYDRANTS.get(str(properties.get("kind")), style.OTHER_WATER)
    nearest = properties.get("part") == "water-1"
    old = is_old(feature, scene)
    yield Badge(
        id=feature["id"],
        at=spot(feature, scene),
        shape=shape,
        text=letter,
        ground="quiet" if old else colour,
        ink="on_quiet" if old else INK[colour],
        caption=describe.hose(properties, scene.words, brief=True),
        size_mm=5.4 if nearest else 4.4,
        rank=0.7 if nearest else 3.8,
        stale=old,
        min_zoom=13.5 if nearest else 15.0,
    )
