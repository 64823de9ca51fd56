"""An exercise over the wire: marked, controlled, started anew; and what each role gets of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from layers.views import PERSONAL
from tests.server import Client, Server, wait_until

EXERCISE = "ex-hausbrand-1"
UNIT = "urn:ngsi-ld:EmergencyVehicle:padertopia-hlf-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that plays the house fire."""
    with Server(tmp_path_factory.mktemp("data"), "--demo", "hausbrand") as running:
        wait_until(lambda: len(running.lines) >= 7, "the exercise")
        yield running


@pytest.fixture(scope="module")
def tokens(server: Server) -> dict[str, str]:
    """One of each role, for this exercise."""
    return {
        role: server.token(role, f"test {role}", "--situation", EXERCISE, *(("--unit", UNIT) if role == "crew" else ()))
        for role in ("control", "crew", "planner", "liaison", "admin")
    }


def clock(server: Server, token: str, **wish: Any) -> dict[str, Any]:
    """Control the clock."""
    response = server.request("POST", f"/situations/{EXERCISE}/clock", token, json=wish)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def shown(server: Server, token: str) -> tuple[int, dict[str, Any]]:
    """Revision and features as HTTP tells them."""
    answer = server.get(f"/picture?situation={EXERCISE}", token)
    return answer["rev"], {feature["id"]: feature for feature in answer["features"]}


def test_from_jump_to_jump(server: Server, tokens: dict[str, str]) -> None:
    clients = {role: Client(server.url, token, situation=EXERCISE) for role, token in tokens.items()}
    for client in clients.values():
        client.connect()
    try:
        assert {client.hellos[0]["status"] for client in clients.values()} == {"Exercise"}
        clock(server, tokens["planner"], action="pause")
        wait_until(lambda: all(c.clocks and c.clocks[-1]["state"] == "paused" for c in clients.values()), "the pause")
        clock(server, tokens["planner"], action="jump", to="2026-09-12T19:50:00Z")
        for role, client in clients.items():
            rev, features = shown(server, tokens[role])
            wait_until(lambda c=client, f=features: c.features == f, f"{role} to have it all")  # type: ignore[misc]
            assert client.rev <= rev
            wait_until(lambda c=client: c.clocks[-1]["now"] == "2026-09-12T19:50:00.000Z", "the clock")  # type: ignore[misc]
        check_what_each_may_see(clients)
        before = clients["control"].hellos[0]["epoch"]
        clock(server, tokens["planner"], action="jump", to="2026-09-12T19:42:00Z")
        for role, client in clients.items():
            wait_until(lambda c=client: len(c.hellos) == 2, f"{role} to be greeted anew")  # type: ignore[misc]
            rev, features = shown(server, tokens[role])
            wait_until(lambda c=client, f=features: c.features == f, f"{role} to have the past")  # type: ignore[misc]
            assert client.hellos[1]["epoch"] != before
            assert client.hellos[1]["now"] == "2026-09-12T19:42:00.000Z"
            assert any(delta["full"] for delta in client.deltas[1:])
        old = Client(server.url, tokens["control"], situation=EXERCISE, rev=clients["control"].rev, epoch=before)
        with old:
            assert old.deltas[0]["full"] is True, "a cursor of the take before is worth nothing"
        clock(server, tokens["planner"], action="end")
        wait_until(lambda: all(c.clocks[-1]["state"] == "ended" for c in clients.values()), "the end")
        late = clients["crew"].report(client_id="tablet-0001", client_seq=1, kind="unit_status", fms_status=1)
        assert (late["ok"], late["error"]) == (False, "closed")
    finally:
        for client in clients.values():
            client.close()


def check_what_each_may_see(clients: dict[str, Client]) -> None:
    """Layers and fields by role, on what really arrived."""
    layers = {
        role: {feature["properties"]["layer"] for feature in client.features.values()}
        for role, client in clients.items()
    }
    assert {"missions", "units", "drones", "buildings", "devices", "cards", "sources"} <= layers["control"]
    assert "devices" in layers["crew"]
    assert not {"devices", "cards"} & layers["liaison"]
    for role in ("liaison", "planner", "admin"):
        everything = json.dumps(clients[role].deltas)
        assert "email" not in everything
        for feature in clients[role].features.values():
            assert not PERSONAL.get(feature["properties"]["layer"], frozenset()) & set(feature["properties"])
    devices = {i for i, f in clients["control"].features.items() if f["properties"]["layer"] == "devices"}
    heard = json.dumps(clients["liaison"].deltas)
    assert devices
    assert not [device for device in devices if f'"{device}"' in heard], "not even their ids"


def test_nothing_of_it_is_live(server: Server) -> None:
    with Client(server.url, server.token("control"), situation="live") as client:
        assert client.hellos[0]["status"] == "Actual"
        assert client.features == {}


def test_its_log_lines_are_marked(server: Server) -> None:
    lines = [json.loads(line) for line in server.log if "ex-hausbrand-1" in line]
    assert all(line["exercise"] is True and "ÜBUNG" in line["message"] for line in lines)
