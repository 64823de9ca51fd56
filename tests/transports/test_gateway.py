"""A smart home's gateway against a running server: registration, consent, commands, alerts, and what ends of itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from server.access import Role
from tests.server import Server, wait_until

CODE = "geheimer-hausanschluss"
MISSION = "urn:ngsi-ld:Alert:1"
HERE = {"type": "geo:json", "value": {"type": "Point", "coordinates": [8.78125, 51.83042]}, "metadata": {}}
SAYS_HELLO = {
    "name": "Erika Muster",
    "email": "erika@example.org",
    "description": "Haus Heideblick",
    "address": {"value": {"addressLocality": "Padertopia", "postalCode": "33999", "streetAddress": "Birkenweg 7"}},
    "location": HERE,
}


class Desk:
    """A running server with a control room and a dispatch centre."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.control = server.token("control", "Leitstelle")
        self.dispatch = server.token("feed", "leitstelle")

    def update(self, token: str, *entities: dict[str, Any]) -> None:
        body = {"actionType": "append", "entities": list(entities)}
        response = self.server.request("POST", "/v2/op/update", token, json=body)
        assert response.status_code == 204, response.text

    def mission(self, number: str = MISSION, **more: Any) -> None:
        entity = {"id": number, "type": "Alert", "externalId": "1", "location": HERE, **more}
        self.update(self.dispatch, entity)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        response = self.server.request(method, path, self.control, json=body)
        return response.status_code, response.json()

    def feature(self, name: str) -> dict[str, Any]:
        """The properties that the control room sees; empty for nothing."""
        features = self.server.get("/picture?situation=live", self.control)["features"]
        return next((feature["properties"] for feature in features if feature["id"] == name), {})


class Home:
    """A gateway as the pilot's: registers, connects, answers through the update of NGSI."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        response = desk.server.request("POST", f"/smarthome/{CODE}", json=SAYS_HELLO)
        assert response.status_code == 200, response.text
        self.answer = response.json()
        self.building: str = self.answer["buildingId"]
        self.token: str = self.answer["authToken"]
        self.socket = websocket.create_connection(self.url, timeout=20)
        wait_until(lambda: self.building in str(desk.call("GET", "/homes")[1]))

    @property
    def url(self) -> str:
        return f"{self.answer['websocketUrl']}/?type=smartHome&componentId={self.token}"

    def hears(self) -> dict[str, Any]:
        """The only entity of the next frame."""
        frame = json.loads(self.socket.recv())
        assert frame["subscriptionId"]
        (entity,) = frame["data"]
        return dict(entity)

    def says(self, *entities: dict[str, Any]) -> None:
        self.desk.update(self.token, *entities)

    def permits(self, permission: str) -> None:
        self.says({"id": self.building, "type": "Building", "permission": {"type": "Text", "value": permission}})

    def door(self, **more: Any) -> dict[str, Any]:
        attached = {"attachedToType": "Building", "attachedToId": self.building}
        return {"id": "urn:ngsi-ld:Device:Actuator1", "type": "Device", "attachedTo": attached, **more}

    @property
    def door_here(self) -> str:
        """The door as the hub calls it."""
        return f"urn:ngsi-ld:Device:{self.building.rpartition(':')[2]}:Actuator1"

    def granted(self) -> None:
        """Asked and granted, with a door."""
        status, _ = self.desk.call("POST", f"/homes/{self.building}/access", {"mission": MISSION})
        assert status == 202
        assert self.hears() == {"id": self.building, "type": "Building", "permission": "REQUEST"}
        self.permits("GRANTED")
        self.says(self.door(category=["actuator"], controlledProperty=["door"], value="CLOSE", name="Haustür"))


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("homes")
    environment = {"LAGEBILD_FEEDS_HOME_CODE": CODE, "LAGEBILD_ASYNC_MODE": request.param}
    with Server(folder, "--no-demo", **environment) as server:
        yield Desk(server)


@pytest.fixture
def home(desk: Desk) -> Iterator[Home]:
    desk.mission()
    made = Home(desk)
    yield made
    made.socket.close()


def test_registration(desk: Desk, home: Home) -> None:
    assert home.answer["contextBrokerUrl"] == f"{desk.server.url}/v2/op/update"
    assert home.answer["websocketUrl"] == desk.server.url.replace("http", "ws")
    assert set(home.answer["storage"]) == {"username", "password", "bucket", "url"}
    seen = desk.feature(home.building)
    assert (seen["permission"], seen["address"]["street"]) == ("NONE", "Birkenweg 7")
    assert "name" not in seen
    assert "email" not in seen


@pytest.mark.parametrize("code", ["wrong", "x" * 200])
def test_a_wrong_code_registers_nobody(desk: Desk, code: str) -> None:
    assert desk.server.request("POST", f"/smarthome/{code}", json=SAYS_HELLO).status_code == 404


@pytest.mark.parametrize(
    "query", ["type=smartHome&componentId=wrong", "type=smartHome", "type=smartHome&componentId={dispatch}"]
)
def test_a_socket_without_a_homes_token_is_refused(desk: Desk, query: str) -> None:
    url = f"{desk.server.url.replace('http', 'ws')}/?{query.format(dispatch=desk.dispatch)}"
    with pytest.raises(websocket.WebSocketBadStatusException, match="401"):
        websocket.create_connection(url, timeout=20)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.FEED])
def test_a_person_is_no_home(desk: Desk, role: Role) -> None:
    token = desk.server.token(role.value, f"kein Haus {role.value}", "--situation", "*")
    url = f"{desk.server.url.replace('http', 'ws')}/?type=smartHome&componentId={token}"
    with pytest.raises(websocket.WebSocketBadStatusException, match="401"):
        websocket.create_connection(url, timeout=20)


def test_nothing_is_seen_before_the_owner_consents(desk: Desk, home: Home) -> None:
    home.says(home.door(category=["actuator"], controlledProperty=["door"], value="CLOSE"))
    assert desk.feature(home.door_here) == {}
    desk.call("POST", f"/homes/{home.building}/access", {"mission": MISSION})
    home.hears()
    home.permits("PENDING")
    assert desk.feature(home.building)["permission"] == "PENDING"
    assert desk.feature(home.door_here) == {}
    home.permits("DENIED")
    assert desk.feature(home.building)["permission"] == "DENIED"
    assert desk.call("POST", f"/homes/{home.building}/command", {"device": "d", "value": "OPEN"})[0] == 409


def test_a_command_and_its_answer(desk: Desk, home: Home) -> None:
    home.granted()
    device = home.door_here
    assert desk.feature(device)["value"] == "CLOSE"
    assert desk.call("POST", f"/homes/{home.building}/command", {"device": device, "value": "OPEN"})[0] == 202
    assert home.hears() == home.door(action={"desiredValue": "OPEN", "status": "PENDING"})
    assert desk.feature(device)["action_status"] == "PENDING"
    home.says(home.door(action={"type": "StructuredValue", "value": {"status": "SUCCESS"}}), home.door(value="OPEN"))
    assert (desk.feature(device)["action_status"], desk.feature(device)["value"]) == ("SUCCESS", "OPEN")


def test_a_device_of_another_home_is_not_commanded(desk: Desk, home: Home) -> None:
    home.granted()
    status, answer = desk.call("POST", f"/homes/{home.building}/command", {"device": "urn:other", "value": 1})
    assert (status, answer["description"]) == (409, "This home has no such device.")


def test_consent_ends_with_its_mission(desk: Desk, home: Home) -> None:
    number = "urn:ngsi-ld:Alert:2"
    desk.mission(number)
    desk.call("POST", f"/homes/{home.building}/access", {"mission": number})
    home.hears()
    home.permits("GRANTED")
    assert desk.feature(home.building)["permission"] == "GRANTED"
    desk.mission(number, validTo="2020-01-01T00:00:00Z")
    assert home.hears() == {"id": home.building, "type": "Building", "permission": "NONE"}
    assert desk.feature(home.building)["permission"] == "NONE"


def test_the_control_room_gives_the_access_back(desk: Desk, home: Home) -> None:
    home.granted()
    assert desk.call("DELETE", f"/homes/{home.building}/access")[0] == 200
    assert home.hears()["permission"] == "NONE"
    assert desk.feature(home.building)["permission"] == "NONE"
    assert desk.call("DELETE", f"/homes/{home.building}/access")[0] == 409


def test_consent_that_no_mission_asked_for_does_not_count(desk: Desk, home: Home) -> None:
    home.permits("GRANTED")
    wait_until(lambda: desk.feature(home.building)["permission"] == "NONE")


def test_an_alert_in_the_home(desk: Desk, home: Home) -> None:
    assert desk.call("POST", f"/homes/{home.building}/alert", {"text": "Bitte Fenster schließen"})[0] == 202
    assert home.hears()["info"] == {"description": "Bitte Fenster schließen"}


@pytest.mark.parametrize(
    ("path", "body"),
    [("access", {"mission": MISSION}), ("command", {"device": "d", "value": 1}), ("alert", {"text": "x"})],
)
def test_nothing_of_an_exercise_reaches_a_home(desk: Desk, home: Home, path: str, body: Any) -> None:
    assert desk.call("POST", f"/homes/{home.building}/{path}?situation=ex-hausbrand-1", body)[0] == 403
    planner = desk.server.token("planner", "Übung")
    response = desk.server.request("POST", f"/homes/{home.building}/{path}", planner, json=body)
    assert response.status_code == 403


def test_a_mission_that_is_not_there_is_no_reason_to_ask(desk: Desk, home: Home) -> None:
    assert desk.call("POST", f"/homes/{home.building}/access", {"mission": "urn:none"})[0] == 409


def test_a_home_that_has_gone_cannot_be_asked(desk: Desk, home: Home) -> None:
    home.socket.close()
    wait_until(lambda: home.building not in str(desk.call("GET", "/homes")[1]))
    assert desk.call("POST", f"/homes/{home.building}/access", {"mission": MISSION})[0] == 409


def test_a_home_that_comes_back_is_asked_again(desk: Desk, home: Home) -> None:
    desk.call("POST", f"/homes/{home.building}/access", {"mission": MISSION})
    home.hears()
    home.socket.close()
    home.socket = websocket.create_connection(home.url, timeout=20)
    assert home.hears()["permission"] == "REQUEST"


def test_a_home_speaks_for_itself_alone(desk: Desk, home: Home) -> None:
    home.granted()
    other = Home(desk)
    try:
        foreign = [
            {"id": home.building, "type": "Building", "permission": "DENIED"},
            home.door(value="OPEN"),
            {"id": MISSION, "type": "Alert", "description": "falsch"},
        ]
        for entity in foreign:
            body = {"actionType": "append", "entities": [entity]}
            answer = desk.server.request("POST", "/v2/op/update", other.token, json=body)
            assert answer.status_code != 204, entity
        other.says({**other.door(value="OPEN", name="Nachbars Tür")})
    finally:
        other.socket.close()
    assert desk.feature(home.building)["permission"] == "GRANTED"
    assert desk.feature(home.door_here)["value"] == "CLOSE"
    assert desk.feature(MISSION)["description"] is None
