"""Entities as they come: normalized, key-values or both in one; with the slips that gateways of the field make."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from server.feeds import BAD_ATTRIBUTE, Limits, Refused, excerpt
from server.feeds._json import dump
from server.feeds._times import moment
from server.feeds.ngsi.values import MAX_WHOLE, visible

MAX_NAME_CHARS = 256
FORBIDDEN_IN_ID = frozenset("<>\"'=;()&?/# \t\r\n")
"""NGSI v2 field syntax and Orion's forbidden characters; `#` also divides a feature's parts from its subject."""
RESERVED_PREFIXES = ("source:", "card:")
"""Subjects that the picture makes itself."""
RESERVED_IDS = frozenset({"tick"})
_NORMALIZED = frozenset({"type", "value", "metadata", "object", "observedAt", "unitCode", "datasetId"})
_PLAIN = frozenset({"type", "value", "metadata"})
_TIME_METADATA = ("TimeInstant", "timestamp", "observedAt", "dateModified")
NOT_ATTRIBUTES = frozenset({"id", "type", "@context"})


class BadId(ValueError):
    """The entity's id or type cannot be used."""


class Attribute(Struct, frozen=True):
    """One attribute in the normalized form; `at` is the time its metadata gives, `written` that time as written."""

    value: Any
    type: str | None = None
    metadata: dict[str, Any] = {}
    at: datetime | None = None
    written: str | None = None

    def normalized(self) -> dict[str, Any]:
        """As NGSI v2 shows it."""
        return {"type": self.type or inferred(self.value), "value": self.value, "metadata": self.metadata}


class Entity(Struct, frozen=True):
    """Id, type and attributes of a sound entity."""

    id: str
    type: str
    attributes: dict[str, Attribute]


def parse(raw: Mapping[str, Any], limits: Limits, zone: str) -> tuple[Entity, list[Refused]]:
    """The entity, and what of its attributes was refused. Raises BadId where it cannot be told who it is."""
    subject = entity_id(raw.get("id"))
    kind = entity_type(raw.get("type"), subject)
    written = {name: value for name, value in raw.items() if name not in NOT_ATTRIBUTES}
    if len(written) > limits.attributes:
        raise BadId(f"more than {limits.attributes} attributes")
    attributes: dict[str, Attribute] = {}
    refused: list[Refused] = []
    for name, value in written.items():
        clean = visible(name).removesuffix(":")
        reason = _why_not_name(clean) or why_not(value, limits)
        if reason:
            refused.append(bad_attribute(subject, clean[:MAX_NAME_CHARS], reason, value))
        else:
            attributes[clean] = attribute(value, zone)
    return Entity(subject, kind, attributes), refused


def bad_attribute(subject: str, name: str, reason: str, value: Any) -> Refused:
    """The refusal of one attribute of a sound entity."""
    try:
        shown = excerpt(dump({name: value}))
    except ValueError:
        shown = name
    return Refused(reason=f"{name}: {reason}", excerpt=shown, kind=BAD_ATTRIBUTE, subject=subject)


def entity_id(value: Any) -> str:
    """The id, checked. Raises BadId."""
    if not isinstance(value, str) or not value:
        raise BadId("an entity has an id, and it is text")
    if len(value) > MAX_NAME_CHARS:
        raise BadId(f"an id has at most {MAX_NAME_CHARS} characters, not {len(value)}")
    if not value.isprintable() or not FORBIDDEN_IN_ID.isdisjoint(value) or visible(value) != value:
        raise BadId("the id holds a character that NGSI forbids")
    if value.startswith(RESERVED_PREFIXES) or value in RESERVED_IDS:
        raise BadId("this id is reserved")
    return value


def entity_type(value: Any, subject: str) -> str:
    """The type without invisible characters; where it is missing, the one in the URN of the id. Raises BadId."""
    if value is None or value == "":
        parts = subject.split(":")
        if parts[:2] == ["urn", "ngsi-ld"] and len(parts) > 3:
            return parts[2]
        raise BadId("the entity has no type")
    if not isinstance(value, str) or len(value) > MAX_NAME_CHARS or not visible(value):
        raise BadId(f"a type is text of at most {MAX_NAME_CHARS} characters")
    return visible(value)


def attribute(value: Any, zone: str) -> Attribute:
    """Normalized or a bare value; `"value:"` with a colon is a slip of the field and means `value`."""
    if not isinstance(value, dict):
        return Attribute(value)
    kind, metadata = value.get("type"), value.get("metadata")
    if not metadata and "value" in value and value.keys() <= _PLAIN and (kind is None or isinstance(kind, str)):
        return Attribute(_bare(value["value"]), None if kind is None else visible(kind)[:MAX_NAME_CHARS])
    members = {key.removesuffix(":"): member for key, member in value.items()}
    if members.keys() - _NORMALIZED or not (
        members.keys() & {"value", "object"} or members.keys() <= {"type", "metadata"}
    ):
        return Attribute(value)
    metadata = members.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    bare = _bare(members.get("value", members.get("object")))
    kind = members.get("type")
    at, written = _time({"observedAt": members.get("observedAt"), **metadata}, zone)
    return Attribute(bare, visible(kind)[:MAX_NAME_CHARS] if isinstance(kind, str) else None, metadata, at, written)


def _bare(value: Any) -> Any:
    return value["@value"] if isinstance(value, dict) and "@value" in value else value


def inferred(value: Any) -> str:
    """The attribute type that NGSI v2 gives to a bare value."""
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float):
        return "Number"
    if isinstance(value, str):
        return "Text"
    if isinstance(value, dict) and value.keys() >= {"type", "coordinates"}:
        return "geo:json"
    return "None" if value is None else "StructuredValue"


def why_not(value: Any, limits: Limits, in_geometry: bool = False) -> str | None:
    """What forbids keeping the value: a text, list or number over its limit; None where nothing does."""
    if value is None or isinstance(value, bool | float):
        return None
    if isinstance(value, str):
        return f"text of more than {limits.text_chars} characters" if len(value) > limits.text_chars else None
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        return "a whole number that JSON cannot hold"
    if isinstance(value, list | dict):
        if len(value) > (limits.points if in_geometry else limits.items):
            return f"more than {limits.items} items"
        return _why_not_inside(value, limits, in_geometry)
    return None


def _why_not_inside(value: Any, limits: Limits, in_geometry: bool) -> str | None:
    if isinstance(value, list):
        for item in value:
            if type(item) is not float and (reason := why_not(item, limits, in_geometry)):
                return reason
        return None
    for key, item in value.items():
        if len(key) > MAX_NAME_CHARS:
            return f"a name of more than {MAX_NAME_CHARS} characters"
        if reason := why_not(item, limits, key == "coordinates"):
            return reason
    return None


def _why_not_name(name: str) -> str | None:
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        return f"an attribute's name is text of at most {MAX_NAME_CHARS} characters"
    return None


def _time(metadata: Mapping[str, Any], zone: str) -> tuple[datetime | None, str | None]:
    """The first time in the metadata that can be read."""
    for name in _TIME_METADATA:
        written = metadata.get(name)
        if isinstance(written, dict):
            written = written.get("value")
        if written is not None:
            try:
                return moment(written, zone)[0], str(written)
            except ValueError:
                continue
    return None, None
