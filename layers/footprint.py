"""Where on flat ground a camera looks: the footprint of an image, from the pose of its camera.

The local frame is ENU in metres (east, north, up) with its origin on the ground below the camera. Angles are those of
DJI's gimbals: yaw clockwise from true north, pitch 0 at the horizon and -90 straight down, roll clockwise, in degrees.
An image point is a pixel, u to the right and v downward from the upper left corner.
"""

from math import asin, atan, atan2, cos, degrees, hypot, isfinite, radians, sin
from typing import NamedTuple

import shapely

from layers.geo import offset
from layers.observation import Geometry

MIN_PER_PIXEL_UP = 1e-9
"""A ray that falls less than this per unit of length does not reach the ground."""
REACH_OF_HEIGHTS, REACH_MORE_M, REACH_MOST_M = 10.0, 500.0, 5_000.0
"""A view is cut at ten times the height and 500 m, 5 km at most: what is further is too oblique to see anything."""
LARGE_M2 = 4_000_000.0
"""A footprint larger than this is doubtful."""
DIAGONAL_35MM = hypot(36.0, 24.0)
DECIMALS = 7

Vector = tuple[float, float, float]
Spot = tuple[float, float]
"""East and north of the point below the camera, metres."""


class Axes(NamedTuple):
    """Unit vectors of a camera in ENU: where it looks, and where the image's right and its lower edge point."""

    look: Vector
    right: Vector
    down: Vector


class Lens(NamedTuple):
    """A pinhole camera: image size, focal length and principal point (the middle where it is None), all in pixels."""

    width_px: float
    height_px: float
    focal_px: float
    centre_x_px: float | None = None
    centre_y_px: float | None = None


class Ground(NamedTuple):
    """What a camera sees of the ground.

    `corners` are upper left, upper right, lower right, lower left, None above the horizon; `centre` is where the middle
    of the image lies, None above the horizon; `outline` the open ring of what is seen within reach; `truncated`: part
    of the image shows more than that.
    """

    corners: tuple[Spot | None, Spot | None, Spot | None, Spot | None]
    centre: Spot | None
    outline: tuple[Spot, ...]
    truncated: bool

    @property
    def area_m2(self) -> float:
        """The area of the outline."""
        return float(shapely.Polygon(self.outline).area)


def gimbal_axes(yaw_deg: float, pitch_deg: float, roll_deg: float = 0.0) -> Axes:
    """The camera of a gimbal. At pitch -90 the yaw is where the image's upper edge points."""
    yaw, pitch, roll = radians(yaw_deg), radians(pitch_deg), radians(roll_deg)
    look = (cos(pitch) * sin(yaw), cos(pitch) * cos(yaw), sin(pitch))
    level_right = (cos(yaw), -sin(yaw), 0.0)
    level_down = _cross(look, level_right)
    right = _mix(cos(roll), level_right, sin(roll), level_down)
    down = _mix(-sin(roll), level_right, cos(roll), level_down)
    return Axes(look, right, down)


def body_axes(yaw_deg: float, pitch_deg: float, roll_deg: float = 0.0) -> Axes:
    """A camera that looks straight down out of a fixed wing: the angles are the aircraft's (nose up, right wing down
    positive), and the image's upper edge points forward.
    """
    yaw, pitch, roll = radians(yaw_deg), radians(pitch_deg), radians(roll_deg)
    forward = (cos(pitch) * sin(yaw), cos(pitch) * cos(yaw), sin(pitch))
    level_right = (cos(yaw), -sin(yaw), 0.0)
    belly = _cross(forward, level_right)
    right = _mix(cos(roll), level_right, sin(roll), belly)
    look = _mix(-sin(roll), level_right, cos(roll), belly)
    return Axes(look, right, (-forward[0], -forward[1], -forward[2]))


def sensor_axes(
    heading_deg: float, pitch_deg: float, roll_deg: float, azimuth_deg: float, elevation_deg: float, turn_deg: float
) -> Axes:
    """A sensor on a platform (MISB ST 0601): heading, pitch and roll of the platform, and relative to it azimuth
    (clockwise seen from above), elevation (negative downward) and roll of the sensor.
    """
    heading, pitch, roll = radians(heading_deg), radians(pitch_deg), radians(roll_deg)
    forward = (cos(pitch) * sin(heading), cos(pitch) * cos(heading), sin(pitch))
    level_right = (cos(heading), -sin(heading), 0.0)
    belly = _cross(forward, level_right)
    wing = _mix(cos(roll), level_right, sin(roll), belly)
    keel = _mix(-sin(roll), level_right, cos(roll), belly)
    inner = gimbal_axes(azimuth_deg, elevation_deg, turn_deg)
    return Axes(*(_turned(vector, wing, forward, keel) for vector in inner))


def focal_px_of_35mm(focal_35mm: float, width_px: float, height_px: float) -> float:
    """Focal length in pixels from the equivalent for 35 mm film, by the diagonal (36 x 24 mm: 43.2666)."""
    return focal_35mm * hypot(width_px, height_px) / DIAGONAL_35MM


def focal_px_of_view(field_deg: float, size_px: float) -> float:
    """Focal length in pixels from a field of view of less than 180 degrees across a number of pixels."""
    return size_px / 2.0 / (sin(radians(field_deg) / 2.0) / cos(radians(field_deg) / 2.0))


def field_deg(focal_px: float, size_px: float) -> float:
    """The field of view across a number of pixels."""
    return 2.0 * degrees(atan(size_px / 2.0 / focal_px))


def pitch_deg(axes: Axes) -> float:
    """How far a camera looks up (negative: down)."""
    return degrees(asin(max(-1.0, min(1.0, axes.look[2]))))


def yaw_deg(axes: Axes) -> float:
    """Where it looks, or where its upper edge points if it looks straight down; 0 to 360."""
    east, north = axes.look[:2] if abs(axes.look[2]) < 0.9999 else (-axes.down[0], -axes.down[1])
    return degrees(atan2(east, north)) % 360.0


def reach_m(height_m: float) -> float:
    """How far from the camera's ground point a view counts."""
    return min(REACH_OF_HEIGHTS * height_m + REACH_MORE_M, REACH_MOST_M)


def ground(axes: Axes, lens: Lens, height_m: float, reach: float | None = None) -> Ground | None:
    """What the camera sees of flat ground `height_m` below it. None where it sees none (it looks up, or stands on it).

    `reach` is how far a view counts, metres; without one that of `reach_m`.

    The image is cut at the horizon and at `reach_m`; both cuts are exact (a straight line in the image, a circle on
    the ground), so that an outline never crosses itself.
    """
    if not (isfinite(height_m) and height_m > 0.0 and lens.focal_px > 0.0):
        return None
    width, height = lens.width_px, lens.height_px
    frame = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    rays = [_ray(axes, lens, u, v) for u, v in frame]
    reach = reach_m(height_m) if reach is None else reach
    first, second, third, fourth = (_hit(ray, height_m) for ray in rays)
    corners = (first, second, third, fourth)
    centre = _hit(_ray(axes, lens, width / 2.0, height / 2.0), height_m)
    within = tuple(corner for corner in corners if corner is not None and hypot(*corner) <= reach)
    if len(within) == 4:
        return Ground(corners, centre, within, False)
    outline = _cut(rays, height_m, reach)
    return None if outline is None else Ground(corners, centre, outline, True)


def polygon(outline: tuple[Spot, ...], lon: float, lat: float) -> Geometry | None:
    """The outline around a camera as a GeoJSON Polygon; None for one without area, or over the date line or a pole."""
    if not shapely.Polygon(outline).is_valid or shapely.Polygon(outline).area <= 0.0 or abs(lat) > 89.0:
        return None
    ring = [offset(lon, lat, east, north) for east, north in outline]
    if max(x for x, _ in ring) - min(x for x, _ in ring) > 180.0:
        return None
    positions = [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in ring]
    return {"type": "Polygon", "coordinates": [[*positions, positions[0]]]}


def _cut(rays: list[Vector], height_m: float, reach: float) -> tuple[Spot, ...] | None:
    """The outline of a view that shows the horizon or what is beyond reach."""
    least = height_m / (reach * 1_000.0)  # so far away that only the circle cuts
    kept: list[Vector] = []
    for ray, following in zip(rays, [*rays[1:], rays[0]], strict=True):
        here, there = -ray[2] - least, -following[2] - least
        if here >= 0.0:
            kept.append(ray)
        if (here >= 0.0) != (there >= 0.0):
            kept.append(_mix(there / (there - here), ray, -here / (there - here), following))
    spots = [spot for ray in kept if (spot := _hit(ray, height_m)) is not None]
    if len(spots) < 3:
        return None
    view = shapely.Polygon(spots)
    seen = view.intersection(shapely.Point(0.0, 0.0).buffer(reach, quad_segs=64)) if view.is_valid else None
    if not isinstance(seen, shapely.Polygon) or seen.is_empty or seen.area <= 0.0:
        return None
    return tuple((x, y) for x, y in seen.exterior.coords[:-1])


def _ray(axes: Axes, lens: Lens, u: float, v: float) -> Vector:
    x = (u - (lens.width_px / 2.0 if lens.centre_x_px is None else lens.centre_x_px)) / lens.focal_px
    y = (v - (lens.height_px / 2.0 if lens.centre_y_px is None else lens.centre_y_px)) / lens.focal_px
    east, north, up = (axes.look[i] + x * axes.right[i] + y * axes.down[i] for i in range(3))
    return east, north, up


def _hit(ray: Vector, height_m: float) -> Spot | None:
    if ray[2] >= -MIN_PER_PIXEL_UP:
        return None
    length = -height_m / ray[2]
    return length * ray[0], length * ray[1]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _mix(p: float, a: Vector, q: float, b: Vector) -> Vector:
    return p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2]


def _turned(vector: Vector, right: Vector, forward: Vector, down: Vector) -> Vector:
    """A vector that is given to the right, forward and up, in ENU."""
    x, y, z = vector
    east, north, up = (x * right[i] + y * forward[i] - z * down[i] for i in range(3))
    return east, north, up
