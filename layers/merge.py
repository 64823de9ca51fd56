"""How an observation enters the book: records, withdrawals, verdicts, readers, sources. Returns what changed.

Nothing here raises for what a sender wrote: what breaks a bound or a rule is left out, counted, and shown with its
source.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from layers import content, position
from layers.book import ALL, Book, Change, Source, Verdict, Withdrawal, targets
from layers.draw import later
from layers.observation import MAX_ID_CHARS, Observation
from layers.plain import plain
from layers.records import (
    GEOMETRY,
    HISTORIES,
    MENTION,
    REFERENCES,
    Claim,
    Record,
    attributes,
    claim_of,
    remember,
    small,
)
from layers.sources import LAGS, PREFIX

RESERVED = ("source:", "card:")
"""Beginnings of feature ids that are ours."""
LONGEST_END = timedelta(days=31)
LONGEST_END_S = LONGEST_END.total_seconds()
"""How far ahead a named end (valid_to, ends_at) keeps its subject on screen."""
_REFERRING = {kind: frozenset(names) for kind, names in REFERENCES.items()}
_ENDS = {"mission": "valid_to", "warning": "ends_at"}


def expires_at(record: Record, book: Book) -> datetime:
    """When a subject that is not heard of again leaves the screen; not before the end it named itself.

    What named the end of its validity (a position of a TAK client) goes soon after it, unless it is to be kept.
    """
    heard_at = record.heard()
    stale = record.named_end()
    if stale is not None and not record.get("archive"):
        return min(later(max(stale, heard_at), book.settings.stale_grace_s), later(heard_at, LONGEST_END_S))
    expires = later(heard_at, book.settings.age(record.kind).expire_after_s)
    end = record.get(_ENDS[record.kind]) if record.kind in _ENDS else None
    return expires if end is None else max(expires, min(end, heard_at + LONGEST_END))


def acceptable(subject: str) -> bool:
    """Whether a subject may be one: not empty, not too long, and no id that a derived feature has."""
    return 0 < len(subject) <= MAX_ID_CHARS and "#" not in subject and not subject.startswith(RESERVED)


def take(book: Book, observation: Observation) -> Iterator[Change]:
    """Let an observation in; yields what changed, the health of its source included."""
    said = observation.content
    if isinstance(said, content.Tick) or not acceptable(observation.source):
        return
    claim = claim_of(observation)
    if isinstance(said, content.Refusal):
        yield from _refused(book, claim, said.count, said.reason)
        return
    if isinstance(said, content.LinkState):
        yield from _linked(book, claim, said)
        return
    reason: str | None = None
    if isinstance(said, content.Seen):
        yield from _seen(book, said, claim)
    elif isinstance(said, content.Verdict):
        yield from _verdict(book, said, claim)
    elif not acceptable(observation.subject):
        reason = "subject"
    elif isinstance(said, content.Removal):
        yield from _withdraw(book, observation.subject, said.fields, claim)
    else:
        change, reason = _subject(book, observation, claim)
        if change is not None:
            yield change
    yield from _accepted(book, observation, claim)
    if reason is not None:
        yield from _refused(book, claim, 1, reason)


def _subject(book: Book, observation: Observation, claim: Claim) -> tuple[Change | None, str | None]:
    subject, kind = observation.subject, observation.kind
    record = book.records.get(subject)
    if record is not None and record.kind != kind:
        return None, f"{subject} is a {record.kind}, not a {kind}"
    withdrawn = book.withdrawals.get(subject)
    if withdrawn is not None and withdrawn.whole is not None and claim < withdrawn.whole:
        return None, None
    said, refused = attributes(observation, book.settings)
    reason = f"{subject}: {', '.join(refused)}" if refused else None
    fresh = record is None
    if record is None:
        record = book.create(subject, kind)
    referring = kind in REFERENCES and not _REFERRING[kind].isdisjoint(said)
    before, own = targets(record) if referring else (), record.claim("mission") if kind == "unit" else None
    changed = {MENTION} if record.put(MENTION, None, claim) else set()
    for name, value in said.items():
        if withdrawn is not None and name in withdrawn.fields and claim < withdrawn.fields[name]:
            continue
        if record.put(name, value, claim):
            changed.add(name)
    _extras(book, record, observation, claim, withdrawn)
    past = _sample(kind, said)
    if past is not None and remember(record, claim, past, book.settings):
        changed.add("history")
        record.memo.pop("track", None)
    if referring or (fresh and kind == "warning"):
        book.relink(record, before, targets(record))
    was = book.place(record) if not position.NAMES.isdisjoint(changed) else None
    record.heard_at, record.expires_at = record.heard(), expires_at(record, book)
    return Change(subject, kind, ALL if fresh else frozenset(changed), before, was, own), reason


def _sample(kind: str, said: dict[str, Any]) -> Any:
    """What of an observation goes into the history of its subject: a count, or [lon, lat]; None for nothing.

    Of a counter that only tells totals: both of them, [inbound, outbound].
    """
    value = said.get(HISTORIES[kind]) if kind in HISTORIES else None
    if kind == "crowd_count" and value is None:
        totals = [said.get("inbound_total"), said.get("outbound_total")]
        return totals if totals != [None, None] else None
    if value is None or HISTORIES[kind] != GEOMETRY:
        return value
    return value["coordinates"][:2] if value["type"] == "Point" else None


def _extras(book: Book, record: Record, observation: Observation, claim: Claim, withdrawn: Withdrawal | None) -> None:
    for name, value in observation.extra.items():
        if withdrawn is not None and name in withdrawn.fields and claim < withdrawn.fields[name]:
            continue
        full = name not in record.extra and len(record.extra) >= book.settings.max_extra
        if full or len(name) > MAX_ID_CHARS or not small(value, book.settings):
            book.count_dropped("extra")
        else:
            record.put_extra(name, value, claim)


def _withdraw(book: Book, subject: str, names: tuple[str, ...], claim: Claim) -> Iterator[Change]:
    known = book.withdrawals.get(subject)
    if known is None:
        known = book.withdrawals[subject] = Withdrawal(received_at=claim.received_at, fields={})
    known.received_at = max(known.received_at, claim.received_at)
    if not names:
        known.whole = claim if known.whole is None else max(known.whole, claim)
    for name in names[: book.settings.max_items]:
        known.fields[name] = max(known.fields.get(name, claim), claim)
    yield Change(subject, "removal", frozenset())
    record = book.records.get(subject)
    if record is None:
        return
    before, own = targets(record), record.claim("mission") if record.kind == "unit" else None
    gone = record.withdraw(claim, names)
    if MENTION not in record.held:
        # What outlived a full withdrawal was claimed later than it, so the mention was too: nothing is left.
        book.relink(record, before, ())
        yield Change(subject, record.kind, ALL, before)
        return
    book.relink(record, before, targets(record))
    was = book.place(record)
    record.heard_at, record.expires_at = record.heard(), expires_at(record, book)
    yield Change(subject, record.kind, frozenset(gone), before, was, own)


def _seen(book: Book, said: content.Seen, claim: Claim) -> Iterator[Change]:
    if not acceptable(said.target) or not 0 < len(said.by) <= MAX_ID_CHARS:
        book.count_dropped("seen")
        return
    readers = book.seen.setdefault(said.target, {})
    known = readers.get(said.by)
    if known is not None and known >= claim:
        return
    readers[said.by] = claim
    if len(readers) > book.settings.max_seen:
        del readers[min(readers, key=lambda by: (readers[by], by))]
    yield Change(said.target, "seen", frozenset())


def _verdict(book: Book, said: content.Verdict, claim: Claim) -> Iterator[Change]:
    if len(said.target) > MAX_ID_CHARS:
        book.count_dropped("verdict")
        return
    known = book.verdicts.get(said.target)
    if known is not None and known.claim >= claim:
        return
    reason = plain(said.reason[: book.settings.max_text_chars]) if isinstance(said.reason, str) else None
    book.verdicts[said.target] = Verdict(claim, said.decision, said.by[:MAX_ID_CHARS], reason)
    yield Change(said.target, "verdict", frozenset())


def _source(book: Book, source: str) -> Source | None:
    known = book.sources.get(source)
    if known is None and len(book.sources) < book.settings.max_sources:
        known = book.sources[source] = Source(lags=[])
    if known is None:
        book.count_dropped("source")
    return known


def _accepted(book: Book, observation: Observation, claim: Claim) -> Iterator[Change]:
    known = _source(book, observation.source)
    if known is None:
        return
    was_silent = known.last_received_at is None or book.is_silent(observation.source)
    known.accepted += 1
    if known.last_received_at is None or claim.received_at > known.last_received_at:
        known.last_received_at = claim.received_at
    if known.last_observed_at is None or claim.observed_at > known.last_observed_at:
        known.last_observed_at = claim.observed_at
    corrected = "clock_ahead" in claim.flags or "clock_implausible" in claim.flags
    if corrected or claim.reported_at != claim.received_at:
        lag = (claim.reported_at - claim.received_at).total_seconds()
        entry = (claim.received_at, claim.id, lag, corrected)
        if entry not in known.lags:
            known.lags.append(entry)
            known.lags.sort()
            del known.lags[:-LAGS]
    yield Change(PREFIX + observation.source, "source", ALL if was_silent else frozenset({MENTION}))


def _refused(book: Book, claim: Claim, count: int, reason: str) -> Iterator[Change]:
    known = _source(book, claim.source)
    if known is None:
        return
    known.refused += max(0, count)
    if known.refusal is None or claim > known.refusal:
        known.refusal, known.reason = claim, reason[:500]
    yield Change(PREFIX + claim.source, "source", frozenset({MENTION}))


def _linked(book: Book, claim: Claim, said: content.LinkState) -> Iterator[Change]:
    """A connection of the source changed; that is no word of the source itself, which may still be silent."""
    known = _source(book, claim.source)
    if known is None:
        return
    if known.linked is None or claim > known.linked:
        known.linked = claim
        known.link = msgspec.structs.replace(
            said, peer=(said.peer or "")[:MAX_ID_CHARS] or None, reason=(said.reason or "")[:500] or None
        )
    yield Change(PREFIX + claim.source, "source", frozenset({MENTION}))
