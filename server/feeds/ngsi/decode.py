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
    """When something was measured, by its own account; None where it gives none."""

    at: datetime | None = None
    assumed_zone: bool = False


class Claim(Struct):
    """What a message says of one subject at one time."""

    id: str
    type: str
    time: OwnTime
    attributes: dict[str, Attribute]


def decode(body: bytes, context: Context) -> Decoded:
    """Observations and refusals of one message. Raises DecodeError where it is no NGSI v2 message at all."""
    message = open_message(body, context.limits)
    refused: list[Refused] = []
    sound = [entity for raw in message.entities if (entity := _entity(raw, context, refused)) is not None]
    observations: list[Observation] = []
    for claim in _claims(sound, message.action, context, refused):
        made = _observation(claim, message.action, context, refused)
        if made is not None:
            observations.append(made)
    conditions = {entity.id: _condition(entity, message.action) for entity in sound}
    kept = {made.id: condition for made in observations if (condition := conditions[made.subject]) is not None}
    return Decoded(observations=tuple(observations), refused=tuple(refused), conditions=kept)


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


def _claims(entities: Iterable[Entity], action: str, context: Context, refused: list[Refused]) -> Iterable[Claim]:
    """The attributes by subject and time; what the message says again later wins, as it would one by one."""
    if action == "replace":
        entities = {entity.id: entity for entity in entities}.values()
    found: dict[tuple[str, str, datetime], Claim] = {}
    for entity in entities:
        own = own_time(entity, context)
        spoken: dict[OwnTime, dict[str, Attribute]] = {own: {}} if action == "replace" or not entity.attributes else {}
        for name, attribute in entity.attributes.items():
            at = own if attribute.at is None or action == "delete" else OwnTime(attribute.at)
            spoken.setdefault(at, {})[name] = attribute
        if len(spoken) > MAX_TIMES:
            refused.append(Refused(reason=f"more than {MAX_TIMES} times in one entity", subject=entity.id))
            continue
        for time, attributes in spoken.items():
            observed, _, _ = honest(time.at, time.at, context.received_at, context.limits.clock)
            claim = found.setdefault((entity.id, entity.type, observed), Claim(entity.id, entity.type, time, {}))
            claim.attributes.update(attributes)
    return found.values()


def own_time(entity: Entity, context: Context) -> OwnTime:
    """The first attribute among the type's times that can be read, else the TimeInstant of the entity."""
    for name in (*TYPES[entity.type].time, TIME_INSTANT):
        attribute = entity.attributes.get(name)
        if attribute is None:
            continue
        probe = Reading(context, set())
        try:
            at = end_time(attribute.value, probe)
        except Bad:
            continue
        if at is not None:
            return OwnTime(at, "tz_assumed" in probe.flags)
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


def _observation(claim: Claim, action: str, context: Context, refused: list[Refused]) -> Observation | None:
    table = TYPES[claim.type]
    reading = Reading(context, {"tz_assumed"} if claim.time.assumed_zone else set())
    if action == "delete":
        return _deletion(claim, table, reading)
    values = table.read(claim.attributes, reading)
    for name, reason in values.bad.items():
        refused.append(bad_attribute(claim.id, name, reason, claim.attributes[name].value))
    kept = {name: attribute for name, attribute in claim.attributes.items() if name not in values.bad}
    if claim.attributes and not kept and action != "replace":
        refused.append(Refused(reason="nothing sound in the entity", kind=BAD_ENTITY, subject=claim.id))
        return None
    found = {**table.constants, **values.found}
    if action == "replace":
        found = {**table.cleared(table.attributes() - set(claim.attributes), Reading(context, set())), **found}
    extra: dict[str, Any] = {"type": claim.type}
    extra.update((name, attribute.normalized()) for name, attribute in kept.items())
    return _envelope(claim, found, extra, action, reading)


def _deletion(claim: Claim, table: EntityType, reading: Reading) -> Observation:
    """The whole entity is withdrawn; or, where attributes are named, these: their fields become unknown."""
    whole = Claim(claim.id, claim.type, OwnTime(), claim.attributes)
    if not claim.attributes:
        return _envelope(whole, None, {}, "delete", reading)
    found = {**table.constants, **table.cleared(set(claim.attributes), reading)}
    extra = {"type": claim.type, **dict.fromkeys(claim.attributes)}
    return _envelope(whole, found, extra, "delete", reading)


def _envelope(
    claim: Claim, found: dict[str, Any] | None, extra: dict[str, Any], action: str, reading: Reading
) -> Observation:
    context, at = reading.context, claim.time.at
    observed, reported, flags = honest(at, at, context.received_at, context.limits.clock)
    place = {"geometry": found.pop(GEOMETRY)} if found is not None and GEOMETRY in found else {}
    content = Removal() if found is None else cast(Content, TYPES[claim.type].content(**found))
    when = at.isoformat() if at is not None else f"received {context.received_at.isoformat()}"
    manner = action if action in ("replace", "delete") else ""
    return Observation(
        id=idempotency_key(context.source, claim.id, claim.type, when, manner, dump(extra)),
        source=context.source,
        subject=claim.id,
        observed_at=observed,
        reported_at=reported,
        received_at=context.received_at,
        content=content,
        sensitivity=Sensitivity.PUBLIC if found and found.get("scope") == "Public" else Sensitivity.OPERATIONAL,
        flags=tuple(sorted({*flags, *reading.flags})),
        extra=extra,
        **place,
    )
