"""Flight records of DJI drones as tables: one row for each moment of a flight.

The short form is `Id,Time(seconds),Time(text),Latitude,Longitude`; converters write more columns under other names
(`OSD.latitude`, `height_above_takeoff(feet)`, `datetime(utc)`). The short form says when the flight began only in its
file name, so `started_at` is a setting.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, settings
from server.feeds._flight import FlightOptions, Sample, claim
from server.feeds._stream import Stream
from server.feeds._tables import rows
from server.feeds._tags import number
from server.feeds._times import moment

NAME = "dji_flightlog"
MAX_BYTES = 64_000_000
FOOT_M, MPH_MPS = 0.3048, 0.44704
LATITUDE, LONGITUDE = ("latitude", "osd.latitude", "lat"), ("longitude", "osd.longitude", "lon", "lng")
OFFSETS: dict[str, float] = {
    "time(seconds)": 1.0,
    "osd.flytime [s]": 1.0,
    "time(millisecond)": 0.001,
    "offsettime": 1.0,
}
HEIGHTS: dict[str, float] = {
    "height_above_takeoff(feet)": FOOT_M,
    "height_above_takeoff(meters)": 1.0,
    "osd.height [ft]": FOOT_M,
    "osd.height [m]": 1.0,
    "ascent(m)": 1.0,
    "ascent(feet)": FOOT_M,
    "height": 1.0,
}
CONTENTS: dict[str, tuple[tuple[str, float], ...]] = {
    "altitude_m": (
        *(("altitude_above_sealevel(feet)", FOOT_M), ("altitude_above_sealevel(meters)", 1.0)),
        *(("osd.altitude [ft]", FOOT_M), ("osd.altitude [m]", 1.0)),
    ),
    "ground_speed_mps": (
        *(("speed(mph)", MPH_MPS), ("speed(m/s)", 1.0), ("speed(km/h)", 1 / 3.6)),
        *(("osd.hspeed [mph]", MPH_MPS), ("osd.hspeed [m/s]", 1.0)),
    ),
    "heading_deg": (("compass_heading(degrees)", 1.0), ("osd.yaw [360]", 1.0), ("osd.yaw", 1.0), ("yaw(deg)", 1.0)),
    "battery_pct": (("battery_percent", 1.0), ("battery.chargelevel [%]", 1.0)),
}


def decode(body: bytes, context: Context) -> Decoded:
    """Where the drone was at each row. Raises DecodeError."""
    batch, options = Batch(context), settings(context, FlightOptions)
    samples: list[Sample] = []
    silent = 0
    for row in rows(body, MAX_BYTES):
        cells = {name.casefold(): value for name, value in row.items()}
        lon, lat = number(cells, *LONGITUDE), number(cells, *LATITUDE)
        if lon is None or lat is None:
            silent += 1
            continue
        at, flags = _time(cells, context.zone)
        content = {
            name: value for name, scales in CONTENTS.items() if (value := _first(cells, dict(scales))) is not None
        }
        if "heading_deg" in content:
            content["heading_deg"] %= 360.0
        height_m = _first(cells, HEIGHTS)
        height_m = None if height_m is None or abs(height_m) >= 100_000 else height_m
        samples.append(Sample(_first(cells, OFFSETS) or 0.0, lon, lat, content, {}, at, height_m, flags))
    if not samples:
        raise DecodeError("no row with latitude and longitude", INVALID)
    if silent:
        batch.refuse(f"{silent} rows without a position")
    claim(NAME, samples, context, options, batch)
    return batch.decoded()


def _first(cells: dict[str, str], scales: dict[str, float]) -> float | None:
    for name, scale in scales.items():
        value = number(cells, name)
        if value is not None:
            return value if scale == 1.0 else round(value * scale, 6)
    return None


def _time(cells: dict[str, str], zone: str) -> tuple[datetime | None, frozenset[str]]:
    for name, own_zone, read in _TIMES:
        written = read(cells, name)
        if not written:
            continue
        try:
            at, assumed = moment(written, own_zone or zone)
        except ValueError:
            continue
        return at.astimezone(UTC), frozenset({"tz_assumed"} if assumed and not own_zone else ())
    return None, frozenset()


def _alone(cells: dict[str, str], name: str) -> str:
    return cells.get(name, "").strip()


def _day_and_clock(cells: dict[str, str], name: str) -> str:
    """`CUSTOM.date` as month/day/year, ISO or day.month.year, `CUSTOM.updateTime` with or without AM and PM."""
    day, clock = cells.get(name.replace("updatetime", "date"), "").strip(), cells.get(name, "").strip()
    if not day or not clock:
        return ""
    for day_form in ("%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y"):
        for clock_form in ("%I:%M:%S.%f %p", "%I:%M:%S %p", "%H:%M:%S.%f", "%H:%M:%S"):
            try:
                found = datetime.strptime(f"{day[:10]} {clock[:16]}", f"{day_form} {clock_form}")  # noqa: DTZ007
            except ValueError:
                continue
            return found.isoformat()
    return ""


_TIMES: tuple[tuple[str, str, Callable[[dict[str, str], str], Any]], ...] = (
    ("datetime(utc)", "UTC", _alone),
    ("custom.updatetime [utc]", "UTC", _day_and_clock),
    ("custom.updatetime [local]", "", _day_and_clock),
    ("datetime(local)", "", _alone),
)

FEED = Feed(
    name=NAME,
    title="DJI flight records (CSV)",
    decode=decode,
    max_bytes=MAX_BYTES,
    zone="Europe/Berlin",
    options=FlightOptions,
    stream=Stream(files=("*.csv",)),
)
