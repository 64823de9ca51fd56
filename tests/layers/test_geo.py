"""Measures on the earth: exact values, and what counts as a geometry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import geo
from layers.near import Near, around
from tests.layers.world import point, square

ROI = {
    "type": "Polygon",
    "coordinates": [
        [
            [8.772420734, 51.706770521],
            [8.772596419, 51.70652037],
            [8.773364872, 51.70673063],
            [8.773183823, 51.706881884],
            [8.772486448, 51.706964159],
            [8.772420734, 51.706770521],
        ]
    ],
}


def test_area_is_geodesic() -> None:
    assert geo.area_m2(ROI) == pytest.approx(1942.747, abs=0.01)
    clockwise = {"type": "Polygon", "coordinates": [ROI["coordinates"][0][::-1]]}
    assert geo.area_m2(clockwise) == pytest.approx(1942.747, abs=0.01)
    one_degree = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    assert geo.area_m2(one_degree) == pytest.approx(12308778361.469, rel=1e-9), "as GeographicLib's Planimeter says"


def test_a_hole_is_left_out() -> None:
    outer, inner = square(8.78, 51.83, 0.002), square(8.78, 51.83, 0.001)
    ring = {"type": "Polygon", "coordinates": [*outer["coordinates"], *inner["coordinates"]]}
    assert geo.area_m2(ring) == pytest.approx(geo.area_m2(outer) - geo.area_m2(inner), rel=1e-6)


def test_points_and_lines_have_no_area() -> None:
    assert geo.area_m2(point(8.0, 51.0)) == 0.0
    assert geo.area_m2({"type": "LineString", "coordinates": [[8, 51], [9, 51]]}) == 0.0


def test_a_ring_that_crosses_itself_is_repaired() -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    assert geo.area_m2(bow) == pytest.approx(12308778361.469 / 2, rel=1e-3)


def test_distance_and_bearing() -> None:
    assert geo.distance_m(8.78, 51.83, 8.79, 51.83) == pytest.approx(689.38, abs=0.01)
    assert geo.distance_m(8.78, 51.83, 8.78, 51.84) == pytest.approx(1112.642, abs=0.01)
    assert geo.bearing_deg(8.78, 51.83, 8.78, 51.84) == pytest.approx(0.0, abs=1e-6)
    assert geo.bearing_deg(8.79, 51.83, 8.78, 51.83) == pytest.approx(270.0, abs=0.01)


def test_distance_to_an_area_is_to_its_border() -> None:
    area = square(8.78, 51.83, 0.001)
    assert geo.distance_to_m(area, 8.78, 51.83) == 0.0
    assert geo.distance_to_m(area, 8.782, 51.83) == pytest.approx(68.94, abs=0.1)
    assert geo.distance_to_m(point(8.78, 51.83), 8.79, 51.83) == pytest.approx(689.38, abs=0.01)


def test_contains() -> None:
    area = square(8.78, 51.83, 0.001)
    assert geo.contains(area, 8.78, 51.83)
    assert geo.contains(area, 8.779, 51.83), "its border included"
    assert not geo.contains(area, 8.782, 51.83)
    assert not geo.contains(point(8.78, 51.83), 8.78, 51.83)


def test_overlap_is_the_share_of_the_smaller() -> None:
    area = square(8.78, 51.83, 0.001)
    assert geo.overlap(area, area) == 1.0
    assert geo.overlap(area, square(8.78, 51.83, 0.0001)) == 1.0
    assert geo.overlap(area, square(8.781, 51.83, 0.001)) == pytest.approx(0.5)
    assert geo.overlap(area, square(8.79, 51.83, 0.001)) == 0.0
    assert geo.overlap(area, point(8.78, 51.83)) == 0.0


def test_bounds_and_centre() -> None:
    assert geo.bounds(point(8.78, 51.83, 5.0)) == (8.78, 51.83, 8.78, 51.83)
    assert geo.centre(square(8.78, 51.83)) == pytest.approx((8.78, 51.83))


@pytest.mark.parametrize(
    "geometry",
    [
        point(8.0, 51.0),
        point(8.0, 51.0, 100.0),
        {"type": "MultiPoint", "coordinates": [[8, 51]]},
        {"type": "LineString", "coordinates": [[8, 51], [9, 51]]},
        {"type": "MultiLineString", "coordinates": [[[8, 51], [9, 51]], [[8, 52], [9, 52]]]},
        square(8.0, 51.0),
        {"type": "MultiPolygon", "coordinates": [square(8.0, 51.0)["coordinates"]]},
    ],
)
def test_geometries_that_we_draw(geometry: Any) -> None:
    assert geo.is_valid(geometry)


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        [],
        {},
        {"type": "Point"},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": [8]},
        {"type": "Point", "coordinates": [8, 51, 1, 1, 1]},
        {"type": "Point", "coordinates": [181, 0]},
        {"type": "Point", "coordinates": [0, -90.1]},
        {"type": "Point", "coordinates": [float("nan"), 0]},
        {"type": "Point", "coordinates": [0, float("inf")]},
        {"type": "Point", "coordinates": ["8", "51"]},
        {"type": "Point", "coordinates": [True, False]},
        {"type": "Point", "coordinates": [[8, 51]]},
        {"type": "LineString", "coordinates": [[8, 51]]},
        {"type": "LineString", "coordinates": [8, 51]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": ["Point"], "coordinates": [8, 51]},
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], None]]]},
    ],
)
def test_what_is_no_geometry(geometry: Any) -> None:
    assert not geo.is_valid(geometry)


def test_a_geometry_may_not_have_too_many_positions() -> None:
    line = {"type": "LineString", "coordinates": [[8, 51]] * 11}
    assert geo.is_valid(line, 11)
    assert not geo.is_valid(line, 10)


boxes = st.tuples(
    st.floats(-179, 179),
    st.floats(-89, 89),
    st.sampled_from([0.0, 0.001, 0.02, 0.3]),
    st.sampled_from([0.0, 0.001, 0.3]),
).map(lambda b: (b[0], b[1], b[0] + b[2], min(90.0, b[1] + b[3])))
near_boxes = st.tuples(
    st.integers(0, 40), st.integers(0, 40), st.sampled_from([0.0, 0.004, 0.3]), st.sampled_from([0.0, 0.004])
).map(lambda b: (b[0] / 1000, b[1] / 1000, b[0] / 1000 + b[2], b[1] / 1000 + b[3]))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | near_boxes | boxes)), near_boxes | boxes)
def test_the_grid_finds_what_a_look_at_everything_finds(
    moves: list[tuple[str, geo.Box | None]], asked: geo.Box
) -> None:
    near, known = Near(), {}
    for subject, box in moves:
        near.put(subject, box)
        known[subject] = box
    expected = [
        subject
        for subject, box in sorted(known.items())
        if box is not None and box[0] <= asked[2] and asked[0] <= box[2] and box[1] <= asked[3] and asked[1] <= box[3]
    ]
    assert near.find(asked) == expected
    for subject in known:
        near.put(subject, None)
    assert near.find((-180, -90, 180, 90)) == []
    assert near._cells == {}
    assert near._large == {}


def test_a_margin_is_never_too_narrow() -> None:
    lon, lat = 8.78, 51.83
    west, south, east, north = around((lon, lat, lon, lat), 1000.0)
    assert geo.distance_m(west, lat, lon, lat) >= 1000.0
    assert geo.distance_m(east, lat, lon, lat) >= 1000.0
    assert geo.distance_m(lon, south, lon, lat) >= 1000.0
    assert geo.distance_m(lon, north, lon, lat) >= 1000.0
