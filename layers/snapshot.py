"""The picture as bytes, and back: canonical JSON, so equal pictures give equal bytes.

A snapshot is a cache of a replay. It names its version and the settings it was made under; `load` refuses others, and
the caller replays the journal instead.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from layers.book import Book, Source, Verdict, Withdrawal, targets
from layers.merge import expires_at
from layers.records import CLASSES, GEOMETRY, TYPES, Claim, Record
from layers.wire import Feature

VERSION = 4
"""Raised whenever records or drawing change, so that no old snapshot is taken for a new picture."""


class SnapshotError(ValueError):
    """The bytes are no snapshot of this version and these settings: replay the journal."""


class RecordState(Struct):
    """A record with each claim written once; values refer to it by index."""

    subject: str
    kind: str
    claims: list[Claim]
    held: dict[str, tuple[Any, int]]
    extra: dict[str, tuple[Any, int]]
    history: list[tuple[Any, int]]


class BookState(Struct):
    """Everything of a book that is not derived."""

    records: list[RecordState]
    withdrawals: dict[str, Withdrawal]
    verdicts: dict[str, Verdict]
    seen: dict[str, dict[str, Claim]]
    sources: dict[str, Source]


class State(Struct):
    """Everything of a picture that is not derived."""

    version: int
    settings: str
    rev: int
    now: datetime | None
    removed: dict[str, int]
    removed_floor: int
    dropped: dict[str, int]
    book: BookState
    features: dict[str, Feature]


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(State)
_STATUS = int | None
_DERIVED = {"_state": _STATUS, "_cleared": _STATUS, "_called": _STATUS, "": None, GEOMETRY: dict[str, Any] | None}


def _record_state(record: Record) -> RecordState:
    numbers: dict[Claim, int] = {}
    held = {claim for _, claim in (*record.held.values(), *record.extra.values())}
    for claim in sorted(held | {claim for claim, _ in record.history}):
        numbers[claim] = len(numbers)
    return RecordState(
        subject=record.subject,
        kind=record.kind,
        claims=list(numbers),
        held={name: (value, numbers[claim]) for name, (value, claim) in record.held.items()},
        extra={name: (value, numbers[claim]) for name, (value, claim) in record.extra.items()},
        history=[(value, numbers[claim]) for claim, value in record.history],
    )


def _book_state(book: Book) -> BookState:
    return BookState(
        records=[_record_state(book.records[subject]) for subject in sorted(book.records)],
        withdrawals=book.withdrawals,
        verdicts=book.verdicts,
        seen=book.seen,
        sources=book.sources,
    )


def canonical(book: Book, features: dict[str, Feature]) -> bytes:
    """What the digest is taken of: records and features, without revisions and without what depends on batches."""
    drawn = [
        {**feature, "properties": {key: value for key, value in feature["properties"].items() if key != "rev"}}
        for _, feature in sorted(features.items())
    ]
    return _encoder.encode([_book_state(book), drawn])


def dump(book: Book, features: dict[str, Feature], rev: int, removed: dict[str, int], removed_floor: int) -> bytes:
    """The picture as bytes."""
    state = State(
        version=VERSION,
        settings=book.settings.fingerprint(),
        rev=rev,
        now=book.now,
        removed=removed,
        removed_floor=removed_floor,
        dropped=book.dropped,
        book=_book_state(book),
        features=features,
    )
    return _encoder.encode(state)


def load(data: bytes, book: Book) -> State:
    """Fill an empty book from the bytes and return the rest. Raises SnapshotError."""
    try:
        state = _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"not a snapshot: {error}") from error
    if state.version != VERSION or state.settings != book.settings.fingerprint():
        raise SnapshotError("snapshot of another version or of other settings")
    book.now, book.dropped = state.now, state.dropped
    book.withdrawals, book.verdicts = state.book.withdrawals, state.book.verdicts
    book.seen, book.sources = state.book.seen, state.book.sources
    for known in state.book.records:
        _restore(book, known)
    # JSON objects are written in the order of their keys; tombstones are kept in the order of their revisions.
    state.removed = dict(sorted(state.removed.items(), key=lambda item: (item[1], item[0])))
    return state


def _restore(book: Book, known: RecordState) -> None:
    if known.kind not in CLASSES:
        raise SnapshotError(f"unknown kind {known.kind}")
    types = {**TYPES[known.kind], **_DERIVED}
    record = book.create(known.subject, known.kind)
    for name, (value, number) in known.held.items():
        record.held[name] = (msgspec.convert(value, types[name]), known.claims[number])
    record.extra = {name: (value, known.claims[number]) for name, (value, number) in known.extra.items()}
    record.history = [(known.claims[number], value) for value, number in known.history]
    record.heard_at, record.expires_at = record.heard(), expires_at(record, book)
    book.relink(record, (), targets(record))
    book.place(record)
