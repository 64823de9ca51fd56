"""Where the map looks: centre, zoom and rotation, and the way between metres of the plane and pixels. Pure.

World: metres east and north of the plane's origin. Screen: pixels right and up from the lower left corner of the
map. Zoom is that of web maps (each step doubles the scale), so that a captain who knows other maps finds the numbers
they know; on a screen with finer pixels the same zoom shows the same ground in the same size, only sharper.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

MIN_ZOOM, MAX_ZOOM = 12.0, 19.0
METRES_PER_PIXEL_AT_ZOOM_0 = 156_543.033_92
"""At the equator, tiles of 256 pixels (web Mercator)."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Camera:
    """A view. `rotation_deg` is the compass direction that points up: 0 is north up. `lat` sets the scale, `density` is
    how many pixels of the screen are one of the zoom's.
    """

    x_m: float
    y_m: float
    zoom: float
    lat: float
    size: tuple[float, float] = (1.0, 1.0)
    rotation_deg: float = 0.0
    density: float = 1.0

    @cached_property
    def metres_per_pixel(self) -> float:
        """Scale in the middle of the map."""
        return METRES_PER_PIXEL_AT_ZOOM_0 * math.cos(math.radians(self.lat)) / 2**self.zoom / self.density

    @cached_property
    def _turn(self) -> tuple[float, float]:
        angle = math.radians(self.rotation_deg)
        return math.cos(angle), math.sin(angle)

    def to_screen(self, x_m: float, y_m: float) -> Point:
        """Metres to pixels."""
        a, b, c, d, tx, ty = self.affine
        return a * x_m + c * y_m + tx, b * x_m + d * y_m + ty

    def to_world(self, px: float, py: float) -> Point:
        """Pixels to metres."""
        cosine, sine = self._turn
        scale = self.metres_per_pixel
        dx, dy = (px - self.size[0] / 2) * scale, (py - self.size[1] / 2) * scale
        return self.x_m + dx * cosine + dy * sine, self.y_m - dx * sine + dy * cosine

    @cached_property
    def affine(self) -> tuple[float, float, float, float, float, float]:
        """(a, b, c, d, tx, ty) with screen = (a x + c y + tx, b x + d y + ty)."""
        cosine, sine = self._turn
        scale = 1 / self.metres_per_pixel
        a, b = scale * cosine, scale * sine
        return (
            a,
            b,
            -b,
            a,
            self.size[0] / 2 - a * self.x_m + b * self.y_m,
            self.size[1] / 2 - b * self.x_m - a * self.y_m,
        )

    def moved_by(self, dx_px: float, dy_px: float) -> "Camera":
        """The finger dragged the ground by so many pixels."""
        x_m, y_m = self.to_world(self.size[0] / 2 - dx_px, self.size[1] / 2 - dy_px)
        return replace(self, x_m=x_m, y_m=y_m)

    def zoomed(self, zoom: float, px: float | None = None, py: float | None = None) -> "Camera":
        """Another zoom, within the limits; the ground below the given pixel (default: the middle) stays where it is."""
        px = self.size[0] / 2 if px is None else px
        py = self.size[1] / 2 if py is None else py
        held = self.to_world(px, py)
        nearer = replace(self, zoom=max(MIN_ZOOM, min(MAX_ZOOM, zoom)))
        now = nearer.to_world(px, py)
        return replace(nearer, x_m=nearer.x_m + held[0] - now[0], y_m=nearer.y_m + held[1] - now[1])

    def turned(self, rotation_deg: float) -> "Camera":
        """Another direction up, round the middle."""
        return replace(self, rotation_deg=rotation_deg % 360.0)

    def showing(self, points: list[Point], margin_px: float, closest: float = 17.5) -> "Camera":
        """The nearest view, at most `closest`, that has all points at least a margin from the edge."""
        if not points:
            return self
        middle_x = (min(x for x, _ in points) + max(x for x, _ in points)) / 2
        middle_y = (min(y for _, y in points) + max(y for _, y in points)) / 2
        there = replace(self, x_m=middle_x, y_m=middle_y)
        room_x, room_y = max(1.0, self.size[0] / 2 - margin_px), max(1.0, self.size[1] / 2 - margin_px)
        need = 0.0
        for x_m, y_m in points:
            px, py = there.to_screen(x_m, y_m)
            need = max(need, abs(px - self.size[0] / 2) / room_x, abs(py - self.size[1] / 2) / room_y)
        zoom = closest if need == 0 else min(closest, there.zoom - math.log2(need))
        return replace(there, zoom=max(MIN_ZOOM, min(MAX_ZOOM, zoom)))

    def holds(self, point: Point, margin_px: float) -> bool:
        """Whether a point of the plane is in the view, at least a margin from the edge."""
        px, py = self.to_screen(*point)
        return margin_px <= px <= self.size[0] - margin_px and margin_px <= py <= self.size[1] - margin_px

    def kept_within(self, low: Point, high: Point) -> "Camera":
        """The middle stays over the mapped ground, so that nobody drags the map away and is lost."""
        return replace(self, x_m=max(low[0], min(high[0], self.x_m)), y_m=max(low[1], min(high[1], self.y_m)))
