"""Framers: whatever the chunks of a stream are, the messages are the same; what is no message is told."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.feeds import feeds
from server.feeds._stream import FRAMINGS, Between, Cut, Framer, Lengths, Lines, Objects, Piece, Unframed, Whole
from server.feeds.boswatch.framer import Packets as BosPackets
from server.feeds.boswatch.framer import answer
from server.feeds.mavlink import Frames
from server.feeds.misb_klv.framer import Packets as KlvPackets
from tests.feeds.klv_tools import packet, transport
from tests.feeds.mavlink_tools import BOOTED_US, Autopilot

LIMIT = 1_000


def chunks(body: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:end] for start, end in pairwise(places)]


def pieces(framer: Framer, *parts: bytes) -> list[Piece]:
    return [piece for part in parts for piece in framer.feed(part)] + framer.rest()


STREAMS: dict[str, tuple[Callable[[int], Framer], bytes, list[Piece]]] = {
    "lines": (
        Lines,
        "eins\r\n\n  zwölf \nohne Ende ä".encode(),
        [b"eins", "zwölf".encode(), "ohne Ende ä".encode()],
    ),
    "json": (
        Objects,
        b'{"a": "}\\"{", "b": [1, {"c": 2}]}\n{"d":\n 3}[4]{"e": "\xc3\xa4"} junk {"f": 5}',
        [b'{"a": "}\\"{", "b": [1, {"c": 2}]}', b'{"d":\n 3}', b"[4]", b'{"e": "\xc3\xa4"}', b"junk", b'{"f": 5}'],
    ),
    "stx": (Between, b"\x02eins\x03\x02\x02zwei\x03", [b"eins", Cut("not between start and end", 1, b"\x02"), b"zwei"]),
    "length": (Lengths, b"\0\0\0\x03abc\0\0\0\0\0\0\0\x02\xc3\xa4", [b"abc", b"\xc3\xa4"]),
    "whole": (Whole, b"<a>\n\n</a>", [b"<a>\n\n</a>"]),
    "boswatch": (
        BosPackets,
        "7         <alive>56        {'mode': 'fms', 'statusText': 'it\\'s {ä}', 'x': \"'\"}"
        "7         <alive>13        {'mode': 'b'}69371412 3\nFMS: [x] {y}\n{'broken\n{'mode': 'c'}".encode(),
        [
            "56        {'mode': 'fms', 'statusText': 'it\\'s {ä}', 'x': \"'\"}".encode(),
            b"13        {'mode': 'b'}",
            b"69371412 3",
            b"FMS: [x] {y}",
            b"{'broken",
            b"{'mode': 'c'}",
        ],
    ),
}


@pytest.mark.parametrize("name", STREAMS)
@given(cuts=st.lists(st.integers(0, 500), max_size=20))
def test_whatever_the_chunks_are_the_messages_are_the_same(name: str, cuts: list[int]) -> None:
    make, stream, expected = STREAMS[name]
    found = pieces(make(LIMIT), *chunks(stream, cuts))
    if name == "stx":  # noise may come in parts
        found = [piece for piece in found if not isinstance(piece, Cut)]
        expected = [piece for piece in expected if not isinstance(piece, Cut)]
    assert found == expected


@pytest.mark.parametrize("name", STREAMS)
def test_octet_by_octet(name: str) -> None:
    make, stream, expected = STREAMS[name]
    assert pieces(make(LIMIT), *(bytes([octet]) for octet in stream)) == expected


def test_a_line_that_is_too_long_is_told_and_the_next_one_is_sound() -> None:
    framer = Lines(10)
    assert framer.feed(b"x" * 8) == []
    assert framer.feed(b"y" * 8) == []
    assert framer.held == 16
    assert framer.feed(b"z\nsound\n") == [
        Cut("a message has 17 bytes, more than 10", 17, b"xxxxxxxxyyyyyyyy"),
        b"sound",
    ]
    assert framer.held == 0


@pytest.mark.parametrize(
    ("framer", "stream", "reason"),
    [
        (Objects(10), b'{"a": "' + b"x" * 10, "a message has more than 10 bytes"),
        (Lengths(10, 2), b"\x01\x00", "a message announces 256 bytes, more than 10"),
        (Whole(10), b"x" * 11, "a message has more than 10 bytes"),
    ],
)
def test_a_stream_that_cannot_be_cut_any_more(framer: Framer, stream: bytes, reason: str) -> None:
    with pytest.raises(Unframed, match=reason):
        framer.feed(stream)


@pytest.mark.parametrize("framer", [Between(10), Lengths(10)])
def test_half_a_message_at_the_end_is_told(framer: Framer) -> None:
    start = b"\x02" if isinstance(framer, Between) else b"\0\0\0\x05"
    assert framer.feed(start + b"abc") == []
    assert framer.rest() == [Cut("the connection ended within a message", len(start) + 3, start + b"abc")]


def test_what_has_no_end_between_stx_and_etx_is_bounded() -> None:
    framer = Between(10)
    assert framer.feed(b"\x02" + b"x" * 20) == [Cut("a message has more than 10 bytes", 21, b"\x02" + b"x" * 20)]
    assert framer.feed(b"\x02ok\x03") == [b"ok"]


def test_a_packet_of_boswatch_is_acknowledged_in_its_own_form() -> None:
    assert answer(b"13        {'mode': 'b'}") == b"6         [ack-]"
    assert answer(b"69371412 3") == b""


def test_every_framing_that_can_be_chosen_makes_a_framer() -> None:
    for name, make in FRAMINGS.items():
        framer = make(100)
        assert (name, framer.held) == (name, 0)


def test_every_feed_cuts_streams_and_keeps_to_its_limit() -> None:
    for name, feed in feeds().items():
        framer = feed.stream.framer(min(feed.max_bytes, LIMIT))
        try:
            found = [*framer.feed(b"\x00{'\"<[noise" * 400), *framer.rest()]
        except Unframed:
            continue
        for piece in found:
            assert isinstance(piece, Cut) or len(piece) <= LIMIT, name


KLV = [packet({13: 51.8, 14: 8.7}, 1_795_284_311_000_000 + number) for number in range(4)]
VIDEO = transport(KLV) + transport(KLV[:1], synchronous=True)
KLV_STREAMS = {
    "bare": (b"".join(KLV), KLV),
    "joined in the middle": (KLV[3][20:] + b"".join(KLV), KLV),
    "transport stream": (VIDEO, [*KLV, KLV[0]]),
    "transport stream, joined in the middle of a packet": (VIDEO[50:], [*KLV, KLV[0]]),
}


@pytest.mark.parametrize("name", KLV_STREAMS)
@given(cuts=st.lists(st.integers(0, 5_000), max_size=12))
def test_packets_of_klv_come_out_of_every_stream_and_no_video(name: str, cuts: list[int]) -> None:
    stream, expected = KLV_STREAMS[name]
    assert pieces(KlvPackets(LIMIT), *chunks(stream, cuts)) == expected


def test_datagrams_of_video_as_rtp_sends_it() -> None:
    framer = KlvPackets(LIMIT)
    parts = [VIDEO[at : at + 7 * 188] for at in range(0, len(VIDEO), 7 * 188)]
    rtp = [b"\x80\x21" + number.to_bytes(2, "big") + bytes(8) + part for number, part in enumerate(parts)]
    assert pieces(framer, *rtp) == [*KLV, KLV[0]]


def test_a_lost_datagram_of_video_costs_what_was_in_it() -> None:
    framer = KlvPackets(LIMIT)
    whole = transport(KLV[:1]) + transport(KLV[1:2])
    lost = whole[: 188 * 3] + whole[188 * 4 + 60 :]
    assert KLV[1] in pieces(framer, *(lost[at : at + 100] for at in range(0, len(lost), 100)))


def test_a_packet_that_breaks_off_is_told_and_its_neighbours_are_sound() -> None:
    found = pieces(KlvPackets(LIMIT), KLV[0] + KLV[1][:30] + KLV[2] + KLV[3][:30])
    assert found == [
        KLV[0],
        Cut("a packet ends before its announced length", 30, KLV[1][:30]),
        KLV[2],
        Cut("the stream ended within a packet", 30, KLV[3][:30]),
    ]


def test_a_stream_without_packets_holds_little() -> None:
    framer = KlvPackets(LIMIT)
    for _ in range(200):
        framer.feed(bytes(range(1, 200)) * 10)
        assert framer.held < 5_000


@pytest.mark.parametrize("version", [1, 2])
@given(cuts=st.lists(st.integers(0, 2_000), max_size=12))
def test_frames_of_mavlink_with_the_clock_of_their_system(version: int, cuts: list[int]) -> None:
    pilot = Autopilot(version=version)
    clock = pilot.frame("system_time", BOOTED_US + 10_000_000, 10_000)
    attitude = pilot.frame("attitude", 1, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0)
    first, second = pilot.position(), pilot.position(12_000)
    stream = b"noise" + first + attitude + clock + attitude + second
    assert pieces(Frames(LIMIT), *chunks(stream, cuts)) == [first, clock + second]
