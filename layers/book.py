"""The state behind a picture: records by subject, who refers to whom, withdrawals, verdicts, readers and sources.

Layers read it when they draw; only `layers.picture` writes it. All is bounded; what exceeds a bound is counted in
`dropped`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from layers.content import LinkState
from layers.geo import Box, bounds
from layers.near import Near
from layers.observation import Geometry
from layers.position import place
from layers.records import CLASSES, GEOMETRY, NON_SUBJECTS, REFERENCES, Claim, Record
from layers.settings import PictureSettings

ALL: frozenset[str] = frozenset({"*"})
"""As `Change.fields`: everything about the subject may be different (it came, went, or time passed)."""


PLACED = frozenset(
    {
        *("mission", "building", "device", "drone", "crowd_region", "crowd_alert", "warning"),
        *("post", "citizen_report", "social_event", "note"),
    }
)
"""Kinds that are asked for by place. Units are not: they are asked for by their mission."""


ALIAS, REFERENCE = "warning=", "warning>"
"""Marks of the names under which a CAP message is known, and by which another refers to it."""
SEARCH = "search>"
"""Mark of a search in social networks that missions and posts name."""


def alias(name: str) -> str:
    """The CAP identifier in a name: the middle of `sender,identifier,sent`, or what a URN says after its type."""
    name = name.strip()
    if name.count(",") >= 2:
        return name.split(",")[1].strip()
    return name.split(":", 3)[3] if name.startswith("urn:ngsi-ld:") and name.count(":") >= 3 else name


class Change(NamedTuple):
    """Which attributes of a subject changed; what a layer needs to say whose drawing is affected."""

    subject: str
    kind: str
    fields: frozenset[str]
    targets: tuple[str, ...] = ()
    """Whom the subject referred to before: their drawing may have shown it."""
    was: Box | None = None
    """Where the subject was before, if that changed."""
    mission: Claim | None = None
    """Of a unit: by which claim it named its mission before (`targets` says which one)."""

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
    linked: Claim | None = None
    link: LinkState | None = None
    """How our connection to it stands, where we hold one, and the claim that says so."""
    lags: list[tuple[datetime, str, float, bool]] = []
    """Newest receipts: received_at, observation id, reported minus received in s, whether its clock was corrected."""

    @property
    def answers(self) -> bool:
        """Whether we poll it, and it answered when it was last asked."""
        return self.link is not None and self.link.transport == "poll" and self.link.state == "connected"


class Book:
    """See the module. `now` is picture time: the newest `received_at` let in, never backward."""

    def __init__(self, settings: PictureSettings) -> None:
        self.settings = settings
        self.now: datetime | None = None
        self.records: dict[str, Record] = {}
        self.kinds: dict[str, dict[str, None]] = {kind: {} for kind in CLASSES if kind not in NON_SUBJECTS}
        self.referrers: dict[str, dict[str, None]] = {}
        self._near = {kind: Near() for kind in PLACED}
        self._silence: dict[str, float | None] = {}
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
        """When the source counts as silent unless it speaks before; None for never.

        One that answers whenever we ask is not silent, though it may have nothing new to say.
        """
        state = self.sources.get(source)
        if state is None or state.last_received_at is None or state.answers:
            return None
        limit = self.silence(source)
        if limit is None:
            return None
        return state.last_received_at + timedelta(seconds=limit)

    def silence(self, source: str) -> float | None:
        """The silence limit of a known source, seconds; None for never."""
        if source not in self._silence:
            if len(self._silence) >= self.settings.max_sources:
                self._silence.clear()
            self._silence[source] = self.settings.silence(source)
        return self._silence[source]

    def memory_expires_at(self, memory: tuple[str, str]) -> datetime | None:
        """When a withdrawal, a verdict or the readers of a target are forgotten; None for one that is not known."""
        kind, subject = memory
        heard_at: datetime | None = None
        if kind == "removal" and subject in self.withdrawals:
            heard_at = self.withdrawals[subject].received_at
        elif kind == "verdict" and subject in self.verdicts:
            heard_at = self.verdicts[subject].claim.received_at
        elif kind == "seen" and subject in self.seen:
            heard_at = max(claim.received_at for claim in self.seen[subject].values())
        return None if heard_at is None else heard_at + timedelta(seconds=self.settings.age(kind).expire_after_s)

    def forget_memory(self, memory: tuple[str, str]) -> None:
        """Forget a withdrawal, a verdict or the readers of a target."""
        kind, subject = memory
        if kind == "removal":
            self.withdrawals.pop(subject, None)
        elif kind == "verdict":
            self.verdicts.pop(subject, None)
        else:
            self.seen.pop(subject, None)

    def memories(self) -> list[tuple[str, str]]:
        """Every withdrawal, verdict and set of readers."""
        kept = (("removal", self.withdrawals), ("verdict", self.verdicts), ("seen", self.seen))
        return [(kind, subject) for kind, known in kept for subject in sorted(known)]

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
        if record.kind in PLACED:
            self._near[record.kind].put(record.subject, None)
        del self.records[record.subject]
        del self.kinds[record.kind][record.subject]

    def place(self, record: Record) -> Box | None:
        """Keep the index of places in step with a record; returns where the subject was before."""
        if record.kind not in PLACED:
            return None
        near, geometry = self._near[record.kind], extent(record)
        was = near.box(record.subject)
        near.put(record.subject, None if geometry is None else bounds(geometry))
        return was

    def box(self, subject: str) -> Box | None:
        """Where a subject is; None for one that is nowhere, and for kinds that are not asked for by place."""
        record = self.records.get(subject)
        return None if record is None or record.kind not in PLACED else self._near[record.kind].box(subject)

    def around(self, box: Box | None, *kinds: str) -> list[Record]:
        """Records of the kinds whose places touch the box, by subject; none for no box.

        Each kind has a grid of its own: a thousand missions at one address cost whoever asks for buildings nothing.
        """
        found = [subject for kind in kinds for subject in self._near[kind].find(box)] if box is not None else []
        return [self.records[subject] for subject in sorted(found)]

    def relink(self, record: Record, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        """Keep the index of references in step with a record."""
        for target in before:
            if target not in after and (known := self.referrers.get(target)) is not None:
                known.pop(record.subject, None)
                if not known:
                    del self.referrers[target]
        for target in after:
            self.referrers.setdefault(target, {})[record.subject] = None


def extent(record: Record) -> Geometry | None:
    """Where a subject is: its area if it has one, else its position."""
    if record.kind == "mission":
        return place(record)
    geometry: Geometry | None = record.get("area") or record.get(GEOMETRY)
    return geometry


def targets(record: Record) -> tuple[str, ...]:
    """The subjects that a record names now; for a warning its own alias and those that its references mean."""
    if record.kind == "warning":
        named = [REFERENCE + alias(reference) for reference in record.get("references") or ()]
        aliases = dict.fromkeys((ALIAS + alias(record.subject), ALIAS + (record.get("identifier") or record.subject)))
        return (*aliases, *dict.fromkeys(named))
    found: list[str] = []
    for name in REFERENCES.get(record.kind, ()):
        value = record.get(name)
        if name == "search_ids":
            found.extend(SEARCH + search for search in value or ())
        elif isinstance(value, str):
            found.append(value)
        elif value:
            found.extend(value)
    return tuple(dict.fromkeys(found))
