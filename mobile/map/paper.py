"""The base map on the graphics card: the tiles below the view as meshes, colour by colour: no tile covers another.

While tiles of a new view are still being made, those of the last one stay below them.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable

from kivy.graphics import Color, InstructionGroup, Mesh, Rectangle

from mobile import geo
from mobile.map import style
from mobile.map.atlas import Atlas
from mobile.map.camera import Camera, Point
from mobile.map.cut import Cut, Sign
from mobile.map.figures import Badge
from mobile.map.grid import Key, needed
from mobile.map.labels import Word
from mobile.ui.look import Look

MAX_SHEETS = 150
BUDGET_S = 0.012
"""Meshes are handed to the graphics card for so long at a time; the rest comes with the next drawing."""
SIZE_ZOOM = 17.0
"""From here on the size of water points is written."""
AHEAD = 0.5
"""Share of the view's size beyond its edges where tiles are made ready."""


class Paper:
    """What lies below letters and signs. Lives on the screen's thread."""

    def __init__(self, look: Look, atlas: Atlas) -> None:
        self._look, self.atlas = look, atlas
        self._meshes: OrderedDict[Key, dict[str, list[Mesh]]] = OrderedDict()
        self._shown: list[Key] = []
        self.boxes: list[tuple[Point, Point]] = []
        """What the packs cover: lower left and upper right corners on the plane."""
        self.complete = False
        self.words: list[Word] = []
        self.signs: list[tuple[Sign, Badge]] = []
        self.replaced: frozenset[str] = frozenset()
        """Water points of the map that are drawn as own hydrants, by their names in the map."""

    def begin(self, boxes: list[tuple[Point, Point]]) -> None:
        """Another plane, other packs."""
        self.boxes = boxes
        self._meshes.clear()
        self._shown = []

    def lay(self, world: InstructionGroup, camera: Camera, plane: geo.Plane, beyond: float) -> None:
        """Fill `world` with what is ready below a view and a share of its size beyond; order what is not."""
        keys = needed(camera, plane, beyond)
        self.atlas.want([*keys, *needed(camera, plane, max(beyond, AHEAD))])
        ready, until_s = [], time.monotonic() + BUDGET_S
        for key in keys:
            cut = self.atlas.get(key)
            if cut is not None and (key in self._meshes or time.monotonic() < until_s):
                self._mesh(key, cut)
                ready.append(key)
        self.complete = len(ready) == len(keys)
        drawn = ready if self.complete else [*(key for key in self._shown if key not in ready), *ready]
        self._shown = [key for key in drawn if key in self._meshes]
        self._fill(world, self._shown)
        self._write(ready, camera)
        while len(self._meshes) > max(MAX_SHEETS, len(self._shown)):
            self._meshes.popitem(last=False)

    def _mesh(self, key: Key, cut: Cut) -> None:
        if key in self._meshes:
            self._meshes.move_to_end(key)
            return
        self._meshes[key] = {
            paint: [
                Mesh(vertices=shape.vertices, indices=shape.indices, mode="lines" if shape.lines else "triangles")
                for shape in shapes
            ]
            for paint, shapes in cut.shapes.items()
        }

    def _fill(self, world: InstructionGroup, keys: list[Key]) -> None:
        world.clear()
        world.add(Color(*self._look.colour("land")))
        for (west, south), (east, north) in self.boxes:
            world.add(Rectangle(pos=(west, south), size=(east - west, north - south)))
        sheets = [self._meshes[key] for key in keys]
        for paint in style.PAINT_ORDER:
            meshes = [mesh for sheet in sheets for mesh in sheet.get(paint, ())]
            if meshes:
                world.add(Color(*self._look.colour(style.colour_of(paint))))
                for mesh in meshes:
                    world.add(mesh)

    def _write(self, keys: Iterable[Key], camera: Camera) -> None:
        cuts = [cut for key in keys if (cut := self.atlas.get(key)) is not None]
        self.words = [word for cut in cuts for word in cut.words if camera.zoom >= word.min_zoom]
        signs = [sign for cut in cuts for sign in cut.signs if not (sign.osm and sign.osm in self.replaced)]
        self.signs = [(sign, self._badge(sign, camera.zoom)) for sign in dict.fromkeys(signs)]

    def _badge(self, sign: Sign, zoom: float) -> Badge:
        name = f"base:{sign.cls}:{sign.at[0]:.1f}:{sign.at[1]:.1f}"
        if sign.cls == "hydrant":
            shape, letter, colour = style.HYDRANTS.get(sign.kind, style.OTHER_WATER)
            # From farther away the names of the streets need the room.
            caption = self._size(sign) if zoom >= SIZE_ZOOM else ""
            return Badge(name, sign.at, shape, letter, "panel", colour, caption=caption, size_mm=3.8,
                         ring=colour, rank=7.0, min_zoom=16.3)  # fmt: skip
        shape, letters, colour, rank, band = style.SIGNS[sign.kind]
        size_mm = 4.2 if rank < 3 else 3.8
        return Badge(name, sign.at, shape, letters, colour, f"on_{colour}", caption=sign.name, size_mm=size_mm,
                     rank=6.0 + rank / 10, min_zoom=band - 0.25)  # fmt: skip

    def _size(self, sign: Sign) -> str:
        if sign.diameter_mm:
            return f"DN {sign.diameter_mm}"  # a bare number would be taken for a house's
        words = self._look.words
        return "" if sign.kind in style.HYDRANTS else words.value("hydrant", sign.kind)

    def told(self, name: str) -> Sign | None:
        """The sign that a badge stands for."""
        return next((sign for sign, badge in self.signs if badge.id == name), None)
