"""A SQLite file for each layer, with a version over its content, replaced as a whole; beside it how its source is."""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from layers.geo import bounds
from server.base.objects.plans import Plan
from server.base.objects.rows import Own, Refusal
from server.durable import install, replace_file

Box = tuple[float, float, float, float]
SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE object(
  key TEXT PRIMARY KEY, west REAL NOT NULL, south REAL NOT NULL, east REAL NOT NULL, north REAL NOT NULL,
  body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX object_where ON object(south, north, west, east);
"""
FORMAT = 1


class Stored(Struct, frozen=True, kw_only=True):
    """An object with its plans, as it is kept."""

    own: Own
    plans: tuple[Plan, ...] = ()


class State(Struct, kw_only=True):
    """How a layer's source stands. Times are ISO 8601; `data_at` is how old what is shown is."""

    version: str | None = None
    count: int = 0
    data_at: str | None = None
    checked_at: str | None = None
    trouble: str | None = None
    etag: str | None = None
    modified: str | None = None
    seen: str | None = None
    """Of a file: size and time of change, with the settings that it was read under."""
    refusals: int = 0
    refused: list[Refusal] = []
    plans: list[str] = []
    """Ids of the plans in force."""


class Layer:
    """The files of one layer in a folder; blocking."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    @property
    def path(self) -> Path:
        """The objects."""
        return self.folder / f"{self.name}.db"

    def state(self) -> State:
        """How it stands; empty where it was never imported."""
        try:
            return msgspec.json.decode((self.folder / f"{self.name}.json").read_bytes(), type=State)
        except (OSError, msgspec.DecodeError):
            return State()

    def note(self, state: State) -> None:
        """Keep how it stands."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self.folder / f"{self.name}.json", msgspec.json.encode(state))

    def write(self, objects: list[Stored], fingerprint: bytes) -> str:
        """Put these in the place of what was there, and give their version: equal versions are equal objects."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows = sorted((one.own.key, *bounds(one.own.geometry), msgspec.json.encode(one)) for one in objects)
        digest = hashlib.sha256(str(FORMAT).encode() + fingerprint)
        for row in rows:
            digest.update(row[-1])
        version = digest.hexdigest()[:16]
        draft = self.folder / f"{self.name}.{os.getpid()}.new"
        draft.unlink(missing_ok=True)
        try:
            with closing(sqlite3.connect(draft)) as db, db:
                db.executescript(SCHEMA)
                db.execute("INSERT INTO meta VALUES ('version', ?)", (version,))
                db.executemany("INSERT INTO object VALUES (?,?,?,?,?,?)", rows)
            draft.chmod(0o600)
            install(draft, self.path)
        finally:
            draft.unlink(missing_ok=True)
        return version

    def read(self, box: Box | None = None, limit: int | None = None) -> list[Stored]:
        """Objects that touch the box, by key; all without one. Nothing where nothing was imported."""
        query = "SELECT body FROM object"
        values: dict[str, float] = {"limit": -1 if limit is None else limit}
        if box is not None:
            query += " WHERE south <= :n AND north >= :s AND west <= :e AND east >= :w"
            values |= dict(zip("wsen", box, strict=True))
        return self._rows(f"{query} ORDER BY key LIMIT :limit", values)

    def get(self, key: str) -> Stored | None:
        """One object."""
        found = self._rows("SELECT body FROM object WHERE key = :key", {"key": key})
        return found[0] if found else None

    def box(self) -> Box | None:
        """What all of them lie in."""
        if not self.path.is_file():
            return None
        with closing(self._open()) as db:
            row = db.execute("SELECT min(west), min(south), max(east), max(north) FROM object").fetchone()
        return None if row[0] is None else tuple(row)

    def _rows(self, query: str, values: dict[str, Any]) -> list[Stored]:
        if not self.path.is_file():
            return []
        with closing(self._open()) as db:
            return [msgspec.json.decode(row[0], type=Stored) for row in db.execute(query, values)]

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
