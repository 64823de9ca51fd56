"""States and devices of real Zigbee2MQTT installations (samples/alarm/SOURCES.md)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from layers.content import Device
from layers.observation import Observation
from tests.feeds.dispatch_tools import decoded


def read(path: Path) -> dict[str, Observation]:
    found = decoded("zigbee2mqtt", path.read_bytes())
    assert found.refused == ()
    return {each.subject.split(":", 2)[2]: each for each in found.observations}


def value(observation: Observation) -> Any:
    assert isinstance(observation.content, Device)
    return observation.content.value, observation.content.state


@pytest.mark.parametrize(
    ("name", "smoke", "state", "battery"),
    [
        ("z2m_state_xiaomi_smoke_true", True, "ALARM", 100.0),
        ("z2m_state_battery_as_string", False, "OK", 100.0),
        ("z2m_state_smoke_density", False, "OK", 100.0),
    ],
)
def test_a_state(samples: Path, name: str, smoke: bool, state: str, battery: float) -> None:
    found = read(samples / "alarm" / "quoted" / f"{name}.json")
    assert value(found["smoke"]) == (smoke, state)
    assert value(found["battery"])[0] == battery


def test_what_else_the_states_say(samples: Path) -> None:
    quoted = samples / "alarm" / "quoted"
    seen = read(quoted / "z2m_state_xiaomi_smoke_true.json")["smoke"]
    assert seen.observed_at == datetime(2019, 11, 10, 13, 43, 9, 829_000, tzinfo=UTC)
    assert seen.extra["sensitivity"] == "high"
    assert read(quoted / "z2m_state_smoke_density.json")["smoke"].extra["smoke_density"] == 2


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        (
            "z2m_bridge_devices",
            {"test_light:state", "test_sensor:temperature", "test_sensor:humidity", "test_sensor:battery"},
        ),
        ("z2m_exposes_heiman_vibration", {"vibration", "battery_low", "tamper", "battery"}),
        ("z2m_exposes_xiaomi_smoke", {"smoke", "battery_low", "tamper", "battery", "device_temperature"}),
    ],
)
def test_what_devices_can_say(samples: Path, name: str, properties: set[str]) -> None:
    found = read(samples / "alarm" / f"{name}.json")
    assert found.keys() == properties
    assert all(isinstance(each.content, Device) and each.content.measures for each in found.values())
