"""Senders that speak to FE2, Connect or DIVERA: their addresses, their secrets, their answers, unchanged."""

import json
from typing import Any

import pytest

from server.access import Role
from server.house import House
from tests.http.conftest import Call

ALARM = {
    "type": "ALARM",
    "timestamp": "2026-11-21T19:05:11+01:00",
    "sender": "LST",
    "data": {"externalId": "4711", "keyword": "F2", "location": {"coordinate": [8.78, 51.83]}},
}
ADDRESS = "/rest/external/http/{}/v2"


def push(call: Call, kind: str, secret: str | None, **members: Any) -> Any:
    """As such an adapter does: no header of ours, who it is stands in the message."""
    body = {**ALARM, **members} | ({} if secret is None else {"authorization": secret})
    return call("POST", ADDRESS.format(kind), json=body)


def told(call: Call) -> list[dict[str, Any]]:
    """What the control room sees of its source."""
    features = json.loads(call("GET", "/picture", "control").data)["features"]
    return [one for one in features if one["id"].startswith("alamos_fe2:")]


def test_the_shared_secret_is_the_token(call: Call, house: House) -> None:
    token, _ = house.access.create("feed", "leitstelle")
    answer = push(call, "alarm", token)
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["accepted"]) == (200, "OK", 1)
    (mission,) = told(call)
    assert mission["geometry"]["coordinates"] == [8.78, 51.83]
    assert [one["id"] for one in mission["properties"]["sources"]] == ["alamos_fe2/leitstelle"]
    assert push(call, "alarm", token).get_json()["duplicates"] == 1
    secrets = [path for path in house.data_dir.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert secrets == [], "it is written nowhere"


def test_the_address_says_what_the_message_does_not(call: Call, house: House) -> None:
    token, _ = house.access.create("feed", "leitstelle")
    body = {"timestamp": ALARM["timestamp"], "authorization": token, "data": {"radioName": "FL 1/44-1", "status": 3}}
    answer = call("POST", ADDRESS.format("status"), json=body)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "OK")
    assert [one["properties"]["fms_status"] for one in told(call)] == [3]


def test_what_cannot_be_used_is_not_ok(call: Call, house: House) -> None:
    token, _ = house.access.create("feed", "leitstelle")
    answer = push(call, "alarm", token, type="WETTER")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "NOT_OK")
    assert answer.get_json()["error"] == "unknown type 'WETTER'"
    broken = call("POST", ADDRESS.format("alarm"), "feed", data=b"{")
    assert (broken.status_code, broken.get_json()["status"]) == (400, "NOT_OK")
    assert push(call, "wetter", token).status_code == 404
    assert call("POST", "/feeds/alamos_fe2", "feed", json=ALARM).get_json()["status"] == "OK"
    assert call("POST", "/feeds/divera", "feed", json={"title": "B2", "id": 7}).get_json()["success"] is True
    assert call("POST", "/feeds/divera", "feed", data=b"{").get_json()["success"] is False


@pytest.mark.parametrize("role", [*(role for role in Role if role is not Role.FEED), "wrong", None])
def test_only_a_sender_gets_in(call: Call, house: House, role: str | None) -> None:
    token = house.access.create(role, "x", situations="*")[0] if isinstance(role, Role) else role
    answer = push(call, "alarm", token)
    assert answer.status_code == (403 if isinstance(role, Role) else 401)
    assert told(call) == []


def test_a_body_that_is_too_long_is_not_read_for_its_secret(call: Call, house: House) -> None:
    token, _ = house.access.create("feed", "leitstelle")
    assert push(call, "alarm", token, filling="x" * 1_100_000).status_code == 401


def test_connect_and_divera_at_their_own_addresses(call: Call, house: House) -> None:
    """What their senders have set is the host; the token stands where the key of theirs stood."""
    token, _ = house.access.create("feed", "leitstelle")
    status = {"Status": 3, "StatusTimestamp": "2026-11-21T19:05:11Z"}
    bearer = {"Authorization": f"bearer {token}"}
    answer = call("POST", "/interfaces/public/vehicle/4711/status", json=status, headers=bearer)
    assert (answer.status_code, answer.get_json()["accepted"]) == (200, 1), answer.text
    alarm = call("POST", f"/api/v2/alarms?accesskey={token}", json={"Alarm": {"title": "B2", "foreign_id": "E-1"}})
    assert (alarm.status_code, alarm.get_json()["success"]) == (200, True)
    old = call("POST", f"/api/alarm?accesskey={token}", data="title=H1&number=E-2")
    assert (old.status_code, old.get_json()["success"]) == (200, True), old.text
    vehicle = call("POST", f"/api/v2/using-vehicles/set-status/7?accesskey={token}", json={"status": 4})
    assert (vehicle.status_code, vehicle.get_json()["accepted"]) == (200, 1)
    features = {one["id"]: one["properties"] for one in json.loads(call("GET", "/picture", "control").data)["features"]}
    assert features["connect:unit:4711"]["fms_status"] == 3
    assert features["divera:unit:7"]["fms_status"] == 4
    assert {one.get("keyword") for one in features.values() if one["layer"] == "missions"} == {"B2", "H1"}
    kept = [path for path in house.data_dir.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert kept == [], "the key is written nowhere"
    assert call("POST", "/api/v2/alarms?accesskey=wrong", json={}).status_code == 401
