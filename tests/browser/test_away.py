"""The server dies, the screen stays honest; the server comes back, the screen catches up by itself."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise
from tests.server import wait_until

pytestmark = pytest.mark.browser


def age(desk: Desk) -> str:
    """How old the panel says the chosen feature is."""
    return desk.detail.locator(".standing time").inner_text()


def worn(desk: Desk) -> int:
    """How many rows of the unit table are greyed out."""
    return desk.part("units").locator(".row.worn").count()


@pytest.fixture
def desk(own_exercise: Exercise, open_desk: Open) -> Desk:
    """A control room in a Hausbrand of its own, with everybody on the road."""
    own_exercise.jump(240)
    url = own_exercise.server.url + "/control"
    return open_desk(url, token=own_exercise.token("control")["token"]).is_in()


def test_ages_run_on_and_features_grey_out_without_the_server(own_exercise: Exercise, desk: Desk) -> None:
    # given a chosen mission, fresh units, and a fast clock
    desk.choose(desk.missions.first)
    assert worn(desk) == 0
    own_exercise.speed(60)
    expect(desk.part("pace")).to_have_text("×60")
    # when the server is killed
    desk.server_goes_away()
    own_exercise.server.kill()
    rev = desk.look("rev")
    # then the screen says so in words
    expect(desk.part("link")).to_have_attribute("data-state", "disconnected", timeout=30_000)
    expect(desk.part("notice")).to_contain_text("Keine Verbindung")
    # and what is known stays, grows older, and turns grey by itself
    before, now = age(desk), desk.look("now")
    wait_until(lambda: age(desk) != before, "the age to grow")
    wait_until(lambda: worn(desk) == 4, "every unit to turn grey", 60)
    assert desk.look("now") > now
    wait_until(lambda: all(one["stale"] for one in desk.drawn("units").values()), "grey units on the map")
    expect(desk.units).to_have_count(4)
    assert desk.look("rev") == rev


def test_the_desk_catches_up_after_a_restart(own_exercise: Exercise, desk: Desk) -> None:
    # given a server that is killed in the middle
    rev, epoch = desk.look("rev"), desk.look("epoch")
    desk.server_goes_away()
    own_exercise.server.kill()
    expect(desk.part("link")).to_have_attribute("data-state", "disconnected", timeout=30_000)
    # when it is started again on the same port
    own_exercise.restart()
    # then the desk is back by itself, in the same journal, and further on
    expect(desk.part("link")).to_have_attribute("data-state", "connected", timeout=60_000)
    expect(desk.part("notice")).to_have_count(0)
    assert desk.look("epoch") == epoch
    wait_until(lambda: desk.look("rev") > rev, "news after the restart")
    # and it has what the server has
    own_exercise.pause()
    wait_until(
        lambda: (
            {one["id"] for one in desk.features("units")}
            == {one["id"] for one in own_exercise.features(own_exercise.admin, "units")}
        ),
        "the same units",
    )
    assert worn(desk) == 0


def test_a_jump_back_draws_the_earlier_picture(own_exercise: Exercise, desk: Desk) -> None:
    expect(desk.missions).to_have_count(1)
    epoch = desk.look("epoch")
    own_exercise.pause()
    own_exercise.jump(10)
    expect(desk.missions).to_have_count(0, timeout=30_000)
    assert desk.look("epoch") != epoch
    wait_until(lambda: not desk.drawn("missions"), "the mission to vanish from the map")
    expect(desk.units.first.locator(".fms")).to_have_attribute("data-fms", "2")
