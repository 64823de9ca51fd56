"""The crew app's map over real places: every tile of every sample is cut, and the window shows them at three zooms."""

import math
from pathlib import Path

import pytest

from mobile import geo
from mobile.addresses import Addresses
from mobile.map import grid
from mobile.map.cut import cut as cut_tile
from mobile.map.grid import Key
from mobile.pack import Pack
from mobile.session import Session, save
from server.packs.area import PackArea
from server.packs.cut import cut
from tests.field.conftest import EXTRACTS, Bases
from tests.mobile.glass import App, display


@pytest.fixture
def place(request: pytest.FixtureRequest, bases: Bases, tmp_path: Path) -> Pack:
    path = tmp_path / "packs" / "gebiet.pack"
    path.parent.mkdir()
    cut(PackArea(id="gebiet", title=request.param), bases(request.param), path)
    return Pack(path)


@pytest.mark.parametrize("place", EXTRACTS, indirect=True)
def test_every_tile_can_be_drawn_and_what_is_drawn_lies_in_its_tile(place: Pack) -> None:
    box = place.info.bbox
    plane = geo.Plane((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    drawn = 0
    for zoom, x, row in place._rows("SELECT zoom_level, tile_column, tile_row FROM tiles WHERE zoom_level > 10", ()):
        y = (1 << zoom) - 1 - row
        data = place.tile(zoom, x, y)
        assert data is not None
        for band in (16, 17) if zoom == 15 else (zoom + 1,):
            key = Key(zoom, x, y, band)
            at = grid.frame(key, plane, 4096)
            low_x, high_x = at.x_m - 400 * at.scale_x, at.x_m + 4496 * at.scale_x
            low_y, high_y = at.y_m + 4496 * at.scale_y, at.y_m - 400 * at.scale_y
            made = cut_tile(data, key, plane)
            for shapes in made.shapes.values():
                for shape in shapes:
                    assert len(shape.vertices) // 4 > max(shape.indices, default=-1)
                    xs, ys = shape.vertices[::4], shape.vertices[1::4]
                    assert low_x <= min(xs), (key, "west")
                    assert max(xs) <= high_x, (key, "east")
                    assert low_y <= min(ys), (key, "south")
                    assert max(ys) <= high_y, (key, "north")
                    drawn += len(shape.indices)
            assert all(math.isfinite(value) for word in made.words for value in word.at)
    assert drawn > 20_000


@pytest.mark.parametrize("place", ["krems", "helsinki"], indirect=True)
def test_streets_and_houses_are_found_again_on_the_tablet(place: Pack) -> None:
    """Every tenth house of the pack, typed as one writes it: the first hit is that house, or one of the same name."""
    addresses, asked, found = Addresses([place]), 0, 0
    for number, name, postcode, city, *_ in place.streets():
        for housenumber, _, _ in place.houses(number)[::10]:
            asked += 1
            hits = addresses.find(f"{name} {housenumber}, {postcode} {city}")
            found += bool(hits) and hits[0].address.street == name and hits[0].address.housenumber == housenumber
    assert asked >= 20
    assert found >= 0.97 * asked, f"{found} of {asked}"


@pytest.mark.kivy
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("place", "names"),
    [("helsinki", {"Mannerheimintie", "Kaivokatu"}), ("bayreuth", {"Pechgraben", "B 85"})],
    indirect=["place"],
)
def test_the_window_shows_the_place_at_every_zoom(place: Pack, tmp_path: Path, names: set[str]) -> None:
    save(tmp_path, Session("http://127.0.0.1:9", "x", "live", "crew", "HLF", "urn:unit:1"))
    box = place.info.bbox
    middle = {"lon": (box[0] + box[2]) / 2, "lat": (box[1] + box[3]) / 2}
    seen: set[str] = set()
    with display() as screen, App(screen, tmp_path, "--night", "--size", "1280x800", "--tab", "map") as app:
        for zoom in (12, 14, 15, 16, 18):
            app.ask("look", zoom=zoom, **middle)
            state = app.wait(lambda: app.state() if app.state()["resting"] else {}, f"zoom {zoom}", 120)
            assert state["bad"] == 0
            seen |= set(state["words"])
        assert names <= seen
