"""Honest clocks: which time is believed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.clock import DEFAULT, Limits, honest
from layers.settings import PictureSettings
from tests.layers.world import START, at

LATER = START + timedelta(minutes=5)


def test_a_plausible_time_is_believed_however_old() -> None:
    old = datetime(2019, 7, 3, tzinfo=UTC)
    assert honest(old, at(-2), START) == (old, at(-2), ())


def test_a_clock_ahead_within_the_limit_is_believed_beyond_it_corrected() -> None:
    assert honest(LATER, LATER, START) == (LATER, LATER, ())
    ahead = LATER + timedelta(milliseconds=1)
    assert honest(ahead, at(-1), START) == (START, at(-1), ("clock_ahead",))
    assert honest(at(-1), ahead, START) == (at(-1), START, ("clock_ahead",))


def test_a_clock_that_was_never_set_is_corrected() -> None:
    assert honest(datetime(1970, 1, 1, 0, 5, tzinfo=UTC), None, START) == (START, START, ("clock_implausible",))
    assert honest(datetime(2000, 1, 1, tzinfo=UTC), START, START)[2] == ()


def test_without_a_time_the_next_best_is_assumed() -> None:
    assert honest(None, None, START) == (START, START, ("time_assumed",))
    assert honest(None, at(-9), START) == (at(-9), at(-9), ("time_assumed",))


def test_the_end_of_the_calendar_is_ahead() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert honest(end, None, START) == (START, START, ("clock_ahead",))
    assert honest(end, end, end) == (end, end, ())


def test_a_time_without_a_zone_is_refused_here() -> None:
    with pytest.raises(ValueError, match="naive"):
        honest(datetime(2026, 1, 1), None, START)  # noqa: DTZ001  (that is the point)


def test_the_limits_come_from_the_settings() -> None:
    assert PictureSettings().limits == DEFAULT
    limits = PictureSettings(clock_ahead_limit_s=1).limits
    assert honest(at(2), None, START, limits) == (START, START, ("clock_ahead",))


moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-11))]))


@given(st.none() | moments, st.none() | moments, moments, st.floats(0, 1e6))
def test_no_time_is_ever_far_ahead_or_out_of_use(
    observed: datetime | None, reported: datetime | None, received: datetime, limit_s: float
) -> None:
    limits = Limits(clock_ahead_s=limit_s)
    seen, said, flags = honest(observed, reported, received, limits)
    for believed, given_time in ((seen, observed), (said, reported)):
        assert believed.tzinfo is UTC
        assert believed - received <= timedelta(seconds=limit_s)
        assert believed == received or believed >= limits.earliest
        assert believed == received or believed in (given_time, reported)
    assert list(flags) == sorted(flags)
    if observed is not None and not flags:
        assert seen == observed
