"""The Socket.IO client against a real server: rooms, order, refusals, loss and return."""

from typing import Any

import pytest

from server.transports.kinds import connection
from server.transports.supervisor import Runner
from tests.server import wait_until
from tests.transports.links import Desk, is_lost, running, stands
from tests.transports.speakers import Alarms


def settings(alarms: Alarms, **more: Any) -> dict[str, Any]:
    mine = {"transport": "socketio", "url": f"http://127.0.0.1:{alarms.port}", "namespace": "/waip"}
    return {**mine, "join": [["WAIP", "520101"]], **more}


def joined(runner: Runner, alarms: Alarms, times: int = 1) -> None:
    stands(runner)
    wait_until(lambda: len(alarms.joined) >= times)


@pytest.mark.parametrize("polling", [False, True])
def test_events_of_the_room_come_in_order_and_only_those_of_the_format(polling: bool) -> None:
    desk = Desk()
    desk.busy, desk.bad = 1, {b'["io.new_waip","bad"]'}
    with Alarms() as alarms, running("waip/x", desk, None, **settings(alarms, polling=polling)) as runner:
        joined(runner, alarms)
        assert alarms.joined == [("520101",)]
        assert runner.state.peer == f"http://127.0.0.1:{alarms.port} /waip"
        alarms.say("io.version", "1")
        alarms.say("io.new_waip", "bad", room="520101")
        for number in range(50):
            alarms.say("from_server_to_client_new_waip", {"data": number, "ort": "Köln"}, "second", room="520101")
        alarms.say("io.new_waip", "other", room="520102")
        alarms.say("io.new_waip", b"\x01")
        wait_until(lambda: runner.stats.messages == 52)
    sent = [f'["from_server_to_client_new_waip",{{"data":{number},"ort":"Köln"}},"second"]' for number in range(50)]
    assert [body.decode() for body in desk.bodies] == [*sent, '["io.new_waip","AQ=="]']
    assert (runner.stats.refused, runner.stats.busy) == (1, 1)


def test_a_token_is_shown_and_who_has_none_is_tried_again() -> None:
    with Alarms(token="abc") as alarms:
        with running("waip/x", Desk(), None, **settings(alarms, auth="bearer", secret="xyz")) as runner:
            is_lost(runner, "failed to connect: /waip")
            assert "xyz" not in str(runner.state)
        with running("waip/x", Desk(), None, **settings(alarms, auth="bearer", secret="abc")) as runner:
            joined(runner, alarms)
        assert alarms.auths[-1] == {"token": "abc"}


def test_a_server_that_goes_and_comes_back_is_joined_again() -> None:
    desk = Desk()
    alarms = Alarms()
    with alarms, running("waip/x", desk, None, **settings(alarms)) as runner:
        joined(runner, alarms)
        alarms.io.disconnect(next(iter(alarms.io.manager.get_participants("/waip", None)))[0], namespace="/waip")
        joined(runner, alarms, 2)
        assert runner.stats.losses >= 1
        alarms.say("io.new_waip", 1, room="520101")
        wait_until(lambda: desk.bodies == [b'["io.new_waip",1]'])
    with running("waip/x", desk, None, **settings(alarms)) as runner:
        is_lost(runner, "Connection refused")


def test_what_is_too_large_ends_the_connection() -> None:
    desk = Desk()
    with Alarms() as alarms, running("waip/x", desk, None, **settings(alarms, message_bytes=2_000)) as runner:
        joined(runner, alarms)
        alarms.say("io.new_waip", "x" * 3_000)
        wait_until(lambda: runner.stats.losses == 1)
    assert desk.taken == []


def test_a_room_without_a_name() -> None:
    with pytest.raises(ValueError, match="join is a list of lists"):
        connection({"transport": "socketio", "url": "http://a/", "join": [[1]]})
