"""Reports of our own clients: one observation each, idempotent by client and number, nobody speaks for another."""

import json
from typing import Any

import pytest

from layers.content import Note, Seen, Unit, Verdict
from layers.observation import Observation
from server.feeds import DecodeError
from server.feeds.report import FEED
from tests.feeds.frames import FRAMES, check, context

UNIT = "urn:ngsi-ld:EmergencyVehicle:padertopia-hlf1"


def report(name: str, **changes: Any) -> Observation:
    """The observation that a captured report gives, some members of it changed."""
    document = json.loads((FRAMES / "report" / f"{name}.json").read_bytes()) | changes
    decoded = FEED.decode(json.dumps(document).encode(), context("report"))
    check(decoded)
    (observation,) = decoded.observations
    return observation


def test_each_kind_of_report() -> None:
    assert (report("unit_status").subject, report("unit_status").content) == (UNIT, Unit(fms_status=4))
    position = report("position")
    assert (position.geometry, position.accuracy_m) == ({"type": "Point", "coordinates": [8.7793, 51.8301]}, 4.5)
    note = report("note").content
    assert isinstance(note, Note)
    assert (note.text, note.origin, note.receiver) == ("Zufahrt nur über Marktgasse", "control", UNIT)
    assert report("seen").content == Seen(target="urn:ngsi-ld:Alert:urn:ngsi-ld:Alert:4711", by=UNIT)
    verdict = report("reject").content
    assert isinstance(verdict, Verdict)
    assert (verdict.target, verdict.decision) == ("urn:ngsi-ld:SocialMedia:AgC_1", "reject")


def test_a_report_that_is_sent_twice_is_one_claim() -> None:
    assert report("unit_status").id == report("unit_status", fms_status=5).id
    assert report("unit_status").id != report("unit_status", client_seq=18).id
    assert report("unit_status").id != report("unit_status", unit="urn:ngsi-ld:EmergencyVehicle:padertopia-rtw1").id


@pytest.mark.parametrize(
    "changes",
    [
        {"fms_status": 10},
        {"fms_status": "4"},
        {"fms_status": None},
        {"kind": "explode"},
        {"client_id": "short"},
        {"client_seq": -1},
        {"unit": None},
        {"unit": "x" * 257},
        {"role": "liaison"},
        {"at": "2026-11-21T19:58:59"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"more": 1},
    ],
    ids=repr,
)
def test_a_report_that_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(DecodeError):
        report("unit_status", **changes)
