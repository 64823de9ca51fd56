"""How old a thing is, in words: judged on the tablet against the situation's clock, so ages run on without a
network.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from mobile.clock import parse

JUST_NOW_S = 10.0


class Freshness(StrEnum):
    """Whether a fact may still be trusted to hold."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def moment(text: Any) -> datetime | None:
    """A time of the wire, None where there is none or it cannot be read."""
    if not isinstance(text, str):
        return None
    try:
        return parse(text)
    except ValueError:
        return None


def freshness(properties: dict[str, Any], now: datetime | None) -> Freshness:
    """Judge a feature's properties or a card's fact by its `stale_at` and `expires_at`."""
    stale_at, expires_at = moment(properties.get("stale_at")), moment(properties.get("expires_at"))
    if now is None or (stale_at is None and expires_at is None):
        return Freshness.UNKNOWN
    if expires_at and now >= expires_at:
        return Freshness.EXPIRED
    if stale_at and now >= stale_at:
        return Freshness.STALE
    return Freshness.FRESH


def age_s(properties: dict[str, Any], now: datetime | None, attribute: str = "") -> float | None:
    """Seconds since it was observed; of one attribute where that has a time of its own. Negative: ahead of our
    clock.
    """
    times = properties.get("times") or {}
    observed_at = moment(times.get(attribute) if attribute in times else properties.get("observed_at"))
    return (now - observed_at).total_seconds() if now and observed_at else None


def duration(seconds: float) -> tuple[str, dict[str, int]]:
    """A span as (key of the word tables, its numbers): calm steps, ten seconds below a minute, then minutes."""
    whole = int(max(0.0, seconds))
    if whole < 60:
        return "span.s", {"s": whole // 10 * 10}
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if minutes < 60:
        return "span.min", {"min": minutes}
    if hours < 24:
        return "span.h", {"h": hours, "min": minutes % 60}
    return "span.d", {"d": days, "h": hours % 24}


def stopwatch(seconds: float) -> str:
    """A span to the second: 03:12 minutes, or 1:03:12 hours."""
    whole = int(max(0.0, seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes:02d}:{rest:02d} min"


def clock_text(value: datetime | None, *, seconds: bool = True) -> str:
    """A time of day on the tablet's own zone, 24 hours; "--:--" for none."""
    if value is None:
        return "--:--"
    return value.astimezone().strftime("%H:%M:%S" if seconds else "%H:%M")


def position_freshness(properties: dict[str, Any], now: datetime | None) -> Freshness:
    """Judge where a thing is: a new status does not make an old position new.

    The span of the feature (stale_at - observed_at) is counted from the position's own time where that is told.
    """
    whole = freshness(properties, now)
    own = moment((properties.get("times") or {}).get("position"))
    stale_at, observed_at = moment(properties.get("stale_at")), moment(properties.get("observed_at"))
    if whole is Freshness.FRESH and own and stale_at and observed_at and now and now >= own + (stale_at - observed_at):
        return Freshness.STALE
    return whole
