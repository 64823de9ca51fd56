"""The WebSocket client against a real server: hello, credentials, TLS, order, limits, pings, loss and return."""

import json
import queue
import threading
from pathlib import Path
from typing import Any

import pytest

from server.transports.kinds import connection
from tests.server import wait_until
from tests.transports.certificates import Authority
from tests.transports.links import Desk, is_lost, running, stands
from tests.transports.speakers import Speaker

Wire = Any
"""A WebSocket as the server has it (the library has no types)."""


def until_gone(wire: Wire) -> None:
    """Listen until the client has gone."""
    while True:
        wire.receive(timeout=60)


def settings(speaker: Speaker, **more: Any) -> dict[str, Any]:
    return {"transport": "websocket", "url": f"ws://127.0.0.1:{speaker.port}/live.json?MaxAlter=0", **more}


def test_the_handshake_of_a_matter_server_and_what_it_tells() -> None:
    heard: queue.Queue[Any] = queue.Queue()

    def talk(wire: Wire) -> None:
        wire.send('{"schema_version": 11}')
        heard.put(json.loads(wire.receive(timeout=60)))
        wire.send('{"message_id": "lagebild", "result": []}')
        wire.send("grün 🔥".encode())
        until_gone(wire)

    desk = Desk()
    with Speaker(talk) as speaker, running("matter/x", desk, **settings(speaker)) as runner:
        stands(runner)
        assert heard.get(timeout=60) == {"message_id": "lagebild", "command": "start_listening"}
        wait_until(lambda: len(desk.taken) == 3)
        assert runner.state.peer == f"ws://127.0.0.1:{speaker.port}/live.json"
    assert desk.bodies == [
        b'{"schema_version": 11}',
        b'{"message_id": "lagebild", "result": []}',
        "grün 🔥".encode(),
    ]


def test_who_we_are_and_what_we_say_are_settings() -> None:
    def talk(wire: Wire) -> None:
        wire.send(f"{wire.receive(timeout=60)} {wire.receive(timeout=60)}")
        until_gone(wire)

    desk = Desk()
    own = {"hello": ["a", "b"], "auth": "basic", "username": "wehr", "secret": "geheim", "subprotocols": ["lage"]}
    with Speaker(talk) as speaker:
        with running("tetracontrol/x", desk, None, **settings(speaker, headers={"X-Wache": "7"}, **own)):
            wait_until(lambda: desk.bodies == [b"a b"])
        (asked,) = speaker.asked
        assert asked["HTTP_AUTHORIZATION"] == "Basic d2VocjpnZWhlaW0="
        assert (asked["HTTP_X_WACHE"], asked["QUERY_STRING"]) == ("7", "MaxAlter=0")
        assert asked["HTTP_SEC_WEBSOCKET_PROTOCOL"] == "lage"
        assert "HTTP_ORIGIN" not in asked
        with running("mastodon/x", Desk(), None, **settings(speaker, auth="bearer", secret="abc", hello=["a", "b"])):
            wait_until(lambda: len(speaker.asked) == 2)
        assert speaker.asked[1]["HTTP_AUTHORIZATION"] == "Bearer abc"


def test_messages_wait_for_a_busy_desk_and_keep_their_order() -> None:
    def talk(wire: Wire) -> None:
        for number in range(100):
            wire.send(str(number))
        until_gone(wire)

    desk = Desk()
    desk.busy, desk.bad = 2, {b"50"}
    with Speaker(talk) as speaker, running("divera/x", desk, **settings(speaker)) as runner:
        wait_until(lambda: runner.stats.messages == 100)
    assert desk.bodies == [str(number).encode() for number in range(100) if number != 50]
    assert (runner.stats.busy, runner.stats.refused) == (2, 1)


def test_a_letter_that_is_split_between_fragments_and_reads_and_a_ping_between() -> None:
    def talk(wire: Wire) -> None:
        ä = "ä".encode()
        for part in (b"\x01\x02x" + ä[:1], b"\x89\x02hi", b"\x00\x01" + ä[1:], b"\x80", b"\x01", b"y"):
            wire.sock.sendall(part)
        until_gone(wire)

    desk = Desk()
    with Speaker(talk) as speaker, running("divera/x", desk, **settings(speaker)):
        wait_until(lambda: desk.bodies == ["xäy".encode()])


@pytest.mark.parametrize(
    "frames",
    [b"\x82\x7f" + (2**40).to_bytes(8, "big"), b"\x02\x7e\x03\xe8" + bytes(1_000) + b"\x80\x7e\x03\xe8"],
    ids=["one frame", "fragments"],
)
def test_what_is_too_large_is_not_even_read(frames: bytes) -> None:
    def talk(wire: Wire) -> None:
        wire.sock.sendall(frames)
        until_gone(wire)

    desk = Desk()
    with Speaker(talk) as speaker, running("divera/x", desk, **settings(speaker, message_bytes=1_500)) as runner:
        is_lost(runner, "a message has more than 1500 bytes")
    assert desk.taken == []


def test_who_closes_is_called_again_for_ever() -> None:
    calls = threading.Semaphore(0)

    def talk(wire: Wire) -> None:
        calls.release()
        wire.send("x")
        wire.close(1012, "Wartung")

    desk = Desk()
    with Speaker(talk) as speaker, running("divera/x", desk, **settings(speaker)) as runner:
        is_lost(runner, "the other side closed with code 1012: Wartung")
        for _ in range(5):
            assert calls.acquire(timeout=60)
        wait_until(lambda: len(desk.taken) >= 4)
        assert runner.stats.losses >= 4


def test_who_answers_no_ping_is_lost() -> None:
    gone = threading.Event()

    def talk(wire: Wire) -> None:
        wire.ws.send = lambda _event: b""  # reads and never answers
        gone.wait(60)

    with Speaker(talk) as speaker, running("divera/x", Desk(), **settings(speaker, ping_s=0.2)) as runner:
        is_lost(runner, "the other side says nothing any more")
        gone.set()


def test_pings_keep_a_silent_connection() -> None:
    pongs = threading.Semaphore(0)

    def talk(wire: Wire) -> None:
        send = wire.ws.send

        def counting(event: Any) -> Any:
            if type(event).__name__ == "Pong":
                pongs.release()
            return send(event)

        wire.ws.send = counting
        until_gone(wire)

    with Speaker(talk) as speaker, running("divera/x", Desk(), **settings(speaker, ping_s=1)) as runner:
        for _ in range(2):  # the second comes after the time in which the first was to be answered
            assert pongs.acquire(timeout=60)
        assert (runner.state.state, runner.stats.losses) == ("connected", 0)


@pytest.mark.parametrize("status", ["401 Unauthorized", "302 Found", "429 Too Many Requests"])
def test_who_refuses_is_asked_again_and_a_redirect_gets_no_credentials(status: str) -> None:
    with Speaker(until_gone, refuse=status) as speaker:
        own = settings(speaker, auth="bearer", secret="abc")
        with running("divera/x", Desk(), None, **own) as runner:
            is_lost(runner, "Redirect limit" if status.startswith("302") else f"HTTP status {status[:3]}")
            assert "abc" not in str(runner.state)


def test_tls_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("server")

    def talk(wire: Wire) -> None:
        wire.send("sicher")
        until_gone(wire)

    desk = Desk()
    with Speaker(talk, (str(certificate), str(key))) as speaker:
        own = settings(speaker, url=f"wss://127.0.0.1:{speaker.port}/", auth="bearer", secret="abc")
        with running("divera/x", desk, None, **own) as runner:
            is_lost(runner, "CERTIFICATE_VERIFY_FAILED")
        assert speaker.asked == []
        with running("divera/x", desk, None, **own, ca_file=str(authority.file)):
            wait_until(lambda: desk.bodies == [b"sicher"])


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"url": "ftp://a/b"}, "url is ws://"),
        ({"url": "ws://user:pass@a/b"}, "without user and password"),
        ({"url": "ws://lan/", "auth": "bearer", "secret": "a"}, "goes over wss only"),
        ({"url": "wss://a/", "auth": "basic", "secret": "a"}, "needs username and secret"),
        ({"url": "wss://a/", "secret": "a"}, "a secret needs auth"),
        ({"url": "wss://a/", "headers": {"Cookie": "a"}}, "Cookie is not set by hand"),
    ],
)
def test_settings_that_cannot_be(own: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        connection({"transport": "websocket", **own})
