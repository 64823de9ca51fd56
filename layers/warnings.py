"""Layer warnings: CAP alerts (OASIS Common Alerting Protocol 1.2) with their chain of updates and cancellations."""

from collections.abc import Iterable
from datetime import datetime

from layers.book import ALIAS, REFERENCE, Book, Change, targets
from layers.draw import common, feature, later, listed, values
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"warning"})
LISTENS = KINDS

REPLACING = frozenset({"Update", "Cancel"})
TELLING = frozenset({"Alert", "Update"})


def affected(change: Change, book: Book) -> Iterable[str]:
    """The warning itself, and those that it replaces or no longer does."""
    record = book.record(change.subject, "warning")
    named = (*change.targets, *(targets(record) if record is not None else ()))
    return [change.subject, *(known.subject for name in named for known in _named(book, name))]


def _named(book: Book, target: str) -> list[Record]:
    """Known warnings that a reference means."""
    if not target.startswith(REFERENCE):
        return []
    return list(book.referring(ALIAS + target.removeprefix(REFERENCE), "warning"))


def predecessors(book: Book, record: Record) -> list[Record]:
    """Known warnings that this one replaces."""
    named = {known.subject: known for target in targets(record) for known in _named(book, target)}
    return [named[subject] for subject in sorted(named) if _replaces(record, named[subject])]


def is_replaced(book: Book, record: Record) -> bool:
    """Whether a known update or cancellation names this warning."""
    aliases = [target.removeprefix(ALIAS) for target in targets(record) if target.startswith(ALIAS)]
    return any(_replaces(other, record) for alias in aliases for other in book.referring(REFERENCE + alias, "warning"))


def _replaces(newer: Record, older: Record) -> bool:
    """References count only backward in time and within a sender or feed: nobody calls off another's warning."""
    if newer is older or newer.get("msg_type") not in REPLACING or not _is_later(newer, older):
        return False
    same_sender = newer.get("sender") is not None and newer.get("sender") == older.get("sender")
    return same_sender or newer.lead.source == older.lead.source


def _is_later(newer: Record, older: Record) -> bool:
    """By the time of sending, if both have one: of an old warning news may still come (its shape, from elsewhere)."""
    sent_at, then_at = newer.get("sent_at"), older.get("sent_at")
    if sent_at is not None and then_at is not None and sent_at != then_at:
        return bool(sent_at > then_at)
    # Parts of one message (several infos) do not replace each other.
    identifier = newer.get("identifier")
    return (identifier is None or identifier != older.get("identifier")) and newer.lead > older.lead


def is_actual(book: Book, record: Record) -> bool:
    """Whether it is meant: status Actual (or none), in an exercise Exercise too; never Test, System or Draft."""
    status = record.get("status") or "Actual"
    return status == "Actual" or (book.settings.exercise and status == "Exercise")


def is_stand_down(record: Record) -> bool:
    """Whether the message says that the danger is over: all clear, or an urgency of the past."""
    return record.get("urgency") == "Past" or "AllClear" in (record.get("response_types") or ())


def end(book: Book, record: Record) -> datetime:
    """When the warning is over: as it says itself, else a day (`picture.ages`) after it was sent or is to begin."""
    ends_at: datetime | None = record.get("ends_at")
    if ends_at is not None:
        return ends_at
    sent_at, onset_at = record.get("sent_at") or record.lead.observed_at, record.get("onset_at")
    begins_at = sent_at if onset_at is None else max(sent_at, onset_at)
    return later(begins_at, book.settings.age(record.kind).expire_after_s)


def in_force(book: Book, record: Record) -> bool:
    """Whether the warning counts now: meant, no cancellation, all-clear or technical message, not over."""
    telling = (record.get("msg_type") or "Alert") in TELLING and not is_stand_down(record)
    return is_actual(book, record) and telling and end(book, record) > book.time()


def due(subject: str, book: Book) -> datetime | None:
    """When the warning ends of itself."""
    ends_at = end(book, book.records[subject])
    return ends_at if ends_at > book.time() else None


def draw(subject: str, book: Book) -> list[Feature]:
    """The warning; nothing once it was replaced. Its area only while it is in force, so no map shows what is over."""
    record = book.records[subject]
    if is_replaced(book, record):
        return []
    valid = in_force(book, record)
    geometry = record.get(GEOMETRY) if valid else None
    title = record.get("headline") or record.get("event")
    properties = common(book, record, "warnings", "warning", title, not_after=record.get("ends_at"))
    properties.update(
        values(
            record,
            *("event", "headline", "description", "instruction", "severity", "urgency", "certainty", "msg_type"),
            *("status", "scope", "sender", "sender_name", "sent_at", "effective_at", "onset_at", "ends_at"),
            *("area_text", "area_codes", "altitude_m", "ceiling_m", "identifier", "language", "web"),
        ),
        actual=is_actual(book, record),
        in_force=valid,
        stand_down=is_stand_down(record),
        drawn=geometry is not None,
        **listed(record, "category", "references", "response_types"),
    )
    return [feature(subject, geometry, properties)]


def urgent(before: Feature | None, after: Feature) -> bool:
    """A warning that comes into force."""
    return bool(after["properties"]["in_force"]) and not (before is not None and before["properties"]["in_force"])
