"""Descriptions of devices that are handed over with their states."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.feeds._discovery import state_topics
from server.feeds._mqtt import wrap
from server.transports import mqtt_descriptions
from server.transports.mqtt_descriptions import Descriptions
from tests.feeds.dispatch_tools import decoded, reasons

DOOR = {"stat_t": "haus7/tuer", "dev_cla": "door", "name": "Haustür"}


def keep(known: Descriptions, topic: str, config: object, part: str | None = None) -> None:
    """A config of discovery came."""
    payload = json.dumps(config).encode() if config is not None else b""
    known.note(part, topic, payload, wrap(topic, payload, known=True))


def together(known: Descriptions, topic: str, part: str | None = None) -> list[str]:
    """The topics of what is handed over with a state."""
    body = json.loads(known.together(part, topic, wrap(topic, b"ON")))
    return [one["topic"] for one in (body if isinstance(body, list) else [body])]


def test_a_state_comes_with_what_explains_it_and_others_alone() -> None:
    known = Descriptions(state_topics)
    keep(known, "homeassistant/binary_sensor/tuer/config", DOOR)
    assert together(known, "haus7/tuer") == ["homeassistant/binary_sensor/tuer/config", "haus7/tuer"]
    assert together(known, "haus7/licht") == ["haus7/licht"]
    assert together(known, "haus7/tuer", part="haus8") == ["haus7/tuer"], "of another home"
    keep(known, "homeassistant/binary_sensor/tuer/config", DOOR | {"stat_t": "haus7/neu"})
    assert together(known, "haus7/tuer") == ["haus7/tuer"], "it says something else now"
    keep(known, "homeassistant/binary_sensor/tuer/config", None)
    assert together(known, "haus7/neu") == ["haus7/neu"], "it was taken back"


def test_what_is_known_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_descriptions, "MAX_DESCRIPTIONS", 3)
    monkeypatch.setattr(mqtt_descriptions, "MAX_TOGETHER", 2)
    known = Descriptions(state_topics)
    for number in range(5):
        keep(known, f"homeassistant/sensor/{number}/config", {"stat_t": "haus7/alle"})
    assert together(known, "haus7/alle") == [*(f"homeassistant/sensor/{n}/config" for n in (3, 4)), "haus7/alle"]
    keep(known, "homeassistant/sensor/lang/config", {"stat_t": "haus7/lang", "name": "x" * 20_000})
    assert together(known, "haus7/lang") == ["haus7/lang"]


def test_a_feed_whose_messages_explain_themselves() -> None:
    known = Descriptions(None)
    keep(known, "homeassistant/binary_sensor/tuer/config", DOOR)
    assert together(known, "haus7/tuer") == ["haus7/tuer"]


def test_what_comes_along_is_neither_claimed_nor_refused_again() -> None:
    known = Descriptions(state_topics)
    keep(known, "homeassistant/binary_sensor/tuer/config", DOOR)
    keep(known, "homeassistant/sensor/boese/config", DOOR | {"val_tpl": "{{ states('person.erika') }}"})
    found = decoded("home_assistant", known.together(None, "haus7/tuer", wrap("haus7/tuer", b"ON")))
    assert reasons(found) == []
    (door,) = found.observations
    assert (door.subject, door.content.value) == ("home_assistant:frame:haus7%2Ftuer", "OPEN")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("config", "topics"),
    [
        (DOOR, ("haus7/tuer",)),
        ({"~": "haus7", "state_topic": "~/a"}, ("haus7/a",)),
        ({"cmps": {"a": {"stat_t": "x/1"}, "b": {"stat_t": "x/2"}, "c": {"stat_t": "x/1"}, "d": 5}}, ("x/1", "x/2")),
        ({"name": "ohne"}, ()),
        ([], ()),
        (5, ()),
        ({"state_topic": 5}, ()),
    ],
)
def test_of_which_states_a_config_speaks(config: object, topics: tuple[str, ...]) -> None:
    assert state_topics(json.dumps(config).encode()) == topics


@given(st.binary(max_size=200))
def test_any_bytes_explain_nothing_or_something(body: bytes) -> None:
    assert all(isinstance(topic, str) for topic in state_topics(body))
    assert state_topics(b"[" * 100_000) == ()
