"""Times in a journal: whole microseconds since 1970-01-01T00:00:00Z, exact in both directions."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """The aware moment as microseconds since the epoch. Raises TypeError for a naive one."""
    return (moment - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Inverse of `to_us`, in UTC."""
    return EPOCH + timedelta(microseconds=us)
