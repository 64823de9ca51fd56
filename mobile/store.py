"""What the tablet keeps: settings, the last picture of each situation, the outbox. One SQLite file.

Two connections to the same file: the outbox and the settings are written with `synchronous=FULL` (what the crew was
told is kept, is on disk), the picture with `NORMAL` (a power cut may lose its last commit; an older cursor goes on).
Every change is one transaction, so a process that is killed leaves the state before it or the state after it.
A file that SQLite cannot read is set aside, never deleted, and a new one begins: `Store.set_aside` says where it went.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from layers.wire import Feature

SCHEMA_VERSION = 1
MAX_PICTURES = 4
"""Situations whose last picture is kept; the one not seen for longest goes first."""

_SCHEMA = f"""
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE picture(situation TEXT PRIMARY KEY, epoch TEXT NOT NULL, rev INTEGER NOT NULL, hello TEXT NOT NULL,
                     clock TEXT NOT NULL, heard_at TEXT NOT NULL, picture_at TEXT NOT NULL,
                     turn INTEGER NOT NULL);
CREATE TABLE feature(situation TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
                     PRIMARY KEY(situation, id)) WITHOUT ROWID;
CREATE TABLE outbox(client_seq INTEGER PRIMARY KEY, situation TEXT NOT NULL, epoch TEXT NOT NULL, kind TEXT NOT NULL,
                    body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
                    made_at TEXT NOT NULL, answered_at TEXT, answer TEXT);
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True)
class StoredPicture:
    """A view of a situation at cursor `rev` of `epoch`. `clock` is SituationClock.dump().

    The server was last heard at `heard_at` by the wall clock, `picture_at` by the situation's; ISO 8601, "" when never.
    """

    situation: str
    epoch: str
    rev: int
    hello: dict[str, Any]
    clock: dict[str, Any]
    heard_at: str
    picture_at: str
    features: dict[str, Feature] = field(default_factory=dict)


class Store:
    """The tablet's file. Safe to use from several threads; raises sqlite3.Error when the disk fails."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set_aside: Path | None = None
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._lock = threading.RLock()
        try:
            self._durable, self._quick = self._open()
        except (sqlite3.DatabaseError, UnreadableStore) as problem:
            if isinstance(problem, sqlite3.OperationalError) and not _is_damage(problem):
                raise  # a full or locked disk is no reason to put a good file away
            self.set_aside = self._move_away()
            path.touch(mode=0o600)
            self._durable, self._quick = self._open()

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        durable = _connect(self.path, "FULL")
        try:
            version = int(durable.execute("PRAGMA user_version").fetchone()[0])
            if version == 0:
                durable.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
            elif version != SCHEMA_VERSION:
                raise UnreadableStore(f"schema {version}")
            if durable.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise UnreadableStore("quick_check")
            return durable, _connect(self.path, "NORMAL")
        except BaseException:
            durable.close()
            raise

    def _move_away(self) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        number = 0
        while True:
            target = self.path.with_name(f"{self.path.name}.unreadable-{stamp}-{number}")
            if not target.exists():
                break
            number += 1
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(target.with_name(target.name + suffix))
        return target

    def close(self) -> None:
        """Close both connections; the store must not be used afterwards."""
        with self._lock:
            self._quick.close()
            self._durable.close()

    @contextmanager
    def durable(self) -> Iterator[sqlite3.Connection]:
        """One transaction that is on disk when the block is left; rolled back if it raises."""
        with self._lock, _transaction(self._durable):
            yield self._durable

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for reading only."""
        with self._lock:
            yield self._durable

    # settings

    def setting(self, key: str, default: str = "") -> str:
        """A setting's value, or `default` where it was never set."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def set_setting(self, key: str, value: str) -> None:
        """Keep a setting."""
        with self.durable() as connection:
            connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))

    # the last picture

    def save_picture(self, picture: StoredPicture, changed: Iterable[str], *, full: bool) -> None:
        """Keep the picture and its cursor in one transaction.

        `changed` are the ids that were upserted, patched or removed since the last call; `full` writes all anew.
        """
        situation = picture.situation
        with self._lock, _transaction(self._quick) as connection:
            turn = int(connection.execute("SELECT coalesce(max(turn), 0) + 1 FROM picture").fetchone()[0])
            row: tuple[Any, ...] = (situation, picture.epoch, picture.rev, _json(picture.hello), _json(picture.clock))
            row = (*row, picture.heard_at, picture.picture_at, turn)
            connection.execute("INSERT OR REPLACE INTO picture VALUES (?,?,?,?,?,?,?,?)", row)
            if full:
                connection.execute("DELETE FROM feature WHERE situation = ?", (situation,))
                changed = picture.features
            changed = set(changed)
            gone = ((situation, name) for name in changed if name not in picture.features)
            kept = ((situation, name, _json(picture.features[name])) for name in changed if name in picture.features)
            connection.executemany("DELETE FROM feature WHERE situation = ? AND id = ?", gone)
            connection.executemany("INSERT OR REPLACE INTO feature VALUES (?,?,?)", kept)
            self._drop_oldest(connection)

    @staticmethod
    def _drop_oldest(connection: sqlite3.Connection) -> None:
        kept = "(SELECT situation FROM picture ORDER BY turn DESC LIMIT ?)"
        for table in ("feature", "picture"):
            connection.execute(f"DELETE FROM {table} WHERE situation NOT IN {kept}", (MAX_PICTURES,))  # noqa: S608

    def load_picture(self, situation: str) -> StoredPicture | None:
        """The last picture kept of a situation, None where there is none."""
        with self._lock, _transaction(self._quick) as connection:
            columns = "epoch, rev, hello, clock, heard_at, picture_at"
            row = connection.execute(
                f"SELECT {columns} FROM picture WHERE situation = ?",  # noqa: S608
                (situation,),
            ).fetchone()
            if row is None:
                return None
            bodies = connection.execute("SELECT id, body FROM feature WHERE situation = ?", (situation,)).fetchall()
        epoch, rev, hello, clock, heard_at, picture_at = row
        try:
            features = {name: json.loads(body) for name, body in bodies}
            told, time = json.loads(hello), json.loads(clock)
            return StoredPicture(situation, epoch, rev, told, time, heard_at, picture_at, features)
        except ValueError:  # a letter that the disk changed; the server has all of it
            self.forget_pictures()
            return None

    def forget_pictures(self) -> None:
        """Erase every picture: somebody else signs in, or the crew signs out."""
        with self.durable() as connection:
            connection.execute("DELETE FROM feature")
            connection.execute("DELETE FROM picture")


class UnreadableStore(ValueError):
    """The file is a database, but not one that this version can read."""


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_damage(problem: sqlite3.OperationalError) -> bool:
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
