"""What was refused, kept for people to look at (DATA/quarantine.db): who sent it, why it was refused, how it began.

Bounded in rows per source, rows and bytes; what had to give way is counted. Secrets are blanked before anything is
written. The file survives the end of the process at any moment, but not necessarily that of the machine: what was
refused has been answered with an error, so its sender knows.
"""

import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct, structs

from layers.observation import iso
from server import runtime
from server.feeds._secrets import clean

BUSY_TIMEOUT_MS = 10_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS refused(
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, situation TEXT NOT NULL, feed TEXT NOT NULL,
  instance TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, subject TEXT,
  excerpt TEXT NOT NULL, size INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS by_source ON refused(feed, instance, id);
CREATE TABLE IF NOT EXISTS counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('dropped', 0), ('bytes', 0), ('total', 0);
"""
_COLUMNS = "id, at, situation, feed, instance, sender, kind, reason, subject, excerpt, size"


class Row(Struct, frozen=True, kw_only=True):
    """One refusal. `size` is that of the whole message in bytes, `at` the situation's time."""

    id: int = 0
    at: str
    situation: str
    feed: str
    instance: str
    sender: str
    kind: str
    reason: str
    subject: str | None
    excerpt: str
    size: int


def redact(text: str) -> str:
    """The text with what looks like a secret blanked: passwords, tokens, keys, telephone numbers, mail addresses."""
    return clean(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def row(
    *, at: datetime, situation: str, source: str, sender: str, kind: str, reason: str, subject: str | None = None,
    excerpt: str = "", size: int = 0,
) -> Row:  # fmt: skip
    """A row to add, every text within its bound and without secrets."""
    feed, _, instance = source.partition("/")
    return Row(
        at=iso(at),
        situation=situation,
        feed=feed[:100],
        instance=instance[:256],
        sender=sender[:256],
        kind=kind,
        reason=redact(_storable(reason))[:500],
        subject=None if subject is None else _storable(subject)[:256],
        excerpt=redact(_storable(excerpt)),
        size=size,
    )


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{SYMBOL FOR NULL}")


class Quarantine:
    """The register in one SQLite file. Calls come from the loop side; the database runs in a real thread."""

    def __init__(
        self, path: Path, max_rows: int = 10_000, max_rows_per_source: int = 1_000, max_bytes: int = 20_000_000
    ) -> None:
        self.max_rows = max_rows
        self.max_rows_per_source = max_rows_per_source
        self.max_bytes = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def add(self, rows: Sequence[Row]) -> int:
        """Keep the rows; the id of the last one, 0 where there were none."""
        if not rows:
            return 0
        with self._lock:
            return runtime.offload(self._add, rows)

    def list(self, limit: int = 100, before: int | None = None) -> Sequence[Row]:
        """At most `limit` rows, the newest first, those with an id below `before` only."""
        with self._lock:
            return runtime.offload(self._list, limit, before)

    def get(self, row_id: int) -> Row | None:
        """One row, None where there is none (any more)."""
        with self._lock:
            return next(iter(runtime.offload(self._list, 1, row_id + 1, row_id)), None)

    def counts(self) -> dict[str, int]:
        """`rows` and `bytes` kept now, `total` ever refused, `dropped` to stay within the bounds."""
        with self._lock:
            return runtime.offload(self._counts)

    def _add(self, rows: Sequence[Row]) -> int:
        last: int | None = 0
        with self._db as db:
            for item in rows:
                last = db.execute(
                    f"INSERT INTO refused({_COLUMNS}) VALUES ({','.join('?' * 11)})",  # noqa: S608  (constants)
                    (None, *structs.astuple(item)[1:]),
                ).lastrowid
            self._count("total", len(rows))
            self._count("bytes", sum(len(item.excerpt) + len(item.reason) for item in rows))
            for feed, instance in {(item.feed, item.instance) for item in rows}:
                self._drop(
                    "feed=? AND instance=? AND id <= (SELECT id FROM refused WHERE feed=? AND instance=?"
                    " ORDER BY id DESC LIMIT 1 OFFSET ?)",
                    (feed, instance, feed, instance, self.max_rows_per_source),
                )
            self._drop("id <= (SELECT id FROM refused ORDER BY id DESC LIMIT 1 OFFSET ?)", (self.max_rows,))
            while self._value("bytes") > self.max_bytes:
                self._drop("id IN (SELECT id FROM refused ORDER BY id LIMIT 100)", ())
        return int(last or 0)

    def _drop(self, where: str, arguments: Sequence[object]) -> None:
        gone = self._db.execute(
            f"DELETE FROM refused WHERE {where} RETURNING length(excerpt) + length(reason)",  # noqa: S608  (constants)
            arguments,
        ).fetchall()
        if gone:
            self._count("dropped", len(gone))
            self._count("bytes", -sum(size for (size,) in gone))

    def _count(self, name: str, by: int) -> None:
        self._db.execute("UPDATE counter SET value = value + ? WHERE name = ?", (by, name))

    def _value(self, name: str) -> int:
        return int(self._db.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()[0])

    def _list(self, limit: int, before: int | None, at_least: int = 0) -> Sequence[Row]:
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM refused WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT ?",  # noqa: S608
            (2**62 if before is None else before, at_least, limit),
        )
        return [Row(**dict(zip(_COLUMNS.split(", "), values, strict=True))) for values in found]

    def _counts(self) -> dict[str, int]:
        rows = int(self._db.execute("SELECT count(*) FROM refused").fetchone()[0])
        return {"rows": rows, **dict(self._db.execute("SELECT name, value FROM counter"))}
