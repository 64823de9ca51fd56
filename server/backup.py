"""A consistent copy of the data folder while the server runs.

Every database is copied through SQLite's backup interface, which gives one committed state of it however much is
written meanwhile; copying the files themselves would miss what is still in the WAL. A journal's copy is marked, so that
its epoch differs: clients of the lost server must not believe that their cursor counts in it. The rest
(situation.json, scenarios, settings) is copied as it is: those files are only ever replaced as a whole.
"""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from server.journal import schema

LEFT_OUT = (".lock", ".new", ".lines", "-wal", "-shm", "-journal")
"""Ends of names that mean nothing outside a running server."""


def backup(data_dir: Path, target: Path) -> list[Path]:
    """Copy DATA to the new folder `target`; returns what was copied, relative to it.

    `target` appears only once it is whole and on disk. Raises FileExistsError, OSError, sqlite3.Error.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    fresh = target.with_name(target.name + ".new")
    if fresh.exists():
        shutil.rmtree(fresh)
    copied = []
    # situation.json before the takes: whatever take it names is then copied in a state at or after it
    for path in sorted(data_dir.rglob("*"), key=lambda path: (path.suffix == ".db", path)):
        if path.is_file() and not path.name.endswith(LEFT_OUT) and fresh not in path.parents:
            relative = path.relative_to(data_dir)
            place = fresh / relative
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _copy_database(path, place) if path.suffix == ".db" else shutil.copy2(path, place)
            _flush(place)
            copied.append(relative)
    fresh.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh.replace(target)
    _flush(target.parent)
    return copied


def _copy_database(source: Path, place: Path) -> None:
    place.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as old,
        contextlib.closing(sqlite3.connect(place)) as new,
    ):
        old.execute("PRAGMA query_only = ON")
        old.backup(new)  # in one step: one that pauses starts over whenever somebody writes
        if schema.is_journal(new):
            schema.mark_copy(new)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
