"""The UDP listener over real sockets: messages, streams that span datagrams, multicast, what finds no room."""

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from server.transports.datagrams import DatagramServer, kernel_drops
from server.transports.kinds import connection
from server.transports.supervisor import Runner
from tests.feeds.klv_tools import packet, transport
from tests.feeds.mavlink_tools import BOOTED_US, Autopilot
from tests.server import wait_until
from tests.transports.links import Desk, running, stands

HERE: dict[str, Any] = {"transport": "udp", "port": 0}


class Sender:
    """Sends datagrams to a listener."""

    def __init__(self, runner: Runner, wire: socket.socket) -> None:
        stands(runner)
        self.port = int((runner.state.peer or "").partition(" for ")[0].rpartition(":")[2])
        self.wire = wire

    def send(self, *bodies: bytes, host: str = "127.0.0.1") -> None:
        for body in bodies:
            self.wire.sendto(body, (host, self.port))


@contextmanager
def sending(runner: Runner) -> Iterator[Sender]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        yield Sender(runner, wire)


def test_each_datagram_is_a_message() -> None:
    desk = Desk()
    desk.bad = {b"bad"}
    with running("waip/x", desk, **HERE) as runner, sending(runner) as sender:
        sender.send(b'{"a":\n 1}', b"bad", b"", '{"b": "ä"}'.encode())
        wait_until(lambda: runner.stats.messages == 4)
    assert desk.bodies == [b'{"a":\n 1}', b"", '{"b": "ä"}'.encode()]
    assert runner.stats.refused == 1
    assert desk.taken[0][:2] == ("waip", "x")
    assert desk.taken[0][3].startswith("udp 127.0.0.1:")


def test_who_cannot_be_answered_and_what_is_a_bug_end_no_listener() -> None:
    heard: list[bytes] = []

    def received(body: bytes, _: object) -> bytes:
        heard.append(body)
        if body == b"bug":
            raise ZeroDivisionError
        return b"x" * (70_000 if body == b"too much" else 1)  # no datagram takes so much: sending it fails

    server = DatagramServer("127.0.0.1", 0, received)
    server.start()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.settimeout(30)
            for body in (b"too much", b"bug", b"last"):
                wire.sendto(body, ("127.0.0.1", server.port))
            assert wire.recv(10) == b"x"
    finally:
        server.stop()
    assert heard == [b"too much", b"bug", b"last"]


def test_video_is_put_together_and_only_its_packets_are_handed_on() -> None:
    packets = [packet({13: 51.8, 14: 8.7}, 1_795_284_311_000_000 + number) for number in range(6)]
    video = transport(packets)
    desk = Desk()
    with running("misb_klv/x", desk, **HERE, gather_s=0.2) as runner, sending(runner) as sender:
        sender.send(*(video[at : at + 500] for at in range(0, len(video), 500)))
        wait_until(lambda: b"".join(desk.bodies) == b"".join(packets), "every packet")


def test_a_burst_is_read_together_and_two_senders_are_kept_apart() -> None:
    desk, pilots = Desk(), (Autopilot(1), Autopilot(2))
    clocks = [pilot.frame("system_time", BOOTED_US + 10_000_000, 10_000) for pilot in pilots]
    positions = [pilot.position() for pilot in pilots]
    own = {**HERE, "gather_s": 0.5}
    with running("mavlink/x", desk, **own) as runner, sending(runner) as one, sending(runner) as other:
        one.send(clocks[0], positions[0][:10])
        other.send(clocks[1], positions[1][:20])
        one.send(positions[0][10:], positions[0])
        other.send(positions[1][20:])
        wait_until(lambda: sum(map(len, desk.bodies)) == sum(map(len, (*clocks, *positions, clocks[0], positions[0]))))
    said = {sender: b"".join(body for *_, body, of in desk.taken if of == sender) for *_, sender in desk.taken}
    assert sorted(said.values()) == sorted([(clocks[0] + positions[0]) * 2, clocks[1] + positions[1]])
    assert len(desk.taken) < 5


def test_what_finds_no_room_is_counted_and_told() -> None:
    desk = Desk()
    desk.open.clear()
    with running("waip/x", desk, **HERE, queue=2) as runner, sending(runner) as sender:
        sender.send(b"0")
        wait_until(lambda: desk.asked == 1)
        sender.send(b"1", b"2", b"3", b"4")
        wait_until(lambda: runner.stats.dropped == 2)
        desk.open.set()
        wait_until(lambda: len(desk.taken) == 3)
        wait_until(lambda: runner.state.reason == "datagrams were dropped: the desk is slower than they come")
    assert desk.bodies == [b"0", b"1", b"2"]


def test_what_the_kernel_had_no_room_for_is_known() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire,
    ):
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.bind(("127.0.0.1", 0))
        inode = os.fstat(deaf.fileno()).st_ino
        assert kernel_drops(inode) == 0
        for _ in range(200):
            wire.sendto(bytes(1_000), deaf.getsockname())
        deaf.settimeout(0)
        read = 0
        with contextlib.suppress(BlockingIOError):
            while deaf.recv(2_000):
                read += 1
        assert 0 < read < 200
        assert kernel_drops(inode) == 200 - read


def test_what_the_kernel_lost_is_counted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [0]
    monkeypatch.setattr(DatagramServer, "lost", lambda _self: lost[0])
    with running("waip/x", Desk(), **HERE) as runner:
        stands(runner)
        lost[0] = 7
        wait_until(lambda: runner.state.reason == "datagrams were lost: they come faster than they are read")
        lost[0] = 9
        wait_until(lambda: runner.stats.dropped == 9)


def test_who_is_not_among_the_peers() -> None:
    desk = Desk()
    with running("waip/x", desk, **HERE, peers=["10.0.0.0/8"]) as runner, sending(runner) as sender:
        sender.send(b"0")
        wait_until(lambda: runner.state.reason == "turned away: 127.0.0.1 is not among the peers")
    assert desk.taken == []
    assert runner.stats.turned_away == 1


def test_a_multicast_group_is_joined() -> None:
    desk = Desk()
    own = {**HERE, "host": "0.0.0.0", "groups": ["239.255.71.3"], "interface": "127.0.0.1"}  # noqa: S104
    with running("waip/x", desk, **own) as runner, sending(runner) as sender:
        sender.wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.send(b"to the group", host="239.255.71.3")
        wait_until(lambda: desk.bodies == [b"to the group"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"groups": ["10.0.0.1"]}, "is no multicast group"), ({"gather_s": 6}, "Expected `float` <= 5.0")],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        connection({**HERE, **settings})
