"""Layer warnings."""

from collections.abc import Iterable

from layers.book import Book, Change
from layers.draw import common, feature, flat, plain
from layers.records import FIELDS, GEOMETRY
from layers.wire import Feature

KINDS = frozenset({"warning"})
LISTENS = KINDS


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The subject itself."""
    return (change.subject,)


def draw(subject: str, book: Book) -> list[Feature]:
    """The subject with its attributes under their own names."""
    record = book.records[subject]
    properties = common(book, record, "warnings", record.kind, record.get("name"))
    for name in FIELDS[record.kind]:
        properties[name] = plain(record.get(name))
    return [feature(subject, flat(record.get(GEOMETRY)), properties)]
