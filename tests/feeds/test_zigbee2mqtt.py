"""Zigbee2MQTT, and captures of MQTT as such. The frames are in fixtures/frames/zigbee2mqtt."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Device
from layers.observation import Observation
from server.feeds import DecodeError, Limits
from server.feeds._homes import clean
from server.feeds._mqtt import Message, messages, wrap
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, never_said, reasons
from tests.feeds.frames import FRAMES

NAME = "zigbee2mqtt"
TOPIC = "zigbee2mqtt/Flur"


def state(payload: Any, topic: str = TOPIC, **options: Any) -> dict[str, Observation]:
    """The observations of one state, by property."""
    found = decoded(NAME, wrap(topic, json.dumps(payload).encode()), options=options)
    return {each.subject.rpartition(":")[2]: each for each in found.observations}


def device(observation: Observation) -> Device:
    assert isinstance(observation.content, Device)
    return observation.content


@pytest.mark.parametrize(
    ("prop", "value", "expected"),
    [
        ("smoke", True, ("smoke", True, "ALARM")),
        ("smoke", False, ("smoke", False, "OK")),
        ("smoke", "true", ("smoke", True, "ALARM")),
        ("smoke", "OFF", ("smoke", False, "OK")),
        ("smoke", None, ("smoke", None, "UNKNOWN")),
        ("smoke", "?", ("smoke", None, "UNKNOWN")),
        ("gas", True, ("gas", True, "ALARM")),
        ("carbon_monoxide", True, ("carbon_monoxide", True, "ALARM")),
        ("water_leak", True, ("water", True, "ALARM")),
        ("tamper", True, ("tamper", True, "WARNING")),
        ("vibration", True, ("vibration", True, "WARNING")),
        ("battery_low", True, ("battery_low", True, "WARNING")),
        ("contact", True, ("contact", "CLOSE", UNSET)),
        ("contact", False, ("contact", "OPEN", UNSET)),
        ("contact", None, ("contact", None, UNSET)),
        ("occupancy", True, ("motion", True, UNSET)),
        ("temperature", "21,5", ("temperature", 21.5, UNSET)),
        ("temperature", "warm", ("temperature", None, UNSET)),
        ("battery", "100.00", ("battery", 100.0, UNSET)),
        ("state", "ON", ("switch", "ON", UNSET)),
        ("action", "emergency", ("panic", True, "ALARM")),
    ],
)
def test_a_property(prop: str, value: Any, expected: Any) -> None:
    found = device(state({prop: value, "linkquality": 60})[prop])
    assert (found.measures, found.value, found.state) == ((expected[0],), *expected[1:])


def test_a_self_test_is_no_alarm() -> None:
    found = state({"smoke": True, "test": True})["smoke"]
    assert (device(found).state, "test" in found.flags) == ("WARNING", True)
    quiet = state({"smoke": False, "test": True})["smoke"]
    assert (device(quiet).state, "test" in quiet.flags) == ("OK", True)


@pytest.mark.parametrize("seen", [1573393389829, "2019-11-10T13:43:09.829Z", "2019-11-10T14:43:09.829+01:00"])
def test_when_it_was_last_seen(seen: Any) -> None:
    assert state({"smoke": True, "last_seen": seen})["smoke"].observed_at == datetime(
        2019, 11, 10, 13, 43, 9, 829_000, tzinfo=UTC
    )


def test_other_properties_are_kept_beside() -> None:
    assert state({"smoke": True, "battery": "87", "smoke_density": 2, "voltage": 3055})["smoke"].extra == {
        "property": "smoke",
        "smoke_density": 2,
        "voltage": 3055,
        "battery_pct": 87.0,
    }


def test_the_device_of_a_setting() -> None:
    found = state({"smoke": True}, building="urn:ngsi-ld:Building:1", lon=8.78125, lat=51.83042)["smoke"]
    assert device(found).building == "urn:ngsi-ld:Building:1"
    assert found.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}
    assert device(state({"smoke": True})["smoke"]).building is UNSET


def test_settings_that_cannot_be() -> None:
    with pytest.raises(DecodeError, match="settings"):
        state({"smoke": True}, lon=500, lat=1)
    with pytest.raises(DecodeError, match="settings"):
        state({"smoke": True}, colour="red")


def test_an_inverted_property() -> None:
    assert device(state({"smoke": False}, off_is_on=["smoke"])["smoke"]).state == "ALARM"


def test_what_a_device_calls_on_holds_for_the_capture() -> None:
    found = decoded(NAME, (FRAMES / NAME / "capture.txt").read_bytes()).observations
    smoke = [
        device(each) for each in found if each.subject.endswith("Melder:smoke") and device(each).state is not UNSET
    ]
    assert [(each.value, each.state) for each in smoke] == [(False, "OK"), (True, "ALARM")]


@pytest.mark.parametrize("topic", ["Flur oben/Licht", "Küche", "haus/eg/Küche"])
def test_names_with_blanks_and_slashes(topic: str) -> None:
    assert device(state({"smoke": True}, f"zigbee2mqtt/{topic}")["smoke"]).name == topic


def test_another_base_topic() -> None:
    assert device(state({"smoke": True}, "home/z2m/Flur", base_topic="home/z2m")["smoke"]).name == "Flur"


@pytest.mark.parametrize(
    "topic", ["zigbee2mqtt/bridge/info", "zigbee2mqtt/bridge/logging", "zigbee2mqtt/Flur/set", "zigbee2mqtt/Flur/get"]
)
def test_topics_that_say_nothing(topic: str) -> None:
    found = decoded(NAME, wrap(topic, b'{"smoke": true}'))
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize(("payload", "expected"), [(b"online", "OK"), (b'{"state":"offline"}', "ERROR")])
def test_availability(payload: bytes, expected: str) -> None:
    (found,) = decoded(NAME, wrap(f"{TOPIC}/availability", payload)).observations
    assert device(found).state == expected


@pytest.mark.parametrize(
    "payload", [b"", b"ON", b"5", b"{}", b"[]", b"[5]", b'{"linkquality":5}', b'{"a":{"smoke":true}}']
)
def test_payloads_that_yield_nothing(payload: bytes) -> None:
    found = decoded(NAME, wrap(TOPIC, payload))
    assert found.observations == ()
    assert found.refused


def test_a_repeat_is_the_same() -> None:
    payload = {"smoke": True, "last_seen": 1573393389829}
    assert state(payload)["smoke"].id == state(payload)["smoke"].id
    assert state(payload)["smoke"].id != state({**payload, "last_seen": 1573393389830})["smoke"].id


def test_no_key_of_the_network_is_kept() -> None:
    body = b'{"smoke":true,"contact":false,"network_key":[1,3,5,7700077],"pan_id":6754,"link_key":"ZigBeeAlliance09"}'
    never_said(decoded(NAME, body), "6754", "ZigBeeAlliance09", "7700077")
    cleaned_says_the_same(NAME, body, "6754", "ZigBeeAlliance09", "7700077")
    assert b'"contact":false' in clean(body)


LIMITS = Limits()


@pytest.mark.parametrize(
    "body",
    [
        b'a/b {"x":1}',
        b'{"topic":"a/b","payload":{"x":1}}',
        b'{"topic":"a/b","payload":"{\\"x\\":1}"}',
        b'[{"topic":"a/b","payload":{"x":1}}]',
        b"info  MQTT publish: topic 'a/b', payload '{\"x\":1}'",
        b'\xef\xbb\xbfa/b {"x":1}\r\n',
        wrap("a/b", b'{"x":1}'),
    ],
)
def test_captures_of_mqtt(body: bytes) -> None:
    assert messages(body, LIMITS).found == [Message(topic="a/b", payload={"x": 1})]


def test_a_capture_with_a_broken_line() -> None:
    given = messages(b'a/b {"x":1}\na/c {"x":\na/d ON\n', LIMITS)
    assert given.found == [Message(topic="a/b", payload={"x": 1}), Message(topic="a/d", payload="ON")]
    assert len(given.refused) == 1


def test_a_topic_of_one_word_in_a_capture() -> None:
    assert messages(b"a/b {}\nx ON", LIMITS).found[1] == Message(topic="x", payload="ON")


def test_payloads_without_a_topic() -> None:
    assert messages(b'{"x":1}\n{"x":2}', LIMITS).found == [
        Message(topic=None, payload={"x": 1}),
        Message(topic=None, payload={"x": 2}),
    ]


def test_an_empty_payload_is_none() -> None:
    assert messages(wrap("a/b", b"", retained=True), LIMITS).found == [
        Message(topic="a/b", payload=None, retained=True)
    ]


def test_a_device_that_is_none() -> None:
    found = decoded(NAME, wrap("zigbee2mqtt/bridge/devices", b'[{"friendly_name":"x","definition":{"exposes":7}},5]'))
    assert found.observations == ()
    assert reasons(found) == ["exposes: a list is expected", "neither a device nor what one exposes"]
