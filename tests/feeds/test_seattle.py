"""Seattle Real-Time Fire 911. The frame is in fixtures/frames/seattle."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from server.feeds import DecodeError, feeds
from server.feeds._incidents import REPLAY_BYTES
from server.feeds.seattle import NAME
from tests.feeds.dispatch_tools import decoded, mission, reasons
from tests.feeds.frames import context


def feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"incident_number": "F1", **properties}}


@pytest.mark.parametrize(
    ("local", "at"),
    [
        ("2026-01-15T12:00:00.000", datetime(2026, 1, 15, 20, 0, tzinfo=UTC)),
        ("2026-07-15T12:00:00.000", datetime(2026, 7, 15, 19, 0, tzinfo=UTC)),
        ("2026-03-08T01:59:59", datetime(2026, 3, 8, 9, 59, 59, tzinfo=UTC)),
        ("2026-03-08T03:00:00", datetime(2026, 3, 8, 10, 0, tzinfo=UTC)),
        ("2026-11-01T03:00:00", datetime(2026, 11, 1, 11, 0, tzinfo=UTC)),
    ],
)
def test_the_time_is_that_of_seattle(local: str, at: datetime) -> None:
    (observation,) = decoded(NAME, feature(datetime=local)).observations
    assert (observation.observed_at, observation.flags) == (at, ("tz_assumed",))


def test_the_position_is_that_of_the_geometry_else_of_the_texts() -> None:
    point = {"type": "Point", "coordinates": [-122.3, 47.6]}
    here = {"latitude": "47.7", "longitude": "-122.4"}
    assert decoded(NAME, feature(point, **here)).observations[0].geometry == point
    assert decoded(NAME, feature(None, **here)).observations[0].geometry == {
        "type": "Point",
        "coordinates": [-122.4, 47.7],
    }
    assert decoded(NAME, feature(None)).observations[0].geometry is UNSET


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("Aid Response", "medical"),
        ("Medic Response, 7 per Rule", "medical"),
        ("Trans to AMR", "medical"),
        ("Automatic Medical Alarm", "medical"),
        ("Hang-Up, Aid", "medical"),
        ("Mutual Aid, Medic", "medical"),
        ("Multiple Casualty Incident", "medical"),
        ("Auto Fire Alarm", "fire"),
        ("Alarm Bell", "fire"),
        ("Illegal Burn", "fire"),
        ("Dumpster Fire W/Exp.", "fire"),
        ("AFA4 - Auto Alarm 2 + 1 + 1", "fire"),
        ("Natural Gas Odor", "cbrn"),
        ("Activated CO Detector", "cbrn"),
        ("MVI - Motor Vehicle Incident", "technical"),
        ("Rescue Elevator", "technical"),
        ("Wires Down", "technical"),
        ("Mutual Aid, Engine", "unknown"),
        ("Triaged Incident", "unknown"),
    ],
)
def test_what_seattle_calls_its_incidents(kind: str, category: str) -> None:
    assert mission(decoded(NAME, feature(type=kind))).category == category


def test_own_keywords_come_first() -> None:
    options = {"keywords": [{"abbreviation": "1RED", "category": "fire"}]}
    assert mission(decoded(NAME, feature(type="1RED 1 Unit"), options=options)).category == "fire"


def test_features_rows_and_lines_are_the_same() -> None:
    row = {
        "incident_number": "F1",
        "type": "Car Fire",
        "datetime": "2026-07-01T07:45:00.000",
        "latitude": "47.6",
        "longitude": "-122.3",
    }
    whole = decoded(NAME, {"type": "FeatureCollection", "features": [feature(None, **row)]})
    assert decoded(NAME, [row]) == whole
    assert decoded(NAME, (json.dumps(feature(None, **row)) + "\n").encode()) == whole


def test_nothing_new_is_an_answer() -> None:
    found = decoded(NAME, {"type": "FeatureCollection", "features": []})
    assert (found.observations, found.refused) == ((), ())


def test_the_same_incident_of_two_polls_is_the_same_claim() -> None:
    first, second = (decoded(NAME, feature(type="Car Fire", datetime="2026-07-01T07:45:00.000")) for _ in range(2))
    assert first.observations[0].id == second.observations[0].id


@pytest.mark.parametrize("body", [[5], [{}], {"features": [5]}, {"type": "Feature", "properties": []}])
def test_what_must_yield_nothing(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert reasons(found)


def test_no_data_at_all() -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, [])
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(b"[" + b" " * REPLAY_BYTES + b"]", context(NAME))


def test_a_first_row_that_is_short_is_not_the_end_of_the_table() -> None:
    body = b"Address,Type,Datetime,Incident Number\r\nx\r\n2 Pine St,Aid Response,01/15/2026 12:55:00 PM,F2\r\n"
    found = feeds()[NAME].decode(body, context(NAME))
    assert len(found.observations) == len(found.refused) == 1
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(b"Address,Type\r\n" + b"x\r\n" * 300, context(NAME))
