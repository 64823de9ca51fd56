"""NGSI v2: what is refused, in which words, and that nobody takes a neighbour down."""

import json
from typing import Any

import msgspec
import pytest

from layers.content import Unit
from server.feeds import (
    BAD_ATTRIBUTE,
    BAD_ENTITY,
    INVALID,
    MALFORMED,
    TOO_LARGE,
    UNKNOWN_TYPE,
    Decoded,
    DecodeError,
    Limits,
)
from server.feeds.ngsi import FEED
from tests.feeds.frames import FRAMES, context
from tests.feeds.ngsi_tools import COUNT, VEHICLE, decode, one, reasons


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        (None, "an entity is an object"),
        ([], "an entity is an object"),
        ({}, "an entity has an id, and it is text"),
        ({"id": 17, "type": "Device"}, "an entity has an id, and it is text"),
        ({"id": "x" * 10_000, "type": "Device"}, "an id has at most 256 characters, not 10000"),
        ({"id": "a#b", "type": "Device"}, "the id holds a character that NGSI forbids"),
        ({"id": "a\nb", "type": "Device"}, "the id holds a character that NGSI forbids"),
        ({"id": "a\u200b", "type": "Device"}, "the id holds a character that NGSI forbids"),
        ({"id": "<script>", "type": "Device"}, "the id holds a character that NGSI forbids"),
        ({"id": "card:urn", "type": "Device"}, "this id is reserved"),
        ({"id": "source:ngsi", "type": "Device"}, "this id is reserved"),
        ({"id": "abc"}, "the entity has no type"),
        ({"id": "urn:ngsi-ld:Device", "value": 1}, "the entity has no type"),
        ({"id": "abc", "type": ["Device"]}, "a type is text of at most 256 characters"),
        ({"id": "abc", "type": "Device", **{f"a{n}": n for n in range(300)}}, "more than 200 attributes"),
        ({"id": "abc", "type": "Device", "value": [1, [2, ["x" * 300_000]]]}, "an entity of"),
        ({"id": "abc", "type": "Device", "value": "x" * 9_000}, "nothing sound in the entity"),
        ({"id": "abc", "type": "Device", "location": "Markt"}, "nothing sound in the entity"),
    ],
    ids=range(18),
)  # fmt: skip
def test_an_entity_that_cannot_be_used_leaves_its_neighbours(entity: Any, reason: str) -> None:
    decoded = decode([entity, {**VEHICLE, "fmsStatus": 3}])
    assert [o.content for o in decoded.observations] == [Unit(fms_status=3)]
    (refused,) = [part for part in decoded.refused if part.kind == BAD_ENTITY]
    assert refused.reason.startswith(reason)


def test_an_unknown_type_is_refused_by_name() -> None:
    decoded = decode([{"id": "w1", "type": "WeatherObserved", "temperature": 3}, {**VEHICLE, "fmsStatus": 3}])
    assert reasons(decoded) == [(UNKNOWN_TYPE, "unknown entity type 'WeatherObserved'")]
    assert decoded.refused[0].subject == "w1"
    assert json.loads(decoded.refused[0].excerpt) == {"id": "w1", "type": "WeatherObserved", "temperature": 3}
    assert len(decoded.observations) == 1


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("fmsStatus", 10, "fmsStatus: 10 is not within 0 to 9"),
        ("fmsStatus", "vier", "fmsStatus: a number is expected"),
        ("location", {"type": "Point", "coordinates": [8.7, 95]}, "location: the latitude is out of range"),
        ("location", {"type": "MultiPoint", "coordinates": [[8, 51]]}, "location: Point expected, not MultiPoint"),
        ("reportToLocation", "Markt", "reportToLocation: a GeoJSON geometry is expected"),
        ("category", [{"a": 1}], "category: text is expected"),
        ("heading", "N", "heading: a number is expected"),
        ("bearing", "N", "bearing: a number is expected"),
        ("x" * 300, 1, "x" * 256 + ": an attribute's name is text of at most 256 characters"),
        ("bla", "x" * 9_000, "bla: text of more than 8000 characters"),
        ("bla", [1] * 600, "bla: more than 500 items"),
        ("bla", 2**60, "bla: a whole number that JSON cannot hold"),
        ("bla", {"k" * 300: 1}, "bla: a name of more than 256 characters"),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_bad_attribute_leaves_the_rest_of_its_entity(name: str, value: Any, reason: str) -> None:
    decoded = decode({**VEHICLE, name: value, "name": "HLF"})
    assert reasons(decoded) == [(BAD_ATTRIBUTE, reason)]
    (observation,) = decoded.observations
    assert observation.content == Unit(name="HLF")
    assert set(observation.extra) == {"type", "name"}


def test_zero_zero_is_no_position_and_erases_none() -> None:
    observation = one({**VEHICLE, "location": {"type": "Point", "coordinates": [0, 0]}, "fmsStatus": 3})
    assert observation.geometry is msgspec.UNSET
    assert observation.flags == ("no_position", "time_assumed")


@pytest.mark.parametrize("word", ["READ", 5, True, ["GRANTED"], {"*": "WRITE"}, "GRANTED!", "widerrufen"])
def test_a_permission_that_is_none_withdraws_consent(word: Any) -> None:
    content = one({"id": "b", "type": "Building", "permission": word}).content
    assert content.permission == "unknown"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"actionType": "append"', MALFORMED),
        (b'{"actionType": "explode", "entities": [{}]}', INVALID),
        (b'{"actionType": 5, "entities": [{}]}', INVALID),
        (b'{"actionType": "append"}', INVALID),
        (b'{"actionType": "append", "entities": {}}', INVALID),
        (b'{"actionType": "append", "entities": []}', INVALID),
        (b'{"data": 5}', INVALID),
        (b"[]", INVALID),
        (b'"text"', INVALID),
        (b'{"a":' * 50 + b"1" + b"}" * 50, INVALID),
        (b" " * 1_048_577, TOO_LARGE),
        (b'{"entities":[' + b",".join([b"{}"] * 1_001) + b"]}", INVALID),
    ],
    ids=range(12),
)
def test_a_message_that_is_none(body: bytes, kind: str) -> None:
    with pytest.raises(DecodeError) as caught:
        FEED.decode(body, context())
    assert caught.value.kind == kind


def test_a_notification_may_be_empty() -> None:
    assert decode({"subscriptionId": "x", "data": []}) == Decoded()


def test_limits_are_settings() -> None:
    with pytest.raises(DecodeError):
        decode([VEHICLE, COUNT], limits=Limits(entities=1))


def test_frames_lie_where_they_are_looked_for() -> None:
    assert (FRAMES / "ngsi").is_dir()
