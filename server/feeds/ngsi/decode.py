"""A message of entities becomes observations; what cannot be used becomes a refusal, and its neighbours stay."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from msgspec import Struct

from layers.clock import honest
from layers.content import Content, Removal
from layers.observation import Observation, Sensitivity, idempotency_key
from server.feeds import (
    BAD_ENTITY,
    UNKNOWN_TYPE,
    Context,
    Decoded,
    Precondition,
    Refused,
    excerpt,
)
from server.feeds._json import dump
from server.feeds.ngsi.attributes import Attribute, BadId, Entity, bad_attribute, parse
from server.feeds.ngsi.envelope import open_message
from server.feeds.ngsi.table import GEOMETRY, EntityType
from server.feeds.ngsi.types import TYPES
from server.feeds.ngsi.values import Bad, Reading, end_time

TIME_INSTANT = "TimeInstant"
"""The attribute in which IoT agents put the time of the whole entity."""

MAX_TIMES = 20
"""Times in the metadata of one entity; attributes of one time make one observation."""


class OwnTime(Struct, frozen=True):
    """When the entity was measured, by its own account; `key` is that account as written."""

    at: datetime | None = None
    key: str = ""
    assumed_zone: bool = False


def decode(body: bytes, context: Context) -> Decoded:
    """Observations and refusals of one message. Raises DecodeError where it is no NGSI v2 message at all."""
    message = open_message(body, context.limits)
    refused: list[Refused] = []
    sound = [entity for raw in message.entities if (entity := _entity(raw, context, refused)) is not None]
    observations: list[Observation] = []
    conditions: dict[str, Precondition] = {}
    for entity in _merged(sound, message.action, context):
        made = _observations(entity, message.action, context, refused)
        condition = _condition(entity, message.action)
        observations.extend(made)
        if condition is not None:
            conditions.update((observation.id, condition) for observation in made)
    return Decoded(observations=tuple(observations), refused=tuple(refused), conditions=conditions)


def _entity(raw: Any, context: Context, refused: list[Refused]) -> Entity | None:
    try:
        if not isinstance(raw, Mapping):
            raise BadId("an entity is an object")
        size = len(dump(raw))
        if size > context.limits.entity_bytes:
            raise BadId(f"an entity of {size} bytes, more than {context.limits.entity_bytes}")
        entity, bad = parse(raw, context.limits, context.zone)
    except (BadId, ValueError) as error:
        refused.append(_refuse_entity(raw, str(error), BAD_ENTITY))
        return None
    if entity.type not in TYPES:
        refused.append(_refuse_entity(raw, f"unknown entity type {entity.type!r}", UNKNOWN_TYPE))
        return None
    refused.extend(bad)
    if bad and not entity.attributes:
        refused.append(_refuse_entity(raw, "nothing sound in the entity", BAD_ENTITY))
        return None
    return entity


def _refuse_entity(raw: Any, reason: str, kind: str) -> Refused:
    try:
        shown = excerpt(dump(raw))
    except ValueError:
        shown = ""
    subject = raw.get("id") if isinstance(raw, Mapping) else None
    return Refused(reason=reason, excerpt=shown, kind=kind, subject=subject[:256] if isinstance(subject, str) else None)


def _merged(entities: Iterable[Entity], action: str, context: Context) -> Iterable[Entity]:
    """Entities that speak of one subject at one time become one: the later attribute wins, as it would one by one."""
    if action in ("replace", "delete"):
        return {entity.id: entity for entity in entities}.values() if action == "replace" else entities
    found: dict[tuple[str, ...], Entity] = {}
    for entity in entities:
        times = sorted({attribute.written or "" for attribute in entity.attributes.values()})
        key = (entity.id, entity.type, own_time(entity, Reading(context, set())).key, *times)
        known = found.get(key)
        attributes = {**known.attributes, **entity.attributes} if known else entity.attributes
        found[key] = Entity(entity.id, entity.type, attributes)
    return found.values()


def own_time(entity: Entity, reading: Reading) -> OwnTime:
    """The first attribute among the type's times that can be read, else the TimeInstant of the entity."""
    for name in (*TYPES[entity.type].time, TIME_INSTANT):
        attribute = entity.attributes.get(name)
        if attribute is None:
            continue
        probe = Reading(reading.context, set())
        try:
            at = end_time(attribute.value, probe)
        except Bad:
            continue
        if at is not None:
            return OwnTime(at, str(attribute.value), "tz_assumed" in probe.flags)
    return OwnTime()


def _condition(entity: Entity, action: str) -> Precondition | None:
    names = tuple(sorted(entity.attributes))
    match action:
        case "appendStrict":
            return Precondition(absent=names)
        case "update":
            return Precondition(exists=True, present=names)
        case "replace":
            return Precondition(exists=True, exclusive=True)
        case "delete":
            return Precondition(exists=True, present=names)
    return None


def _observations(entity: Entity, action: str, context: Context, refused: list[Refused]) -> list[Observation]:
    table = TYPES[entity.type]
    if action == "delete":
        return [_deletion(entity, table, context)]
    own = own_time(entity, Reading(context, set()))
    groups: dict[datetime | None, dict[str, Attribute]] = {own.at: {}}
    for name, attribute in entity.attributes.items():
        groups.setdefault(attribute.at or own.at, {})[name] = attribute
    if len(groups) > MAX_TIMES:
        refused.append(Refused(reason=f"more than {MAX_TIMES} times in one entity", subject=entity.id))
        return []
    if len(groups) > 1 and not groups[own.at] and action != "replace":
        del groups[own.at]
    made = []
    for at, attributes in groups.items():
        group_time = OwnTime(at, own.key if at == own.at else str(at), own.assumed_zone and at == own.at)
        observation = _observation(Entity(entity.id, entity.type, attributes), group_time, action, context, refused)
        if observation is not None:
            made.append(observation)
    return made


def _observation(
    entity: Entity, own: OwnTime, action: str, context: Context, refused: list[Refused]
) -> Observation | None:
    table = TYPES[entity.type]
    reading = Reading(context, {"tz_assumed"} if own.assumed_zone else set())
    values = table.read(entity.attributes, reading)
    for name, reason in values.bad.items():
        refused.append(bad_attribute(entity.id, name, reason, entity.attributes[name].value))
    kept = {name: attribute for name, attribute in entity.attributes.items() if name not in values.bad}
    if entity.attributes and not kept and action != "replace":
        refused.append(Refused(reason="nothing sound in the entity", kind=BAD_ENTITY, subject=entity.id))
        return None
    found = {**table.constants, **values.found}
    if action == "replace":
        found = {**table.cleared(table.attributes() - set(entity.attributes), Reading(context, set())), **found}
    extra: dict[str, Any] = {"type": entity.type}
    extra.update((name, attribute.normalized()) for name, attribute in kept.items())
    return _envelope(entity, own, found, extra, action, reading)


def _deletion(entity: Entity, table: EntityType, context: Context) -> Observation:
    """The whole entity is withdrawn; or, where attributes are named, these: their fields become unknown."""
    reading = Reading(context, set())
    if not entity.attributes:
        return _envelope(entity, OwnTime(), None, {}, "delete", reading)
    found = {**table.constants, **table.cleared(set(entity.attributes), reading)}
    extra = {"type": entity.type, **dict.fromkeys(entity.attributes)}
    return _envelope(entity, OwnTime(), found, extra, "delete", reading)


def _envelope(
    entity: Entity, own: OwnTime, found: dict[str, Any] | None, extra: dict[str, Any], action: str, reading: Reading
) -> Observation:
    context = reading.context
    observed, reported, flags = honest(own.at, own.at, context.received_at, context.limits.clock)
    place = {"geometry": found.pop(GEOMETRY)} if found is not None and GEOMETRY in found else {}
    content = Removal() if found is None else cast(Content, TYPES[entity.type].content(**found))
    when = own.at.isoformat() if own.at is not None else f"received {context.received_at.isoformat()}"
    manner = action if action in ("replace", "delete") else ""
    return Observation(
        id=idempotency_key(context.source, entity.id, entity.type, when, manner, dump(extra)),
        source=context.source,
        subject=entity.id,
        observed_at=observed,
        reported_at=reported,
        received_at=context.received_at,
        content=content,
        sensitivity=Sensitivity.PUBLIC if found and found.get("scope") == "Public" else Sensitivity.OPERATIONAL,
        flags=tuple(sorted({*flags, *reading.flags})),
        extra=extra,
        **place,
    )
