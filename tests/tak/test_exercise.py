"""An exercise for TAK clients: marked in every event, apart from live; and a client that takes nothing."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server import Server, wait_until
from tests.tak.tools import Tak, port_of

SETTINGS = {"cot/tak": {"transport": "cot_server", "port": 0, "interval_s": 0.05}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("played")
    options = {"LAGEBILD_FEEDS_CONNECTIONS": json.dumps(SETTINGS), "LAGEBILD_LIMITS_ACK_TIMEOUT_S": "6"}
    with Server(folder / "data", "--demo", "hausbrand", **options) as running:
        wait_until(lambda: len(running.lines) > 1, "the exercise to start")
        yield running


def test_an_exercise_is_marked_and_live_hears_nothing_of_it(server: Server) -> None:
    control = server.token("control")
    port = port_of(server, control, "cot/tak")
    (exercise,) = [one["id"] for one in server.get("/situations", control)["situations"] if one["id"] != "live"]
    played = server.token("control", "Übungsleitung", "--situation", exercise)
    with Tak(port, played) as client, Tak(port, control) as live:
        unit = client.until(lambda one: one.type.startswith("a-f-G-U-i"), "a unit of the exercise")
        assert {one.opex for one in client.events if not one.type.startswith("t-")} == {f"e-{exercise}"}
        assert (unit.value("contact", "callsign") or "").startswith("ÜBUNG ")
        assert next(one.text for one in unit.find("remarks")).startswith("ÜBUNG ")
        assert abs(unit.time - datetime.now(UTC)) < timedelta(minutes=5), "by the wall clock"
        client.send(
            b"<event version='2.0' uid='spieler' type='a-f-G-U-C' how='m-g' time='2026-11-21T19:00:00Z' opex='e'>"
        )
        client.send(b"<point lat='51.8' lon='8.7' hae='0' ce='1' le='1'/><detail/></event>")

        def there(situation: str, token: str) -> bool:
            features = server.get(f"/picture?situation={situation}", token)["features"]
            return any(one["id"] == "cot:spieler" for one in features)

        wait_until(lambda: there(exercise, played), "the player")
        assert not there("live", control)
        live.read(0.5)
        assert [one.type for one in live.events] == ["t-x-takp-v"]


def flood(server: Server, feed: str) -> None:
    """Many units with much to say, twice."""
    for number in range(2):
        for first in range(0, 900, 150):
            entities = [
                {
                    "id": f"urn:ngsi-ld:EmergencyVehicle:{index}",
                    "type": "EmergencyVehicle",
                    "name": f"{number}-{index}",
                    "description": "x" * 2_500,
                    "location": {"type": "Point", "coordinates": [8.7 + index / 10_000, 51.8]},
                }
                for index in range(first, first + 150)
            ]
            body = {"actionType": "append", "entities": entities}
            assert server.request("POST", "/v2/op/update", feed, json=body).status_code == 204


def test_who_takes_nothing_is_cut_and_holds_nobody_up(server: Server) -> None:
    control, feed = server.token("control", "langsam"), server.token("feed", "flut")
    port = port_of(server, control, "cot/tak")
    with socket.socket() as slow, Tak(port, control) as quick:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        slow.connect(("127.0.0.1", port))
        slow.sendall(f"<auth><cot password='{control}'/></auth>".encode())
        flooding = threading.Thread(target=flood, args=(server, feed), daemon=True)
        flooding.start()
        newest = quick.until(lambda one: (one.value("contact", "callsign") or "") == "1-899", "the newest")
        assert round(newest.lon, 6) == 8.7899
        flooding.join(60)
        admin = server.token("admin")

        def ended() -> bool:
            metrics = server.request("GET", "/metrics", admin).text
            return bool(re.search(r'clients_cut\w*\{reason="acknowledged nothing"\} 1', metrics))

        wait_until(ended, "the end of the slow one", 60.0)
