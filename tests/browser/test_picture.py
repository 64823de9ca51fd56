"""The control room sees the mission, the units, the map, and of each fact its age and source."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise
from tests.browser.shots import stands_still
from tests.server import wait_until

pytestmark = pytest.mark.browser

HLF = "urn:ngsi-ld:EmergencyVehicle:padertopia-hlf-1"
MISSION = "urn:ngsi-ld:Alert:padertopia-hausbrand-1"


@pytest.fixture
def desk(open_desk: Open, hausbrand: Exercise) -> Desk:
    """A control room in the Hausbrand."""
    return open_desk(hausbrand.server.url + "/control", token=hausbrand.token("control")["token"]).is_in()


def test_missions_units_and_sources_are_listed(desk: Desk) -> None:
    expect(desk.missions).to_have_count(1)
    expect(desk.missions.first).to_contain_text("Menschenleben in Gefahr")
    expect(desk.missions.first).to_contain_text("Kettengasse 9")
    expect(desk.missions.first.locator(".fms[data-fms='4']")).to_have_count(4)
    expect(desk.units).to_have_count(4)
    expect(desk.units.filter(has_text="HLF20").locator(".fms")).to_have_attribute("title", "am Einsatzort")
    desk.tab("sources")
    expect(desk.part("sources").get_by_role("option").filter(has_text="ngsi/leitstelle")).to_have_attribute(
        "data-state", "live"
    )


def test_the_map_draws_the_situation_over_the_town(desk: Desk) -> None:
    desk.draws("missions", MISSION)
    desk.draws("units", HLF)
    desk.draws("drones", "urn:ngsi-ld:UAVStatus:padertopia-drohne-1")
    assert {one["id"] for one in desk.features("units")} == set(desk.drawn("units"))
    names = {
        one["properties"].get("name")
        for one in desk.look("renderedBase()")
        if one["layer"] in ("base-street", "base-street-main")
    }
    assert "Nordwall" in names
    assert any("ö" in str(name) for name in names)


def test_every_fact_has_an_age_and_a_source(desk: Desk, hausbrand: Exercise) -> None:
    # when the mission is chosen
    desk.choose(desk.missions.first)
    # then each fact says how old it is and who said so
    facts = desk.detail.locator("dl.facts dd[data-key]")
    assert facts.count() >= 8
    for i in range(facts.count()):
        expect(facts.nth(i).locator("small")).to_contain_text("ngsi/leitstelle")
        assert facts.nth(i).locator("time").get_attribute("datetime")
    # and who reported it is there for the control room, marked as personal
    [mission] = [one for one in hausbrand.features(hausbrand.admin, "missions") if one["id"] == MISSION]
    assert "reporter" not in mission["properties"]
    expect(desk.fact("reporter").locator(".value")).not_to_be_empty()
    expect(desk.detail.locator("dt").filter(has_text="Meldende Person").locator(".personal")).to_have_text(
        "personenbezogen"
    )
    # and its times and its remark are plain words
    expect(desk.detail.locator(".times")).to_contain_text("gilt als veraltet")
    expect(desk.detail.locator("[data-flag=time_assumed]")).to_contain_text("Empfangszeit angenommen")


def test_a_click_on_the_map_chooses_what_lies_there(desk: Desk) -> None:
    desk.choose(desk.missions.first)
    far = desk.look("camera")["zoom"]
    desk.detail.get_by_role("button", name="Auf der Karte zeigen").click()
    # A click while the map is on its way would stop it where it is.
    wait_until(lambda: desk.look("camera")["zoom"] > far + 0.5, "the map to come near")
    stands_still(desk)
    [drone] = [one for one in desk.features("drones") if one["properties"]["part"] == "drone"]
    desk.draws("drones", drone["id"])
    box = desk.part("map").locator("canvas.maplibregl-canvas").bounding_box()
    assert box

    def chosen() -> bool:
        # Signs find their place a moment after the view stands still, which on a slow machine it may not yet.
        at = desk.look("project(...args[0])", drone["geometry"]["coordinates"][:2])
        desk.page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
        return bool(desk.look("selected") == drone["id"])

    wait_until(chosen, "the drone to be chosen")
    expect(desk.detail.locator("article")).to_have_attribute("data-id", drone["id"])
    expect(desk.fact("height_m").locator(".value")).to_contain_text(" m")


def test_a_layer_can_be_switched_off_and_on(desk: Desk) -> None:
    switch = desk.page.locator("[data-layer=units] input")
    switch.uncheck()
    wait_until(lambda: not desk.drawn("units"), "the units to vanish")
    switch.check()
    desk.draws("units", HLF)


def test_the_language_can_be_switched(desk: Desk) -> None:
    desk.part("lang").select_option("en")
    expect(desk.page.get_by_role("heading", name="Missions")).to_be_visible()
    expect(desk.part("link")).to_contain_text("connected")
    assert desk.page.evaluate("document.documentElement.lang") == "en"
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Missions")).to_be_visible()


def test_alarms_are_one_per_building_and_lead_to_it(desk: Desk) -> None:
    alarm = desk.part("alarms").get_by_role("button", name="Kettengasse 9")
    expect(alarm).to_contain_text("Sensoren melden Alarm")
    alarm.click()
    expect(desk.detail.locator("article")).to_have_attribute("data-id", "urn:ngsi-ld:Building:padertopia-kettengasse-9")
    expect(desk.fact("permission").locator(".value")).to_have_text("erteilt")
    # the gravest device first, each with state in words, value and age
    first = desk.part("devices").get_by_role("listitem").first
    expect(first).to_contain_text("Alarm")
    expect(first).to_contain_text("Rauchmelder")
    expect(first).to_contain_text("ja")
    expect(first.locator("time")).to_be_visible()


def test_reports_and_warnings_are_listed_with_a_place_or_without(desk: Desk) -> None:
    desk.tab("reports")
    rows = desk.part("reports").get_by_role("option")
    reported = ("post", "citizen_report", "social_event")
    there = [one for one in desk.features("reports") if one["properties"]["part"] in reported]
    expect(rows).to_have_count(len(there) + len(desk.features("warnings")))
    assert any(one["geometry"] is None for one in there)
    expect(rows.filter(has_text="ohne Ort").first).to_be_visible()
    expect(rows.filter(has_text="Brandrauch").locator(".mark").first).to_have_text("mäßig")


def test_crowd_regions_say_level_density_and_that_one_is_over(open_desk: Open, libori: Exercise) -> None:
    desk = open_desk(libori.server.url + "/control", token=libori.token("control")["token"]).is_in()
    regions = [one for one in desk.features("crowd") if one["properties"]["part"] == "region"]
    assert len(regions) == 12
    over = [one for one in regions if one["properties"]["over_threshold"]]
    assert over
    desk.draws("crowd", *[one["id"] for one in regions])
    texts = [
        one["properties"]["label"]
        for one in desk.look("rendered('crowd')")
        if one["properties"].get("part") == "label_over"
    ]
    assert any("/m²" in text and " P · " in text for text in texts)
    desk.part("alarms").get_by_role("button", name=over[0]["properties"]["name"]).click()
    expect(desk.fact("over_threshold").locator(".value")).to_have_text("ja")
    expect(desk.fact("density_pm2").locator(".value")).to_contain_text("P/m²")
