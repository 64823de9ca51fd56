"""Zigbee2MQTT: states of devices (JSON by property), what devices there are, and whether they can be reached.

A state is sent again and again and kept by the broker: it becomes the device's value, and only that a device goes into
ALARM is an alarm. Each property that is a detector or worth a reading is a device of its own; others are in `extra`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from layers.content import Device
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, settings
from server.feeds._homes import (
    ERROR,
    MEASURED,
    OK,
    TEST,
    Home,
    HomeOptions,
    clean,
    measure_of,
    on_or_off,
    state_of,
)
from server.feeds._mqtt import Message, messages, scalar
from server.feeds.ngsi.values import Bad, Reading, number, text, time

NAME = "zigbee2mqtt"
DETECTORS = frozenset(
    {
        *(
            "smoke",
            "gas",
            "carbon_monoxide",
            "co",
            "water_leak",
            "vibration",
            "contact",
            "tamper",
            "battery_low",
            "heat",
        ),
        *("occupancy", "presence", "motion", "sos", "moving", "fault", "fire", "flood", "heat"),
    }
)
"""Properties that are on or off."""
CALLS = frozenset({"emergency", "panic", "sos"})
"""Actions of a button that call for help."""
_DEVICE = ("friendly_name", "friendlyName", "ieee_address", "ieeeAddr")
MAX_EXPOSES = 300


class ZigbeeOptions(HomeOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_topic` as in Zigbee2MQTT's settings. `off_is_on`: properties whose `value_on` is false or "OFF"."""

    base_topic: str = "zigbee2mqtt"
    off_is_on: tuple[str, ...] = ()


def decode(body: bytes, context: Context) -> Decoded:
    """Devices. Raises DecodeError."""
    batch, options = Batch(context), settings(context, ZigbeeOptions)
    home = Home(NAME, context, options)
    given = messages(clean(body), context.limits)
    batch.refused.extend(given.refused)
    definitions: dict[str, dict[str, Any]] = {}
    for message in given.found:
        _message(message, home, options, definitions, batch)
    if not given.found and not batch.refused:
        raise DecodeError("no message of Zigbee2MQTT", INVALID)
    return batch.decoded()


def _message(
    message: Message, home: Home, options: ZigbeeOptions, definitions: dict[str, dict[str, Any]], batch: Batch
) -> None:
    name = message.topic
    if name is not None:
        name = name.removeprefix(options.base_topic.strip("/") + "/")
        if name == "bridge/devices":
            _devices(message.payload, home, definitions, batch)
            return
        if name.startswith("bridge/") or name.endswith(("/set", "/get")):
            return
        if name.endswith("/availability"):
            _availability(name.removesuffix("/availability"), message.payload, home, batch)
            return
    if isinstance(message.payload, list):
        _devices(message.payload, home, definitions, batch)
    elif not isinstance(message.payload, Mapping) or not message.payload:
        batch.refuse("a state is an object", message.payload)
    elif _is_device(message.payload):
        _devices([message.payload], home, definitions, batch)
    else:
        _state(name, message, home, options, definitions, batch)


def _state(
    topic: str | None,
    message: Message,
    home: Home,
    options: ZigbeeOptions,
    definitions: dict[str, dict[str, Any]],
    batch: Batch,
) -> None:
    state: Mapping[str, Any] = message.payload
    device = state.get("device")
    named = _named(device) if isinstance(device, Mapping) else None
    name = topic or named
    flags = {"retained"} if message.retained else set()
    if name is None:
        flags.add("name_assumed")
    key = (name,) if name is not None else ()
    fields = batch.fields(state, home.subject(*key) if key else home.subject("device"))
    at = fields.said("last_seen", time)
    testing = on_or_off(state.get("test")) is True
    if testing:
        flags.add(TEST)
    told = {
        prop: _told(prop, state[prop], options, definitions.get(name or "", {}), fields.reading)
        for prop in _spoken(state)
    }
    extra = {
        prop: scalar(value) for prop, value in state.items() if prop not in told and not isinstance(value, dict | list)
    }
    battery = fields.said("battery", number)
    if battery is not None:
        extra["battery_pct"] = battery
    if not told:
        batch.refuse("no property that is known", state, fields.of)
    for prop, (measure, value, on) in told.items():
        content = Device(
            name=name or UNSET,
            building=home.building,
            categories=("actuator",) if measure == "switch" else ("sensor",),
            measures=(measure,),
            value=value,
            state=state_of(measure, on, testing),
        )
        batch.claim(
            home.subject(*key, prop),
            content,
            at=at,
            flags=flags | fields.flags,
            geometry=home.geometry,
            extra={"property": prop, **extra},
        )


def _spoken(state: Mapping[str, Any]) -> Iterator[str]:
    """The properties that become a device."""
    for prop, value in state.items():
        if prop == "action":
            if isinstance(value, str) and value.casefold() in CALLS:
                yield prop
        elif prop in DETECTORS or prop in MEASURED or (prop == "state" and isinstance(value, str)):
            yield prop


def _told(
    prop: str, value: Any, options: ZigbeeOptions, definition: dict[str, Any], reading: Reading
) -> tuple[str, Any, bool | None]:
    """What a property measures, its value, and whether it is on. A value that is none is None."""
    if prop == "action":
        return "panic", True, True
    amount = prop == "co" and isinstance(value, int | float) and not isinstance(value, bool)
    if prop in MEASURED or amount:  # of how much CO there is, another property says whether that is an alarm
        measure = "co" if amount else measure_of(prop)
        try:
            return measure, number(value, reading), None
        except Bad:
            return measure, None, None
    if prop == "state":
        return "switch", str(value)[:50], None
    on = _is_on(prop, value, options, definition)
    if prop == "contact":
        return "contact", None if on is None else "CLOSE" if on else "OPEN", None
    return measure_of(prop), on, on


def _is_on(prop: str, value: Any, options: ZigbeeOptions, definition: dict[str, Any]) -> bool | None:
    """By the device's own `value_on` and `value_off` where the capture tells them, else by the words for it."""
    expose = definition.get(prop)
    if expose is not None and "value_on" in expose:
        if value == expose["value_on"]:
            return True
        if value == expose.get("value_off"):
            return False
    on = on_or_off(value)
    return not on if on is not None and prop in options.off_is_on else on


def _availability(name: str, payload: Any, home: Home, batch: Batch) -> None:
    word = payload.get("state") if isinstance(payload, Mapping) else payload
    if word not in ("online", "offline"):
        batch.refuse("availability is online or offline", payload, home.subject(name))
        return
    content = Device(
        name=name, building=home.building, measures=("connection",), value=word, state=OK if word == "online" else ERROR
    )
    batch.claim(home.subject(name, "availability"), content, at=None, geometry=home.geometry)


def _is_device(value: Any) -> bool:
    return isinstance(value, Mapping) and _named(value) is not None and ("definition" in value or "exposes" in value)


def _named(device: Mapping[str, Any]) -> str | None:
    return next((device[name] for name in _DEVICE if isinstance(device.get(name), str) and device[name]), None)


def _devices(payload: Any, home: Home, definitions: dict[str, dict[str, Any]], batch: Batch) -> None:
    """`bridge/devices`, or the `exposes` of one device alone."""
    items = payload if isinstance(payload, list) else [payload]
    if not items:
        batch.refuse("no device", payload)
    if any(
        isinstance(item, Mapping) and _named(item) is None and ("type" in item or "property" in item) for item in items
    ):
        _described(None, {}, items, home, definitions, batch)
        return
    for item in items[: batch.context.limits.entities]:
        name = _named(item) if isinstance(item, Mapping) else None
        if name is None:
            batch.refuse("neither a device nor what one exposes", item)
            continue
        definition = item.get("definition")
        known = definition if isinstance(definition, Mapping) else item
        exposes = known.get("exposes")
        if exposes is not None and not isinstance(exposes, list):
            batch.refuse("exposes: a list is expected", exposes, home.subject(name))
        _described(name, item, exposes if isinstance(exposes, list) else [], home, definitions, batch)
    if len(items) > batch.context.limits.entities:
        batch.refuse(f"{len(items)} devices, more than {batch.context.limits.entities}")


def _described(
    name: str | None,
    device: Mapping[str, Any],
    exposes: list[Any],
    home: Home,
    definitions: dict[str, dict[str, Any]],
    batch: Batch,
) -> None:
    """What a device can say: its name and what it measures, without any value."""
    given = device.get("definition")
    definition: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    fields = batch.fields(definition, home.subject(name or "device"))
    extra = {
        "ieee_address": scalar(device.get("ieee_address")),
        "type": scalar(device.get("type")),
        "vendor": fields.get("vendor", text),
        "model": fields.get("model", text),
        "disabled": scalar(device.get("disabled")),
    }
    key = (name,) if name is not None else ()
    flags = () if name is not None else ("name_assumed",)
    for expose in _leaves(exposes):
        prop = expose.get("property") or expose.get("name")
        if not isinstance(prop, str):
            batch.refuse("exposes: a property without a name", dict(expose), fields.of)
            continue
        definitions.setdefault(name or "", {})[prop] = expose
        if prop not in DETECTORS | MEASURED and prop != "state":
            continue
        access = expose.get("access")
        may_be_set = isinstance(access, int) and not isinstance(access, bool) and bool(access & 2)
        content = Device(
            name=name or UNSET,
            description=batch.fields(expose, fields.of).get("description", text),
            building=home.building,
            categories=("actuator",) if may_be_set else ("sensor",),
            measures=(_measure(prop, expose),),
        )
        more = {part: scalar(expose.get(part)) for part in ("value_on", "value_off", "unit")}
        batch.claim(
            home.subject(*key, prop), content, at=None, flags=flags, geometry=home.geometry,
            extra={"property": prop, **extra, **more}, every_s=3600,
        )  # fmt: skip


def _measure(prop: str, expose: Mapping[str, Any]) -> str:
    """What a property measures: `co` that is a number is how much there is of it, not whether there is."""
    if prop == "state":
        return "switch"
    return "co" if prop == "co" and expose.get("type") == "numeric" else measure_of(prop)


def _leaves(exposes: list[Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The exposes with a property, also those within another."""
    for expose in exposes[:MAX_EXPOSES]:
        if not isinstance(expose, Mapping):
            continue
        features = expose.get("features")
        if isinstance(features, list) and depth < 4:
            yield from _leaves(features, depth + 1)
        elif "property" in expose or "name" in expose:
            yield expose


FEED = Feed(
    topical=True,
    describes=re.compile(r".+/bridge/devices"),
    name=NAME,
    title="Zigbee2MQTT",
    decode=decode,
    zone="Europe/Berlin",
    clean=clean,
    options=ZigbeeOptions,
)
