"""Alert rules over posts (the pilot's SmAlertRule), computed: when a condition holds, and when it began to.

A rule looks at the posts of its searches in two windows that move with time: the interval `(now - interval, now]` and,
directly before it, the comparison span. Posts count at the time they were written.

    NUMBER_MENTIONS             posts in the interval
    AVERAGE_SENTIMENT           mean sentiment in the interval, of the posts that have one
    CHANGE_SENTIMENT            that mean less the mean of the comparison span
    CHANGE_VOLUME_PERCENTAGE    change of posts per time against the comparison span, in per cent

GREATER_THAN, SMALLER_THAN and EQUAL_TO compare the figure with the rule's value. CHANGED asks whether the interval is
other than the comparison span: posts per time, or mean sentiment. A figure that does not exist (the mean of nothing, a
change against nothing) fulfils no condition, but from nothing to something is CHANGED.

All is a function of the posts and of now. Between posts the windows still move, so a condition may begin or end at a
time when nothing is said: `Course.next_at` tells when.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

CONDITIONS = ("NUMBER_MENTIONS", "AVERAGE_SENTIMENT", "CHANGE_SENTIMENT", "CHANGE_VOLUME_PERCENTAGE")
OPERATORS = ("CHANGED", "EQUAL_TO", "GREATER_THAN", "SMALLER_THAN")
MAX_POSTS = 2_000
"""Most posts that a rule looks at, the newest ones."""
TOLERANCE = 1e-9
"""Figures that differ by less are equal."""
_MICRO = 1_000_000
_MAX_SENTIMENT = 1e6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rule(Struct, frozen=True, kw_only=True):
    """What to look for. Spans in seconds; `since` is when the rule was made, before it nothing fires."""

    condition: str
    operator: str
    value: float
    interval_s: float
    comparison_s: float
    notify_every_s: float | None = None
    since: datetime | None = None

    @property
    def span_s(self) -> float:
        """How far back it looks."""
        compares = self.operator == "CHANGED" or self.condition.startswith("CHANGE_")
        return self.interval_s + (self.comparison_s if compares else 0.0)


class Said(NamedTuple):
    """A post as a rule sees it; `key` tells posts of the same time apart."""

    at: datetime
    key: str
    sentiment: float | None = None


class Course(Struct, frozen=True, kw_only=True):
    """How it stands with a rule.

    `holding`: the condition holds now. `began_at`: when it last began to (None: not lately, or before all that is
    remembered), `ended_at` when it ended, `alerted_at` when that was last to be told, `figure` what it was then.
    `next_at`: when any of this changes if nobody writes anything.
    """

    holding: bool = False
    began_at: datetime | None = None
    ended_at: datetime | None = None
    alerted_at: datetime | None = None
    figure: float | None = None
    next_at: datetime | None = None

    @property
    def fired(self) -> bool:
        """Whether there is something to tell."""
        return self.holding or self.began_at is not None


def course(rule: Rule, posts: Iterable[Said], now: datetime, remembered_s: float) -> Course | None:
    """How it stands at `now`, when posts are remembered for `remembered_s`.

    None where that cannot be said: no such condition, or spans that reach back further than posts are remembered.
    """
    memory = _us(remembered_s) - _us(rule.span_s)
    if memory <= 0 or rule.condition not in CONDITIONS or rule.operator not in OPERATORS or rule.interval_s <= 0:
        return None
    today, made = _at(now), None if rule.since is None else _at(rule.since)
    if made is not None and made > today:
        return Course(next_at=rule.since)
    since = today - memory if made is None else max(today - memory, made)
    windows = _Windows(rule, sorted(posts)[-MAX_POSTS:], today - _us(remembered_s))
    turns = windows.turns(since, today)
    edges = [(at, state) for (_, before), (at, state) in pairwise(turns) if state != before]
    if turns[0][1] and since == made:
        edges.insert(0, (since, True))
    holding = turns[-1][1]
    began = next((at for at, state in reversed(edges) if state), None)
    ended = edges[-1][0] if began is not None and not holding else None
    alerted, again = _alerted(rule, began, today if holding else ended)
    soon = [windows.next_turn(today), again if holding else None, None if began is None else began + memory]
    return Course(
        holding=holding,
        began_at=_moment(began),
        ended_at=_moment(ended),
        alerted_at=_moment(alerted),
        figure=None if alerted is None else windows.figure(alerted),
        next_at=_moment(min((at for at in soon if at is not None and at > today), default=None)),
    )


def _alerted(rule: Rule, began: int | None, until: int | None) -> tuple[int | None, int | None]:
    """When it was last to be told, and when it is next: at its beginning, and anew after each notification interval."""
    every = _us(rule.notify_every_s or 0.0)
    if began is None or until is None or every <= 0:
        return began, None
    times = max(0, until - began) // every
    return began + times * every, began + (times + 1) * every


class _Windows:
    """The posts in order, with sums, so that any window is two look-ups. Times in microseconds."""

    def __init__(self, rule: Rule, posts: Sequence[Said], oldest: int) -> None:
        kept = [post for post in posts if _at(post.at) > oldest]
        self.rule = rule
        self.interval, self.comparison = _us(rule.interval_s), _us(rule.comparison_s)
        self.times = [_at(post.at) for post in kept]
        self.felt = [0]
        self.sums = [0]
        for post in kept:
            known = post.sentiment is not None and abs(post.sentiment) <= _MAX_SENTIMENT
            self.felt.append(self.felt[-1] + known)
            self.sums.append(self.sums[-1] + (round((post.sentiment or 0.0) * _MICRO) if known else 0))

    def turns(self, since: int, until: int) -> list[tuple[int, bool]]:
        """The state at `since`, and at each time up to `until` at which it may become another."""
        return [(at, self.holds(at)) for at in [since, *self._steps(since, until)]]

    def next_turn(self, after: int) -> int | None:
        """When the state becomes another one if no post comes."""
        now = self.holds(after)
        end = (self.times[-1] if self.times else after) + self.interval + self.comparison
        return next((at for at in self._steps(after, end) if self.holds(at) != now), None)

    def _steps(self, after: int, until: int) -> list[int]:
        """Each time in `(after, until]` at which a post enters or leaves a window."""
        steps = {
            at
            for time in self.times
            for at in (time, time + self.interval, time + self.interval + self.comparison)
            if after < at <= until
        }
        return sorted(steps)

    def holds(self, at: int) -> bool:
        """Whether the condition is fulfilled."""
        if self.rule.operator == "CHANGED":
            return self._changed(at)
        figure, value = self.figure(at), self.rule.value
        if figure is None:
            return False
        if self.rule.operator == "EQUAL_TO":
            return abs(figure - value) <= TOLERANCE
        above = figure - value > TOLERANCE
        return above if self.rule.operator == "GREATER_THAN" else value - figure > TOLERANCE

    def figure(self, at: int) -> float | None:
        """The figure that the condition speaks of; None where there is none."""
        count, mean = self._window(at, self.interval)
        then, mean_then = self._window(at - self.interval, self.comparison)
        match self.rule.condition:
            case "NUMBER_MENTIONS":
                return float(count)
            case "AVERAGE_SENTIMENT":
                return mean
            case "CHANGE_SENTIMENT":
                return None if mean is None or mean_then is None else mean - mean_then
        if not then or not self.interval or not self.comparison:
            return None
        return 100.0 * (count * self.comparison - then * self.interval) / (then * self.interval)

    def _changed(self, at: int) -> bool:
        count, mean = self._window(at, self.interval)
        then, mean_then = self._window(at - self.interval, self.comparison)
        if self.rule.condition in ("NUMBER_MENTIONS", "CHANGE_VOLUME_PERCENTAGE"):
            return count * self.comparison != then * self.interval
        if mean is None or mean_then is None:
            return mean is not None
        return abs(mean - mean_then) > TOLERANCE

    def _window(self, end: int, length: int) -> tuple[int, float | None]:
        """Posts in `(end - length, end]`, and their mean sentiment."""
        first, last = bisect_right(self.times, end - length), bisect_right(self.times, end)
        felt = self.felt[last] - self.felt[first]
        mean = (self.sums[last] - self.sums[first]) / (felt * _MICRO) if felt else None
        return last - first, mean


def _us(seconds: float) -> int:
    return round(min(seconds, 1e10) * _MICRO)


def _at(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(at: int | None) -> datetime | None:
    if at is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return None
