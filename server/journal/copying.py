"""Copy the beginning of a journal into a new one: the new take of an exercise that goes back in time."""

import contextlib
from datetime import datetime
from pathlib import Path

from server.journal import Draft, Journal, with_raws
from server.journal.sqlite import SqliteJournal

STEP = 500
"""Entries copied in one transaction."""


def copy_until(source: Path, target: Path, until: datetime) -> None:
    """Write the entries of `source` received at or before `until`, in order, with their original messages, to `target`.

    `target` appears whole or not at all; its epoch is new. Raises JournalError, OSError.
    """
    fresh = target.with_name(target.name + ".new")
    for left in (fresh, *(fresh.with_name(fresh.name + end) for end in ("-wal", "-shm", ".lock"))):
        left.unlink(missing_ok=True)
    with (
        contextlib.closing(SqliteJournal(source, writable=False)) as old,
        contextlib.closing(SqliteJournal(fresh)) as new,
    ):
        _copy(old, new, until)
    fresh.with_name(fresh.name + ".lock").unlink()
    fresh.replace(target)


def _copy(old: Journal, new: Journal, until: datetime) -> None:
    drafts: list[Draft] = []
    for entry, raw in with_raws(old):
        if entry.observation.received_at > until:
            continue
        if len(drafts) >= STEP and (raw is None or drafts[-1].raw is not raw):  # never between entries of one message
            new.append(drafts)
            drafts = []
        drafts.append(Draft(entry.observation, raw))
    new.append(drafts)
