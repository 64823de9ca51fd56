"""Layer reports: what citizens send and what social networks say."""

from collections.abc import Iterable

from layers.book import Book, Change
from layers.draw import Properties, common, feature, listed, values, verdict
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"post", "citizen_report", "social_event", "social_rule", "social_search"})
LISTENS = KINDS


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The report itself."""
    return (change.subject,)


def draw(subject: str, book: Book) -> list[Feature]:
    """The report with its text; the geometry is where it says it was written, often null."""
    record = book.records[subject]
    said = _said(record)
    properties = common(book, record, "reports", record.kind, _title(record))
    properties.update(said, verdict=verdict(book, subject))
    return [feature(subject, record.get(GEOMETRY), properties)]


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
    """A rule over social networks that fired anew."""
    return before is None and after["properties"]["part"] == "social_event"
