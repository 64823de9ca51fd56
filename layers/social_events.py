"""Rules over posts in the picture: which posts a rule looks at, and the event that is drawn while it has fired.

The event is a derived part of the rule, `<rule>#event` in layer reports. It stays while the condition holds and as long
afterwards as posts are remembered; what it tells changes only when a post comes or at `due`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from layers.book import Book
from layers.draw import common, feature, later, listed, maybe, stamp, values
from layers.records import Record
from layers.social_rules import CONDITIONS, OPERATORS, Course, Rule, Said, course
from layers.wire import Feature

MAX_RULES = 50
"""Most rules that are computed, the first by subject; the rest say so (`computable` false)."""
PART = "#event"
_MEMO = "course"


def rules(book: Book) -> Iterator[Record]:
    """The rules that are computed."""
    computed = 0
    for subject in sorted(book.kinds["social_rule"]):
        record = book.records[subject]
        if computed < MAX_RULES and _rule(record) is not None:
            computed += 1
            yield record


def draw(record: Record, book: Book) -> tuple[bool, list[Feature]]:
    """Whether the rule can be computed, and its event if it fired. Remembers when to look again."""
    found = _course(record, book)
    record.memo[_MEMO] = (book.time(), found)
    return found is not None, [_event(record, book, found)] if found is not None and found.fired else []


def due(record: Record, book: Book) -> datetime | None:
    """When the event changes if nobody writes anything."""
    known = record.memo.get(_MEMO)
    found: Course | None = _course(record, book) if known is None else known[1]
    return None if found is None else found.next_at


def _course(record: Record, book: Book) -> Course | None:
    rule = _rule(record)
    if rule is None or record not in rules(book):
        return None
    return course(rule, posts(record, book), book.time(), book.settings.age("post").expire_after_s)


def _rule(record: Record) -> Rule | None:
    """The rule as it can be computed; None for one that is off, gone, or of which something is missing."""
    condition, operator, value = (record.get(name) for name in ("condition", "operator", "value"))
    interval_s, compared = record.get("interval_s"), record.get("comparison_s")
    if record.get("active") is False or record.get("deleted") or condition not in CONDITIONS:
        return None
    if operator not in OPERATORS or not interval_s or (value is None and operator != "CHANGED"):
        return None
    made = record.get("modified_at")
    return Rule(
        condition=condition,
        operator=operator,
        value=value or 0.0,
        interval_s=interval_s,
        comparison_s=compared or interval_s,
        notify_every_s=record.get("notify_every_s"),
        since=None if made is None else min(made, record.lead.observed_at),
    )


def posts(record: Record, book: Book) -> Iterator[Said]:
    """The posts of the rule's searches (all, where it names none), each link once: the first time it was written."""
    wanted = frozenset(record.get("search_ids") or ())
    first: dict[str, Said] = {}
    for subject in book.kinds["post"]:
        post = book.records[subject]
        if wanted and wanted.isdisjoint(post.get("search_ids") or ()):
            continue
        issued_at, seen_at = post.get("issued_at"), post.lead.observed_at
        at = seen_at if issued_at is None else min(issued_at, seen_at)
        said = Said(at, subject, post.get("sentiment"))
        key = post.get("url") or subject
        known = first.get(key)
        if known is None or (said.at, said.key) < (known.at, known.key):
            first[key] = said
    yield from first.values()


def _event(record: Record, book: Book, found: Course) -> Feature:
    name = record.get("name")
    properties = common(book, record, "reports", "social_event", name)
    told_at = found.alerted_at or found.began_at
    if told_at is not None:
        age = book.settings.age("social_event")
        properties.update(
            observed_at=stamp(told_at),
            reported_at=stamp(told_at),
            received_at=stamp(told_at),
            stale_at=stamp(later(told_at, age.stale_after_s)),
        )
    words = (record.get("condition"), record.get("operator"), _number(record.get("value")))
    properties.update(
        rule=record.subject,
        rule_name=name,
        condition=" ".join(word for word in words if word),
        holding=found.holding,
        began_at=maybe(found.began_at),
        ended_at=maybe(found.ended_at),
        alerted_at=maybe(found.alerted_at),
        figure=None if found.figure is None else round(found.figure, 6),
        computed=True,
        verdict=None,
        **values(record, "interval_s", "comparison_s"),
        **listed(record, "search_ids"),
    )
    return feature(record.subject + PART, None, properties)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:g}"
