"""MONICA. The frames are in fixtures/frames/monica."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import CrowdCount, CrowdRegion, Device
from layers.observation import Sensitivity
from server.feeds import DecodeError
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.fuzz import STRANGE, mutations, survives

NAME = "monica"
WHEN = "2026-11-21T19:58:00Z"


def density(**more: Any) -> dict[str, Any]:
    return {"type_module": "crowd_density_global", "module_id": "m", "camera_ids": ["c"], "timestamp_1": WHEN, **more}


def sound(**more: Any) -> dict[str, Any]:
    return {"type": "Gun shot", "startTime": WHEN, "endTime": WHEN, "deviceId": "d", "locationId": "l", **more}


def device(body: Any, **more: Any) -> Device:
    (found,) = decoded(NAME, body, **more).observations
    assert isinstance(found.content, Device)
    return found.content


def test_latitude_comes_first() -> None:
    (found,) = decoded(NAME, density(density_count=3, ground_plane_position=[51.7, 8.75])).observations
    assert found.geometry == {"type": "Point", "coordinates": [8.75, 51.7]}


@pytest.mark.parametrize(
    ("more", "people"),
    [
        ({"density_count": 220, "density_map": [[1.5, 2.5]]}, 220),
        ({"density_count": "", "density_map": [[1.5, 2.75]]}, 4),
        ({"density_map": [[0.2, 0.2]]}, 0),
        ({"density_count": 7}, 7),
        ({"density_count": 7, "density_map": "broken"}, 7),
    ],
)
def test_counts(more: Any, people: int) -> None:
    (found,) = decoded(NAME, density(**more)).observations
    assert found.content == CrowdCount(people=people)


def test_an_area_and_a_cell_come_from_the_settings() -> None:
    area = {"type": "Polygon", "coordinates": [[[8.75, 51.71], [8.76, 51.71], [8.76, 51.72], [8.75, 51.71]]]}
    body = density(density_count=3, density_map=[[1.0, 2.0]])
    region, count = decoded(
        NAME, body, options={"sites": {"c": {"area": area, "cell_m2": 4, "name": "Platz"}}}
    ).observations
    assert isinstance(region.content, CrowdRegion)
    assert region.content.area == area
    assert count.content == CrowdCount(people=3, region=region.subject)
    assert count.extra["peak_density_pm2"] == 0.5
    (linked,) = decoded(NAME, body, options={"sites": {"m": {"region": "urn:r"}}}).observations
    assert linked.content == CrowdCount(people=3, region="urn:r")


@pytest.mark.parametrize(
    ("more", "measure", "state", "probability"),
    [
        ({"probability": 0.85}, "gunshot", "ALARM", 0.85),
        ({"probability": 0.4}, "gunshot", "WARNING", 0.4),
        ({"probability": ""}, "gunshot", "ALARM", UNSET),
        ({"probability": 7}, "gunshot", "ALARM", UNSET),
        ({"type": "Glass break", "probability": "0.9"}, "glass_break", "ALARM", 0.9),
        ({"type": "Music", "probability": 1}, "music", "WARNING", 1.0),
    ],
)
def test_sounds(more: Any, measure: str, state: str, probability: Any) -> None:
    content = device(sound(**more))
    assert (content.measures, content.state, content.probability) == ((measure,), state, probability)


def test_from_when_a_sound_is_an_alarm_is_set() -> None:
    assert device(sound(probability=0.85), options={"alarm_from": 0.9}).state == "WARNING"


def test_each_event_is_one_of_its_own_and_a_repeat_is_not() -> None:
    found = decoded(NAME, [sound(), sound(), sound(startTime="2026-11-21T19:59:00Z")]).observations
    assert len({each.subject for each in found}) == len(found) == 2


def test_an_end_before_its_start_is_told() -> None:
    (found,) = decoded(NAME, sound(endTime="2026-11-21T19:50:00Z")).observations
    assert found.flags == ("end_before_start",)


def test_a_tag() -> None:
    pressed, place = decoded(
        NAME, [{"tagId": "C", "timestamp": WHEN}, {"tagId": "C", "timestamp": WHEN, "lat": 51.7, "lon": 8.75}]
    ).observations
    assert isinstance(pressed.content, Device)
    assert (pressed.content.measures, pressed.content.state) == (("panic",), "ALARM")
    assert place.geometry == {"type": "Point", "coordinates": [8.75, 51.7]}
    assert place.sensitivity is Sensitivity.PERSONAL


def test_where_a_sensor_is_comes_from_the_settings() -> None:
    options = {"sites": {"d": {"lon": 8.75, "lat": 51.7, "name": "Mast 4"}}}
    (found,) = decoded(NAME, sound(), options=options).observations
    assert found.geometry == {"type": "Point", "coordinates": [8.75, 51.7]}
    with pytest.raises(DecodeError):
        decoded(NAME, sound(), options={"sites": {"d": {"lon": 800, "lat": 51.7}}})


@pytest.mark.parametrize("body", [{"a": 1}, [], 5, density(), density(density_map=[[1], []]), density(density_map=[])])
def test_what_yields_nothing(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert len(reasons(found)) <= 1


names = st.sampled_from(
    [
        *("type_module", "module_id", "density_map", "density_count", "camera_id", "camera_ids", "camera_position"),
        *("startTime", "deviceId", "probability", "situation", "tagId", "lat", "lon", "timestamp"),
    ]
)


@given(st.dictionaries(names, st.sampled_from(STRANGE) | st.lists(st.lists(st.floats(-1, 9), max_size=2), max_size=2)))
def test_documents_made_of_the_right_words(document: Any) -> None:
    survives(NAME, json.dumps(document).encode())


def test_damaged_frames() -> None:
    mutations(NAME, 20261121, 200)
