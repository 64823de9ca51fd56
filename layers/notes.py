"""Layer notes: the log book, notes of crews and messages to them."""

from collections.abc import Iterable

from layers.book import Book, Change
from layers.draw import common, feature, flat, plain, seen_by, values
from layers.records import GEOMETRY
from layers.wire import Feature

KINDS = frozenset({"note"})
LISTENS = KINDS


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The note itself."""
    return (change.subject,)


def draw(subject: str, book: Book) -> list[Feature]:
    """The note; most have no place."""
    record = book.records[subject]
    text = record.get("text") or record.get("message_type")
    properties = common(book, record, "notes", "note", None if text is None else str(text)[:120])
    properties.update(
        values(
            record, "text", "message_type", "origin", "sender_id", "sender_name", "receiver", "mission", "issued_at"
        ),
        parameters=plain(record.get("parameters")) or {},
        seen_by=seen_by(book, subject),
    )
    return [feature(subject, flat(record.get(GEOMETRY)), properties)]
