"""Home Assistant. The frames are in fixtures/frames/home_assistant."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Device
from layers.devices import compare
from server.feeds._mqtt import wrap
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES

NAME = "home_assistant"


def entity(name: str, state: Any, device_class: str | None = None, **more: Any) -> dict[str, Any]:
    return {"entity_id": name, "state": state, "device_class": device_class, **more}


def device(body: Any) -> Device:
    (observation,) = decoded(NAME, body).observations
    assert isinstance(observation.content, Device)
    return observation.content


def mqtt(*messages: tuple[str, Any]) -> bytes:
    """A capture of messages, one on each line."""
    return b"\n".join(
        wrap(topic, payload.encode() if isinstance(payload, str) else json.dumps(payload).encode())
        for topic, payload in messages
    )


@pytest.mark.parametrize(
    ("name", "device_class", "state", "measure", "value", "expected"),
    [
        ("binary_sensor.a", "smoke", "on", "smoke", True, "ALARM"),
        ("binary_sensor.a", "smoke", "off", "smoke", False, "OK"),
        ("binary_sensor.a", "smoke", "unavailable", "smoke", None, "UNKNOWN"),
        ("binary_sensor.a", "smoke", "unknown", "smoke", None, "UNKNOWN"),
        ("binary_sensor.a", "smoke", None, "smoke", None, "UNKNOWN"),
        ("binary_sensor.a", "smoke", "burning", "smoke", None, "UNKNOWN"),
        ("binary_sensor.a", "carbon_monoxide", True, "carbon_monoxide", True, "ALARM"),
        ("binary_sensor.a", "moisture", "on", "water", True, "ALARM"),
        ("binary_sensor.a", "heat", "on", "heat", True, "ALARM"),
        ("binary_sensor.a", "tamper", "on", "tamper", True, "WARNING"),
        ("binary_sensor.a", "motion", "on", "motion", True, UNSET),
        ("binary_sensor.a", "window", "on", "window", "OPEN", UNSET),
        ("binary_sensor.a", "lock", "off", "lock", "LOCKED", UNSET),
        ("binary_sensor.a", None, "on", "binary_sensor", True, UNSET),
        ("alarm_control_panel.a", None, "triggered", "burglary", "triggered", "ALARM"),
        ("alarm_control_panel.a", None, "armed_away", "burglary", "armed_away", "OK"),
        ("sensor.a", "temperature", "21.5", "temperature", 21.5, UNSET),
        ("sensor.a", None, "warm", "sensor", "warm", UNSET),
        ("lock.a", None, "locked", "lock", "locked", UNSET),
    ],
)
def test_a_state(name: str, device_class: Any, state: Any, measure: str, value: Any, expected: Any) -> None:
    found = device(entity(name, state, device_class))
    assert (found.measures, found.value, found.state) == ((measure,), value, expected)


@pytest.mark.parametrize("domain", ["person", "device_tracker", "calendar"])
def test_where_people_are_is_not_taken(domain: str) -> None:
    found = decoded(NAME, entity(f"{domain}.erika", "home", latitude=51.8, longitude=8.7))
    assert found.observations == ()
    assert "not taken" in reasons(found)[0]
    assert found.refused[0].excerpt == ""


def test_a_webhook() -> None:
    (found,) = decoded(NAME, (FRAMES / NAME / "webhook.json").read_bytes()).observations
    assert found.observed_at == datetime(2026, 11, 21, 18, 58, 12, 123_456, tzinfo=UTC)
    assert found.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}
    assert found.extra["event_id"] == "01HF8Z"


def test_a_form_is_a_webhook_too() -> None:
    assert device(b"entity_id=binary_sensor.a&device_class=gas&state=on").state == "ALARM"


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda one: [one],
        lambda one: {"event_type": "state_changed", "data": {"entity_id": one["entity_id"], "new_state": one}},
        lambda one: {"id": 5, "type": "event", "event": {"data": {"new_state": one, "old_state": None}}},
        lambda one: {"trigger": {"platform": "state", "to_state": one}},
    ],
    ids=["list", "event", "websocket", "trigger"],
)
def test_where_states_stand(wrapped: Any) -> None:
    one = {"entity_id": "binary_sensor.a", "state": "on", "attributes": {"device_class": "smoke"}}
    assert device(wrapped(one)).state == "ALARM"


CONFIG = "homeassistant/binary_sensor/haus7/rauch/config"


@pytest.mark.parametrize(
    ("template", "payload", "state"),
    [
        ("{{ value_json.smoke }}", {"smoke": "ON"}, "ALARM"),
        ("{{value_json['smoke']}}", {"smoke": "OFF"}, "OK"),
        ('{{ value_json["a b"].smoke }}', {"a b": {"smoke": "ON"}}, "ALARM"),
        ("{{ value_json.smoke }}", {"other": "ON"}, "UNKNOWN"),
        ("{{ value_json.smoke }}", {"smoke": "unavailable"}, "UNKNOWN"),
        (None, "ON", "ALARM"),
        (None, "OFF", "OK"),
    ],
)
def test_a_state_after_its_config(template: Any, payload: Any, state: str) -> None:
    config = {"stat_t": "haus7/rauch", "dev_cla": "smoke", **({"val_tpl": template} if template else {})}
    told, reading = decoded(NAME, mqtt((CONFIG, config), ("haus7/rauch", payload))).observations
    assert told.subject == reading.subject
    assert isinstance(reading.content, Device)
    assert reading.content.state == state


@pytest.mark.parametrize(
    "template",
    [
        "{{ states('person.erika') }}",
        "{% if value_json.smoke %}ON{% endif %}",
        "{{ value_json.smoke | int + 1 }}",
        "{{ value_json.smoke | replace('0', '1') }}",
        "{{ value_json.__class__() }}",
        "{{ ''.__class__ }}",
        "{{ value_json.smoke }}{{ value_json.gas }}",
        "{{ value_json[smoke] }}",
    ],
)
def test_a_template_is_never_executed(template: str) -> None:
    config = {"state_topic": "haus7/rauch", "device_class": "smoke", "value_template": template}
    found = decoded(NAME, mqtt((CONFIG, config)))
    assert reasons(found) == ["value_template: only value_json.x is understood, nothing is executed"]
    (told,) = found.observations
    assert isinstance(told.content, Device)
    assert (told.content.value, told.content.thresholds) == (UNSET, UNSET)


def test_a_state_that_comes_without_its_config_is_judged_by_what_that_told() -> None:
    config = {"stat_t": "haus7/rauch", "dev_cla": "smoke", "pl_on": "true", "val_tpl": "{{ value_json.smoke }}"}
    (told,) = decoded(NAME, mqtt((CONFIG, config))).observations
    (later,) = decoded(NAME, mqtt(("haus7/rauch", {"smoke": True, "rssi": -60}))).observations
    assert told.subject == later.subject
    assert isinstance(told.content, Device)
    assert isinstance(later.content, Device)
    assert told.content.thresholds
    assert compare(later.content.value, told.content.thresholds.alarm[0])


def test_the_base_of_topics_and_the_device() -> None:
    config = {"~": "haus7", "stat_t": "~/rauch", "dev_cla": "smoke", "dev": {"mf": "Muster", "mdl": "RM", "sa": "Flur"}}
    (told,) = decoded(NAME, mqtt((CONFIG, config))).observations
    assert (told.extra["state_topic"], told.extra["area"]) == ("haus7/rauch", "Flur")
    assert isinstance(told.content, Device)
    assert told.content.description == "Muster RM"


@pytest.mark.parametrize(
    "body",
    [
        mqtt((CONFIG, "")),
        mqtt((CONFIG, [])),
        mqtt((CONFIG, {"dev_cla": "smoke"})),
        mqtt(("haus7/x", {"rssi": -5})),
        {"a": 1},
        [[5]],
        entity("smoke", "on"),
        entity("a.b c", "on"),
    ],
)
def test_what_is_refused(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert len(reasons(found)) == 1


def test_a_repeat_is_the_same() -> None:
    one = entity("binary_sensor.a", "on", "smoke", last_changed="2026-11-21T18:00:00Z", event_id="01A")
    (first,), (second,) = decoded(NAME, one).observations, decoded(NAME, {**one, "friendly_name": "A"}).observations
    assert first.id == second.id
    (other,) = decoded(NAME, {**one, "event_id": "01B"}).observations
    assert other.id != first.id


@pytest.mark.parametrize("filters", ["| int", "| default('0')", "|float(0) | round(1)", "| is_defined"])
def test_filters_that_leave_a_value_what_it_is_are_passed_over(filters: str) -> None:
    template = "{{ value_json.alarm.smoke " + filters + " }}"
    config = {"state_topic": "haus7/rauch", "device_class": "smoke", "payload_on": "1", "value_template": template}
    found = decoded(NAME, mqtt((CONFIG, config), ("haus7/rauch", {"alarm": {"smoke": 1}})))
    assert reasons(found) == []
    assert found.observations[-1].content.state == "ALARM"  # type: ignore[union-attr]
