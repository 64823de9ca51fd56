"""`verify` proves a journal and its snapshots; `backup` copies a folder while it is written to."""

import contextlib
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from layers.settings import PictureSettings
from server.backup import backup
from server.clock import WallClock
from server.desk import Desk, DeskSettings
from server.journal.sqlite import SqliteJournal
from server.picture_store import restore
from server.situations import Situations
from server.verification import verify
from tests.desk.test_desk import broken_domain, unit
from tests.situations.tools import DURATION_S, STARTS_AT, begin, exercise_of, go_to, opened, small_lines, write_scenario

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
"""Lately: units that nobody has heard of for days have left the picture that the snapshots hold."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of 300 entries with a few snapshots, closed."""
    journal = SqliteJournal(tmp_path / "journal.db")
    desk = Desk("test", journal, WallClock(), PictureSettings(), DeskSettings(snapshot_every=50))
    desk.start()
    for second in range(30):
        desk.submit([unit(number, AT + timedelta(seconds=second), f"{number}-{second}") for number in range(10)])
    desk.stop()
    journal.close()
    return tmp_path / "journal.db"


def change(path: Path, sql: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


def test_a_sound_journal_is_proven(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path, writable=False)) as journal:
        report = verify(journal, PictureSettings())
        assert report.ok, report.problems
        assert not report.remarks
        assert report.snapshots >= 5
        assert report.entries == journal.last()
        assert report.digest == restore(journal, PictureSettings())[0].digest()


def test_a_snapshot_that_lies_is_found(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path)) as journal:
        newest = journal.snapshots()[-1]
        forged = newest.body.replace(b"Florian", b"Florean") if b"Florian" in newest.body else newest.body
        forged = forged.replace(b"9-29", b"9-92")
        journal.save_snapshot(msgspec.structs.replace(newest, body=forged))
        report = verify(journal, PictureSettings())
    assert any("its bytes are not the picture" in problem for problem in report.problems)
    change(path, "UPDATE snapshots SET digest = 'x' WHERE seq = (SELECT min(seq) FROM snapshots)")
    with contextlib.closing(SqliteJournal(path)) as journal:
        report = verify(journal, PictureSettings())
    assert any("another picture" in problem for problem in report.problems)


def test_a_snapshot_that_is_none_is_found(path: Path) -> None:
    change(path, "UPDATE snapshots SET body = CAST('{}' AS BLOB) WHERE seq = (SELECT min(seq) FROM snapshots)")
    with contextlib.closing(SqliteJournal(path)) as journal:
        assert len(verify(journal, PictureSettings()).problems) == 1


def test_snapshots_of_other_settings_are_not_compared(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path, writable=False)) as journal:
        report = verify(journal, PictureSettings(density_threshold_pm2=5.0))
    assert report.ok
    assert len(report.remarks) == report.snapshots


def test_what_was_left_out_is_said_and_stays_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_domain(monkeypatch, "poison")
    journal = SqliteJournal(tmp_path / "journal.db")
    desk = Desk("test", journal, WallClock(), PictureSettings())
    desk.start()
    desk.submit([unit(1), unit(2, name="poison"), unit(3)])
    desk.stop()
    report = verify(journal, PictureSettings())
    assert report.ok
    assert report.skipped == 1
    assert "entry 2" in report.remarks[0]
    assert report.digest == desk.picture.digest()
    journal.close()


def test_a_bug_found_by_verification_is_a_problem_and_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_domain(monkeypatch, "3-20")
    with contextlib.closing(SqliteJournal(path, writable=False)) as journal:
        report = verify(journal, PictureSettings())
        assert report.problems
        assert "ZeroDivisionError" in report.problems[-1]
        assert journal.skipped() == {}


def test_a_backup_of_a_running_server_is_whole_and_is_known_as_a_copy(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_scenario(data, small_lines())
    with opened(data) as situations:
        exercise = begin(situations)
        go_to(situations, exercise, 300)
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                situations.live.desk.submit([unit(number, name=str(number))])
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        acknowledged = situations.live.picture.rev
        copied = backup(data, tmp_path / "copy")
        stop.set()
        writer.join()
        epochs = {"live": situations.live.epoch, exercise.id: exercise.epoch}
        go_to(situations, exercise, DURATION_S)
        expected, name = exercise.picture.digest(), exercise.id
    names = {str(path) for path in copied}
    assert {
        "live/journal.db",
        "quarantine.db",
        f"exercises/{name}/take-1.db",
        f"exercises/{name}/situation.json",
    } <= names
    assert not [path for path in names if path.endswith((".lock", "-wal", "-shm"))]
    with contextlib.closing(SqliteJournal(tmp_path / "copy" / "live" / "journal.db", writable=False)) as journal:
        assert journal.last() >= acknowledged
        assert verify(journal, PictureSettings()).ok
    with opened(tmp_path / "copy") as situations:
        assert situations.live.epoch != epochs["live"]
        exercise = exercise_of(situations, name)
        assert exercise.epoch != epochs[name]
        go_to(situations, exercise, DURATION_S)
        assert situations.as_of(exercise, STARTS_AT + timedelta(seconds=DURATION_S)).digest() == expected
        assert exercise.journal.check().ok
        assert_takes_observations(situations)
    with pytest.raises(FileExistsError):
        backup(data, tmp_path / "copy")


def assert_takes_observations(situations: Situations) -> None:
    before = situations.live.picture.rev
    assert situations.live.desk.submit([unit(5)]).last_seq > before
    assert situations.live.journal.check().ok
