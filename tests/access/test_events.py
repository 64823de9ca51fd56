"""Every Socket.IO event against every role and nobody: one explicit table. An event without a row fails."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import socketio

from server.access import Role
from server.app import build, create_app
from server.config import Settings
from server.feeds.report import AnyReport
from server.house import House
from server.reports import KINDS
from server.sockets import EVENTS, engine_of
from tests.server import Client, Server
from tests.situations.tools import alert
from tests.sync.test_wire import update

UNIT = "urn:unit:1"
CONNECTS = {Role.CONTROL, Role.CREW, Role.PLANNER, Role.LIAISON, Role.ADMIN}
"""Everybody but a feed, and nobody without a token."""
EVENT_TABLE = {"connect": CONNECTS, "disconnect": CONNECTS, "applied": CONNECTS, "report": CONNECTS}
"""`report` is answered for everybody who is connected; what may be reported is the next table."""
REPORT_TABLE: dict[str, set[Role]] = {
    "unit_status": {Role.CREW},
    "position": {Role.CREW},
    "note": {Role.CREW, Role.CONTROL},
    "seen": {Role.CREW, Role.CONTROL},
    "confirm": {Role.CONTROL},
    "reject": {Role.CONTROL},
    "locate": {Role.CONTROL},
}
BODIES: dict[str, dict[str, Any]] = {
    "unit_status": {"fms_status": 3},
    "position": {"lon": 8.78, "lat": 51.83},
    "note": {"text": "Wasserversorgung steht"},
    "seen": {"target": "urn:mission:1"},
    "confirm": {"target": "urn:mission:1"},
    "reject": {"target": "urn:mission:1", "reason": "Fehlalarm"},
    "locate": {"target": "urn:ngsi-ld:Alert:test-1", "lon": 8.78, "lat": 51.83, "label": "Kamp 1"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    with Server(tmp_path_factory.mktemp("data")) as running:
        update(running, running.token("feed", "leitstelle"), alert(1))
        yield running


@pytest.fixture(scope="module")
def tokens(server: Server) -> dict[Role, str]:
    """A token of every role."""
    options = {Role.CREW: ("--unit", UNIT)}
    return {role: server.token(role, f"test {role}", "--situation", "*", *options.get(role, ())) for role in Role}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The rooms of a server in this process."""
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    rooms = build(tmp_path, Settings())
    yield rooms
    rooms.sync.stop()
    rooms.situations.live.journal.close()
    rooms.access.close()
    rooms.quarantine.close()


def test_every_event_has_a_row(house: House) -> None:
    _, io = create_app(house)
    handlers = cast(dict[str, Any], engine_of(io).handlers["/"])
    assert set(handlers) == set(EVENT_TABLE) == set(EVENTS)
    assert set(engine_of(io).handlers) == {"/"}


def test_an_error_of_ours_lets_nobody_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    app, io = create_app(house)
    token, _ = house.access.create("control", "x")

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(house.sync, "join", fail)
    assert not io.test_client(app, auth={"token": token}).is_connected()
    monkeypatch.undo()
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    client = io.test_client(app, auth={"token": token})
    assert client.is_connected()
    monkeypatch.setattr(house.reports, "take", fail)
    answer = cast(dict[str, Any], client.emit("report", {"kind": "note"}, callback=True))
    assert (answer["ok"], answer["error"], "secret" in str(answer)) == (False, "internal", False)
    client.disconnect()


def test_every_report_has_a_row() -> None:
    tags = {kind.__struct_config__.tag for kind in AnyReport.__args__}
    assert tags == set(REPORT_TABLE) == set(KINDS) == set(BODIES)


@pytest.mark.parametrize("role", Role)
def test_who_may_connect(server: Server, tokens: dict[Role, str], role: Role) -> None:
    client = Client(server.url, tokens[role], situation="live")
    if role in EVENT_TABLE["connect"]:
        with client:
            assert client.hellos[0]["role"] == role
    else:
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect()


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000, None, 7, {"$ne": ""}])
def test_nobody_connects_without_a_valid_token(server: Server, token: Any) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        Client(server.url, token).connect()


@pytest.mark.parametrize("role", sorted(CONNECTS))
def test_what_a_role_may_report(server: Server, tokens: dict[Role, str], role: Role) -> None:
    with Client(server.url, tokens[role], situation="live") as client:
        for number, (kind, body) in enumerate(BODIES.items()):
            answer = client.report(client_id=f"tester-{role}", client_seq=number, kind=kind, **body)
            if role in REPORT_TABLE[kind]:
                assert answer["ok"] is True, answer
            else:
                assert (answer["ok"], answer["error"]) == (False, "forbidden")


def test_a_crew_speaks_for_its_own_unit_only(server: Server, tokens: dict[Role, str]) -> None:
    with Client(server.url, tokens[Role.CREW], situation="live") as client:
        report = {"client_id": "tester-crew", "kind": "unit_status", "fms_status": 1}
        assert client.report(client_seq=100, unit=UNIT, **report)["ok"] is True
        assert client.report(client_seq=101, unit="urn:unit:2", **report)["error"] == "forbidden"
        assert client.report(client_seq=102, role="control", name="Leitstelle", **report)["ok"] is True
        lost = server.token("crew", "no unit", "--situation", "*")
    with Client(server.url, lost, situation="live") as client:
        assert client.report(client_seq=1, **report)["error"] == "forbidden"


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "report",
        {},
        {"kind": "unit_status"},
        {"kind": "launch"},
        {"kind": ["note"]},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "unit_status", "fms_status": 12},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "unit_status", "fms_status": "3"},
        {"client_id": "tester-crew", "client_seq": -1, "kind": "unit_status", "fms_status": 3},
        {"client_id": "short", "client_seq": 1, "kind": "unit_status", "fms_status": 3},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "position", "lon": 181, "lat": 0},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "note", "text": ""},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "note", "text": "x" * 2001},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "note", "text": "x", "at": "yesterday"},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "note", "text": "x", "at": "2026-07-25T10:00:00"},
        {"client_id": "tester-crew", "client_seq": 1, "kind": "note", "text": "x", "extra": 1},
    ],
)
def test_nonsense_is_refused_with_words(server: Server, tokens: dict[Role, str], message: Any) -> None:
    with Client(server.url, tokens[Role.CREW], situation="live") as client:
        answer = client.io.call("report", message, timeout=30)
        assert isinstance(answer, dict)
        assert answer["ok"] is False
        assert answer["error"] in ("invalid", "forbidden")
        assert answer["description"]
        client.io.emit("applied", message)
        client.io.emit("no-such-event", message)
        assert client.report(client_id="tester-crew", client_seq=7, kind="seen", target="urn:x")["ok"] is True
