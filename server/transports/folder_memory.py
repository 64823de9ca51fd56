"""Which files of a watched folder were handed over already: outlasts a restart. Runs beside the loop."""

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from server.transports.folder_scan import Found

_SCHEMA = """CREATE TABLE IF NOT EXISTS taken (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 BLOB NOT NULL, good INTEGER NOT NULL
) WITHOUT ROWID"""


class Memory:
    """What became of each file by its path: True taken, False refused. Without a file it forgets with the process."""

    def __init__(self, file: Path | None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._database = sqlite3.connect(file or ":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(_SCHEMA)

    def known(self, file: Found) -> bool | None:
        """What became of a file that did not change since; None where it is new or changed."""
        row = self._database.execute(
            "SELECT good FROM taken WHERE path = ? AND size = ? AND mtime_ns = ?", (file.path, file.size, file.mtime_ns)
        ).fetchone()
        return None if row is None else bool(row[0])

    def same(self, file: Found, body: bytes) -> bool | None:
        """What became of the same content under this path (it was only touched); None where it is another."""
        row = self._database.execute("SELECT sha256, good FROM taken WHERE path = ?", (file.path,)).fetchone()
        return bool(row[1]) if row is not None and row[0] == hashlib.sha256(body).digest() else None

    def keep(self, file: Found, body: bytes, good: bool) -> None:
        """Remember it, durably."""
        row = (file.path, file.size, file.mtime_ns, hashlib.sha256(body).digest(), good)
        self._database.execute("INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?, ?)", row)

    def forget(self, paths: Iterable[str]) -> None:
        """These files are gone."""
        self._database.executemany("DELETE FROM taken WHERE path = ?", [(path,) for path in paths])

    def paths(self) -> set[str]:
        """Every path that is remembered."""
        return {path for (path,) in self._database.execute("SELECT path FROM taken")}

    def close(self) -> None:
        """Close it."""
        self._database.close()
