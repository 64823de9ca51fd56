"""Vector tiles read by the app's own decoder, against the library that made them: the same points, the same values."""

import gzip
from typing import Any

import hypothesis.strategies as st
import mapbox_vector_tile
import pytest
from hypothesis import given, settings

from mobile import mvt
from server.base.base import Base
from server.base.tiles_grid import tile_range
from server.base.tiles_read import TileFile


def coordinates(geometry: dict[str, Any]) -> list[Any]:
    """The parts of a GeoJSON geometry as the decoder gives them: rings without their repeated end, one part a point."""
    kind, found = geometry["type"], geometry["coordinates"]
    if kind in ("Point", "MultiPoint"):
        parts = [[found]] if kind == "Point" else [[point] for point in found]
    elif kind in ("LineString", "MultiLineString"):
        parts = [found] if kind == "LineString" else found
    else:
        parts = [ring[:-1] for polygon in ([found] if kind == "Polygon" else found) for ring in polygon]
    return [[tuple(point) for point in part] for part in parts]


def test_every_tile_of_the_town_is_read_exactly(town_base: Base) -> None:
    file = TileFile(town_base)
    seen = 0
    for *_, content in file.within(*town_base.manifest.bbox):
        expected = mapbox_vector_tile.decode(gzip.decompress(content), default_options={"y_coord_down": True})
        read = mvt.decode(content)
        assert list(read) == list(expected)
        for name, layer in expected.items():
            assert read[name].extent == layer["extent"] == 4096
            for ours, theirs in zip(read[name].features, layer["features"], strict=True):
                assert ours.properties == theirs["properties"]
                assert sorted(ours.parts) == sorted(coordinates(theirs["geometry"]))
                seen += 1
    assert seen > 1000


def test_rings_turn_as_the_specification_says(town_base: Base) -> None:
    west, south, east, north = town_base.manifest.bbox
    column, _, row, _ = tile_range(west, south, east, north, 14)
    content = TileFile(town_base).get(14, column, row)
    assert content is not None
    houses = [feature for feature in mvt.decode(content)["building"].features if len(feature.parts) > 1]
    assert houses, "no house with a courtyard"
    for house in houses:
        areas = [
            sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
            for ring in house.parts
        ]
        assert areas[0] > 0
        assert min(areas) < 0, "a courtyard that is not told from a house"


values = st.one_of(st.text(max_size=20), st.integers(-(2**40), 2**40), st.booleans(), st.floats(-1e9, 1e9))
points = st.tuples(st.integers(-200, 4300), st.integers(-200, 4300))


@settings(max_examples=40)
@given(st.lists(points, min_size=2, max_size=30), st.dictionaries(st.text("abcä_", min_size=1), values, max_size=5))
def test_any_line_with_any_values(line: list[tuple[int, int]], properties: dict[str, Any]) -> None:
    text = ", ".join(f"{x} {y}" for x, y in line)
    layer = {"name": "road", "features": [{"geometry": f"LINESTRING ({text})", "properties": properties}]}
    data = mapbox_vector_tile.encode([layer], default_options={"y_coord_down": True})
    expected = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})
    read = mvt.decode(data)
    assert list(read) == list(expected)
    for ours, theirs in zip(read["road"].features, expected["road"]["features"], strict=True):
        assert ours.parts == coordinates(theirs["geometry"])
        assert ours.properties == theirs["properties"]


def test_what_is_cut_off_or_damaged_is_refused_or_read_and_never_worse(town_base: Base) -> None:
    west, south, east, north = town_base.manifest.bbox
    column, _, row, _ = tile_range(west, south, east, north, 15)
    content = TileFile(town_base).get(15, column, row)
    assert content is not None
    plain = gzip.decompress(content)
    for end in range(1, len(plain), max(1, len(plain) // 150)):
        try:
            mvt.decode(plain[:end])
        except mvt.TileError:
            continue
    for place in range(0, len(plain), max(1, len(plain) // 150)):
        try:
            mvt.decode(plain[:place] + b"\xff" + plain[place + 1 :])
        except mvt.TileError:
            continue
    for data in (content[: len(content) // 2], b"\x1f\x8b", b"\x1f\x8bnonsense", b"\xff" * 30, b"\x1a\x02\x78\x02"):
        with pytest.raises(mvt.TileError):
            mvt.decode(data)
    assert mvt.decode(b"") == {}


def test_a_tile_that_unpacks_to_more_than_any_tile_is_refused() -> None:
    with pytest.raises(mvt.TileError, match="larger"):
        mvt.decode(gzip.compress(b"\0" * (mvt.MAX_BYTES + 1)))
