"""What a poll's answer leads to: files of a directory and details of a list, each had once, none from elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.transports import fetch
from tests.server import wait_until
from tests.transports.links import Desk, poll, running
from tests.transports.misbehaviour import HttpServer, Reply


@pytest.fixture
def web() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests ask one host: what it may be asked in a minute is not for them."""
    monkeypatch.setattr(fetch, "HOSTS", fetch.Hosts(per_minute=1e6, burst=1e6))


def listing(*names: str) -> Reply:
    """A directory as Apache shows it."""
    links = "".join(f'<a href="{name}">{name}</a>\n' for name in ("?C=N", "../", "/etc/passwd.zip", *names))
    return Reply(body=f"<html><pre>{links}</pre></html>".encode())


def test_files_of_a_directory_are_fetched_once_in_order(web: HttpServer, elsewhere: HttpServer, tmp_path: Path) -> None:
    def names(*numbers: int) -> list[str]:
        return [f"Z_{number:02}.zip" for number in numbers]

    here = "/cap/diff/"
    for name in names(*range(1, 9)):
        web.answers[here + name] = [Reply(body=name.encode())]
    strange = ["readme.txt", "sub/x.zip", f"{elsewhere.url}/x.zip", "//h/x.zip", "Z_99.zip"]
    web.answers[here] = [listing(*names(3, 1, 2, 5, 4), *strange)]
    desk = Desk()
    settings = poll(web.url + here, files="*.zip", pages=2)
    asked = len(elsewhere.requests)
    with running("cap/d", desk, tmp_path, **settings) as runner:
        wait_until(lambda: len(desk.taken) == 5)
        assert desk.bodies == [name.encode() for name in names(1, 2, 3, 4, 5)]
        assert runner.state.reason is None, "the one that went in the meantime is no trouble"
    web.answers[here] = [listing(*names(4, 5, 6, 7))]
    with running("cap/d", desk, tmp_path, **settings):
        wait_until(lambda: len(desk.taken) == 7)
    assert [body.decode() for body in desk.bodies[5:]] == names(6, 7)
    assert len(elsewhere.requests) == asked
    assert web.asked("/etc/passwd.zip") == []


def test_a_file_that_cannot_be_had_now_is_had_later(web: HttpServer) -> None:
    web.answers["/dir/"] = [listing("a.zip", "b.zip")]
    web.answers["/dir/a.zip"] = [Reply(body=b"a")]
    web.answers["/dir/b.zip"] = [Reply(500), Reply(body=b"b")]
    desk = Desk()
    with running("cap/l", desk, **poll(f"{web.url}/dir/", files="*.zip")) as runner:
        wait_until(lambda: desk.bodies == [b"a", b"b"])
        assert runner.stats.losses == 1
        assert len(web.asked("/dir/a.zip")) == 1


def test_details_of_a_list_are_asked_for_when_they_change(web: HttpServer) -> None:
    items = [{"id": "mow/1", "version": 1}, {"id": 7, "version": 1}, {"version": 1}, "x"]
    web.answers["/map.json"] = [lambda _: Reply(body=json.dumps(items).encode())]
    web.answers["/w/mow%2F1.json"] = [lambda request: Reply(body=f"one {len(web.asked(request.path))}".encode())]
    web.answers["/w/7.json"] = [Reply(body=b"seven")]
    desk = Desk()
    settings = poll(f"{web.url}/map.json", details=[f"{web.url}/w/{{id}}.json"])
    with running("nina/n", desk, **settings):
        wait_until(lambda: len(web.asked("/map.json")) >= 2)
        assert [body for body in desk.bodies if body[:1] != b"["] == [b"one 1", b"seven"]
        items[0] = {"id": "mow/1", "version": 2}
        wait_until(lambda: b"one 2" in desk.bodies)
    assert len(web.asked("/w/7.json")) == 1
