"""The whole messages behind the rows of the quarantine, so that they can be read again (part of server/quarantine.py).

Kept as they would have been journaled: with the secrets of their feed blanked, their sender and their time of receipt.
Bounded per message, per source and in all, and in days; what had to give way is counted, and its rows stay.
"""

import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from layers.observation import iso
from server import runtime

MESSAGE_BYTES = 8_000_000
"""A longer message is not kept whole: its row alone tells of it. As much as the server takes in of one by default."""
SOURCE_BYTES = 16_000_000
"""Of one source; two messages at least."""
TOTAL_BYTES = 256_000_000
KEEP_S = 30 * 86_400
SCHEMA = """
CREATE TABLE IF NOT EXISTS message(
  id INTEGER PRIMARY KEY AUTOINCREMENT, situation TEXT NOT NULL, feed TEXT NOT NULL, instance TEXT NOT NULL,
  sender TEXT NOT NULL, received_at TEXT NOT NULL, kept_at REAL NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS message_source ON message(feed, instance, id);
INSERT OR IGNORE INTO counter VALUES ('messages_dropped', 0);
"""


class Message(Struct, frozen=True, kw_only=True):
    """A message as it came, without its secrets. `received_at` is the situation's time."""

    id: int = 0
    situation: str
    feed: str
    instance: str
    sender: str
    received_at: datetime
    body: bytes


class Retried(Struct, frozen=True):
    """What became of one row when its message was read again."""

    row: int
    outcome: Literal["ok", "refused"]
    reason: str | None = None


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages: all that are open, or those of rows, of a source (`feed` or `feed/instance`), since a time."""

    ids: tuple[int, ...] = ()
    source: str | None = None
    since: datetime | None = None


class Messages:
    """The table; what begins with an underscore or says so runs within the caller's transaction and lock."""

    def __init__(self, db: sqlite3.Connection, lock: threading.Lock, message_bytes: int | None = None) -> None:
        self._message_bytes = MESSAGE_BYTES if message_bytes is None else message_bytes
        self._db = db
        self._lock = lock
        db.executescript(SCHEMA)

    def chosen(self, choice: Choice) -> list[int]:
        """Ids of the messages that are kept, chosen and not settled yet, the oldest first."""
        with self._lock:
            return runtime.offload(self._chosen, choice)

    def get(self, message_id: int) -> Message | None:
        """A message, None where it is not kept (any more)."""
        with self._lock:
            return runtime.offload(self._get, message_id)

    def keep(self, message: Message, now: float) -> int | None:
        """Within a transaction: keep it and return its id; None for one that is too long, which is counted."""
        if len(message.body) > self._message_bytes:
            self._count_dropped(1)
            return None
        values = (message.situation, message.feed, message.instance, message.sender, message.received_at.isoformat())
        done = self._db.execute(
            "INSERT INTO message(situation, feed, instance, sender, received_at, kept_at, size, body)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (*values, now, len(message.body), message.body),
        )
        number = int(done.lastrowid or 0)
        self._drop(
            "feed=? AND instance=? AND id <= (SELECT max(id) FROM (SELECT id, sum(size) OVER (ORDER BY id DESC) AS up"
            " FROM message WHERE feed=? AND instance=?) WHERE up > ?)",
            (*(message.feed, message.instance) * 2, max(SOURCE_BYTES, 2 * self._message_bytes)),
        )
        return number

    def bound(self, now: float) -> None:
        """Within a transaction: let go of what is too old, too much, or of which no row is left."""
        self._drop("NOT EXISTS (SELECT 1 FROM refused WHERE refused.message = message.id)", ())
        self._drop("kept_at < ?", (now - KEEP_S,))
        total = int(self._db.execute("SELECT coalesce(sum(size), 0) FROM message").fetchone()[0])
        if total > TOTAL_BYTES:
            self._drop(
                "id <= (SELECT max(id) FROM (SELECT id, sum(size) OVER (ORDER BY id DESC) AS up FROM message)"
                " WHERE up > ?)",
                (TOTAL_BYTES,),
            )

    def forget(self, message_id: int) -> None:
        """Within a transaction: it is settled; nothing of it is lost, so it does not count as dropped."""
        self._db.execute("DELETE FROM message WHERE id = ?", (message_id,))

    def counts(self) -> dict[str, int]:
        """`messages` and `message_bytes` that are kept; within the caller's lock."""
        count, size = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM message").fetchone()
        return {"messages": int(count), "message_bytes": int(size)}

    def _chosen(self, choice: Choice) -> list[int]:
        where, values = ["message IN (SELECT id FROM message)", "outcome IS NOT 'ok'"], list[object]()
        if choice.ids:
            where.append(f"id IN ({','.join('?' * len(choice.ids))})")
            values += choice.ids
        if choice.source is not None:
            feed, _, instance = choice.source.partition("/")
            where.append("feed = ?" + (" AND instance = ?" if instance else ""))
            values += [feed, instance] if instance else [feed]
        if choice.since is not None:
            where.append("at >= ?")
            values.append(iso(choice.since))
        found: Sequence[tuple[int]] = self._db.execute(
            f"SELECT DISTINCT message FROM refused WHERE {' AND '.join(where)} ORDER BY message",  # noqa: S608
            values,
        ).fetchall()
        return [number for (number,) in found]

    def _get(self, message_id: int) -> Message | None:
        found = self._db.execute(
            "SELECT id, situation, feed, instance, sender, received_at, body FROM message WHERE id = ?", (message_id,)
        ).fetchone()
        if found is None:
            return None
        number, situation, feed, instance, sender, at, body = found
        return Message(
            id=number,
            situation=situation,
            feed=feed,
            instance=instance,
            sender=sender,
            received_at=datetime.fromisoformat(at),
            body=body,
        )

    def _drop(self, where: str, arguments: Sequence[object]) -> None:
        self._count_dropped(self._db.execute(f"DELETE FROM message WHERE {where}", arguments).rowcount)  # noqa: S608

    def _count_dropped(self, number: int) -> None:
        if number > 0:
            self._db.execute("UPDATE counter SET value = value + ? WHERE name = 'messages_dropped'", (number,))
