"""Ground footprints: the worked examples, and what must hold for every pose."""

from math import cos, hypot, isclose, radians, sin, tan

import pytest
import shapely
import shapely.affinity
from hypothesis import assume, given
from hypothesis import strategies as st

from layers.footprint import (
    Axes,
    Ground,
    Lens,
    body_axes,
    field_deg,
    focal_px_of_35mm,
    focal_px_of_view,
    gimbal_axes,
    ground,
    pitch_deg,
    polygon,
    reach_m,
    sensor_axes,
    yaw_deg,
)
from layers.geo import area_m2, distance_m

NADIR = Lens(4000.0, 3000.0, 3000.0)
P4M = Lens(1600.0, 1300.0, 1913.333374)
H20T = Lens(640.0, 512.0, focal_px_of_35mm(58.0, 640.0, 512.0))
poses = st.tuples(st.floats(-180, 180), st.floats(-90, 30), st.floats(-180, 180))
heights = st.floats(0.5, 500.0)
lenses = st.builds(lambda *size: Lens(*size), st.integers(48, 8000), st.integers(36, 6000), st.floats(300, 9000))


def seen(axes: Axes, lens: Lens, height_m: float) -> Ground:
    """The view, of which there is one."""
    found = ground(axes, lens, height_m)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pose", "lens", "height_m", "corners", "centre"),
    [
        (
            (-48.6, -89.9, 0.0),
            P4M,
            120.99,
            ((-64.483, -10.632), (2.466, 65.307), (64.090, 10.898), (-2.780, -64.950)),
            (-0.158, 0.140),
        ),
        (
            (45.0, -45.0, 0.0),
            NADIR,
            100.0,
            ((78.799, 345.465), (345.465, 78.799), (68.015, -20.874), (-20.874, 68.015)),
            (70.711, 70.711),
        ),
        (
            (45.0, -45.0, 10.0),
            NADIR,
            100.0,
            ((144.816, 435.612), (275.409, 36.908), (52.655, -18.198), (-21.980, 86.017)),
            (70.711, 70.711),
        ),
    ],
)
def test_worked_examples(
    pose: tuple[float, float, float],
    lens: Lens,
    height_m: float,
    corners: tuple[tuple[float, float], ...],
    centre: tuple[float, float],
) -> None:
    """Computed with another package (cameratransform, whose roll has the other sign)."""
    found = seen(gimbal_axes(*pose), lens, height_m)
    assert not found.truncated
    assert found.outline == found.corners
    for corner, expected in zip(found.outline, corners, strict=True):
        assert corner == pytest.approx(expected, abs=0.002)
    assert found.centre == pytest.approx(centre, abs=0.002)


def test_an_upper_edge_above_the_horizon_is_cut() -> None:
    found = seen(gimbal_axes(32.5, -10.5), H20T, 16.508)
    assert pytest.approx(1098.69, abs=0.01) == H20T.focal_px
    assert found.truncated
    assert found.corners[:2] == (None, None)
    assert found.corners[2] == pytest.approx((30.14, 25.56), abs=0.01)
    assert found.corners[3] == pytest.approx((10.43, 38.12), abs=0.01)
    assert found.centre == pytest.approx((47.86, 75.12), abs=0.01)
    reach = reach_m(16.508)
    assert reach == pytest.approx(665.08)
    assert max(hypot(*spot) for spot in found.outline) == pytest.approx(reach, rel=1e-4)


@pytest.mark.parametrize(
    ("pixels", "focal_mm", "sensor_mm", "height_m", "size_m"),
    [
        ((4608, 3456), 15.4, 13.125, 100.0, (85.2, 63.9)),
        ((4000, 2250), 20.0, 35.0, 33.0, (57.75, 32.48)),
        ((4000, 3000), 5.0, 6.17, 162.07, (200.0, 150.0)),
    ],
)
def test_published_examples(
    pixels: tuple[int, int], focal_mm: float, sensor_mm: float, height_m: float, size_m: tuple[float, float]
) -> None:
    """Pix4D's calculator and flight height, aerialmesh's Phantom 3 Pro: all straight down."""
    lens = Lens(*pixels, focal_mm / (sensor_mm / pixels[0]))
    first, second, third, _ = seen(gimbal_axes(0.0, -90.0), lens, height_m).outline
    assert (second[0] - first[0], second[1] - third[1]) == pytest.approx(size_m, rel=0.002)


@given(yaw=st.floats(-360, 360), lens=lenses, height_m=heights)
def test_straight_down_the_area_is_that_of_the_ground_sample(yaw: float, lens: Lens, height_m: float) -> None:
    found = seen(gimbal_axes(yaw, -90.0), lens, height_m)
    assume(not found.truncated)
    gsd_m = height_m / lens.focal_px
    assert found.area_m2 == pytest.approx(lens.width_px * lens.height_px * gsd_m**2, rel=1e-6)
    top = [(a + b) / 2 for a, b in zip(found.outline[0], found.outline[1], strict=True)]
    half_m = lens.height_px * gsd_m / 2
    assert top == pytest.approx([half_m * sin(radians(yaw)), half_m * cos(radians(yaw))], abs=1e-6 * half_m)


@given(pose=poses, turn=st.floats(-180, 180), lens=lenses, height_m=heights)
def test_yaw_turns_the_footprint(pose: tuple[float, float, float], turn: float, lens: Lens, height_m: float) -> None:
    yaw, pitch, roll = pose
    one, other = (ground(gimbal_axes(angle, pitch, roll), lens, height_m) for angle in (yaw, yaw + turn))
    if one is None or other is None or one.truncated or other.truncated:
        return
    turned = shapely.affinity.rotate(shapely.Polygon(one.outline), -turn, origin=(0, 0))
    assert turned.symmetric_difference(shapely.Polygon(other.outline)).area < 1e-6 * (1 + one.area_m2)


@given(pose=poses, lens=lenses, height_m=heights)
def test_roll_is_symmetric(pose: tuple[float, float, float], lens: Lens, height_m: float) -> None:
    """Rolled to the other side, a view to the north is its mirror image."""
    _, pitch, roll = pose
    one, other = (ground(gimbal_axes(0.0, pitch, angle), lens, height_m) for angle in (roll, -roll))
    if one is None or other is None or one.truncated or other.truncated:
        return
    mirrored = shapely.affinity.scale(shapely.Polygon(one.outline), -1.0, 1.0, origin=(0, 0))
    assert mirrored.symmetric_difference(shapely.Polygon(other.outline)).area < 1e-6 * (1 + one.area_m2)


@given(pose=poses, lens=lenses, height_m=heights)
def test_an_outline_is_a_polygon_within_reach(pose: tuple[float, float, float], lens: Lens, height_m: float) -> None:
    found = ground(gimbal_axes(*pose), lens, height_m)
    if found is None:
        return
    assert all(hypot(*spot) <= reach_m(height_m) * 1.000001 for spot in found.outline)
    assert shapely.Polygon(found.outline).is_valid
    assert found.truncated == (None in found.corners or any(hypot(*c) > reach_m(height_m) for c in found.corners if c))
    placed = polygon(found.outline, 8.78, 51.83)
    if placed is not None:
        # Positions are rounded to a centimetre.
        blur_m2 = 0.02 * shapely.Polygon(found.outline).length
        assert area_m2(placed) == pytest.approx(found.area_m2, rel=2e-3, abs=blur_m2)


@given(yaw=st.floats(-180, 180), lens=lenses, height_m=heights)
def test_towards_the_horizon_a_view_is_cut_and_above_it_there_is_none(yaw: float, lens: Lens, height_m: float) -> None:
    half = field_deg(lens.focal_px, lens.height_px) / 2
    level = ground(gimbal_axes(yaw, 0.0), lens, height_m)
    assert level is None or level.truncated
    assert ground(gimbal_axes(yaw, min(90.0, half + 0.5)), lens, height_m) is None


def test_what_sees_no_ground_has_no_footprint() -> None:
    assert ground(gimbal_axes(91.3, 19.9), Lens(640, 512, 1117.6), 37.7) is None
    assert ground(gimbal_axes(0, -90), NADIR, 0.0) is None
    assert ground(gimbal_axes(0, -90), NADIR, -3.0) is None
    assert ground(gimbal_axes(0, -90), NADIR, float("nan")) is None


@given(yaw=st.floats(0, 359), pitch=st.floats(-60, 60))
def test_a_camera_in_a_fixed_wing_is_a_gimbal_that_looks_down(yaw: float, pitch: float) -> None:
    body, gimbal = body_axes(yaw, pitch), gimbal_axes(yaw, pitch - 90.0)
    for one, other in zip(body, gimbal, strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_the_right_wing_down_looks_to_the_left() -> None:
    found = seen(body_axes(0.0, 0.0, 10.0), NADIR, 100.0)
    assert found.centre == pytest.approx((-100.0 * tan(radians(10.0)), 0.0), abs=1e-9)


@given(pose=poses)
def test_a_sensor_on_a_level_platform_is_a_gimbal(pose: tuple[float, float, float]) -> None:
    yaw, pitch, roll = pose
    for one, other in zip(sensor_axes(30.0, 0, 0, yaw - 30.0, pitch, roll), gimbal_axes(yaw, pitch, roll), strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_a_nose_that_points_down_tilts_the_sensor() -> None:
    axes = sensor_axes(90.0, -20.0, 0.0, 0.0, -10.0, 0.0)
    assert (yaw_deg(axes), pitch_deg(axes)) == pytest.approx((90.0, -30.0))
    to_the_right = sensor_axes(0.0, 0.0, 15.0, 90.0, 0.0, 0.0)
    assert (yaw_deg(to_the_right), pitch_deg(to_the_right)) == pytest.approx((90.0, -15.0))


def test_pose_angles_come_back() -> None:
    assert (yaw_deg(gimbal_axes(-48.6, -90.0)), pitch_deg(gimbal_axes(-48.6, -90.0))) == pytest.approx((311.4, -90.0))
    assert (yaw_deg(gimbal_axes(32.5, -10.5)), pitch_deg(gimbal_axes(32.5, -10.5))) == pytest.approx((32.5, -10.5))


def test_focal_lengths() -> None:
    assert field_deg(1913.333374, 1600) == pytest.approx(45.4, abs=0.05)
    assert focal_px_of_view(45.38, 1600) == pytest.approx(1913.3, rel=1e-3)


def test_a_polygon_lies_where_the_camera_is() -> None:
    found = seen(gimbal_axes(0.0, -90.0), NADIR, 100.0)
    placed = polygon(found.outline, 8.78, 51.83)
    assert placed is not None
    ring = placed["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 5
    width = distance_m(*ring[0], *ring[1])
    assert isclose(width, 100.0 * 4000 / 3000, rel_tol=1e-3)
    assert ring[0][0] < ring[1][0]
    assert ring[0][1] > ring[3][1]


@pytest.mark.parametrize(("lon", "lat"), [(179.9999, 51.0), (8.0, 89.99)])
def test_no_polygon_over_the_date_line_or_a_pole(lon: float, lat: float) -> None:
    found = seen(gimbal_axes(0.0, -90.0), NADIR, 100.0)
    assert polygon(found.outline, lon, lat) is None
