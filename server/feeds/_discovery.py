"""MQTT discovery of Home Assistant: long names for short ones, and of which states a config speaks."""

from collections.abc import Mapping
from typing import Any

import msgspec

SHORT = {
    "avty": "availability",
    "avty_t": "availability_topic",
    "cmps": "components",
    "dev": "device",
    "dev_cla": "device_class",
    "exp_aft": "expire_after",
    "json_attr_t": "json_attributes_topic",
    "name": "name",
    "obj_id": "object_id",
    "off_dly": "off_delay",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_t": "state_topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
    "ids": "identifiers",
    "mf": "manufacturer",
    "mdl": "model",
    "sa": "suggested_area",
}
"""Abbreviations of discovery."""


def long_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config with the long names, `~` put into its topics."""
    found = {SHORT.get(key, key): value for key, value in config.items()}
    base = found.get("~")
    if isinstance(base, str):
        for key, value in found.items():
            if key.endswith("topic") and isinstance(value, str) and "~" in (value[:1], value[-1:]):
                found[key] = base + value[1:] if value.startswith("~") else value[:-1] + base
    return found


def state_topics(config: bytes) -> tuple[str, ...]:
    """Where the states come that a config of discovery tells how to read."""
    try:
        told = msgspec.json.decode(config)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    if not isinstance(told, dict):
        return ()
    whole = long_names(told)
    inner = whole.get("components")
    parts = [{**whole, **long_names(part)} for part in _members(inner)[:100]] if isinstance(inner, dict) else [whole]
    found = [part.get("state_topic") for part in parts]
    return tuple(dict.fromkeys(topic for topic in found if isinstance(topic, str) and topic))


def _members(components: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for part in components.values() if isinstance(part, dict)]
