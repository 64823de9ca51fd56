"""What is drawn, in which tile, with which fields: tiles are decoded again and compared exactly."""

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from shapely import affinity
from shapely.geometry import shape

from server.base.base import Base
from server.base.build import build
from server.base.coast import sea
from server.base.tiles_cut import LAYERS, Sheet, tiles
from server.base.tiles_grid import BUFFER, EXTENT, MAX_ZOOM, tile_range, to_degrees, to_units
from server.base.tiles_read import Decoded, TileFile, decode
from tests.base.osm import Sheet as Osm

LON, LAT = 8.75, 51.717
"""Somewhere in the middle of tile 15/17180/10865."""
AT = (15, 17180, 10865)


def drawn(path: Path, osm: Osm) -> TileFile:
    """The tiles of a small map."""
    return TileFile(build(osm.write(path / "a.osm"), path / "base"))


def only(tile: Decoded, layer: str) -> dict[str, Any]:
    (feature,) = tile[layer]
    return feature


def places(feature: dict[str, Any], at: tuple[int, int, int] = AT) -> list[tuple[float, float]]:
    """The coordinates of a decoded feature in degrees."""
    units = shapely.get_coordinates(shape(feature["geometry"]))
    return [(float(lon), float(lat)) for lon, lat in to_degrees(*at, units)]


def test_a_position_lies_in_the_tile_that_everybody_computes() -> None:
    # OSM wiki, "Slippy map tilenames": Brandenburg Gate at zoom 15.
    assert tile_range(13.37771, 52.51628, 13.37771, 52.51628, 15) == (17601, 17601, 10746, 10746)
    assert tile_range(LON, LAT, LON, LAT, 15)[::2] == AT[1:]
    assert tile_range(-180, -90, 180, 90, 3) == (0, 7, 0, 7)


def test_fields_and_positions_of_every_layer(tmp_path: Path) -> None:
    osm = Osm()
    osm.square(LON, LAT, 0.0004, building="yes", amenity="school", name="Schule", name__de="Grundschule",
               building__levels="3", height="11.5", addr__housenumber="12a")  # fmt: skip
    osm.way([(LON, LAT - 0.001), (LON + 0.001, LAT - 0.001)], highway="primary_link", name="Kamp", ref="B 1",
            oneway="-1", bridge="yes", width="6,5", access="no")  # fmt: skip
    osm.way([(LON, LAT - 0.002), (LON + 0.001, LAT - 0.002)], railway="tram")
    osm.way([(LON, LAT - 0.0025), (LON + 0.001, LAT - 0.0025)], waterway="stream", name="Pader")
    osm.square(LON, LAT + 0.001, 0.001, natural="water", water="pond", name="Teich")
    osm.square(LON - 0.002, LAT, 0.001, landuse="forest")
    osm.node(LON, LAT, emergency="fire_hydrant", fire_hydrant__type="pillar", fire_hydrant__diameter="100", ref="H 7")
    osm.node(LON, LAT, place="village", name="Dorf", population="812")
    osm.way([(LON, LAT + 0.003), (LON + 0.001, LAT + 0.003)], boundary="administrative", admin_level="8")
    tile = drawn(tmp_path, osm).decoded(*AT)
    told = {layer: [one["properties"] for one in tile[layer]] for layer in tile}
    assert told == {
        "building": [{"kind": "yes", "use": "school", "name": "Grundschule", "levels": 3, "height_m": 11.5}],
        "poi": [{"kind": "school", "name": "Grundschule"}],
        "housenumber": [{"housenumber": "12a"}],
        "road": [{"kind": "primary", "link": True, "name": "Kamp", "ref": "B 1", "oneway": -1, "bridge": True,
                  "width_m": 6.5, "access": "no"}],
        "rail": [{"kind": "tram"}],
        "waterway": [{"kind": "stream", "name": "Pader"}],
        "water": [{"kind": "pond", "name": "Teich"}],
        "landuse": [{"kind": "forest"}],
        "area_label": [{"kind": "pond", "name": "Teich", "of": "water"}],
        "hydrant": [{"kind": "pillar", "ref": "H 7", "diameter_mm": 100, "osm": "node19"}],
        "place": [{"kind": "village", "name": "Dorf", "population": 812}],
        "boundary": [{"level": 8}],
    }  # fmt: skip
    half_unit_deg = 360 / (1 << MAX_ZOOM) / EXTENT / 2 * 1.001
    assert places(only(tile, "hydrant"))[0] == pytest.approx((LON, LAT), abs=half_unit_deg)
    road = places(only(tile, "road"))
    assert road[0] == pytest.approx((LON, LAT - 0.001), abs=half_unit_deg), "a road keeps its direction"
    assert road[-1] == pytest.approx((LON + 0.001, LAT - 0.001), abs=half_unit_deg)
    outline = only(tile, "building")["geometry"]["coordinates"][0]
    assert len(outline) == 5
    assert shapely.Polygon(outline).exterior.is_ccw, "outer rings run clockwise on a screen whose y goes down"


def test_layers_come_with_their_zoom(tmp_path: Path) -> None:
    osm = Osm()
    osm.square(LON, LAT, 0.0004, building="yes", addr__housenumber="1")
    osm.way([(LON, LAT), (LON + 0.01, LAT)], highway="residential", name="Kamp")
    osm.way([(LON, LAT), (LON + 0.01, LAT)], highway="primary")
    osm.square(LON - 0.1, LAT, 0.08, landuse="forest")
    file = drawn(tmp_path, osm)
    seen = {zoom: Counter[str]() for zoom in range(8, 16)}
    for zoom, _, _, content in file.within(LON - 1, LAT - 1, LON + 1, LAT + 1):
        for layer, features in decode(content).items():
            seen[zoom].update({f"{layer} {one['properties'].get('kind', '')}": 1 for one in features})
    assert set(seen[8]) == {"landuse forest", "road primary"}
    assert set(seen[12]) == {"landuse forest", "road primary", "road residential"}
    assert set(seen[13]) == {"landuse forest", "road primary", "road residential", "building yes"}
    assert set(seen[15]) - set(seen[13]) == {"housenumber "}
    assert (file.header["min_zoom"], file.header["max_zoom"]) == (8, 15)
    assert [layer["id"] for layer in file.metadata["vector_layers"]] == list(LAYERS)
    assert file.metadata["attribution"] == "© OpenStreetMap contributors"


def test_what_is_too_small_to_see_is_left_out_below_zoom_15(tmp_path: Path) -> None:
    osm = Osm()
    osm.square(LON, LAT, 0.00001, building="hut")
    osm.square(LON + 0.001, LAT, 0.001, building="hall")
    file = drawn(tmp_path, osm)
    kinds = {
        zoom: {one["properties"]["kind"] for *at, content in file.within(8, 51, 9, 52) if at[0] == zoom
               for one in decode(content).get("building", ())}
        for zoom in (13, 14, 15)
    }  # fmt: skip
    assert kinds == {13: {"hall"}, 14: {"hall"}, 15: {"hall", "hut"}}


def test_a_forest_over_many_tiles_is_whole_and_holds_its_clearing(tmp_path: Path) -> None:
    osm = Osm()
    outer, inner = osm.square(8.6, 51.6, 0.2), osm.square(8.68, 51.68, 0.05)
    osm.relation([("way", outer, "outer"), ("way", inner, "inner")], type="multipolygon", landuse="forest")
    file = drawn(tmp_path, osm)
    area = 0.0
    for zoom, _x, _y, content in file.within(8.5, 51.5, 8.9, 51.9):
        if zoom == 15:
            inside = shapely.box(0, 0, EXTENT, EXTENT)
            area += sum(shape(one["geometry"]).intersection(inside).area for one in decode(content)["landuse"])
    units = to_units(np.array([(8.6, 51.6), (8.8, 51.8), (8.68, 51.68), (8.73, 51.73)]))
    size = np.abs(np.diff(units, axis=0))
    assert area == pytest.approx(math.prod(size[0]) - math.prod(size[2]), rel=1e-5)
    x0, x1, y0, y1 = tile_range(8.69, 51.69, 8.72, 51.72, 15)
    assert file.get(15, (x0 + x1) // 2, (y0 + y1) // 2) is None, "in the clearing there is nothing to draw"


def test_what_reaches_far_beyond_the_area_is_drawn_near_it_only(tmp_path: Path) -> None:
    osm = Osm(bounds=(LON, LAT, LON + 0.02, LAT + 0.02))
    osm.square(LON - 4, LAT - 4, 8, landuse="forest")  # a whole relation
    osm.way([(LON + 0.01, LAT + 0.01), (0.0, 0.0)], highway="residential", name="Kamp")  # a misplaced node
    base = build(osm.write(tmp_path / "a.osm"), tmp_path / "base")
    assert base.manifest.counts["tiles"]["tiles"] < 4000
    assert only(TileFile(base).decoded(*AT), "landuse")["properties"] == {"kind": "forest"}


def test_a_misplaced_node_where_the_extract_names_no_area(tmp_path: Path) -> None:
    osm = Osm()
    osm.square(LON, LAT, 0.0004, building="yes")
    osm.way([(LON, LAT), (0.0, 0.0)], highway="residential", name="Kamp")
    tiles = drawn(tmp_path, osm)
    assert only(tiles.decoded(*AT), "road")["properties"] == {"kind": "residential", "name": "Kamp"}
    assert tiles.get(15, 16384, 16383) is None


def test_pieces_of_a_street_are_one_in_a_tile(tmp_path: Path) -> None:
    osm = Osm()
    nodes = [osm.node(LON + n * 0.0003, LAT) for n in range(5)]
    for one, other in pairwise(nodes):
        osm.way([one, other], highway="residential", name="Kamp")
    osm.way([nodes[0], osm.node(LON, LAT - 0.0005)], highway="residential", name="Rosenstraße")
    tile = drawn(tmp_path, osm).decoded(*AT)
    found = {one["properties"]["name"]: one["geometry"] for one in tile["road"]}
    assert (len(tile["road"]), found["Kamp"]["type"]) == (2, "LineString")


def test_points_lie_in_one_tile_only(tmp_path: Path) -> None:
    osm = Osm()
    edge = float(to_degrees(*AT, np.array([(EXTENT, 2000)]))[0, 0])
    osm.node(edge - 1e-6, LAT, emergency="fire_hydrant")
    osm.node(edge + 1e-6, LAT, emergency="fire_hydrant")
    file = drawn(tmp_path, osm)
    assert [len(file.decoded(15, x, AT[2])["hydrant"]) for x in (AT[1], AT[1] + 1)] == [1, 1]


@pytest.mark.parametrize(
    ("tags", "kind"),
    [({"emergency": "fire_hydrant"}, "hydrant"), ({"emergency": "suction_point"}, "suction_point"),
     ({"emergency": "water_tank"}, "water_tank"), ({"emergency": "fire_water_pond"}, "fire_water_pond"),
     ({"amenity": "fire_hydrant", "fire_hydrant__type": "wall"}, "wall")],
)  # fmt: skip
def test_water_points(tmp_path: Path, tags: dict[str, str], kind: str) -> None:
    osm = Osm()
    osm.node(LON, LAT, fire_hydrant__diameter="no idea", **tags)
    assert only(drawn(tmp_path, osm).decoded(*AT), "hydrant")["properties"] == {"kind": kind, "osm": "node1"}


def test_a_map_with_nothing_to_draw_is_a_file_all_the_same(tmp_path: Path) -> None:
    osm = Osm()
    osm.node(LON, LAT, place="village")  # without a name
    file = drawn(tmp_path, osm)
    assert list(file.within(8, 51, 9, 52)) == []
    assert [layer["id"] for layer in file.metadata["vector_layers"]] == list(LAYERS)


def test_the_sea_lies_right_of_the_coast() -> None:
    box = (10.0, 54.0, 10.1, 54.1)
    northwards = shapely.LineString([(10.04, 53.9), (10.05, 54.05), (10.04, 54.2)])
    (water,) = sea([northwards], box)
    assert water.contains(shapely.Point(10.09, 54.05))
    assert not water.intersects(shapely.Point(10.01, 54.05))
    assert water.area == pytest.approx(0.1 * 0.1 - shapely.clip_by_rect(
        shapely.Polygon([*northwards.coords, (9, 54.2), (9, 53.9)]), *box).area)  # fmt: skip
    (islands,) = sea([shapely.LinearRing([(10.04, 54.04), (10.06, 54.04), (10.06, 54.06), (10.04, 54.06)])], box)
    assert not islands.contains(shapely.Point(10.05, 54.05)), "land lies left: a ring to the left is an island"
    assert islands.contains(shapely.Point(10.01, 54.01))
    assert list(sea([shapely.LineString([(10.04, 54.02), (10.05, 54.05)])], box)) == [], "a broken coast floods nothing"
    short = shapely.LineString([(10.05, 54.001), (10.05, 54.0992)])
    (mended,) = sea([short], box)
    assert mended.equals(shapely.box(10.05, 54.0, 10.1, 54.1)), "an extract ends a coast at its last node inside"
    assert list(sea([], box)) == []


def test_the_town(town_base: Base) -> None:
    counts = town_base.manifest.counts["tiles"]
    assert (counts["building"], counts["hydrant"]) == (769, 84)
    found = Counter[str]()
    for zoom, _, _, content in TileFile(town_base).within(*town_base.manifest.bbox):
        if zoom == 15:
            found.update({layer: len(features) for layer, features in decode(content).items()})
    assert (found["hydrant"], found["housenumber"]) == (84, counts["housenumber"])


degrees = st.tuples(st.floats(8.6, 8.9), st.floats(51.6, 51.9))


@settings(max_examples=40)
@given(
    shapes=st.lists(
        st.one_of(
            degrees.map(shapely.Point),
            st.lists(degrees, min_size=2, max_size=6, unique=True).map(shapely.LineString),
            st.lists(degrees, min_size=3, max_size=7, unique=True).map(
                lambda places: shapely.MultiPoint(places).convex_hull.buffer(0.001)
            ),
        ),
        min_size=1, max_size=5,
    ),
    zoom=st.sampled_from([8, 12, 13]),
)  # fmt: skip
def test_what_is_in_a_tile_lies_inside_its_buffered_bounds(shapes: list[Any], zoom: int) -> None:
    array = shapely.transform(np.array(shapes, dtype=object), to_units)
    kind = {"Point": "housenumber", "LineString": "road", "Polygon": "landuse"}
    kinds = [kind[one.geom_type] for one in shapes]
    scale = 0.5 ** (MAX_ZOOM - zoom)
    sheet = Sheet(array, [LAYERS.index(kind) for kind in kinds], range(len(shapes)), [8] * len(shapes),
                  [{"n": n} for n in range(len(shapes))])  # fmt: skip
    seen: set[int] = set()
    for x, y, content in tiles(sheet, zoom):
        for layer, features in decode(content).items():
            for one in features:
                found = shape(one["geometry"])
                west, north, east, south = found.bounds
                margin = 0 if layer == "housenumber" else BUFFER
                assert -margin <= west
                assert -margin <= north
                assert east <= EXTENT + margin
                assert south <= EXTENT + margin
                assert not found.is_empty
                whole = shapely.transform(shapes[one["properties"]["n"]], to_units)
                there = affinity.affine_transform(
                    found, [1 / scale, 0, 0, 1 / scale, x * EXTENT / scale, y * EXTENT / scale]
                )
                assert whole.buffer(6 / scale).contains(there), "nothing is drawn where nothing is"
                seen.add(one["properties"]["n"])
    areas = {n for n, one in enumerate(shapes) if one.geom_type != "Point" and one.geom_type != "LineString"}
    assert set(range(len(shapes))) - areas <= seen | {
        n
        for n, one in enumerate(array)
        if one.geom_type == "LineString" and one.length * 0.5 ** (MAX_ZOOM - zoom) < 1.5
    }
