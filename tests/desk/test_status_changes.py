"""A change of status that skips a step is taken and logged; one that is usual or comes late is only taken."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from layers import fms
from server.app import build
from server.config import Settings
from server.house import House
from tests.server import wait_until

UNIT = "urn:ngsi-ld:EmergencyVehicle:hlf1"


def say(house: House, status: int, second: int) -> None:
    """The unit's status, as dispatch tells it."""
    time = f"2026-11-21T19:05:{second:02}Z"
    entity = {"id": UNIT, "type": "EmergencyVehicle", "TimeInstant": time, "fmsStatus": status}
    body = json.dumps({"actionType": "append", "entities": [entity]}).encode()
    house.intake.take(house.situations.live, "ngsi", "leitstelle", body, "a test")


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> list[tuple[Any, Any]]:
    """Before and after of what was logged of 2, 3, 2, 4, an emergency call, 4, a late 8, 1 and 7."""
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    house = build(tmp_path, Settings())
    house.situations.start()
    try:
        with caplog.at_level(logging.INFO, "lagebild.status"):
            for status, second in ((2, 1), (3, 2), (2, 3), (4, 4), (0, 5), (4, 6), (8, 2), (1, 7), (7, 8)):
                say(house, status, second)
            live = house.situations.live
            wait_until(lambda: live.picture.features[UNIT]["properties"]["fms_status"] == 7)
    finally:
        house.sync.stop()
        house.situations.stop()
        house.access.close()
        house.quarantine.close()
    lines = [one for one in caplog.records if one.message == "unusual change of status"]
    assert {one.__dict__["unit"] for one in lines} <= {UNIT}
    return [(one.__dict__["before"], one.__dict__["after"]) for one in lines]


def test_what_skips_a_step_is_logged(logged: list[tuple[Any, Any]]) -> None:
    assert logged == [(2, 4), (1, 7)]


def test_a_region_that_means_something_else_has_steps_of_its_own() -> None:
    assert fms.is_unusual(2, 8)
    assert not fms.is_unusual(2, 8, {"8": fms.Status("bedingt verfügbar", "limited", "limited", False)})
    assert not fms.is_unusual(4, 4)
    assert not fms.is_unusual(4, 0)
