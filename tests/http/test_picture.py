"""The picture over HTTP: by role, by layer, as it was; and each look at personal data in the trail."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from server.audit import Audit
from server.house import House
from tests.http.conftest import Call

MISSION = {
    "id": "urn:ngsi-ld:Alert:1",
    "type": "Alert",
    "category": "fire",
    "location": {"type": "Point", "coordinates": [8.78, 51.83]},
}
REPORT = {
    "id": "urn:ngsi-ld:CitizenReport:1",
    "type": "CitizenReport",
    "sender": {"id": 4711, "name": "Erika Mustermann"},
    "attachments": [{"attachmentType": "TEXT", "text": "Rauch in der Kettengasse"}],
    "location": {"type": "Point", "coordinates": [8.78, 51.83]},
}
UNIT = {
    "id": "urn:ngsi-ld:EmergencyVehicle:1",
    "type": "EmergencyVehicle",
    "location": {"type": "Point", "coordinates": [8.77, 51.82]},
}


@pytest.fixture(autouse=True)
def sent(call: Call) -> None:
    """A feed has spoken."""
    body = {"actionType": "append", "entities": [MISSION, UNIT]}
    assert call("POST", "/v2/op/update?options=keyValues", "feed", json=body).status_code == 204


def ids(answer: Any) -> set[str]:
    """The features of a collection."""
    return {feature["id"] for feature in answer["features"]}


def test_a_feature_collection_with_where_it_stands(call: Call) -> None:
    response = call("GET", "/picture?situation=live", "control")
    assert response.content_type == "application/geo+json"
    assert response.headers["Cache-Control"] == "no-store"
    answer = json.loads(response.data)
    assert answer["type"] == "FeatureCollection"
    assert (answer["situation"], answer["status"], answer["title"]) == ("live", "Actual", "Echtlage")
    assert answer["rev"] == 2
    assert {MISSION["id"], UNIT["id"]} <= ids(answer)
    (unit,) = [feature for feature in answer["features"] if feature["id"] == UNIT["id"]]
    assert unit["type"] == "Feature"
    assert unit["geometry"] == {"type": "Point", "coordinates": [8.77, 51.82]}
    assert unit["properties"]["layer"] == "units"
    assert unit["properties"]["rev"] in (1, 2)


def test_live_is_meant_where_nothing_is_said(call: Call) -> None:
    assert json.loads(call("GET", "/picture", "control").data)["situation"] == "live"


def test_layers(call: Call) -> None:
    answer = json.loads(call("GET", "/picture?layers=units", "control").data)
    assert ids(answer) == {UNIT["id"]}
    assert call("GET", "/picture?layers=units,nonsense", "control").status_code == 422
    assert call("GET", "/picture?layers=devices", "liaison").status_code == 422


def test_as_it_was(call: Call, house: House) -> None:
    between = datetime.now(UTC)
    body = {"actionType": "append", "entities": [{**UNIT, "id": "urn:ngsi-ld:EmergencyVehicle:2"}]}
    assert call("POST", "/v2/op/update?options=keyValues", "feed", json=body).status_code == 204
    now = json.loads(call("GET", "/picture", "control").data)
    then = json.loads(call("GET", "/picture", "control", query_string={"at": between.isoformat()}).data)
    assert "urn:ngsi-ld:EmergencyVehicle:2" in ids(now)
    assert "urn:ngsi-ld:EmergencyVehicle:2" not in ids(then)
    assert (then["rev"], now["rev"]) == (2, 3)
    assert then["now"] == between.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    "at", ["yesterday", "2026-07-25T10:00:00", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_cannot_be(call: Call, at: str) -> None:
    response = call("GET", "/picture", "control", query_string={"at": at})
    assert response.status_code == 422
    assert json.loads(response.data)["error"] == "unprocessable"


def test_reads_of_personal_data_are_in_the_trail(call: Call, house: House) -> None:
    for role in ("control", "liaison", "planner"):
        call("GET", "/picture", role)
    call("GET", "/picture?at=2020-01-01T00:00:00Z", "liaison")
    lines = [(line.action, line.role) for line in Audit(house.data_dir / "audit.db").entries()]
    assert lines == [("picture", "control"), ("picture", "liaison")]


def test_names_stay_with_those_they_are_for(call: Call) -> None:
    body = {"actionType": "append", "entities": [REPORT]}
    assert call("POST", "/v2/op/update?options=keyValues", "feed", json=body).status_code == 204
    assert "Mustermann" in call("GET", "/picture", "control").text
    for role in ("liaison", "planner", "admin", "crew"):
        assert "Mustermann" not in call("GET", "/picture", role).text
