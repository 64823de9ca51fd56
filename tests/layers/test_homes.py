"""Layers devices and buildings: states from thresholds, consent, persons; exact values."""

from typing import Any

import pytest

from layers import content as c
from layers.content import Threshold, Thresholds
from layers.devices import compare
from tests.layers.world import HERE, entries, picture_of, place, point, properties, see

SMOKE = Thresholds(
    invalid=(Threshold(comparison="lessThan", value=0.0),),
    warning=(Threshold(comparison="greaterThanInclusive", value=1.0),),
    alarm=(Threshold(comparison="greaterThan", value=2.0),),
)


def state(**said: Any) -> str:
    """The state of a device that says this."""
    found: str = properties(picture_of(see("d", c.Device(**said), 0)), "d")["state"]
    return found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "OK"),
        (0.99, "OK"),
        (1, "WARNING"),
        (2.0, "WARNING"),
        (2.01, "ALARM"),
        (-0.1, "ERROR"),
        ("3", "ALARM"),
        (True, "WARNING"),
        (False, "OK"),
        ("offline", "UNKNOWN"),
        (None, "UNKNOWN"),
        ({"url": "http://x"}, "UNKNOWN"),
    ],
)
def test_the_thresholds_decide(value: Any, expected: str) -> None:
    assert state(value=value, thresholds=SMOKE) == expected


def test_the_own_word_counts_where_no_threshold_decides() -> None:
    assert state(value=5, state="WARNING") == "WARNING"
    assert state(value="offline", thresholds=SMOKE, state="ERROR") == "ERROR"
    assert state(value=5, thresholds=SMOKE, state="OK") == "ALARM", "thresholds win over the own word"
    assert state(value=0, thresholds=SMOKE, state="ALARM") == "OK"
    assert state(value=0, thresholds=Thresholds(), state="ALARM") == "ALARM"


def test_unknown_is_never_taken_for_fine() -> None:
    assert state(value=5) == "UNKNOWN"
    assert state() == "UNKNOWN"
    assert state(state="SOMETHING") == "UNKNOWN"


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        ("equal", (False, True, False)),
        ("notEqual", (True, False, True)),
        ("greaterThan", (False, False, True)),
        ("greaterThanInclusive", (False, True, True)),
        ("lessThan", (True, False, False)),
        ("lessThanInclusive", (True, True, False)),
        ("comparision", (None, None, None)),
    ],
)
def test_comparisons(comparison: str, holds: tuple[bool | None, ...]) -> None:
    assert tuple(compare(value, Threshold(comparison=comparison, value=5.0)) for value in (4, 5, 6)) == holds


def test_a_door_is_open_or_closed_in_any_spelling() -> None:
    shut = Threshold(comparison="equal", value="CLOSE")
    assert [compare(value, shut) for value in ("CLOSE", "CLOSED", " closed ", "OPEN", None, 3)] == [
        *(True, True, True, False, None, None)
    ]
    assert compare("OPEN", Threshold(comparison="notEqual", value="CLOSED")) is True
    assert compare("OPEN", Threshold(comparison="greaterThan", value="CLOSED")) is None


def test_a_device_with_everything() -> None:
    device = c.Device(
        name="Haustür Test",
        description="Test Actuator1234",
        building="b",
        categories=("actuator",),
        measures=("door",),
        value="OPEN",
        state="OK",
        desired_value="CLOSE",
        action_status="PENDING",
    )
    picture = picture_of(see("d", device, 0, point(10.7485, 54.0508)), see("b", c.Building(permission="GRANTED"), 0))
    assert picture.features["d"]["geometry"] == point(10.7485, 54.0508)
    seen = properties(picture, "d")
    assert {name: seen[name] for name in ("name", "description", "building", "categories", "measures")} == {
        "name": "Haustür Test",
        "description": "Test Actuator1234",
        "building": "b",
        "categories": ["actuator"],
        "measures": ["door"],
    }
    assert (seen["value"], seen["state"], seen["desired_value"], seen["action_status"]) == (
        "OPEN",
        "OK",
        "CLOSE",
        "PENDING",
    )
    assert (seen["thresholds"], seen["consent"]) == (None, "granted")
    assert seen["times"] == {"value": "2026-11-21T19:00:00.000Z"}


def test_a_device_stands_where_its_building_stands() -> None:
    picture = picture_of(see("d", c.Device(building="b"), 0))
    assert place(picture, "d") is None
    assert properties(picture, "d")["consent"] == "unknown"
    picture.apply_many(entries([see("b", c.Building(permission="PENDING"), 1, point(*HERE))], 2))
    assert picture.features["d"]["geometry"] == point(*HERE)
    assert properties(picture, "d")["consent"] == "pending"
    picture.apply_many(entries([see("b", c.Building(permission="strange"), 2)], 3))
    assert properties(picture, "d")["consent"] == "none"


def test_an_alarm_is_urgent_once() -> None:
    picture = picture_of(see("d", c.Device(value=0, thresholds=SMOKE), 0))
    assert picture.apply_many(entries([see("d", c.Device(value=3), 1)], 2)).urgent
    assert not picture.apply_many(entries([see("d", c.Device(value=4), 2)], 3)).urgent


def test_one_and_true_are_told_apart() -> None:
    picture = picture_of(see("d", c.Device(value=1), 0, name="a"))
    picture.apply_many(entries([see("d", c.Device(value=True), 0, name="b")], 2))
    assert properties(picture, "d")["value"] is True


def test_a_building_with_everything() -> None:
    building = c.Building(
        name="Meier",
        email="m@example.org",
        description="IRIS SmartHome",
        categories=("house",),
        source_url="http://www.inspireprojekt.de",
        address=c.Address(street="Steubenstraße 47a", postcode="33100", city="Paderborn"),
        floor_plan_url="https://example.org/plan.pdf",
        permission="GRANTED",
    )
    picture = picture_of(
        see("b", building, 0, point(8.7786549, 51.7349909)),
        see("d1", c.Device(building="b", value=3, thresholds=SMOKE), 1),
        see("d2", c.Device(building="b", value=0, thresholds=SMOKE), 1),
        see("d3", c.Device(building="b"), 1),
        see("d4", c.Device(building="other", value=3, thresholds=SMOKE), 1),
    )
    seen = properties(picture, "b")
    assert picture.features["b"]["geometry"] == point(8.7786549, 51.7349909)
    assert seen["title"] == "IRIS SmartHome"
    assert seen["permission"] == "GRANTED"
    assert seen["address"]["text"] == "Steubenstraße 47a, 33100 Paderborn"
    assert (seen["name"], seen["email"]) == ("Meier", "m@example.org")
    assert seen["floor_plan_url"] == "https://example.org/plan.pdf"
    assert seen["source_url"] == "http://www.inspireprojekt.de"
    assert seen["devices"] == {"alarm": 1, "warning": 0, "ok": 1, "error": 0, "unknown": 1}
    assert seen["persons_probable"] is None
    picture.apply_many(entries([see("d1", c.Device(building="other"), 2)], 6))
    assert properties(picture, "b")["devices"] == {"alarm": 0, "warning": 0, "ok": 1, "error": 0, "unknown": 1}


@pytest.mark.parametrize(
    ("sensors", "persons"),
    [
        ([], None),
        ([("smoke", 1)], None),
        ([("occupancy", None)], None),
        ([("occupancy", 0)], 0),
        ([("occupancy", 2), ("occupancy", 1)], 3),
        ([("occupancy", True), ("occupancy", False)], 1),
        ([("motion", 1), ("motion", 1)], 1),
        ([("motion", 0)], 0),
        ([("motion", "detected"), ("occupancy", 2)], 2),
        ([("occupancy", -4)], 0),
        ([("occupancy", 1e300)], 10_000),
    ],
)
def test_persons_probably_inside(sensors: list[tuple[str, Any]], persons: int | None) -> None:
    devices = [
        see(f"d{number}", c.Device(building="b", measures=(measure,), value=value), 0)
        for number, (measure, value) in enumerate(sensors)
    ]
    assert properties(picture_of(see("b", c.Building(), 0), *devices), "b")["persons_probable"] == persons
