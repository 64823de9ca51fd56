"""How a record becomes a GeoJSON feature: the properties that every layer has, and their honest ages."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

import msgspec

from layers.book import Book
from layers.observation import Geometry
from layers.records import GEOMETRY, MENTION, Claim, Held, Record
from layers.wire import Feature

Properties = dict[str, Any]

INTERNAL = ("", "_")
"""First characters of attribute names that stay inside: the mention and the registers."""


@lru_cache(maxsize=16_384)
def stamp(moment: datetime) -> str:
    """The moment as on the wire (ISO 8601, `Z`, milliseconds); cached, since a picture says the same times often."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def maybe(moment: datetime | None) -> str | None:
    """As `stamp`, None for None."""
    return None if moment is None else stamp(moment)


_PLAIN = frozenset({type(None), str, int, float, bool})


def plain(value: Any) -> Any:
    """The value as JSON has it: lists, dicts, texts, numbers. Times as on the wire."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, datetime):
        return stamp(value)
    return _listed(msgspec.to_builtins(value))


def _listed(value: Any) -> Any:
    """Tuples become lists, as they come back from JSON."""
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in value]
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return value


def stale_at(book: Book, kind: str, observed_at: datetime, not_after: datetime | None = None) -> datetime:
    """When a claim of this age stops being fresh; not later than the end the subject itself names."""
    stale = later(observed_at, book.settings.age(kind).stale_after_s)
    return stale if not_after is None or stale < not_after else not_after


def later(moment: datetime, seconds: float) -> datetime:
    """The moment some seconds later, at most the end of the calendar."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def only(record: Record, *names: str) -> dict[str, Held]:
    """The claims behind some attributes, for a part with an age of its own; the newest mention where none is held."""
    return {name: record.held[name] for name in names if name in record.held} or {MENTION: record.held[MENTION]}


def common(
    book: Book,
    record: Record,
    layer: str,
    part: str,
    title: str | None,
    *,
    held: dict[str, Held] | None = None,
    also: Iterable[Record] = (),
    times: tuple[str, ...] = (),
    not_after: datetime | None = None,
    expires_at: datetime | None = None,
) -> Properties:
    """The properties every feature has.

    `held` are the claims it rests on (default: all), `also` records whose sources and flags count too; `times` are the
    attributes whose own time is always told, that of others is told where it differs from the leading time.
    """
    stale: datetime | None = None
    if held is None:
        held, lead, heard_at, stale = record.held, record.lead, record.heard_at, record.named_end()
    else:
        lead = max(claim for _, claim in held.values())
        heard_at = max(claim.received_at for _, claim in held.values())
    sources: dict[str, datetime] = {}
    flags: set[str] = set()
    _gather(held, sources, flags)
    for other in also:
        _gather(other.held, sources, flags)
    position = held.get(GEOMETRY)
    return {
        "layer": layer,
        "part": part,
        "title": title,
        "rev": 0,
        "observed_at": stamp(lead.observed_at),
        "reported_at": stamp(lead.reported_at),
        "received_at": maybe(heard_at),
        "stale_at": stamp(stale or stale_at(book, record.kind, lead.observed_at, not_after)),
        "expires_at": maybe(expires_at or record.expires_at),
        "sources": [{"id": source, "observed_at": stamp(sources[source])} for source in sorted(sources)],
        "flags": sorted(flags),
        "accuracy_m": position[1].accuracy_m if position is not None and position[1].accuracy_m >= 0.0 else None,
        "times": _times(held, lead, times),
    }


def _gather(held: dict[str, Held], sources: dict[str, datetime], flags: set[str]) -> None:
    previous: Claim | None = None
    for _, claim in held.values():
        if claim is previous:
            continue
        previous = claim
        known = sources.get(claim.source)
        if known is None or claim.observed_at > known:
            sources[claim.source] = claim.observed_at
        flags.update(claim.flags)


def _times(held: dict[str, tuple[Any, Claim]], lead: Claim, always: tuple[str, ...]) -> dict[str, str]:
    told = {}
    for name, (_, claim) in held.items():
        if claim is lead and name not in always:
            continue
        if (claim.observed_at != lead.observed_at or name in always) and name[:1] not in INTERNAL:
            told["position" if name == GEOMETRY else name] = stamp(claim.observed_at)
    return dict(sorted(told.items())) if len(told) > 1 else told


def coarse_expiry(book: Book, record: Record) -> datetime | None:
    """The record's expiry moved on to the next quarter of its span.

    For parts that stay as they are while the subject moves (a fence, a planned path): they would otherwise change with
    every position for their `expires_at` alone. They are taken away with the subject all the same.
    """
    if record.expires_at is None:
        return None
    step_s = max(1.0, book.settings.age(record.kind).expire_after_s / 4.0)
    seconds = ceil(record.expires_at.timestamp() / step_s) * step_s
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError):
        return record.expires_at


def feature(feature_id: str, geometry: Geometry | None, properties: Properties) -> Feature:
    """The GeoJSON feature."""
    return {"id": feature_id, "type": "Feature", "geometry": geometry, "properties": properties}


def flat(geometry: Geometry | None) -> Geometry | None:
    """A point without its height; other geometries as they are."""
    if geometry is None or geometry["type"] != "Point" or len(geometry["coordinates"]) == 2:
        return geometry
    return {"type": "Point", "coordinates": list(geometry["coordinates"][:2])}


def values(record: Record, *names: str) -> Properties:
    """Attributes under their own names, as JSON has them."""
    held = record.held
    return {name: plain(held[name][0]) if name in held else None for name in names}


def listed(record: Record, *names: str) -> Properties:
    """List attributes under their own names, empty where nothing is known."""
    return {name: plain(record.get(name)) or [] for name in names}


def verdict(book: Book, target: str) -> Properties | None:
    """A person's word on the target."""
    word = book.verdicts.get(target)
    if word is None:
        return None
    return {"decision": word.decision, "by": word.by, "at": stamp(word.claim.observed_at), "reason": word.reason}


def seen_by(book: Book, target: str) -> list[Properties]:
    """Who has read the target, and when, by reader."""
    readers = book.seen.get(target, {})
    return [{"by": by, "at": stamp(readers[by].observed_at)} for by in sorted(readers)]
