"""The receiver for alarm panels over real sockets, with a real desk, journal and quarantine."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.feeds.sia_dc09 import Frame, build, split
from server.feeds.sia_dc09.cipher import decrypt, encrypt, key_of
from server.feeds.sia_dc09.frame import MAX_FRAME_BYTES, written
from server.intake import Intake
from server.quarantine import Quarantine
from server.situations import Situations
from server.transports.listener import ListenerSettings
from server.transports.sia import Framer, Receiver
from tests.server import Server, wait_until

KEY = "00112233445566778899aabbccddeeff"
FIRE = build(b'"ADM-CID"0001R1L0#4711[#4711|1110 01 012]')
HEAT = build(b'"SIA-DCS"0002L0#4711[#4711|NKA13]')


class Station:
    """A receiver with everything behind it."""

    def __init__(self, folder: Path) -> None:
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.intake = Intake(self.quarantine)
        self.situations = Situations(folder, intake=self.intake)
        self.situations.start()
        self.receivers: list[Receiver] = []

    def listen(self, options: dict[str, Any] | None = None, **settings: Any) -> Receiver:
        """A receiver on free ports."""
        self.intake.sources = {"sia_dc09/werk": options or {}}
        chosen = ListenerSettings(**{"tcp_port": 0, "udp_port": 0, **settings})
        receiver = Receiver(self.intake, self.situations.live, "werk", chosen, options)
        receiver.start()
        self.receivers.append(receiver)
        return receiver

    def journal(self) -> list[str]:
        """Subjects in the journal, without what the desk says of sources."""
        entries = self.situations.live.journal.read(0, 1_000)
        return [entry.observation.subject for entry in entries if entry.observation.kind != "refusal"]

    def reasons(self) -> list[str]:
        """Why something lies in the quarantine, newest first."""
        return [row.reason for row in self.quarantine.list(100)]

    def stamp(self, seconds: float = 0) -> bytes:
        """The time at the end of a frame."""
        return written(self.situations.live.clock.now() + timedelta(seconds=seconds)).encode()

    def close(self) -> None:
        for receiver in self.receivers:
            receiver.stop()
        self.situations.stop()
        self.quarantine.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.close()


class Panel:
    """A panel's connection."""

    def __init__(self, receiver: Receiver) -> None:
        assert receiver.tcp_port is not None
        self.socket = socket.create_connection(("127.0.0.1", receiver.tcp_port), timeout=10)

    def send(self, body: bytes) -> None:
        self.socket.sendall(body)

    def answer(self) -> bytes:
        """The next answer, up to its CR; empty when the receiver closed."""
        found = b""
        while not found.endswith(b"\r"):
            byte = self.socket.recv(1)
            if not byte:
                break
            found += byte
        return found

    def __enter__(self) -> "Panel":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_an_alarm_is_acknowledged_and_durable_by_then(station: Station) -> None:
    with Panel(station.listen()) as panel:
        panel.send(FIRE)
        assert panel.answer() == build(b'"ACK"0001R1L0#4711[]')
        assert station.journal() == ["sia_dc09:4711:12:fire"]
        feature = station.situations.live.picture.features["sia_dc09:4711:12:fire"]["properties"]
        assert (feature["state"], feature["value"]) == ("ALARM", True)


def test_a_repeat_is_answered_and_not_doubled(station: Station) -> None:
    receiver = station.listen()
    for _ in range(3):
        with Panel(receiver) as panel:
            panel.send(FIRE)
            assert panel.answer() == build(b'"ACK"0001R1L0#4711[]')
    assert station.journal() == ["sia_dc09:4711:12:fire"]
    assert receiver.stats.repeats == 2


def test_link_tests_are_no_repeats(station: Station) -> None:
    receiver = station.listen()
    with Panel(receiver) as panel:
        for _ in range(2):
            panel.send(build(b'"NULL"0000L0#4711[]' + station.stamp()))
            assert panel.answer() == build(b'"ACK"0000L0#4711[]')
    assert receiver.stats.repeats == 0


def test_several_frames_in_one_segment_and_one_in_several(station: Station) -> None:
    with Panel(station.listen()) as panel:
        panel.send(FIRE + HEAT[:9])
        assert panel.answer() == build(b'"ACK"0001R1L0#4711[]')
        panel.send(HEAT[9:-1])
        panel.send(HEAT[-1:] + b"\0")
        assert panel.answer() == build(b'"ACK"0002L0#4711[]')
    assert station.journal() == ["sia_dc09:4711:12:fire", "sia_dc09:4711:13:heat"]


@pytest.mark.parametrize(
    ("body", "token", "reason"),
    [
        (build(b'"XNM"0003L0#4711[x]'), b"DUH", "unknown token XNM"),
        (build(b'"*NULL"0003L0#4711[' + b"00" * 16), b"NAK", "encrypted frame of account 4711: no key is set for it"),
        (
            build(b'"NULL"0003L0#4711[]_00:00:00,01-01-2020'),
            b"NAK",
            "the time at the end of the frame is outside the window",
        ),
    ],
)
def test_what_cannot_be_taken_is_answered_and_kept_with_its_reason(
    station: Station, body: bytes, token: bytes, reason: str
) -> None:
    with Panel(station.listen()) as panel:
        panel.send(body)
        assert b'"' + token + b'"' in panel.answer()
    assert station.journal() == []
    assert reason in station.reasons()


def test_an_account_that_must_be_known(station: Station) -> None:
    with Panel(station.listen({"known_only": True, "accounts": {"0815": {}}})) as panel:
        panel.send(FIRE)
        assert b'"NAK"0000R0L0A0[]_' in panel.answer()
        panel.send(build(b'"ADM-CID"0001L0#0815[#0815|1110 01 012]'))
        assert panel.answer() == build(b'"ACK"0001L0#0815[]')
    assert station.journal() == ["sia_dc09:0815:12:fire"]
    assert "account 4711 is not in the table" in station.reasons()


def test_a_damaged_frame_is_not_answered_and_the_next_one_is(station: Station) -> None:
    damaged = bytearray(FIRE)
    damaged[-4] ^= 1
    with Panel(station.listen()) as panel:
        panel.send(bytes(damaged) + HEAT)
        assert panel.answer() == build(b'"ACK"0002L0#4711[]')
    assert station.journal() == ["sia_dc09:4711:13:heat"]
    assert any(reason.startswith("CRC") for reason in station.reasons())


def test_another_protocol_on_the_port(station: Station) -> None:
    receiver = station.listen()
    with Panel(receiver) as panel:
        panel.send(b"LFQ=600#CRC=C9868A4C470F970426ECDD8F00B761BC##")
    wait_until(lambda: station.reasons() == ["no SIA DC-09 frame"])
    assert receiver.stats.noise_bytes == 46


def test_an_encrypted_alarm_and_its_repeat_with_other_padding(station: Station) -> None:
    receiver = station.listen({"key": KEY})
    stamp = station.stamp().decode()
    for padding in ("abcd", "wxyz"):
        body = '"*SIA-DCS"0007L0#4711[' + encrypt(f"#4711|NFA1]{stamp}", key_of(KEY), padding)
        with Panel(receiver) as panel:
            panel.send(build(body.encode()))
            (reply,) = split(panel.answer())
        assert isinstance(reply, Frame)
        assert reply.content.startswith(b'"*ACK"0007L0#4711[')
        clear = decrypt(reply.content.decode().partition("[")[2], key_of(KEY))
        assert clear is not None
        assert clear.startswith("[]_")
    assert station.journal() == ["sia_dc09:4711:1:fire"]


def test_no_answer_when_nothing_can_be_kept(station: Station) -> None:
    receiver = station.listen()
    station.situations.stop()
    assert receiver.handle(FIRE, "panel") == b""
    assert receiver.stats.unanswered == 1


def test_datagrams(station: Station) -> None:
    receiver = station.listen()
    assert receiver.udp_port is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as panel:
        panel.settimeout(10)
        for body, expected in (
            (FIRE, b'"ACK"0001R1L0#4711[]'),
            (HEAT, b'"ACK"0002L0#4711[]'),
            (FIRE, b'"ACK"0001R1L0#4711[]'),
        ):
            panel.sendto(body, ("127.0.0.1", receiver.udp_port))
            assert panel.recv(1_000) == build(expected)
    assert station.journal() == ["sia_dc09:4711:12:fire", "sia_dc09:4711:13:heat"]


def test_a_panel_that_says_nothing_is_let_go(station: Station) -> None:
    receiver = station.listen(idle_s=0.2)
    with Panel(receiver) as panel:
        assert panel.answer() == b""
    wait_until(lambda: receiver.stats.open == 0)


def test_an_octet_now_and_then_keeps_no_panel_here(station: Station) -> None:
    receiver = station.listen(idle_s=0.5)
    with Panel(receiver) as panel:
        panel.socket.settimeout(0.02)
        for _ in range(3_000):
            try:
                panel.send(b"\n")
                if panel.socket.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    wait_until(lambda: receiver.stats.open == 0)
    assert receiver.stats.idle == 1


def test_many_panels_at_once_each_with_its_own_answer(station: Station) -> None:
    receiver = station.listen()
    panels = [Panel(receiver) for _ in range(40)]
    frames = [build(b'"ADM-CID"%04dL0#%04d[#%04d|1110 01 012]' % (1, 1_000 + each, 1_000 + each)) for each in range(40)]
    for panel, frame in zip(panels, frames, strict=True):
        panel.send(frame[:20])
    for panel, frame in zip(panels, frames, strict=True):
        panel.send(frame[20:])
    for number, panel in enumerate(panels):
        assert panel.answer() == build(b'"ACK"0001L0#%04d[]' % (1_000 + number))
        panel.socket.close()
    assert len(station.journal()) == 40


def test_a_panel_that_is_not_among_the_peers(station: Station) -> None:
    receiver = station.listen(peers=("10.0.0.0/8",))
    with Panel(receiver) as panel:
        assert panel.answer() == b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(FIRE, ("127.0.0.1", receiver.udp_port or 0))
        wait_until(lambda: receiver.stats.turned_away == 2)
    assert station.journal() == []


def test_one_panel_too_many_is_turned_away(station: Station) -> None:
    receiver = station.listen(connections=1)
    with Panel(receiver) as first, Panel(receiver) as second:
        assert second.answer() == b""
        first.send(FIRE)
        assert first.answer()
    assert receiver.stats.turned_away == 1


def test_one_address_has_its_share_of_the_places(station: Station) -> None:
    receiver = station.listen(connections=4, per_address=1)
    with Panel(receiver) as first, Panel(receiver) as second:
        assert second.answer() == b""
        first.send(FIRE)
        assert first.answer()
    assert receiver.stats.turned_away == 1


def test_a_frame_that_never_ends_ends_the_connection(station: Station) -> None:
    receiver = station.listen()
    with Panel(receiver) as panel:
        try:
            panel.send(b"\n" + b"x" * (MAX_FRAME_BYTES + 10_000))
            assert panel.answer() == b""
        except ConnectionError:
            pass
    wait_until(lambda: receiver.stats.open == 0)
    assert station.journal() == []


def test_a_receiver_that_stops_lets_everybody_go(station: Station) -> None:
    receiver = station.listen()
    with Panel(receiver) as panel:
        panel.send(FIRE)
        assert panel.answer()
        receiver.stop()
        assert panel.answer() == b""


def chunks(body: bytes, cuts: list[int]) -> list[bytes]:
    """The body cut at these places."""
    places = [0, *sorted(cuts), len(body)]
    return [body[start:end] for start, end in pairwise(places)]


STREAM = FIRE + b"\0" + HEAT + b"\n\x0d\x12" + b'000A"NULL"xxx\r' + b"noise\r\n" + FIRE


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_whatever_the_chunks_are_the_pieces_are_the_same(cuts: list[int]) -> None:
    framer, whole = Framer(), Framer()
    pieces = [piece for chunk in chunks(STREAM, cuts) for piece in framer.feed(chunk)]
    assert pieces == whole.feed(STREAM)
    assert (framer.rest(), whole.rest()) == (b"", b"")
    assert b"\n\x0d\x12" + b'000A"NULL"xxx\r' in pieces[2]


def test_a_server_listens_where_its_settings_say(tmp_path: Path) -> None:
    config = tmp_path / "lagebild.toml"
    config.write_text('[feeds.sia.werk]\ntcp_port = 0\n[feeds.sources."sia_dc09/werk".accounts.4711]\nname = "Werk"\n')
    with Server(tmp_path / "data", "--no-demo", "--config", str(config)) as server:
        told = wait_until(lambda: next((line for line in server.lines if "alarm panels" in line), None))
        port = int(told.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as panel:
            panel.sendall(FIRE)
            assert panel.recv(1_000) == build(b'"ACK"0001R1L0#4711[]')
        features = server.get("/picture?situation=live", server.token("control", "Leitstelle"))["features"]
        (alarm,) = [feature for feature in features if feature["id"] == "sia_dc09:4711:12:fire"]
        assert (alarm["properties"]["state"], alarm["properties"]["consent"]) == ("ALARM", "unknown")
