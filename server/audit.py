"""The trail of who did and read what: append-only, hash-chained (DATA/audit.db).

Each entry's hash covers the hash before it, so a changed, removed or inserted row breaks the chain from there on;
triggers refuse UPDATE and DELETE. Several processes may append: the chain is extended inside an immediate transaction.
What is written are names of tokens, actions and ids, never tokens, codes or the personal data that was read.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from server import runtime
from server.access import BUSY_TIMEOUT_MS, Principal

GENESIS = "0" * 64

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit(
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL, token_id TEXT NOT NULL, name TEXT NOT NULL,
  role TEXT NOT NULL, situation TEXT NOT NULL, detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_no_replace BEFORE INSERT ON audit
  WHEN NEW.seq <= (SELECT max(seq) FROM audit)
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
"""

INSERT = "INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?)"
SELECT = "SELECT * FROM audit WHERE seq > ? ORDER BY seq"
OPERATOR = Principal(token_id="cli", name="operator", role="admin", situations="*")  # noqa: S106
"""Whoever has a shell on the machine."""


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One line of the trail. `detail` is a JSON object."""

    seq: int
    at: str
    action: str
    token_id: str
    name: str
    role: str
    situation: str
    detail: str
    previous: str
    hash: str

    def expected(self, previous: str) -> str:
        """The hash this entry must carry when it follows the entry with the hash `previous`."""
        words = (
            self.seq,
            self.at,
            self.action,
            self.token_id,
            self.name,
            self.role,
            self.situation,
            self.detail,
            previous,
        )
        return hashlib.sha256(msgspec.json.encode(words)).hexdigest()


class Audit:
    """Appends to and proves the trail."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        with closing(self._open()) as db:
            db.executescript(SCHEMA)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None)
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        return db

    def append(self, action: str, who: Principal, situation: str = "", **detail: Any) -> None:
        """Write one line; it is on disk when this returns. `detail` holds ids, counts and words, no personal data."""
        runtime.offload(self._append, action, who, situation, msgspec.json.encode(detail, order="sorted").decode())

    def _append(self, action: str, who: Principal, situation: str, detail: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with closing(self._open()) as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (0, GENESIS)
            entry = AuditEntry(
                seq=last[0] + 1,
                at=at,
                action=action,
                token_id=who.token_id,
                name=who.name,
                role=who.role,
                situation=situation,
                detail=detail,
                previous=last[1],
                hash="",
            )
            row = {**msgspec.structs.asdict(entry), "hash": entry.expected(last[1])}
            db.execute(INSERT, tuple(row.values()))
            db.execute("COMMIT")

    def entries(self, after: int = 0) -> Iterator[AuditEntry]:
        """The lines after `after`, in order."""
        with closing(self._open()) as db:
            for row in db.execute(SELECT, (after,)):
                yield AuditEntry(**dict(zip(AuditEntry.__struct_fields__, row, strict=True)))

    def verify(self) -> tuple[int, int | None]:
        """Number of lines and the first `seq` at which the chain is broken, None when it holds."""
        previous, count = GENESIS, 0
        for entry in self.entries():
            count += 1
            if entry.seq != count or entry.previous != previous or entry.hash != entry.expected(previous):
                return count, entry.seq
            previous = entry.hash
        return count, None
