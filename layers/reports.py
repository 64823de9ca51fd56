"""Layer reports: what citizens send and what social networks say."""

from collections.abc import Iterable
from datetime import datetime

from layers import social_events
from layers.book import Book, Change
from layers.draw import Properties, common, feature, listed, values, verdict
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"post", "citizen_report", "social_event", "social_rule", "social_search"})
LISTENS = KINDS


def affected(change: Change, book: Book) -> Iterable[str]:
    """The report itself; with a post the rules that count it, with a rule those whose turn it may be now."""
    yield change.subject
    if change.kind == "post" and change.touches("search_ids", "issued_at", "sentiment", "url"):
        yield from (rule.subject for rule in social_events.rules(book))
    elif change.kind == "social_rule":
        yield from book.kinds["social_rule"]


def due(subject: str, book: Book) -> datetime | None:
    """When a rule's event changes of itself."""
    record = book.records[subject]
    return social_events.due(record, book) if record.kind == "social_rule" else None


def draw(subject: str, book: Book) -> list[Feature]:
    """The report with its text; the geometry is where it says it was written, often null."""
    record = book.records[subject]
    said = _said(record)
    properties = common(book, record, "reports", record.kind, _title(record))
    properties.update(said, verdict=verdict(book, subject))
    drawn = [feature(subject, record.get(GEOMETRY), properties)]
    if record.kind == "social_rule":
        properties["computable"], events = social_events.draw(record, book)
        drawn.extend(events)
    return drawn


def _title(record: Record) -> str | None:
    texts = record.get("texts") or (None,)
    text = record.get("snippet") or record.get("message") or record.get("rule_name") or record.get("name") or texts[0]
    return None if text is None else str(text)[:120]


def _said(record: Record) -> Properties:
    match record.kind:
        case "post":
            plain = values(
                record, "message", "snippet", "network", "issued_at", "author", "sentiment", "virality", "url"
            )
            return {**plain, **listed(record, "image_urls", "video_urls", "places", "search_ids")}
        case "citizen_report":
            plain = values(record, "sender_id", "sender_name", "issued_at", "answer_text", "answered_at")
            return {**plain, **listed(record, "texts", "image_urls", "video_urls")}
        case "social_event":
            return {**values(record, "rule_name", "alerted_at", "condition"), **listed(record, "search_ids")}
        case "social_rule":
            rule = ("name", "condition", "operator", "value", "interval_s", "comparison_s", "notify_every_s")
            return {
                **values(record, *rule, "active", "deleted", "modified_at"),
                **listed(record, "search_ids"),
            }
    return values(record, "name", "query", "active")


def urgent(before: Feature | None, after: Feature) -> bool:
    """A rule over social networks that fired anew, or is to be told again."""
    told = after["properties"]
    if told["part"] != "social_event" or told.get("holding") is False:
        return False
    return before is None or before["properties"]["alerted_at"] != told["alerted_at"]
