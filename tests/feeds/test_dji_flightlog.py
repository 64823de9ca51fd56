"""Flight records of DJI drones. The frames are in fixtures/frames/dji_flightlog."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Drone
from server.feeds import DecodeError, feeds
from server.feeds.dji_flightlog import NAME
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES, RECEIVED, context, yielded
from tests.feeds.fuzz import survives

SHORT = (FRAMES / NAME / "short.csv").read_bytes()


def test_the_short_form_ends_when_it_is_received() -> None:
    found = yielded(FRAMES / NAME / "short.csv")
    assert [each.observed_at for each in found.observations] == [RECEIVED - timedelta(seconds=s) for s in (2, 1, 0)]
    assert found.observations[0].geometry == {"type": "Point", "coordinates": [8.78000001, 51.83000001]}
    assert found.observations[2].geometry is UNSET
    assert found.observations[2].flags == ("no_position", "time_assumed")
    assert reasons(found) == ["1 rows without a position"]


def test_the_beginning_of_its_file_name_can_be_set() -> None:
    found = decoded(NAME, SHORT, options={"started_at": "2026-11-21 19:05:11", "drone": "q"})
    assert found.observations[0].observed_at == datetime(2026, 11, 21, 18, 5, 11, 300_000, UTC)
    assert found.observations[0].flags == ("tz_assumed",)
    assert found.observations[0].subject == "dji_flightlog:q"


def test_a_table_with_semicolons_and_decimal_commas() -> None:
    body = b"Id;Time(seconds);Time(text);Latitude;Longitude\r\n1;0,3;00m 00.3s;51,8312;8,7801\r\n2;0,5;;-51,5;-8,25\r\n"
    first, second = decoded(NAME, body, file="Flug_2026-11-21_[19-05-11].csv").observations
    assert first.geometry == {"type": "Point", "coordinates": [8.7801, 51.8312]}
    assert first.observed_at == datetime(2026, 11, 21, 18, 5, 11, 300_000, UTC)
    assert second.geometry == {"type": "Point", "coordinates": [-8.25, -51.5]}


def test_date_and_clock_in_utc_as_a_converter_writes_them_in_german() -> None:
    head = b"sep=,\nCUSTOM.date [UTC],CUSTOM.updateTime [UTC],OSD.latitude,OSD.longitude,OSD.height [m]"
    (seen,) = decoded(NAME, head + b"\n21.11.2026,19:05:11.25,51.83,8.78,10\n").observations
    assert (seen.observed_at, seen.flags) == (datetime(2026, 11, 21, 19, 5, 11, 250_000, UTC), ())
    assert seen.geometry == {"type": "Point", "coordinates": [8.78, 51.83, 10.0]}


def test_a_converted_record_in_feet_and_miles() -> None:
    first, second = yielded(FRAMES / NAME / "converted.csv").observations
    assert first.observed_at == datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)
    assert first.geometry == {"type": "Point", "coordinates": [8.78, 51.83, 30.48]}
    assert isinstance(first.content, Drone)
    assert (first.content.altitude_m, first.content.ground_speed_mps) == (152.4, 4.4704)
    assert (first.content.heading_deg, first.content.battery_pct, first.flags) == (270.0, 87.0, ())
    assert isinstance(second.content, Drone)
    assert second.content.heading_deg == 1.0


@pytest.mark.parametrize(("day", "clock"), [("11/21/2026", "7:05:11.25 PM"), ("2026-11-21", "19:05:11.25")])
def test_local_date_and_clock_of_another_converter(day: str, clock: str) -> None:
    head = "sep=,\nCUSTOM.date [local],CUSTOM.updateTime [local],OSD.latitude,OSD.longitude,OSD.height [ft]"
    body = f"{head}\n{day},{clock},51.83,8.78,10"
    (observation,) = decoded(NAME, body.encode("utf-16")).observations
    assert observation.observed_at == datetime(2026, 11, 21, 18, 5, 11, 250_000, UTC)
    assert observation.flags == ("tz_assumed",)


@pytest.mark.parametrize(
    "body", [b"a,b\n1,2", b"Latitude\n51", b"Id,Latitude,Longitude\n", b"Id,Latitude,Longitude\n1,,8\n"]
)
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


@given(st.lists(st.text(max_size=30), min_size=5, max_size=5))
def test_any_cells_are_survived(cells: list[str]) -> None:
    survives(NAME, SHORT + ",".join(cells).encode("utf-8", "replace") + b"\n5,4.3,,51.83,8.78\n")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"latitude,longitude,altitude(m),curvesize(m),actiontype1\n51.83,8.78,30,0,-1\n", "the plan of a flight"),
        (b"\x9b\0\0\0\0\0\0\0d\0" + bytes(range(256)), "is converted to CSV first"),
    ],
)
def test_what_is_no_record_of_a_flight_is_refused_by_its_name(body: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        feeds()[NAME].decode(body, context(NAME))


@pytest.mark.parametrize(
    ("column", "mps"),
    [
        ("speed(m/s)", 18.0),
        ("speed (km/h)", 5.0),
        ("OSD.hSpeed [MPH]", 8.04672),
        ("speed(knots)", 9.26),
        ("speed(x)", None),
    ],
)
def test_the_unit_of_a_column_counts(column: str, mps: float | None) -> None:
    head = f"datetime(utc),latitude,longitude,{column}\n2026-11-21 18:05:11,51.83,8.78,18\n"
    (seen,) = decoded(NAME, head.encode()).observations
    assert isinstance(seen.content, Drone)
    assert seen.content.ground_speed_mps == (UNSET if mps is None else mps)
