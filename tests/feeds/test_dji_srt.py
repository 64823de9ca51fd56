"""Subtitles of DJI drones. The frames are in fixtures/frames/dji_srt."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Drone
from server.feeds import DecodeError, feeds
from server.feeds.dji_srt import NAME
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES, RECEIVED, context, yielded
from tests.feeds.fuzz import survives


def subtitle(text: str, at: str = "00:00:00,000") -> bytes:
    """A file of one subtitle."""
    return f"1\n{at} --> 00:00:09,000\n{text}\n\n".encode()


def test_the_one_line_form() -> None:
    found = yielded(FRAMES / NAME / "one_line.srt")
    first, second, third = found.observations
    assert first.geometry == {"type": "Point", "coordinates": [8.78, 51.83, 31.4]}
    assert isinstance(first.content, Drone)
    assert (first.content.ground_speed_mps, first.content.vertical_speed_mps) == (4.2, -0.5)
    assert first.extra == {"satellites": 14.0, "home_distance_m": 12.5}
    assert [each.observed_at for each in (first, second, third)] == [RECEIVED - timedelta(seconds=s) for s in (2, 1, 0)]
    assert (third.geometry, third.flags) == (UNSET, ("no_position", "time_assumed"))
    assert reasons(found) == ["1 subtitles without a position"]


def test_the_form_in_brackets_with_times_and_the_slip_in_longitude() -> None:
    first, second = yielded(FRAMES / NAME / "brackets.srt").observations
    assert first.observed_at == datetime(2026, 11, 21, 18, 5, 11, 120_000, UTC)
    assert first.geometry == {"type": "Point", "coordinates": [8.78, 51.83, 31.4]}
    assert isinstance(first.content, Drone)
    assert first.content.altitude_m == 151.274
    assert (first.extra["gb_pitch"], first.extra["iso"]) == (-30.0, 100.0)
    assert second.geometry == {"type": "Point", "coordinates": [8.78002, 51.83001, 31.5]}
    assert second.observed_at == datetime(2026, 11, 21, 18, 5, 11, 153_000, UTC)
    assert first.flags == ("tz_assumed",)


def test_height_by_barometer_and_heading_where_a_model_writes_them() -> None:
    old = subtitle("HOME(8.7801,51.8302) 2026.11.21 19:05:11\nGPS(8.78,51.83,16) BAROMETER:1.9")
    (seen,) = decoded(NAME, old).observations
    assert (seen.geometry, seen.observed_at) == (
        {"type": "Point", "coordinates": [8.78, 51.83, 1.9]},
        datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC),
    )
    turned = subtitle(
        "[latitude: 51.83] [longitude: 8.78] [rel_alt: 2.0 abs_alt: 150.0] [drone_yaw: -90.5 drone_pitch: 1.0]"
    )
    (seen,) = decoded(NAME, turned).observations
    assert isinstance(seen.content, Drone)
    assert (seen.content.heading_deg, seen.extra["drone_pitch"]) == (269.5, 1.0)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("DJI_20261121190511_0001_D.SRT", datetime(2026, 11, 21, 18, 5, 12, tzinfo=UTC)),
        ("DJIFlightRecord_2026-11-21_[19-05-11].txt.srt", datetime(2026, 11, 21, 18, 5, 12, tzinfo=UTC)),
        ("DJI_0001.SRT", None),
        ("DJI_20261399990511.SRT", None),
        ("2026-11-31 10-00-00.srt", None),
    ],
)
def test_the_name_of_the_file_tells_when_it_began(name: str, at: datetime | None) -> None:
    (seen,) = decoded(NAME, subtitle("GPS (8.78, 51.83, 10)", "00:00:01,000"), file=name).observations
    assert (seen.observed_at, seen.flags) == ((at, ("tz_assumed",)) if at else (RECEIVED, ("time_assumed",)))
    options = {"started_at": "2026-11-21T10:00:00Z"}
    (set_,) = decoded(NAME, subtitle("GPS (8.78, 51.83, 10)", "00:00:01,000"), file=name, options=options).observations
    assert set_.observed_at == datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)


def test_when_it_began_and_which_drone_can_be_set() -> None:
    body = subtitle("GPS (8.78, 51.83, 10)", "00:01:00,500")
    options = {"started_at": "2026-11-21T18:00:00Z", "drone": "Quad 1"}
    (observation,) = decoded(NAME, body, options=options).observations
    assert observation.observed_at == datetime(2026, 11, 21, 18, 1, 0, 500_000, UTC)
    assert observation.subject == "dji_srt:Quad%201"
    assert observation.flags == ()
    with pytest.raises(DecodeError, match="started_at"):
        feeds()[NAME].decode(body, context(NAME, options={"started_at": "gestern"}))


def test_the_same_file_is_the_same_flight_whenever_it_comes() -> None:
    body = (FRAMES / NAME / "one_line.srt").read_bytes()
    later = msgspec.structs.replace(context(NAME), received_at=RECEIVED + timedelta(hours=3))
    again = feeds()[NAME].decode(body, later).observations
    assert [each.id for each in again] == [each.id for each in yielded(FRAMES / NAME / "one_line.srt").observations]


def test_a_long_recording_is_thinned() -> None:
    many = "".join(
        f"{n}\n00:{n // 60 % 60:02d}:{n % 60:02d},000 --> 00:00:00,000\nGPS (8.{n:06d}, 51.83, 9)\n\n"
        for n in range(25_000)
    )
    assert len(decoded(NAME, many.encode()).observations) == 8_334


@pytest.mark.parametrize(
    "body",
    [
        b"1\n00:00:00,000 --> 00:00:01,000\nHallo\n",
        b"GPS (8.78, 51.83, 10)",
        subtitle("GPS (8.78)"),
        subtitle("[latitude: 51.83]"),
    ],
)
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


def test_another_encoding_and_line_ends() -> None:
    text = subtitle("[latitude: 51.83] [longitude: 8.78]").decode().replace("\n", "\r\n")
    assert len(decoded(NAME, text.encode("utf-16")).observations) == 1


@given(st.text(max_size=200))
def test_any_text_in_a_subtitle_is_survived(text: str) -> None:
    survives(NAME, subtitle(f"{text} GPS (8.78, 51.83, 10) {text}".encode(errors="replace").decode()))
