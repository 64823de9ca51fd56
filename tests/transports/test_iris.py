"""A smart building that is asked: by a running server, over real HTTP, only while a mission holds consent."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.config import ConfigError, load
from tests.server import Server, wait_until
from tests.transports.iris_building import PASSWORD, USER, Building, png

HOUSE = "iris:haus:building"
KITCHEN, DOOR, LIGHT, SHUTTER = (
    f"iris:haus:{name}" for name in ("room:kueche", "device:tuer", "device:licht", "device:laden")
)
HERE = {"type": "geo:json", "value": {"type": "Point", "coordinates": [8.78, 51.83]}}
SETTINGS = """
[feeds.connections."iris/haus"]
transport = "iris"
url = "{url}"
username = "{user}"
password_env = "IRIS_WORD"
address = "Birkenweg 9, 33999 Padertopia"
every_s = 0.1
retry_max_s = 0.2
{more}
[feeds.sources."iris/haus"]
lon = 8.7814
lat = 51.8304
"""


class Desk:
    """A running server with a building, as the control room sees it."""

    def __init__(self, server: Server, building: Building) -> None:
        self.server, self.building = server, building
        self.control, self.dispatch = server.token("control", "Leitstelle"), server.token("feed", "leitstelle")
        self.missions = 0

    def mission(self, name: str | None = None, **more: Any) -> str:
        """An open mission (or what becomes of one)."""
        if name is None:
            self.missions += 1
            name = f"urn:ngsi-ld:Alert:{self.missions}"
        entity = {"id": name, "type": "Alert", "externalId": "1", "location": HERE, **more}
        body = {"actionType": "append", "entities": [entity]}
        assert self.server.request("POST", "/v2/op/update", self.dispatch, json=body).status_code == 204
        return name

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        response = self.server.request(method, f"/homes/{HOUSE}{path}", token or self.control, json=body)
        return response.status_code, response.json()

    def features(self, token: str | None = None) -> dict[str, dict[str, Any]]:
        """What is seen of the building, by id."""
        picture = self.server.get("/picture?situation=live", token or self.control)["features"]
        return {one["id"]: one["properties"] for one in picture if one["id"].startswith("iris:")}

    def value(self, thing: str, name: str) -> Any:
        return self.features().get(thing, {}).get(name)

    def granted(self) -> str:
        """A mission that holds consent, and everything seen."""
        mission = self.mission()
        wait_until(lambda: HOUSE in str(self.server.get("/homes", self.control)))
        before = self.building.asked.count("getStatus")
        assert self.call("POST", "/access", {"mission": mission})[0] == 202
        wait_until(lambda: self.building.asked.count("getStatus") > before + 1, "the first round")
        self.told("iris:haus:person:1", "present", "present")
        self.told(HOUSE, "permission", "GRANTED")  # what is seen may be left of the mission before
        return mission

    def ordered(self, path: str, body: Any) -> tuple[int, Any]:
        """The answer to an order once the building's objects are read: after each consent that is done anew."""
        answers: list[tuple[int, Any]] = []

        def tried() -> bool:
            answers.append(self.call("POST", path, body))
            return answers[-1][0] != 409

        wait_until(tried, "the objects of the building")
        return answers[-1]

    def told(self, thing: str, name: str, value: Any) -> None:
        wait_until(lambda: self.value(thing, name) == value, f"{name} of {thing} to be {value}")

    def audit(self, action: str) -> list[dict[str, Any]]:
        with sqlite3.connect(self.server.data / "audit.db") as db:
            return [
                json.loads(detail)
                for (detail,) in db.execute("SELECT detail FROM audit WHERE action=? ORDER BY seq", (action,))
            ]


def started(folder: Path, building: Building, more: str = "") -> Server:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lagebild.toml").write_text(SETTINGS.format(url=building.url, user=USER, more=more), encoding="utf-8")
    return Server(folder, "--no-demo", IRIS_WORD=PASSWORD)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    building = Building()
    with started(tmp_path_factory.mktemp("iris"), building) as server:
        yield Desk(server, building)
    building.close()


@pytest.fixture
def desk(running: Desk) -> Iterator[Desk]:
    """The building as at the beginning, nobody consents."""
    yield running
    running.building.faults.clear()
    running.building.silent.clear()
    running.building.smoke = 0.0
    running.call("DELETE", "/access")


def quiet(desk: Desk) -> None:
    """Nobody is asked any more: not one question within several rounds of looking."""
    wait_until(lambda: set(desk.features()) == {HOUSE}, "the inside to be hidden")
    seen = [-1, -2]

    def rests() -> bool:
        desk.server.get("/picture?situation=live", desk.control)
        seen.append(desk.building.count())
        return len(seen) > 12 and len(set(seen[-10:])) == 1

    wait_until(rests, "the questions to end")


def test_before_consent_nothing_is_asked_and_only_the_place_is_known(desk: Desk) -> None:
    wait_until(lambda: HOUSE in desk.features(), "the building")
    quiet(desk)
    assert "getObjectList" not in desk.building.asked
    seen = desk.features()[HOUSE]
    assert (seen["permission"], seen["address"]["street"]) == ("NONE", "Birkenweg 9")
    assert desk.call("GET", "/maps")[0] == 409
    assert desk.call("GET", "/image/iris:haus:person:1")[0] == 409
    assert desk.call("POST", "/room", {"room": KITCHEN, "marked": True})[0] == 409
    assert desk.call("POST", "/command", {"device": DOOR, "value": "OPEN"})[0] == 409
    assert desk.call("POST", "/reset")[0] == 409


def test_with_consent_the_inside_is_seen_and_follows(desk: Desk) -> None:
    desk.granted()
    seen = desk.features()
    assert (seen[HOUSE]["permission"], seen[HOUSE]["material"], seen[HOUSE]["heating"]) == (
        "GRANTED",
        "Timber",
        ["Gas"],
    )
    assert (seen[KITCHEN]["name"], seen[KITCHEN]["floor"]) == ("Küche", "Erdgeschoss")
    assert (seen["iris:haus:person:1"]["name"], seen["iris:haus:person:1"]["present"]) == ("Ilse Beispiel", "present")
    assert (seen[DOOR]["value"], seen[SHUTTER]["value"]) == ("CLOSE", 25.0)
    desk.building.smoke = 0.7
    desk.told(KITCHEN, "status", ["smoked", "burning"])
    desk.told("iris:haus:alarm", "state", "ALARM")
    liaison = desk.server.token("liaison", "polizei", "--situation", "live")
    assert not any("person" in one or "device" in one for one in desk.features(liaison))
    assert desk.call("POST", "/reset") == (200, {"status": "SUCCESS"})
    desk.told(KITCHEN, "status", [])
    assert desk.audit("home-reset")[-1]["outcome"] == "SUCCESS"


def test_maps_and_pictures_only_with_consent_and_gone_after_it(desk: Desk) -> None:
    desk.granted()
    ((floor,),) = (desk.call("GET", "/maps")[1]["maps"],)
    assert (floor["name"], floor["pixels_per_m"], floor["north_deg"]) == ("Erdgeschoss", 4, 15)
    assert {"id": DOOR, "x_px": 30, "y_px": 20} in floor["devices"]
    shown = desk.server.request("GET", floor["url"], desk.control)
    assert (shown.status_code, shown.content, shown.headers["Content-Type"]) == (
        200,
        desk.building.picture,
        "image/png",
    )
    face = desk.server.request("GET", f"/homes/{HOUSE}/image/iris:haus:person:1", desk.control)
    assert (face.content, face.headers["Content-Type"], face.headers["Cache-Control"]) == (
        png(8, 8),
        "image/png",
        "no-store",
    )
    assert desk.call("GET", "/image/iris:haus:person:2")[0] == 409
    assert desk.call("DELETE", "/access")[0] == 200
    wait_until(lambda: desk.server.request("GET", floor["url"], desk.control).status_code == 404)
    assert not any(
        desk.building.picture in path.read_bytes() for path in (desk.server.data / "media").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("device", "order", "value"),
    [(DOOR, "OPEN", "OPEN"), (LIGHT, "ON", True), (SHUTTER, 80, 80.0), (DOOR, "CLOSE", "CLOSE")],
)
def test_a_command_does_it_and_says_so(desk: Desk, device: str, order: Any, value: Any) -> None:
    desk.granted()
    assert desk.ordered("/command", {"device": device, "value": order})[0] == 202
    desk.told(device, "action_status", "SUCCESS")
    desk.told(device, "value", value)
    outcome = {"building": HOUSE, "device": device, "outcome": "SUCCESS"}
    wait_until(lambda: outcome in desk.audit("home-outcome"), "the outcome in the audit trail")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [({"code": -32001, "message": "access denied"}, "DENIED"), ({"code": -32603, "message": "motor"}, "ERROR")],
)
def test_a_command_that_fails_says_how(desk: Desk, fault: dict[str, Any], outcome: str) -> None:
    desk.granted()
    desk.building.faults["switchDevice"] = desk.building.faults["setRoomMarked"] = fault
    assert desk.ordered("/command", {"device": DOOR, "value": "OPEN"})[0] == 202
    desk.told(DOOR, "action_status", outcome)
    assert desk.ordered("/room", {"room": KITCHEN, "marked": True}) == (200, {"status": outcome})


def test_a_room_is_marked(desk: Desk) -> None:
    desk.granted()
    assert desk.ordered("/room", {"room": KITCHEN, "marked": True}) == (200, {"status": "SUCCESS"})
    desk.told(KITCHEN, "marked", True)
    assert desk.call("POST", "/room", {"room": "iris:haus:room:keller", "marked": True})[0] == 409
    assert desk.audit("home-room")[-1] == {"building": HOUSE, "room": KITCHEN, "marked": True, "outcome": "SUCCESS"}


def test_what_is_no_device_of_it_is_not_commanded(desk: Desk) -> None:
    desk.granted()
    for thing in (KITCHEN, "iris:other:device:tuer", "urn:ngsi-ld:Device:1"):
        assert desk.call("POST", "/command", {"device": thing, "value": 1})[0] == 409


def test_it_ends_with_the_mission(desk: Desk) -> None:
    mission = desk.granted()
    desk.mission(mission, validTo="2020-01-01T00:00:00Z")
    wait_until(lambda: desk.value(HOUSE, "permission") == "NONE", "the end of the consent")
    quiet(desk)


def test_a_method_that_it_does_not_have_is_asked_once(desk: Desk) -> None:
    desk.building.faults["getMaps"] = {"code": -32601, "message": "Method not found"}
    before = desk.building.asked.count("getMaps")
    desk.granted()
    assert desk.building.asked.count("getMaps") == before + 1
    assert desk.call("GET", "/maps") == (200, {"maps": []})


def test_no_answer_is_a_timeout_and_a_lost_building_comes_back(tmp_path: Path) -> None:
    building = Building()
    with started(tmp_path / "data", building, "timeout_s = 0.5") as server:
        desk = Desk(server, building)
        desk.granted()
        building.silent.set()
        assert desk.call("POST", "/room", {"room": KITCHEN, "marked": True}) == (200, {"status": "TIMEOUT"})
        port = int(building.url.rpartition(":")[2])
        building.close()
        link = wait_until(
            lambda: next(
                (
                    one["properties"]
                    for one in server.get("/picture?situation=live", desk.control)["features"]
                    if one["id"] == "source:iris/haus" and "lost" in str(one["properties"])
                ),
                None,
            ),
            "the loss among the sources",
        )
        assert f"127.0.0.1:{port}" in str(link)
        assert PASSWORD not in str(link)
        assert PASSWORD not in "".join(server.log)
        assert building.strangers == 0


def test_the_owner_is_asked_where_that_is_so_set(tmp_path: Path) -> None:
    building = Building()
    more = 'consent = "owner"'
    with started(tmp_path / "data", building, more) as server:
        desk = Desk(server, building)
        mission = desk.mission()
        wait_until(lambda: HOUSE in str(server.get("/homes", desk.control)))
        assert desk.call("POST", "/access", {"mission": mission})[0] == 202
        desk.told(HOUSE, "permission", "PENDING")
        quiet(desk)
        assert building.count() == 0
    building.close()


@pytest.mark.parametrize(
    "line",
    ['url = "ftp://x"', 'url = "http://a:b@x"', 'url = "http://x"\nusername = "a"', 'url = "http://x"\nevery_s = 0'],
)
def test_settings_that_cannot_be(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lagebild.toml"
    path.write_text(f'[feeds.connections."iris/haus"]\ntransport = "iris"\n{line}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="iris/haus"):
        load(path)
