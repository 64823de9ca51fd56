"""SensorThings. The frames are in fixtures/frames/sensorthings."""

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import CrowdCount, CrowdLine, Device
from layers.observation import Sensitivity
from server.feeds import DecodeError
from server.feeds._sensorthings_capture import datastream_of
from server.feeds.sensorthings import next_link
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, never_said, reasons
from tests.feeds.frames import context
from tests.feeds.fuzz import STRANGE, mutations, survives

NAME = "sensorthings"


def observation(result: Any, stream: Any = 5, **more: Any) -> dict[str, Any]:
    return {"phenomenonTime": "2026-11-21T19:00:00Z", "result": result, "Datastream": {"@iot.id": stream}, **more}


def mapped(result: Any, **setting: Any) -> Any:
    found = decoded(NAME, observation(result), options={"datastreams": {"5": setting}})
    return found.observations[0].content if found.observations else reasons(found)


@pytest.mark.parametrize(
    ("setting", "result", "expected"),
    [
        ({"kind": "count", "region": "urn:r"}, "12", CrowdCount(people=12, region="urn:r")),
        ({"kind": "count", "path": "result.front"}, {"rear": 6, "front": 2}, CrowdCount(people=2)),
        ({"kind": "count", "sum": ["rear", "front"]}, {"rear": 6, "front": 2}, CrowdCount(people=8)),
        ({"kind": "inbound_total", "path": "0"}, [90, 4], CrowdCount(inbound_total=90)),
        ({"kind": "count"}, "viele", ["result: not what the settings say"]),
        ({"kind": "count", "sum": ["rear", "side"]}, {"rear": 6}, ["result: not what the settings say"]),
        ({"kind": "count"}, -1, ["result: not what the settings say"]),
    ],
)
def test_what_the_settings_say(setting: Any, result: Any, expected: Any) -> None:
    assert mapped(result, **setting) == expected


def test_a_line_counts_between_two_times() -> None:
    body = observation(7, phenomenonTime="2026-11-21T19:00:00Z/2026-11-21T19:05:00Z")
    options = {"datastreams": {"5": {"kind": "line", "direction": "inbound", "name": "Tor"}}}
    (found,) = decoded(NAME, body, options=options).observations
    assert isinstance(found.content, CrowdLine)
    assert (found.content.name, found.content.people, found.content.direction) == ("Tor", 7, "inbound")
    assert str(found.content.from_at) == "2026-11-21 19:00:00+00:00"
    assert str(found.observed_at) == "2026-11-21 19:05:00+00:00"


@pytest.mark.parametrize(
    ("result", "value"), [("16.4", 16.4), (16.5, 16.5), ("an", "an"), (False, False), ({"a": 1}, UNSET)]
)
def test_values(result: Any, value: Any) -> None:
    content = mapped(result, kind="temperature")
    assert isinstance(content, Device)
    assert (content.value, content.measures) == (value, ("temperature",))


def test_a_position_is_of_a_person() -> None:
    (found,) = decoded(NAME, observation({"tagId": "B1", "lat": 51.7, "lon": 8.7})).observations
    assert found.sensitivity is Sensitivity.PERSONAL
    assert found.geometry == {"type": "Point", "coordinates": [8.7, 51.7]}
    (none,) = decoded(NAME, observation({"tagId": "B1", "lat": 0, "lon": 0})).observations
    assert (none.geometry, none.flags) == (UNSET, ("no_position",))


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("v1.1/Datastreams(7)/Observations", "7"),
        ("Datastreams('a b')/Observations", "a b"),
        ("x/y/MultiDatastreams(7)/Observations", "7"),
        ("v1.1/Things(7)", None),
        (None, None),
    ],
)
def test_topics(topic: str | None, expected: str | None) -> None:
    assert datastream_of(topic) == expected


def test_forms_of_one_capture() -> None:
    payload = json.dumps({"phenomenonTime": "2026-11-21T19:00:00Z", "result": 1})
    topic = "v1.0/Datastreams(5)/Observations"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("log.txt", f"message topic= {topic}\nmessage received  {payload}\n")
        file.writestr("readme.txt", "nothing here")
    bodies = [
        f"{topic} {payload}\n".encode(),
        f"connecting\nmessage topic= {topic}\nmessage received  {payload}\ntimestamp: x\n".encode(),
        json.dumps({"topic": topic, "payload": payload}).encode(),
        archive.getvalue(),
    ]
    found = [decoded(NAME, body) for body in bodies]
    assert [each.refused for each in found] == [()] * 4
    assert len({each.observations[0].id for each in found}) == 1
    assert found[0].observations[0].subject == "sensorthings:frame:5"


def test_a_collection_names_its_datastream_by_its_link() -> None:
    one = {"@iot.id": 1, "phenomenonTime": "2026-11-21T19:00:00Z", "result": 1}
    linked = {"value": [one], "@iot.nextLink": "https://x.org/v1.1/Datastreams(16183)/Observations?$skip=1"}
    assert decoded(NAME, linked).observations[0].subject == "sensorthings:frame:16183"
    assert decoded(NAME, {"value": [one]}, options={"datastream": "9"}).observations[0].subject.endswith(":9")
    rows = {
        "Datastream@iot.navigationLink": "https://x.org/v1.1/Datastreams(5)",
        "components": ["id", "phenomenonTime", "result"],
        "dataArray": [[1, "2026-11-21T19:00:00Z", 4]],
    }
    assert decoded(NAME, {"value": [rows]}).observations[0].subject == "sensorthings:frame:5"
    (unnamed,) = decoded(NAME, {"value": [one]}).observations
    assert (unnamed.subject, unnamed.flags) == ("sensorthings:frame:unknown", ("name_assumed",))


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://x.org/v1.1/D?$skip=1", "https://x.org/v1.1/D?$skip=1"),
        ("https://x.org/v1.1/D?$filter=a gt 1", "https://x.org/v1.1/D?$filter=a%20gt%201"),
        ("D?$skip=2", "https://x.org/v1.1/D?$skip=2"),
        (None, None),
        ("", None),
        (5, None),
    ],
)
def test_the_next_page(link: Any, expected: Any) -> None:
    body = json.dumps({"value": [], "@iot.nextLink": link}).encode()
    assert next_link(body, "https://x.org/v1.1/Things", context(NAME)) == expected


@pytest.mark.parametrize(
    "link", ["https://evil.org/a", "http://x.org/a", "https://x.org:81/a", "//evil.org/", "http://["]
)
def test_the_next_page_stays_on_the_server(link: str) -> None:
    with pytest.raises(DecodeError):
        next_link(json.dumps({"@iot.nextLink": link}).encode(), "https://x.org/v1.1/Things", context(NAME))


def test_a_repeat_is_the_same_and_another_result_is_not() -> None:
    assert len(decoded(NAME, [observation(1), observation(1), observation(2)]).observations) == 2
    assert len(decoded(NAME, [observation(1, **{"@iot.id": 1}), observation(1, **{"@iot.id": 2})]).observations) == 2


@pytest.mark.parametrize("body", [{"a": 1}, [], 5, {"value": [5]}, observation(None), observation(""), {"name": "x"}])
def test_what_is_refused(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert len(reasons(found)) == 1


def test_what_is_secret_stays_out() -> None:
    body = {
        "@iot.id": 1,
        "name": "x",
        "Locations@iot.navigationLink": "u",
        "properties": {"api_key": "geheim", "owner": "a.b@c.de"},
    }
    never_said(decoded(NAME, body), "geheim", "a.b@c.de")
    cleaned_says_the_same(NAME, json.dumps(body).encode(), "geheim", "a.b@")


names = st.sampled_from(
    [
        *("result", "@iot.id", "phenomenonTime", "resultTime", "Datastream", "Observations", "value", "Locations"),
        *("location", "Thing", "observedArea", "unitOfMeasurement", "observationType", "dataArray", "components"),
        *("lat", "lon", "encodingType"),
    ]
)
documents = st.recursive(
    st.sampled_from(STRANGE) | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.dictionaries(names, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(documents)
def test_documents_made_of_the_right_words(document: Any) -> None:
    survives(NAME, json.dumps(document).encode())


def test_damaged_frames() -> None:
    mutations(NAME, 20261121, 200)


@pytest.mark.parametrize(
    "piece", [b"a/", b"Datastreams(", b"Datastreams(1)/Observations ", b"Datastreams(1)/Observations {\n", b"{"]
)
def test_bodies_made_to_be_slow(piece: bytes) -> None:
    survives(NAME, b"x" + piece * (100_000 // len(piece)))
