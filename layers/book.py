"""The state behind a picture: records by subject, who refers to whom, withdrawals, verdicts, readers and sources.

Layers read it when they draw; only `layers.picture` writes it. All is bounded; what exceeds a bound is counted in
`dropped`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from layers.records import CLASSES, NON_SUBJECTS, REFERENCES, Claim, Record
from layers.settings import PictureSettings

ALL: frozenset[str] = frozenset({"*"})
"""As `Change.fields`: everything about the subject may be different (it came, went, or time passed)."""


class Change(NamedTuple):
    """Which attributes of a subject changed; what a layer needs to say whose drawing is affected."""

    subject: str
    kind: str
    fields: frozenset[str]
    targets: tuple[str, ...] = ()
    """Whom the subject referred to before: their drawing may have shown it."""

    def touches(self, *names: str) -> bool:
        """Whether one of the attributes (or everything) changed."""
        return self.fields is ALL or not self.fields.isdisjoint(names)


class Withdrawal(Struct):
    """What was withdrawn of a subject, and by which claim: of all of it (`whole`) and of single attributes."""

    received_at: datetime
    whole: Claim | None = None
    fields: dict[str, Claim] = {}


class Verdict(Struct, frozen=True):
    """The newest word of a person on a target."""

    claim: Claim
    decision: str
    by: str
    reason: str | None


class Source(Struct):
    """Health of one source, from what was accepted of it and what was refused."""

    accepted: int = 0
    refused: int = 0
    last_received_at: datetime | None = None
    last_observed_at: datetime | None = None
    refusal: Claim | None = None
    reason: str | None = None
    lags: list[tuple[datetime, str, float, bool]] = []
    """Newest receipts: received_at, observation id, reported minus received in s, whether its clock was corrected."""


class Book:
    """See the module. `now` is picture time: the newest `received_at` let in, never backward."""

    def __init__(self, settings: PictureSettings) -> None:
        self.settings = settings
        self.now: datetime | None = None
        self.records: dict[str, Record] = {}
        self.kinds: dict[str, dict[str, None]] = {kind: {} for kind in CLASSES if kind not in NON_SUBJECTS}
        self.referrers: dict[str, dict[str, None]] = {}
        self.withdrawals: dict[str, Withdrawal] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.seen: dict[str, dict[str, Claim]] = {}
        self.sources: dict[str, Source] = {}
        self.dropped: dict[str, int] = {}

    def record(self, subject: str, *kinds: str) -> Record | None:
        """The record of a subject, if it is known (and of one of the kinds, where any are given)."""
        record = self.records.get(subject)
        return record if record is not None and (not kinds or record.kind in kinds) else None

    def of_kind(self, kind: str) -> list[Record]:
        """All records of a kind, by subject."""
        return [self.records[subject] for subject in sorted(self.kinds[kind])]

    def referring(self, target: str, *kinds: str) -> Iterator[Record]:
        """Records that name the target in one of their `REFERENCES`, by subject."""
        for subject in sorted(self.referrers.get(target, ())):
            record = self.records[subject]
            if not kinds or record.kind in kinds:
                yield record

    def time(self) -> datetime:
        """Picture time; only asked once something was applied."""
        assert self.now is not None
        return self.now

    def is_silent(self, source: str) -> bool:
        """Whether a source has missed its time to speak."""
        until = self.speaks_until(source)
        return until is not None and until <= self.time()

    def speaks_until(self, source: str) -> datetime | None:
        """When the source counts as silent unless it speaks before; None for never."""
        state = self.sources.get(source)
        limit = self.settings.silence(source)
        if state is None or state.last_received_at is None or limit is None:
            return None
        return state.last_received_at + timedelta(seconds=limit)

    def count_dropped(self, what: str, number: int = 1) -> None:
        """Count what a bound kept out."""
        self.dropped[what] = self.dropped.get(what, 0) + number

    def create(self, subject: str, kind: str) -> Record:
        """A new empty record."""
        record = Record(subject, kind)
        self.records[subject] = record
        self.kinds[kind][subject] = None
        return record

    def discard(self, record: Record) -> None:
        """Forget a record and whom it refers to."""
        self.relink(record, targets(record), ())
        del self.records[record.subject]
        del self.kinds[record.kind][record.subject]

    def relink(self, record: Record, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        """Keep the index of references in step with a record."""
        for target in before:
            if target not in after and (known := self.referrers.get(target)) is not None:
                known.pop(record.subject, None)
                if not known:
                    del self.referrers[target]
        for target in after:
            self.referrers.setdefault(target, {})[record.subject] = None


def targets(record: Record) -> tuple[str, ...]:
    """The subjects that a record names now."""
    found: list[str] = []
    for name in REFERENCES.get(record.kind, ()):
        value = record.get(name)
        if isinstance(value, str):
            found.append(value)
        elif value:
            found.extend(value)
    return tuple(dict.fromkeys(found))
