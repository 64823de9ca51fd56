"""The map on the screen: drawn into a picture a little larger than the screen, which a finger then moves.

Three steps, each only when it must: the ground (triangles in metres) into a picture when the map rests elsewhere,
that picture with letters and signs into a second one when something new is known, and the second one onto the screen
in every frame. So dragging costs one rectangle a frame, also where a processor has to do the work of a graphics card.
Where the ground is drawn quickly, it is drawn in finer pixels than the screen has, which makes its edges smooth.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kivy.clock import Clock
from kivy.graphics import (
    ClearBuffers,
    ClearColor,
    Color,
    Fbo,
    InstructionGroup,
    MatrixInstruction,
    PopMatrix,
    PushMatrix,
    Rectangle,
    Translate,
)
from kivy.graphics.transformation import Matrix
from kivy.uix.widget import Widget

from mobile import geo
from mobile.map import ink
from mobile.map.atlas import Atlas
from mobile.map.camera import Camera, Point
from mobile.map.figures import Badge, Drawing
from mobile.map.labels import CELL_PX, Clutter, discs, is_cut, place, uncovered
from mobile.map.paper import Paper
from mobile.ui.look import Look

SETTLE_S = 0.12
"""The finger rests so long: the map is drawn for the new place."""
FINGER_RESTS_S = 0.5
REDRAW_EVERY_S = 1.0
"""News of the picture are drawn at most so often."""
TILES_EVERY_S = 0.25
"""Tiles that have become ready are drawn at most so often."""
MARGIN = 0.2
"""Share of the map's size that is drawn beyond each edge, so that a drag shows ground and words at once."""
FINE, COARSE = 2.0, 1.0
QUICK_S, SLOW_S = 0.04, 0.12
"""Ground drawn faster than QUICK_S is drawn finer next time, slower than SLOW_S coarser."""
MAX_PIXELS = 4096
FAR_ZOOM, FAR_SHARE = 14.5, 0.75
"""Signs are smaller where the whole town is in sight."""
TAP_MM = 2.5
PICK_MM = 7.0
SIGN_APART_MM = 3.6
"""Two signs of the map nearer than this on the glass cannot be told apart: the less important one waits for a nearer
view.
"""
WHEEL = {"scrolldown": 0.25, "scrollup": -0.25}


class TownMap(Widget):
    """Base map, picture, gestures. `on_pick(id | None)` hears of taps, `on_moved()` of a finger that moved the map."""

    def __init__(
        self,
        look: Look,
        atlas: Atlas,
        on_pick: Callable[[str | None], None],
        on_moved: Callable[[], None],
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.look, self.paper = look, Paper(look, atlas)
        self._on_pick, self._on_moved = on_pick, on_moved
        self.camera = Camera(0.0, 0.0, 15.5, 51.83, density=look.density)
        self.plane = geo.Plane(0.0, 0.0)
        self.drawing = Drawing()
        self.placed_words: list[str] = []
        self.covered: list[tuple[float, float, float, float]] = []
        """Left, bottom, width and height in pixels of what lies over the map: nothing is written below it."""
        self._limits: tuple[Point, Point] | None = None
        self._letters = ink.Letters(look)
        self._touches: dict[Any, tuple[float, float]] = {}
        self._travel_px = 0.0
        self._anchor = self.camera
        self._seen_made = 0
        self.drawings = 0
        """How often the ground was drawn: never while a finger only moves it."""
        self._hits: list[tuple[float, float, str]] = []
        self.detail = COARSE
        self.fixed_detail: float | None = None
        """Pixels of the ground for one of the screen; fixed for pictures, else as fine as is quick."""
        self._settle = Clock.create_trigger(lambda _: self._settled(), SETTLE_S)
        self._moved_s = 0.0
        self._news = Clock.create_trigger(lambda _: self._letter(), REDRAW_EVERY_S)
        self._watch = Clock.schedule_interval(self._look_for_tiles, TILES_EVERY_S)
        self._build_canvas()
        self.bind(pos=self._resized, size=self._resized)

    def _build_canvas(self) -> None:
        self._ground = Fbo(size=(2, 2))
        with self._ground:
            ClearColor(*self.look.colour("void"))
            ClearBuffers()
            PushMatrix()
            self._ground_matrix = MatrixInstruction()
            self._world = InstructionGroup()
            PopMatrix()
        self._sheet = Fbo(size=(2, 2))
        with self._sheet:
            Color(1, 1, 1, 1)
            self._ground_image = Rectangle(texture=self._ground.texture)
            PushMatrix()
            self._offset = Translate(0, 0, 0)
            self._overlay = InstructionGroup()
            PopMatrix()
        with self.canvas:
            Color(1, 1, 1, 1)
            self._image = Rectangle(texture=self._sheet.texture)

    # what is shown

    def set_ground(self, plane: geo.Plane, boxes: list[tuple[Point, Point]]) -> None:
        """Draw another base map: the atlas has begun anew on this plane; the view stays within the boxes."""
        self.plane = plane
        lows, highs = [low for low, _ in boxes], [high for _, high in boxes]
        self._limits = (_corner(lows, min), _corner(highs, max)) if boxes else None
        self.paper.begin(boxes)
        self._redraw()

    def _look_for_tiles(self, _: float) -> None:
        """Draw tiles that are ready now; not below a moving finger, whose map is moved as it is."""
        if self._touches or not self.width > 1:
            return
        if self.paper.atlas.made != self._seen_made or not (self.paper.complete or self.paper.atlas.waiting):
            self._redraw()

    @property
    def resting(self) -> bool:
        """Whether everything below the view is drawn."""
        return self.paper.complete and not self._settle.is_triggered

    def close(self) -> None:
        """The map is replaced by another."""
        self._watch.cancel()

    def set_drawing(self, drawing: Drawing) -> None:
        """Draw another state of the picture."""
        if drawing == self.drawing:
            return
        first, self.drawing = not self.drawing.badges, drawing
        if first:
            self._letter()
        else:
            self._news()

    def draw_finely(self) -> None:
        """Spend what it takes on smooth edges: for a picture that somebody will look at for long."""
        self.fixed_detail = FINE
        self._redraw()

    def look_at(self, camera: Camera) -> None:
        """Move the camera."""
        self.camera = camera
        self._moved()

    def _settled(self) -> None:
        """The map has come to rest; a finger on it has to rest longer, or slow frames would be made slower still."""
        if self._touches and time.monotonic() - self._moved_s < FINGER_RESTS_S:
            self._settle()
        else:
            self._redraw()

    def _resized(self, *_: Any) -> None:
        self._image.pos, self._image.size = self.pos, self.size
        size = (max(1.0, self.width), max(1.0, self.height))
        self.camera = replace(self.camera, lat=self.plane.lat or self.camera.lat, size=size)
        self._moved()

    def _moved(self) -> None:
        if self._limits:
            self.camera = self.camera.kept_within(*self._limits)
        self._moved_s = time.monotonic()
        self._crop()
        self._settle.cancel()
        if self._far_from_anchor():
            self._redraw()
        else:
            self._settle()

    def _crop(self) -> None:
        """Show the part of the sheet that lies below the camera: a turned or scaled rectangle of it."""
        (width, height), sheet = self.camera.size, self._sheet.size
        shares: list[float] = []
        for corner in ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height)):
            x, y = self._anchor.to_screen(*self.camera.to_world(*corner))
            shares += ((x + self._offset.x) / sheet[0], (y + self._offset.y) / sheet[1])
        self._image.tex_coords = shares

    def _far_from_anchor(self) -> bool:
        """Whether the finger has gone so far that what was drawn beyond the edge is used up."""
        camera, anchor = self.camera, self._anchor
        x, y = anchor.to_screen(camera.x_m, camera.y_m)
        moved = max(abs(x - anchor.size[0] / 2) / anchor.size[0], abs(y - anchor.size[1] / 2) / anchor.size[1])
        return moved > MARGIN * 0.9 or abs(camera.zoom - anchor.zoom) > 0.6 or camera.size != anchor.size

    # drawing into pictures

    def _redraw(self) -> None:
        """Draw the ground for where the camera is now, then letters and signs."""
        self._settle.cancel()
        self.drawings += 1
        self._anchor = camera = self.camera
        width, height = camera.size
        beyond = (round(width * MARGIN), round(height * MARGIN))
        sheet = (round(width) + 2 * beyond[0], round(height) + 2 * beyond[1])
        detail = self.fixed_detail or self.detail
        detail = min(detail, MAX_PIXELS / max(sheet))
        size = (round(sheet[0] * detail), round(sheet[1] * detail))
        if self._ground.size != size:
            self._ground.size = size
        if self._sheet.size != sheet:
            self._sheet.size = sheet
        self._ground_image.texture, self._ground_image.size = self._ground.texture, sheet
        self._image.texture = self._sheet.texture
        self._offset.x, self._offset.y = beyond
        a, b, c, d, tx, ty = camera.affine
        affine = (a * detail, b * detail, c * detail, d * detail, (tx + beyond[0]) * detail, (ty + beyond[1]) * detail)
        self._ground_matrix.matrix = _matrix(affine)
        self._seen_made = self.paper.atlas.made
        self.paper.lay(self._world, camera, self.plane, MARGIN)
        begun_s = time.monotonic()
        self._ground.draw()
        self._ground.get_pixel_color(0, 0)  # waits for the graphics card
        self._choose_detail(time.monotonic() - begun_s)
        self._letter()

    def _choose_detail(self, took_s: float) -> None:
        if took_s > SLOW_S:
            self.detail = COARSE
        elif took_s < QUICK_S / FINE**2 or (took_s < QUICK_S and self.detail == FINE):
            self.detail = FINE

    def _letter(self) -> None:
        """Write letters and signs over the ground."""
        self._news.cancel()
        self._crop()
        group, camera, look = self._overlay, self._anchor, self.look
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
        for left, bottom, width, height in self.covered:
            rows = max(1, round(height / CELL_PX))
            for row in range(rows):
                clutter.take(discs(left + width / 2, bottom + height * (row + 0.5) / rows, width, height / rows))
        badges = self._visible_badges()
        for badge, at in badges:
            clutter.take(discs(*at, look.mm(badge.size_mm), look.mm(badge.size_mm)))
        captions = self._captions(badges, clutter)
        words = place(self.paper.words, camera, self._letters.measure, clutter, max(camera.size) * MARGIN)
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
        self._sheet.draw()
        self.canvas.ask_update()

    def _near(self, points: list[Point]) -> bool:
        width, height = self._anchor.size
        margin = max(width, height) * MARGIN
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return max(xs) > -margin and min(xs) < width + margin and max(ys) > -margin and min(ys) < height + margin

    def _visible_badges(self) -> list[tuple[Badge, Point]]:
        zoom = self._anchor.zoom
        found = []
        for sign in [*(badge for _, badge in self.paper.signs), *self.drawing.badges]:
            badge = replace(sign, size_mm=sign.size_mm * FAR_SHARE) if zoom < FAR_ZOOM else sign
            x, y = self._anchor.to_screen(*badge.at)
            # A pin stands on its place with its tip, so that what is there stays in sight.
            at = (x, y + self.look.mm(badge.size_mm) * 0.68) if badge.shape == "pin" else (x, y)
            if zoom >= badge.min_zoom and self._near([at]):
                found.append((badge, at))
        return uncovered(found, self.look.mm(SIGN_APART_MM))

    def _captions(self, badges: list[tuple[Badge, Point]], clutter: Clutter) -> list[tuple[str, str, Point]]:
        found = []
        for badge, (x, y) in reversed(badges):
            if not badge.caption:
                continue
            style = "stale" if badge.stale else ("number" if badge.id.startswith("base:") else "caption")
            width, height = self._letters.measure(badge.caption, style)
            below = self.look.mm(badge.size_mm) * 0.75 + height / 2
            beside = self.look.mm(badge.size_mm) * 0.8 + width / 2
            around = [(x, y - below), (x + beside, y), (x - beside, y), (x, y + below)]
            around += [(x + dx * beside, y + dy * below) for dy in (-0.8, 0.8, -1.5, 1.5) for dx in (1, -1)]
            for at in sorted(around, key=lambda at: is_cut(at[0], at[1], width, height, 0.0, self._anchor.size)):
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
        at = self._anchor.to_screen(*self.camera.to_world(*at))
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


def _corner(points: list[Point], extreme: Callable[[list[float]], float]) -> Point:
    return extreme([x for x, _ in points]), extreme([y for _, y in points])
