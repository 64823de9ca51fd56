"""Can be read by everybody: contrast, names and roles by axe's rules, in light and dark; no meaning by colour alone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import AXE
from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(desk: Desk) -> list[str]:
    """What axe-core finds, one line for each element."""
    # Evaluated by the debugger, which the page's own policy (no eval, no inline script) does not bind.
    desk.page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    report: dict[str, Any] = desk.page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", RULES
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in report["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["control", "planner", "liaison"])
def test_axe_has_nothing_to_say(open_desk: Open, hausbrand: Exercise, role: str, scheme: str) -> None:
    url = f"{hausbrand.server.url}/{role}"
    desk = open_desk(url, token=hausbrand.token(role)["token"], role=role, scheme=scheme).is_in()
    assert violations(desk) == []
    desk.choose(desk.missions.first)
    for tab in desk.page.get_by_role("tab").all():
        tab.click()
        assert violations(desk) == []


def test_the_signed_out_screen_too(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_desk(hausbrand.server.url + "/control")
    expect(desk.part("signin")).to_be_visible()
    assert violations(desk) == []


def test_states_are_words_and_digits_besides_colours(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_desk(f"{hausbrand.server.url}/control", token=hausbrand.token("control")["token"]).is_in()
    for row in desk.units.all():
        assert row.locator(".fms").inner_text().strip()[0].isdigit()
        expect(row.locator(".fms .hidden")).to_contain_text("FMS 4, am Einsatzort")
    expect(desk.part("link")).to_contain_text("verbunden")


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (2560, 1440)])
def test_nothing_is_cut_off_at_the_sizes_of_control_rooms(
    open_desk: Open, libori: Exercise, size: tuple[int, int]
) -> None:
    desk = open_desk(f"{libori.server.url}/control", token=libori.token("control")["token"], size=size).is_in()
    page = desk.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert page == list(size)
    for part in ("exercise", "situation", "link", "clock", "missions", "units", "map", "detail"):
        box = desk.part(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1], (
            part
        )
    sign_out = desk.page.get_by_role("button", name="Abmelden").bounding_box()
    assert sign_out and sign_out["x"] + sign_out["width"] <= size[0]


def test_who_wants_less_movement_gets_none(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_desk(f"{hausbrand.server.url}/control", token=hausbrand.token("control")["token"], calm=True).is_in()
    desk.choose(desk.missions.first)
    desk.detail.get_by_role("button", name="Auf der Karte zeigen").click()
    moving = (
        "[...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).animationName !== 'none').length"
    )
    assert desk.page.evaluate(moving) == 0
