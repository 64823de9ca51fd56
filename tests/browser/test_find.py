"""The control room looks for a place, and places a mission whose address is ambiguous."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from server.base.build import build
from tests.base.address_town import at, sheet
from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.derive.test_positions import alert
from tests.server import Server, wait_until
from tests.sync.test_wire import UNIT, unit, update


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows the small town, with a mission found by its address and an ambiguous one."""
    data = tmp_path_factory.mktemp("data")
    build(sheet().write(data / "altenau.osm"), data / "base")
    with Server(data) as running:
        missions = (alert("kamp", "Kamp 8"), alert("two", "Bahnhofstr. 5"))
        update(running, running.token("feed", "leitstelle"), *missions, unit(UNIT, *at(-3.1, 0.2)))
        yield running


def looks_at(desk: Desk, place: tuple[float, float]) -> None:
    def there() -> bool:
        camera: Any = desk.look("camera")
        return bool(camera["center"] == pytest.approx(place, abs=2e-4) and camera["zoom"] > 16)

    wait_until(there, "the map to fly there")


def test_search_offers_hits_and_flies_there_by_keyboard_alone(server: Server, open_desk: Open) -> None:
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Pult")).is_in()
    box = desk.page.get_by_role("combobox", name="Adresse, Kreuzung, Objekt suchen")
    box.focus()
    desk.page.keyboard.type("Bahnhofstr 5")
    hits = desk.part("search").get_by_role("option")
    expect(hits).to_have_count(2)
    expect(hits.first).to_contain_text("Bahnhofstraße 5")
    expect(hits.first).to_contain_text("Haus · ± 15 m")
    expect(hits.first).to_have_attribute("aria-selected", "true")
    wanted = next(one for one in (0, 1) if "Neudorf" in hits.nth(one).inner_text())
    for _ in range(wanted):
        desk.page.keyboard.press("ArrowDown")
    expect(hits.nth(wanted)).to_have_attribute("aria-selected", "true")
    desk.page.keyboard.press("Enter")
    expect(hits).to_have_count(0)
    expect(box).to_have_value("Bahnhofstraße 5, 33902 Neudorf")
    looks_at(desk, at(99, 0.2))
    box.fill("Bahnhofstraße/Lange Str")
    expect(hits.first).to_contain_text("Kreuzung · ± 15 m")
    hits.first.click()
    looks_at(desk, at(0, 0))
    box.fill("Xyzzy 5")
    expect(desk.part("search").get_by_role("status")).to_have_text("Nichts gefunden.")
    desk.page.keyboard.press("Escape")
    expect(box).to_have_value("")


def test_a_mission_says_that_its_place_is_from_the_address(server: Server, open_desk: Open) -> None:
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Pult")).is_in()
    row = desk.missions.filter(has_text="Kamp 8")
    expect(row).to_contain_text("aus Adresse, ± 15 m")
    desk.choose(row)
    expect(desk.part("place")).to_contain_text("aus Adresse, ± 15 m: Kamp 8, Altenau")


def test_a_unit_tells_the_nearest_address(server: Server, open_desk: Open) -> None:
    desk = open_desk(f"{server.url}/liaison", token=server.token("liaison", "Polizei"), role="liaison").is_in()
    desk.choose(desk.units.first)
    expect(desk.fact("near_address")).to_contain_text("Bahnhofstraße 3, 33901 Altenau")
    expect(desk.fact("near_address")).to_contain_text("7 m")


def test_an_ambiguous_address_is_placed_by_a_person(server: Server, open_desk: Open, tmp_path: Path) -> None:
    looking = open_desk(f"{server.url}/liaison", token=server.token("liaison", "Polizei"), role="liaison").is_in()
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Pult")).is_in()
    row = desk.missions.filter(has_text="Bahnhofstr. 5")
    expect(row).to_contain_text("Adresse mehrdeutig")
    desk.choose(row)
    choices = desk.part("place").get_by_role("listitem")
    wanted = choices.filter(has_text="Neudorf").first
    wanted.get_by_role("button", name="Zeigen").click()
    looks_at(desk, at(99, 0.2))
    desk.page.screenshot(path=tmp_path / "ambiguous.png")
    looking.choose(looking.missions.filter(has_text="Bahnhofstr. 5"))
    expect(looking.part("place").get_by_role("button", name="Hier")).to_have_count(0)
    wanted.get_by_role("button", name="Hier").click()
    expect(desk.part("place")).to_contain_text("von der Leitstelle gesetzt, ± 15 m: Bahnhofstraße 5, 33902 Neudorf")
    desk.draws("missions", "urn:ngsi-ld:Alert:two")
    expect(looking.part("place")).to_contain_text("von der Leitstelle gesetzt")
    desk.part("place").get_by_role("button", name="Zurücknehmen").click()
    expect(row).to_contain_text("Adresse mehrdeutig")
