"""San Francisco calls for service. The frame is in fixtures/frames/sanfrancisco."""

import json
from datetime import UTC, datetime

import pytest
from msgspec import UNSET

from layers.content import Mission, Unit
from server.feeds import DecodeError
from server.feeds.sanfrancisco import NAME, STAGES
from tests.feeds.dispatch_tools import decoded, mission, of, reasons, units
from tests.feeds.frames import FRAMES, yielded

TIMES = "Received DtTm,Dispatch DtTm,Response DtTm,On Scene DtTm,Available DtTm"
HEAD = f"Unit ID,Incident Number,Call Type,{TIMES},Location,RowID"


def table(*rows: str, head: str = HEAD, end: str = "\r\n") -> bytes:
    return end.join([head, *rows, ""]).encode()


def test_each_time_is_an_observation_in_the_order_of_time() -> None:
    found = yielded(FRAMES / NAME / "calls.csv")
    times = [each.observed_at for each in found.observations]
    assert times == sorted(times)
    medic = [each for each in of(found, "unit:63") if isinstance(each.content, Unit)]
    assert [each.extra["stage"] for each in medic] == [
        "received",
        "entry",
        "dispatch",
        "onscene",
        "response",
        "transport",
        "hospital",
        "available",
    ]
    assert [each.content.fms_status for each in medic if isinstance(each.content, Unit)] == [
        UNSET,
        UNSET,
        UNSET,
        4,
        3,
        7,
        8,
        1,
    ]


def test_a_unit_belongs_to_its_mission_from_dispatch_until_it_is_available() -> None:
    found = yielded(FRAMES / NAME / "calls.csv")
    engine = {str(each.extra["stage"]): each.content for each in of(found, "unit:E10")}
    said = {stage: content.mission for stage, content in engine.items() if isinstance(content, Unit)}
    assert said == {
        "received": UNSET,
        "entry": UNSET,
        "dispatch": "sanfrancisco:26000001",
        "response": UNSET,
        "onscene": UNSET,
        "available": None,
    }


def test_an_incident_ends_with_its_last_unit_and_only_when_all_are_available() -> None:
    found = yielded(FRAMES / NAME / "calls.csv")
    ended = [each for each in found.observations if isinstance(each.content, Mission) and each.content.closed]
    assert [(each.subject, each.observed_at) for each in ended] == [
        ("sanfrancisco:26000001", datetime(2026, 11, 21, 9, 10, tzinfo=UTC))
    ]
    assert ended[0].extra == {"disposition": "Code 2 Transport"}


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("01/15/2026 12:00:00 AM", datetime(2026, 1, 15, 8, 0, tzinfo=UTC)),
        ("01/15/2026 12:00:00 PM", datetime(2026, 1, 15, 20, 0, tzinfo=UTC)),
        ("07/15/2026 11:59:59 pm", datetime(2026, 7, 16, 6, 59, 59, tzinfo=UTC)),
        ("1/5/2026 3:04:05 PM", datetime(2026, 1, 5, 23, 4, 5, tzinfo=UTC)),
        ("2026-07-15T12:00:00.000", datetime(2026, 7, 15, 19, 0, tzinfo=UTC)),
    ],
)
def test_the_time_is_that_of_the_city(written: str, at: datetime) -> None:
    found = decoded(NAME, table(f"E1,1,Alarms,{written}"))
    assert {each.observed_at for each in found.observations} == {at}
    assert all(each.flags == ("tz_assumed",) for each in found.observations)


@pytest.mark.parametrize(
    "written", ["13/01/2026 01:00:00 AM", "02/30/2026 01:00:00 AM", "01/01/2026 61:00:00 AM", "bald"]
)
def test_a_time_that_is_none_costs_the_stage_alone(written: str) -> None:
    found = decoded(NAME, table(f"E1,1,Alarms,01/01/2026 01:00:00 AM,{written}"))
    assert [each.fms_status for each in units(found)] == [UNSET]
    assert reasons(found)[0].startswith("dispatchdttm: ")


@pytest.mark.parametrize(
    "location",
    [
        '"(37.7806, -122.4473)"',
        "POINT (-122.4473 37.7806)",
        '"POINT(-122.4473  37.7806)"',
        '"1 Main St\n(37.7806, -122.4473)"',
    ],
)
def test_a_location_is_latitude_first_and_in_wkt_longitude_first(location: str) -> None:
    found = decoded(NAME, table(f"E1,1,Alarms,01/01/2026 01:00:00 AM,,,,,{location}"))
    assert found.observations[0].geometry == {"type": "Point", "coordinates": [-122.4473, 37.7806]}


def test_names_of_columns_in_any_form_and_any_order() -> None:
    plain = decoded(NAME, table("E1,1,Alarms,01/01/2026 01:00:00 AM", end="\n"))
    api = table("Alarms,1,2026-01-01T01:00:00.000,E1", head="call_type,incident_number,received_dttm,unit_id")
    assert decoded(NAME, api).observations == plain.observations
    divided = table("E1;1;Alarms;01/01/2026 01:00:00 AM", head="Unit ID;Incident Number;Call Type;Received DtTm")
    assert decoded(NAME, divided).observations == plain.observations
    row = {
        "unit_id": "E1",
        "incident_number": "1",
        "call_type": "Alarms",
        "received_timestamp": "2026-01-01T01:00:00.000",
    }
    assert decoded(NAME, json.dumps([row]).encode()).observations == plain.observations
    assert (
        decoded(NAME, b"\xef\xbb\xbf" + table("E1,1,Alarms,01/01/2026 01:00:00 AM")).observations == plain.observations
    )


def test_a_stage_more_in_a_later_export_adds_its_observation_only() -> None:
    early = decoded(NAME, table("E1,1,Alarms,01/01/2026 01:00:00 AM,01/01/2026 01:01:00 AM"))
    late = decoded(NAME, table("E1,1,Alarms,01/01/2026 01:00:00 AM,01/01/2026 01:01:00 AM,01/01/2026 01:02:00 AM"))
    assert {each.id for each in early.observations} < {each.id for each in late.observations}
    assert len(late.observations) == len(early.observations) + 1


def test_stages_in_an_unusual_order_are_taken_as_they_are() -> None:
    found = decoded(NAME, table("E1,1,Alarms,,01/01/2026 01:01:00 AM,01/01/2026 01:05:00 AM,01/01/2026 01:03:00 AM"))
    assert [each.fms_status for each in units(found)] == [UNSET, 4, 3]
    assert found.refused == ()


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("Structure Fire", "fire"),
        ("Alarms", "fire"),
        ("Medical Incident", "medical"),
        ("Traffic Collision", "technical"),
        ("HazMat", "cbrn"),
        ("Gas Leak (Natural and LP Gases)", "cbrn"),
        ("Citizen Assist / Service Call", "technical"),
        ("Smoke Investigation (Outside)", "fire"),
        ("Other", "unknown"),
    ],
)
def test_what_the_city_calls_its_calls(kind: str, category: str) -> None:
    assert mission(decoded(NAME, table(f"E1,1,{kind},01/01/2026 01:00:00 AM"))).category == category


@pytest.mark.parametrize("body", [b"a,b,c\n1,2,3\n", b"", b"Unit ID,Incident Number\n", b"\x00\x01", b"null"])
def test_what_is_no_table(body: bytes) -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, body)


def test_a_quote_that_never_ends_is_refused() -> None:
    found = decoded(NAME, table("E1,1,Alarms,01/01/2026 01:00:00 AM") + b'E2,"' + b"x," * 100_000)
    assert {each.subject for each in found.observations} == {"sanfrancisco:1", "sanfrancisco:unit:E1"}
    assert reasons(found)


def test_the_stages_that_are_no_status() -> None:
    assert [stage for stage, status in STAGES.items() if status is None] == ["received", "entry", "dispatch"]
