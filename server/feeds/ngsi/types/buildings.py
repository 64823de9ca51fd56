"""Smart buildings: Building and Device."""

from typing import Any

from layers.content import Building, Device, Threshold, Thresholds
from server.feeds.ngsi.table import GEOMETRY, EntityType, Row, each
from server.feeds.ngsi.values import (
    Bad,
    Reading,
    anchor,
    choice,
    name,
    number,
    point,
    postal,
    text,
    url,
    visible,
    words,
)

PERMISSIONS = ("NONE", "REQUEST", "PENDING", "GRANTED", "DENIED")
COMPARISONS = ("equal", "notEqual", "greaterThan", "greaterThanInclusive", "lessThan", "lessThanInclusive")
_COMPARISON = {word.casefold(): word for word in COMPARISONS}
_POSITIONS = {"OPEN": "OPEN", "CLOSE": "CLOSE", "CLOSED": "CLOSE"}
"""Doors and windows: the model writes CLOSE, gateways also CLOSED."""


def permission(value: Any, _reading: Reading) -> str:
    """One of PERMISSIONS. Whatever else comes withdraws a consent that was given: it becomes `unknown`."""
    word = visible(value).upper() if isinstance(value, str) else "NONE" if value is None else "unknown"
    return word if word in PERMISSIONS else "unknown"


BUILDING = EntityType(
    names=("Building",),
    content=Building,
    rows=(
        Row("name", "name", text, personal=True),
        Row("email", "email", text, personal=True),
        Row("description", "description", text),
        Row("category", "categories", words),
        Row("source", "source_url", url),
        Row("location", GEOMETRY, anchor),
        Row("address", "address", postal),
        Row("floorPlan", "floor_plan_url", url, personal=True),
        Row("permission", "permission", permission),
    ),
)


def scalar(value: Any, reading: Reading) -> float | str | bool | None:
    """A device's value: a number or boolean also where it is written as text; CLOSED is CLOSE; other text as it is."""
    if value is None or isinstance(value, bool | int | float):
        return value
    found = text(value, reading)
    if found is None:
        return None
    if found.lower() in ("true", "false"):
        return found.lower() == "true"
    try:
        return number(found, reading)
    except Bad:
        return _POSITIONS.get(found.upper(), found)


def reading_value(value: Any, reading: Reading) -> Any:
    """A scalar, or the picture of a camera as `{mediaType, url}`."""
    if isinstance(value, dict) and "url" in value:
        kind = choice("IMAGE", "VIDEO", "VIDEOSTREAM", unknown="IMAGE")(value.get("mediaType") or "IMAGE", reading)
        return {"mediaType": kind, "url": url(value["url"], reading)}
    return scalar(value, reading)


def rules(value: Any, reading: Reading) -> tuple[Threshold, ...]:
    """`[{comparison, value}]`, the comparison also spelt `comparision`."""
    found = []
    for item in each(value, reading.context.limits.items):
        written = text(item.get("comparison", item.get("comparision")), reading)
        comparison = _COMPARISON.get((written or "").casefold())
        if comparison is None:
            raise Bad(f"no comparison: {written!r}")
        found.append(Threshold(comparison=comparison, value=scalar(item.get("value"), reading)))
    return tuple(found)


def thresholds(value: Any, reading: Reading) -> Thresholds | None:
    """`{invalid, warning, alarm}`, each a list of rules."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Bad("thresholds are an object")
    return Thresholds(
        invalid=rules(value.get("invalid"), reading),
        warning=rules(value.get("warning"), reading),
        alarm=rules(value.get("alarm"), reading),
    )


def attached_to(value: Any, reading: Reading) -> str | None:
    """`{attachedToType, attachedToId}`, or the id of the building alone."""
    return name(value.get("attachedToId") if isinstance(value, dict) else value, reading)


DEVICE = EntityType(
    names=("Device",),
    content=Device,
    time=("dateLastValueReported",),
    merged=frozenset({"action"}),  # an answer carries the status alone; what was asked for stays
    rows=(
        Row("name", "name", text),
        Row("description", "description", text),
        Row("attachedTo", "building", attached_to),
        Row("category", "categories", words),
        Row("controlledProperty", "measures", words),
        Row("value", "value", reading_value),
        Row("configuration.thresholds", "thresholds", thresholds),
        Row("deviceState", "state", choice("OK", "WARNING", "ALARM", "ERROR", unknown="UNKNOWN")),
        Row("action.desiredValue", "desired_value", scalar),
        Row(
            "action.status",
            "action_status",
            choice("PENDING", "WAITING", "SUCCESS", "DENIED", "ERROR", "TIMEOUT"),
        ),
        Row("source", "source_name", text),
        Row("location", GEOMETRY, point),
    ),
)

TABLES = (BUILDING, DEVICE)
