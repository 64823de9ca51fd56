"""Who does not play by the rules is cut, and nobody else notices."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import socketio
import websocket

from tests.server import Client, Server, raw_websocket, wait_until
from tests.sync.test_wire import UNIT, stands, unit, update

LIMITS = {
    "LAGEBILD_LIMITS_ACK_TIMEOUT_S": "3",
    "LAGEBILD_LIMITS_IDLE_DELTA_S": "1",
    "LAGEBILD_LIMITS_CLIENTS": "3",
    "LAGEBILD_LIMITS_CLIENTS_PER_ADDRESS": "2",
    "LAGEBILD_SERVER_TRUSTED_PROXIES": "1",
    "LAGEBILD_LIMITS_MESSAGES_PER_MIN": "1200",
    "LAGEBILD_LIMITS_REPORTS_PER_MIN": "5",
    "LAGEBILD_LIMITS_MESSAGE_BYTES": "20000",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with narrow limits."""
    with Server(tmp_path_factory.mktemp("data"), **LIMITS) as running:
        yield running


@pytest.fixture(scope="module")
def tokens(server: Server) -> dict[str, str]:
    """One of each kind that is needed here."""
    return {
        "feed": server.token("feed", "leitstelle"),
        "control": server.token("control"),
        "crew": server.token("crew", "HLF", "--unit", UNIT),
        "liaison": server.token("liaison"),
    }


def count_of(server: Server, name: str, **labels: str) -> float:
    """A metric's value."""
    text = server.request("GET", "/metrics", server.token("admin", "prometheus")).text
    wanted = name + (
        "{" + ",".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}" if labels else ""
    )
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(wanted + " ")), 0.0)


def test_who_never_acknowledges_is_cut(server: Server, tokens: dict[str, str]) -> None:
    with Client(server.url, tokens["control"], hold=True) as silent, Client(server.url, tokens["control"]) as other:
        wait_until(silent.gone.is_set, "the silent client to be cut")
        update(server, tokens["feed"], unit(UNIT, 8.71))
        wait_until(lambda: UNIT in other.features, "the news at the other client")
        assert not other.gone.is_set()
    assert count_of(server, "lagebild_clients_cut_total", reason="acknowledged nothing") == 1


def test_an_idle_cursor_moves_up(server: Server, tokens: dict[str, str]) -> None:
    body = {
        "actionType": "append",
        "entities": [{"id": "urn:home:1", "type": "Building", "location": unit("x", 8.7)["location"]}],
    }
    with Client(server.url, tokens["liaison"]) as client:
        assert server.request("POST", "/v2/op/update", tokens["feed"], json=body).status_code == 204
        wait_until(lambda: client.rev == server.get("/picture", tokens["liaison"])["rev"], "the cursor to move")
        assert "urn:home:1" not in client.features
        assert all("urn:home:1" not in str(delta) for delta in client.deltas)


def test_a_flood_is_cut_and_the_others_are_served(server: Server, tokens: dict[str, str]) -> None:
    with Client(server.url, tokens["control"]) as other, raw_websocket(server.url) as flood:
        with pytest.raises((OSError, websocket.WebSocketException)):
            for _ in range(1_000_000):
                flood.send('42["applied",{"to":1}]')
        update(server, tokens["feed"], unit(UNIT, 8.72))
        wait_until(lambda: stands(other, 8.72), "the news at the other client")
    assert count_of(server, "lagebild_clients_cut_total", reason="too many messages") >= 1


@contextmanager
def from_elsewhere(server: Server, token: str) -> Iterator[str]:
    """A client from another address; yields what it is told when it signs in."""
    with raw_websocket(server.url, "X-Forwarded-For: 192.0.2.9") as wire:
        wire.recv()
        wire.send(f'40{{"token":"{token}"}}')
        said = wire.recv()
        yield said if isinstance(said, str) else said.decode()


def test_the_server_can_be_full_and_an_address_before_it(server: Server, tokens: dict[str, str]) -> None:
    clients = [Client(server.url, tokens["control"]).connect() for _ in range(2)]
    with pytest.raises(socketio.exceptions.ConnectionError):
        Client(server.url, tokens["control"]).connect()
    with from_elsewhere(server, tokens["control"]) as first, from_elsewhere(server, tokens["control"]) as second:
        assert (first[:2], second) == ("40", '44{"message":"full"}')
    clients.pop().close()
    wait_until(lambda: count_of(server, "lagebild_clients", role="control") == 1, "the places to be free")
    with Client(server.url, tokens["control"]) as late:
        assert late.hellos
    for client in clients:
        client.close()
    assert count_of(server, "lagebild_clients_refused_total") == 1
    assert count_of(server, "lagebild_turned_away_total", door="clients") == 1


def test_a_message_that_is_too_long_ends_the_connection(server: Server, tokens: dict[str, str]) -> None:
    with Client(server.url, tokens["crew"]) as client:
        client.io.emit("report", {"kind": "note", "text": "x" * 30_000})
        wait_until(client.gone.is_set, "the connection to end")
    assert server.get("/healthz") == {"status": "alive"}


def test_too_many_reports_are_told_to_wait(server: Server, tokens: dict[str, str]) -> None:
    with Client(server.url, tokens["crew"]) as client:
        answers: list[dict[str, Any]] = []
        while not answers or answers[-1]["ok"]:  # on a slow machine the next is allowed meanwhile
            assert len(answers) < 60
            answers.append(client.report(client_id="tablet-0001", client_seq=len(answers), kind="seen", target="x"))
    assert len(answers) > 5
    assert answers[-1]["error"] == "too_many"
    assert answers[-1]["retry_after_s"] > 0


def test_a_transport_without_sign_in_is_closed(server: Server) -> None:
    with raw_websocket(server.url) as stranger:
        assert stranger.recv(), "the greeting of the transport"
        with pytest.raises((OSError, websocket.WebSocketException)):
            while stranger.recv():
                pass
            raise websocket.WebSocketConnectionClosedException("the end of the stream")
    assert count_of(server, "lagebild_clients_cut_total", reason="never signed in") >= 1
