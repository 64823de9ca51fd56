"""MISB ST 0601. The frames are in fixtures/frames/misb_klv; single items are the published examples of the standard."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Drone, Image
from server.feeds import DecodeError, feeds
from server.feeds.misb_klv import NAME
from server.feeds.misb_klv.items import checksum, items, mapped
from server.feeds.misb_klv.stream import KEY, ber_length, streams
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES, context, yielded
from tests.feeds.fuzz import survives
from tests.feeds.klv_tools import item, number, packet, transport

POSE: dict[int, bytes | str | float] = {
    4: "D-PB01",
    5: 90.0,
    6: 0.0,
    7: 0.0,
    13: 51.83,
    14: 8.78,
    15: 320.0,
    16: 60.0,
    17: 40.0,
    18: 0.0,
    19: -60.0,
    20: 0.0,
    23: 51.83,
    24: 8.7817,
    25: 120.0,
}
FULL: dict[int, bytes | str | float] = {
    82: 51.831,
    83: 8.78,
    84: 51.831,
    85: 8.783,
    86: 51.829,
    87: 8.783,
    88: 51.829,
    89: 8.78,
}


def only(body: bytes) -> tuple[Drone, Image]:
    """Aircraft and frame of a capture of one packet."""
    drone, frame = decoded(NAME, body).observations
    assert isinstance(drone.content, Drone)
    assert isinstance(frame.content, Image)
    return drone.content, frame.content


@pytest.mark.parametrize(
    ("octets", "name", "value"),
    [
        ("05 02 71 C2", "platform_heading_deg", 159.974365),
        ("06 02 FD 3D", "platform_pitch_deg", -0.431532),
        ("07 02 08 B8", "platform_roll_deg", 3.405866),
        ("0D 04 55 95 B6 6D", "sensor_lat", 60.176822967),
        ("0E 04 5B 53 60 C4", "sensor_lon", 128.426759042),
        ("0F 02 C2 21", "sensor_altitude_m", 14190.7195),
        ("10 02 CD 9C", "hfov_deg", 144.571298),
        ("11 02 D9 17", "vfov_deg", 152.643626),
        ("12 04 72 4A 0A 20", "sensor_azimuth_deg", 160.719211437),
        ("13 04 87 F8 4B 86", "sensor_elevation_deg", -168.792324834),
        ("14 04 7D C5 5E CE", "sensor_roll_deg", 176.865437649),
        ("15 04 03 83 09 26", "slant_range_m", 68590.983299),
        ("16 02 12 81", "target_width_m", 722.8199),
        ("17 04 F1 01 A2 29", "centre_lat", -10.542388633),
        ("18 04 14 BC 08 2B", "centre_lon", 29.157890123),
        ("19 02 34 F3", "centre_elevation_m", 3216.0372),
        ("1A 02 C0 6E", "corner_offset_0", -0.0372494),
        ("1B 02 CB E9", "corner_offset_1", -0.0305223),
        ("1C 02 D7 65", "corner_offset_2", -0.0237930),
        ("1D 02 E2 E0", "corner_offset_3", -0.0170660),
    ],
)
def test_published_items(octets: str, name: str, value: float) -> None:
    found = items(KEY + bytes([len(bytes.fromhex(octets))]) + bytes.fromhex(octets))
    assert found == {name: pytest.approx(value, rel=1e-6, abs=6e-8)}


@pytest.mark.parametrize(
    ("octets", "at"),
    [
        ("0004605058 4E0180", datetime(2009, 1, 12, 22, 8, 22, tzinfo=UTC)),
        ("000459F4A6AA4AA8", datetime(2008, 10, 24, 0, 13, 29, 913_000, UTC)),
    ],
)
def test_published_times(octets: str, at: datetime) -> None:
    (drone, _) = decoded(NAME, packet(POSE, int.from_bytes(bytes.fromhex(octets), "big"))).observations
    assert drone.observed_at == at


@pytest.mark.parametrize(
    ("low", "high", "octets", "value"),
    [
        (0, 1_500_000, "00D92A", 13_898.5),
        (-900, 40_000, "2F921E", 23_456.234375),
        (-900, 40_000, "05F500", 2_150.0),
        (0, 360, "1F40", 125.0),
        (0, 360, "C800", None),  # positive infinity
        (-900, 40_000, "", None),
    ],
)
def test_floating_point_mapped_to_integers(low: float, high: float, octets: str, value: float | None) -> None:
    assert mapped(low, high, bytes.fromhex(octets)) == value


def test_the_fuller_item_counts() -> None:
    drone, frame = yielded(FRAMES / NAME / "later.klv").observations
    assert drone.extra["platform_pitch_deg"] == -0.431525102
    assert drone.extra["platform_roll_deg"] == 3.405813982
    assert (drone.extra["target_width_m"], drone.extra["platform_course_deg"]) == (13_898.5, 125.0)
    assert isinstance(frame.content, Image)
    assert (frame.content.height_m, frame.content.footprint_source) == (2_150.0, "computed")


def test_the_error_value_says_nothing() -> None:
    drone, frame = only(packet({4: "x", 13: b"\x80\0\0\0", 14: b"\x80\0\0\0", 5: 90.0}))
    assert drone.heading_deg == pytest.approx(90.0, abs=0.01)
    assert decoded(NAME, packet({4: "x", 13: b"\x80\0\0\0", 14: number(14, 8.0)})).observations[0].geometry is UNSET
    assert frame.footprint is UNSET


def test_a_number_is_read_by_its_actual_length() -> None:
    assert items(packet({22: b"\0\0\xff\xff"}))["target_width_m"] == pytest.approx(10_000 * 0xFFFF / 0xFFFF_FFFF)


def test_the_full_corners_come_before_the_offsets_and_these_before_the_pose() -> None:
    offsets: dict[int, bytes | str | float] = {
        26 + n: v for n, v in enumerate((0.001, -0.001, 0.001, 0.001, -0.001, 0.001, -0.001, -0.001))
    }
    _, full = only(packet({**POSE, **offsets, **FULL}))
    assert isinstance(full.footprint, dict)
    assert full.footprint["coordinates"][0][0] == pytest.approx([8.78, 51.831])
    assert (full.footprint_source, full.truncated) == ("told", False)
    _, by_offset = only(packet({**POSE, **offsets}))
    assert isinstance(by_offset.footprint, dict)
    assert by_offset.footprint["coordinates"][0][2] == pytest.approx([8.7827, 51.829], abs=1e-5)
    _, computed = only(packet(POSE))
    assert isinstance(computed.footprint, dict)
    assert computed.footprint_source == "computed"
    # Seen to the east, 60 degrees down from 200 m: the upper edge lies 200 / tan(40) m away.
    assert computed.footprint["coordinates"][0][0][0] == pytest.approx(8.78 + 238.35 / 68_928, abs=2e-5)


def test_sensor_and_frame_that_contradict_each_other_have_no_footprint() -> None:
    _, frame = only(packet({**POSE, 23: -10.0, 24: 29.0}))
    assert frame.footprint is UNSET
    assert frame.height_m is UNSET


def test_the_height_above_ground_is_the_third_coordinate() -> None:
    drone = decoded(NAME, packet(POSE)).observations[0]
    assert isinstance(drone.geometry, dict)
    assert drone.geometry["coordinates"][2] == pytest.approx(200.0, abs=0.3)


@pytest.mark.parametrize(("wrong_by", "flags"), [(0, ()), (1, ("checksum_failed",))])
def test_the_verdict_on_the_checksum(wrong_by: int, flags: tuple[str, ...]) -> None:
    found = decoded(NAME, packet(POSE, sum_by=wrong_by)).observations[0]
    assert found.flags == flags
    assert found.extra["checksum_ok"] is (wrong_by == 0)


def test_a_packet_without_a_checksum_is_flagged() -> None:
    body = item(4, "x") + item(13, number(13, 51.0)) + item(14, number(14, 8.0))
    flags = decoded(NAME, KEY + bytes([len(body)]) + body).observations[0].flags
    assert flags == ("checksum_missing", "time_assumed")


def test_the_sum_of_an_odd_and_an_even_octet() -> None:
    assert checksum(b"\x01\x02\x03") == 0x0402
    assert checksum(b"\xff" * 600) == (300 * 0xFF00 + 300 * 0xFF) % 65_536


@pytest.mark.parametrize(("code", "number_of"), [(1, 2), (2, 0), (3, 0), (4, 0), (5, 0), (9, 0)])
def test_what_is_classified_is_not_shown(code: int, number_of: int) -> None:
    found = decoded(NAME, packet({**POSE, 48: bytes([1, 1, code, 2, 1, 1])}))
    assert len(found.observations) == number_of
    assert reasons(found) == ([] if number_of else ["classified footage is not shown"])
    assert all(part.excerpt == "" for part in found.refused)


def test_who_flies_is_the_core_id_or_the_names() -> None:
    assert decoded(NAME, packet(POSE)).observations[0].subject == "misb_klv:D-PB01"
    named = {**POSE, 3: "M1", 10: "Quad", 94: bytes.fromhex("0170ab")}
    assert decoded(NAME, packet(named)).observations[1].subject == "misb_klv:0170ab:frame"


def test_a_packet_that_comes_again_is_the_same() -> None:
    again = decoded(NAME, packet(POSE) * 3)
    assert len(again.observations) == 2


def test_a_transport_stream_carries_the_same_packets() -> None:
    first, second = packet(POSE), packet(POSE, 1_795_284_312_000_000)
    bare = decoded(NAME, first + second).observations
    assert decoded(NAME, transport([first, second])).observations == bare
    assert decoded(NAME, transport([first, second], synchronous=True)).observations == bare
    stream = transport([first, second])
    with_stamps = b"".join(b"\0\1\2\3" + stream[at : at + 188] for at in range(0, len(stream), 188))
    assert decoded(NAME, with_stamps).observations == bare
    assert decoded(NAME, stream[94:] + stream).observations == bare
    assert len(streams(stream)) == 1


def test_a_broken_packet_does_not_take_its_neighbours_along() -> None:
    good = packet(POSE)
    found = decoded(NAME, good[:60] + good + KEY + b"\x05\x02\x08\0\0\0" + KEY)
    assert len(found.observations) == 2
    assert len(found.refused) >= 2


def test_lengths() -> None:
    assert ber_length(b"\x7f", 0) == (1, 127)
    assert ber_length(b"\x81\xd2", 0) == (2, 210)
    assert ber_length(b"\x82\x01\x00", 0) == (3, 256)
    assert ber_length(b"\x80", 0) == ber_length(b"\x85\0\0\0\0\0", 0) == ber_length(b"", 0) == (0, 0)


@pytest.mark.parametrize("body", [b"\x06\x0e\x2b\x34", bytes(188), b"G" + bytes(187), b"G" * 1880])
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_any_octets_in_a_packet_are_survived(body: bytes, before: bytes) -> None:
    survives(NAME, before + KEY + bytes([min(len(body), 127)]) + body)
    survives(NAME, (b"G" + before + bytes(200))[:188] + (b"G\x40\x41\x10\0\0\1\xfc" + KEY + body + bytes(200))[:188])


@given(st.dictionaries(st.integers(1, 127), st.binary(max_size=8), max_size=12))
def test_any_values_are_survived(values: dict[int, Any]) -> None:
    survives(NAME, packet(values))


def test_the_frames_hold_what_they_should() -> None:
    found = yielded(FRAMES / NAME / "packets.klv")
    assert len(found.observations) == 8
    assert reasons(found) == ["classified footage is not shown", "a packet ends before its announced length"]
