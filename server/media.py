"""Pictures and other files that observations refer to: kept by their content (SHA-256), apart for each situation.

DATA/media/<situation>/<first two digits>/<id> holds the bytes, DATA/media/index.db what they are. A file is durable
before its id is given out. The store is bounded in bytes and number; the oldest give way, and are counted. What is kept
longer than the settings say is erased.
"""

import hashlib
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from layers.observation import MAX_ID_CHARS, Sensitivity
from server import runtime
from server.durable import replace_file

log = logging.getLogger("lagebild.media")

BUSY_TIMEOUT_MS = 10_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS item(
  situation TEXT NOT NULL, id TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL, sensitivity TEXT NOT NULL,
  subject TEXT, created REAL NOT NULL, PRIMARY KEY(situation, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_age ON item(created);
CREATE TABLE IF NOT EXISTS counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('dropped', 0), ('expired', 0);
"""
_ID = re.compile(r"[0-9a-f]{64}")
_SITUATION = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}")
_MIME = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}")
_STRICTNESS = (Sensitivity.PUBLIC, Sensitivity.OPERATIONAL, Sensitivity.PERSONAL)
_ERASE_AT_ONCE = 100


class MediaError(ValueError):
    """The file is not kept; the message says why."""


class MediaSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of pictures and other files."""

    item_bytes: Annotated[int, Meta(ge=1)] = 32_000_000
    """Largest single file."""
    total_bytes: Annotated[int, Meta(ge=1)] = 10_000_000_000
    """All files together; the oldest give way."""
    items: Annotated[int, Meta(ge=1)] = 100_000
    """Most files; the oldest give way."""
    keep_days: Annotated[float, Meta(gt=0)] = 30
    """Files older than this are erased."""


class Item(Struct, frozen=True, kw_only=True):
    """What is known of a file. `subject` is whose feature refers to it; who may not see that, may not see the file."""

    situation: str
    id: str
    mime: str
    size: int
    sensitivity: Sensitivity
    subject: str | None
    created: float


def media_id(body: bytes) -> str:
    """The id of a file, of its bytes alone: a decoder may name a file before anybody has stored it."""
    return hashlib.sha256(body).hexdigest()


def media_url(item_id: str) -> str:
    """Where a client gets the file, with its token and `?situation=`."""
    return f"/media/{item_id}"


class MediaStore:
    """The files in one folder. Calls come from the loop side; disk and database run in a real thread."""

    def __init__(
        self, folder: Path, settings: MediaSettings | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self.settings = settings or MediaSettings()
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(folder / "index.db", check_same_thread=False)
        self._db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._lock = threading.Lock()
        self._sweep()

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._db.close()

    def put(
        self,
        situation: str,
        body: bytes,
        mime: str,
        sensitivity: Sensitivity = Sensitivity.OPERATIONAL,
        subject: str | None = None,
    ) -> str:
        """Keep a file durably and give its id.

        The same bytes again are the same file: the stricter word counts, the subject that came first stays.

        Raises MediaError for a file that is empty or too large, or a name that is none.
        """
        if not body or len(body) > self.settings.item_bytes:
            raise MediaError(f"a file has 1 to {self.settings.item_bytes} bytes, not {len(body)}")
        if not _SITUATION.fullmatch(situation) or not _MIME.fullmatch(mime):
            raise MediaError(f"no situation or no media type: {situation[:40]!r}, {mime[:40]!r}")
        item = Item(
            situation=situation,
            id=media_id(body),
            mime=mime,
            size=len(body),
            sensitivity=sensitivity,
            subject=None if subject is None else subject[:MAX_ID_CHARS],
            created=self._clock(),
        )
        with self._lock:
            runtime.offload(self._put, item, body)
        return item.id

    def get(self, situation: str, item_id: str) -> Item | None:
        """What is known of a file; None where there is none (any more)."""
        if not _ID.fullmatch(item_id):
            return None
        with self._lock:
            return runtime.offload(self._get, situation, item_id)

    def path(self, item: Item) -> Path:
        """Where its bytes are."""
        return self.folder / item.situation / item.id[:2] / item.id

    def drop(self, situation: str, item_id: str) -> None:
        """Erase a file."""
        with self._lock:
            runtime.offload(self._erase, [(situation, item_id)])

    def touch(self, situation: str, item_ids: Iterable[str]) -> None:
        """They count as new: neither too old to be kept nor the first to give way."""
        rows = [(self._clock(), situation, item_id) for item_id in item_ids]
        with self._lock:
            runtime.offload(self._touch, rows)

    def forget(self, situation: str) -> None:
        """Erase all files of a situation."""
        with self._lock:
            rows = runtime.offload(self._rows, "SELECT situation, id FROM item WHERE situation=?", (situation,))
            runtime.offload(self._erase, rows)

    def expire(self) -> int:
        """Erase what is older than `keep_days`; how many files that were (at most a hundred at once)."""
        before = self._clock() - self.settings.keep_days * 86_400
        with self._lock:
            return runtime.offload(self._expire, before)

    def ids(self, prefix: str) -> list[tuple[str, str]]:
        """Situation and id of each file in situations whose names begin so."""
        with self._lock:
            query = "SELECT situation, id FROM item WHERE substr(situation, 1, ?)=?"
            return runtime.offload(self._rows, query, (len(prefix), prefix))

    def counts(self) -> dict[str, int]:
        """`items` and `bytes` kept, `dropped` to stay within the bounds, `expired` by age."""
        with self._lock:
            return runtime.offload(self._counts)

    def _put(self, item: Item, body: bytes) -> None:
        known = self._get(item.situation, item.id)
        if known is not None:
            strictest = max(known.sensitivity, item.sensitivity, key=_STRICTNESS.index)
            with self._db as db:
                db.execute(
                    "UPDATE item SET sensitivity=?, created=? WHERE situation=? AND id=?",
                    (strictest, item.created, item.situation, item.id),
                )
            return
        self._make_room(item.size)
        _write(self.path(item), body)
        with self._db as db:
            db.execute(
                "INSERT INTO item VALUES (?,?,?,?,?,?,?)",
                (item.situation, item.id, item.mime, item.size, item.sensitivity, item.subject, item.created),
            )

    def _make_room(self, size: int) -> None:
        items, total = self._rows("SELECT count(*), coalesce(sum(size), 0) FROM item")[0]
        while items and (items >= self.settings.items or total + size > self.settings.total_bytes):
            oldest = self._rows("SELECT situation, id, size FROM item ORDER BY created, id LIMIT 1")
            self._erase([row[:2] for row in oldest])
            self._count("dropped", len(oldest))
            items, total = items - 1, total - oldest[0][2]

    def _expire(self, before: float) -> int:
        rows = self._rows("SELECT situation, id FROM item WHERE created < ? LIMIT ?", (before, _ERASE_AT_ONCE))
        self._erase(rows)
        self._count("expired", len(rows))
        return len(rows)

    def _touch(self, rows: Sequence[tuple[float, str, str]]) -> None:
        with self._db as db:
            db.executemany("UPDATE item SET created=? WHERE situation=? AND id=?", rows)

    def _erase(self, rows: Sequence[tuple[str, str]]) -> None:
        with self._db as db:
            db.executemany("DELETE FROM item WHERE situation=? AND id=?", rows)
        for situation, item_id in rows:
            (self.folder / situation / item_id[:2] / item_id).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Erase what a crash left: files without a row, and files that were being written."""
        known = set(self._rows("SELECT situation, id FROM item"))
        for path in self.folder.glob("*/??/*"):
            if (path.parent.parent.name, path.name) not in known:
                log.warning("a file without an entry is erased", extra={"path": str(path)})
                path.unlink(missing_ok=True)

    def _get(self, situation: str, item_id: str) -> Item | None:
        rows = self._rows("SELECT * FROM item WHERE situation=? AND id=?", (situation, item_id))
        if not rows:
            return None
        situation, item_id, mime, size, sensitivity, subject, created = rows[0]
        return Item(
            situation=situation,
            id=item_id,
            mime=mime,
            size=size,
            sensitivity=Sensitivity(sensitivity),
            subject=subject,
            created=created,
        )

    def _counts(self) -> dict[str, int]:
        items, total = self._rows("SELECT count(*), coalesce(sum(size), 0) FROM item")[0]
        return {"items": items, "bytes": total, **dict(self._rows("SELECT name, value FROM counter"))}

    def _count(self, name: str, number: int) -> None:
        with self._db as db:
            db.execute("UPDATE counter SET value = value + ? WHERE name=?", (number, name))

    def _rows(self, query: str, arguments: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        return self._db.execute(query, arguments).fetchall()


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, body)
