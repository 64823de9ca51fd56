"""The map on the screen: two layers of instructions that a finger moves without drawing anything anew.

The ground lies in metres below one matrix. What keeps its size (letters, signs) is placed in pixels for one camera,
the anchor; while a finger moves, a second matrix carries it along, and it is placed anew when the finger rests or
has gone far.
"""

import math
from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.graphics import (
    Color,
    InstructionGroup,
    MatrixInstruction,
    Mesh,
    PopMatrix,
    PushMatrix,
    Rectangle,
    Translate,
)
from kivy.graphics.transformation import Matrix
from kivy.uix.stencilview import StencilView

from mobile import geo
from mobile.basemap import BasemapFeature
from mobile.map import ground, ink
from mobile.map.camera import Camera, Point, between
from mobile.map.labels import Clutter, Word, discs, place
from mobile.map.shapes import Triangles
from mobile.map.symbols import Badge, Drawing
from mobile.ui.look import Look

REPLACE_AFTER_S = 0.12
MARGIN = 0.35
"""Share of the map's size that is placed beyond its edge, so that a drag shows words at once."""
TAP_MM = 2.5
PICK_MM = 7.0
WHEEL = {"scrolldown": 0.25, "scrollup": -0.25}


class TownMap(StencilView):
    """Base map, picture, gestures. `on_pick(id | None)` hears of taps, `on_moved()` of a finger that moved the map."""

    def __init__(
        self, look: Look, on_pick: Callable[[str | None], None], on_moved: Callable[[], None], **more: Any
    ) -> None:
        super().__init__(**more)
        self.look = look
        self._on_pick, self._on_moved = on_pick, on_moved
        self.camera = Camera(0.0, 0.0, 15.5, 51.83)
        self.plane = geo.Plane(0.0, 0.0)
        self.drawing = Drawing()
        self.placed_words: list[str] = []
        self._words: list[Word] = []
        self._signs: list[Badge] = []
        self._limits: tuple[Point, Point] | None = None
        self._letters = ink.Letters(look)
        self._touches: dict[Any, tuple[float, float]] = {}
        self._travel_px = 0.0
        self._anchor = self.camera
        self._bands: dict[int | None, InstructionGroup] = {}
        self._band: int | None = None
        self._hits: list[tuple[float, float, str]] = []
        self._settle = Clock.create_trigger(lambda _: self._place(), REPLACE_AFTER_S)
        self._build_canvas()
        self.bind(pos=self._resized, size=self._resized)

    def _build_canvas(self) -> None:
        with self.canvas:
            Color(*self.look.colour("land"))
            self._back = Rectangle()
            PushMatrix()
            self._shift = Translate(0, 0, 0)
            PushMatrix()
            self._world_matrix = MatrixInstruction()
            self._world = InstructionGroup()
            self.canvas.add(self._world)
            PopMatrix()
            PushMatrix()
            self._overlay_matrix = MatrixInstruction()
            self._overlay = InstructionGroup()
            self.canvas.add(self._overlay)
            PopMatrix()
            PopMatrix()

    # what is shown

    def set_ground(self, features: list[BasemapFeature], plane: geo.Plane) -> None:
        """Draw another base map."""
        self.plane = plane
        self._world.clear()
        self._bands, self._band = {}, None
        # Colours are painted in the order of the batches, so a batch of every zoom is in each band.
        made = ground.batches(features, plane)
        for band in range(len(ground.BANDS) + 1):
            group = InstructionGroup()
            for batch in made:
                if batch.band in (None, band):
                    group.add(Color(*self.look.colour(batch.colour)))
                    group.add(_mesh(batch.triangles, "lines" if batch.lines else "triangles"))
            self._bands[band] = group
        self._words = ground.words(features, plane)
        self._signs = ground.signs(features, plane, self.look.words)
        self._limits = ground.bounds(features, plane)
        self._moved(settle=False)
        self._place()

    def set_drawing(self, drawing: Drawing) -> None:
        """Draw another state of the picture."""
        if drawing == self.drawing:
            return
        self.drawing = drawing
        if not self._touches:
            self._place()

    def look_at(self, camera: Camera) -> None:
        """Move the camera."""
        self.camera = camera
        self._moved()

    def _resized(self, *_: Any) -> None:
        self._back.pos, self._back.size = self.pos, self.size
        self._shift.x, self._shift.y = self.pos
        self.camera = Camera(
            self.camera.x_m,
            self.camera.y_m,
            self.camera.zoom,
            self.plane.lat or self.camera.lat,
            (max(1.0, self.width), max(1.0, self.height)),
            self.camera.rotation_deg,
        )
        self._moved()

    def _moved(self, *, settle: bool = True) -> None:
        if self._limits:
            self.camera = self.camera.kept_within(*self._limits)
        self._world_matrix.matrix = _matrix(self.camera.affine)
        self._overlay_matrix.matrix = _matrix(between(self._anchor.affine, self.camera.affine))
        band = ground.band_of(self.camera.zoom)
        if band != self._band and band in self._bands:
            self._world.clear()
            self._world.add(self._bands[band])
            self._band = band
        if settle:
            self._settle.cancel()
            self._settle()
            if self._far_from_anchor():
                self._place()

    def _far_from_anchor(self) -> bool:
        """Whether the finger has gone so far that what was placed beyond the edge is used up."""
        camera, anchor = self.camera, self._anchor
        x, y = anchor.to_screen(camera.x_m, camera.y_m)
        moved = max(abs(x - anchor.size[0] / 2) / anchor.size[0], abs(y - anchor.size[1] / 2) / anchor.size[1])
        return moved > MARGIN * 0.8 or abs(camera.zoom - anchor.zoom) > 0.5 or camera.size != anchor.size

    # letters and signs

    def _place(self) -> None:
        self._settle.cancel()
        self._anchor = self.camera
        self._overlay_matrix.matrix = Matrix()
        group, camera, look = self._overlay, self.camera, self.look
        group.clear()
        for item in self.drawing.areas:
            rings = [[camera.to_screen(*point) for point in ring] for ring in item.rings]
            if self._near(rings[0]):
                ink.area(group, look, item, rings)
        for stroke in self.drawing.strokes:
            line = [camera.to_screen(*point) for point in stroke.line]
            if self._near(line):
                ink.stroke(group, look, stroke, line)
        clutter = Clutter()
        badges = self._visible_badges()
        for badge, at in badges:
            clutter.take(discs(*at, look.mm(badge.size_mm), look.mm(badge.size_mm)))
        captions = self._captions(badges, clutter)
        words = place(self._words, camera, self._letters.measure, clutter, max(camera.size) * MARGIN)
        for entry in words:
            ink.write(
                group, self._letters, entry.word.text, entry.word.style, (entry.x_px, entry.y_px), entry.angle_deg
            )
        for badge, at in badges:
            ink.badge(group, look, self._letters, badge, at, camera.rotation_deg)
        for text, style, at in captions:
            ink.write(group, self._letters, text, style, at)
        self._hits = [(*at, badge.id) for badge, at in badges]
        self.placed_words = [entry.word.text for entry in words] + [text for text, _, _ in captions]

    def _near(self, points: list[Point]) -> bool:
        width, height = self.camera.size
        margin = max(width, height) * MARGIN
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return max(xs) > -margin and min(xs) < width + margin and max(ys) > -margin and min(ys) < height + margin

    def _visible_badges(self) -> list[tuple[Badge, Point]]:
        zoom = self.camera.zoom
        found = []
        for badge in [*self._signs, *self.drawing.badges]:
            x, y = self.camera.to_screen(*badge.at)
            # A pin stands on its place with its tip, so that what is there stays in sight.
            at = (x, y + self.look.mm(badge.size_mm) * 0.68) if badge.shape == "pin" else (x, y)
            if zoom >= badge.min_zoom and self._near([at]):
                found.append((badge, at))
        return found

    def _captions(self, badges: list[tuple[Badge, Point]], clutter: Clutter) -> list[tuple[str, str, Point]]:
        found = []
        for badge, (x, y) in reversed(badges):
            if not badge.caption:
                continue
            style = "stale" if badge.stale else ("number" if badge.id.startswith("base:") else "caption")
            width, height = self._letters.measure(badge.caption, style)
            below = self.look.mm(badge.size_mm) * 0.75 + height / 2
            beside = self.look.mm(badge.size_mm) * 0.8 + width / 2
            for at in ((x, y - below), (x + beside, y), (x - beside, y), (x, y + below)):
                covered = discs(*at, width, height)
                if clutter.free(covered):
                    clutter.take(covered)
                    found.append((badge.caption, style, at))
                    break
        return found

    # fingers

    def on_touch_down(self, touch: Any) -> bool:
        """A finger comes down, or the wheel turns."""
        if not self.collide_point(*touch.pos):
            return False
        if super().on_touch_down(touch):
            return True
        if touch.is_mouse_scrolling:
            step = WHEEL.get(touch.button, 0.0)
            self.look_at(self.camera.zoomed(self.camera.zoom + step, *self._local(touch.pos)))
            self._on_moved()
            return True
        touch.grab(self)
        if not self._touches:
            self._travel_px = 0.0
        self._touches[touch.uid] = touch.pos
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """One finger drags the ground, two zoom it."""
        if touch.grab_current is not self or touch.uid not in self._touches:
            return bool(super().on_touch_move(touch))
        before = dict(self._touches)
        self._touches[touch.uid] = touch.pos
        dx, dy = touch.pos[0] - before[touch.uid][0], touch.pos[1] - before[touch.uid][1]
        self._travel_px += math.hypot(dx, dy)
        if self._travel_px < self.look.mm(TAP_MM) and len(before) == 1:
            self._touches[touch.uid] = before[touch.uid]  # a resting finger trembles
            self._travel_px = math.hypot(dx, dy)
            return True
        if len(before) == 1:
            self.look_at(self.camera.moved_by(dx, dy))
        elif len(before) == 2:
            (ax, ay), (bx, by) = before.values()
            (cx, cy), (ex, ey) = self._touches.values()
            apart, now = math.hypot(bx - ax, by - ay), math.hypot(ex - cx, ey - cy)
            camera = self.camera.moved_by((cx + ex - ax - bx) / 2, (cy + ey - ay - by) / 2)
            if apart > 1 and now > 1:
                middle = self._local(((cx + ex) / 2, (cy + ey) / 2))
                camera = camera.zoomed(camera.zoom + math.log2(now / apart), *middle)
            self.look_at(camera)
        self._on_moved()
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """A finger leaves; if it never moved, it was a tap."""
        if touch.grab_current is not self or touch.uid not in self._touches:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        alone = len(self._touches) == 1
        del self._touches[touch.uid]
        if alone and self._travel_px < self.look.mm(TAP_MM):
            self._on_pick(self._picked(self._local(touch.pos)))
        return True

    def _picked(self, at: Point) -> str | None:
        reach = self.look.mm(PICK_MM)
        near = [(math.hypot(x - at[0], y - at[1]), -number, name) for number, (x, y, name) in enumerate(self._hits)]
        near = [entry for entry in near if entry[0] <= reach]
        # Of several below a gloved finger the one drawn on top, unless another is clearly nearer.
        return min(near, key=lambda entry: (entry[0] // (reach / 2), entry[1]))[2] if near else None

    def _local(self, point: Point) -> Point:
        return point[0] - self.x, point[1] - self.y


def _matrix(affine: tuple[float, float, float, float, float, float]) -> Matrix:
    a, b, c, d, tx, ty = affine
    matrix = Matrix()
    matrix.set(flat=[a, b, 0, 0, c, d, 0, 0, 0, 0, 1, 0, tx, ty, 0, 1])
    return matrix


def _mesh(triangles: Triangles, mode: str) -> Mesh:
    return Mesh(vertices=triangles.vertices, indices=triangles.indices, mode=mode)
