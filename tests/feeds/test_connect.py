"""Feuersoftware Connect. The frames are in fixtures/frames/connect."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Address
from layers.observation import Sensitivity
from server.feeds import DecodeError
from server.feeds._requests import request
from server.feeds.connect import NAME
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, mission, never_said, notes, reasons, units
from tests.feeds.frames import FRAMES


def frame(name: str) -> bytes:
    return (FRAMES / NAME / name).read_bytes()


def test_an_operation() -> None:
    found = decoded(NAME, frame("operation.json"))
    content = mission(found)
    assert (content.number, content.keyword, content.category) == ("2026-4712", "H1Y", "technical")
    assert content.address == Address(street="Heideweg 3", postcode="33999", city="Padertopia")
    assert (content.location_detail, content.reporter) == ("Heide", "Erika Muster")
    assert content.valid_from == datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)
    (observation,) = found.observations
    assert observation.observed_at == datetime(2026, 11, 21, 18, 5, 20, tzinfo=UTC)
    assert observation.geometry == {"type": "Point", "coordinates": [8.7799, 51.8311]}
    assert observation.extra == {"ric": "1234567A", "properties": {"Hinweis": "Motorsäge"}}


def test_no_secret_is_kept() -> None:
    for name in ("operation.json", "requests.http"):
        never_said(decoded(NAME, frame(name)), "Zugang", "05251 654321", "0171 1234567")
        cleaned_says_the_same(NAME, frame(name), "Zugang", "05251 654321", "0171 1234567")


def test_the_address_says_whose_status_it_is() -> None:
    found = decoded(NAME, request("/interfaces/public/vehicle/123/status", b'{"Status": "3"}'))
    assert [each.subject for each in found.observations] == ["connect:unit:123"]
    assert [unit.fms_status for unit in units(found)] == [3]
    itself = decoded(NAME, {"Issi": "123", "Status": 3, "StatusTimestamp": "2026-11-21T19:00:00+01:00"})
    assert itself.observations[0].subject == "connect:unit:123"


def test_status_and_position_each_have_their_own_time() -> None:
    both = {
        "RadioId": "123",
        "Status": 3,
        "StatusTimestamp": "2026-11-21T19:00:00+01:00",
        "Position": {"Latitude": 51.83, "Longitude": 8.78},
        "PositionTimestamp": "2026-11-21T19:01:00+01:00",
    }
    status, position = decoded(NAME, both).observations
    assert (status.observed_at.minute, status.geometry) == (0, UNSET)
    assert (position.observed_at.minute, position.geometry) == (1, {"type": "Point", "coordinates": [8.78, 51.83]})


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("Coming", "coming"),
        ("NotComing", "not_coming"),
        ("cominglater", "coming_later"),
        ("NotSet", "not_set"),
        ("?", "unknown"),
    ],
)
def test_an_answer_is_about_a_person(written: str, answer: str) -> None:
    found = decoded(NAME, {"PagerIssi": 7654321, "Status": written})
    (note,) = notes(found)
    assert note.parameters == {"answer": answer, "written": written}
    assert found.observations[0].sensitivity == Sensitivity.PERSONAL
    assert found.observations[0].subject == "connect:answer:7654321"


@pytest.mark.parametrize(
    ("status", "closed"), [("New", False), ("Update", False), ("Cancel", True), ("close", True), (None, UNSET)]
)
def test_the_upload_tools_words_open_and_close(status: Any, closed: Any) -> None:
    assert mission(decoded(NAME, {"Number": "1", "Status": status})).closed == closed


def test_without_a_number_it_is_known_by_start_and_words_not_by_its_place() -> None:
    place = {"Address": {"Street": "Heideweg"}, "Position": {"Latitude": 51.8, "Longitude": 8.7}}
    one = decoded(NAME, {"Start": "2026-11-21T19:00:00Z", "Keyword": "F1", **place}).observations[0]
    two = decoded(NAME, {"Start": "2026-11-21T19:30:00Z", "Keyword": "F1", **place}).observations[0]
    assert one.subject != two.subject
    assert one.flags == ("id_assumed",)


def test_members_are_read_in_any_case() -> None:
    upper = decoded(NAME, {"Number": "1", "Keyword": "F1", "Address": {"City": "X"}})
    assert decoded(NAME, {"number": "1", "keyword": "F1", "address": {"city": "X"}}) == upper


def test_the_year_one_is_no_time() -> None:
    (observation,) = decoded(NAME, {"Number": "1", "Start": "0001-01-01T00:00:00+01:00"}).observations
    assert observation.flags == ("time_assumed",)


@pytest.mark.parametrize("message", [{}, [5], {"CallSign": "x"}, {"Hello": 1}])
def test_what_must_yield_nothing(message: Any) -> None:
    found = decoded(NAME, message)
    assert found.observations == ()
    assert len(reasons(found)) == 1


def test_no_message_at_all() -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, [])
