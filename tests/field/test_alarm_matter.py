"""A real smoke detector's node (samples/alarm/SOURCES.md)."""

from pathlib import Path

from layers.content import Device
from tests.feeds.dispatch_tools import decoded


def test_the_node(samples: Path) -> None:
    found = decoded("matter", (samples / "alarm" / "matter_heiman_smoke_detector.json").read_bytes())
    assert found.refused == ()
    devices = {each.subject.rpartition(":")[2]: each for each in found.observations}
    contents = {name: each.content for name, each in devices.items() if isinstance(each.content, Device)}
    assert {name: (content.value, content.state) for name, content in contents.items() if name != "battery"} == {
        "smoke": (False, "OK"),
        "battery_low": (False, "OK"),
        "fault": (False, "OK"),
        "end_of_service": (False, "OK"),
        "connection": (True, "OK"),
    }
    assert contents["battery"].value == 94.0
    assert contents["smoke"].description == "HEIMAN Smoke sensor"
    assert devices["smoke"].extra == {
        "node": "11",
        "endpoint": 1,
        "level": "normal",
        "expressed_state": 0,
        "muted": 0,
        "testing": False,
    }
