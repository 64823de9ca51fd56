"""The journal: what was observed, in the order in which we made it durable. Every picture is folded from it.

Three verbs make a journal: `append`, `read`, `last`. Beside the entries it keeps the original bytes of every message
(`raws`), a few snapshots of the picture for a fast start, and the list of entries that a picture must leave out
(docs/adr/0010). Backends keep one contract, tests/journal/contract.py. docs/durability.md says what survives what.

A journal has one writer (the desk) and any number of readers; every reading method may be called from any thread.

    JournalError
    ├── JournalLocked        another process writes this journal
    ├── JournalUnavailable   the disk is full, read-only or failing: nothing was kept, try again later
    ├── JournalCorrupt       the file is damaged, or is not a journal of ours
    └── JournalTooNew        written by a newer release
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from layers.observation import MAX_ID_CHARS, Entry, Observation, decode, encode

MAX_OBSERVATION_BYTES = 1_000_000
"""Longest encoded observation that a journal takes."""


class JournalError(Exception):
    """Something is wrong with a journal; the message is meant for the operator."""


class JournalLocked(JournalError):
    """Another process writes this journal."""


class JournalUnavailable(JournalError):
    """The journal cannot be written now (disk full, read-only, I/O error, locked); nothing of the call was kept."""


class JournalCorrupt(JournalError):
    """The file is damaged or is no journal of ours."""


class JournalTooNew(JournalError):
    """The file was written by a newer release than this one."""


class BadObservation(ValueError):
    """The observation cannot be kept: it has no canonical form, or its ids are empty or too long."""


class RawRef(Struct, frozen=True, kw_only=True):
    """An original message as it came in; neighbouring drafts that share one `RawRef` object share one kept copy.

    `received_at` is the situation's clock, `sender` names who sent it (token name, address), never a secret.
    """

    feed: str
    instance: str
    sender: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """An observation on its way into a journal, in its canonical form.

    `observation` is replaced by what reading it back will give, so that the picture sees the same object live and in a
    replay. Raises BadObservation.
    """

    observation: Observation
    raw: RawRef | None = None
    data: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Settle the canonical bytes."""
        data, observation = _canonical(self.observation)
        if self.raw is not None:
            _check_raw(self.raw)
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "observation", observation)


def _canonical(observation: Observation) -> tuple[bytes, Observation]:
    for name in ("id", "source", "subject"):
        if not 0 < len(getattr(observation, name)) <= MAX_ID_CHARS:
            raise BadObservation(f"{name} must have 1 to {MAX_ID_CHARS} characters")
    for name in ("observed_at", "reported_at", "received_at"):
        if getattr(observation, name).tzinfo is None:
            raise BadObservation(f"{name} of observation {observation.id!r} has no zone")
    try:
        data = encode(observation)
        again = decode(data)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadObservation(f"observation {observation.id!r} has no canonical form: {error}") from error
    if len(data) > MAX_OBSERVATION_BYTES:
        raise BadObservation(
            f"observation {observation.id!r} takes {len(data)} bytes, more than {MAX_OBSERVATION_BYTES}"
        )
    return data, again


def _check_raw(raw: RawRef) -> None:
    if raw.received_at.tzinfo is None:
        raise BadObservation("received_at of the original message has no zone")
    try:
        for text in (raw.feed, raw.instance, raw.sender):
            text.encode()
    except UnicodeEncodeError as error:
        raise BadObservation(f"feed, instance and sender must be text: {error}") from error


class Appended(Struct, frozen=True):
    """What an append kept: the new entries in order; `duplicates` counts drafts whose observation was there already."""

    entries: list[Entry]
    duplicates: int


class KeptRaw(Struct, frozen=True, kw_only=True):
    """An original message with the entries it gave rise to: `first_seq` to `last_seq`."""

    first_seq: int
    last_seq: int
    raw: RawRef


class Snapshot(Struct, frozen=True, kw_only=True):
    """The picture after `seq`: its digest, its bytes, and the fingerprint of the code and settings that folded it."""

    seq: int
    digest: str
    fingerprint: str
    body: bytes


class Report(Struct, kw_only=True):
    """What a verification found; `problems` empty means that everything is proven."""

    entries: int = 0
    raws: int = 0
    snapshots: int = 0
    skipped: int = 0
    head: str = ""
    """The last link of the hash chain in hex: note it elsewhere to prove later that nothing before it was changed."""
    digest: str = ""
    """Digest of the picture after a full replay; empty where none was asked for."""
    problems: list[str] = []
    remarks: list[str] = []

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems


class Journal(Protocol):
    """A gap-free, durable, idempotent sequence of observations."""

    @property
    def epoch(self) -> str:
        """Names this sequence; a cursor (`seq`) of another epoch means nothing here."""

    def append(self, drafts: Sequence[Draft]) -> Appended:
        """Keep the drafts in order, all or none; durable on return. Known observation ids are dropped.

        Raises JournalUnavailable, JournalCorrupt.
        """

    def read(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries with seq > `after`, in order."""

    def last(self) -> int:
        """The newest seq, 0 for an empty journal."""

    def seq_at(self, at: datetime) -> int:
        """The newest seq that was received at or before `at`, 0 if none."""

    def raws(self, after: int, limit: int) -> list[KeptRaw]:
        """At most `limit` original messages whose first entry has seq > `after`, in order of that entry."""

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot; old ones are thinned out so that their number stays bounded. Raises JournalUnavailable."""

    def snapshot(self, fingerprint: str, not_after: int) -> Snapshot | None:
        """The newest snapshot of this fingerprint with seq <= `not_after`."""

    def snapshots(self) -> list[Snapshot]:
        """Every kept snapshot, oldest first."""

    def skip(self, seq: int, reason: str) -> None:
        """Note that pictures leave entry `seq` out. Raises JournalUnavailable."""

    def skipped(self) -> dict[int, str]:
        """Entries that pictures leave out, with the reason."""

    def check(self) -> Report:
        """Prove the file, the hash chain, gap-freeness and the original messages; reads everything."""

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""


def entries(journal: Journal, after: int = 0, upto: int | None = None, step: int = 1000) -> Iterator[Entry]:
    """Every entry with `after` < seq <= `upto` (default: the newest now), read in steps."""
    end = journal.last() if upto is None else upto
    while after < end:
        batch = journal.read(after, min(step, end - after))
        if not batch:
            return
        yield from batch
        after = batch[-1].seq


def with_raws(journal: Journal, after: int = 0, step: int = 50) -> Iterator[tuple[Entry, RawRef | None]]:
    """Every entry after a message boundary `after`, with the original message it came from, in order."""
    raws = _every_raw(journal, after, step)
    current = next(raws, None)
    for entry in entries(journal, after):
        while current is not None and current.last_seq < entry.seq:
            current = next(raws, None)
        yield entry, current.raw if current is not None and current.first_seq <= entry.seq else None


def _every_raw(journal: Journal, after: int, step: int) -> Iterator[KeptRaw]:
    while page := journal.raws(after, step):
        yield from page
        after = page[-1].last_seq
