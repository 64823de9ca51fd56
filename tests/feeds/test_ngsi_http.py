"""NGSI v2 over HTTP, against a running server: what Orion's clients send, expect and get wrong."""

import sqlite3
from typing import Any

import pytest

from tests.feeds.gate import Gate


def vehicle(own: str, /, **attributes: Any) -> dict[str, Any]:
    """A vehicle of the test that names it."""
    return {"id": f"urn:ngsi-ld:EmergencyVehicle:{own}", "type": "EmergencyVehicle", **attributes}


def error(response: Any) -> tuple[int, str]:
    """Status and NGSI's word; the form of the error is checked."""
    assert response.headers["Content-Type"] == "application/json"
    document = response.json()
    assert set(document) == {"error", "description"}
    assert document["description"]
    return response.status_code, document["error"]


# -- writing -----------------------------------------------------------------------------------------------------------


def test_an_update_is_a_feature_when_the_answer_comes(gate: Gate) -> None:
    answer = gate.update(
        vehicle("a", name="HLF", fmsStatus=3, location={"type": "Point", "coordinates": [8.78, 51.83]})
    )
    assert (answer.status_code, answer.content) == (204, b"")
    feature = gate.feature("urn:ngsi-ld:EmergencyVehicle:a")
    assert feature["geometry"] == {"type": "Point", "coordinates": [8.78, 51.83]}
    assert feature["properties"]["fms_status"] == 3
    assert feature["properties"]["sources"][0]["id"] == "ngsi/leitstelle"
    assert gate.update(vehicle("a", fmsStatus=4)).status_code == 204
    feature = gate.feature("urn:ngsi-ld:EmergencyVehicle:a")
    assert (feature["properties"]["name"], feature["properties"]["fms_status"]) == ("HLF", 4)


@pytest.mark.parametrize("path", ["/v2/notify", "/v2/op/notify"])
def test_a_notification(gate: Gate, path: str) -> None:
    body = {"subscriptionId": "s", "data": [vehicle("n", fmsStatus=1), {"id": "w", "type": "Weather"}, 17]}
    assert gate.post(body, path, feed="orion").status_code == 204
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:n")["properties"]["fms_status"] == 1
    assert {row["kind"] for row in gate.refusals("orion")} == {"unknown_type", "bad_entity"}


def test_both_ways_to_hand_over_a_token(gate: Gate) -> None:
    token = gate.feed("leitstelle")
    bearer = {"Authorization": f"Bearer {token}", "X-Auth-Token": ""}
    assert gate.update(vehicle("b", fmsStatus=1), headers=bearer).status_code == 204
    assert error(gate.update(vehicle("b", fmsStatus=2), headers={"X-Auth-Token": "wrong"})) == (401, "Unauthorized")
    assert error(gate.update(vehicle("b", fmsStatus=2), headers={"X-Auth-Token": ""})) == (401, "Unauthorized")
    control = {"X-Auth-Token": gate.tokens["control"]}
    assert error(gate.update(vehicle("b", fmsStatus=2), headers=control)) == (403, "Forbidden")
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:b")["properties"]["fms_status"] == 1


def test_the_actions_of_orion(gate: Gate) -> None:
    assert error(gate.update(vehicle("c", fmsStatus=1), action="update")) == (404, "NotFound")
    assert error(gate.update(vehicle("c", fmsStatus=1), action="replace")) == (404, "NotFound")
    assert error(gate.update(vehicle("c"), action="delete")) == (404, "NotFound")
    assert gate.update(vehicle("c", fmsStatus=1, name="x"), action="appendStrict").status_code == 204
    assert error(gate.update(vehicle("c", fmsStatus=2), action="appendStrict")) == (422, "Unprocessable")
    assert error(gate.update(vehicle("c", speed=2), action="update")) == (422, "Unprocessable")
    assert gate.update(vehicle("c", fmsStatus=2), action="update").status_code == 204
    assert gate.update(vehicle("c", name="y"), action="replace").status_code == 204
    properties = gate.feature("urn:ngsi-ld:EmergencyVehicle:c")["properties"]
    assert (properties["name"], properties["fms_status"]) == ("y", None)
    assert gate.update(vehicle("c", name=None), action="delete").status_code == 204
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:c")["properties"]["name"] is None
    assert gate.update(vehicle("c"), action="delete").status_code == 204
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:c") == {}
    assert gate.update(vehicle("c", name="back")).status_code == 204
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:c")["properties"]["name"] == "back"


def test_sound_neighbours_are_taken_and_the_failure_is_told(gate: Gate) -> None:
    answer = gate.update(vehicle("missing", fmsStatus=1), vehicle("a", fmsStatus=1), action="update")
    assert error(answer) == (422, "PartialUpdate")
    assert "urn:ngsi-ld:EmergencyVehicle:missing" in answer.json()["description"]
    answer = gate.update({"id": "x y", "type": "Device", "value": 1}, vehicle("d", fmsStatus=6))
    assert error(answer) == (422, "PartialUpdate")
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:d")["properties"]["fms_status"] == 6
    answer = gate.update(vehicle("d", type="Device", value=1))
    assert error(answer) == (400, "BadRequest")
    assert "belongs to a unit" in answer.json()["description"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"headers": {"Content-Type": "text/plain"}}, (415, "UnsupportedMediaType")),
        ({"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, (415, "UnsupportedMediaType")),
        ({"headers": {"Content-Type": "multipart/form-data; boundary=x"}}, (415, "UnsupportedMediaType")),
        ({"headers": {"Origin": "https://evil.example"}}, (403, "Forbidden")),
        ({"path": "/v2/op/update?situation=ex-none-1"}, (403, "Forbidden")),
    ],
    ids=range(5),
)
def test_requests_that_are_turned_away(gate: Gate, options: dict[str, Any], expected: tuple[int, str]) -> None:
    assert error(gate.update(vehicle("e", fmsStatus=1), **options)) == expected
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:e") == {}


def test_a_body_of_unknown_length(gate: Gate) -> None:
    headers = {"X-Auth-Token": gate.feed("leitstelle"), "Content-Type": "application/json"}
    answer = gate.server.request("POST", "/v2/op/update", headers=headers, data=iter([b"{}"]))
    assert error(answer) == (411, "ContentLengthRequired")


def test_a_body_of_no_type(gate: Gate) -> None:
    answer = gate.post(b"{}", headers={"Content-Type": None})
    assert error(answer) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2/op/update", (405, "MethodNotAllowed")),
        ("DELETE", "/v2/entities", (405, "MethodNotAllowed")),
        ("POST", "/v2/entities", (405, "MethodNotAllowed")),
        ("PATCH", "/v2/entities/a", (405, "MethodNotAllowed")),
        ("GET", "/v2/subscriptions", (404, "NotFound")),
        ("GET", "/v2/entities/a/attrs", (404, "NotFound")),
        ("POST", "/v2/op/query", (404, "NotFound")),
    ],
)
def test_what_is_not_here(gate: Gate, method: str, path: str, expected: tuple[int, str]) -> None:
    answer = gate.server.request(method, path, gate.feed("leitstelle"), json={})
    assert error(answer) == expected
    assert ("Allow" in answer.headers) is (expected[0] == 405)


# -- reading -----------------------------------------------------------------------------------------------------------


HOME = "urn:ngsi-ld:Building:home"
SENSOR = "urn:ngsi-ld:Device:home-1"


@pytest.fixture(scope="module")
def filled(gate: Gate) -> Gate:
    """A mission with a reporter, a home that has not granted anything yet, and a few units."""
    alert = {"id": "urn:ngsi-ld:Alert:r1", "type": "Alert", "description": {"value": "Brand"}}
    alert["data"] = {"type": "StructuredValue", "value": {"reporter": "Erika Muster", "alertKeyWord": "Feuer1"}}
    assert gate.update(alert, feed="reader").status_code == 204
    home = {"id": HOME, "type": "Building", "name": "Familie Muster", "permission": "PENDING", "category": ["house"]}
    sensor = {"id": SENSOR, "type": "Device", "value": 1, "attachedTo": {"attachedToId": HOME}}
    assert gate.update(home, sensor, feed="gateway").status_code == 204
    units = [vehicle(f"r{number:02d}", fmsStatus=number % 10, name=f"Unit {number}") for number in range(25)]
    assert gate.update(*units, feed="reader").status_code == 204
    return gate


def test_an_entity_normalized_and_as_key_values(filled: Gate) -> None:
    entity = filled.read("/v2/entities/urn:ngsi-ld:EmergencyVehicle:r03").json()
    assert entity == {
        "id": "urn:ngsi-ld:EmergencyVehicle:r03",
        "type": "EmergencyVehicle",
        "fmsStatus": {"type": "Number", "value": 3, "metadata": {}},
        "name": {"type": "Text", "value": "Unit 3", "metadata": {}},
    }
    short = filled.read("/v2/entities/urn:ngsi-ld:EmergencyVehicle:r03?options=keyValues&attrs=name").json()
    assert short == {"id": entity["id"], "type": "EmergencyVehicle", "name": "Unit 3"}
    assert filled.read(f"/v2/entities/{entity['id']}?options=values&attrs=name,fmsStatus").json() == ["Unit 3", 3]


def test_pages_of_entities(filled: Gate) -> None:
    path = "/v2/entities?type=EmergencyVehicle&options=count,keyValues"
    first = filled.read(path, "reader")
    assert first.headers["Fiware-Total-Count"] == "25"
    assert [entity["id"][-3:] for entity in first.json()] == [f"r{number:02d}" for number in range(20)]
    second = filled.read(f"{path}&offset=20&limit=1000", "reader")
    assert [entity["id"][-3:] for entity in second.json()] == ["r20", "r21", "r22", "r23", "r24"]
    assert "Fiware-Total-Count" not in filled.read("/v2/entities?limit=1").headers
    some = filled.read("/v2/entities?id=urn:ngsi-ld:EmergencyVehicle:r01,urn:ngsi-ld:Alert:r1,nobody").json()
    assert [entity["id"] for entity in some] == ["urn:ngsi-ld:Alert:r1", "urn:ngsi-ld:EmergencyVehicle:r01"]
    assert filled.read("/v2/entities?type=Nonsense").json() == []


def test_a_feed_reads_what_it_sent_itself(filled: Gate) -> None:
    assert filled.read("/v2/entities/urn:ngsi-ld:Alert:r1", "reader").status_code == 200
    assert error(filled.read("/v2/entities/urn:ngsi-ld:Alert:r1", "gateway")) == (404, "NotFound")
    own = filled.read("/v2/entities?options=keyValues", "gateway").json()
    assert {entity["id"] for entity in own} == {HOME, SENSOR}
    assert own[0]["name"] == "Familie Muster"


def test_personal_attributes_are_for_the_control_room(filled: Gate) -> None:
    path = "/v2/entities/urn:ngsi-ld:Alert:r1?options=keyValues"
    assert filled.read(path).json()["data"] == {"reporter": "Erika Muster", "alertKeyWord": "Feuer1"}
    assert filled.read(path, "admin").json()["data"] == {"alertKeyWord": "Feuer1"}


def test_a_home_shows_nothing_before_it_granted_access_and_after_it_withdrew(filled: Gate) -> None:
    def readable(role: str = "control") -> list[str]:
        return [e["id"] for e in filled.read(f"/v2/entities?id={HOME},{SENSOR}", role).json()]

    assert readable() == []
    assert error(filled.read(f"/v2/entities/{SENSOR}")) == (404, "NotFound")
    filled.update({"id": HOME, "type": "Building", "permission": "GRANTED"}, feed="gateway")
    assert readable() == [HOME, SENSOR]
    assert "name" not in filled.read(f"/v2/entities/{HOME}", "admin").json()
    filled.update({"id": HOME, "type": "Building", "permission": "DENIED"}, feed="gateway")
    assert readable() == []
    orphan = {"id": "urn:ngsi-ld:Device:orphan", "type": "Device", "value": 1}
    filled.update(orphan, feed="gateway")
    assert error(filled.read("/v2/entities/urn:ngsi-ld:Device:orphan")) == (404, "NotFound")


def test_who_may_read(filled: Gate) -> None:
    assert error(filled.read("/v2/entities", "liaison")) == (403, "Forbidden")
    assert error(filled.server.request("GET", "/v2/entities")) == (401, "Unauthorized")
    assert filled.read("/v2", "liaison").json() == {"entities_url": "/v2/entities"}
    assert set(filled.read("/version", "liaison").json()) == {"lagebild"}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=-1", "limit=x", "limit=%D9%A3", "offset=-1", "options=explode", "q=a==1",
        "idPattern=.*", "georel=near", "orderBy=id", "type=", "attrs=,", pytest.param("id=" + "x" * 300, id="long"),
    ],
)  # fmt: skip
def test_queries_that_cannot_be_answered(filled: Gate, query: str) -> None:
    assert error(filled.read(f"/v2/entities?{query}")) == (400, "BadRequest")


def test_only_json_is_spoken(filled: Gate) -> None:
    answer = filled.server.request("GET", "/v2/entities", filled.tokens["control"], headers={"Accept": "text/html"})
    assert error(answer) == (406, "NotAcceptable")
    answer = filled.server.request("GET", "/v2/entities", filled.tokens["control"], headers={"Accept": "*/*"})
    assert answer.status_code == 200


def test_what_the_control_room_reads_is_in_the_audit_trail(filled: Gate) -> None:
    filled.read("/v2/entities/urn:ngsi-ld:Alert:r1?options=keyValues")
    with sqlite3.connect(f"file:{filled.server.data / 'audit.db'}?mode=ro", uri=True) as db:
        actions = [row[0] for row in db.execute("SELECT action FROM audit WHERE role = 'control'")]
    db.close()
    assert "entities" in actions


# -- every other feed --------------------------------------------------------------------------------------------------


def test_ingest_answers_with_what_became_of_the_message(gate: Gate) -> None:
    body = [vehicle("i", fmsStatus=1), {"id": "w", "type": "Weather"}]
    answer = gate.post(body, "/feeds/ngsi/tower.2", feed="multi")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["duplicates"], told["refused"]) == (1, 0, 1)
    assert told["reasons"] == [{"reason": "unknown entity type 'Weather'", "kind": "unknown_type", "subject": "w"}]
    assert gate.feature("urn:ngsi-ld:EmergencyVehicle:i")["properties"]["sources"][0]["id"] == "ngsi/multi.tower.2"
    nothing = gate.post([{"id": "w", "type": "Weather"}], "/feeds/ngsi", feed="multi")
    assert (nothing.status_code, nothing.json()["accepted"]) == (422, 0)
    assert gate.post(b"{", "/feeds/ngsi", feed="multi").status_code == 400
    assert gate.post(b" " * 2_000_000, "/feeds/ngsi", feed="multi").status_code == 413
    for path in ("/feeds/nonsense", "/feeds/report", "/feeds/ngsi/a%20b", "/feeds/ngsi/..", "/feeds/ngsi/" + "x" * 65):
        assert gate.post(body, path, feed="multi").status_code == 404, path
