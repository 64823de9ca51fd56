"""The control room asks a home for access and acts in it: Chromium, a real gateway, a real smart building."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.homes.s3_client import S3Client
from tests.homes.test_storage import picture, plan
from tests.server import Server, wait_until
from tests.transports import test_gateway as gateway
from tests.transports.iris_building import PASSWORD, USER, Building
from tests.transports.test_iris import DOOR, HOUSE, KITCHEN, SETTINGS

pytestmark = pytest.mark.browser


class Street:
    """A server with a mission, a gateway's home and a smart building beside it."""

    def __init__(self, server: Server, building: Building) -> None:
        self.server, self.building = server, building
        self.dispatch = gateway.Desk(server)
        self.dispatch.mission(description="Brandgeruch", data={"alertKeyWordShort": "Fe1"})
        self.home = gateway.Home(self.dispatch)
        wait_until(lambda: HOUSE in str(self.dispatch.call("GET", "/homes")[1]), "the smart building")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder: Path = tmp_path_factory.mktemp("street")
    building = Building()
    settings = SETTINGS.format(url=building.url, user=USER, more="")
    (folder / "lagebild.toml").write_text(settings, encoding="utf-8")
    with Server(folder, "--no-demo", IRIS_WORD=PASSWORD, LAGEBILD_FEEDS_HOME_CODE=gateway.CODE) as server:
        made = Street(server, building)
        yield made
        made.home.socket.close()
    building.close()


def opened(open_desk: Open, street: Street, thing: str) -> Desk:
    """A control room that looks at the mission, and from there at a home."""
    # A server without base data has no ground to draw, and that is no fault.
    url = f"{street.server.url}/control"
    desk = open_desk(url, token=street.dispatch.control, role="control").is_in()
    expect(desk.page.locator(".map-fault")).to_have_count(0)
    desk.choose(desk.missions.first)
    near = desk.part("homes").locator(f"[data-id='{thing}']")
    near.locator("button.link").click()
    expect(desk.detail.locator("article")).to_have_attribute("data-id", thing)
    return desk


def says(desk: Desk, permission: str) -> None:
    """The screen says where the request for access stands."""
    expect(desk.part("access").locator(".permission")).to_have_attribute("data-permission", permission, timeout=30_000)


def orders(desk: Desk, device: str) -> Locator:
    """The buttons of a device, and what became of them."""
    return desk.page.locator(f"[data-testid=devices] [data-testid=orders][data-id='{device}']")


def test_a_home_is_asked_and_its_door_opened(open_desk: Open, street: Street) -> None:
    home = street.home
    desk = opened(open_desk, street, home.building)
    access = desk.part("access")
    # nothing is known of its inside, and it can be asked
    says(desk, "NONE")
    expect(desk.detail).not_to_contain_text("Haustür")
    access.get_by_role("button", name="Zugang erfragen").click()
    assert home.hears() == {"id": home.building, "type": "Building", "permission": "REQUEST"}
    says(desk, "REQUEST")
    home.permits("PENDING")
    says(desk, "PENDING")
    expect(access).to_contain_text("wird gefragt")
    expect(access).to_contain_text("seit")
    home.permits("GRANTED")
    home.says(home.door(category=["actuator"], controlledProperty=["door"], value="CLOSE", name="Haustür"))
    says(desk, "GRANTED")
    door = orders(desk, home.door_here)
    # each outcome is shown in words
    for status, word in (("DENIED", "verweigert"), ("ERROR", "fehlgeschlagen"), ("SUCCESS", "ausgeführt")):
        door.get_by_role("button", name="Öffnen").click()
        assert home.hears() == home.door(action={"desiredValue": "OPEN", "status": "PENDING"})
        expect(door.get_by_role("status")).to_have_text("läuft")
        expect(door.get_by_role("button", name="Schließen")).to_be_disabled()
        home.says(home.door(action={"type": "StructuredValue", "value": {"status": status}}))
        expect(door.get_by_role("status")).to_have_text(word)
    home.says(home.door(value="OPEN"))
    expect(desk.part("devices").locator("li").filter(has_text="Haustür")).to_contain_text("offen")
    # what its camera and its owner stored: small, with its age; large on a click
    pictures = desk.part("home-pictures")
    with S3Client(home.answer["storage"]) as storage:
        storage.put("plan.pdf", plan(pages=2))
        storage.put("kamera1.jpg", picture(size=(1200, 900)))
    keys = home.answer["storage"]
    value = {"mediaType": "IMAGE", "url": f"{keys['url']}/{keys['bucket']}/kamera1.jpg"}
    media = {"id": "urn:ngsi-ld:Device:Media1", "type": "Device", "category": ["media"], "name": "Flur"}
    home.says({**media, "value": value})
    expect(pictures.locator("li")).to_have_count(2, timeout=30_000)
    camera = pictures.locator("li[data-kind=picture]")
    expect(camera).to_contain_text("Flur", timeout=30_000)
    expect(camera.locator("time")).to_have_attribute("datetime", re.compile("Z$"))
    expect(camera.locator("img")).to_have_js_property("naturalWidth", 512)
    pictures.get_by_title("plan.pdf vergrößern").click()
    large = desk.part("plan")
    expect(large).to_contain_text("1")
    expect(large.locator(".plan-page img")).to_have_js_property("naturalWidth", 2400)
    large.get_by_role("button", name="Plan schließen").click()
    # a text for who is inside
    access.get_by_label("Durchsage in der Wohnung").fill("Bitte Türen schließen")
    access.get_by_role("button", name="Senden").click()
    assert home.hears()["info"] == {"description": "Bitte Türen schließen"}
    expect(access).to_contain_text("Durchsage gesendet.")
    # given back, all of it is gone
    access.get_by_role("button", name="Zugang zurückgeben").click()
    assert home.hears()["permission"] == "NONE"
    says(desk, "NONE")
    expect(desk.detail).not_to_contain_text("Haustür")
    expect(pictures).to_have_count(0)


def test_a_smart_building_shows_rooms_and_map_and_takes_orders(open_desk: Open, street: Street) -> None:
    building = street.building
    desk = opened(open_desk, street, HOUSE)
    says(desk, "NONE")
    assert building.count() == 0
    desk.part("access").get_by_role("button", name="Zugang erfragen").click()
    says(desk, "GRANTED")
    building.smoke = 0.8
    kitchen = desk.part("rooms").locator("li").filter(has_text="Küche")
    expect(kitchen).to_contain_text("brennt", timeout=30_000)
    expect(desk.part("persons")).to_contain_text("Ilse Beispiel")
    expect(desk.part("persons")).to_contain_text("Küche Erdgeschoss (80 %)")
    # the map, with the devices where they are
    floor = desk.part("floor")
    expect(floor).to_contain_text("Erdgeschoss")
    expect(floor.locator("img")).to_have_js_property("naturalWidth", 40)
    expect(floor.locator("button.dot")).to_have_count(4)
    # orders
    door = orders(desk, DOOR)
    door.get_by_role("button", name="Öffnen").click()
    expect(door.get_by_role("status")).to_have_text("ausgeführt", timeout=30_000)
    assert building.door_open
    kitchen.get_by_role("button", name="Licht blinken").click()
    expect(kitchen.get_by_role("button", name="Licht blinken")).to_have_attribute(
        "aria-pressed", "true", timeout=30_000
    )
    assert building.marked
    desk.part("access").get_by_role("button", name="Alarm im Haus zurücksetzen").click()
    wait_until(lambda: building.smoke == 0, "the reset")
    # the end of the mission ends it all
    street.dispatch.mission(validTo="2020-01-01T00:00:00Z")
    says(desk, "NONE")
    expect(desk.part("rooms")).to_have_count(0)
    expect(desk.part("floor")).to_have_count(0)
    expect(desk.part("access")).to_contain_text("es gibt keinen")
    wait_until(partial(hidden, desk), "the inside to be gone from the browser")


def hidden(desk: Desk) -> bool:
    """Neither room nor person is in the browser."""
    return not any(one["id"] == KITCHEN or ":person:" in one["id"] for one in desk.features("buildings"))
