"""What a message asks of the picture before it may enter: that a subject exists, or not; that it is what it was.

Pure. The caller holds the picture still (`Desk.lock`).
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from layers.observation import Observation
from layers.picture import Picture
from layers.records import NON_SUBJECTS
from server.feeds import (
    ALREADY_EXISTS,
    BAD_ENTITY,
    DOES_NOT_EXIST,
    NOT_FOUND,
    Decoded,
    Precondition,
    Refused,
)

TYPE = "type"
"""Name in `Observation.extra` that is no attribute."""


def admit(decoded: Decoded, picture: Picture) -> tuple[list[Observation], list[Refused]]:
    """The observations that the picture can take, and why not the others."""
    admitted: list[Observation] = []
    refused: dict[tuple[str, str], Refused] = {}
    for observation in decoded.observations:
        reason = _conflict(observation, picture)
        condition = decoded.conditions.get(observation.id)
        if reason is None and condition is not None:
            reason = _unmet(observation.subject, condition, picture)
        if reason is not None:
            refused[reason.subject or "", reason.kind] = reason
        elif condition is not None and condition.exclusive:
            admitted.append(_exclusive(observation, decoded, picture))
        else:
            admitted.append(observation)
    return admitted, list(refused.values())


def held_attributes(extras: Mapping[str, Any]) -> dict[str, Any]:
    """The sender attributes that are there: one that was deleted is held as None."""
    return {name: value for name, value in extras.items() if name != TYPE and value is not None}


def _conflict(observation: Observation, picture: Picture) -> Refused | None:
    """A subject cannot become something else: the id is taken."""
    record = picture.records.get(observation.subject)
    if record is None or record.kind == observation.kind or observation.kind in NON_SUBJECTS:
        return None
    reason = f"this id belongs to a {record.kind}, it cannot become a {observation.kind}"
    return Refused(reason=reason, kind=BAD_ENTITY, subject=observation.subject)


def _unmet(subject: str, condition: Precondition, picture: Picture) -> Refused | None:
    if condition.exercise and not picture.settings.exercise:
        reason = "its sender says that it is an exercise or a simulation: it does not enter the live situation"
        return Refused(reason=reason, kind=BAD_ENTITY, subject=subject)
    if condition.exists and subject not in picture.records:
        return Refused(reason="there is no such entity", kind=NOT_FOUND, subject=subject)
    held = held_attributes(picture.extras(subject))
    if taken := [name for name in condition.absent if name in held]:
        return Refused(reason=f"already exist: {', '.join(taken)}"[:500], kind=ALREADY_EXISTS, subject=subject)
    if missing := [name for name in condition.present if name not in held]:
        return Refused(reason=f"do not exist: {', '.join(missing)}"[:500], kind=DOES_NOT_EXIST, subject=subject)
    return None


def _exclusive(observation: Observation, decoded: Decoded, picture: Picture) -> Observation:
    """Attributes that are there and that the message does not name are withdrawn."""
    named = {name for other in decoded.observations if other.subject == observation.subject for name in other.extra}
    gone = [name for name in held_attributes(picture.extras(observation.subject)) if name not in named]
    return replace(observation, extra={**observation.extra, **dict.fromkeys(gone)})
