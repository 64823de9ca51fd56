"""The TCP listener over real sockets: framing, answers, limits, peers, TLS."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from server.tak.wire import Wire
from server.transports.kinds import connection
from server.transports.serving import Peers, limited, server_tls
from server.transports.supervisor import Runner
from tests.server import wait_until
from tests.transports.certificates import Authority
from tests.transports.links import Desk, is_lost, running, stands

HERE: dict[str, Any] = {"transport": "tcp", "port": 0}


def connected(runner: Runner) -> socket.socket:
    """A sender's connection."""
    stands(runner)
    port = int((runner.state.peer or "").rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def turned_off(context: ssl.SSLContext, plain: socket.socket) -> bool:
    """Whether TLS without a certificate of ours leads nowhere."""
    try:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as nobody:
            nobody.sendall(b"nobody\n")
            return nobody.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def closed_by_peer(sender: socket.socket) -> bool:
    try:
        return sender.recv(100) == b""
    except ConnectionError:
        return True


def closed_by_peer_soon(sender: socket.socket) -> bool:
    sender.settimeout(0.5)
    try:
        return closed_by_peer(sender)
    except TimeoutError:
        return False


def test_lines_whatever_their_segments_are_and_the_last_one_without_an_end() -> None:
    desk = Desk()
    with running("divera/x", desk, **HERE) as runner, connected(runner) as sender:
        ä = "ä".encode()
        sender.sendall(b'{"a": 1}\n{"b": "' + ä[:1])
        wait_until(lambda: desk.bodies == [b'{"a": 1}'])
        sender.sendall(ä[1:] + b'"}\r\n\n{"c": 3}\n{"d"')
        wait_until(lambda: len(desk.taken) == 3)
        sender.sendall(b": 4}")
        sender.close()
        wait_until(lambda: len(desk.taken) == 4)
    assert desk.bodies == [b'{"a": 1}', '{"b": "ä"}'.encode(), b'{"c": 3}', b'{"d": 4}']
    assert {(feed, instance) for feed, instance, _, _ in desk.taken} == {("divera", "x")}
    assert desk.taken[0][3].startswith("tcp 127.0.0.1:")


def test_a_packet_of_boswatch_is_acknowledged_after_it_was_taken_and_a_refused_one_too() -> None:
    desk = Desk()
    packet, bad = b"13        {'mode': 'b'}", b"13        {'mode': 'x'}"
    desk.bad = {bad}
    desk.open.clear()
    with running("boswatch/x", desk, **HERE) as runner, connected(runner) as sender:
        sender.sendall(b"7         <alive>" + packet)
        wait_until(lambda: desk.asked == 1)
        sender.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sender.recv(100)
        sender.settimeout(30)
        desk.open.set()
        assert sender.recv(16, socket.MSG_WAITALL) == b"6         [ack-]"
        sender.sendall(bad)
        assert sender.recv(16, socket.MSG_WAITALL) == b"6         [ack-]"
    assert desk.bodies == [packet]
    assert (runner.stats.messages, runner.stats.refused) == (2, 1)


def test_while_the_desk_is_busy_nothing_more_is_read_and_nothing_is_lost() -> None:
    desk = Desk()
    desk.busy = 2
    with running("divera/x", desk, **HERE) as runner, connected(runner) as sender:
        sender.sendall(b"".join(b'{"n": %d}\n' % number for number in range(50)))
        wait_until(lambda: len(desk.taken) == 50)
    assert desk.bodies == [b'{"n": %d}' % number for number in range(50)]
    assert runner.stats.busy == 2


def test_what_is_too_long_is_refused_and_the_next_line_taken() -> None:
    desk = Desk()
    with running("divera/x", desk, **HERE, message_bytes=1_000) as runner, connected(runner) as sender:
        sender.sendall(b"x" * 5_000 + b"\nsound\n")
        wait_until(lambda: desk.bodies == [b"sound"])
        assert runner.stats.refused == 1


def test_a_stream_that_cannot_be_cut_any_more_is_closed() -> None:
    desk = Desk()
    with running("divera/x", desk, **HERE, framing="length2", message_bytes=100) as runner, connected(runner) as sender:
        sender.sendall(b"\0\x02ok\xff\xff")
        assert closed_by_peer(sender)
        wait_until(lambda: runner.stats.refused == 1)
    assert desk.bodies == [b"ok"]


def test_a_file_up_to_the_end_of_the_connection() -> None:
    desk = Desk()
    with running("cap/x", desk, **HERE) as runner, connected(runner) as sender:
        sender.sendall(b"<alert>\n")
        sender.sendall(b"</alert>\n")
        sender.shutdown(socket.SHUT_WR)
        assert closed_by_peer(sender)
        wait_until(lambda: desk.bodies == [b"<alert>\n</alert>\n"])


def test_many_senders_at_once_and_one_too_many() -> None:
    desk = Desk()
    with running("divera/x", desk, **HERE, connections=30, per_address=30) as runner:
        senders = [connected(runner) for _ in range(30)]
        for number, sender in enumerate(senders):
            sender.sendall(b"first %d\nsec" % number)
        wait_until(lambda: len(desk.taken) == 30)
        with connected(runner) as late:
            assert closed_by_peer(late)
        for number, sender in enumerate(senders):
            sender.sendall(b"ond %d\n" % number)
        wait_until(lambda: len(desk.taken) == 60)
        wait_until(lambda: runner.state.reason == "turned away: 30 connections are open already")
        for sender in senders:
            sender.close()
    assert set(desk.bodies) == {b"%s %d" % (word, number) for word in (b"first", b"second") for number in range(30)}
    assert runner.stats.turned_away == 1


def test_no_address_takes_the_places_of_others() -> None:
    """127.0.0.1 takes its share; another address of this machine still finds a place, and a freed one is free again."""
    desk = Desk()
    with running("divera/x", desk, **HERE, connections=3) as runner:
        first, second = connected(runner), connected(runner)
        wait_until(lambda: runner.stats.connects == 1)
        with connected(runner) as third:
            assert closed_by_peer(third)
        wait_until(
            lambda: runner.state.reason == "turned away: 2 connections are open already from 127.0.0.1", "the reason"
        )
        port = first.getpeername()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=30, source_address=("127.0.0.9", 0)) as other:
            other.sendall(b"other\n")
            wait_until(lambda: desk.bodies == [b"other"])
            first.close()

            def again() -> bool:
                with connected(runner) as sender:
                    sender.sendall(b"again\n")
                    return b"again" in desk.bodies or not closed_by_peer_soon(sender)

            wait_until(again, "a place that is free again")
        second.close()
    assert runner.stats.turned_away >= 1


def test_an_octet_now_and_then_keeps_nobody_here() -> None:
    with running("divera/x", Desk(), **HERE, idle_s=0.5) as runner, connected(runner) as sender:
        sender.settimeout(0.02)
        for _ in range(3_000):
            try:
                sender.sendall(b"x")
                if sender.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it was kept")


def test_who_is_not_among_the_peers() -> None:
    with running("divera/x", Desk(), **HERE, peers=["10.0.0.0/8"]) as runner, connected(runner) as sender:
        assert closed_by_peer(sender)
        wait_until(lambda: runner.state.reason == "turned away: 127.0.0.1 is not among the peers")
        assert runner.stats.turned_away == 1


@pytest.mark.parametrize(
    ("allowed", "host", "let_in"),
    [
        ((), "192.0.2.7", True),
        (("192.0.2.0/24",), "192.0.2.7", True),
        (("192.0.2.0/24",), "::ffff:192.0.2.7", True),
        (("192.0.2.0/24",), "192.0.3.7", False),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("fe80::/10",), "not an address", False),
    ],
)
def test_peers(allowed: tuple[str, ...], host: str, let_in: bool) -> None:
    assert (host in Peers(allowed)) is let_in


def test_tls_with_a_certificate_of_the_sender(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("server")
    own: dict[str, Any] = {"cert_file": str(certificate), "key_file": str(key), "client_ca_file": str(authority.file)}
    desk = Desk()
    with running("divera/x", desk, **HERE, **own) as runner:
        assert runner.transport.where().startswith("tls ")
        context = ssl.create_default_context(cafile=authority.file)
        with connected(runner) as plain:
            assert turned_off(context, plain)
        context.load_cert_chain(*map(str, authority.issue("sender")))
        with context.wrap_socket(connected(runner), server_hostname="127.0.0.1") as sender:
            sender.sendall("grün\n".encode())
            wait_until(lambda: desk.bodies == ["grün".encode()])


def test_a_port_that_is_taken_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        own = {**HERE, "port": taken.getsockname()[1]}
        with running("divera/x", Desk(), **own) as runner:
            is_lost(runner, "Address already in use")
            taken.close()
            stands(runner)


def test_the_end_lets_every_sender_go() -> None:
    desk = Desk()
    with running("divera/x", desk, **HERE) as runner:
        sender = connected(runner)
        sender.sendall(b"half")
    assert closed_by_peer(sender)
    sender.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"peers": ["10.1.2.x"]}, "does not appear to be an IPv4 or IPv6 network"),
        ({"key_file": "k"}, "need a cert_file"),
        ({"framing": "words"}, "Invalid enum value 'words'"),
        ({"prot": 1}, r"tcp has no setting prot \(did you mean port\?\)"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        connection({**HERE, **settings})


class Dripping:
    """A peer that begins a handshake of TLS and then says an octet of it at a time, as long as it is let."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        peer.sendall(b"\x16\x03\x01\x40\x00")  # a record of 16 KiB

    def cut(self) -> bool:
        """Say one more; whether it was cut."""
        try:
            self.peer.sendall(b"\x01")
            self.peer.settimeout(0.1)
            return self.peer.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True


def test_what_is_limited_ends_however_often_something_comes() -> None:
    # Under eventlet every octet of a handshake begins a new timeout; the limit holds for the whole.
    here, there = socket.socketpair()
    with here, there:
        dripping = threading.Thread(target=wait_until, args=(Dripping(there).cut, "the end of the drips"))
        dripping.start()
        heard = b""
        with limited(here, 0.5):
            while chunk := here.recv(1):
                heard += chunk
        assert heard.startswith(b"\x16\x03")
        dripping.join()
    here, there = socket.socketpair()
    with here, there:
        with limited(here, 60):
            there.sendall(b"x")
        assert here.recv(1) == b"x"


def test_a_handshake_of_tak_by_drips_ends_in_time(tmp_path: Path) -> None:
    served, key = Authority(tmp_path / "ca").issue("server")
    here, there = socket.socketpair()
    wire = Wire(here, server_tls(str(served), str(key), None))
    with here, there:
        dripping = threading.Thread(target=wait_until, args=(Dripping(there).cut, "the end of the drips"))
        dripping.start()
        with pytest.raises(TimeoutError):
            wire.shake(0.5)
        wire.close()
        dripping.join()
