"""Sockets of gateways: many, letters split in two, what is too long, who answers no ping or takes too many places."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import websocket
from websocket import ABNF

from server.app import build, create_app
from server.config import FeedSettings, Settings
from server.house import House
from server.transports import gateway
from tests.server import wait_until
from tests.transports.speakers import Web

CODE = "geheimer-hausanschluss"


class Street:
    """A server in this process, in threading mode, and homes that connect to it."""

    def __init__(self, house: House, url: str) -> None:
        self.house = house
        self.url = url
        self.place = (str(urlsplit(url).hostname), int(urlsplit(url).port or 0))
        self.wires: list[websocket.WebSocket] = []

    def register(self) -> tuple[str, str]:
        """A new home: its building and the address of its socket."""
        answer = requests.post(f"{self.url}/smarthome/{CODE}", json={"name": "Erika Muster"}, timeout=30).json()
        address = f"{self.url.replace('http', 'ws')}/?type=smartHome&componentId={answer['authToken']}"
        return answer["buildingId"], address

    def connect(self, address: str) -> websocket.WebSocket:
        wire = websocket.create_connection(address, timeout=30)
        self.wires.append(wire)
        return wire

    def hears(self, building: str, wire: websocket.WebSocket, text: str) -> None:
        """What the control room says to the home arrives."""
        wait_until(lambda: building in self.house.homes.connected())
        self.house.homes.alert(building, text)
        (entity,) = json.loads(wire.recv())["data"]
        assert entity["info"]["description"] == text


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Street]:
    for name, number in getattr(request, "param", {}).items():
        monkeypatch.setattr(gateway, name, number)
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    house = build(tmp_path / "data", Settings(feeds=FeedSettings(home_code=CODE)))
    house.situations.start()
    monkeypatch.setattr(gateway, "LOOK_S", 0.2)
    with Web(create_app(house)[0]) as web:
        made = Street(house, f"http://127.0.0.1:{web.port}")
        yield made
        for wire in made.wires:
            wire.shutdown()  # type: ignore[no-untyped-call]
        wait_until(lambda: not house.homes.connected())
    house.sync.stop()
    house.situations.stop()
    house.access.close()
    house.quarantine.close()


def test_many_homes_at_once(street: Street) -> None:
    homes = [(building, street.connect(address)) for building, address in (street.register() for _ in range(25))]
    for number, (building, wire) in enumerate(homes):
        street.hears(building, wire, f"Durchsage {number}")


def test_letters_that_are_split_between_fragments_and_segments(street: Street) -> None:
    building, address = street.register()
    wire = street.connect(address)
    ä = "ä".encode()
    wire.send_frame(ABNF.create_frame(b"x" + ä[:1], ABNF.OPCODE_TEXT, 0))
    wire.ping("between")
    wire.send_frame(ABNF.create_frame(ä[1:], ABNF.OPCODE_CONT, 1))
    whole = ABNF.create_frame("grün".encode(), ABNF.OPCODE_TEXT, 1).format()
    assert wire.sock is not None
    for octet in whole:
        wire.sock.sendall(bytes([octet]))
    assert wire.recv_data(control_frame=True)[0] == ABNF.OPCODE_PONG
    street.hears(building, wire, "noch da")


@pytest.mark.parametrize("kind", ["no UTF-8", "too long"])
def test_what_cannot_be_read_ends_this_socket_alone(street: Street, kind: str) -> None:
    (building, address), (other, other_address) = street.register(), street.register()
    wire, neighbour = street.connect(address), street.connect(other_address)
    wait_until(lambda: building in street.house.homes.connected())
    body = b"\xff\xfe" if kind == "no UTF-8" else b"x" * (gateway.MAX_MESSAGE_BYTES + 1)
    wire.send_frame(ABNF.create_frame(body, ABNF.OPCODE_TEXT, 1))
    wait_until(lambda: building not in street.house.homes.connected())
    street.hears(other, neighbour, "noch da")
    street.hears(building, street.connect(address), "wieder da")


def test_who_answers_no_ping_is_let_go(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PING_S", 0.1)
    building, address = street.register()
    street.connect(address)  # never reads, so never answers
    wait_until(lambda: building in street.house.homes.connected())
    wait_until(lambda: building not in street.house.homes.connected())


def test_no_home_takes_the_places_of_others(street: Street) -> None:
    (building, address), (other, other_address) = street.register(), street.register()
    wires = [street.connect(address) for _ in range(gateway.MAX_PER_HOME)]
    with pytest.raises(websocket.WebSocketBadStatusException, match="429"):
        websocket.create_connection(address, timeout=30)
    street.hears(other, street.connect(other_address), "Platz genug")
    wires[0].shutdown()  # type: ignore[no-untyped-call]

    def again() -> bool:
        try:
            street.connect(address)
        except websocket.WebSocketBadStatusException:
            return False
        return True

    wait_until(again, "a place that is free again")
    assert building in street.house.homes.connected()


@pytest.mark.parametrize("street", [{"MAX_CONNECTIONS": 3, "MAX_PER_ADDRESS": 2}], indirect=True)
def test_no_address_takes_the_places_of_others(street: Street) -> None:
    homes = [street.register() for _ in range(5)]
    for _, address in homes[:2]:
        street.connect(address)
    with pytest.raises(websocket.WebSocketBadStatusException, match="429"):
        websocket.create_connection(homes[2][1], timeout=30)
    elsewhere = [
        socket.create_connection(street.place, timeout=30, source_address=(f"127.0.0.{number}", 0)) for number in (8, 9)
    ]
    building, address = homes[3]
    street.wires.append(websocket.create_connection(address, timeout=30, socket=elsewhere[0]))
    street.hears(building, street.wires[-1], "Platz genug")
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        websocket.create_connection(homes[4][1], timeout=30, socket=elsewhere[1])
    elsewhere[1].close()
    text = street.house.metrics.text().decode()
    assert 'lagebild_turned_away_total{door="gateway"} 2.0' in text
