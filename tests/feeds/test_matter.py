"""Matter. The frames are in fixtures/frames/matter."""

from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Device
from tests.feeds.dispatch_tools import decoded, reasons

NAME = "matter"


def told(body: Any) -> dict[str, tuple[Any, Any]]:
    """Value and state by endpoint and measure."""
    found = {}
    for each in decoded(NAME, body).observations:
        assert isinstance(each.content, Device)
        found[":".join(each.subject.split(":")[-2:])] = each.content.value, each.content.state
    return found


def node(**more: Any) -> dict[str, Any]:
    return {"node_id": 7, "attributes": {path.replace("_", "/"): value for path, value in more.items()}}


def update(path: str, value: Any) -> dict[str, Any]:
    return {"event": "attribute_updated", "data": [7, path, value]}


@pytest.mark.parametrize(
    ("level", "testing", "expected"),
    [
        (0, False, (False, "OK")),
        (1, False, (True, "ALARM")),
        (2, False, (True, "ALARM")),
        (2, True, (True, "WARNING")),
        (0, True, (False, "OK")),
        (3, False, (None, "UNKNOWN")),
        (None, False, (None, "UNKNOWN")),
        ("1", False, (None, "UNKNOWN")),
        (True, False, (None, "UNKNOWN")),
    ],
)
def test_smoke(level: Any, testing: bool, expected: Any) -> None:
    attributes = {"1/92/1": level, "1/92/5": testing}
    assert told({"node_id": 7, "attributes": attributes})["1:smoke"] == expected


def test_a_detector_without_carbon_monoxide_says_nothing_of_it() -> None:
    assert told({"node_id": 7, "attributes": {"1/92/1": 0}}) == {"1:smoke": (False, "OK")}


@pytest.mark.parametrize(
    ("path", "value", "measure", "expected"),
    [
        ("1/92/1", 1, "1:smoke", (True, "ALARM")),
        ("1/92/2", 2, "1:carbon_monoxide", (True, "ALARM")),
        ("1/92/0", 1, "1:smoke", (True, "ALARM")),
        ("1/92/0", 2, "1:carbon_monoxide", (True, "ALARM")),
        ("1/92/8", 1, "1:interconnect_smoke", (True, "ALARM")),
        ("1/92/3", 1, "1:battery_low", (True, "WARNING")),
        ("1/92/6", True, "1:fault", (True, "ERROR")),
        ("1/92/7", 1, "1:end_of_service", (True, "WARNING")),
        ("1/92/5", True, "1:self_test", (True, "OK")),
        ("1/47/12", 188, "1:battery", (94.0, UNSET)),
        ("2/1026/0", -525, "2:temperature", (-5.25, UNSET)),
        ("2/1029/0", None, "2:humidity", (None, UNSET)),
        ("3/1030/0", 1, "3:motion", (True, UNSET)),
        ("3/257/0", 2, "3:lock", ("UNLOCKED", UNSET)),
        ("3/69/0", True, "3:boolean_state", (True, UNSET)),
    ],
)
def test_an_attribute_that_changed(path: str, value: Any, measure: str, expected: Any) -> None:
    assert told(update(path, value)) == {measure: expected}
    assert told({"node_id": 7, "attribute_path": path, "value": value}) == {measure: expected}


@pytest.mark.parametrize("path", ["1/92/0", "1/92/65532", "0/40/1", "1/3/0"])
def test_attributes_that_say_nothing(path: str) -> None:
    found = decoded(NAME, update(path, 0))
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(21, ("contact", "CLOSE", UNSET)), (67, ("water", True, "ALARM")), (65, ("freeze", True, "WARNING"))],
)
def test_what_a_boolean_state_means(kind: int, expected: Any) -> None:
    body = {"node_id": 7, "attributes": {"2/29/0": [{"0": kind, "1": 1}], "2/69/0": True}}
    assert told(body) == {f"2:{expected[0]}": expected[1:]}


def test_a_node_with_very_many_endpoints() -> None:
    body = {"node_id": 7, "attributes": {f"{endpoint}/92/1": 1 for endpoint in range(3_000)}}
    assert len(decoded(NAME, body).observations) == 3_000


def test_a_node_that_cannot_be_reached_is_not_said_to_be_quiet() -> None:
    body = {"node_id": 7, "available": False, "attributes": {"1/92/1": 0}}
    assert told(body) == {"1:smoke": (False, "UNKNOWN"), "0:connection": (False, "ERROR")}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda one: [one, one],
        lambda one: {"message_id": "1", "result": [one]},
        lambda one: {"event": "node_added", "data": one},
        lambda one: {"nodes": {"7": one}},
        lambda one: {"data": {"node": one}},
        lambda one: {"data": {"server": {"nodes": [one]}}},
    ],
    ids=["list", "answer", "event", "dump", "diagnostics", "server"],
)
def test_where_nodes_stand(wrapped: Any) -> None:
    assert told(wrapped(node(**{"1_92_1": 1})))["1:smoke"] == (True, "ALARM")


@pytest.mark.parametrize(
    "body",
    [{"a": 1}, [5], {"event": "attribute_updated", "data": 5}, {"node_id": 1, "attributes": []}, update("1/92", 1)],
)
def test_what_is_refused(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert len(reasons(found)) == 1


def test_two_homes_may_have_a_node_of_one_number() -> None:
    (observation,) = decoded(NAME, update("1/92/1", 1)).observations
    assert observation.subject == "matter:frame:7:1:smoke"


def test_the_names_a_node_gives_itself() -> None:
    body = node(**{"0_40_1": "Muster", "0_40_3": "RM", "0_40_5": " Flur ", "1_92_1": 0})
    (observation,) = decoded(NAME, body).observations
    assert isinstance(observation.content, Device)
    assert (observation.content.name, observation.content.description) == ("Flur", "Muster RM")
