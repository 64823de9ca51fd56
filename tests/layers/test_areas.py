"""Circles, unions, holes and limits of areas; and that no ring costs minutes."""

import math
import random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.areas import circle, corners, joined, simplified
from layers.geo import area_m2, as_shape, contains, distance_m, is_valid
from layers.mend import MAX_CROSSINGS, crossings_exceed, mended
from tests.layers.world import square


def ring(*positions: tuple[float, float]) -> dict[str, object]:
    """A polygon of corners."""
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in (*positions, positions[0])]]}


@pytest.mark.parametrize(("lon", "lat"), [(8.75, 51.7), (0, 0), (-73.5, -45), (10, 80)])
@pytest.mark.parametrize("radius_m", [50, 5_000, 300_000])
def test_a_circle_has_its_radius_all_around(lon: float, lat: float, radius_m: float) -> None:
    found = circle(lon, lat, radius_m)
    assert found["type"] == "Polygon"
    (outline,) = found["coordinates"]
    assert len(outline) == 65
    for x, y in outline:
        assert distance_m(lon, lat, x, y) == pytest.approx(radius_m, abs=0.02)
    # 64 corners on the circle hold 0.9984 of it; a circle on a globe is a little smaller than in the plane.
    assert area_m2(found) == pytest.approx(0.9984 * math.pi * radius_m**2, rel=1e-3)


def test_a_circle_across_the_date_line_is_two_areas() -> None:
    for lon in (179.9, -179.9, 180.0, -180.0):
        found = circle(lon, -16, 50_000)
        assert found["type"] == "MultiPolygon"
        assert is_valid(found)
        assert contains(found, 179.95, -16)
        assert contains(found, -179.95, -16)
        assert not contains(found, 0, -16)
        assert area_m2(found) == pytest.approx(0.9984 * math.pi * 50_000**2, rel=1e-3)


@pytest.mark.parametrize(("lat", "radius_m"), [(51.7, 0), (51.7, -1), (89.9, 100_000), (-85, 1_000_000)])
def test_a_circle_that_is_none_is_its_centre(lat: float, radius_m: float) -> None:
    assert circle(8.75, lat, radius_m) == {"type": "Point", "coordinates": [8.75, lat]}


def test_one_area_stays_to_the_digit() -> None:
    area = ring((8.123456789, 51), (9, 51), (9, 52.987654321))
    assert joined([area]) is area
    assert joined([]) is None


def test_heights_for_some_corners_only_count_nowhere() -> None:
    uneven = {"type": "Polygon", "coordinates": [[[8, 51, 100.0], [9, 51], [9, 52, 5], [8, 51, 100.0]]]}
    assert as_shape(uneven).area == pytest.approx(0.5)
    assert corners(uneven) == 4
    assert joined([uneven]) == ring((8, 51), (9, 51), (9, 52))
    assert joined([uneven, square(20, 51)], [uneven]) is not None


def test_areas_apart_stay_as_they_are_and_overlapping_ones_become_one() -> None:
    apart = joined([square(8, 51), square(9, 51)])
    assert apart == {
        "type": "MultiPolygon",
        "coordinates": [square(8, 51)["coordinates"], square(9, 51)["coordinates"]],
    }
    overlapping = joined([square(8, 51, 0.01), square(8.01, 51, 0.01)])
    assert overlapping is not None
    assert overlapping["type"] == "Polygon"
    assert contains(overlapping, 8.005, 51), "what both cover is covered"


def test_holes_are_cut_out() -> None:
    found = joined([square(8, 51, 0.1)], [square(8, 51, 0.01)])
    assert found is not None
    assert len(found["coordinates"]) == 2
    assert not contains(found, 8, 51)
    assert contains(found, 8.05, 51)
    assert joined([square(8, 51, 0.01)], [square(8, 51, 0.1)]) is None


def test_points_count_where_there_is_no_area() -> None:
    point = {"type": "Point", "coordinates": [8, 51]}
    assert joined([point, {"type": "Point", "coordinates": [9, 51]}]) == point
    assert joined([point, square(9, 51)]) == square(9, 51)


@given(st.integers(4, 3_000), st.integers(0, 5))
def test_an_area_is_brought_within_its_corners(number: int, seed: int) -> None:
    dice = random.Random(seed)
    turns = sorted(dice.uniform(0, 2 * math.pi) for _ in range(number))
    spots = [(8 + dice.uniform(0.5, 1) * math.cos(turn), 51 + dice.uniform(0.5, 1) * math.sin(turn)) for turn in turns]
    area = ring(*spots)
    found = simplified(area, 200)
    assert is_valid(found)
    assert corners(found) <= max(200, 5)
    if corners(area) <= 200:
        assert found is area


def test_a_bow_tie_is_repaired_to_both_its_halves() -> None:
    found = as_shape(ring((0, 0), (1, 1), (1, 0), (0, 1)))
    assert found.is_valid
    assert found.area == pytest.approx(0.5)


@pytest.mark.parametrize("number", [100, 1_000, 5_000])
def test_a_ring_of_scattered_corners_is_taken_by_its_outline(number: int) -> None:
    dice = random.Random(number)
    tangle = shapely.Polygon([(dice.random(), dice.random()) for _ in range(number)])
    assert crossings_exceed(tangle, MAX_CROSSINGS)
    outline = mended(tangle)
    assert outline.is_valid
    assert outline.equals(shapely.convex_hull(tangle))


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=40))
def test_whatever_comes_is_mended_to_something_valid(spots: list[tuple[int, int]]) -> None:
    shape = shapely.Polygon(spots)
    found = mended(shape)
    assert found.is_valid
    if shape.is_valid:
        assert found is shape
