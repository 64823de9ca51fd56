"""Times as feeds write them: ISO 8601 in its many forms, intervals, Unix seconds and milliseconds."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_ISO = re.compile(
    r"(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)"
    r"(?:[T ](?P<h>\d\d):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?"
    r" ?(?P<z>Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_MILLISECONDS_FROM = 100_000_000_000
"""A number of this size or more is milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973."""


def moment(written: object, zone: str = "UTC") -> tuple[datetime, bool]:
    """The moment in UTC, and whether its zone was assumed. Raises ValueError.

    Takes `2026-11-21T19:05:11Z`, `+01:00`, `+0100`, `+01`, no zone (then `zone`), a blank for the T, minutes alone, a
    date alone (its midnight), 1 to 9 fractional digits (cut to microseconds), a leap second (the next second), and Unix
    seconds or milliseconds as a number or as digits.
    """
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        raise ValueError("a time is expected")
    if isinstance(written, str):
        text = written.strip()
        if match := _ISO.fullmatch(text):
            return _from_parts(match, zone)
        if not re.fullmatch(r"\d{9,13}(?:\.\d{1,6})?", text, re.ASCII):
            raise ValueError(f"no time: {text[:40]!r}")
        written = float(text)
    try:
        seconds = written / 1000 if abs(written) >= _MILLISECONDS_FROM else written
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(seconds * 1_000_000)), False
    except (OverflowError, ValueError) as error:
        raise ValueError(f"no time: {str(written)[:40]}") from error


def local(at: datetime, zone: str) -> datetime:
    """The moment in the zone; as it is where that would be outside the years 1 to 9999."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except OverflowError:
        return at


def interval(written: object, zone: str = "UTC") -> tuple[datetime, datetime, bool]:
    """Both ends of `from/to` (a single time is both), and whether a zone was assumed. Raises ValueError."""
    if not isinstance(written, str) or "/" not in written:
        at, assumed = moment(written, zone)
        return at, at, assumed
    first, _, second = written.partition("/")
    start, start_assumed = moment(first, zone)
    end, end_assumed = moment(second, zone)
    return start, end, start_assumed or end_assumed


def _from_parts(match: re.Match[str], zone: str) -> tuple[datetime, bool]:
    part = match.groupdict(default="0")
    leap = part["s"] == "60"
    second, microsecond = 59 if leap else int(part["s"]), int(part["f"].ljust(9, "0")[:6])
    date = (int(part["y"]), int(part["mo"]), int(part["d"]))
    naive = datetime(*date, int(part["h"]), int(part["mi"]), second, microsecond)  # noqa: DTZ001  (its zone follows)
    written = match["z"]
    try:
        at = naive.replace(tzinfo=_offset(written) if written else ZoneInfo(zone)).astimezone(UTC)
        return (at + timedelta(seconds=1) if leap else at), not written
    except OverflowError as error:
        raise ValueError("no time: outside the years 1 to 9999") from error


def _offset(written: str) -> timezone:
    if written in "Zz":
        return UTC
    hours, minutes = int(written[1:3]), int(written[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"no zone: {written!r}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if written[0] == "-" else offset)
