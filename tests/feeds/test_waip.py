"""Wachalarm IP. The frames are in fixtures/frames/waip."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from server.feeds import DecodeError
from server.feeds.waip import NAME
from tests.feeds.dispatch_tools import decoded, mission, never_said, of, reasons, units
from tests.feeds.frames import FRAMES, yielded


def alarm(alarmdaten: Any = (), **more: Any) -> dict[str, Any]:
    place = {key: more.pop(key) for key in list(more) if key in ("ort", "wgs84_x", "wgs84_y", "wgs84_area", "objektnr")}
    return {
        "einsatzdaten": {"nummer": "1", "alarmzeit": "21.11.26&19:05", **more},
        "ortsdaten": place,
        "alarmdaten": alarmdaten,
    }


def test_x_is_the_latitude() -> None:
    found = yielded(FRAMES / NAME / "datagram.json")
    assert of(found, "261121%2F0042")[0].geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}


def test_nothing_of_the_patient_is_kept() -> None:
    never_said(yielded(FRAMES / NAME / "datagram.json"), "Muster")
    never_said(decoded(NAME, alarm(patient="Muster, Max", nummer={"patient": 1})), "Muster")


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("21.11.26&19:05", "2026-11-21T18:05:00"),
        ("1.7.26&09:05", "2026-07-01T07:05:00"),
        ("21.11.2026&19:05:30", "2026-11-21T18:05:30"),
        ("2026-11-21T19:05:00+01:00", "2026-11-21T18:05:00"),
    ],
)
def test_times_of_an_alarm_are_local(written: str, at: str) -> None:
    (observation,) = decoded(NAME, alarm(alarmzeit=written)).observations
    assert observation.observed_at == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize("written", ["31.02.26&19:05", "21.11.26&25:05", "gestern", "21/11/26", "00.00.00&00:00"])
def test_a_time_that_is_none_costs_the_time_alone(written: str) -> None:
    found = decoded(NAME, alarm(alarmzeit=written))
    assert found.observations[0].flags == ("time_assumed",)
    assert reasons(found)[0].startswith("alarmzeit: ")


@pytest.mark.parametrize(
    ("alarmed", "clock", "at"),
    [
        ("21.11.26&19:05", "19:05", "2026-11-21T18:05"),
        ("21.11.26&19:05", "18:59", "2026-11-21T17:59"),
        ("20.11.26&23:58", "00:03", "2026-11-20T23:03"),
        ("21.11.26&00:05", "23:59", "2026-11-21T22:59"),
        ("21.11.26&19:05", "nie", "2026-11-21T18:05"),
        ("21.11.26&19:05", "24:05", "2026-11-21T18:05"),
    ],
)
def test_a_clock_time_may_be_past_midnight(alarmed: str, clock: str, at: str) -> None:
    found = decoded(NAME, alarm([{"einsatzmittel": "FL X 1/1-1", "zeit_a": clock}], alarmzeit=alarmed))
    (observation,) = of(found, "unit:florian-x-1-1-1")
    hours = observation.observed_at.replace(tzinfo=UTC)
    assert hours == min(datetime.fromisoformat(at).replace(tzinfo=UTC), observation.received_at)


@pytest.mark.parametrize(
    ("kind", "keyword", "category"),
    [
        ("Brandeinsatz", "", "fire"),
        ("Hilfeleistungseinsatz", "B:1", "technical"),
        ("Rettungseinsatz", "", "medical"),
        ("Krankentransport", "", "medical"),
        ("Sonstiges", "B:Wohnung", "fire"),
        ("Sonstiges", "S:Testeinsatz", "unknown"),
        ("", "", UNSET),
    ],
)
def test_the_category_is_that_of_the_kind_else_that_of_the_keyword(kind: str, keyword: str, category: Any) -> None:
    assert mission(decoded(NAME, alarm(art=kind, stichwort=keyword))).category == category


def test_minus_one_is_no_object() -> None:
    assert decoded(NAME, alarm(objektnr="-1")).observations[0].extra == {}
    assert decoded(NAME, alarm(objektnr="17")).observations[0].extra == {"objektnr": "17"}


def test_an_area_as_text_stands_in_for_the_point() -> None:
    area = json.dumps({"type": "Polygon", "coordinates": [[[8, 51], [9, 51], [9, 52], [8, 51]]]})
    (observation,) = decoded(NAME, alarm(wgs84_area=area)).observations
    assert observation.geometry == {"type": "Point", "coordinates": [8.5, 51.5]}
    assert "position_from_area" in observation.flags
    found = decoded(NAME, alarm(wgs84_area="Kreis", ort="X"))
    assert found.observations[0].geometry is UNSET
    assert reasons(found)[0].startswith("wgs84_area: ")


def test_an_update_adds_vehicles() -> None:
    first = decoded(NAME, alarm([{"einsatzmittel": "FL X 1/1-1"}]))
    more = decoded(NAME, alarm([{"einsatzmittel": "FL X 1/1-1"}, {"einsatzmittel": "FL X 1/2-1"}]))
    assert first.observations[0].subject == more.observations[0].subject
    assert [unit.mission for unit in units(more)] == ["waip:1", "waip:1"]
    assert of(first, "unit:florian-x-1-1-1")[0].id == of(more, "unit:florian-x-1-1-1")[0].id


def test_the_payload_comes_bare_wrapped_as_text_or_as_an_event() -> None:
    bare = decoded(NAME, alarm(stichwort="B:1"))
    assert decoded(NAME, {"data": alarm(stichwort="B:1"), "app_id": "x"}) == bare
    assert decoded(NAME, {"data": json.dumps(alarm(stichwort="B:1")), "app_id": "x"}) == bare
    assert decoded(NAME, ["from_server_to_client_new_waip", {"data": alarm(stichwort="B:1")}]) == bare
    event = b'42/api,3["from_client_to_server_new_waip",' + json.dumps({"data": alarm(stichwort="B:1")}).encode() + b"]"
    assert decoded(NAME, event) == bare
    assert decoded(NAME, b"2\x1e" + event + b"\x1e3").observations == bare.observations


@pytest.mark.parametrize("message", [{}, {"data": "nichts"}, {"data": 5}, ["x", {}], [5], alarm(nummer="")])
def test_what_must_yield_nothing(message: Any) -> None:
    found = decoded(NAME, message)
    assert found.observations == ()
    assert found.refused


def test_no_message_at_all() -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, b"keine Meldung")
