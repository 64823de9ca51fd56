"""The map in the real window: from the pack on the tablet, at every zoom, by day and night, on fine screens; and what
is said where it is missing.
"""

import json
import math
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from mobile import themes
from mobile.session import Session, save
from mobile.store import Store
from server.base.base import Base
from server.packs.area import PackEntry
from tests.mobile.exercise import DRIVING, MISSION, SITUATION, UNIT, Exercise
from tests.mobile.glass import App, display
from tests.mobile.network import Network

pytestmark = [
    pytest.mark.kivy,
    pytest.mark.timeout(300),
]
Town = tuple[PackEntry, Path]
MARKET = {"lon": 8.7800, "lat": 51.8300}
BEFORE_THE_ALARM = "2026-09-12T19:40:02Z"


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    with display() as name:
        yield name


@pytest.fixture
def tablet(folder: Path, town_pack: Town) -> Path:
    """A tablet that carries the town and has no network."""
    (folder / "packs").mkdir(parents=True)
    shutil.copy(town_pack[1], folder / "packs" / "gebiet.pack")
    save(folder, Session("http://127.0.0.1:9", "x", SITUATION, "crew", "HLF", UNIT))
    return folder


def look(app: App, zoom: float) -> dict[str, Any]:
    """Look at the market place until everything is drawn."""
    app.ask("look", zoom=zoom, **MARKET)
    app.wait(lambda: app.state()["resting"], "the map to be drawn")
    return app.state()


def colours(picture: Path) -> dict[tuple[int, int, int], int]:
    """How many pixels there are of each colour."""
    with Image.open(picture) as image:
        counted = image.convert("RGB").getcolors(image.width * image.height) or []
    return {tuple(colour): count for count, colour in counted}  # type: ignore[arg-type,misc]


def painted(picture: Path, theme: themes.Theme, name: str) -> int:
    """Pixels in a colour of the theme; drawing may round it by one."""
    wanted = [round(part * 255) for part in themes.rgba(getattr(theme, name))[:3]]
    return sum(
        count
        for colour, count in colours(picture).items()
        if all(abs(a - b) <= 1 for a, b in zip(colour, wanted, strict=True))
    )


@pytest.mark.parametrize("name", ["day", "night"])
def test_every_zoom_is_drawn_from_the_pack(
    screen: str, tablet: Path, tmp_path: Path, town_base: Base, name: str
) -> None:
    theme = themes.THEMES[name]
    with App(screen, tablet, f"--{name}", "--size", "1280x800", "--tab", "map") as app:
        seen = {}
        for zoom in (12, 15, 18):
            state = look(app, zoom)
            assert (state["zoom"], state["bad"]) == (zoom, 0)
            assert town_base.manifest.attribution in app.texts()
            seen[zoom] = app.photograph(tmp_path / f"{zoom}.png"), state
        for zoom, least in ((12, 10), (15, 1000), (18, 3000)):
            assert painted(seen[zoom][0], theme, "main_road") > least, zoom
        assert painted(seen[12][0], theme, "void") > 400_000, "what no pack covers looks like open land"
        for colour in ("building", "road", "wood", "water", "heath"):
            assert painted(seen[15][0], theme, colour) > 200, colour
        assert painted(seen[18][0], theme, "void") < 2_000
        words = {zoom: set(state["words"]) for zoom, (_, state) in seen.items()}
        assert {"Nordwall", "Südwall"} <= words[15]
        assert {"Marktplatz", "Schmiedegasse", "12", "DN 100"} <= words[18]
        assert not any(word.isdigit() for word in words[15]), "house numbers where nobody can read them"
        assert any(sign.startswith("base:hydrant") for sign in seen[18][1]["badges"])
        assert not any(sign.startswith("base:hydrant") for sign in seen[15][1]["badges"])
        look(app, 17)
        app.wait(lambda: app.ask("frames", seconds=0.5)["drawings"] == 0, "a drag that does not draw the ground anew")


def test_who_made_the_map_stands_on_it_beside_keys_and_strip(screen: str, tablet: Path) -> None:
    width, height = 800, 1280
    owner = "© OpenStreetMap contributors, Landkreis Padertopia [Vermessung]"
    with sqlite3.connect(tablet / "packs" / "gebiet.pack") as pack:
        pack.execute("UPDATE metadata SET value = ? WHERE name = 'attribution'", (f"{owner}, " + "sehr lang " * 12,))
    pack.close()
    with App(screen, tablet, "--day", "--size", f"{width}x{height}", "--tab", "map") as app:
        look(app, 18)
        app.shows(owner)
        alone = app.state()["boxes"]
        assert not meet(alone["credit"], alone["keys"])
        assert alone["credit"][2] < width - alone["keys"][2], "wrapped, not cut"
        assert alone["credit"][3] > 25, "two lines"
        hydrants = {name for name in app.state()["badges"] if name.startswith("base:hydrant")}
        places = [app.ask("sign", name=name)["at"] for name in hydrants]
        x, y = min(places, key=lambda at: math.dist(at, (width / 2, height / 2)))
        app.ask("tap", x=x, y=y)
        touched = app.wait(lambda: moved if (moved := app.state()["boxes"])["strip"][3] > 60 else {}, "the strip")
        assert touched["credit"][1] == touched["strip"][1] + touched["strip"][3], "it stands on the strip"
        assert not meet(touched["credit"], touched["strip"])
        assert not meet(touched["credit"], touched["keys"])


def meet(one: list[float], other: list[float]) -> bool:
    """Whether two boxes (left, bottom, width, height) lie over each other."""
    return all(one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2] for axis in (0, 1))


def test_a_finer_screen_shows_the_same_sharper(screen: str, tablet: Path, tmp_path: Path) -> None:
    sizes = {}
    for dpi, size in ((150, "400x600"), (300, "800x1200")):
        with App(screen, tablet, "--day", "--size", size, "--tab", "map", dpi=dpi) as app:
            state = look(app, 17)
            assert state["density"] == dpi / 150
            sizes[dpi] = app.photograph(tmp_path / f"{dpi}.png"), state
    plain, fine = sizes[150], sizes[300]
    names = [{word for word in state["words"] if not word.isdigit()} for _, state in (plain, fine)]
    assert len(names[0] & names[1]) > 0.6 * len(names[0] | names[1]), names
    with Image.open(plain[0]) as one, Image.open(fine[0]) as other:
        assert other.size == (2 * one.width, 2 * one.height)
    for colour in ("building", "road", "main_road"):
        share = painted(fine[0], themes.DAY, colour) / max(1, painted(plain[0], themes.DAY, colour))
        assert 3.4 < share < 5.5, (colour, share)


def test_an_address_is_found_without_a_network(screen: str, tablet: Path) -> None:
    with sqlite3.connect(tablet / "packs" / "gebiet.pack") as pack:
        pack.execute("DELETE FROM street")
        pack.execute("DELETE FROM address")
        pack.execute("INSERT INTO street VALUES (1, 'Schmiedegasse', '33999', 'Padertopia', 8.7795, 51.8297)")
        pack.execute("INSERT INTO address VALUES (1, '7', 8.7797, 51.8299)")
    pack.close()
    with App(screen, tablet, "--day", "--size", "800x1280", "--tab", "map") as app:
        app.press("Adresse")
        app.ask("type", hint="Straße und Hausnummer", text="schmidegasse 7")
        app.shows("Schmiedegasse 7, 33999 Padertopia")
        app.press("Schmiedegasse 7, 33999 Padertopia")
        state = app.wait(lambda: app.state() if "found" in app.state()["badges"] else {}, "the sign on the house")
        assert state["zoom"] == 17.5
        app.shows("Schmiedegasse 7, 33999 Padertopia")
        app.press("Adresse")
        app.ask("type", hint="Straße und Hausnummer", text="nirgendwo")
        app.shows("Keine Adresse gefunden.")
        app.press("✕")
        assert "Keine Adresse gefunden." not in app.texts()


def test_a_crew_learns_that_the_map_is_missing_before_it_leaves_and_then_sees_its_way(
    exercise: Exercise, network: Network, screen: str, folder: Path, town_pack: Town, tmp_path: Path
) -> None:
    offered = {"packs": [msgspec.to_builtins(town_pack[0])]}
    folder.mkdir()
    store = Store(folder / "tablet.db")
    store.set_setting("packs_offered", json.dumps(offered))
    store.close()
    exercise.play(BEFORE_THE_ALARM)
    save(folder, Session(network.url, exercise.crew(), SITUATION, "crew", "HLF", UNIT))
    network.cut()
    with App(screen, folder, "--day", "--size", "1280x800") as app:
        app.shows("Vor dem Ausrücken: Karte fehlt")
        app.shows("△ Karte fehlt")
        app.press("Karte")
        app.shows("Keine Karte auf diesem Tablet")
        app.press("Mehr")
        app.press("Karten & Daten")
        app.shows("fehlt auf diesem Tablet, 0,")
        app.press("Jetzt prüfen")
        network.restore()
        app.shows("aktuell, Stand")
        app.shows("Kacheln")
        assert app.state()["packs"] == {"gebiet": town_pack[0].version}
        app.wait(lambda: not any("Karte fehlt" in text for text in app.texts(everything=True)), "the warning to end")
        app.press("Zurück")
        app.press("Karte")
        app.wait(lambda: app.state()["resting"] and "Marktplatz" in look(app, 18)["words"], "the map")
        assert "Keine Karte auf diesem Tablet. Sie kommt mit der ersten Verbindung." not in app.texts()
        exercise.clock("jump", to=DRIVING)
        app.press("Verstanden")
        app.wait(lambda: f"{MISSION}#water-1" in app.state()["badges"], "the water of the mission")
        app.wait(lambda: "20 m · 2 B" in app.state()["words"], "the length of hose")
        app.press("Einsatz")
        app.shows("Ankunft 21:4")
        app.shows("HLF20 1 (wir) in ", everything=True)
        app.press("Karte")
        app.press("Alles zeigen")
        app.ask("look", zoom=16)
        app.wait(lambda: app.state()["resting"], "the map to be drawn")
        drawn = app.photograph(tmp_path / "way.png")
        assert painted(drawn, themes.DAY, "route") > 1000, "the own way is a broad line"
        assert painted(drawn, themes.DAY, "route_other") > 50, "the others' are thin lines"
        app.press("Umkreis")
        app.shows("ab Einsatz 20 m Schlauch, 2 B", everything=True)
