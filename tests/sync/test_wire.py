"""Real clients against a real server: what they get, when, and what they are refused."""

from functools import partial
from typing import Any

import pytest
import socketio

from tests.server import Client, Server, raw_websocket, wait_until

UNIT = "urn:ngsi-ld:EmergencyVehicle:hlf-1"
TYPES = {"mission": "Alert", "unit": "EmergencyVehicle", "home": "Building", "device": "Device"}


def attribute(kind: str, value: Any) -> dict[str, Any]:
    """A normalized NGSI attribute."""
    return {"type": kind, "value": value}


def point(lon: float, lat: float) -> dict[str, Any]:
    """A GeoJSON point as an attribute."""
    return attribute("geo:json", {"type": "Point", "coordinates": [lon, lat]})


def unit(unit_id: str, lon: float, lat: float = 51.83, **more: Any) -> dict[str, Any]:
    """A vehicle where it is now."""
    return {"id": unit_id, "type": "EmergencyVehicle", "location": point(lon, lat), **more}


def update(server: Server, token: str, *entities: dict[str, Any]) -> None:
    """Send entities as a broker's client does."""
    body = {"actionType": "append", "entities": list(entities)}
    response = server.request("POST", "/v2/op/update", token, json=body)
    assert response.status_code == 204, response.text


def stands(client: Client, lon: float) -> bool:
    """Has the client heard that the unit is there?"""
    return bool(client.features[UNIT]["geometry"]["coordinates"][0] == lon)


@pytest.fixture(scope="module")
def feed(server: Server) -> str:
    """A token that may send."""
    return server.token("feed", "leitstelle")


@pytest.fixture(scope="module")
def control(server: Server) -> str:
    """The control room's token."""
    return server.token("control", "Leitstelle")


@pytest.mark.parametrize("server", ["eventlet", "threading"], indirect=True, scope="module")
class TestBothModes:
    """What must hold in either async mode."""

    def test_hello_then_everything(self, server: Server, feed: str, control: str) -> None:
        update(server, feed, unit(UNIT, 8.78))
        with Client(server.url, control) as client:
            (hello,) = client.hellos
            assert hello["protocol"] == 1
            assert hello["situation"] == "live"
            assert hello["status"] == "Actual"
            assert (hello["role"], hello["name"], hello["unit"]) == ("control", "Leitstelle", None)
            assert client.deltas[0]["full"] is True
            assert client.features[UNIT]["geometry"] == {"type": "Point", "coordinates": [8.78, 51.83]}
            wait_until(lambda: client.rev == server.get("/picture", control)["rev"], "the newest revision")
            shown = {feature["id"]: feature for feature in server.get("/picture", control)["features"]}
            assert client.features == shown

    def test_a_change_travels_as_a_patch_of_what_changed(self, server: Server, feed: str, control: str) -> None:
        update(server, feed, unit(UNIT, 8.781, vehicleType=attribute("Text", "HLF")))
        with Client(server.url, control) as client:
            before = dict(client.features[UNIT]["properties"])
            update(server, feed, unit(UNIT, 8.782))
            wait_until(lambda: client.features[UNIT]["geometry"]["coordinates"] == [8.782, 51.83], "the move")
            patches = [patch for delta in client.deltas[1:] for patch in delta["patch"] if patch["id"] == UNIT]
            assert patches
            assert all("vehicle_type" not in patch["set"] for patch in patches)
            assert client.features[UNIT]["properties"]["vehicle_type"] == before["vehicle_type"]
            assert not any(feature["id"] == UNIT for delta in client.deltas[1:] for feature in delta["upsert"])

    def test_who_comes_back_gets_one_delta_from_its_cursor(self, server: Server, feed: str, control: str) -> None:
        update(server, feed, unit("other", 8.7), unit(UNIT, 8.783))
        with Client(server.url, control) as client:
            wait_until(lambda: "other" in client.features, "both units")
            epoch = client.hellos[0]["epoch"]
        update(server, feed, unit(UNIT, 8.784))
        update(server, feed, unit(UNIT, 8.785))
        again = Client(server.url, control, rev=client.rev, epoch=epoch)
        again.features = client.features
        with again:
            first = again.deltas[0]
            assert (first["full"], first["from"]) == (False, client.rev)
            assert again.features[UNIT]["geometry"]["coordinates"] == [8.785, 51.83]
            assert "other" not in {item["id"] for item in first["upsert"] + first["patch"]}
            assert len(again.deltas) == 1

    def test_a_cursor_of_another_epoch_gets_everything(self, server: Server, feed: str, control: str) -> None:
        update(server, feed, unit(UNIT, 8.786))
        with Client(server.url, control, rev=1, epoch="0123456789abcdef") as client:
            assert client.deltas[0]["full"] is True
        with Client(server.url, control, rev=10**9) as client:
            assert client.deltas[0]["full"] is True

    def test_at_most_one_delta_is_under_way(self, server: Server, feed: str, control: str) -> None:
        with Client(server.url, control, hold=True) as slow, Client(server.url, control) as quick:
            for step in range(5):
                update(server, feed, unit(UNIT, 8.79 + step / 1000))
                wait_until(partial(stands, quick, 8.79 + step / 1000))
            assert len(slow.deltas) == 1
            slow.hold = False
            slow.io.emit("applied", {"to": slow.rev})
            wait_until(lambda: slow.features == quick.features, "the slow client to catch up")
            assert len(slow.deltas) == 2
            assert len(quick.deltas) >= 5

    def test_the_compressed_encoding_says_the_same(self, server: Server, feed: str, control: str) -> None:
        update(server, feed, *(unit(f"unit-{n}", 8.7 + n / 1000) for n in range(30)))
        with Client(server.url, control) as plain, Client(server.url, control, encoding="json+zlib") as packed:
            wait_until(lambda: len(plain.features) > 30 and plain.features == packed.features, "both to agree")
            assert len(packed.raw[0]) * 3 < len(plain.raw[0])

    def test_a_report_is_acknowledged_after_it_is_durable_and_counts_once(self, server: Server, control: str) -> None:
        crew = server.token("crew", "HLF 1", "--unit", UNIT)
        with Client(server.url, crew) as client, Client(server.url, control) as desk:
            message = {"client_id": "tablet-0001", "client_seq": 1, "kind": "unit_status", "fms_status": 4}
            first, second = client.report(**message), client.report(**message)
            assert first["ok"] is True
            assert second == first | {"seq": second["seq"]}
            wait_until(lambda: desk.features[UNIT]["properties"]["fms_status"] == 4, "the status at the desk")
            assert first["seq"] <= desk.rev
            source = desk.features[f"source:report/{UNIT}"]["properties"]
            assert source["accepted"] == 1


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        ({"token": "wrong"}, "unauthorized"),
        ({"token": ""}, "unauthorized"),
        ({"protocol": 2}, "protocol"),
        ({"situation": "ex-none-1"}, "unknown situation"),
        ({"rev": -1}, "bad auth: Expected `int` >= 0 - at `$.rev`"),
        ({"layers": "units"}, "bad auth: Expected `array | null`, got `str` - at `$.layers`"),
        ({"encoding": "protobuf"}, "bad auth: Invalid enum value 'protobuf' - at `$.encoding`"),
    ],
)
def test_refused_with_a_reason(server: Server, control: str, auth: dict[str, Any], reason: str) -> None:
    client = Client(server.url, control)
    client.auth |= auth
    assert refusal(client) == reason


def test_refused_by_role_and_situation(server: Server, feed: str) -> None:
    assert refusal(Client(server.url, feed)) == "forbidden"
    assert refusal(Client(server.url, server.token("planner"), situation="live")) == "forbidden"
    assert refusal(Client(server.url, server.token("crew"), situation="ex-x-1")) == "forbidden"


def refusal(client: Client) -> str:
    """The reason that a refused client hears."""
    heard: list[Any] = []
    client.io.on("connect_error", heard.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.io.connect(client.url, auth=client.auth, transports=["websocket"], wait_timeout=10)
    client.io.disconnect()
    return str(heard[0]["message"])


def test_clients_of_one_view_get_the_same_bytes(server: Server, feed: str, control: str) -> None:
    other = server.token("control", "Führungsdienst")
    with Client(server.url, control) as one, Client(server.url, other) as two:
        for step in range(3):
            update(server, feed, unit(UNIT, 8.75 + step / 1000))
            wait_until(partial(stands, one, 8.75 + step / 1000))
        wait_until(lambda: one.features == two.features)
        assert one.raw[-1] == two.raw[-1]


def test_layers_narrow_what_is_sent(server: Server, feed: str, control: str) -> None:
    update(server, feed, unit(UNIT, 8.76))
    with Client(server.url, control, layers=["units", "no-such-layer"]) as client:
        assert {feature["properties"]["layer"] for feature in client.features.values()} == {"units"}


def test_fifty_clients(server: Server, feed: str, control: str) -> None:
    clients = [Client(server.url, control, encoding=("json", "json+zlib")[n % 2]) for n in range(50)]
    try:
        for client in clients:
            client.connect()
        update(server, feed, unit("urn:last", 8.77))
        for client in clients:
            wait_until(partial(client.features.__contains__, "urn:last"), "the news at every client")
        assert len({str(sorted(client.features)) for client in clients}) == 1
    finally:
        for client in clients:
            client.close()


def test_a_revoked_token_loses_its_connections(server: Server) -> None:
    token = server.token("control", "soon gone")
    row = next(row for row in server.get("/tokens", server.token("admin"))["tokens"] if row["name"] == "soon gone")
    with Client(server.url, token) as client:
        server.request("DELETE", f"/tokens/{row['id']}", server.token("admin"))
        wait_until(client.gone.is_set, "the connection to end")
    assert refusal(Client(server.url, token)) == "unauthorized"


def test_no_deflate_is_negotiated(server: Server) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    with raw_websocket(server.url, offer) as wire:
        assert "sec-websocket-extensions" not in {name.lower() for name in wire.getheaders() or ()}


def test_a_foreign_page_cannot_connect(server: Server, control: str) -> None:
    client = socketio.SimpleClient()
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, auth={"token": control}, headers={"Origin": "https://evil.example"})
