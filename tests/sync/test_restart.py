"""The server ends, in order or not, and its clients go on from where they were."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server import Client, Server, wait_until
from tests.sync.test_wire import UNIT, stands, unit, update


def of(answer: dict[str, Any]) -> dict[str, Any]:
    """The features of an answer by id."""
    return {feature["id"]: feature for feature in answer["features"]}


@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["SIGTERM", "SIGKILL"])
def test_clients_go_on_after_a_restart(tmp_path: Path, end: Callable[[Server], int]) -> None:
    server = Server(tmp_path).start()
    feed, control, liaison = server.token("feed", "leitstelle"), server.token("control"), server.token("liaison")
    update(server, feed, unit("other", 8.7), unit(UNIT, 8.71))
    with Client(server.url, control) as client, Client(server.url, liaison) as police:
        update(server, feed, unit(UNIT, 8.72))
        wait_until(lambda: stands(client, 8.72) and stands(police, 8.72), "the move")
        wait_until(lambda: police.rev and client.features == of(server.get("/picture", control)), "all of it")
        epoch = client.hellos[0]["epoch"]
        assert end(server) == (0 if end is Server.stop else -9)
        wait_until(lambda: client.gone.is_set() and police.gone.is_set(), "the connections to end")
    server.start()
    try:
        again = Client(server.url, control, rev=client.rev, epoch=epoch)
        again.features = client.features
        with again:
            assert again.hellos[0]["epoch"] == epoch
            (delta,) = again.deltas
            assert (delta["full"], delta["upsert"], delta["patch"], delta["remove"]) == (False, [], [], [])
            update(server, feed, unit(UNIT, 8.73))
            wait_until(lambda: stands(again, 8.73), "the next move")
            assert "other" in again.features
        other = Client(server.url, liaison, rev=police.rev, epoch=epoch)
        with other:
            assert other.features["other"]["geometry"] is not None
    finally:
        assert server.stop() == 0


def test_the_demo_is_resumed_not_doubled(tmp_path: Path) -> None:
    server = Server(tmp_path, "--demo", "hausbrand").start()
    wait_until(lambda: len(server.lines) >= 7, "the links")
    link = (tmp_path / "app-link").read_text().strip()
    assert (tmp_path / "app-link").stat().st_mode & 0o777 == 0o600
    code = link.partition("code=")[2].partition("&")[0]
    crew = server.request("POST", "/auth/exchange", json={"code": code}).json()
    assert crew["role"] == "crew"
    assert crew["unit"]
    with Client(server.url, crew["token"], situation=crew["situation"]) as client:
        assert client.hellos[0]["status"] == "Exercise"
        wait_until(lambda: client.rev >= 5, "the exercise to run")
    server.kill()
    server.start()
    try:
        wait_until(lambda: len(server.lines) >= 7, "the links")
        found = server.get("/situations", server.token("control"))["situations"]
        assert [(one["id"], one["state"]) for one in found] == [("live", "running"), ("ex-hausbrand-1", "running")]
        with Client(
            server.url, crew["token"], situation=crew["situation"], rev=client.rev, epoch=client.hellos[0]["epoch"]
        ) as again:
            assert again.hellos[0]["epoch"] == client.hellos[0]["epoch"]
            assert again.rev >= client.rev
    finally:
        assert server.stop() == 0
        assert "token" not in "".join(server.log).lower()


def test_a_second_server_on_the_same_folder_says_why_not(tmp_path: Path) -> None:
    with Server(tmp_path):
        second = Server(tmp_path)
        with pytest.raises(AssertionError, match="in use by another server"):
            second.start()
        assert second.process is not None
        assert second.process.wait(30) == 1
