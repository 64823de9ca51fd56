"""Home Assistant: states of entities (webhook, state objects, events) and MQTT discovery.

Templates are never executed: of a `value_template` only `value_json.x` and `value_json['x']` are understood, by their
form; an entity with another has no value here. An entity of discovery and its states meet by the topic of the states.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET, Struct

from layers.content import Device, Threshold, Thresholds
from server.feeds import BAD_ATTRIBUTE, INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings
from server.feeds._discovery import long_names, state_topics
from server.feeds._homes import (
    ALARM,
    ALARMS,
    MEASURED,
    OK,
    UNKNOWN,
    WARNINGS,
    Home,
    HomeOptions,
    clean,
    measure_of,
    on_or_off,
    state_of,
)
from server.feeds._mqtt import Message, messages, scalar
from server.feeds._requests import requests
from server.feeds.ngsi.values import Bad, Reading, number, text, time, url

NAME = "home_assistant"
PERSONS = frozenset({"person", "device_tracker", "zone", "calendar", "todo", "mobile_app"})
"""Domains that tell where people are or what they do: never taken."""
DETECTOR_DOMAINS = frozenset({"binary_sensor", "siren"})
NO_STATE = frozenset({"unavailable", "unknown", "none", ""})
"""Words for no state. They are not `no alarm`."""
_SECOND = {
    "contact": ("OPEN", "CLOSE"),
    "door": ("OPEN", "CLOSE"),
    "window": ("OPEN", "CLOSE"),
    "lock": ("UNLOCKED", "LOCKED"),
}
"""What on and off mean for device classes that are no detector."""
_ENTITY = re.compile(r"[a-z0-9_]{1,60}\.[\w-]{1,190}")
_SIMPLE = re.compile(
    r"\{\{-?\s*value_json(?P<path>(?:\.[A-Za-z_]\w{0,60}|\[\s*(?:'[^'\[\]]{1,60}'|\"[^\"\[\]]{1,60}\")\s*\]){1,6})"
    r"(?:\s*\|\s*(?:default|int|float|round|is_defined|string|trim|bool)\b(?:\([^(){}]{0,60}\))?){0,4}\s*-?\}\}"
)
"""A path, and filters behind it that leave the value what it is."""
_STEP = re.compile(r"\.(?P<name>\w+)|\[\s*['\"](?P<key>[^'\"]+)['\"]\s*\]")
_CONFIG = re.compile(r"[^/]+/(?P<component>[a-z_]+)/(?:(?P<node>[\w-]+)/)?(?P<object>[\w-]+)/config")


class Entity(Struct, frozen=True, kw_only=True):
    """An entity of discovery: where its states come, under which key, and what on and off are."""

    topic: str
    path: tuple[str, ...] = ()
    measure: str
    component: str
    on: Any = "ON"
    off: Any = "OFF"


class Capture(Struct):
    """One body being read: the entities that it has told by the topic of their states."""

    home: Home
    batch: Batch
    entities: dict[str, list[Entity]] = {}


def decode(body: bytes, context: Context) -> Decoded:
    """Devices. Raises DecodeError."""
    capture = Capture(Home(NAME, context, settings(context, HomeOptions)), Batch(context))
    batch = capture.batch
    understood = False
    for request in requests(clean(body)):
        if request.query and not request.body.strip():
            understood = True
            _document(request.query, capture)
        if request.body.strip():
            given = messages(request.body, context.limits)
            batch.refused.extend(given.refused)
            for message in given.found:
                understood = True
                _document(message.payload, capture) if message.topic is None else _message(message, capture)
    if not understood and not batch.refused:
        raise DecodeError("no message of Home Assistant", INVALID)
    return batch.decoded()


def _document(document: Any, capture: Capture, depth: int = 0) -> None:
    """A webhook's body, a state object, a list of them, an event, or what a trigger of an automation holds."""
    if isinstance(document, list) and document and depth < 3:
        for item in document[: capture.batch.context.limits.entities]:
            _document(item, capture, depth + 1)
        if len(document) > capture.batch.context.limits.entities:
            capture.batch.refuse(f"{len(document)} states, more than {capture.batch.context.limits.entities}")
    elif not isinstance(document, Mapping) or depth > 4:
        capture.batch.refuse("a state is an object", document)
    elif isinstance(document.get("entity_id"), str) and "state" in document:
        _state(document, capture)
    elif {"state_topic", "stat_t"} & document.keys():
        _config(Message(topic=None, payload=document), None, capture)
    else:
        inner = next((document[key] for key in _WRAPPERS if isinstance(document.get(key), Mapping | list)), None)
        if inner is None:
            capture.batch.refuse("neither a state nor an event", document)
        else:
            _document(inner, capture, depth + 1)


_WRAPPERS = ("event", "data", "trigger", "new_state", "to_state", "result", "states")
"""Members under which a state stands, from outside inwards."""


def _state(document: Mapping[str, Any], capture: Capture) -> None:
    batch, home = capture.batch, capture.home
    entity = str(document["entity_id"]).strip().lower()
    domain = entity.partition(".")[0]
    if not _ENTITY.fullmatch(entity):
        batch.refuse(f"no entity: {entity[:60]!r}", document)
        return
    if domain in PERSONS:
        batch.refuse(f"{domain}: where people are is not taken", subject=home.subject(entity))
        return
    given = document.get("attributes")
    attributes: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    fields = batch.fields({**attributes, **document}, home.subject(entity))
    device_class = fields.said("device_class", text)
    context = document.get("context")
    event = fields.said("event_id", text) or (context.get("id") if isinstance(context, Mapping) else None)
    measure = _measure(domain, device_class)
    value, state = _value(domain, measure, document.get("state"), fields.reading)
    content = Device(
        name=fields.get("friendly_name|name", text),
        building=home.building,
        categories=("actuator",) if domain in ("switch", "light", "lock", "cover", "siren", "valve") else ("sensor",),
        measures=(measure,),
        value=value,
        state=state,
    )
    changed = fields.said("last_changed", time)
    updated = fields.said("last_updated|last_reported", time)
    place = fields.point("lon|longitude", "lat|latitude")
    extra = {
        "entity_id": entity,
        "state": scalar(document.get("state")),
        "device_class": device_class,
        "unit": fields.get("unit_of_measurement", text),
        "event_id": event if isinstance(event, str) else None,
    }
    batch.claim(
        home.subject(entity),
        content,
        at=changed or updated,
        said=updated,
        flags=fields.flags,
        geometry=place if place is not UNSET else home.geometry,
        extra=extra,
        identity=event if isinstance(event, str) and event else None,
    )


def _measure(domain: str, device_class: str | None) -> str:
    if device_class is not None:
        return measure_of(device_class.lower())
    return {"alarm_control_panel": "burglary", "lock": "lock", "cover": "cover", "siren": "siren"}.get(domain, domain)


def _value(domain: str, measure: str, written: Any, reading: Reading) -> tuple[Any, Any]:
    """The value and state of an entity's state. What is unavailable or unknown is neither an alarm nor none."""
    word = str(written).strip().lower() if isinstance(written, str | bool | int | float) else ""
    if written is None or word in NO_STATE:
        return None, UNKNOWN
    if domain == "alarm_control_panel":
        return word, ALARM if word == "triggered" else OK if word.startswith(("armed", "disarmed")) else UNKNOWN
    if domain in DETECTOR_DOMAINS:
        on = on_or_off(written)
        if measure in _SECOND and on is not None:
            return _SECOND[measure][0 if on else 1], UNSET
        return on, state_of(measure, on)
    if domain in ("sensor", "number", "input_number", "counter"):
        try:
            return number(written, reading), UNSET
        except Bad:
            return str(written)[:200], UNSET
    return word[:200], UNSET


def _message(message: Message, capture: Capture) -> None:
    """A message of MQTT: a config of discovery, or a state."""
    topic = message.topic or ""
    config = _CONFIG.fullmatch(topic)
    if config is not None:
        _config(message, config, capture)
    elif topic in capture.entities:
        for entity in capture.entities[topic]:
            _reading(entity, message, capture)
    else:
        _untold(topic, message, capture)


def _config(message: Message, config: re.Match[str] | None, capture: Capture) -> None:
    # What was taken before is not taken again: nothing of it is claimed or refused.
    batch, home = Batch(capture.batch.context) if message.known else capture.batch, capture.home
    if message.payload is None:
        batch.refuse("an entity was removed; which one, its topic alone does not tell", message.topic or "")
        return
    if not isinstance(message.payload, Mapping):
        batch.refuse("a config of discovery is an object", message.payload)
        return
    whole = long_names(message.payload)
    component = config["component"] if config is not None else "binary_sensor"
    components = whole.get("components")
    if component == "device" and isinstance(components, Mapping):
        shared = {key: value for key, value in whole.items() if key != "components"}
        parts = [
            {**shared, **long_names(part)} for part in list(components.values())[:100] if isinstance(part, Mapping)
        ]
        for part in parts:
            _entity(part, str(part.get("platform", "")), batch, home, capture)
        return
    _entity(whole, component, batch, home, capture)


def _entity(config: dict[str, Any], component: str, batch: Batch, home: Home, capture: Capture) -> None:
    fields = batch.fields(config)
    topic = fields.said("state_topic", text)
    if component in PERSONS:
        batch.refuse(f"{component}: where people are is not taken")
        return
    if topic is None:
        if component in ("binary_sensor", "sensor"):
            batch.refuse("a config without a state_topic", config, kind=BAD_ATTRIBUTE)
        return
    path = _path(fields.said("value_template", text))
    if path is None:
        batch.refuse("value_template: only value_json.x is understood, nothing is executed", config, kind=BAD_ATTRIBUTE)
    measure = _measure(component, fields.said("device_class", text))
    on, off = _payload(config.get("payload_on", "ON")), _payload(config.get("payload_off", "OFF"))
    entity = Entity(topic=topic, path=path or (), measure=measure, component=component, on=on, off=off)
    if path is not None:
        listed = capture.entities.setdefault(topic, [])
        if len(listed) < 100:
            listed[:] = [each for each in listed if each.path != entity.path] + [entity]
    device = batch.fields(long_names(config["device"]) if isinstance(config.get("device"), Mapping) else {})
    content = Device(
        name=fields.get("name", text),
        description=_joined(device, "manufacturer", "model"),
        building=home.building,
        categories=("sensor",) if component in ("binary_sensor", "sensor") else ("actuator",),
        measures=(measure,),
        thresholds=_thresholds(entity) if path is not None else UNSET,
    )
    extra = {
        "component": component,
        "state_topic": topic,
        "unique_id": fields.get("unique_id", text),
        "device_name": device.get("name", text),
        "area": device.get("suggested_area", text),
        "unit": fields.get("unit_of_measurement", text),
        "configuration_url": device.get("configuration_url", url),
    }
    batch.claim(_subject(entity, home), content, at=None, geometry=home.geometry, extra=extra, every_s=3600)


def _joined(device: Fields, *names: str) -> Any:
    return " ".join(found for name in names if (found := device.said(name, text))) or UNSET


def _path(template: str | None) -> tuple[str, ...] | None:
    """The members that a simple template goes down; () without a template, None for one that is not simple."""
    if template is None:
        return ()
    found = _SIMPLE.fullmatch(template.strip())
    if found is None:
        return None
    return tuple(step["name"] or step["key"] for step in _STEP.finditer(found["path"]))


def _payload(value: Any) -> Any:
    """A payload of on or off as a value is compared with it: true and false are those of JSON."""
    return {"true": True, "false": False}.get(value.strip().lower(), value) if isinstance(value, str) else scalar(value)


def _thresholds(entity: Entity) -> Any:
    """When a state that comes without its config is an alarm: what is on. What is unavailable is an error."""
    rule = Threshold(comparison="equal", value=entity.on)
    invalid = tuple(Threshold(comparison="equal", value=word) for word in ("unavailable", "unknown"))
    if entity.component != "binary_sensor" or entity.measure not in ALARMS | WARNINGS:
        return UNSET
    return Thresholds(invalid=invalid, **{"alarm" if entity.measure in ALARMS else "warning": (rule,)})


def _subject(entity: Entity, home: Home) -> str:
    return home.subject(entity.topic, *entity.path)


def _reading(entity: Entity, message: Message, capture: Capture) -> None:
    """A state of an entity that the capture has told."""
    value = message.payload
    for step in entity.path:
        value = value.get(step) if isinstance(value, Mapping) else None
    content = Device(building=capture.home.building, measures=(entity.measure,), value=_payload(value))
    if entity.component == "binary_sensor":
        on = True if _same(value, entity.on) else False if _same(value, entity.off) else None
        state = state_of(entity.measure, on)
        shown = (
            _SECOND[entity.measure][0 if on else 1] if entity.measure in _SECOND and on is not None else content.value
        )
        content = Device(building=content.building, measures=content.measures, value=shown, state=state)
    flags = ("retained",) if message.retained else ()
    capture.batch.claim(_subject(entity, capture.home), content, at=None, flags=flags, geometry=capture.home.geometry)


def _same(value: Any, payload: Any) -> bool:
    return bool(value == payload) or (value is not None and str(value).casefold() == str(payload).casefold())


def _untold(topic: str, message: Message, capture: Capture) -> None:
    """A state whose config came earlier: its value under the same subject, judged by the thresholds told there."""
    values: Iterator[tuple[tuple[str, ...], Any]]
    if isinstance(message.payload, Mapping):
        values = (((key,), value) for key, value in list(message.payload.items())[:50])
    else:
        values = iter([((), message.payload)])
    told = 0
    for path, value in values:
        shown = _payload(value)
        figure = isinstance(shown, int | float) and not isinstance(shown, bool) and path and path[0] not in MEASURED
        if not isinstance(shown, str | bool | int | float) or figure:
            continue
        told += 1
        capture.batch.claim(
            capture.home.subject(topic, *path),
            Device(building=capture.home.building, value=shown),
            at=None,
            flags=("retained",) if message.retained else (),
            geometry=capture.home.geometry,
        )
    if not told:
        capture.batch.refuse("a state without a value", message.payload, capture.home.subject(topic))


FEED = Feed(
    topical=True,
    describes=re.compile(r".+/config"),
    explains=state_topics,
    name=NAME,
    title="Home Assistant",
    decode=decode,
    zone="Europe/Berlin",
    clean=clean,
    options=HomeOptions,
)
