"""The tables of an SQLite journal, their version, and the place where an older file is brought up to date."""

import secrets
import sqlite3
from collections.abc import Callable

from server.journal import JournalCorrupt, JournalTooNew, JournalUnavailable

APPLICATION_ID = 0x4C424A31
"""Marks the file as a journal of ours ("LBJ1"); `file` and a careful operator can see it."""

VERSION = 1

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE raws (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL, instance TEXT NOT NULL, sender TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    digest BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    received_us INTEGER NOT NULL,
    raw INTEGER REFERENCES raws (id),
    chain BLOB NOT NULL,
    observation BLOB NOT NULL
) STRICT;
CREATE TABLE snapshots (
    seq INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    digest TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (seq, fingerprint)
) STRICT;
CREATE TABLE skipped (seq INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;
"""

MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {}
"""Version found -> what brings the file to the next one, inside a transaction. Empty while there is only version 1."""


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Create the tables of an empty file, or bring an older file to `VERSION`; all or nothing.

    Raises JournalCorrupt for a foreign file, JournalTooNew for one of a newer release, JournalUnavailable where SQLite
    is too old for it.
    """
    if sqlite3.sqlite_version_info < (3, 37, 0):
        raise JournalUnavailable(f"SQLite {sqlite3.sqlite_version} is too old, 3.37 is needed")
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check(connection, path, empty_is_fine=True)
        if version == 0:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (secrets.token_hex(8),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            version = VERSION
        while version < VERSION:
            MIGRATIONS[version](connection)
            version += 1
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_journal(connection: sqlite3.Connection) -> bool:
    """Is this one of ours?"""
    return bool(connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)


def mark_copy(connection: sqlite3.Connection) -> None:
    """Give a copied journal an epoch of its own; the hash chain stays that of the original."""
    with connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('copy', ?)", (secrets.token_hex(4),))


def epochs(connection: sqlite3.Connection) -> tuple[str, str]:
    """The epoch that the hash chain begins with, and the one to be shown: another for every marked copy."""
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    return meta["epoch"], "-".join((meta["epoch"], meta["copy"])) if "copy" in meta else meta["epoch"]


def check(connection: sqlite3.Connection, path: str, *, empty_is_fine: bool = False) -> int:
    """The schema version of the file, 0 for an empty one. Raises JournalCorrupt, JournalTooNew."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables == 0 and version == 0 and empty_is_fine:
        return 0
    if application != APPLICATION_ID:
        raise JournalCorrupt(f"{path} is not a journal of Lagebild")
    if version > VERSION:
        raise JournalTooNew(f"{path} has schema {version}, this release knows {VERSION}: use the newer release")
    if version < VERSION and not empty_is_fine:
        raise JournalUnavailable(
            f"{path} has the older schema {version}: start the server once to bring it to {VERSION}"
        )
    return version
