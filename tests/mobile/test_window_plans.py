"""Own objects in the real window without a network: near, on the map, and their plans page by page, day and night."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mobile.session import Session, save
from server.base.objects.library import Objects
from server.base.objects.settings import settings
from server.packs.own import cut_own
from server.packs.store import OWN
from tests.mobile.exercise import SITUATION, UNIT
from tests.mobile.glass import App, display

pytestmark = [
    pytest.mark.kivy,
    pytest.mark.timeout(300),
]
LON, LAT = 8.7800, 51.8300
RED, BLUE = (200, 30, 20), (20, 60, 190)


def draw_plan(path: Path) -> None:
    """A PDF of two pages: upright with a red house, across with a blue hall."""
    pages = []
    for size, colour, text in (((420, 594), RED, "Erdgeschoss"), ((594, 420), BLUE, "Keller")):
        page = Image.new("RGB", size, "white")
        draw = ImageDraw.Draw(page)
        draw.rectangle((60, 100, size[0] - 60, size[1] - 60), fill=colour, outline="black", width=4)
        draw.text((60, 40), text, fill="black", font_size=36)
        pages.append(page)
    pages[0].save(path, "PDF", save_all=True, append_images=pages[1:], resolution=72)


@pytest.fixture
def tablet(tmp_path: Path, town_pack: tuple[object, Path]) -> Path:
    """It carries the town and what the server's own packer made of the operator's tables."""
    source, folder = tmp_path / "source", tmp_path / "app"
    (source / "plans").mkdir(parents=True)
    (folder / "packs").mkdir(parents=True)
    draw_plan(source / "plans" / "OP1.pdf")
    (source / "object_plan.csv").write_text(f"ref,title,address,lon,lat\nOP1,Rathaus,Markt 1,{LON},{LAT}\n")
    (source / "key_safe.csv").write_text(f"ref,title,lon,lat\nK1,Tor Nord,{LON + 0.001},{LAT}\n")
    (source / "hydrant.csv").write_text(f"ref,title,lon,lat,diameter_mm\nH1,H1,{LON},{LAT + 0.0007},150\n")
    line = {"type": "LineString", "coordinates": [[LON - 0.002, LAT - 0.001], [LON + 0.002, LAT - 0.001]]}
    known = {"type": "Feature", "geometry": line, "properties": {"ref": "B1", "title": "Baustelle Markt"}}
    (source / "closure.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [known]}))
    names = ("object_plan.csv", "key_safe.csv", "hydrant.csv", "closure.geojson")
    layers = {
        name.partition(".")[0]: {
            "source": str(source / name), "kind": name.partition(".")[0], "title": "T", "purpose": "P",
            "audience": ["crew"],
        }
        for name in names
    }  # fmt: skip
    objects = Objects(tmp_path / "objects", settings(layers))
    objects.refresh()
    assert cut_own(objects, folder / "packs" / f"{OWN}.pack") is not None
    shutil.copy(town_pack[1], folder / "packs" / "gebiet.pack")
    save(folder, Session("http://127.0.0.1:9", "x", SITUATION, "crew", "HLF", UNIT))
    return folder


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    with display() as name:
        yield name


def brightest(picture: Path) -> int:
    """The lightest red in the middle of the window: of the paper."""
    with Image.open(picture) as image:
        width, height = image.size
        middle = image.convert("RGB").crop((width // 4, height // 4, width * 3 // 4, height * 3 // 4))
        return max(level for level, count in enumerate(middle.histogram()[:256]) if count)


def has(picture: Path, colour: tuple[int, int, int]) -> bool:
    """Whether much of the window is about of this colour."""
    with Image.open(picture) as image:
        counted = image.convert("RGB").getcolors(image.width * image.height) or []
    near = 0
    for count, found in counted:
        assert isinstance(found, tuple)
        near += count if all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True)) else 0
    return near > 10_000


def test_a_plan_is_found_near_by_and_read_without_a_network(screen: str, tablet: Path, tmp_path: Path) -> None:
    at = f"{LON},{LAT}"
    with App(screen, tablet, "--day", "--size", "800x1280", "--tab", "near", "--position", at) as app:
        app.shows("EIGENE OBJEKTE")
        texts = app.texts()
        assert [text for text in texts if text.startswith(("Objektplan", "Schlüsseldepot", "Sperrung"))]
        assert {"Rathaus", "Objektplan · Markt 1", "Tor Nord", "Schlüsseldepot", "Baustelle Markt"} <= set(texts)
        assert "70 m" in texts, "the key safe is 0.001 degrees east"
        assert "110 m" in texts, "the closure's line is nearer than its middle would be elsewhere"
        assert any(text.startswith("Stand ") for text in texts)
        app.photograph(tmp_path / "near.png")
        app.press("Plan")
        app.shows("Seite 1 von 2")
        app.shows("Rathaus · OP1.pdf")
        state = app.state()
        assert (state["plan_page"], state["plan_scale"]) == (1, 1.0)
        assert max(state["plan_pixels"]) == 2400
        assert state["plan_pixels"][1] > state["plan_pixels"][0], "the first page is upright"
        first = app.photograph(tmp_path / "page-1.png")
        assert has(first, RED)
        assert not has(first, BLUE)
        assert brightest(first) > 250
        small = [target for target in app.ask("targets")["targets"] if min(target["width"], target["height"]) < 11.99]
        assert small == []
        app.press("Seite vor")
        app.shows("Seite 2 von 2")
        app.press("Seite vor")
        app.ask("size", width=1280, height=800)
        app.until(landscape=True)
        app.shows("Seite 2 von 2")
        app.photograph(tmp_path / "across.png")
        app.ask("size", width=800, height=1280)
        app.until(landscape=False)
        state = app.state()
        assert (state["plan_page"], state["plan_pixels"][0]) == (2, 2400)
        second = app.photograph(tmp_path / "page-2.png")
        assert has(second, BLUE)
        assert not has(second, RED)
        app.press("+")
        app.press("+")
        app.until(plan_scale=2.25)
        assert app.state()["plan_middle"] == [0.5, 0.5], "it grows round the middle of the glass"
        app.photograph(tmp_path / "zoomed.png")
        app.ask("drag", x=400, y=640, dx=3000, dy=0)
        state = app.state()
        left = 0.5 * state["plan_size"][0] / (2.25 * state["plan_size"][0])
        assert state["plan_middle"] == [pytest.approx(left, abs=0.002), 0.5], "a page cannot be pushed off the glass"
        app.press("–")
        app.until(plan_scale=1.5)
        app.press("Ganze Seite")
        app.until(plan_scale=1.0, plan_middle=[0.5, 0.5])
        app.ask("pinch", x=400, y=640, apart=100, then=200)
        assert app.wait(lambda: app.state()["plan_scale"] > 1.4, "two fingers to zoom")
        app.press("Ganze Seite")
        app.until(plan_scale=1.0)
        app.press("Seite zurück")
        app.shows("Seite 1 von 2")
        app.press("Zurück")
        app.shows("EIGENE OBJEKTE")
        assert app.state()["tab"] == "near"
        app.press("Karte")
        app.ask("look", zoom=17, lon=LON, lat=LAT)
        layers = ["closure", "hydrant", "key_safe", "object_plan"]

        def signs() -> bool:
            state = app.state()
            own = sorted(name.split(":")[1] for name in state["badges"] if name.startswith("own:"))
            return state["resting"] and own == layers

        app.wait(signs, "the signs of own objects")
        assert {"Rathaus", "Tor Nord", "DN 150", "Baustelle Markt"} <= set(app.state()["words"])
        x, y = app.ask("sign", name="own:object_plan")["at"]
        app.ask("tap", x=x, y=y)
        app.shows("Objektplan · Markt 1")
        app.photograph(tmp_path / "map-day.png")
        app.press("Plan")
        app.shows("Seite 1 von 2")
        app.press("Zurück")
        assert app.state()["tab"] == "map"
        app.press("Umkreis")
        app.press("Plan")
        app.press("Mehr")
        app.press("Nacht")
        app.until(theme="night")
        app.press("Umkreis")
        app.photograph(tmp_path / "near-night.png")
        app.press("Plan")
        app.shows("Seite 1 von 2")
        dimmed = app.photograph(tmp_path / "night.png")
        assert 60 < brightest(dimmed) < 130, "white paper would take the eyes their night"
        app.press("Karte")
        app.ask("look", zoom=17, lon=LON, lat=LAT)
        app.wait(lambda: app.state()["resting"], "the map to be drawn")
        app.photograph(tmp_path / "map-night.png")
