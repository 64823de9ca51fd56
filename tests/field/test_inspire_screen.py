"""What the example entities of the INSPIRE data model become on the control room's screen, in German.

The pictures go into the folder `LAGEBILD_SHOTS`, where it is set: to be looked at, never to be kept in the repository.
"""

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from shapely.geometry import shape

from tests.browser.chromium import CHROMIUM, FLAGS
from tests.browser.desk import Desk
from tests.browser.shots import stands_still
from tests.field.inspire import Inspire
from tests.server import wait_until

pytestmark = [pytest.mark.field, pytest.mark.browser]

MISSION = "urn:ngsi-ld:Alert:100"
UNIT = "urn:ngsi-ld:EmergencyVehicle:508579248"
DRONE = "urn:ngsi-ld:UAVStatus:e9c09da2-694f-417d-b786-ff172ad8894d"
BUILDING = "urn:ngsi-ld:Building:cffeb999-0977-4447-9805-6562ecca0cfd"
REGION = "urn:ngsi-ld:CrowdFlowROI:eb45985a-758f-4ee0-bcc1-7ba10a83490f"
SITE = "urn:ngsi-ld:CrowdFlowSensorSite:3aec9c84-becd-4d64-a3d9-339a0ffdc6fb"
DENSITY = "urn:ngsi-ld:CrowdCountDensityAlert:eb45985a-758f-4ee0-bcc1-7ba10a83490f"
MAP = (440, 60, 1460, 1060)
"""Where the map is on the picture: left, top, right, bottom, in pixels."""
FMS_1 = "rgb(143, 209, 79)"
CITY = 12.0
"""Zoom at which the whole of Paderborn is in view."""

Shot = Callable[[str], Path]


@pytest.fixture(scope="module")
def desk(inspire: Inspire) -> Iterator[Desk]:
    """A control room in full HD. Shared: each test chooses what it looks at."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        url, token = inspire.gate.server.url + "/control", inspire.gate.tokens["control"]
        opened = Desk(browser, url, token=token, size=(1920, 1080)).is_in()
        yield opened
        complaints = opened.close()
        browser.close()
    assert complaints == []


@pytest.fixture
def shot(desk: Desk, tmp_path: Path) -> Shot:
    """Takes a picture of the whole screen once the map stands still."""
    folder = Path(os.environ.get("LAGEBILD_SHOTS") or tmp_path)

    def take(name: str) -> Path:
        desk.is_in()
        stands_still(desk)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"inspire-{name}.png"
        desk.page.screenshot(path=path)
        return path

    return take


def spot(desk: Desk, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the page, in pixels."""
    box = desk.part("map").locator("canvas.maplibregl-canvas").bounding_box()
    assert box
    on_map = desk.look("project(...args[0])", [lon, lat])
    return box["x"] + on_map["x"], box["y"] + on_map["y"]


def back_to(desk: Desk, zoom: float) -> None:
    """Bring the unit to the middle, then press the button that zooms out; without animation each press is a step."""
    desk.choose(desk.units.first)
    show(desk)
    while (before := desk.look("camera")["zoom"]) > zoom + 0.5:
        desk.part("map").get_by_role("button", name="Herauszoomen").click()
        wait_until(partial(lambda was: desk.look("camera")["zoom"] != was, before), "the step")
    desk.is_in()


def click(desk: Desk, feature: str, lon: float, lat: float) -> None:
    """Click a place on the map, once it stands still; the panel then speaks of what lies there."""
    stands_still(desk)
    desk.page.mouse.click(*spot(desk, lon, lat))
    expect(desk.detail.locator("article")).to_have_attribute("data-id", feature)


def says(desk: Desk, **facts: str) -> None:
    """The panel tells these facts, word for word."""
    for key, text in facts.items():
        expect(desk.fact(key).locator(".value")).to_have_text(text)


def show(desk: Desk) -> None:
    """Press the button of the panel that brings the chosen feature near."""
    desk.detail.get_by_role("button", name="Auf der Karte zeigen").click()
    desk.is_in()


def coloured(path: Path, box: tuple[int, int, int, int]) -> int:
    """How many colours a part of a picture has: an empty map has one, and the few of its keys."""
    with Image.open(path) as picture:
        return len(picture.convert("RGB").crop(box).getcolors(1 << 24) or ())


def test_the_mission_is_in_the_list(desk: Desk) -> None:
    expect(desk.missions).to_have_count(1)
    row = desk.missions.first
    for text in ("beendet", "Fe1C · Feuer1", "veraltet", "Warburger Straße 12, 33100 Paderborn"):
        expect(row).to_contain_text(text)
    desk.choose(row)
    says(desk, number="20201.27.2823", description="Brennt Haus", state="beendet", severity="mittel")
    says(desk, issued_at="03.07.2019 02:00:00", valid_to="03.07.2019 02:10:00")
    expect(desk.detail.locator("dl.facts")).to_contain_text("51.69479 N 8.79946 E")


def test_the_unit_has_the_colour_of_its_status(desk: Desk) -> None:
    expect(desk.units).to_have_count(1)
    row = desk.units.first
    expect(row).to_contain_text("Florian Paderborn HLF 20 1")
    badge = row.locator(".fms")
    expect(badge).to_have_text(re.compile("^1"))
    expect(badge).to_have_css("background-color", FMS_1)
    desk.choose(row)
    says(desk, fms_status="1 · einsatzbereit über Funk", name="HLF20", vehicle_type="Großfahrzeug")
    expect(desk.detail.locator("dl.facts")).to_contain_text("51.71686 N 8.75384 E")


def test_warning_report_and_post_are_listed(desk: Desk) -> None:
    desk.tab("reports")
    rows = desk.part("reports").get_by_role("option")
    expect(rows).to_have_count(3)
    warning, report, post = rows.all()
    expect(warning).to_contain_text("Warnung · ohne Ort")
    desk.choose(warning)
    says(desk, event="Großfeuer", area_text="Paderborn Südstadt", sent_at="13.10.2020 13:32:35", in_force="nein")
    says(desk, urgency="sofort", certainty="beobachtet", severity="unbekannt")
    expect(report).to_contain_text("Bürgermeldung")
    desk.choose(report)
    says(desk, texts="Test", sender_name="Vorname Nachname", issued_at="04.06.2020 16:13:34")
    says(desk, answer_text="Bitte noch ein Foto zusätzlich schicken")
    expect(post).to_contain_text("Beitrag · twitter · ohne Ort")
    expect(post).to_contain_text("Meteorologen warnen vor #Unwetter mit #Orkanböen am #Wochenende in #Berlin.")
    desk.choose(post)
    says(desk, issued_at="07.02.2020 09:36:00", network="twitter", virality="1")


def test_log_book_and_source_are_listed(desk: Desk) -> None:
    desk.tab("notes")
    note = desk.part("notes").get_by_role("option")
    expect(note).to_have_count(1)
    expect(note).to_contain_text("Status 2: einsatzbereit auf Wache")
    desk.choose(note)
    says(desk, sender_name="HLF 20", issued_at="06.01.2022 09:01:38", parameters="nachher: 2, vorher: 6")
    desk.tab("sources")
    source = desk.part("sources").get_by_role("option")
    expect(source).to_have_count(1)
    expect(source).to_contain_text("ngsi/leitstelle")
    expect(source).to_contain_text("angenommen 18")
    expect(source).to_contain_text("alles von hier ist 4 Jahre alt, oder die Uhr geht nach")


def test_the_city_is_on_the_map(desk: Desk, inspire: Inspire, shot: Shot) -> None:
    desk.tab("layers")
    back_to(desk, CITY)
    desk.draws("missions", MISSION)
    desk.draws("units", UNIT)
    desk.draws("crowd", REGION, SITE, DENSITY)
    assert desk.drawn("units")[UNIT]["icon"] == "unit/1/fresh"
    assert desk.drawn("missions")[MISSION]["icon"] == "mission/fire/ended/stale"
    assert coloured(shot("city"), MAP) > 100
    # then a click on the region, small as it is from here, finds the old alert round it; nearer, its own name
    centre = shape(inspire.features[REGION]["geometry"]).centroid
    click(desk, DENSITY, centre.x, centre.y)
    expect(desk.detail.get_by_role("heading", level=3)).to_have_text("Dichte")
    says(desk, density_pm2="3,0 P/m²", threshold_pm2="2,0 P/m²", alert="Dichte", region="TEST123")
    show(desk)
    click(desk, REGION, centre.x, centre.y)
    says(desk, name="TEST123", people="unbekannt", level_of_service="unbekannt", active="ja")
    shot("region")


def test_the_building_has_its_sign_once_the_map_is_near_enough(desk: Desk) -> None:
    back_to(desk, CITY + 1)
    desk.draws("buildings", BUILDING)
    click(desk, BUILDING, 8.7786549, 51.7349909)
    says(desk, permission="erteilt", address="Steubenstraße 47a, 33100 Paderborn", description="IRIS SmartHome")


def test_every_layer_counts_what_came(desk: Desk) -> None:
    desk.tab("layers")
    for switch in (
        *("Einsätze 1", "Kräfte 1", "Personenströme 9", "Drohnen 4", "Gebäude 1", "Gebäude-Sensoren 1"),
        *("Meldungen aus dem Netz 3", "Warnungen 1"),
    ):
        expect(desk.page.get_by_role("checkbox", name=switch, exact=True)).to_be_checked()
    [device] = desk.features("devices")
    facts = {key: device["properties"][key] for key in ("name", "value", "desired_value", "state")}
    assert facts == {"name": "Haustür Test", "value": "OPEN", "desired_value": "CLOSE", "state": "OK"}
    lines = [one["properties"] for one in desk.features("crowd") if one["properties"]["part"] == "line"]
    assert sorted(one["people"] for one in lines) == [0, 3, 5, 10, 20]


def test_drone(desk: Desk, shot: Shot) -> None:
    desk.page.get_by_role("button", name="Ganze Lage zeigen").click()
    desk.is_in()
    desk.draws("drones", DRONE, f"{DRONE}#path", f"{DRONE}#fence-1", f"{DRONE}#fence-2")
    assert desk.drawn("drones")[DRONE]["label"] == "Iron Man\n70 m"
    assert coloured(shot("whole"), MAP) > 100
    click(desk, DRONE, 6.394719, 51.59921)
    says(desk, height_m="70 m", battery_pct="60 %", flight_status="fliegt Plan ab", heading_deg="90° O")
