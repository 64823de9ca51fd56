"""Times as mail, news and HTTP write them (RFC 5322, once RFC 822), besides ISO 8601."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.feeds.ngsi.values import Bad, Reading, time

MAX_CHARS = 64
_ZONES = {"CET": "+0100", "MEZ": "+0100", "CEST": "+0200", "MESZ": "+0200", "WET": "+0000", "WEST": "+0100"}
_ZONES |= {"BST": "+0100", "EET": "+0200", "EEST": "+0300"}
"""Zones of Europe, which RFC 822 did not know and writers of news use all the same."""


def news_time(value: Any, reading: Reading) -> datetime | None:
    """A moment in UTC: ISO 8601, or `Sat, 21 Nov 2026 19:05:11 +0100`. A missing zone is assumed and flagged."""
    try:
        return time(value, reading)
    except Bad:
        if not isinstance(value, str) or len(value) > MAX_CHARS:
            raise
        found = _rfc(value.strip())
        if found is None:
            raise
    try:
        if found.tzinfo is None:
            reading.flags.add("tz_assumed")
            found = found.replace(tzinfo=ZoneInfo(reading.context.zone))
        return found.astimezone(UTC)
    except OverflowError as error:
        raise Bad("no time: outside the years 1 to 9999") from error


def _rfc(written: str) -> datetime | None:
    day, _, zone = written.rpartition(" ")
    if zone.upper() in _ZONES:
        written = f"{day} {_ZONES[zone.upper()]}"
    try:
        return parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
