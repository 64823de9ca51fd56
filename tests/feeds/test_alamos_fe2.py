"""Alamos FE2, external interface v2. The frames are in fixtures/frames/alamos_fe2."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Address, Mission
from server.feeds import DecodeError, Limits, feeds
from server.feeds.alamos_fe2 import NAME, authorization, reply
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, mission, never_said, notes, of, units
from tests.feeds.frames import FRAMES, RECEIVED, yielded

SECRETS = ("nur-ein-beispiel", "05251 123456", "654321", "geheim", "Max Muster", "Atemnot")
AT = datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)


def alarm(**data: Any) -> dict[str, Any]:
    return {
        "type": "ALARM",
        "timestamp": "2026-11-21T19:05:11+01:00",
        "sender": "LS",
        "data": {"externalId": "1", **data},
    }


def status(**data: Any) -> dict[str, Any]:
    return {"type": "STATUS", "timestamp": "2026-11-21T19:05:11+01:00", "sender": "LS", "data": data}


def test_an_alarm_becomes_a_mission_with_its_vehicles() -> None:
    found = yielded(FRAMES / NAME / "alarm.json")
    (observation, *vehicles) = found.observations
    content = observation.content
    assert isinstance(content, Mission)
    assert (content.number, content.keyword, content.category) == ("2026-4711", "F2Y", "fire")
    assert content.address == Address(street="Birkenweg 7", postcode="33999", city="Padertopia")
    assert observation.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}
    assert observation.observed_at == AT
    assert content.units == tuple(vehicle.subject for vehicle in vehicles)
    assert [unit.mission for unit in units(found)] == [observation.subject] * 3
    assert observation.extra == {
        "keyword_misc": ["Wohnung"],
        "building_id": "OBJ-17",
        "alerted": ["1234567"],
        "patients": 1,
        "destinations": ["Klinikum Padertopia"],
        "custom": {"remark": "Schlüsseltresor"},
    }


def test_no_secret_is_kept() -> None:
    for frame in ("alarm.json", "stream.json"):
        body = (FRAMES / NAME / frame).read_bytes()
        never_said(decoded(NAME, body), *SECRETS)
        cleaned_says_the_same(NAME, body, "nur-ein-beispiel", "05251 123456", "654321", "geheim")
    broken = (FRAMES / NAME / "alarm.json").read_bytes().replace(b'"location": {', b'"location": "?", "x": {')
    never_said(decoded(NAME, broken), *SECRETS)


def test_the_secret_can_be_checked_before_it_is_blanked() -> None:
    assert authorization((FRAMES / NAME / "alarm.json").read_bytes(), Limits()) == "nur-ein-beispiel"
    assert authorization(b'{"authorization": 5}', Limits()) is None
    with pytest.raises(DecodeError):
        authorization(b"{", Limits())


def test_an_update_speaks_of_the_same_mission_and_a_repeat_is_the_same_claim() -> None:
    first, again = decoded(NAME, alarm(keyword="F1")), decoded(NAME, alarm(keyword="F1"))
    update = decoded(NAME, alarm(keyword="F3"))
    assert first.observations[0].id == again.observations[0].id
    assert update.observations[0].id != first.observations[0].id
    assert update.observations[0].subject == first.observations[0].subject


def test_an_id_belongs_to_its_sender() -> None:
    theirs = {**alarm(), "sender": "Nachbar"}
    assert decoded(NAME, theirs).observations[0].subject != decoded(NAME, alarm()).observations[0].subject


def test_a_close_ends_the_mission_and_an_alarm_opens_it() -> None:
    found = decoded(NAME, {**alarm(), "type": "CLOSE"})
    assert mission(found).closed is True
    assert mission(decoded(NAME, alarm())).closed is False
    assert found.observations[0].subject == decoded(NAME, alarm()).observations[0].subject


def test_an_alarm_without_an_id_is_its_time_and_words() -> None:
    without = alarm(keyword="TH 1")
    del without["data"]["externalId"]
    found = decoded(NAME, without)
    assert found.observations[0].flags == ("id_assumed",)
    assert decoded(NAME, without).observations == found.observations
    without["data"]["keyword"] = "TH 2"
    assert decoded(NAME, without).observations[0].subject != found.observations[0].subject


@pytest.mark.parametrize(
    ("coordinate", "point"),
    [
        ([8.78125, 51.83042], [8.78125, 51.83042]),
        (["8.78125", "51,83042"], [8.78125, 51.83042]),
        ([8.78125, 51.83042, 120], [8.78125, 51.83042]),
        ([0, 0], None),
        (["", ""], None),
        ([], None),
        (None, None),
    ],
)
def test_a_coordinate_is_longitude_first(coordinate: Any, point: Any) -> None:
    (observation,) = decoded(NAME, alarm(location={"coordinate": coordinate})).observations
    expected = UNSET if point is None else {"type": "Point", "coordinates": point}
    assert observation.geometry == expected


@pytest.mark.parametrize("coordinate", [[8.7], [200, 51], ["a", "b"], {"lat": 1}, [None, 51.8], "8.7,51.8"])
def test_a_coordinate_that_is_none_costs_the_position_alone(coordinate: Any) -> None:
    found = decoded(NAME, alarm(location={"coordinate": coordinate, "city": "Padertopia"}))
    assert found.observations[0].geometry is UNSET
    assert mission(found).address == Address(city="Padertopia")
    assert found.refused


def test_texts_may_be_one_or_a_list() -> None:
    assert mission(decoded(NAME, alarm(message="eins"))).description == "eins"
    assert mission(decoded(NAME, alarm(message=["eins", "", "zwei"]))).description == "eins\nzwei"
    assert mission(decoded(NAME, alarm(message=[], keyword=""))).description is UNSET


@pytest.mark.parametrize("before", range(10))
@pytest.mark.parametrize("after", range(10))
def test_no_change_of_status_is_refused(before: int, after: int) -> None:
    body = "\n".join(json.dumps(status(radioName="Florian X 1", status=each)) for each in (before, after))
    found = decoded(NAME, body.encode())
    assert found.refused == ()
    assert [unit.fms_status for unit in units(found)] == list(dict.fromkeys((before, after)))


@pytest.mark.parametrize("written", [10, -1, "E", "", None, 3.5, [3], True])
def test_an_unknown_status_is_no_status(written: Any) -> None:
    found = decoded(NAME, status(radioName="Florian X 1", status=written))
    assert [unit.fms_status for unit in units(found)] == [UNSET]
    assert found.observations[0].extra.get("status") == (written if written not in ("", None) else None)


def test_a_status_and_an_alarm_mean_the_same_unit_whatever_the_spelling() -> None:
    called = decoded(NAME, alarm(vehicles=[{"radioName": "Florian Padertopia 01/HLF20-01"}]))
    reported = decoded(NAME, status(radioName="FL Padertopia 1 HLF 20 1", status="3"))
    assert mission(called).units == (reported.observations[0].subject,)


def test_a_whole_request_tells_the_type_by_its_path() -> None:
    body = json.dumps(
        {"timestamp": "2026-11-21T19:05:11+01:00", "sender": "LS", "data": {"message": "x", "externalId": "1"}}
    )
    head = f"POST /rest/external/http/diary/v2 HTTP/1.1\r\nHost: fe2\r\nContent-Length: {len(body)}\r\n\r\n"
    found = decoded(NAME, (head + body + head.replace("diary", "alarm") + body).encode())
    assert [note.text for note in notes(found)] == ["x"]
    assert notes(found)[0].mission == of(found, "alamos_fe2:LS:1")[0].subject


def test_own_keywords_come_first() -> None:
    options = {"keywords": [{"abbreviation": "X", "category": "cbrn"}]}
    assert mission(decoded(NAME, alarm(keyword="X 2"), options=options)).category == "cbrn"
    assert mission(decoded(NAME, alarm(keyword="X 2"))).category == "unknown"
    with pytest.raises(DecodeError, match="settings of this source"):
        decoded(NAME, alarm(), options={"keyword": []})


def test_a_list_of_messages_and_a_byte_order_mark_are_read() -> None:
    body = "\ufeff" + json.dumps([alarm(), status(address="1", status=1)]) + "\r\n"
    assert len(decoded(NAME, body.encode()).observations) == 2


@pytest.mark.parametrize("message", [{"type": "CLOSE", "data": {}}, status(status=3), {"type": "DIARY", "data": {}}, 5])
def test_what_must_yield_nothing(message: Any) -> None:
    found = decoded(NAME, [message])
    assert found.observations == ()
    assert len(found.refused) == 1


def test_a_clock_that_is_wrong_is_not_believed() -> None:
    ahead = {**alarm(), "timestamp": "2030-01-01T00:00:00Z"}
    (observation,) = decoded(NAME, ahead).observations
    assert (observation.observed_at, observation.flags) == (RECEIVED, ("clock_ahead",))
    local = {**alarm(), "timestamp": "2026-11-21T19:05:11"}
    (observation,) = decoded(NAME, local).observations
    assert (observation.observed_at, observation.flags) == (AT, ("tz_assumed",))


def test_the_answers_are_those_of_fe2() -> None:
    assert reply(200, None) == (200, {"status": "OK"})
    assert reply(422, "why") == (200, {"status": "NOT_OK", "error": "why"}), "FE2 says so with 200"
    assert reply(400, "not JSON") == (400, {"status": "NOT_OK", "error": "not JSON"})


def test_the_feed_says_its_zone() -> None:
    assert feeds()[NAME].zone == "Europe/Berlin"
