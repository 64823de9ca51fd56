"""DIVERA 24/7. The frames are in fixtures/frames/divera."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Address, Removal
from server.feeds.divera import NAME, reply
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, mission, never_said, of, reasons, units
from tests.feeds.frames import FRAMES, RECEIVED


def frame(name: str) -> bytes:
    return (FRAMES / NAME / name).read_bytes()


def alarm(**more: Any) -> dict[str, Any]:
    return {"Alarm": {"title": "F1", "notification_type": 2, "foreign_id": "7", **more}}


def test_a_push_of_v2() -> None:
    found = decoded(NAME, frame("push_v2.json"))
    content = mission(found)
    assert (content.number, content.keyword, content.category) == ("2026-4711", "F2Y", "fire")
    assert content.address == Address(street="Birkenweg 7", postcode="33999", city="Padertopia")
    assert content.description == "Rauch aus Dachgeschoss\nSchlüsseltresor links"
    assert (content.location_detail, content.reporter) == ("Haus Heideblick", "Erika Muster")
    assert content.units == ("divera:unit:issi:1234567",)
    (observation,) = found.observations
    assert observation.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}
    assert observation.extra == {
        "units": "HLF, DLK, ELW",
        "response_time": "3600",
        "notification_type": "3",
        "additional_text_1": "Objekt 17",
        "priority": True,
    }


def test_no_secret_is_kept() -> None:
    for name in ("push_v2.json", "requests.http", "answer.json", "vehicles.json"):
        never_said(decoded(NAME, frame(name)), "Zugang", "05251 654321", "Max Muster")
        cleaned_says_the_same(NAME, frame(name), "Zugang", "05251 654321")


def test_a_poll_holds_alarms_by_their_id() -> None:
    found = decoded(NAME, frame("answer.json"))
    known, unnumbered, deleted, wrong = found.observations
    assert known.subject == decoded(NAME, frame("push_v2.json")).observations[0].subject
    assert known.observed_at == datetime(2026, 11, 21, 19, 31, tzinfo=UTC)
    assert unnumbered.subject == "divera:id:10002"
    assert isinstance(deleted.content, Removal)
    assert wrong.geometry is UNSET


@pytest.mark.parametrize(
    "answer",
    [
        {"success": True, "data": {"items": [], "sorting": []}},
        {"success": True, "data": {"items": {}, "sorting": []}},
        {"success": True, "data": []},
        {"success": True, "data": {}},
        {"success": True, "data": None},
        {"success": False, "cached": False},
    ],
)
def test_an_answer_may_say_nothing(answer: Any) -> None:
    found = decoded(NAME, answer)
    assert (found.observations, found.refused) == ((), ())


def test_an_answer_may_hold_one_alarm_a_list_or_everything() -> None:
    one = {"id": 5, "title": "F1", "ts_create": 1795284311}
    single = decoded(NAME, {"success": True, "data": one})
    assert [each.subject for each in single.observations] == ["divera:id:5"]
    assert decoded(NAME, {"success": True, "data": {"items": [one]}}) == single
    everything = {"alarm": {"items": {"5": one}}, "cluster": {"vehicle": {"9": {"name": "MTF", "fmsstatus_id": 2}}}}
    found = decoded(NAME, {"success": True, "data": everything})
    assert [each.subject for each in found.observations] == ["divera:id:5", "divera:unit:9"]


@pytest.mark.parametrize(
    ("vehicle", "status"),
    [
        ({"status": 0}, 0),
        ({"status": "9"}, 9),
        ({"status_id": 10}, 0),
        ({"status_id": 1}, 1),
        ({"fmsstatus_id": 10}, 0),
        ({"fmsstatus": 3, "fmsstatus_id": 3}, 3),
        ({"status": 10}, UNSET),
        ({"status_id": 0}, UNSET),
        ({"status_id": 11}, UNSET),
        ({"status": "?"}, UNSET),
    ],
)
def test_ten_is_the_id_of_status_zero(vehicle: dict[str, Any], status: Any) -> None:
    (unit,) = units(decoded(NAME, {"id": 5, **vehicle}))
    assert unit.fms_status == status


def test_a_status_that_comes_again_later_is_news() -> None:
    body = json.dumps({"id": 5, "status": 3}).encode()
    first = decoded(NAME, body).observations[0]
    assert first.flags == ("time_assumed",)
    assert first.observed_at == RECEIVED
    pushed = decoded(NAME, alarm()).observations[0]
    assert pushed.id == decoded(NAME, alarm()).observations[0].id


def test_requests_carry_what_the_body_does_not() -> None:
    found = decoded(NAME, frame("requests.http"))
    assert [each.subject for each in found.observations] == [
        "divera:2026-4712",
        "divera:unit:florian-padertopia-1-rw-1",
        "divera:unit:1120",
        "divera:unit:issi:1234568",
        "divera:unit:ric:7654321",
    ]
    assert [unit.fms_status for unit in units(found)] == [UNSET, 0, 3, 2]
    assert of(found, "2026-4712")[0].geometry == {"type": "Point", "coordinates": [8.7799, 51.8311]}


@pytest.mark.parametrize(("lat", "lng"), [(8.78, 51.83), (40.7, -74.0), (51.83, 87.8)])
def test_a_position_outside_the_bounds_is_refused_and_not_swapped(lat: float, lng: float) -> None:
    found = decoded(NAME, alarm(lat=lat, lng=lng))
    assert found.observations[0].geometry is UNSET
    assert reasons(found) == ["position: outside the bounds of this source"]


def test_the_bounds_are_a_setting() -> None:
    vienna = alarm(lat=48.2, lng=16.37)
    assert decoded(NAME, vienna).observations[0].geometry is UNSET
    for bounds in (None, [9.5, 46.3, 17.2, 49.1]):
        found = decoded(NAME, vienna, options={"bounds": bounds})
        assert found.observations[0].geometry == {"type": "Point", "coordinates": [16.37, 48.2]}


def test_an_alarm_without_a_number_is_its_words_on_this_day() -> None:
    plain = {"title": "Probealarm", "text": "Test"}
    first, again = decoded(NAME, plain), decoded(NAME, plain)
    assert first.observations == again.observations
    assert "id_assumed" in first.observations[0].flags
    assert decoded(NAME, {**plain, "text": "anders"}).observations[0].subject != first.observations[0].subject


def test_an_alarm_for_later_says_from_when() -> None:
    content = mission(decoded(NAME, alarm(ts_publish=1795284311)))
    assert content.valid_from == datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)
    assert mission(decoded(NAME, alarm(ts_publish=0))).valid_from is UNSET


@pytest.mark.parametrize(
    "message", [{}, {"Alarm": {}}, {"Alarm": 5}, {"lat": 5}, {"status": 3}, [5], {"usingVehicles": {"1": 1}}]
)
def test_what_must_yield_nothing(message: Any) -> None:
    found = decoded(NAME, message)
    assert found.observations == ()
    assert found.refused


def test_an_unknown_mapping_is_refused() -> None:
    bulk = {"usingVehicles": {"1": {"status": 1}}, "instructions": {"using_vehicle": {"mapping": "farbe"}}}
    assert reasons(decoded(NAME, bulk)) == ["unknown mapping 'farbe'"]


def test_the_answers_are_those_of_divera() -> None:
    assert reply(200, None) == (200, {"success": True})
    assert reply(400, "nein") == (400, {"success": False, "message": "nein"})
