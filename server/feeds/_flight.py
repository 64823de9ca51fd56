"""What recordings of a flight share: settings, the moment of each sample, and the claim that a drone was there."""

import re
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct

from layers.content import Drone
from server.feeds import INVALID, Context, DecodeError
from server.feeds._batch import Batch, subject
from server.feeds._times import moment

_IN_A_NAME = re.compile(
    r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)[_ T-]{0,2}\[?([01]\d|2[0-3])[-.:]?([0-5]\d)[-.:]?([0-5]\d)(?!\d)", re.ASCII
)
"""`..._2020-12-02_[07-50-31].csv` of a flight record, `DJI_20230914101112_0001_D.SRT` of a video."""
FOREVER_S = 10**10
MOST_SAMPLES = 10_000
"""Of a longer recording every second, third ... sample is taken."""


class FlightOptions(Struct, frozen=True, kw_only=True):
    """What an operator may set of a recording: which drone it is of, and when it began where it does not say so."""

    drone: str | None = None
    started_at: str | None = None


class Sample(Struct):
    """One moment of a flight. `offset_s` since the beginning; the position as written, to be checked."""

    offset_s: float
    lon: float | None
    lat: float | None
    content: dict[str, Any]
    extra: dict[str, Any]
    at: datetime | None = None
    height_m: float | None = None
    flags: frozenset[str] = frozenset()


def claim(feed: str, samples: list[Sample], context: Context, options: FlightOptions, batch: Batch) -> None:
    """One observation for each sample.

    Where neither sample nor setting says when it was, the recording is taken to end when it is received (flag
    `time_assumed`): then at least order and distances in time are right.
    """
    of = subject(feed, options.drone or context.source.partition("/")[2] or "unnamed")
    started_at, zone_assumed = _started(options, context)
    end_s = max((sample.offset_s for sample in samples), default=0.0)
    for number, sample in enumerate(samples):
        if number % (len(samples) // MOST_SAMPLES + 1):
            continue
        flags = set(sample.flags)
        at = sample.at
        if at is None and started_at is not None:
            at = _later(started_at, sample.offset_s)
            flags |= {"tz_assumed"} if zone_assumed else set()
        elif at is None:
            at = _later(context.received_at, sample.offset_s - end_s)
            flags.add("time_assumed")
        fields = batch.fields({}, of)
        geometry = fields.place(sample.lon, sample.lat, sample.height_m)
        said = f"{sample.offset_s} {sample.at or ''} {sample.lon} {sample.lat} {sample.height_m} {sample.content}"
        batch.claim(
            of,
            Drone(name=options.drone or UNSET, **sample.content),
            at=at,
            flags=flags | fields.flags,
            geometry=geometry,
            extra=sample.extra,
            identity=said,
            every_s=FOREVER_S,
            repeats_s=FOREVER_S,
        )


def _started(options: FlightOptions, context: Context) -> tuple[datetime | None, bool]:
    """When the recording began: by the setting, else by the name of its file, which is local time."""
    if options.started_at is None:
        found = _IN_A_NAME.search(context.file or "")
        if found is None:
            return None, False
        year, month, day, hour, minute, second = found.groups()
        try:
            return moment(f"{year}-{month}-{day}T{hour}:{minute}:{second}", context.zone)
        except ValueError:
            return None, False
    try:
        return moment(options.started_at, context.zone)
    except ValueError as error:
        raise DecodeError(f"the settings of this source: started_at: {error}", INVALID) from error


def _later(start: datetime, seconds: float) -> datetime | None:
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None
