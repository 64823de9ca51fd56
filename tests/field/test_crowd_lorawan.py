"""Real uplinks with their reference decodings (samples/crowd and samples/alarm, SOURCES.md)."""

import json
from pathlib import Path
from typing import Any

import pytest

from layers.content import CrowdCount, Device
from server.feeds._batch import Batch
from server.feeds.lorawan.envelope import uplinks
from server.feeds.lorawan.models import understand
from tests.feeds.dispatch_tools import decoded
from tests.feeds.frames import context


def raw(path: Path) -> dict[str, Any]:
    """What we read from the payload of the only uplink in the file."""
    batch = Batch(context("lorawan"))
    ((uplink, _),) = uplinks(json.loads(path.read_text(encoding="utf-8")), batch)
    found = understand(uplink.models, uplink.port, uplink.payload)
    assert found is not None
    assert found.whole
    return {**found.values, **found.info}


def reference(path: Path) -> dict[str, Any]:
    document = json.loads(path.with_suffix(".decoded.json").read_text(encoding="utf-8"))
    document = document[0] if isinstance(document, list) else document
    telemetry = document["telemetry"]
    values: dict[str, Any] = (telemetry[0] if isinstance(telemetry, list) else telemetry)["values"]
    return values


@pytest.mark.parametrize(
    "name",
    [
        "lorawan_tts3_vs121_regions",
        "lorawan_chirpstack4_vs121_regions",
        "lorawan_loriot_vs121_regions",
        "lorawan_tts3_vs133_lines",
        "lorawan_tts3_ws302_noise",
        "lorawan_tts3_ers2_sound",
    ],
)
def test_the_payload_is_read_as_by_the_reference(samples: Path, name: str) -> None:
    path = samples / "crowd" / f"{name}.json"
    expected = {key.replace(".0_", "_"): value for key, value in reference(path).items()}
    assert raw(path) == expected


def test_lines_of_the_vs132(samples: Path) -> None:
    assert raw(samples / "crowd" / "lorawan_tti3_vs132_lines.json") == {
        "line_1_total_in": 190,
        "line_1_total_out": 305,
        "period_in": 0,
        "period_out": 0,
        "protocol_version": 1,
        "serial": "6614c39694870000",
        "hardware_version": "1.2",
        "firmware_version": "132.1.0.1",
    }


def test_a_device_that_introduces_itself(samples: Path) -> None:
    found = decoded("lorawan", (samples / "crowd" / "lorawan_tts3_vs121_join_info.json").read_bytes())
    (observation,) = found.observations
    assert observation.subject == "lorawan:1000000000000001:connection"
    told = {name: observation.extra[name] for name in ("serial", "hardware_version", "firmware_version")}
    assert told == {"serial": "6600b0940976", "hardware_version": "1.0", "firmware_version": "31.7.0.75"}


def devices(samples: Path, name: str) -> dict[str, tuple[Any, Any]]:
    found = decoded("lorawan", (samples / "alarm" / f"lorawan_tts3_{name}.json").read_bytes())
    assert found.refused == ()
    return {
        str(each.content.measures[0]): (each.content.value, each.content.state)
        for each in found.observations
        if isinstance(each.content, Device) and isinstance(each.content.measures, tuple)
    }


def test_detectors(samples: Path) -> None:
    assert {key: value for key, (value, _) in devices(samples, "gs101_gas").items()} == {
        "gas": False,
        "valve": "OPEN",
        "relay": "CLOSE",
    }
    assert devices(samples, "r718wb_water")["water"] == (True, "ALARM")
    assert devices(samples, "r718da_vibration")["vibration"] == (True, "WARNING")
    assert devices(samples, "sd1001_smoke_battery")["battery"][0] == 100
    faults = devices(samples, "sd1001_smoke_faults")
    assert faults["battery"][0] == 16
    assert faults["smoke"] == (False, "OK")
    assert faults["battery_low"] == faults["fault"] == (True, "WARNING")
    assert faults["mains"] == (True, "OK")
    assert raw(samples / "alarm" / "lorawan_tts3_sd1001_smoke_boot.json") == {
        "hardware_version": "1.0",
        "firmware_version": "1.5",
        "serial": "2401640000",
        "device_class": 0,
        "mains": 0,
    }
    boot = decoded("lorawan", (samples / "alarm" / "lorawan_tts3_sd1001_smoke_boot.json").read_bytes()).observations
    assert [each.extra["f_cnt"] for each in boot] == [0, 0]


def test_counts(samples: Path) -> None:
    found = decoded("lorawan", (samples / "crowd" / "lorawan_loriot_vs121_regions.json").read_bytes())
    people = [each.content.people for each in found.observations if isinstance(each.content, CrowdCount)]
    assert people == [0, 1, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0]
    assert found.observations[0].observed_at.isoformat() == "2023-05-19T06:46:41.936000+00:00"


def test_events_of_the_console(samples: Path) -> None:
    (first,) = decoded("lorawan", (samples / "crowd" / "lorawan_tts3_event_decoded.json").read_bytes()).observations
    assert first.subject == "lorawan:22d11357891cb769:connection"
    assert (first.extra["f_cnt"], first.extra["port"], first.flags) == (41, 1, ("payload_unknown",))
    found = decoded("lorawan", (samples / "crowd" / "lorawan_tts3_event_sensecap.json").read_bytes())
    told = {each.subject.rpartition(":")[2]: each for each in found.observations}
    assert set(told) == {"temperature", "humidity", "light", "pressure"}
    temperature = told["temperature"]
    assert temperature.subject == "lorawan:elji-lorawan-1:eui-2cf7f1c044300279:temperature"
    assert isinstance(temperature.content, Device)
    assert temperature.content.value == 13.3
    assert temperature.geometry == {"type": "Point", "coordinates": [11.5839771760278, 58.01392692747555]}
