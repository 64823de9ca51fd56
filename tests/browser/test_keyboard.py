"""Everything can be done without a mouse, and one always sees where one is."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise

pytestmark = pytest.mark.browser

STOP = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one);
    return {
        name: one.getAttribute("data-testid") || one.id || one.getAttribute("aria-label") || one.textContent.trim(),
        role: one.getAttribute("role") || one.tagName.toLowerCase(),
        seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    };
}"""
MOST_STOPS = 120


def walk(desk: Desk) -> list[dict[str, object]]:
    """Press Tab from the top until the focus leaves the page; every stop on the way."""
    stops: list[dict[str, object]] = []
    desk.page.evaluate("document.activeElement.blur()")
    for _ in range(MOST_STOPS):
        desk.page.keyboard.press("Tab")
        stop = desk.page.evaluate(STOP)
        if stop is None or (stops and stop == stops[0]):
            return stops
        stops.append(stop)
    raise AssertionError(f"the focus never left the page: {stops[-5:]}")


@pytest.mark.parametrize("role", ["control", "planner", "liaison"])
def test_tab_reaches_every_part_in_order_and_the_focus_is_seen(open_desk: Open, hausbrand: Exercise, role: str) -> None:
    desk = open_desk(f"{hausbrand.server.url}/{role}", token=hausbrand.token(role)["token"], role=role).is_in()
    stops = walk(desk)
    names = [str(stop["name"]) for stop in stops]
    assert [stop for stop in stops if not stop["seen"]] == []
    wanted = [
        "Zum Inhalt springen",
        "situation",
        "theme",
        "lang",
        "Abmelden",
        "units",
        "Lagekarte",
        "Ganze Lage zeigen",
        "tab-layers",
        "tab-panel",
    ]
    assert [name for name in wanted if name not in names] == []
    assert [names.index(name) for name in wanted] == sorted(names.index(name) for name in wanted)
    assert ("play" in names) is (role == "planner")


def test_lists_are_walked_with_arrows_and_escape_leads_back(open_desk: Open, libori: Exercise) -> None:
    desk = open_desk(f"{libori.server.url}/control", token=libori.token("control")["token"]).is_in()
    keyboard = desk.page.keyboard
    # missions: one stop for the whole list, arrows inside, Enter chooses
    expect(desk.missions).to_have_count(2)
    desk.missions.first.focus()
    keyboard.press("ArrowDown")
    expect(desk.missions.nth(1)).to_be_focused()
    keyboard.press("Enter")
    chosen = desk.missions.nth(1).get_attribute("data-id")
    expect(desk.detail.locator("article")).to_have_attribute("data-id", str(chosen))
    expect(desk.missions.nth(1)).to_have_attribute("aria-selected", "true")
    # Escape closes the panel, and the focus is where it was
    desk.detail.get_by_role("button", name="Auf der Karte zeigen").focus()
    keyboard.press("Escape")
    expect(desk.detail.locator("article")).to_have_count(0)
    expect(desk.missions.nth(1)).to_be_focused()
    # units: a grid with an active row
    desk.part("units").focus()
    keyboard.press("End")
    last = desk.units.last
    expect(desk.part("units")).to_have_attribute("aria-activedescendant", str(last.get_attribute("id")))
    keyboard.press("Home")
    keyboard.press("Enter")
    expect(desk.detail.locator("article")).to_have_attribute("data-id", str(desk.units.first.get_attribute("data-id")))
    # tabs: arrows change over
    desk.page.locator("#tab-layers").focus()
    keyboard.press("ArrowRight")
    expect(desk.page.locator("#tab-sources")).to_be_focused()
    expect(desk.part("sources")).to_be_visible()
    # the filter
    desk.page.get_by_role("searchbox", name="Kräfte filtern").fill("dlk")
    expect(desk.units).to_have_count(1)


def test_the_map_listens_to_keys_too(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_desk(f"{hausbrand.server.url}/control", token=hausbrand.token("control")["token"]).is_in()
    zoom = desk.look("camera")["zoom"]
    desk.page.locator("canvas.maplibregl-canvas").focus()
    desk.page.keyboard.press("+")
    desk.is_in()
    assert desk.look("camera")["zoom"] > zoom
