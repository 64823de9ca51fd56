"""The map's arithmetic: camera, ribbons, dashes, words that do not touch, the town cut into triangles."""

import math
import threading
from dataclasses import replace
from itertools import pairwise

import mapbox_vector_tile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile import geo, themes
from mobile.map import grid, style
from mobile.map.atlas import Atlas
from mobile.map.camera import MAX_ZOOM, MIN_ZOOM, Camera, Point
from mobile.map.cut import Cut, Shape, cut, filled
from mobile.map.figures import Badge
from mobile.map.grid import Key
from mobile.map.labels import Clutter, Word, discs, is_cut, place, uncovered, upright
from mobile.map.shapes import MAX_VERTICES, Triangles, along, dashes, joined, length, ribbon, split
from tests.server import wait_until

PLANE = geo.Plane(8.78, 51.83)
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


def test_of_two_signs_in_one_place_the_more_important_stays() -> None:
    def badge(name: str, rank: float) -> Badge:
        return Badge(name, (0, 0), "box", "X", "good", "on_good", rank=rank)

    hospital, safe = badge("base:poi:1", 6.21), badge("base:poi:2", 6.28)
    hydrant, unit = badge("base:hydrant:3", 7.0), badge("urn:unit", 2.0)
    here, beside, away = (100.0, 100.0), (110.0, 100.0), (200.0, 100.0)
    both = [(safe, here), (hospital, beside)]
    assert uncovered(both, 20) == [(hospital, beside)]
    assert uncovered(both, 5) == both
    water = badge("urn:alert:1#water-1", 0.7)
    same = [(hydrant, here), (water, here)]
    assert uncovered(same, 20) == [(water, here)], "one hydrant is drawn once"
    elsewhere = [(replace(hydrant, at=(3.0, 0.0)), beside), (water, here)]
    assert uncovered(elsewhere, 20) == elsewhere, "another one stays"
    assert uncovered([(safe, here), (hospital, away)], 20) == [(safe, here), (hospital, away)]
    assert uncovered([(hospital, here), (unit, beside)], 20) == [(unit, beside)]
    assert uncovered([(hydrant, here), (unit, here)], 20) == [(hydrant, here), (unit, here)]


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


def measure(text: str, _: str) -> tuple[float, float]:
    return 8.0 * len(text), 14.0


def test_what_stands_at_a_point_moves_in_from_the_edge_and_is_left_out_beyond_it() -> None:
    camera = Camera(0, 0, 17, 51.83, (800, 600))
    for at, expected in {
        (10.0, 300.0): (40.0, 300.0), (790.0, 595.0): (760.0, 593.0), (400.0, 300.0): (400.0, 300.0),
        (-10.0, 300.0): None, (400.0, 605.0): None, (-60.0, 300.0): (-60.0, 300.0),
    }.items():  # fmt: skip
        word = Word("x" * 10, "place", 1, 0, at=camera.to_world(*at))
        found = [(entry.x_px, entry.y_px) for entry in place([word], camera, measure, Clutter(), 100)]
        assert found == ([pytest.approx(expected, abs=1e-6)] if expected else []), at
    wide = Word("x" * 200, "place", 1, 0, at=camera.to_world(10, 300))
    assert place([wide], camera, measure, Clutter(), 100) == [], "it cannot be whole"


def test_a_street_is_named_where_its_name_is_whole() -> None:
    camera = Camera(0, 0, 17, 51.83, (800, 600))
    line = (camera.to_world(-500, 300), camera.to_world(480, 300))  # its middle is just outside
    word = Word("Kettengasse", "street", 1, 0, line=line, reach_m=1_000)
    (entry,) = place([word], camera, measure, Clutter(), 100)
    assert not is_cut(entry.x_px, entry.y_px, *measure("Kettengasse", ""), entry.angle_deg, camera.size)
    assert entry.x_px == pytest.approx(-500 + 980 * 0.7, abs=1.0)
    short = Word("Kettengasse", "street", 1, 0, line=(camera.to_world(-50, 300), camera.to_world(45, 300)), reach_m=100)
    assert len(place([short], camera, measure, Clutter(), 100)) == 1, "a name that is cut is better than none"


@given(st.permutations(range(8)), st.lists(st.booleans(), min_size=8, max_size=8))
def test_pieces_of_a_street_become_one_line(order: list[int], turned: list[bool]) -> None:
    corners = [(float(n), float(n * n % 5)) for n in range(9)]
    pieces = [corners[n : n + 2] if turned[n] else corners[n : n + 2][::-1] for n in order]
    (line,) = joined(pieces)
    assert line in (corners, corners[::-1])
    elsewhere = [(50.0, 0.0), (60.0, 0.0)]
    assert len(joined([*pieces, elsewhere])) == 2
    ring = [[corners[0], corners[1]], [corners[1], corners[3]], [corners[3], corners[0]]]
    assert sum(map(length, joined(ring))) == pytest.approx(sum(map(length, ring)))
    fork = [[(0.0, 0.0), (1.0, 0.0)], [(1.0, 0.0), (2.0, 1.0)], [(1.0, 0.0), (2.0, -1.0)]]
    assert sum(map(length, joined(fork))) == pytest.approx(sum(map(length, fork)))


lonlats = st.tuples(st.floats(-179, 179), st.floats(-84, 84))


@given(lonlats, st.integers(8, 15))
def test_neighbouring_tiles_meet_without_a_gap(origin: geo.LonLat, zoom: int) -> None:
    plane = geo.Plane(*origin)
    count = 1 << zoom
    x, y = int((origin[0] + 180) / 360 * count), int(grid.share_of(origin[1]) * count)
    here, right, below = (grid.frame(Key(zoom, x + dx, y + dy, 17), plane, 4096) for dx, dy in ((0, 0), (1, 0), (0, 1)))
    assert here.x_m + 4096 * here.scale_x == pytest.approx(right.x_m, abs=1e-6)
    assert here.y_m + 4096 * here.scale_y == pytest.approx(below.y_m, abs=1e-6)
    assert here.x_m <= 1e-6, "the tile lies east of the origin it holds"
    assert here.y_m >= -1e-6, "the tile lies south of the origin it holds"


def test_a_tile_lies_where_its_places_are() -> None:
    """Against the formula of spherical Mercator, in the middle of a tile, where the straight line is off most."""
    for zoom, most_m in ((11, 4.0), (14, 0.07), (15, 0.02)):
        x, y = int((8.78 + 180) / 360 * (1 << zoom)), int(grid.share_of(51.83) * (1 << zoom))
        at = grid.frame(Key(zoom, x, y, 17), PLANE, 4096)
        lat = grid.latitude((y + 0.5) / (1 << zoom))
        true = PLANE.to_metres((x + 0.5) / (1 << zoom) * 360 - 180, lat)
        assert math.dist(true, (at.x_m + 2048 * at.scale_x, at.y_m + 2048 * at.scale_y)) < most_m


@given(cameras, st.floats(0, 800), st.floats(0, 600))
def test_there_is_a_tile_below_every_pixel(camera: Camera, px: float, py: float) -> None:
    keys = grid.needed(camera, PLANE, 0.2)
    assert len(keys) == len(set(keys)) <= grid.MAX_TILES
    lon, lat = PLANE.to_lonlat(*camera.to_world(px, py))
    zoom = keys[0].zoom
    count = 1 << zoom
    assert (int((lon + 180) / 360 * count), int(grid.share_of(lat) * count)) in {(key.x, key.y) for key in keys}
    assert zoom == min(15, grid.band_of(camera.zoom) - 1)


def test_a_finer_screen_shows_the_same_ground_with_the_same_tiles() -> None:
    plain = Camera(0, 0, 16, 51.83, (800, 600))
    fine = Camera(0, 0, 16, 51.83, (1600, 1200), density=2.0)
    assert fine.to_world(1600, 1200) == pytest.approx(plain.to_world(800, 600))
    assert grid.needed(fine, PLANE, 0.2) == grid.needed(plain, PLANE, 0.2)


Layer = list[tuple[str, dict[str, object]]]
MIDDLE = Key(15, 17183, 10848, 17)


def tile(**layers: Layer) -> bytes:
    """A tile of geometries (WKT, tile coordinates with y downwards) and fields."""
    made = [
        {"name": name, "features": [{"geometry": wkt, "properties": fields} for wkt, fields in features]}
        for name, features in layers.items()
    ]
    return bytes(mapbox_vector_tile.encode(made, default_options={"y_coord_down": True}))


def in_band(band: int, **layers: Layer) -> Cut:
    return cut(tile(**layers), Key(MIDDLE.zoom, MIDDLE.x, MIDDLE.y, band), PLANE)


def surface(shapes: list[Shape]) -> float:
    """Square metres of the triangles."""
    total = 0.0
    for shape in shapes:
        corners = [(shape.vertices[4 * n], shape.vertices[4 * n + 1]) for n in shape.indices]
        for a, b, c in zip(corners[::3], corners[1::3], corners[2::3], strict=True):
            total += abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2
    return total


def test_surfaces_are_exact_holes_left_out_walls_at_the_border_not_drawn() -> None:
    at = grid.frame(MIDDLE, PLANE, 4096)
    unit_m2 = abs(at.scale_x * at.scale_y)
    yard = "POLYGON ((100 100, 500 100, 500 500, 100 500, 100 100), (200 200, 200 300, 300 300, 300 200, 200 200))"
    house, bent = "POLYGON ((1000 0, 1100 0, 1100 50, 1000 50, 1000 0))", "POLYGON ((0 0, 100 0, 50 20, 50 90, 0 0))"
    for wkt, units in ((yard, 150_000), (house, 5_000)):
        made = in_band(17, building=[(wkt, {"kind": "yes"})])
        assert surface(made.shapes["building"]) == pytest.approx(units * unit_m2, rel=1e-3)
    made = in_band(17, water=[(bent, {"kind": "pond"})])
    corners = [(0, 0), (100, 0), (50, 20), (50, 90)]
    shoelace = abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise([*corners, corners[0]]))) / 2
    assert surface(made.shapes["water"]) == pytest.approx(shoelace * unit_m2, rel=1e-3)
    whole = in_band(17, building=[(yard, {})]).shapes["building_line"][0]
    border = "POLYGON ((4000 100, 4176 100, 4176 500, 4000 500, 4000 100))"
    clipped = in_band(17, building=[(border, {})]).shapes["building_line"][0]
    assert (len(whole.indices), len(clipped.indices)) == (16, 6)
    assert (whole.lines, clipped.lines) == (True, True)
    square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    assert len(filled([square]).indices) == len(filled([square[::-1]]).indices) == 6


ROAD = "LINESTRING (0 2000, 1500 2000)"


@pytest.mark.parametrize(
    ("kind", "first"),
    [("motorway", 12), ("primary", 12), ("residential", 13), ("living_street", 14), ("service", 15), ("footway", 15)],
)
def test_small_streets_come_later_than_large_ones(kind: str, first: int) -> None:
    paint = style.ROADS[kind].paint
    drawn = [band for band in range(12, 18) if paint in in_band(band, road=[(ROAD, {"kind": kind})]).shapes]
    assert drawn == list(range(first, 18))


def test_bridges_lie_above_and_tunnels_are_dashed() -> None:
    made = in_band(16, road=[(ROAD, {"kind": "primary", "bridge": True}), (ROAD, {"kind": "primary", "tunnel": True})])
    assert set(made.shapes) == {"bridge_main_road", "bridge_case", "tunnel"}
    order = style.PAINT_ORDER
    assert order.index("bridge_case") > order.index("motorway") > order.index("road_case") > order.index("water")
    assert {style.colour_of(paint) for paint in order} <= set(themes.colours(themes.DAY))


def test_a_street_of_many_pieces_is_written_once_along_all_of_it() -> None:
    fields: dict[str, object] = {"kind": "residential", "name": "Kamp"}
    pieces = [(f"LINESTRING ({x} 2000, {x + 300} 2000)", fields) for x in range(0, 1500, 300)]
    (word,) = in_band(17, road=pieces).words
    assert (word.text, len(word.line)) == ("Kamp", 6)
    assert in_band(14, road=pieces).words == []
    both: Layer = [(ROAD, {"kind": "primary", "name": "Detmolder Straße", "ref": "B 1"})]
    far, near = in_band(14, road=both), in_band(16, road=both)
    assert ([word.text for word in far.words], [word.text for word in near.words]) == (["B 1"], ["Detmolder Straße"])


def test_what_is_a_point_belongs_to_one_tile_and_to_its_zooms() -> None:
    layers: dict[str, Layer] = {
        "housenumber": [("POINT (10 10)", {"housenumber": "12a"}), ("POINT (-5 10)", {"housenumber": "neighbour"})],
        "hydrant": [("POINT (50 60)", {"kind": "underground", "ref": "H 7", "diameter_mm": 100})],
        "poi": [("POINT (70 80)", {"kind": "fire_station", "name": "Wache 1"}),
                ("POINT (90 80)", {"kind": "museum", "name": "Dom"})],
        "place": [("POINT (500 500)", {"kind": "village", "name": "Elsen"})],
    }  # fmt: skip
    near, far = in_band(17, **layers), in_band(14, **layers)
    assert {word.text for word in near.words} == {"12a", "Dom"}
    assert [word.text for word in far.words] == ["Elsen"]
    assert [(sign.kind, sign.ref, sign.name, sign.diameter_mm) for sign in near.signs] == [
        ("underground", "H 7", "", 100), ("fire_station", "", "Wache 1", 0),
    ]  # fmt: skip
    assert [sign.kind for sign in far.signs] == ["fire_station"]


def test_the_newest_view_is_made_first_and_a_bad_tile_is_counted() -> None:
    begun, go = threading.Event(), threading.Event()
    asked: list[int] = []

    def source(_zoom: int, x: int, _y: int) -> bytes | None:
        asked.append(x)
        begun.set()
        go.wait(30)
        return {3: b"no tile", 4: tile(road=[(ROAD, {"kind": "primary"})])}.get(x)

    atlas = Atlas(source)
    atlas.begin(PLANE, 1)
    keys = [Key(15, x, 0, 17) for x in range(6)]
    atlas.want(keys[:3])
    begun.wait(30)
    atlas.want([keys[4], keys[3]])  # the finger went on: 1 and 2 are wanted no more
    go.set()
    wait_until(lambda: atlas.get(keys[3]) is not None, "the tiles")
    assert asked == [0, 4, 3]
    assert atlas.bad == 1
    drawn = atlas.get(keys[4])
    assert drawn is not None
    assert "main_road" in drawn.shapes
    atlas.begin(PLANE, 1)
    assert atlas.get(keys[4]) is drawn, "day and night use the same triangles"
    atlas.begin(PLANE, 2)
    assert atlas.get(keys[4]) is None, "an old edition of the map was kept"
    atlas.close()


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobile.map.atlas.MAX_COST", 1000)
    atlas = Atlas(lambda *_: None)
    atlas.begin(PLANE, 1)
    keys = [Key(15, x, 0, 17) for x in range(30)]
    atlas.want(keys)
    wait_until(lambda: atlas.made == 30, "all tiles")
    assert [atlas.get(key) is not None for key in keys] == [False] * 20 + [True] * 10
    atlas.close()
