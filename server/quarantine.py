"""What was refused, kept for people to look at (DATA/quarantine.db): who sent it, why it was refused, how it began, and
the whole message, so that it can be read again once a decoder or a setting was mended (server/retry.py).

Bounded in rows and messages, per source and in all; what had to give way is counted. Secrets are blanked before
anything is written. The file survives the end of the process at any moment, but not necessarily that of the machine:
what was refused has been answered with an error, so its sender knows.
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from layers.observation import iso
from server import runtime
from server.feeds._secrets import clean
from server.quarantined import KEEP_S, Message, Messages, Retried

BUSY_TIMEOUT_MS = 10_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS refused(
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, situation TEXT NOT NULL, feed TEXT NOT NULL,
  instance TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, subject TEXT,
  excerpt TEXT NOT NULL, size INTEGER NOT NULL, kept_at REAL, message INTEGER, outcome TEXT, retried_at TEXT,
  retry_reason TEXT);
CREATE INDEX IF NOT EXISTS by_source ON refused(feed, instance, id);
CREATE TABLE IF NOT EXISTS counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('dropped', 0), ('bytes', 0), ('total', 0);
"""
_GIVEN = "at, situation, feed, instance, sender, kind, reason, subject, excerpt, size"
_COLUMNS = f"id, {_GIVEN}, outcome, retried_at, retry_reason"
_LATER = {"kept_at": "REAL", "message": "INTEGER", "outcome": "TEXT", "retried_at": "TEXT", "retry_reason": "TEXT"}
"""Columns that a file of an earlier release lacks."""


class Row(Struct, frozen=True, kw_only=True):
    """One refusal. `size` is that of the whole message in bytes, `at` the situation's time.

    `kept`: the whole message is there to be read again. Once it was, `outcome` is `ok` or `refused`, `retried_at` when
    (UTC), and `retry_reason` why it is refused still.
    """

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
    kept: bool = False
    outcome: str | None = None
    retried_at: str | None = None
    retry_reason: str | None = None


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
        self,
        path: Path,
        max_rows: int = 10_000,
        max_rows_per_source: int = 1_000,
        max_bytes: int = 20_000_000,
        message_bytes: int | None = None,
    ) -> None:
        self.max_rows = max_rows
        self.max_rows_per_source = max_rows_per_source
        self.max_bytes = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.executescript(SCHEMA)
        self._grow()
        self.lock = threading.Lock()
        self.messages = Messages(self.database, self.lock, message_bytes)
        """The whole messages, as far as they are kept."""

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            self.database.close()

    def add(self, rows: Sequence[Row], message: Message | None = None) -> int:
        """Keep the rows, and the message that they are of; the id of the last row, 0 where there were none."""
        if not rows:
            return 0
        with self.lock:
            return runtime.offload(self._add, rows, message)

    def list(self, limit: int = 100, before: int | None = None) -> Sequence[Row]:
        """At most `limit` rows, the newest first, those with an id below `before` only."""
        with self.lock:
            return runtime.offload(self._list, limit, before)

    def get(self, row_id: int) -> Row | None:
        """One row, None where there is none (any more)."""
        with self.lock:
            return next(iter(runtime.offload(self._list, 1, row_id + 1, row_id)), None)

    def counts(self) -> dict[str, int]:
        """`rows` and `bytes` kept now, `total` ever refused, `dropped` to stay within the bounds; whole `messages` and
        their bytes kept now, `messages_dropped` likewise; `open`: rows that no retry has settled.
        """
        with self.lock:
            return runtime.offload(self._counts)

    def settle(self, message_id: int, outcomes: Sequence[Retried], at: datetime) -> None:
        """Note what became of a message's rows when it was read again; what is `ok` now needs its message no more."""
        with self.lock:
            runtime.offload(self._settle, message_id, outcomes, iso(at))

    def rows_of(self, message_id: int) -> Sequence[Row]:
        """The rows that a message gave, in their order."""
        with self.lock:
            return runtime.offload(self._rows_of, message_id)

    def erase(self, situation: str) -> int:
        """Erase all that was refused of a situation, so that it is not in the file either; how many rows that were."""
        with self.lock:
            return runtime.offload(self._erase, situation)

    def _erase(self, situation: str) -> int:
        self.database.execute("PRAGMA secure_delete = ON")
        with self.database as db:
            number = int(db.execute("SELECT count(*) FROM refused WHERE situation=?", (situation,)).fetchone()[0])
            db.execute("DELETE FROM message WHERE situation=?", (situation,))
            db.execute("DELETE FROM refused WHERE situation=?", (situation,))
            kept = "SELECT coalesce(sum(length(excerpt) + length(reason)), 0) FROM refused"
            db.execute(f"UPDATE counter SET value = ({kept}) WHERE name = 'bytes'")  # noqa: S608  (a constant)
        self.database.execute("VACUUM")
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return number

    def _grow(self) -> None:
        """Add the columns that a file of an earlier release lacks; its rows have no whole message."""
        there = {str(column[1]) for column in self.database.execute("PRAGMA table_info(refused)")}
        for name, kind in _LATER.items():
            if name not in there:
                self.database.execute(f"ALTER TABLE refused ADD COLUMN {name} {kind}")
        self.database.execute("CREATE INDEX IF NOT EXISTS by_message ON refused(message)")
        self.database.execute("CREATE INDEX IF NOT EXISTS by_age ON refused(kept_at)")
        self.database.execute("UPDATE refused SET kept_at = ? WHERE kept_at IS NULL", (time.time(),))
        self.database.commit()

    def _settle(self, message_id: int, outcomes: Sequence[Retried], at: str) -> None:
        with self.database as db:
            for one in outcomes:
                reason = redact(_storable(one.reason))[:500] if one.reason else None
                db.execute(
                    "UPDATE refused SET outcome=?, retried_at=?, retry_reason=? WHERE id=?",
                    (one.outcome, at, reason, one.row),
                )
            if all(one.outcome == "ok" for one in outcomes):
                self.messages.forget(message_id)

    def _rows_of(self, message_id: int) -> Sequence[Row]:
        return self._found("message = ? ORDER BY id", (message_id,))

    def _add(self, rows: Sequence[Row], message: Message | None) -> int:
        last: int | None = 0
        with self.database as db:
            kept = None if message is None else self.messages.keep(message, time.time())
            for item in rows:
                last = db.execute(
                    f"INSERT INTO refused({_GIVEN}, message, kept_at) VALUES ({','.join('?' * 12)})",  # noqa: S608
                    (*(getattr(item, name) for name in _GIVEN.split(", ")), kept, time.time()),
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
            self.messages.bound(time.time())
            self._fade(time.time() - KEEP_S)
        return int(last or 0)

    def _fade(self, before: float) -> None:
        """What strangers wrote is kept as long as their whole messages; that it was refused, and why, stays."""
        faded = self.database.execute(
            "UPDATE refused SET excerpt = '' WHERE excerpt != '' AND kept_at < ? RETURNING id", (before,)
        ).fetchall()
        if faded:
            total = "SELECT coalesce(sum(length(excerpt) + length(reason)), 0) FROM refused"
            self.database.execute(f"UPDATE counter SET value = ({total}) WHERE name = 'bytes'")  # noqa: S608

    def _drop(self, where: str, arguments: Sequence[object]) -> None:
        gone = self.database.execute(
            f"DELETE FROM refused WHERE {where} RETURNING length(excerpt) + length(reason)",  # noqa: S608  (constants)
            arguments,
        ).fetchall()
        if gone:
            self._count("dropped", len(gone))
            self._count("bytes", -sum(size for (size,) in gone))

    def _count(self, name: str, by: int) -> None:
        self.database.execute("UPDATE counter SET value = value + ? WHERE name = ?", (by, name))

    def _value(self, name: str) -> int:
        return int(self.database.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()[0])

    def _list(self, limit: int, before: int | None, at_least: int = 0) -> Sequence[Row]:
        most = 2**62 if before is None else before
        return self._found("id < ? AND id >= ? ORDER BY id DESC LIMIT ?", (most, at_least, limit))

    def _found(self, where: str, arguments: Sequence[object]) -> Sequence[Row]:
        there = "EXISTS (SELECT 1 FROM message WHERE message.id = refused.message)"
        found = self.database.execute(f"SELECT {there}, {_COLUMNS} FROM refused WHERE {where}", arguments)  # noqa: S608
        names = ("kept", *_COLUMNS.split(", "))
        return [Row(**{**dict(zip(names, values, strict=True)), "kept": bool(values[0])}) for values in found]

    def _counts(self) -> dict[str, int]:
        rows = int(self.database.execute("SELECT count(*) FROM refused").fetchone()[0])
        still = int(self.database.execute("SELECT count(*) FROM refused WHERE outcome IS NOT 'ok'").fetchone()[0])
        counted = dict(self.database.execute("SELECT name, value FROM counter"))
        return {"rows": rows, "open": still, **counted, **self.messages.counts()}
