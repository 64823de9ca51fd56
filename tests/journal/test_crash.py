"""Kill -9 and torn writes: what was acknowledged is there, without a gap, and the chain proves it."""

import random
import shutil
import time
from pathlib import Path

from server.journal.sqlite import SqliteJournal
from tests.journal.contract import drafts, message
from tests.journal.crash import kill_writers


def a_seed() -> int:
    """A new one each run; a failure prints it."""
    seed = time.time_ns() % 2**32
    print(f"seed {seed}")
    return seed


def test_killed_writers_lose_nothing(tmp_path: Path) -> None:
    assert kill_writers(tmp_path / "journal.db", rounds=6, seed=a_seed()) > 0


def test_a_torn_wal_loses_at_most_its_end_and_never_the_order(tmp_path: Path) -> None:
    """Cut or overwrite the end of the WAL as a power cut on a disk that lies about flushing would."""
    chance = random.Random(a_seed())
    journal = SqliteJournal(tmp_path / "journal.db")
    for number in range(1, 61):
        journal.append(drafts(number, number, message(chance.randbytes(chance.randint(1, 9000)), number)))
    found = set()
    for turn in range(40):
        torn = tmp_path / f"torn-{turn}"
        torn.mkdir()
        shutil.copy(tmp_path / "journal.db", torn)
        wal = (tmp_path / "journal.db-wal").read_bytes()
        cut = chance.randint(0, len(wal))
        tail = b"" if turn % 2 else chance.randbytes(min(len(wal) - cut, 20_000))
        (torn / "journal.db-wal").write_bytes(wal[:cut] + tail)
        opened = SqliteJournal(torn / "journal.db")
        report = opened.check()
        assert report.ok, report.problems
        assert [entry.seq for entry in opened.append(drafts(101, 102)).entries] == [
            report.entries + 1,
            report.entries + 2,
        ]
        assert opened.check().ok
        opened.close()
        found.add(report.entries)
        shutil.rmtree(torn)
    journal.close()
    assert len(found) > 5, "the cuts were at different places"


def test_garbage_after_the_last_commit_takes_nothing_away(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db")
    journal.append(drafts(1, 50, message()))
    torn = tmp_path / "torn"
    torn.mkdir()
    shutil.copy(tmp_path / "journal.db", torn)
    (torn / "journal.db-wal").write_bytes(
        (tmp_path / "journal.db-wal").read_bytes() + random.Random(1).randbytes(10_000)
    )
    journal.close()
    opened = SqliteJournal(torn / "journal.db")
    assert opened.last() == 50
    assert opened.check().ok
    opened.close()
