"""Bad input sent to a running server: exact answers, a row in the quarantine, never a 500, never a lost neighbour."""

import json
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any

import pytest

from tests.feeds.gate import Gate
from tests.server import Server, wait_until

pytestmark = pytest.mark.field

numbers = count(1)
STRANGE: tuple[Any, ...] = (None, [], {}, "x", -1, {"value": [[{}]]}, True)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A server without an exercise, which at the end has logged no error."""
    with Server(tmp_path_factory.mktemp("bad"), "--no-demo") as running:
        yield Gate(running)
        assert [line for line in running.log if '"level":"ERROR"' in line or "Traceback" in line] == []


def neighbour() -> dict[str, Any]:
    """A sound entity of its own id."""
    return {"id": f"urn:ngsi-ld:EmergencyVehicle:n{next(numbers)}", "type": "EmergencyVehicle", "fmsStatus": 3}


def unit(number: int, **attributes: Any) -> dict[str, Any]:
    """A vehicle that has a name at least."""
    return {"id": f"urn:ngsi-ld:EmergencyVehicle:u{number}", "type": "EmergencyVehicle", "name": "x", **attributes}


def kept(gate: Gate, entity: dict[str, Any]) -> bool:
    """Is the neighbour in the picture?"""
    return bool(gate.feature(entity["id"])) and gate.feature(entity["id"])["properties"]["fms_status"] == 3


def answered(response: Any, status: int, word: str | None = None) -> None:
    """The status, and NGSI's error form where it is one."""
    assert response.status_code == status, response.text
    if word is None:
        assert response.content == b""
    else:
        assert response.json()["error"] == word
        assert set(response.json()) == {"error", "description"}


@pytest.mark.parametrize(
    ("body", "status", "word", "kind"),
    [
        (b"", 400, "ParseError", "malformed"),
        (b"{", 400, "ParseError", "malformed"),
        (b'{"actionType":"append","entities":[{"id":"a","type":"Device",}]}', 400, "ParseError", "malformed"),
        (b"id=a&type=Device", 400, "ParseError", "malformed"),
        (b'{"entities":[{"id":"a","type":"UAVStatus","fuel":NaN}]}', 400, "ParseError", "malformed"),
        (b'{"entities":[{"id":"a","type":"UAVStatus","fuel":-Infinity}]}', 400, "ParseError", "malformed"),
        (b'{"entities":[{"id":"a","type":"UAVStatus","fuel":1e999}]}', 400, "ParseError", "malformed"),
        (b'{"entities":[{"id":"\xe4","type":"Device"}]}', 400, "ParseError", "malformed"),
        (b'{"entities":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "BadRequest", "invalid"),
        (
            b'{"entities":[{"id":"a","type":"Device","value":' + b'{"a":' * 500 + b"1" + b"}" * 503,
            400,
            "BadRequest",
            "invalid",
        ),
        (b"17", 400, "BadRequest", "invalid"),
        (b'{"actionType":"explode","entities":[{}]}', 400, "BadRequest", "invalid"),
        (b'{"actionType":"append","entities":{}}', 400, "BadRequest", "invalid"),
        (b'{"actionType":"append","entities":[]}', 400, "BadRequest", "invalid"),
        (b" " * 5_000_000, 413, "RequestEntityTooLarge", "too_large"),
    ],
    ids=range(15),
)
def test_a_message_that_cannot_be_used(gate: Gate, body: bytes, status: int, word: str, kind: str) -> None:
    feed = f"broken{next(numbers)}"
    answered(gate.post(body, feed=feed), status, word)
    (row,) = gate.refusals(feed)
    assert (row["kind"], row["size"]) == (kind, len(body))
    assert row["sender"].startswith(f"{feed} (")
    wait_until(lambda: gate.feature(f"source:ngsi/{feed}"), "the source that was refused")
    assert gate.feature(f"source:ngsi/{feed}")["properties"]["refused"] == 1


@pytest.mark.parametrize(
    ("entity", "status", "kinds"),
    [
        ({"id": "x" * 10_000, "type": "Device", "value": 1}, 422, {"bad_entity"}),
        ({"id": 17, "type": "Device", "value": 1}, 422, {"bad_entity"}),
        ({"type": "Device", "value": 1}, 422, {"bad_entity"}),
        ({"id": "urn:x", "type": 5}, 422, {"bad_entity"}),
        ("entity", 422, {"bad_entity"}),
        (None, 422, {"bad_entity"}),
        ({"id": "urn:ngsi-ld:Tree:1", "type": "Tree", "height": 4}, 204, {"unknown_type"}),
        (unit(1, fmsStatus={"a": 1}), 204, {"bad_attribute"}),
        (unit(2, fmsStatus=99), 204, {"bad_attribute"}),
        (unit(3, location=[8, 51]), 204, {"bad_attribute"}),
        (unit(4, location={"type": "Point", "coordinates": [188, 51]}), 204, {"bad_attribute"}),
        (unit(5, description="x" * 100_000), 204, {"bad_attribute"}),
        (unit(6, name={"value": {"value": [[]]}}), 422, {"bad_attribute", "bad_entity"}),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_bad_entity_leaves_its_neighbours(gate: Gate, entity: Any, status: int, kinds: set[str]) -> None:
    feed, before, after = f"mixed{next(numbers)}", neighbour(), neighbour()
    answered(gate.update(before, entity, after, feed=feed), status, None if status == 204 else "PartialUpdate")
    assert kept(gate, before)
    assert kept(gate, after)
    assert {row["kind"] for row in gate.refusals(feed)} == kinds


def test_a_bad_entity_alone_is_a_bad_request(gate: Gate) -> None:
    answered(gate.update({"id": "x" * 10_000, "type": "Device", "value": 1}), 400, "BadRequest")


@pytest.mark.parametrize(
    ("written", "flag"), [("1970-01-01T00:00:00Z", "clock_implausible"), ("2100-01-01T00:00:00Z", "clock_ahead")]
)
def test_a_clock_that_cannot_be_right(gate: Gate, written: str, flag: str) -> None:
    device = {"id": f"urn:ngsi-ld:LogBookEntry:{flag}", "type": "LogBookEntry", "text": "x", "dateIssued": written}
    answered(gate.update(device, neighbour()), 204)
    properties = gate.feature(device["id"])["properties"]
    assert properties["observed_at"] == properties["received_at"]
    assert properties["flags"] == [flag]
    assert properties["issued_at"].startswith(written[:10])


def test_an_entity_without_a_location(gate: Gate) -> None:
    mission = {"id": "urn:ngsi-ld:Alert:nowhere", "type": "Alert", "description": "irgendwo"}
    answered(gate.update(mission), 204)
    feature = gate.feature(mission["id"])
    assert (feature["geometry"], feature["properties"]["description"]) == (None, "irgendwo")


def test_duplicates(gate: Gate) -> None:
    reading = {"id": "urn:ngsi-ld:LogBookEntry:twice", "type": "LogBookEntry", "text": "x"}
    reading["dateIssued"] = "2026-01-06T08:01:38Z"
    answered(gate.update(reading, reading, feed="twice"), 204)
    answered(gate.update(reading, feed="twice"), 204)
    assert gate.feature("source:ngsi/twice")["properties"]["accepted"] == 1


def test_updates_out_of_order(gate: Gate) -> None:
    counter = {"id": "urn:ngsi-ld:CrowdCountObserved:late", "type": "CrowdCountObserved"}
    for minute, people in ((3, 30), (1, 10), (2, 20)):
        newer = {**counter, "dateObserved": f"2026-01-06T08:0{minute}:00Z", "peopleCount": people}
        answered(gate.update(newer, neighbour()), 204)
    properties = gate.feature(counter["id"])["properties"]
    assert (properties["people"], properties["observed_at"]) == (30, "2026-01-06T08:03:00.000Z")


def test_samples_cut_and_damaged_never_break_the_server(gate: Gate, samples: Path) -> None:
    for path in sorted((samples / "inspire").glob("*.json")):
        body = path.read_bytes()
        for broken in (body[: len(body) // 2], body[1:], body.replace(b'"type"', b'"typ"'), body.replace(b":", b",")):
            assert gate.post(broken, feed="damaged").status_code in (204, 400, 422), path.name
        document = json.loads(body)
        entities = document if isinstance(document, list) else [document]
        for name, strange in zip(entities[0], cycle(STRANGE), strict=False):
            response = gate.update({**entities[0], name: strange}, neighbour(), feed="damaged")
            assert response.status_code in (204, 422), (path.name, name, strange)
    entity = neighbour()
    answered(gate.update(entity, feed="damaged"), 204)
    assert kept(gate, entity)
