"""Layers missions and units: exact values, FMS, assignment, ends."""

import itertools

import pytest

from layers import content as c
from layers import fms
from layers.content import Tick
from layers.settings import Age, PictureSettings
from tests.layers.world import HERE, at, entries, picture_of, point, properties, see


def test_a_mission_as_dispatch_tells_it() -> None:
    mission = c.Mission(
        number="20201.27.2823",
        keyword="Feuer1",
        keyword_short="Fe1C",
        category="fire",
        subcategory="buildingFire",
        description="Brennt Haus",
        severity="medium",
        address=c.Address(street="Warburger Straße 12", postcode="33100", city="Paderborn"),
        alert_source="Leitstelle",
        issued_at=at(-60),
        valid_to=at(600),
        units=("hlf", "nobody"),
        search_ids=("49",),
    )
    picture = picture_of(
        see("m", mission, 0, point(8.799459, 51.694793, 12.0), accuracy_m=5),
        see("hlf", c.Unit(name="HLF20", fms_status=3), 5, point(8.80, 51.69)),
    )
    assert picture.features["m"]["geometry"] == point(8.799459, 51.694793)
    assert properties(picture, "m") == {
        "layer": "missions",
        "part": "mission",
        "title": "Feuer1",
        "rev": 2,
        "observed_at": "2026-11-21T19:00:00.000Z",
        "reported_at": "2026-11-21T19:00:00.000Z",
        "received_at": "2026-11-21T19:00:00.000Z",
        "stale_at": "2026-11-21T19:10:00.000Z",
        "expires_at": "2026-11-22T19:00:00.000Z",
        "sources": [{"id": "ngsi/leitstelle", "observed_at": "2026-11-21T19:00:00.000Z"}],
        "flags": [],
        "accuracy_m": 5.0,
        "times": {},
        "number": "20201.27.2823",
        "keyword": "Feuer1",
        "keyword_short": "Fe1C",
        "category": "fire",
        "subcategory": "buildingFire",
        "description": "Brennt Haus",
        "severity": "medium",
        "location_detail": None,
        "alert_source": "Leitstelle",
        "reporter": None,
        "address": {
            "street": "Warburger Straße 12",
            "postcode": "33100",
            "city": "Paderborn",
            "text": "Warburger Straße 12, 33100 Paderborn",
        },
        "issued_at": "2026-11-21T18:59:00.000Z",
        "valid_from": None,
        "valid_to": "2026-11-21T19:10:00.000Z",
        "state": "open",
        "units": ["hlf", "nobody"],
        "unit_states": [
            {"id": "hlf", "call_sign": "HLF20", "fms_status": 3, "observed_at": "2026-11-21T19:00:05.000Z"},
            {"id": "nobody", "call_sign": None, "fms_status": None, "observed_at": None},
        ],
        "seen_by": [],
        "search_ids": ["49"],
        "position_source": "dispatch",
        "position_accuracy_m": 5.0,
        "position_label": None,
        "geocode_state": None,
        "geocode_score": None,
        "candidates": [],
    }


def test_a_mission_without_a_place_has_no_geometry() -> None:
    picture = picture_of(see("m", c.Mission(keyword="F1")))
    assert picture.features["m"]["geometry"] is None


def test_a_mission_ends_when_its_time_is_over_and_time_alone_says_so() -> None:
    picture = picture_of(see("m", c.Mission(valid_to=at(100)), 0))
    assert picture.next_due() == at(100)
    changes = picture.apply_many(entries([see("tick", Tick(), 100, source="desk")], first=2))
    assert properties(picture, "m")["state"] == "ended"
    assert {feature["id"] for feature in changes.upsert} == {"m", "card:m"}


def test_a_closed_mission_has_ended_and_may_be_opened_again() -> None:
    closed = [see("m", c.Mission(keyword="F1"), 0), see("m", c.Mission(closed=True), 5)]
    assert properties(picture_of(*closed), "m")["state"] == "ended"
    again = picture_of(*closed, see("m", c.Mission(closed=False), 9))
    assert properties(again, "m")["state"] == "open"
    assert properties(again, "m")["keyword"] == "F1"


def test_a_mission_from_the_past_is_shown_with_its_true_age() -> None:
    picture = picture_of(see("m", c.Mission(keyword="F1", valid_to=at(-86400 * 365)), 0))
    assert properties(picture, "m")["state"] == "ended"
    assert properties(picture, "m")["stale_at"] == "2025-11-21T19:00:00.000Z"
    assert properties(picture, "m")["expires_at"] == "2026-11-22T19:00:00.000Z"


def test_an_open_end_keeps_a_mission_on_screen() -> None:
    picture = picture_of(
        see("m", c.Mission(valid_to=at(3 * 86400)), 0), see("n", c.Mission(valid_to=at(400 * 86400)), 0)
    )
    assert properties(picture, "m")["expires_at"] == "2026-11-24T19:00:00.000Z"
    assert properties(picture, "n")["expires_at"] == "2026-12-22T19:00:00.000Z", "31 days at most"


def test_who_has_seen_a_mission() -> None:
    picture = picture_of(
        see("any", c.Seen(target="m", by="hlf"), 20),
        see("m", c.Mission(keyword="F1"), 0),
        see("any", c.Seen(target="m", by="dlk"), 30),
        see("any", c.Seen(target="m", by="hlf"), 10),
    )
    assert properties(picture, "m")["seen_by"] == [
        {"by": "dlk", "at": "2026-11-21T19:00:30.000Z"},
        {"by": "hlf", "at": "2026-11-21T19:00:20.000Z"},
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_status_that_is_no_state_keeps_the_previous(order: tuple[int, ...]) -> None:
    said = [
        see("u", c.Unit(fms_status=3), 10),
        see("u", c.Unit(fms_status=5), 20),
        see("u", c.Unit(fms_status=9), 5),
    ]
    seen = properties(picture_of(*(said[index] for index in order)), "u")
    assert (seen["fms_status"], seen["state"], seen["speech_request"], seen["emergency"]) == (
        5,
        "en_route",
        True,
        False,
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_an_emergency_lasts_until_a_later_state(order: tuple[int, ...]) -> None:
    said = [
        see("u", c.Unit(fms_status=4), 10),
        see("u", c.Unit(fms_status=0), 20),
        see("u", c.Unit(fms_status=5), 30),
        see("u", c.Unit(fms_status=None), 40),
    ]
    picture = picture_of(*(said[index] for index in order))
    assert properties(picture, "u")["emergency"] is True
    assert (properties(picture, "u")["fms_status"], properties(picture, "u")["state"]) == (None, "unknown")
    picture.apply_many(entries([see("u", c.Unit(fms_status=4), 50)], first=5))
    assert (properties(picture, "u")["emergency"], properties(picture, "u")["state"]) == (False, "on_scene")


def test_an_emergency_is_urgent_once() -> None:
    picture = picture_of(see("u", c.Unit(fms_status=4), 0))
    assert picture.apply_many(entries([see("u", c.Unit(fms_status=0), 1)], 2)).urgent
    assert not picture.apply_many(entries([see("u", c.Unit(), 2, point(*HERE))], 3)).urgent


def test_the_table_of_statuses_is_whole() -> None:
    assert sorted(fms.FMS) == list(range(10))
    states = {number: status.state for number, status in fms.FMS.items()}
    assert states == {
        0: None,
        1: "available_mobile",
        2: "available_station",
        3: "en_route",
        4: "on_scene",
        5: None,
        6: "out_of_service",
        7: "transporting",
        8: "at_destination",
        9: None,
    }
    assert [number for number, status in fms.FMS.items() if status.committed] == [3, 4, 7, 8]


@pytest.mark.parametrize("status", [-1, 10, 99])
def test_a_status_that_is_none_is_refused(status: int) -> None:
    picture = picture_of(see("u", c.Unit(fms_status=3), 0), see("u", c.Unit(fms_status=status, heading_deg=90), 1))
    assert properties(picture, "u")["fms_status"] == 3
    assert properties(picture, "u")["heading_deg"] == 90.0
    assert properties(picture, "source:ngsi/leitstelle")["refused"] == 1
    assert properties(picture, "source:ngsi/leitstelle")["last_refusal"] == "u: fms_status"


def test_each_attribute_of_a_unit_has_its_own_age() -> None:
    picture = picture_of(
        see("u", c.Unit(call_sign="HLF", fms_status=3), 0, point(8.79, 51.83), accuracy_m=20.0),
        see("u", c.Unit(), 60, point(8.78, 51.83), source="report/u", accuracy_m=4.0),
        see("u", c.Unit(heading_deg=270.0), 30, point(8.785, 51.83)),
    )
    seen = properties(picture, "u")
    assert picture.features["u"]["geometry"] == point(8.78, 51.83)
    assert seen["accuracy_m"] == 4.0
    assert seen["observed_at"] == "2026-11-21T19:01:00.000Z"
    assert seen["stale_at"] == "2026-11-21T19:06:00.000Z"
    assert seen["times"] == {
        "call_sign": "2026-11-21T19:00:00.000Z",
        "fms_status": "2026-11-21T19:00:00.000Z",
        "heading_deg": "2026-11-21T19:00:30.000Z",
        "position": "2026-11-21T19:01:00.000Z",
    }
    assert seen["sources"] == [
        {"id": "ngsi/leitstelle", "observed_at": "2026-11-21T19:00:30.000Z"},
        {"id": "report/u", "observed_at": "2026-11-21T19:01:00.000Z"},
    ]


def test_the_distance_to_the_mission_is_geodesic() -> None:
    picture = picture_of(
        see("m", c.Mission(), 0, point(8.78, 51.83)), see("u", c.Unit(mission="m"), 1, point(8.79, 51.83))
    )
    # One hundredth of a degree of longitude at 51.83 north: 111,412.9 m x cos(lat) ... on WGS84 689.4 m.
    assert properties(picture, "u")["distance_m"] == 689.0
    picture.apply_many(entries([see("m", c.Mission(), 2, point(8.79, 51.83))], 3))
    assert properties(picture, "u")["distance_m"] == 0.0


def units_of(*said: c.Mission | c.Unit | tuple[str, c.Unit]) -> list[str]:
    """Units of mission m after it and the unit u spoke, one second apart."""
    history = [
        see("m" if isinstance(content, c.Mission) else "u", content, number)
        for number, content in enumerate(said)
        if not isinstance(content, tuple)
    ]
    found: list[str] = properties(picture_of(see("m", c.Mission(), -1), *history), "m")["units"]
    return found


def test_either_side_may_assign() -> None:
    assert units_of(c.Mission(units=("u",))) == ["u"]
    assert units_of(c.Unit(mission="m")) == ["u"]
    assert units_of(c.Unit(mission="m"), c.Mission(units=())) == ["u"]


def test_the_newer_word_of_a_unit_takes_it_off_the_list() -> None:
    assert units_of(c.Mission(units=("u",)), c.Unit(mission="other")) == []
    assert units_of(c.Mission(units=("u",)), c.Unit(mission=None)) == []
    assert units_of(c.Unit(mission="other"), c.Mission(units=("u",))) == ["u"]


def test_a_unit_shows_the_mission_that_lists_it() -> None:
    picture = picture_of(see("m", c.Mission(units=("u",)), 0), see("u", c.Unit(), 1))
    assert properties(picture, "u")["mission"] == "m"
    picture.apply_many(entries([see("u", c.Unit(mission="n"), 2)], 3))
    assert properties(picture, "u")["mission"] == "n"
    assert properties(picture, "m")["units"] == []


def test_a_unit_expires_and_its_mission_no_longer_knows_its_name() -> None:
    settings = PictureSettings(ages={"unit": Age(60, 120)})
    picture = picture_of(
        see("m", c.Mission(units=("u",)), 0), see("u", c.Unit(call_sign="HLF", fms_status=3), 1), settings=settings
    )
    assert picture.next_due() == at(121)
    changes = picture.apply_many(entries([see("tick", Tick(), 121, source="desk")], 3))
    assert changes.remove == ["u"]
    assert picture.removed == {"u": 3}
    assert properties(picture, "m")["unit_states"] == [
        {"id": "u", "call_sign": None, "fms_status": None, "observed_at": None}
    ]
