"""NGSI-LD. The frames are in fixtures/frames/ngsi_ld."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.content import CrowdLine, Removal
from server.feeds import DecodeError
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.fuzz import mutations, survives, values

NAME = "ngsi_ld"
ID = "urn:ngsi-ld:CrowdFlowObserved:1"
WHEN = "2026-11-21T19:55:00Z"


def entity(**attributes: Any) -> dict[str, Any]:
    return {"id": ID, "type": "CrowdFlowObserved", "dateObservedTo": WHEN, **attributes}


def line(body: Any) -> CrowdLine:
    (found,) = decoded(NAME, body).observations
    assert isinstance(found.content, CrowdLine)
    return found.content


@pytest.mark.parametrize(
    "written",
    [7, {"type": "Property", "value": 7}, {"value": 7}, {"type": "Number", "value": 7}, "7", [{"value": 7}]],
    ids=["simplified", "normalized", "concise", "v2", "text", "several"],
)
def test_an_attribute_in_every_encoding(written: Any) -> None:
    assert line(entity(peopleCount=written)).people == 7


def test_the_newest_of_several_counts() -> None:
    some = [
        {"type": "Property", "value": 1, "datasetId": "urn:a"},
        {"type": "Property", "value": 2, "observedAt": WHEN},
    ]
    assert line(entity(peopleCount=some)).people == 2
    assert line(entity(peopleCount=some[::-1])).people == 2


@pytest.mark.parametrize(("unit", "expected"), [("KMH", 1.0), ("MTS", 3.6), (None, 1.0), (5, 1.0)])
def test_units(unit: Any, expected: float) -> None:
    speed = {"type": "Property", "value": 3.6, "unitCode": unit}
    assert line(entity(averageCrowdSpeed=speed)).speed_mps == expected


def test_towards_and_away_are_not_mended() -> None:
    found = line(entity(peopleCount=130, peopleCountTowards=90, peopleCountAway=41))
    assert (found.people, found.people_towards, found.people_away) == (130, 90, 41)


def test_envelopes_say_the_same() -> None:
    one = entity(peopleCount=7)
    notified = {"id": "urn:n", "type": "Notification", "subscriptionId": "s", "notifiedAt": WHEN, "data": [one]}
    feature = {"type": "Feature", "id": ID, "properties": {key: one[key] for key in one if key != "id"}}
    bodies = [
        one,
        [one],
        notified,
        {"subscriptionId": "s", "data": [one]},
        {"type": "FeatureCollection", "features": [feature]},
    ]
    assert {line(body).people for body in bodies} == {7}
    assert {decoded(NAME, body).observations[0].subject for body in bodies} == {ID}
    concatenated = b"\n".join(json.dumps({**one, "id": f"{ID}{n}"}).encode() for n in range(3))
    assert len(decoded(NAME, concatenated).observations) == 3


def test_ngsi_takes_a_notification_of_ngsi_ld() -> None:
    one = {**entity(), "peopleCount": {"type": "Property", "value": 7}}
    body = {"id": "urn:ngsi-ld:Notification:1", "type": "Notification", "data": [one]}
    (found,) = decoded("ngsi", body).observations
    assert isinstance(found.content, CrowdLine)
    assert found.content.people == 7


def test_what_was_deleted_is_withdrawn() -> None:
    (found,) = decoded(NAME, {**entity(), "deletedAt": WHEN}).observations
    assert isinstance(found.content, Removal)
    assert found.subject == ID


def test_null() -> None:
    assert line(entity(peopleCount={"type": "Property", "value": "urn:ngsi-ld:null"})).people is None
    assert line(entity(peopleCount="urn:ngsi-ld:null")).people is None


@pytest.mark.parametrize(
    "body", [{"id": "a"}, [5], {"type": "CrowdFlowObserved"}, {"id": ID, "type": "Unheard"}, {"data": [1]}]
)
def test_what_is_refused(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert len(reasons(found)) == 1


@pytest.mark.parametrize("body", [[], {"data": []}, {"type": "FeatureCollection", "features": 5}])
def test_what_is_empty(body: Any) -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, body)


wrapped = st.builds(
    lambda kind, member, value: {"type": kind, member: value},
    st.sampled_from(["Property", "GeoProperty", "Relationship", "LanguageProperty", 5]),
    st.sampled_from(["value", "object", "languageMap", "@value", "unitCode", "observedAt"]),
    values,
)
attributes = st.dictionaries(
    st.sampled_from(["peopleCount", "location", "dateObserved", "averageCrowdSpeed", "name", "deletedAt", "data"]),
    wrapped | values | st.lists(wrapped, max_size=3),
    max_size=5,
)


@given(attributes)
def test_documents_made_of_the_right_words(some: dict[str, Any]) -> None:
    survives(NAME, json.dumps(entity(**some)).encode())


def test_damaged_frames() -> None:
    mutations(NAME, 20261121, 200)
