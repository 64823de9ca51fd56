"""The quarantine: bounded, counted, without secrets, and there after the process is gone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.quarantine import Quarantine, Row, redact, row

AT = datetime(2026, 11, 21, 20, tzinfo=UTC)


def refusal(number: int = 0, source: str = "ngsi/a", **more: Any) -> Row:
    """A row."""
    kept = {"kind": "malformed", "reason": f"reason {number}", "excerpt": "{", "size": 1, **more}
    return row(at=AT, situation="live", source=source, sender="a (1)", **kept)


def test_rows_come_back_newest_first_and_after_a_restart(tmp_path: Path) -> None:
    first = Quarantine(tmp_path / "q.db")
    assert first.add([]) == 0
    last = first.add([refusal(number) for number in range(5)])
    first.close()
    again = Quarantine(tmp_path / "q.db")
    assert [one.reason for one in again.list(2)] == ["reason 4", "reason 3"]
    assert [one.reason for one in again.list(2, before=last - 1)] == ["reason 2", "reason 1"]
    found = again.get(last)
    assert found is not None
    assert (found.id, found.at, found.reason) == (last, "2026-11-21T20:00:00.000Z", "reason 4")
    assert again.get(last + 1) is None
    assert again.counts()["rows"] == 5
    again.close()
    assert (tmp_path / "q.db").stat().st_mode & 0o077 == 0


def test_a_noisy_source_pushes_out_itself_alone(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "q.db", max_rows_per_source=10)
    quarantine.add([refusal(1, "ngsi/quiet")])
    for number in range(100):
        quarantine.add([refusal(number, "ngsi/noisy")])
    kept = quarantine.list(1_000)
    assert [one.instance for one in kept].count("noisy") == 10
    assert kept[-1].instance == "quiet"
    assert quarantine.counts() == {
        "rows": 11,
        "total": 101,
        "dropped": 90,
        "bytes": sum(len(o.reason) + 1 for o in kept),
        "open": 11,
        "messages": 0,
        "message_bytes": 0,
        "messages_dropped": 0,
    }
    quarantine.close()


def test_rows_and_bytes_are_bounded(tmp_path: Path) -> None:
    few = Quarantine(tmp_path / "few.db", max_rows=20)
    few.add([refusal(number, f"ngsi/{number}") for number in range(50)])
    assert [one.reason for one in few.list(100)][-1] == "reason 30"
    assert few.counts()["dropped"] == 30
    few.close()
    small = Quarantine(tmp_path / "small.db", max_bytes=10_000)
    for number in range(1_000):
        small.add([refusal(number, excerpt="x" * 90)])
    assert small.counts()["bytes"] <= 10_000
    assert small.counts()["total"] == 1_000
    assert small.list(1)[0].reason == "reason 999"
    small.close()


@pytest.mark.parametrize(
    "text",
    [
        '{"authToken": "geheim"}',
        '{"password":"geheim","x":1}',
        '{"X-Auth-Token" : "geheim \\" geheim"}',
        '{"api_key":geheim}',
        '{"secretAccessKey": "geheim',
        "Authorization: Bearer geheim.geheim-geheim",
    ],
)
def test_secrets_are_blanked(text: str) -> None:
    assert "geheim" not in redact(text)
    assert "geheim" not in refusal(excerpt=text).excerpt
    assert "geheim" not in refusal(reason=text).reason


def test_what_is_no_secret_stays() -> None:
    text = '{"id":"a","value":"x","status":3}'
    assert redact(text) == text


def test_texts_that_a_database_cannot_hold(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "q.db")
    quarantine.add([refusal(excerpt="a\0b\ud800", subject="\ud800", reason="\ud800" * 1_000)])
    (kept,) = quarantine.list()
    assert (kept.excerpt, len(kept.reason)) == ("a\N{SYMBOL FOR NULL}b?", 500)
    quarantine.close()
