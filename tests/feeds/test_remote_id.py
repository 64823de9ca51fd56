"""Remote identification of drones. The frames are in fixtures/frames/remote_id."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Drone
from layers.observation import Sensitivity
from server.feeds import Decoded, DecodeError, feeds
from server.feeds.remote_id import NAME
from server.feeds.remote_id.messages import messages, read
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import context
from tests.feeds.fuzz import survives
from tests.feeds.odid_tools import (
    SERIAL,
    basic,
    beacon,
    extended,
    legacy,
    location,
    nan,
    nordic,
    operator,
    own,
    pack,
    pcap,
    pcapng,
    radiotap,
    report,
    system,
)

ALL = pack(basic(), location(), own(), system(), operator())
HERE = {"type": "Point", "coordinates": [8.78, 51.83, 100.0]}


def only(found: Decoded) -> tuple[Drone, Any]:
    """The only drone and its observation."""
    (observation,) = found.observations
    assert isinstance(observation.content, Drone)
    return observation.content, observation


@pytest.mark.parametrize(
    "body",
    [
        pcap(105, [beacon(ALL)]),
        pcap(105, [nan(ALL)]),
        pcap(105, [nan(ALL, 0x5C, b"ab\x01x\x02yz")]),
        pcap(127, [radiotap(beacon(ALL))]),
        pcap(127, [radiotap(nan(ALL), 0)]),
        pcap(251, [extended(ALL)]),
        pcap(256, [bytes(8) + b"\0\x0c" + extended(ALL)]),
        pcap(272, [nordic(extended(ALL))]),
        pcap(272, [nordic(extended(ALL), coded=False)]),
        pcap(192, [b"\0\0\x0c\0\x69\0\0\0" + bytes(4) + beacon(ALL)]),
        pcap(119, [b"\x44\0\0\0\x90\0\0\0" + bytes(136) + beacon(ALL)]),
        pcap(163, [b"\x80\x21\x10\x01\0\0\0\x40" + bytes(56) + beacon(ALL)]),
        pcap(187, [b"\x04" + report(ALL)]),
        pcap(201, [b"\0\0\0\1\x04" + report(ALL)]),
        pcap(201, [b"\0\0\0\1\x04" + report(basic(), location(), new=False), b"\0\0\0\1\x04" + report(ALL)]),
        pcap(254, [b"\0\0\0\x03" + report(ALL)]),
        pcap(105, [beacon(ALL)], ">"),
        pcap(105, [beacon(ALL)], "<", nanoseconds=True),
        pcapng(105, [beacon(ALL)]),
        ALL,
        basic() + location() + ALL,
    ],
    ids=range(21),
)
def test_the_same_words_by_every_carrier(body: bytes) -> None:
    found = decoded(NAME, body)
    content, observation = found.observations[-1].content, found.observations[-1]
    assert isinstance(content, Drone)
    assert observation.subject == f"remote_id:{SERIAL}"
    assert (content.registration, content.aircraft_type, content.flight_status) == (SERIAL, "multirotor", "AIRBORNE")
    assert observation.geometry == HERE
    assert (content.heading_deg, content.ground_speed_mps, content.vertical_speed_mps) == (270.0, 10.0, -2.0)
    assert (content.altitude_m, observation.accuracy_m) == (220.0, 10.0)
    assert (content.operator_id, content.remark) == ("DEU87astrdge12k8", "Uebung")
    assert content.operator_place == {"type": "Point", "coordinates": [8.779, 51.829]}
    assert observation.sensitivity is Sensitivity.PERSONAL
    assert (observation.extra["area_radius_m"], observation.extra["eu_category"]) == (50, 2)


def test_bluetooth_4_tells_it_in_pieces() -> None:
    found = decoded(NAME, pcap(251, [legacy(location()), legacy(basic()), legacy(operator())]))
    assert {each.subject for each in found.observations} == {f"remote_id:{SERIAL}"}
    where, who, flown_by = found.observations
    assert where.geometry == HERE
    assert where.sensitivity is Sensitivity.OPERATIONAL
    assert who.geometry is UNSET
    assert flown_by.sensitivity is Sensitivity.PERSONAL


def test_without_an_id_the_transmitter_names_the_drone() -> None:
    content, observation = only(decoded(NAME, pcap(105, [beacon(pack(location()))])))
    assert observation.subject == "remote_id:mac-60601f112233"
    assert content.registration is UNSET
    assert observation.flags == ("id_assumed",)
    assert reasons(decoded(NAME, location())) == ["a message of nobody: no id, no transmitter"]


def test_the_time_is_that_of_the_position_in_the_hour_of_the_capture() -> None:
    # Captured at 18:05:11.5; 311.5 s after the full hour.
    observed_at = only(decoded(NAME, pcap(105, [beacon(ALL)])))[1].observed_at
    assert observed_at == datetime(2026, 11, 21, 18, 5, 11, 500_000, UTC)
    before = decoded(NAME, pcap(105, [beacon(pack(basic(), location(tenths=35_990)))]))
    assert only(before)[1].observed_at == datetime(2026, 11, 21, 17, 59, 59, tzinfo=UTC)
    unknown = pack(basic(), location(tenths=0xFFFF))
    assert only(decoded(NAME, pcap(105, [beacon(unknown)])))[1].observed_at.second == 11


def test_what_is_sent_several_times_is_one_claim() -> None:
    assert len(decoded(NAME, pcap(105, [beacon(ALL), nan(ALL), beacon(ALL)])).observations) == 1
    again = [beacon(pack(basic(), location(tenths=tenths))) for tenths in (3115, 3116)]
    assert len(decoded(NAME, pcap(105, again)).observations) == 2


def test_a_clock_that_stands_dates_nothing() -> None:
    """A drone that flies and leaves its tenths at nought: the capture says when it was where."""
    flown = [beacon(pack(basic(), location(lon=8.78 + number / 10_000, tenths=0))) for number in range(11)]
    found = decoded(NAME, pcap(105, flown)).observations
    assert [each.observed_at.microsecond for each in found[:3]] == [500_000, 600_000, 700_000]
    assert {each.observed_at.hour for each in found} == {18}
    assert all("clock_stands" in each.flags for each in found)
    assert found[-1].geometry == {"type": "Point", "coordinates": [8.781, 51.83, 100.0]}


def test_a_drone_that_stands_or_is_heard_for_a_moment_keeps_its_own_time() -> None:
    hovering = [beacon(pack(basic(), location(tenths=3115))) for _ in range(11)]
    (once,) = decoded(NAME, pcap(105, hovering)).observations
    assert (once.observed_at.second, once.flags) == (11, ())
    short = [beacon(pack(basic(), location(lon=8.78 + number / 10_000, tenths=0))) for number in range(3)]
    found = decoded(NAME, pcap(105, short)).observations
    assert {each.observed_at.minute for each in found} == {0}


def test_words_that_come_again_at_once_are_of_their_first_time() -> None:
    (said,) = decoded(NAME, pcap(105, [beacon(pack(operator()))] * 9)).observations
    assert said.observed_at.microsecond == 500_000
    assert len(decoded(NAME, pcap(105, [beacon(pack(operator()))] * 21)).observations) == 3


def test_frames_whose_checksum_is_wrong_are_left_out() -> None:
    found = decoded(NAME, pcap(272, [nordic(extended(ALL), valid=False), nordic(extended(pack(basic())))]))
    assert len(found.observations) == 1
    assert reasons(found) == ["1 frames with a wrong checksum"]
    bad = decoded(NAME, pcap(127, [radiotap(beacon(ALL), 0x50)]))
    assert (bad.observations, reasons(bad)) == ((), ["1 frames with a wrong checksum"])


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (location(speed=255), {"speed_mps"}),
        (location(speed=255, flags=0x21), {"speed_mps"}),
        (location(direction=181, flags=0x22), {"heading_deg"}),
        (location(climb=126), {"climb_mps"}),
        (location(lon=0, lat=0), {"place"}),
        (location(lat=91), {"place"}),
        (location(height=0), {"height_m"}),
        (location(geodetic=0), {"altitude_m"}),
        (location(accuracy=0), {"accuracy_m"}),
        (location(accuracy=15), {"accuracy_m"}),
        (location(tenths=0xFFFF), {"tenths"}),
    ],
)
def test_unknown_values_are_not_said(message: bytes, said: set[str]) -> None:
    assert set(read(location())) - set(read(message)) == said


def test_fast_drones_and_both_halves_of_the_compass() -> None:
    assert read(location(speed=100, flags=0x21))["speed_mps"] == 138.75
    assert read(location(direction=10, flags=0x20))["heading_deg"] == 10.0
    assert read(location(flags=0x24))["above"] == "ground"
    assert read(location(flags=0xF0))["status"] == "unknown"


@pytest.mark.parametrize("identity", [b"SSEVTF\xff_3w", b"", b"\0abc", b"a\x07b"])
def test_an_id_that_is_no_text_is_none(identity: bytes) -> None:
    assert read(basic(identity)) == {}


def test_a_session_does_not_replace_a_serial_number() -> None:
    both = pack(basic(), basic(bytes(range(1, 21)), kind=4), location())
    assert only(decoded(NAME, both))[0].registration == SERIAL
    alone = pack(basic(bytes(range(1, 21)), kind=4), location())
    assert only(decoded(NAME, alone))[0].registration == bytes(range(1, 21)).hex()


def test_packs_of_no_and_of_too_many_messages() -> None:
    assert list(messages(b"\xf2\x19\x00")) == []
    assert list(messages(b"\xf2\x18\x01" + bytes(25))) == []
    assert len(list(messages(b"\xf2\x19\xff" + basic() * 20))) == 9
    assert list(messages(pack(basic(), location())[:-1])) == [basic()]


@pytest.mark.parametrize(
    "body",
    [
        pcap(105, []),
        pcap(105, [b"", b"\x80", bytes(60)]),
        pcap(1, [beacon(ALL)]),
        pcap(105, [beacon(ALL)])[:20],
        pcapng(105, [])[:11],
        b"\x72" + bytes(24),
        b"\x03" + bytes(24),
        ALL[:-3],
    ],
    ids=range(8),
)
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


def test_a_capture_that_is_broken_off_keeps_what_came_before() -> None:
    whole = pcap(105, [beacon(ALL), nan(pack(basic()))])
    assert len(decoded(NAME, whole[:-5]).observations) == 1


@given(st.binary(max_size=120), st.sampled_from([105, 119, 127, 163, 187, 192, 201, 251, 254, 256, 272]))
def test_any_octets_in_a_frame_are_survived(octets: bytes, link: int) -> None:
    survives(NAME, pcap(link, [octets]))
    survives(NAME, pcapng(link, [octets]))
    survives(NAME, pcap(link, [beacon(octets), nan(octets), radiotap(octets), extended(octets[:100])]))
    survives(NAME, pcap(187, [b"\x04\x3e\xff" + octets, b"\x04" + report(octets[:100])]))


def test_reports_of_the_old_kind_stand_one_behind_the_other() -> None:
    found = decoded(NAME, pcap(187, [b"\x04" + report(basic(), location(), new=False)]))
    assert [each.subject for each in found.observations][-1] == f"remote_id:{SERIAL}"
    assert found.observations[-1].geometry == HERE


@given(st.lists(st.binary(min_size=25, max_size=25), max_size=9))
def test_any_messages_are_survived(some: list[bytes]) -> None:
    survives(NAME, pcap(105, [beacon(pack(basic(), *some)[:240])]))
    survives(NAME, b"".join(some))
