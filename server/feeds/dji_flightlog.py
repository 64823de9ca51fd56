"""Flight records of drones as tables: one row for each moment of a flight.

The short form is `Id,Time(seconds),Time(text),Latitude,Longitude`; converters and other programs write more columns
under other names (`OSD.latitude`, `height_above_takeoff(feet)`, `datetime(utc)`). A unit stands in brackets behind the
name. The short form says when the flight began only in its file name, so `started_at` is a setting.
"""

import functools
import re
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
FOOT_M, MPH_MPS, KNOT_MPS = 0.3048, 0.44704, 1852 / 3600
LATITUDE = ("osd.latitude", "latitude", "lat", "gps(0):lat", "imu_atti(0):latitude", "gps.latitude", "gps latitude")
LONGITUDE = (
    *("osd.longitude", "longitude", "lon", "lng", "long", "gps(0):long", "imu_atti(0):longitude", "gps.longitude"),
    "gps longitude",
)
PLAN = frozenset({"curvesize", "actiontype1"})
"""Columns of a flight that is planned."""
SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 0.001, "millisecond": 0.001, "milliseconds": 0.001}
METRES = {
    **dict.fromkeys(("", "m", "meter", "meters", "metre", "metres", "msl", "agl"), 1.0),
    **dict.fromkeys(("ft", "feet", "foot"), FOOT_M),
}
SPEEDS = {
    **dict.fromkeys(("", "m/s", "mps"), 1.0),
    **dict.fromkeys(("km/h", "kmh", "kph"), 1 / 3.6),
    **dict.fromkeys(("kn", "kt", "kts", "knots"), KNOT_MPS),
    "mph": MPH_MPS,
    "ft/s": FOOT_M,
}
DEGREES = dict.fromkeys(("", "deg", "degrees", "360", "°"), 1.0)
PERCENT = dict.fromkeys(("", "%", "percent"), 1.0)
OFFSETS = ("offsettime", "clock:offsettime", "osd.flytime", "time", "flight time", "flight_time")
HEIGHTS = ("height_above_takeoff", "osd.height", "ascent", "general:relativeheight", "relative_altitude", "height")
CONTENTS: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
    "altitude_m": (
        ("altitude_above_sealevel", "osd.altitude", "gps(0):heightmsl", "altitude_msl", "altitude", "alt"),
        METRES,
    ),
    "ground_speed_mps": (("speed", "osd.hspeed", "ground_speed", "groundspeed", "imu_atti(0):velh"), SPEEDS),
    "heading_deg": (("compass_heading", "osd.yaw", "yaw", "heading", "imu_atti(0):yaw360", "imu_atti(0):yaw"), DEGREES),
    "battery_pct": (("battery_percent", "battery.chargelevel", "remainpowerpercent"), PERCENT),
}
_WITH_UNIT = re.compile(r"(?P<name>.{1,60}?)\s*[(\[]\s*(?P<unit>[^()\[\]]{1,12}?)\s*[)\]]")
Column = tuple[str, float]
"""The name of a column as it stands (in small letters), and what makes metres, m/s, seconds of its numbers."""


class Columns:
    """Which columns of a table hold what; the first that has a number in a row counts."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.by_name: dict[str, list[tuple[str, str]]] = {}
        for name in names:
            found = _WITH_UNIT.fullmatch(name)
            base, unit = (found["name"], found["unit"]) if found else (name, "")
            self.by_name.setdefault(base, []).append((name, unit))
        self.lon, self.lat = self._written(LONGITUDE), self._written(LATITUDE)
        self.heights = self._measured(HEIGHTS, METRES)
        # `time` without a unit is a clock, not a duration.
        self.offsets = [column for column in self._measured(OFFSETS, SECONDS) if column[0] != "time"]
        self.contents = {of: self._measured(*columns) for of, columns in CONTENTS.items()}

    def _written(self, bases: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for base in bases for name, _ in self.by_name.get(base, []))

    def _measured(self, bases: tuple[str, ...], units: dict[str, float]) -> list[Column]:
        return [(name, units[unit]) for base in bases for name, unit in self.by_name.get(base, []) if unit in units]


@functools.lru_cache(maxsize=8)
def columns_of(names: tuple[str, ...]) -> Columns:
    """What the columns of a table with these names (in small letters) are."""
    return Columns(names)


def decode(body: bytes, context: Context) -> Decoded:
    """Where the drone was at each row. Raises DecodeError."""
    batch, options = Batch(context), settings(context, FlightOptions)
    if b"\0" in body[:512] and body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise DecodeError(
            "no table: a flight record as the drone or its app keeps it is converted to CSV first", INVALID
        )
    samples: list[Sample] = []
    silent = 0
    for row in rows(body, MAX_BYTES):
        cells = {name.casefold(): value for name, value in row.items()}
        columns = columns_of(tuple(cells))
        if not PLAN.isdisjoint(columns.by_name):
            raise DecodeError("no table: the plan of a flight, not its record", INVALID)
        lon, lat = number(cells, *columns.lon), number(cells, *columns.lat)
        if lon is None or lat is None:
            silent += 1
            continue
        at, flags = _time(cells, context.zone)
        told = {name: _first(cells, found) for name, found in columns.contents.items()}
        content = {name: value for name, value in told.items() if value is not None}
        if "heading_deg" in content:
            content["heading_deg"] %= 360.0
        height_m = _first(cells, columns.heights)
        height_m = None if height_m is None or abs(height_m) >= 100_000 else height_m
        samples.append(Sample(_first(cells, columns.offsets) or 0.0, lon, lat, content, {}, at, height_m, flags))
    if not samples:
        raise DecodeError("no row with latitude and longitude", INVALID)
    if silent:
        batch.refuse(f"{silent} rows without a position")
    claim(NAME, samples, context, options, batch)
    return batch.decoded()


def _first(cells: dict[str, str], columns: list[Column]) -> float | None:
    for name, scale in columns:
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
    return cells.get(name, "").strip().replace("/", "-")


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


def _pair(cells: dict[str, str], name: str) -> str:
    """Day and clock in two columns, the day in ISO's order."""
    day, clock = (cells.get(part, "").strip() for part in name.split("|"))
    return f"{day.replace('/', '-')} {clock}" if day and clock else ""


_TIMES: tuple[tuple[str, str, Callable[[dict[str, str], str], Any]], ...] = (
    ("datetime(utc)", "UTC", _alone),
    ("custom.updatetime [utc]", "UTC", _day_and_clock),
    ("custom.updatetime [local]", "", _day_and_clock),
    ("custom.updatetime", "", _alone),
    ("gps:datetimestamp", "UTC", _alone),
    ("datetime(local)", "", _alone),
    *((name, "", _alone) for name in ("datetime", "time", "timestamp", "date time", "date")),
    ("date|time", "", _pair),
    ("gps date|gps time", "UTC", _pair),
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
