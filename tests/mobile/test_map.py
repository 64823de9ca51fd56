"""The map's arithmetic: camera, ribbons, dashes, words that do not touch, the town cut into triangles."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile import basemap, geo
from mobile.i18n import Words
from mobile.map import ground
from mobile.map.camera import MAX_ZOOM, MIN_ZOOM, Camera, Point
from mobile.map.labels import Clutter, Word, discs, place, upright
from mobile.map.shapes import MAX_VERTICES, Triangles, along, dashes, length, ribbon, split

TOWN = Path(__file__).resolve().parents[2] / "fixtures/town/padertopia.geojson"
metres = st.floats(-2000, 2000)
cameras = st.builds(
    Camera, metres, metres, st.floats(MIN_ZOOM, MAX_ZOOM), st.just(51.83), st.just((800.0, 600.0)), st.floats(0, 359)
)


@given(cameras, metres, metres)
def test_a_pixel_comes_back_to_its_place(camera: Camera, x_m: float, y_m: float) -> None:
    assert camera.to_world(*camera.to_screen(x_m, y_m)) == pytest.approx((x_m, y_m), abs=1e-6)


@given(cameras, st.floats(0, 800), st.floats(0, 600), st.floats(-3, 3))
def test_zooming_holds_the_ground_below_the_finger(camera: Camera, px: float, py: float, step: float) -> None:
    held = camera.to_world(px, py)
    nearer = camera.zoomed(camera.zoom + step, px, py)
    assert MIN_ZOOM <= nearer.zoom <= MAX_ZOOM
    assert nearer.to_screen(*held) == pytest.approx((px, py), abs=1e-4)


@given(cameras, st.floats(-300, 300), st.floats(-300, 300))
def test_dragging_moves_the_ground_with_the_finger(camera: Camera, dx: float, dy: float) -> None:
    place = camera.to_world(400, 300)
    assert camera.moved_by(dx, dy).to_screen(*place) == pytest.approx((400 + dx, 300 + dy), abs=1e-4)


def test_the_way_to_drive_points_up() -> None:
    camera = Camera(0, 0, 16, 51.83, (800, 600)).turned(90)  # driving east
    x, y = camera.to_screen(100, 0)
    assert x == pytest.approx(400)
    assert y > 300


def test_the_scale_is_that_of_web_maps() -> None:
    camera = Camera(0, 0, 17, 51.83)
    assert camera.metres_per_pixel == pytest.approx(0.738, abs=0.001)


@given(cameras, st.lists(st.tuples(metres, metres), min_size=1, max_size=4))
def test_everything_that_is_to_be_shown_is_shown(camera: Camera, points: list[Point]) -> None:
    shown = camera.showing(points, 60)
    assert shown.zoom <= 17.5
    if shown.zoom > MIN_ZOOM:
        assert all(shown.holds(point, 59) for point in points)
    assert camera.showing([], 60) == camera


lines = st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=12).filter(
    lambda line: all(math.dist(a, b) > 1 for a, b in pairwise(line))
)


@given(lines, st.floats(1, 12))
def test_a_ribbon_covers_its_line_and_not_much_more(line: list[Point], width: float) -> None:
    made = ribbon(line, width)
    assert max(made.indices) < len(made)
    assert len(made.indices) % 3 == 0
    reach = width / 2 / math.cos(math.radians(30)) + 1e-6
    for number in range(len(made)):
        corner = made.vertices[4 * number], made.vertices[4 * number + 1]
        assert distance_to(line, corner) <= reach


def distance_to(line: list[Point], point: Point) -> float:
    def to_segment(a: Point, b: Point) -> float:
        dx, dy = b[0] - a[0], b[1] - a[1]
        share = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / (dx * dx + dy * dy)
        share = max(0.0, min(1.0, share))
        return math.dist(point, (a[0] + share * dx, a[1] + share * dy))

    return min(to_segment(a, b) for a, b in pairwise(line))


def test_a_ribbon_of_nothing_is_nothing() -> None:
    assert ribbon([], 3).indices == ribbon([(1, 1)], 3).indices == ribbon([(1, 1), (1, 1)], 3).indices == []


@given(lines, st.floats(2, 40), st.floats(2, 40))
def test_dashes_lie_on_their_line_and_leave_gaps(line: list[Point], dash: float, gap: float) -> None:
    pieces = dashes(line, dash, gap)
    total = length(line)
    drawn = sum(length(piece) for piece in pieces)
    periods = total / (dash + gap)
    assert drawn <= total + 1e-6
    assert math.floor(periods) * dash - 1e-6 <= drawn <= math.ceil(periods) * dash + 1e-6
    assert all(distance_to(line, point) < 1e-6 for piece in pieces for point in piece)


def test_along_a_line() -> None:
    line = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    place, angle = along(line, 15)
    assert place == (10.0, 5.0)
    assert angle == pytest.approx(math.pi / 2)
    assert along(line, 99)[0] == (10.0, 10.0)


def test_meshes_stay_below_the_limit_of_their_indices() -> None:
    part = Triangles()
    for _ in range(7000):
        part.fan([(0, 0), (1, 0), (0, 1)])
    gathered = split([part, part, part, part, Triangles()])
    assert [len(mesh) for mesh in gathered] == [63_000, 21_000]
    assert all(max(mesh.indices) < len(mesh) <= MAX_VERTICES for mesh in gathered)


@given(st.lists(st.tuples(st.floats(0, 800), st.floats(0, 600), st.integers(1, 14)), max_size=40))
def test_words_never_touch_each_other(spots: list[tuple[float, float, int]]) -> None:
    camera = Camera(0, 0, 17, 51.83, (800, 600))
    words = [Word("x" * size, "place", size, 0, at=camera.to_world(x, y)) for x, y, size in spots]
    placed = place(words, camera, lambda text, _: (8.0 * len(text), 14.0), Clutter(), 0)
    boxes = [discs(entry.x_px, entry.y_px, 8.0 * len(entry.word.text), 14.0) for entry in placed]
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert all(math.dist(a[:2], b[:2]) >= a[2] + b[2] - 1e-9 for a in one for b in other)
    if words:
        assert placed


def test_street_names_follow_their_street_and_are_never_upside_down() -> None:
    camera = Camera(0, 0, 17, 51.83, (800, 600))
    for angle in range(0, 360, 15):
        end = (200 * math.cos(math.radians(angle)), 200 * math.sin(math.radians(angle)))
        line = ((-end[0], -end[1]), end)
        word = Word("Kettengasse", "street", 1, 0, line=line, reach_m=200)
        (entry,) = place([word], camera, lambda text, _: (8.0 * len(text), 14.0), Clutter(), 0)
        assert -90 <= entry.angle_deg <= 90
        assert (entry.angle_deg - angle) % 180 == pytest.approx(0, abs=1e-6) or (
            (entry.angle_deg - angle) % 180 == pytest.approx(180, abs=1e-6)
        )
    assert [upright(angle) for angle in (0, 89, 90, 91, 180, 270, -91)] == [0, 89, -90, -89, 0, -90, 89]
    short = Word("Kettengasse", "street", 1, 0, line=((0, 0), (5, 0)))
    assert place([short], camera, lambda text, _: (8.0 * len(text), 14.0), Clutter(), 0) == []


def test_the_town_is_cut_into_triangles() -> None:
    features = basemap.parse(TOWN.read_bytes())
    plane = geo.Plane(8.78, 51.83)
    made = ground.batches(features, plane)
    assert {batch.colour for batch in made} >= {
        "heath",
        "wood",
        "green",
        "water",
        "road",
        "main_road",
        "building",
        "path",
    }
    assert all(max(batch.triangles.indices) < len(batch.triangles) <= MAX_VERTICES for batch in made)
    buildings = sum(area(batch.triangles) for batch in made if batch.colour == "building")
    assert buildings == pytest.approx(expected_area(features, plane), rel=1e-6)
    assert ground.prepared(features, plane) is ground.prepared(features, plane)
    bounds = ground.bounds(features, plane)
    assert bounds is not None
    assert bounds[1][0] - bounds[0][0] == pytest.approx(1300, rel=0.1)
    written = {word.text for word in ground.words(features, plane)}
    assert {"Kettengasse", "Königstraße", "Töpfergasse"} <= written
    signs = ground.signs(features, plane, Words())
    assert sum(sign.text == "H" for sign in signs) > 50
    assert ground.bounds([], plane) is None


def area(triangles: Triangles) -> float:
    corners = [(triangles.vertices[4 * n], triangles.vertices[4 * n + 1]) for n in triangles.indices]
    triples = zip(corners[::3], corners[1::3], corners[2::3], strict=True)
    return sum(abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2 for a, b, c in triples)


def expected_area(features: list[basemap.BasemapFeature], plane: geo.Plane) -> float:
    """By the shoelace formula, holes taken off."""

    def ring_area(ring: list[Point]) -> float:
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2

    total = 0.0
    for feature in features:
        if feature.cls == "building":
            outer, *holes = (plane.line(ring) for ring in feature.geometry["coordinates"])
            total += ring_area(outer) - sum(map(ring_area, holes))
    return total


def test_a_base_map_that_is_none_is_refused() -> None:
    for wrong in (b"", b"[]", b'{"features": 3}'):
        with pytest.raises(ValueError, match=r"."):
            basemap.parse(wrong)
    assert basemap.parse(b'{"features": [{"properties": null, "geometry": null}]}') == []
