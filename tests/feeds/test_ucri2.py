"""UCRI2 between control rooms. The frames are in fixtures/frames/ucri2."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Address
from server.feeds import DecodeError
from server.feeds.ucri2 import NAME
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, mission, never_said, notes, of, reasons, units
from tests.feeds.frames import FRAMES

ID = "550e8400-0000-4000-8000-00000000471a"
SECRETS = ("5251 654321", "erika@", "0171 1234567")


def frame(name: str) -> bytes:
    return (FRAMES / NAME / name).read_bytes()


def incident(**more: Any) -> dict[str, Any]:
    place = {"coordinate": {"lat": 51.83, "lon": 8.78}}
    return {"sharedIncidentId": ID, "sentByDispatcherAt": "2026-11-21T18:07:00Z", "missionLocation": place, **more}


def test_an_incident_that_is_handed_over() -> None:
    found = decoded(NAME, frame("incident.json"))
    content = mission(found)
    assert (content.number, content.keyword, content.category) == ("2026-4711", "A1 F2Y", "fire")
    assert content.description == "Rauch aus Dachgeschoss\nSchlüsseltresor"
    assert content.address == Address(street="Birkenweg 7", postcode="33999", city="Padertopia")
    assert content.location_detail == "Haus Heideblick, Haus 3, 3. OG, 12, Heide"
    assert content.reporter == "Erika Muster"
    (observation,) = of(found, ID)
    assert observation.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}
    assert observation.observed_at == datetime(2026, 11, 21, 18, 7, tzinfo=UTC)
    assert observation.extra["patients"] == 1
    assert observation.extra["requested"] == ["RTW"]
    assert [(note.text, note.mission) for note in notes(found)] == [("Zwei Personen vermisst", f"ucri2:{ID}")]


def test_no_secret_and_no_patient_is_kept() -> None:
    never_said(decoded(NAME, frame("incident.json")), *SECRETS, "19801230", "Max")
    cleaned_says_the_same(NAME, frame("incident.json"), *SECRETS)


def test_a_queue_of_messages() -> None:
    found = decoded(NAME, frame("queue.json"))
    assert [note.message_type for note in notes(found)] == ["HANDOVER", "information"]
    assert [(unit.name, unit.vehicle_type) for unit in units(found)] == [("RTW-1", "RTW")]
    assert mission(found).closed is True
    assert of(found, ID)[0].observed_at == datetime(2026, 11, 21, 19, 31, tzinfo=UTC)
    assert len(found.refused) == 3


def test_both_control_rooms_mean_the_same_incident() -> None:
    upper = decoded(NAME, incident(sharedIncidentId=ID.upper()))
    assert upper.observations[0].subject == decoded(NAME, incident()).observations[0].subject


def test_a_message_comes_with_and_without_its_envelope() -> None:
    bare = decoded(NAME, incident(issue="x"))
    for data in (json.dumps(incident(issue="x")), incident(issue="x")):
        assert decoded(NAME, {"payload": {"data": data}}) == bare
        assert decoded(NAME, [{"sequenceId": 1, "message": {"payload": {"data": data}}}]) == bare


def test_times_without_a_zone_are_utc() -> None:
    (observation,) = decoded(NAME, incident(sentByDispatcherAt="2026-11-21T18:07:00")).observations
    assert (observation.observed_at, observation.flags) == (datetime(2026, 11, 21, 18, 7, tzinfo=UTC), ("tz_assumed",))


def test_the_category_is_that_of_the_first_keyword_that_is_known() -> None:
    assert mission(decoded(NAME, incident(classifications=["Z9", "TH 1", "F2"]))).category == "technical"
    assert mission(decoded(NAME, incident(classifications=["Z9"]))).category == "unknown"
    assert mission(decoded(NAME, incident())).category is UNSET


@pytest.mark.parametrize("status", ["completed_sucessfully", "aborted", "anders", None])
def test_a_completion_closes_whatever_its_word(status: Any) -> None:
    found = decoded(NAME, {"sharedIncidentId": ID, "completedAt": "2026-11-21T19:31:00Z", "status": status})
    assert mission(found).closed is True
    assert found.observations[0].extra.get("completion") == status


def test_what_the_broker_says_of_itself_yields_nothing() -> None:
    found = decoded(NAME, {"payload": {"appId": "transport_layer_messages", "data": "{}"}})
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize(
    "message",
    [
        {},
        [5],
        {"sharedIncidentId": ID},
        {"missionLocation": {}},
        {"payload": {}},
        {"payload": {"data": 5}},
        {"payload": {"data": "["}},
        {"payload": {"contentType": "application/jose", "data": "x"}},
    ],
)
def test_what_must_yield_nothing(message: Any) -> None:
    found = decoded(NAME, message)
    assert found.observations == ()
    assert reasons(found)


def test_no_message_at_all() -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, b"<xml/>")
