"""Five thousand moving units: drawn, listed, updated, and the desk still answers."""

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.exercise import Exercise
from tests.server import wait_until

pytestmark = pytest.mark.browser

UNITS, BATCH = 5_000, 500
ROUNDS = 4
COUNT_FRAMES = """() => {
    window.frames = 0;
    const count = () => { window.frames += 1; requestAnimationFrame(count); };
    count();
}"""


def entity(number: int, turn: int) -> dict[str, object]:
    """Unit `number` of a grid over the town; each turn moves it a little to the east."""
    lon = 8.772 + (number % 100) * 0.00016 + turn * 0.00008
    lat = 51.8264 + (number // 100) * 0.00015
    return {
        "id": f"urn:ngsi-ld:EmergencyVehicle:viele-{number}",
        "type": "EmergencyVehicle",
        "name": f"V{number}",
        "fleetVehicleId": f"Florian Viele {number}",
        "fmsStatus": 3,
        "location": {"type": "geo:json", "value": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}},
    }


def post(exercise: Exercise, token: str, turn: int) -> None:
    """Send every unit's position, as a dispatch system would, in batches."""
    for first in range(0, UNITS, BATCH):
        body = {"actionType": "append", "entities": [entity(n, turn) for n in range(first, first + BATCH)]}
        url = exercise.server.url + "/v2/op/update"
        assert requests.post(url, json=body, headers={"X-Auth-Token": token}, timeout=60).status_code == 204


@pytest.mark.timeout(400)
def test_five_thousand_units_move(own_exercise: Exercise, open_desk: Open) -> None:
    feed = own_exercise.token("feed", "leitstelle")["token"]
    post(own_exercise, feed, 0)
    desk = open_desk(own_exercise.server.url + "/control", token=own_exercise.token("control")["token"]).is_in()
    desk.part("situation").select_option("live")
    wait_until(lambda: len(desk.features("units")) == UNITS, "all units", 60)
    # the table says how many there are and builds only the rows in view
    expect(desk.part("units")).to_have_attribute("aria-rowcount", str(UNITS + 1))
    assert desk.units.count() < 60
    wait_until(lambda: len(desk.drawn("units")) > UNITS / 2, "most of them on the map", 60)
    # while all of them move again and again, the page draws frames and takes clicks
    desk.page.evaluate(COUNT_FRAMES)
    for turn in range(1, ROUNDS + 1):
        post(own_exercise, feed, turn)
        desk.choose(desk.units.nth(turn))
    wait_until(lambda: _lon(desk) == entity(0, ROUNDS)["location"]["value"]["coordinates"][0], "the last move", 60)  # type: ignore[index]
    assert desk.page.evaluate("window.frames") > ROUNDS
    # and the last row is reached
    desk.part("units").focus()
    desk.page.keyboard.press("End")
    expect(desk.units.last).to_have_attribute("aria-rowindex", str(UNITS + 1))


def _lon(desk: object) -> float:
    found = desk.look("features('units').find((one) => one.id.endsWith('viele-0'))")  # type: ignore[attr-defined]
    return float(found["geometry"]["coordinates"][0])
