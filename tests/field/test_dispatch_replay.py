"""Incidents of Seattle and calls of San Francisco as the cities publish them (samples/dispatch/SOURCES.md)."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import UNSET

from layers.content import Address, Mission, Unit
from layers.observation import Entry
from layers.picture import Picture
from layers.settings import PictureSettings
from server.feeds import Decoded
from tests.feeds.dispatch_tools import decoded, of


@pytest.fixture(scope="module")
def seattle(samples: Path) -> Decoded:
    return decoded("seattle", (samples / "dispatch" / "seattle" / "Fire911Calls.geojson").read_bytes())


@pytest.fixture(scope="module")
def sanfrancisco(samples: Path) -> Decoded:
    name = "Fire_Department_Calls_for_Service.csv"
    return decoded("sanfrancisco", (samples / "dispatch" / "sanfrancisco" / name).read_bytes())


def test_a_thousand_incidents_of_seattle(seattle: Decoded) -> None:
    assert seattle.refused == ()
    assert len({each.subject for each in seattle.observations}) == 1000
    assert sum(each.geometry is UNSET for each in seattle.observations) == 5
    kinds = Counter(each.content.keyword for each in seattle.observations if isinstance(each.content, Mission))
    assert [kinds[kind] for kind in ("Aid Response", "Medic Response", "Trans to AMR", "Auto Fire Alarm")] == [
        441,
        188,
        53,
        47,
    ]


def test_one_incident_of_seattle(seattle: Decoded) -> None:
    (observation,) = of(seattle, "F190051945")
    assert observation.observed_at == datetime(2019, 5, 22, 19, 55, tzinfo=UTC)
    assert observation.geometry == {"type": "Point", "coordinates": [-122.329051, 47.6069]}
    content = observation.content
    assert isinstance(content, Mission)
    assert (content.keyword, content.category) == ("Car Fire", "fire")
    assert content.address == Address(street="904 7th Av")


def test_the_dense_window_of_seattle(seattle: Decoded) -> None:
    start, end = datetime(2005, 12, 25, 1, 11, 1, tzinfo=UTC), datetime(2005, 12, 27, 4, 16, 55, tzinfo=UTC)
    assert sum(start <= each.observed_at <= end for each in seattle.observations) == 462


def test_every_row_of_san_francisco(sanfrancisco: Decoded) -> None:
    assert sanfrancisco.refused == ()
    missions = [each for each in sanfrancisco.observations if isinstance(each.content, Mission)]
    began = [each for each in missions if not each.content.closed]  # type: ignore[union-attr]
    assert len({each.subject for each in began}) == len(began) == 173
    stages = Counter(each.extra["stage"] for each in sanfrancisco.observations if isinstance(each.content, Unit))
    assert stages == {
        "received": 865,
        "entry": 865,
        "dispatch": 865,
        "response": 851,
        "onscene": 546,
        "transport": 1,
        "hospital": 1,
        "available": 865,
    }


def test_the_incident_of_six_hours(sanfrancisco: Decoded) -> None:
    units = [each for each in sanfrancisco.observations if each.extra.get("call") == "sanfrancisco:18060627"]
    assert len(units) == 101
    assert len({each.subject for each in units}) == 17
    assert (units[0].observed_at, units[-1].observed_at) == (
        datetime(2018, 5, 23, 23, 26, 10, tzinfo=UTC),
        datetime(2018, 5, 24, 5, 38, 35, tzinfo=UTC),
    )
    medic = [each for each in units if each.subject == "sanfrancisco:unit:73"]
    said = [
        (each.observed_at.strftime("%H:%M:%S"), each.content.fms_status)
        for each in medic
        if isinstance(each.content, Unit)
    ]
    assert said == [
        ("23:26:10", UNSET),
        ("23:26:39", UNSET),
        ("23:27:05", UNSET),
        ("23:27:15", 3),
        ("23:32:42", 4),
        ("00:12:55", 7),
        ("00:20:01", 8),
        ("00:52:22", 1),
    ]
    began, ended = of(sanfrancisco, "18060627")
    assert began.geometry == {"type": "Point", "coordinates": [-122.45394528089803, 37.780929787135314]}
    assert isinstance(began.content, Mission)
    assert began.content.address == Address(street="200 Block of PARKER AVE", postcode="94118", city="San Francisco")
    assert isinstance(ended.content, Mission)
    assert ended.content.closed is True


def test_the_picture_at_a_quarter_past_five(sanfrancisco: Decoded) -> None:
    """What a crew would have seen at 17:15 local time, 49 minutes into the incident."""
    picture = Picture(PictureSettings())
    until = datetime(2018, 5, 24, 0, 15, 0, tzinfo=UTC)
    seq = 0
    for each in sanfrancisco.observations:
        if each.observed_at <= until and "18060627" in (each.subject + str(each.extra.get("call"))):
            seq += 1
            picture.apply(Entry(seq=seq, observation=each))
    mission = picture.features["sanfrancisco:18060627"]["properties"]
    assert (mission["keyword"], mission["state"], len(mission["units"])) == ("Structure Fire", "open", 14)
    assert picture.features["sanfrancisco:unit:73"]["properties"]["state"] == "transporting"
    assert picture.features["sanfrancisco:unit:B07"]["properties"]["state"] == "on_scene"
