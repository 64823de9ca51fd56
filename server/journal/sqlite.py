"""The embedded journal: one SQLite file in WAL mode, synchronous=FULL, one transaction per append (group commit).

Writing belongs to one process, which holds `<file>.lock`; inside it to one caller at a time (the desk). Readers take
short read-only connections of their own, so they neither wait for the writer nor hold it up. No function here logs or
takes a lock of Python's: they run in real threads beside an eventlet loop.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from layers.observation import Entry, decode
from server.journal import (
    Appended,
    Draft,
    JournalCorrupt,
    JournalError,
    JournalUnavailable,
    KeptRaw,
    RawRef,
    Report,
    Snapshot,
    chain,
    schema,
)
from server.journal.lock import Lock
from server.journal.moments import from_us, to_us
from server.journal.proof import prove
from server.journal.thinning import surplus

BUSY_TIMEOUT_S = 5.0
"""How long a write waits for a foreign program that holds the file, e.g. a shell with an open transaction."""
WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""What a WAL that a long reader made grow is cut back to."""
MAX_SNAPSHOTS = 12
TAIL_CHECKED = 500
"""Links of the chain proven on every opening; `check` proves all."""

_INSERT = "INSERT INTO entries VALUES (?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING"


class SqliteJournal:
    """A journal in the file `path`; created where missing (the folder must exist), file mode 0600.

    With `writable=False` nothing is locked or changed: for verification, export and backup beside a running server.
    Raises JournalLocked, JournalUnavailable, JournalCorrupt, JournalTooNew.
    """

    def __init__(self, path: Path | str, *, writable: bool = True) -> None:
        self.path = Path(path)
        self._lock: Lock | None = None
        self._writer: sqlite3.Connection | None = None
        self._head: tuple[int, bytes, int] | None = None
        if writable:
            self._lock = Lock(self.path.with_name(self.path.name + ".lock"), f"journal {self.path}")
        try:
            if writable:
                self._open_writer()
            with self._reader() as connection:
                schema.check(connection, str(self.path))
                self._origin, self._epoch = schema.epochs(connection)
            self._check_tail()
        except BaseException:
            self.close()
            raise

    @property
    def epoch(self) -> str:
        """Random id of this file's sequence, made when the file was; a copy made by `server.backup` has another."""
        return self._epoch

    def append(self, drafts: Sequence[Draft]) -> Appended:
        """See `Journal.append`."""
        with self._transaction() as connection:
            last, link, raw_id = self._head or self._load_head(connection)
            self._head = None  # until the commit succeeded nobody knows what is on disk
            kept: list[Entry] = []
            raw: RawRef | None = None
            raw_digest = chain.NO_RAW
            stored: RawRef | None = None
            for draft in drafts:
                if draft.raw is not raw:
                    raw = draft.raw
                    raw_digest = chain.NO_RAW if raw is None else chain.raw_digest(raw)
                number = None if raw is None else raw_id + (raw is not stored)
                following = chain.link(link, last + 1, draft.data, raw_digest)
                received_us = to_us(draft.observation.received_at)
                row = (last + 1, draft.observation.id, received_us, number, following, draft.data)
                if connection.execute(_INSERT, row).rowcount == 0:
                    continue
                if raw is not None and raw is not stored:  # kept with the first entry that it gave rise to
                    raw_id, stored = raw_id + 1, raw
                    _insert_raw(connection, raw_id, raw, raw_digest)
                elif raw is None:
                    stored = None
                last, link = last + 1, following
                kept.append(Entry(seq=last, observation=draft.observation))
        self._head = (last, link, raw_id)
        return Appended(entries=kept, duplicates=len(drafts) - len(kept))

    def read(self, after: int, limit: int) -> list[Entry]:
        """See `Journal.read`."""
        sql = "SELECT seq, observation FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._reader() as connection:
            return [Entry(seq=seq, observation=decode(data)) for seq, data in connection.execute(sql, (after, limit))]

    def last(self) -> int:
        """See `Journal.last`."""
        if self._head is not None:
            return self._head[0]
        with self._reader() as connection:
            return int(connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0])

    def seq_at(self, at: datetime) -> int:
        """See `Journal.seq_at`."""
        sql = "SELECT seq FROM entries WHERE received_us <= ? ORDER BY seq DESC LIMIT 1"
        with self._reader() as connection:
            row = connection.execute(sql, (to_us(at),)).fetchone()
            return int(row[0]) if row else 0

    def raws(self, after: int, limit: int) -> list[KeptRaw]:
        """See `Journal.raws`."""
        spans: dict[int, tuple[int, int]] = {}
        sql = "SELECT seq, raw FROM entries WHERE seq > ? AND raw IS NOT NULL AND raw > ? ORDER BY seq"
        before = "SELECT raw FROM entries WHERE seq <= ? AND raw IS NOT NULL ORDER BY seq DESC LIMIT 1"
        with self._reader() as connection:
            known = connection.execute(before, (after,)).fetchone()
            for seq, raw in connection.execute(sql, (after, known[0] if known else 0)):
                if raw not in spans and len(spans) == limit:
                    break
                spans[raw] = (spans.get(raw, (seq, seq))[0], seq)
            return [
                KeptRaw(first_seq=first, last_seq=last, raw=_load_raw(connection, raw))
                for raw, (first, last) in spans.items()
            ]

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """See `Journal.save_snapshot`; at most MAX_SNAPSHOTS are kept, dense near the end and spread before it."""
        with self._transaction() as connection:
            row = (snapshot.seq, snapshot.fingerprint, snapshot.digest, snapshot.body)
            connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?)", row)
            kept = connection.execute("SELECT seq, fingerprint FROM snapshots ORDER BY seq, fingerprint").fetchall()
            for seq, fingerprint in surplus(kept, snapshot.fingerprint, MAX_SNAPSHOTS):
                connection.execute("DELETE FROM snapshots WHERE seq = ? AND fingerprint = ?", (seq, fingerprint))

    def snapshot(self, fingerprint: str, not_after: int) -> Snapshot | None:
        """See `Journal.snapshot`."""
        sql = "WHERE fingerprint = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
        return next(iter(self._snapshots(sql, (fingerprint, not_after))), None)

    def snapshots(self) -> list[Snapshot]:
        """See `Journal.snapshots`."""
        return self._snapshots("ORDER BY seq, fingerprint", ())

    def skip(self, seq: int, reason: str) -> None:
        """See `Journal.skip`."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO skipped VALUES (?,?)", (seq, reason))

    def skipped(self) -> dict[int, str]:
        """See `Journal.skipped`."""
        with self._reader() as connection:
            return dict(connection.execute("SELECT seq, reason FROM skipped ORDER BY seq").fetchall())

    def check(self) -> Report:
        """See `Journal.check`."""
        with self._reader() as connection:
            return prove(connection, self._origin)

    def close(self) -> None:
        """See `Journal.close`."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock is not None:
            self._lock.release()

    def _open_writer(self) -> None:
        with _explained(self.path):
            self.path.touch(mode=0o600, exist_ok=True)
            self._writer = _connect(self.path, "rw")
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = FULL")
            self._writer.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            schema.prepare(self._writer, str(self.path))
            self._inode = self.path.stat().st_ino

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, rolled back whatever goes wrong."""
        connection = self._writer
        if connection is None:
            raise JournalUnavailable(f"{self.path} is not open for writing")
        with _explained(self.path):
            # SQLite would go on writing into a deleted file, and every acknowledgement would be a lie
            if self.path.stat().st_ino != self._inode:
                raise JournalUnavailable(f"{self.path} was replaced under the running server")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        with _explained(self.path), contextlib.closing(_connect_reader(self.path)) as connection:
            connection.execute("BEGIN")  # one consistent state, however many statements
            yield connection

    def _load_head(self, connection: sqlite3.Connection) -> tuple[int, bytes, int]:
        row = connection.execute("SELECT seq, chain FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        raw_id: int = connection.execute("SELECT coalesce(max(id), 0) FROM raws").fetchone()[0]
        return (row[0], row[1], raw_id) if row else (0, chain.genesis(self._origin), raw_id)

    def _check_tail(self) -> None:
        """Prove the newest links, so that a damaged end is noticed before anything is appended to it."""
        sql = """SELECT e.seq, e.chain, e.observation, r.digest FROM entries e LEFT JOIN raws r ON r.id = e.raw
                 ORDER BY e.seq DESC LIMIT ?"""
        with self._reader() as connection:
            rows = connection.execute(sql, (TAIL_CHECKED + 1,)).fetchall()
        rows.reverse()
        if rows and rows[0][0] == 1:
            rows.insert(0, (0, chain.genesis(self._origin), b"", None))
        for (before, previous, _, _), (seq, link, data, raw) in itertools.pairwise(rows):
            if seq != before + 1 or link != chain.link(previous, seq, data, raw or chain.NO_RAW):
                raise JournalCorrupt(f"{self.path}: the hash chain is broken at entry {seq}; restore a backup")

    def _snapshots(self, where: str, values: tuple[str | int, ...]) -> list[Snapshot]:
        with self._reader() as connection:
            rows = connection.execute(f"SELECT seq, digest, fingerprint, body FROM snapshots {where}", values)  # noqa: S608
            return [Snapshot(seq=seq, digest=digest, fingerprint=mark, body=body) for seq, digest, mark, body in rows]


def _insert_raw(connection: sqlite3.Connection, number: int, raw: RawRef, digest: bytes) -> None:
    row = (number, raw.feed, raw.instance, raw.sender, to_us(raw.received_at), digest, raw.body)
    connection.execute("INSERT INTO raws VALUES (?,?,?,?,?,?,?)", row)


def _load_raw(connection: sqlite3.Connection, number: int) -> RawRef:
    sql = "SELECT feed, instance, sender, received_us, body FROM raws WHERE id = ?"
    feed, instance, sender, us, body = connection.execute(sql, (number,)).fetchone()
    return RawRef(feed=feed, instance=instance, sender=sender, received_at=from_us(us), body=body)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _connect_reader(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(path.name + "-wal").exists():
            connection = _connect(path, "rw")  # left by a crash: only a writer may recover it, which changes no entry
            connection.execute("PRAGMA query_only = ON")
        else:  # on read-only storage; without a WAL beside it the file is complete, and nobody can be writing to it
            connection = _connect(path, "ro&immutable=1")
    return connection


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system report into words for the operator."""
    try:
        yield
    except JournalError:
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "") or "SQLITE_ERROR"
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise JournalCorrupt(f"{path} is damaged or not a journal: {error}; restore a backup") from error
        raise JournalUnavailable(f"{path}: {error} ({name})") from error
    except OSError as error:
        raise JournalUnavailable(f"{path}: {error.strerror}") from error
