"""Honest times: what a device says about time is a claim too, and is corrected by one rule before it counts.

Pure: "now" is always the `received` the caller gives. A time is never silently replaced; every correction leaves a
flag: `clock_ahead` (the sender's clock runs more than the limit before ours), `clock_implausible` (before `earliest`: a
clock that was never set), `time_assumed` (no own time given). Old but plausible times stay, so age is shown honestly.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from layers.observation import utc

CLOCK_AHEAD = "clock_ahead"
CLOCK_IMPLAUSIBLE = "clock_implausible"
TIME_ASSUMED = "time_assumed"
TZ_ASSUMED = "tz_assumed"
"""Set by a feed that read a time without a zone; here only to name it."""


class Limits(Struct, frozen=True, kw_only=True):
    """How far a sender's clock is trusted: at most `clock_ahead_s` before ours, and not before `earliest`."""

    clock_ahead_s: float = 300.0
    earliest: datetime = datetime(2000, 1, 1, tzinfo=UTC)


DEFAULT = Limits()


def honest(
    observed: datetime | None, reported: datetime | None, received: datetime, limits: Limits = DEFAULT
) -> tuple[datetime, datetime, tuple[str, ...]]:
    """The times to believe: `(observed_at, reported_at, flags)`, all aware UTC, flags sorted.

    Without an observed time the reported one counts, without both the time of receipt. Raises ValueError for a naive
    datetime: a missing zone is settled (and flagged) by the feed that knows the sender.
    """
    received = utc(received)
    flags: set[str] = set()
    if observed is None:
        flags.add(TIME_ASSUMED)
        observed = reported
    said = received if reported is None else _plausible(reported, received, limits, flags)
    seen = received if observed is None else _plausible(observed, received, limits, flags)
    return seen, said, tuple(sorted(flags))


def _plausible(moment: datetime, received: datetime, limits: Limits, flags: set[str]) -> datetime:
    moment = utc(moment)
    if moment < limits.earliest:
        flags.add(CLOCK_IMPLAUSIBLE)
        return received
    # Compared by subtraction: received plus a limit could leave the range of datetime, the difference cannot.
    if moment - received > timedelta(seconds=limits.clock_ahead_s):
        flags.add(CLOCK_AHEAD)
        return received
    return moment
