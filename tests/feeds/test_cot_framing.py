"""Cursor on Target: events cut at any byte, and both encodings, there and back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layers.cot import Event, Node, node, xml
from server.feeds import TOO_LARGE, DecodeError
from server.feeds._stream import Cut, Unframed
from server.feeds.cot.framing import (
    AUTH,
    JUNK,
    PROTO,
    XML,
    Framer,
    Messages,
    Piece,
    as_varint,
    datagram,
    mesh_frame,
    stream_frame,
    varint,
)
from server.feeds.cot.protobuf import read_message, write_message
from server.feeds.cot.xml import read_event
from tests.feeds.cot_tools import decoded, event
from tests.feeds.frames import FRAMES

# -- framing -----------------------------------------------------------------------------------------------------------

ONE, TWO = xml(event(uid="A")), xml(event("t-x-c-t", uid="Ä"))
PACKED = stream_frame(write_message(event(uid="P" * 200)))
STREAM = ONE + TWO + b"\r\n\0 " + PACKED + PACKED + b"<auth><cot password='x'/></auth>junk" + ONE + ONE[:40]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000, len(STREAM)])
def test_a_stream_is_cut_the_same_at_any_byte(size: int) -> None:
    framer = Framer()
    found = [piece for at in range(0, len(STREAM), size) for piece in framer.feed(STREAM[at : at + size])]
    assert [piece.kind for piece in found] == [XML, XML, PROTO, PROTO, AUTH, JUNK, XML]
    assert found[0].body == ONE[ONE.index(b"<event") :]
    assert read_event(found[1].body).uid == "Ä"
    assert read_message(found[2].body) == event(uid="P" * 200)
    assert found[5].body == b"junk"
    assert framer.rest() == [Piece(JUNK, ONE[:40])]
    assert framer.rest() == []


@settings(max_examples=60)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_chunks_do_not_matter(sizes: list[int]) -> None:
    framer, at, found = Framer(), 0, []
    stream = PACKED + ONE + TWO + PACKED
    for size in [*sizes, len(stream)]:
        found += framer.feed(stream[at : at + size])
        at += size
    assert found == Framer().feed(stream)


def test_half_an_event_does_not_take_the_next_along() -> None:
    half, whole = Framer().feed(ONE[: len(ONE) // 2] + TWO)
    assert (half.kind, whole.kind) == (JUNK, XML)
    assert read_event(whole.body).uid == "Ä"


def test_an_escaped_end_within_a_telestration_is_no_cut() -> None:
    inner = node("link", line="<event><point/></event>")
    (piece,) = Framer().feed(xml(event("u-d-f-m", inner)))
    assert read_event(piece.body).detail == (inner,)


@pytest.mark.parametrize("start", [b"<event ", b"\xbf\xff\xff\xff\x7f", b"\xbf" + b"\xff" * 12])
def test_what_never_ends_is_cut_off(start: bytes) -> None:
    framer = Framer(max_bytes=10_000)
    with pytest.raises(DecodeError) as error:
        for _ in range(30):
            framer.feed(start + b"x" * 500)
    assert error.value.kind in (TOO_LARGE, "malformed")


@given(st.integers(0, 2**64 - 1))
def test_a_varint_comes_back(number: int) -> None:
    written = as_varint(number)
    assert varint(written) == (number, len(written))


def test_a_listener_gets_messages_and_what_was_between() -> None:
    framer = Messages(1_000_000)
    assert framer.feed(b"noise" + ONE + PACKED + b"<auth><cot password='x'/></auth><ev") == [
        Cut("an event that does not end, or no event at all", 5, b"noise"),
        ONE[ONE.index(b"<event") :],
        PACKED,
    ]
    assert framer.held == 3
    assert [type(one) for one in framer.rest()] == [Cut]
    with pytest.raises(Unframed):
        Messages(100).feed(b"<event " * 100)


# -- both encodings ----------------------------------------------------------------------------------------------------

letters = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
words = letters.map(lambda text: text.strip()[:40])
tags = st.sampled_from(["contact", "remarks", "__group", "status", "track", "takv", "x_y", "_flow-tags_", "link"])
attributes = st.dictionaries(
    st.sampled_from(["callsign", "endpoint", "name", "role", "battery", "course", "speed", "a.b-1", "device"]),
    st.one_of(words, st.just("78"), st.floats(-1e6, 1e6).map(repr), st.just("1\n2\t3\r")),
    max_size=4,
).map(lambda found: tuple(found.items()))
leaves = st.builds(Node, tags, attributes, words)
nodes = st.builds(Node, tags, attributes, st.just(""), st.lists(leaves, max_size=3).map(tuple))
moments = st.integers(1, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
metres = st.none() | st.floats(-5_000, 9_000, allow_nan=False).map(lambda value: round(value, 6) + 0.0)
events = st.builds(
    Event,
    type=st.sampled_from(["a-f-G-U-C", "b-m-p-s-m", "u-d-f"]),
    uid=letters.map(str.strip).filter(lambda text: 0 < len(text) <= 60),
    how=st.sampled_from(["m-g", "h-e", ""]),
    time=moments,
    start=moments,
    stale=moments,
    lat=st.floats(-90, 90).map(lambda value: round(value, 9) + 0.0),
    lon=st.floats(-180, 180).map(lambda value: round(value, 9) + 0.0),
    hae=metres,
    ce=metres,
    le=metres,
    qos=st.sampled_from(["", "1-r-c"]),
    opex=st.sampled_from(["", "e-Rauch"]),
    access=st.sampled_from(["", "Undefined"]),
    detail=st.lists(leaves | nodes, max_size=5).map(tuple),
)


@settings(max_examples=60)
@given(events)
@example(event("a-f-G", node("track", course=0.0, speed=0.0), node("contact", callsign="A"), node("contact")))
def test_xml_and_protocol_1_say_the_same(one: Event) -> None:
    assert read_event(xml(one)) == one
    packed = read_message(write_message(one))
    assert packed is not None
    assert sorted(map(loosely, packed.detail)) == sorted(map(loosely, one.detail))
    assert write_message(packed) == write_message(one)
    assert xml(packed) == xml(
        Event(**{name: getattr(one, name) for name in one.__struct_fields__} | {"detail": packed.detail})
    )


def loosely(element: Node) -> str:
    """The element whatever the order of its attributes."""
    return repr(Node(element.tag, tuple(sorted(element.attributes)), element.text, element.children))


def test_what_protocol_1_has_fields_for_is_not_in_its_xml() -> None:
    message = write_message(
        event(
            "a-f-G",
            node("contact", endpoint="*:-1:stcp", callsign="HLF"),
            node("__group", name="Red", role="HQ"),
            node("status", battery=78),
            node("track", course=1.5, speed=2.0),
            node("uid", Droid="HLF"),
        )
    )
    assert message.count(b"<") == 1
    assert b'<uid Droid="HLF"/>' in message


@pytest.mark.parametrize(
    "element",
    [
        node("contact", callsign="A", phone="1"),
        node("status", battery="078"),
        node("status", readiness="true"),
        node("track", course="1.50", speed="2"),
        node("track", course=1.0),
        node("contact", "text", callsign="A"),
        node("contact", callsign=""),
    ],
)
def test_what_a_field_cannot_say_exactly_stays_xml(element: Node) -> None:
    found = read_message(write_message(event("a-f-G", element)))
    assert found is not None
    assert found.detail == (element,)


def test_an_element_in_both_places_counts_as_the_xml_has_it() -> None:
    xml_detail = b"\x0a\x1b" + b"<contact callsign='XML'/>  "
    typed = b"\x12\x05" + b"\x12\x03MSG"
    body = b"\x2a\x01U\x30\x80\x80\xac\xae\xff\x33" + b"\x7a" + as_varint(len(xml_detail + typed)) + xml_detail + typed
    found = read_message(b"\x12" + as_varint(len(body)) + body)
    assert found is not None
    assert found.detail == (Node("contact", (("callsign", "XML"),)),)


@pytest.mark.parametrize("unknown", [999_999.0, 9_999_999.0, float("nan"), float("inf")])
def test_an_unknown_height_is_unknown(unknown: float) -> None:
    written = xml(event()).replace(b'hae="9999999.0"', f'hae="{unknown}"'.encode())
    assert read_event(written).hae is None


def test_a_control_message_of_the_mesh_is_no_event() -> None:
    assert read_message(b"\x0a\x02\x08\x01") is None
    with pytest.raises(DecodeError, match="no event"):
        decoded(mesh_frame(b"\x0a\x02\x08\x01"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xbf\x01\xbf\x12\x05\x2a", "cut off"),
        (b"\xbf\x01\xbf\x12\x02\x2a\x00", "a uid has"),
        (b"\xbf\x01\xbf\x12\x03\x2a\x01U", "without a time"),
        (b"\xbf\x01\xbf\x0b", "wire type 3"),
        (b"\xbf\x01\xbf\x00", "without a number"),
        (b"\xbf\xff", "cut off"),
        (b"\xbf\x05ab", "does not end"),
    ],
)
def test_a_broken_message_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decoded(body)


# -- datagrams ---------------------------------------------------------------------------------------------------------


def test_every_datagram_stands_alone() -> None:
    assert [piece.kind for piece in datagram(mesh_frame(b"\x12\x00"))] == [PROTO]
    assert [piece.kind for piece in datagram((FRAMES / "cot" / "stream.bin").read_bytes())] == [PROTO] * 3
