"""Tokens and codes: random, hashed, expiring, burnt, revoked; two processes on one file."""

import os
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.access import Access, AccessError, Principal, Role, new_secret


class Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.at = datetime(2026, 7, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def watch() -> Watch:
    """The time."""
    return Watch()


@pytest.fixture
def access(tmp_path: Path, watch: Watch) -> Access:
    """An empty register."""
    return Access(tmp_path / "access.db", watch)


def test_a_secret_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["-option", "-again", "good-one", "-next"])
    monkeypatch.setattr("server.access.secrets.token_urlsafe", lambda _: next(drawn))
    assert new_secret(32) == "good-one"


def test_a_token_opens_what_it_was_made_for(access: Access) -> None:
    token, row = access.create("crew", "HLF 1", "urn:unit:1", "ex-libori-1")
    assert access.check(token) == Principal(
        token_id=row.id, name="HLF 1", role="crew", unit="urn:unit:1", situations="ex-libori-1"
    )
    assert len(token) >= 43
    assert access.check(token[:-1]) is None
    assert access.check("") is None
    assert access.check("\ud800") is None


def test_the_file_opens_nothing(access: Access, tmp_path: Path) -> None:
    token, _ = access.create("admin", "a")
    code = access.create_code("control", "b")
    access.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in content
    assert code.encode() not in content
    assert stat.S_IMODE((tmp_path / "access.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("role", "situations"),
    [("control", "*"), ("liaison", "*"), ("admin", "*"), ("planner", "exercises"), ("crew", "live"), ("feed", "live")],
)
def test_situations_by_role(access: Access, role: str, situations: str) -> None:
    assert access.create(role, "x")[1].situations == situations


@pytest.mark.parametrize(
    ("situations", "open_", "home"),
    [
        ("*", {"live", "ex-a-1"}, "live"),
        ("live", {"live"}, "live"),
        ("exercises", {"ex-a-1"}, "live"),
        ("ex-a-1", {"ex-a-1"}, "ex-a-1"),
        ("ex-b-1,ex-a-1", {"ex-a-1"}, "ex-b-1"),
    ],
)
def test_what_is_open_to_a_token(situations: str, open_: set[str], home: str) -> None:
    who = Principal(token_id="1", name="x", role="crew", situations=situations)
    assert {name for name in ("live", "ex-a-1") if who.may_enter(name)} == open_
    assert who.home == home


@pytest.mark.parametrize(
    ("role", "name", "unit", "situations"),
    [
        ("chief", "x", None, None),
        ("crew", "", None, None),
        ("crew", " ", None, None),
        ("crew", "x" * 101, None, None),
        ("crew", "a\tb", None, None),
        ("control", "x", "urn:unit:1", None),
        ("crew", "x", "", None),
        ("crew", "x", "u" * 257, None),
        ("crew", "x", None, "everything"),
        ("crew", "x", None, "live,"),
    ],
)
def test_what_cannot_be(access: Access, role: str, name: str, unit: str | None, situations: str | None) -> None:
    with pytest.raises(AccessError):
        access.create(role, name, unit, situations)
    assert access.list() == []


def test_tokens_expire(access: Access, watch: Watch) -> None:
    token, row = access.create("control", "x", days=1)
    watch.at += timedelta(hours=23, minutes=59)
    assert access.check(token)
    assert access.valid_ids() == {row.id}
    watch.at += timedelta(minutes=1)
    assert access.check(token) is None
    assert access.valid_ids() == set()


def test_revoked_is_for_good_and_seen_by_another_process(access: Access, tmp_path: Path) -> None:
    token, row = access.create("control", "x")
    other = Access(tmp_path / "access.db")
    assert other.check(token)
    access.revoke(row.id)
    assert other.check(token) is None
    with pytest.raises(AccessError):
        other.revoke(row.id)
    with pytest.raises(AccessError):
        other.revoke("nothing")
    assert [kept.revoked is not None for kept in other.list()] == [True]


def test_a_code_works_once_and_not_for_ever(access: Access, watch: Watch) -> None:
    code = access.create_code("crew", "HLF", "urn:unit:1", "ex-a-1", "ex-a-1", valid_s=60, token_days=1)
    found = access.exchange(code)
    assert found is not None
    assert found.situation == "ex-a-1"
    assert access.check(found.token) == found.principal
    assert access.exchange(code) is None
    late = access.create_code("control", "x", valid_s=60)
    watch.at += timedelta(seconds=60)
    assert access.exchange(late) is None
    assert access.exchange("") is None
    assert access.exchange("x" * 1000) is None
    watch.at += timedelta(days=1)
    assert access.check(found.token) is None, "the token of a link expires, too"


def test_of_two_who_try_a_code_at_once_one_wins(access: Access) -> None:
    code = access.create_code("control", "x")
    barrier, won = threading.Barrier(4), []

    def attempt() -> None:
        barrier.wait()
        won.append(access.exchange(code))

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found is not None for found in won) == 1
    assert len(access.list()) == 1


def test_last_use_is_written_down_later(access: Access, tmp_path: Path) -> None:
    token, _ = access.create("control", "x")
    access.check(token)
    assert access.list()[0].last_used is None
    access.flush_used()
    assert access.list()[0].last_used == "2026-07-25T12:00:00Z"


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "access.db").write_bytes(os.urandom(4096))
    with pytest.raises(sqlite3.DatabaseError):
        Access(tmp_path / "access.db")


def test_roles_are_those_of_the_views() -> None:
    from layers.views import ROLES

    assert set(Role) == set(ROLES)
