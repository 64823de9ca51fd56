"""Nothing of a home is seen before its owner grants access for a mission, nor after its end, however it speaks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from layers.content import Building, Mission
from layers.observation import Observation, idempotency_key
from layers.views import View
from server.homes import Homes
from server.intake import Intake
from server.quarantine import Quarantine
from server.situations import Situations

HOME = "urn:ngsi-ld:Building:7"
ROLES = ("control", "crew", "liaison", "planner", "admin")
STATUS = {
    "rooms": [{"id": "k", "status": ["Smoked"]}],
    "persons": [{"id": 1, "name": "Ilse Beispiel", "present": "Present"}],
    "devices": [{"id": "d", "value": {"smoke": 0.9}}],
}
SMOKE = {"type": "Device", "category": ["sensor"], "controlledProperty": ["smoke"], "value": 1}
ATTACHED = {"attachedTo": {"attachedToType": "Building", "attachedToId": HOME}}
DETECTOR = {"entity_id": "binary_sensor.flur", "state": "on", "attributes": {"device_class": "smoke"}}
NODE = {"node_id": 5, "available": True, "attributes": {"1/92/1": 2, "1/92/0": 1}}
WAYS: dict[str, tuple[str, str, Any]] = {
    "the gateway, by NGSI": ("ngsi", "home-7", {"id": "urn:ngsi-ld:Device:Sensor1", **SMOKE}),
    "somebody else, by NGSI": ("ngsi", "stadtwerke", {"id": "urn:ngsi-ld:Device:X", **SMOKE, **ATTACHED}),
    "Zigbee2MQTT, by MQTT": ("zigbee2mqtt", "haus", {"topic": "zigbee2mqtt/flur", "payload": {"smoke": True}}),
    "Home Assistant, by MQTT": ("home_assistant", "haus", DETECTOR),
    "Matter": ("matter", "haus", NODE),
    "IRiS": ("iris", "haus", {"jsonrpc": "2.0", "id": 1, "result": STATUS}),
}


class Town:
    """A live situation with a home that belongs to a mission, perhaps."""

    def __init__(self, folder: Path) -> None:
        sources = {feed: {"building": HOME} for feed in ("zigbee2mqtt", "home_assistant", "matter", "iris")}
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.intake = Intake(self.quarantine, sources=sources)
        self.situations = Situations(folder, intake=self.intake)
        self.situations.start()
        self.live = self.situations.live
        self.homes = Homes(folder / "homes.json", self.situations)
        self.says("mission", Mission(number="1"))
        self.says(HOME, Building(permission="NONE"))
        self.homes.connect(HOME, lambda _: None)

    def says(self, subject: str, content: Any) -> None:
        now = datetime.now(UTC)
        key = idempotency_key(subject, now.isoformat(), repr(content))
        said = Observation(
            id=key,
            source="ngsi/home-7",
            subject=subject,
            observed_at=now,
            reported_at=now,
            received_at=now,
            content=content,
        )
        self.live.desk.submit([said])

    def sends(self, way: str) -> None:
        feed, instance, message = WAYS[way]
        taken = self.intake.take(self.live, feed, instance, json.dumps(message).encode(), "home")
        assert taken.receipt.accepted + taken.receipt.duplicates > 0, taken.refused

    def seen(self, role: str) -> set[str]:
        """What a role sees of the inside."""
        with self.live.desk.lock:
            picture = self.live.picture
            shown = [View(role=role).show(one, picture) for one in picture.features.values()]
        inside = [one for one in shown if one is not None and one["properties"]["layer"] in ("devices", "buildings")]
        return {one["id"] for one in inside if one["id"] != HOME}

    def close(self) -> None:
        self.situations.stop()
        self.quarantine.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("way", WAYS)
def test_only_while_a_mission_holds_consent(town: Town, way: str) -> None:
    def nobody_sees() -> bool:
        return not any(town.seen(role) for role in ROLES)

    town.sends(way)
    assert nobody_sees()
    town.homes.ask(HOME, "mission")
    for answer in ("PENDING", "DENIED"):
        town.says(HOME, Building(permission=answer))
        town.sends(way)
        assert nobody_sees(), answer
    town.homes.ask(HOME, "mission")
    town.says(HOME, Building(permission="GRANTED"))
    town.sends(way)
    assert town.seen("control")
    assert not any("person" in one for one in town.seen("liaison"))
    town.says("mission", Mission(closed=True))
    town.homes.look_after()
    town.sends(way)
    assert nobody_sees()
