"""The trail: nothing is changed, removed or slipped in without being noticed."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from server.access import Principal
from server.audit import OPERATOR, Audit

WHO = Principal(token_id="12345678", name="Leitstelle", role="control", situations="*")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A trail of five lines."""
    audit = Audit(tmp_path / "audit.db")
    for number in range(5):
        audit.append("picture", WHO, "live", number=number, layers=None)
    return tmp_path / "audit.db"


def test_lines_say_who_did_what(path: Path) -> None:
    first = next(Audit(path).entries())
    assert (first.seq, first.action, first.name, first.role, first.situation) == (
        1,
        "picture",
        "Leitstelle",
        "control",
        "live",
    )
    assert first.detail == '{"layers":null,"number":0}'
    assert Audit(path).verify() == (5, None)
    assert Audit(path.with_name("empty.db")).verify() == (0, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET name = 'somebody else'",
        "DELETE FROM audit WHERE seq = 5",
        (
            "INSERT OR REPLACE INTO audit SELECT seq, at, action, token_id, 'x', role, situation, detail, previous,"
            " hash FROM audit WHERE seq = 3"
        ),
    ],
)
def test_the_file_refuses_changes(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)
    db.close()
    assert Audit(path).verify() == (5, None)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET name = 'somebody else' WHERE seq = 3", 3),
        ("UPDATE audit SET at = '2000-01-01T00:00:00.000Z' WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 2", 3),
        ("UPDATE audit SET hash = previous WHERE seq = 5", 5),
    ],
)
def test_who_changes_it_all_the_same_is_noticed(path: Path, statement: str, broken: int) -> None:
    db = sqlite3.connect(path)
    for trigger in ("audit_no_update", "audit_no_delete", "audit_no_replace"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute(statement)
    db.commit()
    db.close()
    assert Audit(path).verify()[1] == broken


def test_several_processes_extend_one_chain(path: Path) -> None:
    program = (
        "import sys, pathlib; from server.audit import Audit, OPERATOR\n"
        "for n in range(20): Audit(pathlib.Path(sys.argv[1])).append('export', OPERATOR, 'live', n=n)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(3)]
    for _ in range(20):
        Audit(path).append("export", OPERATOR, "live")
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert Audit(path).verify() == (85, None)
