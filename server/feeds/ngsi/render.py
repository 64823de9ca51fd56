"""The read side: what is known, as NGSI v2 entities again. Pure; the caller holds the picture still.

Entities are what senders wrote, merged attribute by attribute. A smart home shows nothing before its owner granted
access; personal attributes go to the control room only (and back to whoever sent them).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from layers.picture import Picture
from layers.records import Record
from server.admission import TYPE, held_attributes
from server.feeds.ngsi.types import TYPES

GRANTED = "GRANTED"


class Viewer(Struct, frozen=True, kw_only=True):
    """Who reads: `own` restricts to what this source sent; `personal` attributes are shown or not."""

    own: str | None = None
    personal: bool = False


class Query(Struct, frozen=True, kw_only=True):
    """Which entities: of these types and ids (all, where empty)."""

    types: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


def subjects(picture: Picture, query: Query, viewer: Viewer) -> list[str]:
    """Ids of the entities that match and may be seen, sorted."""
    wanted = query.ids & picture.records.keys() if query.ids else picture.records.keys()
    return [subject for subject in sorted(wanted) if _matches(picture.records[subject], picture, query, viewer)]


def entity(picture: Picture, subject: str, viewer: Viewer, only: Sequence[str] = ()) -> dict[str, Any]:
    """The entity, normalized; `only`: these attributes, in this order."""
    extras = picture.extras(subject)
    kind = str(extras[TYPE])
    attributes = held_attributes(extras)
    if not viewer.personal:
        attributes = _impersonal(attributes, kind)
    names = [name for name in only if name in attributes] if only else attributes
    return {"id": subject, "type": kind, **{name: attributes[name] for name in names}}


def key_values(normalized: Mapping[str, Any]) -> dict[str, Any]:
    """The same entity in the short form."""
    return {name: value if name in ("id", TYPE) else value["value"] for name, value in normalized.items()}


def values(normalized: Mapping[str, Any], unique: bool) -> list[Any]:
    """The bare values of the attributes (`options=values`), each once where `unique`."""
    found = [value["value"] for name, value in normalized.items() if name not in ("id", TYPE)]
    return [value for index, value in enumerate(found) if value not in found[:index]] if unique else found


def _matches(record: Record, picture: Picture, query: Query, viewer: Viewer) -> bool:
    held = record.extra.get(TYPE)
    if held is None:
        return False  # known from another feed alone
    kind, claim = held
    if kind not in TYPES or (query.types and kind not in query.types):
        return False
    if viewer.own is not None:
        return claim.source == viewer.own
    return all(home is not None and home.get("permission") == GRANTED for home in _homes(record, picture))


def _homes(record: Record, picture: Picture) -> Iterator[Record | None]:
    """The smart home that an entity belongs to, whose owner must have granted access."""
    if record.kind == "building":
        yield record
    elif record.kind == "device":
        home = picture.records.get(record.get("building") or "")
        yield home if home is not None and home.kind == "building" else None


def _impersonal(attributes: Mapping[str, Any], kind: str) -> dict[str, Any]:
    found = dict(attributes)
    for name, *members in TYPES[kind].personal():
        if name not in found:
            continue
        if not members:
            del found[name]
        else:
            found[name] = {**found[name], "value": _without(found[name]["value"], members)}
    return found


def _without(value: Any, members: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, members) for item in value]
    if not isinstance(value, dict):
        # Not the structure the type has: whatever it is, it stands where personal data would.
        return None
    first, *rest = members
    if not rest:
        return {name: item for name, item in value.items() if name != first}
    return {name: _without(item, rest) if name == first else item for name, item in value.items()}
