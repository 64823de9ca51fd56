"""Who gets in, how, and what they are told when they do not."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.exercise import Exercise

pytestmark = pytest.mark.browser

UNAUTHORISED = r"status of 401"


def test_a_link_signs_in_once_and_leaves_no_code_behind(own_exercise: Exercise, open_desk: Open) -> None:
    # given the link that the server printed
    link = own_exercise.link("control")
    # when it is opened
    desk = open_desk(link).is_in()
    # then the code is gone from the address bar and the exercise of the link is shown
    assert desk.page.url == own_exercise.server.url + "/control"
    assert desk.look("situation") == own_exercise.id
    # and a reload keeps the session
    desk.page.reload()
    desk.is_in()
    # and nobody else gets in with the same link
    other = open_desk(link, forgive=UNAUTHORISED)
    expect(other.part("signin")).to_have_attribute("data-note", "signin.code")
    expect(other.part("signin")).to_contain_text("Dieser Anmelde-Link gilt nicht mehr")
    assert "code" not in other.page.url
    # but a desk that is signed in survives its old link in the browser's history
    desk.page.goto("about:blank")
    again = open_desk(link, forgive=UNAUTHORISED)
    assert again.look("role") == ""


def test_a_used_link_does_not_throw_out_who_is_in(own_exercise: Exercise, open_desk: Open) -> None:
    link = own_exercise.link("planner")
    desk = open_desk(link, forgive=UNAUTHORISED).is_in()
    desk.page.goto("about:blank")
    desk.page.goto(link)
    desk.is_in()


def test_without_a_code_nothing_is_shown(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_desk(hausbrand.server.url + "/control")
    expect(desk.part("signin")).to_have_attribute("data-note", "signin.needed")
    expect(desk.page.get_by_role("main")).to_contain_text("Anmelde-Link")
    assert desk.look("count") == 0


def test_signing_out_forgets_the_token(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_desk(hausbrand.server.url + "/control", token=hausbrand.token("control")["token"]).is_in()
    desk.page.get_by_role("button", name="Abmelden").click()
    expect(desk.part("signin")).to_have_attribute("data-note", "signin.signedout")
    assert desk.look("count") == 0
    desk.page.reload()
    expect(desk.part("signin")).to_have_attribute("data-note", "signin.needed")


def test_a_revoked_token_ends_on_the_signed_out_screen(open_desk: Open, hausbrand: Exercise) -> None:
    row = hausbrand.token("control", "Pult 7")
    desk = open_desk(hausbrand.server.url + "/control", token=row["token"], forgive=UNAUTHORISED).is_in()
    hausbrand.revoke(row["id"])
    expect(desk.part("signin")).to_have_attribute("data-note", "signin.revoked", timeout=30_000)
    expect(desk.part("signin")).to_contain_text("Sie sind abgemeldet")
    assert desk.look("count") == 0


@pytest.mark.parametrize("role", ["crew", "feed"])
def test_roles_without_a_screen_are_told_so(open_desk: Open, hausbrand: Exercise, role: str) -> None:
    desk = open_desk(hausbrand.server.url + "/control", token="anything", role=role)
    expect(desk.part("signin")).to_have_attribute("data-note", "signin.wrongrole")
