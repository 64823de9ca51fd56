"""The SQLite journal: the contract, and what can happen to a file."""

import contextlib
import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.journal import JournalCorrupt, JournalError, JournalLocked, JournalTooNew, JournalUnavailable, schema
from server.journal.lock import holder
from server.journal.sqlite import SqliteJournal
from tests.journal.contract import JournalContract, drafts, message

FILE = "journal.db"


class TestSqlite(JournalContract):
    """The contract, kept by SQLite."""

    @pytest.fixture(autouse=True)
    def opened(self) -> Iterator[None]:
        """Close what a test opened."""
        self.journals: list[SqliteJournal] = []
        yield
        for journal in self.journals:
            journal.close()

    def open(self, folder: Path) -> SqliteJournal:
        self.journals.append(SqliteJournal(folder / FILE))
        return self.journals[-1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of 40 entries from 20 messages, closed."""
    with contextlib.closing(SqliteJournal(tmp_path / FILE)) as journal:
        for number in range(1, 41, 2):
            journal.append(drafts(number, number + 1, message(str(number).encode())))
    return tmp_path / FILE


def tamper(path: Path, sql: str, *values: object) -> None:
    """Change a closed journal behind its back."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE entries SET observation = replace(observation, 'Florian 7', 'Florian 8') WHERE seq = 7", "entry 7"),
        ("DELETE FROM entries WHERE seq = 7", "entry 7: missing"),
        ("UPDATE raws SET body = CAST('forged' AS BLOB) WHERE id = 3", "original message 3"),
        ("UPDATE raws SET sender = 'somebody' WHERE id = 3", "original message 3"),
        ("DELETE FROM raws WHERE id = 3", "entry 5: its original message is missing"),
        ("UPDATE entries SET raw = NULL WHERE seq = 9", "entry 9: the hash chain is broken"),
        ("UPDATE entries SET id = 'other' WHERE seq = 9", "entry 9: its index columns"),
        ("UPDATE entries SET received_us = received_us + 1 WHERE seq = 9", "entry 9: its index columns"),
        ("UPDATE entries SET seq = 41 WHERE seq = 40", "entry 40: missing"),
    ],
)
def test_every_change_behind_our_back_is_proven(path: Path, sql: str, problem: str) -> None:
    statement = sql.replace("replace(observation", "replace(CAST(observation AS TEXT)")
    if "CAST" in statement:
        statement = statement.replace("SET observation = replace(", "SET observation = CAST(replace(").replace(
            "'Florian 8')", "'Florian 8') AS BLOB)"
        )
    tamper(path, statement)
    try:
        with contextlib.closing(SqliteJournal(path, writable=False)) as journal:
            report = journal.check()
    except JournalCorrupt as error:  # the tail is proven on opening already
        assert "hash chain is broken" in str(error)
        return
    assert any(problem in line for line in report.problems), report.problems


def test_cutting_off_the_end_shows_in_the_noted_head(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path)) as journal:
        noted = journal.check()
    tamper(path, "DELETE FROM entries WHERE seq = 40")
    tamper(path, "DELETE FROM raws WHERE id > 20")
    with contextlib.closing(SqliteJournal(path)) as journal:
        now = journal.check()
    assert now.ok
    assert (now.entries, now.head) != (noted.entries, noted.head)


def test_a_second_writer_is_refused_and_told_who_has_it(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path)), pytest.raises(JournalLocked, match=f"process {os.getpid()}"):
        SqliteJournal(path)
    assert holder(path.with_name(FILE + ".lock")) is None
    SqliteJournal(path).close()


def test_a_second_process_is_refused_and_a_reader_is_not(path: Path) -> None:
    code = "import sys; from server.journal.sqlite import SqliteJournal as J; print(J(sys.argv[1], writable={}).last())"
    with contextlib.closing(SqliteJournal(path)) as journal:
        journal.append(drafts(41, 41))
        second = subprocess.run(
            [sys.executable, "-c", code.format(True), path], capture_output=True, text=True, check=False
        )
        reader = subprocess.run(
            [sys.executable, "-c", code.format(False), path], capture_output=True, text=True, check=True
        )
        assert holder(path.with_name(FILE + ".lock")) == str(os.getpid())
    assert "JournalLocked" in second.stderr
    assert f"in use by another server (process {os.getpid()})" in second.stderr
    assert reader.stdout.strip() == "41", "a reader sees what is still in the WAL"


def test_a_full_disk_keeps_nothing_and_harms_nothing(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path)) as journal:
        assert journal._writer is not None
        pages: int = journal._writer.execute("PRAGMA page_count").fetchone()[0]
        journal._writer.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalUnavailable, match="full"):
            journal.append(drafts(41, 45, message(b"x" * 100_000)))
        assert journal.last() == 40
        assert [raw.raw.body for raw in journal.raws(38, 10)] == [b"39"]
        journal._writer.execute("PRAGMA max_page_count = 1073741823")
        assert [entry.seq for entry in journal.append(drafts(41, 45)).entries] == [41, 42, 43, 44, 45]
        assert journal.check().ok


FULL_DISK = """
import sys, contextlib
from pathlib import Path
from server.journal import JournalUnavailable
from server.journal.sqlite import SqliteJournal
from tests.journal.contract import drafts, message
folder = Path(sys.argv[1])
journal = SqliteJournal(folder / "journal.db")
kept = 0
for number in range(1, 2000):
    try:
        kept = journal.append(drafts(number, number, message(b"x" * 10_000, number))).entries[-1].seq
    except JournalUnavailable as error:
        print("reason:", error)
        break
else:
    sys.exit("the disk never became full")
assert journal.last() == kept == number - 1, (journal.last(), kept, number)
(folder / "ballast").unlink()
assert journal.append(drafts(number, number)).entries[0].seq == kept + 1
report = journal.check()
assert report.ok and report.entries == kept + 1, report
"""


READ_ONLY = """
import sys
from server.journal.sqlite import SqliteJournal
print(SqliteJournal(sys.argv[1] + "/journal.db", writable=False).last(), flush=True)
SqliteJournal(sys.argv[1] + "/journal.db")
"""


def in_own_mount(script: str, folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script ($1: folder), then Python code, in a mount namespace of their own; skips where none is had."""
    enter = ["unshare", "-rm", "sh", "-ec"]
    probe = [*enter, 'mount -t tmpfs -o size=1m none "$1"', "sh", str(folder)]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces for us on this machine")
    command = [*enter, script + '; exec "$2" -c "$3" "$1"', "sh", str(folder), sys.executable, code]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def test_no_space_left_on_a_real_file_system(tmp_path: Path) -> None:
    done = in_own_mount(
        'mount -t tmpfs -o size=2m none "$1"; head -c 500000 /dev/zero > "$1/ballast"', tmp_path, FULL_DISK
    )
    assert done.returncode == 0, done.stderr
    assert "full" in done.stdout


def test_a_read_only_folder_is_refused_in_plain_words_and_can_be_read(path: Path) -> None:
    done = in_own_mount('mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"', path.parent, READ_ONLY)
    assert done.stdout.strip() == "40", done.stderr
    assert "JournalUnavailable" in done.stderr
    assert "cannot be opened for writing: Read-only file system" in done.stderr


def test_a_file_that_vanished_is_noticed_before_anything_is_acknowledged(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path)) as journal:
        path.rename(path.with_name("moved.db"))
        with pytest.raises(JournalUnavailable):
            journal.append(drafts(41, 41))
        path.touch()
        with pytest.raises(JournalUnavailable, match="replaced"):
            journal.append(drafts(41, 41))


def test_a_writer_elsewhere_that_holds_the_file_makes_us_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.journal.sqlite.BUSY_TIMEOUT_S", 0.05)
    with contextlib.closing(SqliteJournal(path)) as journal, contextlib.closing(sqlite3.connect(path)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="locked"):
            journal.append(drafts(41, 41))
        shell.rollback()
        assert journal.append(drafts(41, 41)).entries[0].seq == 41


@pytest.mark.parametrize("content", [b"hello, this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_foreign_or_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(JournalCorrupt, match=r"journal\.db"):
        SqliteJournal(tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == content, "left as it was"


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("CREATE TABLE theirs (a)")
    with pytest.raises(JournalCorrupt, match="not a journal of Lagebild"):
        SqliteJournal(tmp_path / FILE)


def test_a_file_of_a_newer_release_is_refused(path: Path) -> None:
    tamper(path, f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(JournalTooNew, match="newer release"):
        SqliteJournal(path)


def test_an_older_file_is_brought_up_to_date_in_one_transaction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "VERSION", 3)

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE second (a)")
        raise sqlite3.OperationalError("half way")

    monkeypatch.setattr(schema, "MIGRATIONS", {1: lambda c: c.execute("CREATE TABLE first (a)"), 2: fail})
    with pytest.raises(JournalError):
        SqliteJournal(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
        assert "first" not in str(connection.execute("SELECT name FROM sqlite_schema").fetchall())
    with pytest.raises(JournalUnavailable, match="start the server once"):
        SqliteJournal(path, writable=False)
    monkeypatch.setitem(schema.MIGRATIONS, 2, lambda c: c.execute("CREATE TABLE second (a)"))
    with contextlib.closing(SqliteJournal(path)) as journal:
        assert journal.last() == 40
        assert journal.check().ok


def test_a_broken_tail_stops_the_start(path: Path) -> None:
    tamper(path, "UPDATE entries SET chain = zeroblob(32) WHERE seq = 39")
    with pytest.raises(JournalCorrupt, match="entry 39"):
        SqliteJournal(path)
    assert holder(path.with_name(FILE + ".lock")) is None, "the lock is let go"


def test_reading_leaves_no_connection_behind(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path, writable=False)) as journal:
        for _ in range(50):
            journal.read(0, 1)
    gc.collect()
    open_files = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [name for name in open_files if str(path.parent) in name]
