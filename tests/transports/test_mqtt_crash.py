"""A server that is killed while messages come from a broker: none that the broker was told is durable is missing."""

import json
import threading
from pathlib import Path
from typing import Any

from tests.server import Server, wait_until
from tests.transports.mosquitto import PASSWORD, USER, Mosquitto, Publisher

VEHICLES = 200


def test_a_server_that_is_killed_loses_no_message(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker", "max_queued_messages 0").start()
    one: dict[str, Any] = {"transport": "mqtt", "host": "127.0.0.1", "port": broker.port, "topics": ["vehicles"]}
    one |= {"username": USER, "password": PASSWORD}
    connections = json.dumps({"ngsi/broker": one})
    half = threading.Event()

    def publish() -> None:
        with Publisher(broker.port) as publisher:
            for number in range(VEHICLES):
                vehicle = {"id": f"v{number}", "type": "EmergencyVehicle", "fmsStatus": 3}
                publisher.send("vehicles", json.dumps({"actionType": "append", "entities": [vehicle]}).encode())
                if number == VEHICLES // 2:
                    half.set()

    try:
        with Server(tmp_path / "data", "--no-demo", LAGEBILD_FEEDS_CONNECTIONS=connections) as server:
            control = server.token("control")

            def units() -> int:
                return len(server.get("/picture?situation=live&layers=units", control)["features"])

            def link() -> Any:
                sources = server.get("/picture?situation=live&layers=sources", control)["features"]
                return sources and sources[0]["properties"]["link_state"]

            wait_until(lambda: link() == "connected")
            sender = threading.Thread(target=publish)
            sender.start()
            assert half.wait(60)
            server.kill()
            server.start()
            sender.join(60)
            wait_until(lambda: units() == VEHICLES, "every vehicle", 60)
    finally:
        broker.stop()
