"""Sign-in, tokens, situations, health, headers and errors, route by route."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from server.audit import Audit
from server.config import LimitSettings, MapSettings, Settings
from server.house import House
from server.http import web
from server.http.guard import unguarded
from server.http.security import content_security_policy
from tests.http.conftest import Call


@pytest.fixture
def settings() -> Settings:
    """A small limit for bodies."""
    return Settings(limits=LimitSettings(body_bytes=10_000))


def test_a_code_becomes_a_token_once(call: Call, house: House) -> None:
    code = house.access.create_code("planner", "Übungsleitung", situation="ex-libori-1")
    first = call("POST", "/auth/exchange", json={"code": code})
    assert first.status_code == 200
    given = first.get_json()
    token = given.pop("token")
    assert given == {"role": "planner", "name": "Übungsleitung", "unit": None, "situation": "ex-libori-1"}
    me = call("GET", "/auth/me", headers={"X-Auth-Token": token}).get_json()
    assert me == {
        "role": "planner",
        "name": "Übungsleitung",
        "unit": None,
        "situation": "live",
        "situations": "exercises",
    }
    second = call("POST", "/auth/exchange", json={"code": code})
    assert (second.status_code, second.get_json()["error"]) == (401, "unauthorized")
    assert [line.action for line in Audit(house.data_dir / "audit.db").entries()] == ["sign-in"]


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 400), ("{", 400), ("[]", 422), ("{}", 422), ('{"code": 7}', 422), ('{"code": "x", "role": "admin"}', 422),
     ('{"code": "' + "x" * 9000 + '"}', 401), ("[" * 5000, 422), ('{"code": "\\ud800"}', 400)],
)  # fmt: skip
def test_what_is_no_exchange(call: Call, body: str, status: int) -> None:
    response = call("POST", "/auth/exchange", data=body)
    assert response.status_code == status
    assert set(response.get_json()) - {"why"} == {"error", "description"}


def test_tokens_are_made_listed_and_closed(call: Call, house: House) -> None:
    made = call("POST", "/tokens", "admin", json={"role": "crew", "name": "HLF 1", "unit": "urn:1", "days": 2})
    assert made.status_code == 201
    token, token_id = made.get_json()["token"], made.get_json()["id"]
    assert call("GET", "/auth/me", headers={"Authorization": f"Bearer {token}"}).get_json()["unit"] == "urn:1"
    listed = call("GET", "/tokens", "admin")
    assert token not in listed.text
    assert "HLF 1" in listed.text
    assert call("DELETE", f"/tokens/{token_id}", "admin").status_code == 204
    assert call("DELETE", f"/tokens/{token_id}", "admin").status_code == 404
    assert call("GET", "/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    actions = [line.action for line in Audit(house.data_dir / "audit.db").entries()]
    assert actions == ["token-created", "token-revoked"]


@pytest.mark.parametrize(
    "wish",
    [{"role": "chief", "name": "x"}, {"role": "crew", "name": ""}, {"role": "feed", "name": "x", "days": 0},
     {"role": "feed", "name": "x", "days": 1e9}, {"role": "feed", "name": "x", "situations": "all"}],
)  # fmt: skip
def test_a_token_that_cannot_be(call: Call, wish: dict[str, Any]) -> None:
    assert call("POST", "/tokens", "admin", json=wish).status_code == 422


def test_an_exercise_from_start_to_end(call: Call, house: House) -> None:
    names = [known["name"] for known in call("GET", "/scenarios", "planner").get_json()["scenarios"]]
    assert "hausbrand" in names
    made = call("POST", "/situations", "planner", json={"scenario": "hausbrand", "speed": 2})
    assert made.status_code == 201
    exercise = made.get_json()
    assert (exercise["status"], exercise["state"], exercise["speed"]) == ("Exercise", "running", 2)
    path = f"/situations/{exercise['id']}/clock"

    def clock(**wish: Any) -> Any:
        response = call("POST", path, "planner", json=wish)
        assert response.status_code == 200, response.text
        return response.get_json()

    assert clock(action="pause")["state"] == "paused"
    assert clock(action="jump", to="2026-09-12T19:45:00Z")["now"] == "2026-09-12T19:45:00.000Z"
    assert clock(action="resume")["state"] == "running"
    assert clock(action="speed", speed=10)["speed"] == 10
    body = {"actionType": "append", "entities": [{"id": "urn:x", "type": "EmergencyVehicle", "fmsStatus": 3}]}
    inject = call(
        "POST",
        f"/situations/{exercise['id']}/inject",
        "planner",
        json={"feed": "ngsi", "instance": "leitstelle", "body": body},
    )
    assert inject.get_json() == {"accepted": 1, "duplicates": 0, "refused": []}
    picture = json.loads(call("GET", f"/picture?situation={exercise['id']}", "control").data)
    assert picture["status"] == "Exercise"
    assert "urn:x" in {feature["id"] for feature in picture["features"]}
    assert json.loads(call("GET", "/picture", "control").data)["features"] == [], "nothing of it is live"
    assert clock(action="end")["state"] == "ended"
    assert call("POST", path, "planner", json={"action": "resume"}).status_code == 409
    ended = [s for s in call("GET", "/situations", "liaison").get_json()["situations"] if s["id"] == exercise["id"]]
    assert ended[0]["state"] == "ended"
    actions = [line.action for line in Audit(house.data_dir / "audit.db").entries() if line.role == "planner"]
    assert actions == ["exercise-started", "clock", "clock", "clock", "clock", "inject", "exercise-ended"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/situations", {"scenario": "nonsense"}, 404),
        ("/situations", {"scenario": "hausbrand", "speed": 0}, 422),
        ("/situations", {"scenario": "hausbrand", "speed": 61}, 422),
        ("/situations", {"scenario": "../hausbrand"}, 404),
        ("/situations/live/clock", {"action": "pause"}, 409),
        ("/situations/live/inject", {"feed": "ngsi", "instance": "x", "body": {}}, 409),
        ("/situations/ex-none-1/clock", {"action": "pause"}, 404),
        ("/situations/live/clock", {"action": "stop"}, 422),
        ("/situations/live/clock", {"action": "jump", "to": "tomorrow"}, 422),
    ],
)
def test_what_cannot_be_done_to_a_situation(call: Call, path: str, body: dict[str, Any], status: int) -> None:
    response = call("POST", path, "admin", json=body)
    assert response.status_code == status, response.text
    assert set(response.get_json()) - {"why"} == {"error", "description"}


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_in_no_year_is_refused(call: Call, since: str) -> None:
    response = call("POST", "/quarantine/retry", "control", json={"since": since})
    assert (response.status_code, response.get_json()["description"]) == (422, "since: out of range")


def test_health(call: Call, house: House) -> None:
    assert call("GET", "/healthz").get_json() == {"status": "alive"}
    ready = call("GET", "/readyz")
    assert (ready.status_code, ready.get_json()) == (200, {"status": "ready", "desks": 1, "broken": 0})
    house.situations.live.desk.stats.failing = "disk full"
    broken = call("GET", "/readyz")
    assert (broken.status_code, broken.get_json()["broken"]) == (503, 1)
    house.situations.live.desk.stats.failing = ""
    house.situations.live.desk.stop()
    assert call("GET", "/readyz").status_code == 503


def test_metrics(call: Call) -> None:
    body = {
        "actionType": "append",
        "entities": [{"id": "urn:x", "type": "EmergencyVehicle", "fmsStatus": 3}, {"id": "y"}],
    }
    call("POST", "/v2/op/update", "feed", json=body)
    call("GET", "/auth/me", headers={"Authorization": "Bearer wrong"})
    text = call("GET", "/metrics", "admin").text
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["lagebild_observations_total", ("feed", "ngsi"), ("situation", "live")] == 1
    assert found["lagebild_desk_accepted_total", ("situation", "live")] >= 1
    assert found["lagebild_parts_refused_total",] == 1
    assert found["lagebild_quarantine_rows",] == 1
    assert found["lagebild_sign_in_failures_total",] == 1
    assert found["lagebild_inbox_depth", ("situation", "live")] == 0
    assert found["lagebild_situations", ("state", "running"), ("status", "Actual")] == 1
    assert found["lagebild_uptime_seconds",] > 0
    assert found["process_resident_memory_bytes",] > 0
    assert found["lagebild_request_seconds_count", ("endpoint", "ngsi.update"), ("status", "422")] == 1
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"lagebild_clients", "lagebild_deltas", "lagebild_delta_bytes", "lagebild_delta_age_seconds"} <= names


def test_config(call: Call) -> None:
    config = call("GET", "/config", "crew").get_json()
    assert config["protocol"] == 1
    assert set(config["map"]) == {"style_url", "pmtiles_url", "raster_url", "attribution"}


def test_the_quarantine_is_shown(call: Call) -> None:
    call("POST", "/v2/op/update", "feed", json={"actionType": "append", "entities": [{"id": "no type"}]})
    shown = call("GET", "/quarantine?limit=1", "control").get_json()
    assert shown["counts"]["total"] == 1
    assert shown["quarantine"][0]["feed"] == "ngsi"
    assert call("GET", "/quarantine?limit=0", "control").status_code == 422
    assert call("GET", "/quarantine?limit=x", "control").status_code == 422


def test_pages(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    front = call("GET", "/")
    assert (front.status_code, front.headers["Location"]) == (302, "/control")
    monkeypatch.setattr(web, "DIST", tmp_path)
    missing = call("GET", "/control")
    assert (missing.status_code, "make setup" in missing.get_json()["description"]) == (503, True)
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Lagebild</title>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("1")
    for path in ("/control", "/planner", "/liaison"):
        page = call("GET", path)
        assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-cache")
    asset = call("GET", "/assets/main-1a2b.js")
    assert asset.status_code == 200
    assert "max-age=31536000" in asset.headers["Cache-Control"]
    assert call("GET", "/assets/../index.html").status_code == 404
    assert call("GET", "/assets/none.js").status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/picture", "/nowhere", "/control", "/v2/entities"])
def test_every_answer_carries_the_headers(call: Call, path: str) -> None:
    headers = call("GET", path, "control").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in headers


def test_the_policy_names_the_map_hosts() -> None:
    policy = content_security_policy(
        MapSettings(raster_url="https://tiles.example.org/{z}/{x}/{y}.png", hosts=("https://fonts.example.org",))
    )
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["connect-src"] == "'self' https://fonts.example.org https://tiles.example.org"
    assert directives["script-src"] == "'self'"


def test_a_body_over_the_limit(call: Call) -> None:
    response = call("POST", "/auth/exchange", data="x" * 10_001)
    assert (response.status_code, response.get_json()["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/%00", 404, "not_found"),
        ("PUT", "/picture", 405, "method_not_allowed"),
        ("GET", "/picture?situation=ex-none-1", 404, "not_found"),
        ("GET", "/picture?situation=../../etc", 404, "not_found"),
    ],
)
def test_errors_are_json(call: Call, method: str, path: str, status: int, error: str) -> None:
    response = call(method, path, "control")
    assert (response.status_code, response.get_json()["error"]) == (status, error)


def test_an_error_of_ours_tells_nothing(call: Call, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as broken:
        broken.setattr(house.situations, "list", fail)
        response = call("GET", "/situations", "control")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.get_json()["error"] == "internal"


def test_a_route_without_a_word_on_access_is_found(app: Flask) -> None:
    assert unguarded(app) == []
    app._got_first_request = False
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert unguarded(app) == ["forgotten"]


def test_no_route_leaks_the_version_of_the_server_software(call: Call) -> None:
    assert not re.search(r"Werkzeug|Python|eventlet", str(call("GET", "/nowhere").headers), re.IGNORECASE)
