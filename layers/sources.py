"""Layer sources: the health of each feed, so that silence and refusals are seen and not mistaken for calm."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from layers.book import Book, Change, Source
from layers.content import LinkState
from layers.draw import feature, later, maybe, stamp
from layers.reasons import why
from layers.wire import Feature

KINDS = frozenset({"source"})
LISTENS = KINDS
PREFIX = "source:"
LIVE, SILENT = "live", "silent"
LOST = "lost"
LAGS = 20
"""Receipts that the skew is estimated from."""


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The source itself."""
    return (change.subject,)


def due(subject: str, book: Book) -> datetime | None:
    """When the source falls silent."""
    until = book.speaks_until(subject.removeprefix(PREFIX))
    return until if until is not None and until > book.time() else None


def draw(subject: str, book: Book) -> list[Feature]:
    """The source as a feature without geometry."""
    source = subject.removeprefix(PREFIX)
    known = book.sources.get(source)
    if known is None:
        return []
    feed, _, instance = source.partition("/")
    heard = known.last_received_at or max(_claimed(known), default=book.time())
    until = book.speaks_until(source)
    silent = not known.answers and (known.last_received_at is None or (until is not None and until <= book.time()))
    age = book.settings.age("source")
    received, observed = stamp(heard), stamp(known.last_observed_at or heard)
    properties = {
        "layer": "sources",
        "part": "source",
        "title": source,
        "rev": 0,
        "observed_at": observed,
        "reported_at": received,
        "received_at": received,
        "stale_at": stamp(until or later(heard, age.stale_after_s)),
        "expires_at": stamp(expires_at(book, source)),
        "sources": [{"id": source, "observed_at": observed}],
        "flags": ["clock_ahead"] if any(lag[3] for lag in known.lags) else [],
        "accuracy_m": None,
        "times": {},
        "feed": feed,
        "instance": instance or None,
        "state": SILENT if silent else LIVE,
        "last_received_at": maybe(known.last_received_at),
        "last_observed_at": maybe(known.last_observed_at),
        "accepted": known.accepted,
        "refused": known.refused,
        "last_refusal": known.reason,
        "refusal_why": why(known.reason),
        "silent_since": maybe(until) if silent else None,
        "silence_after_s": book.silence(source),
        "skew_s": skew_s(known.lags),
        **_link(known.link),
    }
    return [feature(subject, None, properties)]


def _claimed(known: Source) -> list[datetime]:
    """When something was heard about the source that it did not say itself."""
    return [claim.received_at for claim in (known.refusal, known.linked) if claim is not None]


def _link(link: LinkState | None) -> dict[str, Any]:
    """How our connection to the source stands; all None where it comes to us."""
    names = ("transport", "peer", "state", "since", "reason", "next_try_at")
    told = {name: getattr(link, name, None) for name in names}
    return {
        "transport": told["transport"],
        "peer": told["peer"],
        "link_state": told["state"],
        "link_since": maybe(told["since"]),
        "link_reason": told["reason"],
        "link_why": why(told["reason"]),
        "next_try_at": maybe(told["next_try_at"]),
    }


def expires_at(book: Book, source: str) -> datetime:
    """When a source that says nothing more is forgotten."""
    known = book.sources[source]
    heard = [*_claimed(known), *([known.last_received_at] if known.last_received_at is not None else [])]
    return later(max(heard), book.settings.age("source").expire_after_s)


def skew_s(lags: list[tuple[datetime, str, float, bool]]) -> float | None:
    """How far the source's clock runs before ours, seconds: the largest of its newest (reported - received).

    The message that was least delayed on its way tells most about the clock (the minimum filter of NTP, RFC 5905
    section 10). Negative means behind, or that everything from it is late. None where nothing is known.
    """
    return round(max(lag[2] for lag in lags), 3) if lags else None


def urgent(before: Feature | None, after: Feature) -> bool:
    """A source that falls silent or that we lose cannot wait."""
    if before is None:
        return False
    was, now = before["properties"], after["properties"]
    silent = now["state"] == SILENT and was["state"] == LIVE
    lost = now["link_state"] == LOST and was["link_state"] != LOST
    return bool(silent or lost)
