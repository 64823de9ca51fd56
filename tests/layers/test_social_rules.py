"""Alert rules over posts: exact figures, and the sweep against a computation second by second."""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.social_rules import CONDITIONS, MAX_POSTS, OPERATORS, Course, Rule, Said, course
from tests.layers.world import START, at

REMEMBERED_S = 400
NOW_S = 300


def said(seconds: float, sentiment: float | None = None, key: str = "") -> Said:
    """A post written some seconds after the start."""
    return Said(at(seconds), key or f"post {seconds}", sentiment)


def rule(
    condition: str, operator: str, value: float = 0, interval_s: float = 60, comparison_s: float = 60, **more: Any
) -> Rule:
    """A rule."""
    return Rule(
        condition=condition,
        operator=operator,
        value=value,
        interval_s=interval_s,
        comparison_s=comparison_s,
        **more,
    )


def stands(rule: Rule, *posts: Said, now_s: float = NOW_S, remembered_s: float = 3_600) -> Course:
    """How it stands with a rule that can be computed."""
    found = course(rule, posts, at(now_s), remembered_s)
    assert found is not None
    return found


# -- the definition, computed slowly -----------------------------------------------------------------------------------


def brute_window(posts: Sequence[Said], end: datetime, length_s: float) -> list[Said]:
    """Posts in `(end - length, end]`."""
    return [post for post in posts if 0 <= (end - post.at).total_seconds() < length_s]


def brute_mean(posts: Sequence[Said]) -> float | None:
    """Mean of the sentiments there are."""
    felt = [post.sentiment for post in posts if post.sentiment is not None]
    return sum(felt) / len(felt) if felt else None


def brute_holds(rule: Rule, posts: Sequence[Said], moment: datetime) -> bool:
    """The condition by its definition."""
    recent = brute_window(posts, moment, rule.interval_s)
    before = [post for post in brute_window(posts, moment, rule.interval_s + rule.comparison_s) if post not in recent]
    mean, mean_then = brute_mean(recent), brute_mean(before)
    rate, rate_then = len(recent) / rule.interval_s, len(before) / rule.comparison_s
    if rule.operator == "CHANGED":
        if rule.condition in ("NUMBER_MENTIONS", "CHANGE_VOLUME_PERCENTAGE"):
            return len(recent) * rule.comparison_s != len(before) * rule.interval_s
        return mean is not None and (mean_then is None or abs(mean - mean_then) > 1e-9)
    figure: float | None
    match rule.condition:
        case "NUMBER_MENTIONS":
            figure = len(recent)
        case "AVERAGE_SENTIMENT":
            figure = mean
        case "CHANGE_SENTIMENT":
            figure = None if mean is None or mean_then is None else mean - mean_then
        case _:
            figure = 100 * (rate - rate_then) / rate_then if before else None
    if figure is None:
        return False
    difference = figure - rule.value
    if rule.operator == "EQUAL_TO":
        return abs(difference) < 1e-6
    return difference > 1e-6 if rule.operator == "GREATER_THAN" else difference < -1e-6


def brute_course(rule: Rule, posts: Sequence[Said], now: datetime, remembered_s: float) -> tuple[bool, datetime | None]:
    """Whether it holds, and when it last began to: every second of what is remembered."""
    memory = int(remembered_s - rule.span_s)
    moments = [now.timestamp() - back for back in range(memory, -1, -1)]
    made = None if rule.since is None else rule.since.timestamp()
    if made is not None and made > now.timestamp():
        return False, None
    seen = [moment for moment in moments if made is None or moment >= made]
    states = [(moment, brute_holds(rule, posts, datetime.fromtimestamp(moment, START.tzinfo))) for moment in seen]
    began = None
    for index, (moment, state) in enumerate(states):
        first = index == 0 and made is not None and moment == made
        if state and (first or (index > 0 and not states[index - 1][1])):
            began = moment
    return states[-1][1], None if began is None else datetime.fromtimestamp(began, START.tzinfo)


spans = st.sampled_from((1, 7, 30, 60, 90))
sentiments = st.none() | st.sampled_from((-1.0, -0.5, 0.0, 0.25, 1.0))
said_by_somebody = st.lists(st.tuples(st.integers(-150, NOW_S + 20), sentiments), max_size=12).map(
    lambda listed: [said(seconds, feeling, f"post {number}") for number, (seconds, feeling) in enumerate(listed)]
)
rules = st.builds(
    Rule,
    condition=st.sampled_from(CONDITIONS),
    operator=st.sampled_from(OPERATORS),
    value=st.sampled_from((-50.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 100.0)),
    interval_s=spans,
    comparison_s=spans,
    since=st.none() | st.integers(-100, NOW_S + 50).map(at),
)


@given(rules, said_by_somebody)
def test_the_sweep_finds_what_every_second_shows(rule: Rule, posts: list[Said]) -> None:
    found = course(rule, posts, at(NOW_S), REMEMBERED_S)
    assert found is not None
    assert (found.holding, found.began_at) == brute_course(rule, posts, at(NOW_S), REMEMBERED_S)
    assert found.fired == (found.holding or found.began_at is not None)
    assert (found.ended_at is None) == (found.holding or found.began_at is None)
    if found.ended_at is not None and found.began_at is not None:
        assert found.began_at < found.ended_at <= at(NOW_S)


@given(rules, said_by_somebody, st.randoms(use_true_random=False))
def test_the_order_of_the_posts_does_not_matter(rule: Rule, posts: list[Said], dice: Random) -> None:
    shuffled = list(posts)
    dice.shuffle(shuffled)
    assert course(rule, posts, at(NOW_S), REMEMBERED_S) == course(rule, shuffled, at(NOW_S), REMEMBERED_S)


@given(rules, said_by_somebody, st.none() | st.sampled_from((5.0, 20.0)), st.integers(1, 60))
def test_nothing_changes_before_it_was_said_to(rule: Rule, posts: list[Said], every: float | None, later: int) -> None:
    rule = msgspec.structs.replace(rule, notify_every_s=every)
    known = [post for post in posts if post.at <= at(NOW_S)]
    before = course(rule, known, at(NOW_S), REMEMBERED_S)
    after = course(rule, known, at(NOW_S + later), REMEMBERED_S)
    assert before is not None
    assert after is not None
    told = ("holding", "began_at", "ended_at", "alerted_at", "figure")
    if before.next_at is None or at(NOW_S + later) < before.next_at:
        assert [getattr(before, name) for name in told] == [getattr(after, name) for name in told]
    elif at(NOW_S + later) == before.next_at and rule.since != before.next_at:
        assert [getattr(before, name) for name in told] != [getattr(after, name) for name in told]


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_mentions_are_counted_in_the_interval() -> None:
    posts = [said(seconds) for seconds in (200, 241, 250, 260)]
    found = stands(rule("NUMBER_MENTIONS", "GREATER_THAN", 2), *posts)
    assert (found.holding, found.began_at, found.figure) == (True, at(250), 3.0), "200, 241 and 250 at 250"
    assert found.next_at == at(301), "when 241 leaves the minute"
    assert not stands(rule("NUMBER_MENTIONS", "GREATER_THAN", 3), *posts).fired
    assert stands(rule("NUMBER_MENTIONS", "EQUAL_TO", 3), *posts).holding
    quiet = stands(rule("NUMBER_MENTIONS", "SMALLER_THAN", 2), *posts)
    assert (quiet.holding, quiet.next_at) == (False, at(310)), "250 and 241 are gone by then"


def test_a_rule_that_is_over_says_when() -> None:
    found = stands(rule("NUMBER_MENTIONS", "GREATER_THAN", 1), said(100), said(110))
    assert found == Course(began_at=at(110), ended_at=at(160), alerted_at=at(110), figure=2.0, next_at=at(110 + 3_540))


def test_the_mean_is_of_those_who_felt_something() -> None:
    posts = [said(250, -1.0), said(260, None), said(270, 0.0)]
    found = stands(rule("AVERAGE_SENTIMENT", "SMALLER_THAN", -0.2), *posts)
    assert (found.holding, found.began_at, found.figure) == (True, at(250), -1.0)
    assert not stands(rule("AVERAGE_SENTIMENT", "SMALLER_THAN", 5)).holding, "nobody spoke: there is no mean"


def test_a_change_is_against_the_span_before() -> None:
    posts = [said(190, 1.0), said(200, 1.0), said(250, -1.0), said(280, 0.0)]
    found = stands(rule("CHANGE_SENTIMENT", "SMALLER_THAN", -1), *posts)
    assert (found.holding, found.figure) == (True, -2.0), "at 250 alone; at 300 it is -0.5 less 1"
    volume = rule("CHANGE_VOLUME_PERCENTAGE", "GREATER_THAN", 99)
    doubled = [said(200), said(250), said(260)]
    assert stands(volume, *doubled).figure == 100.0
    assert not stands(volume, said(250)).fired, "a change against nothing is no percentage"
    assert stands(rule("CHANGE_VOLUME_PERCENTAGE", "CHANGED"), said(250)).holding, "but it is a change"


def test_spans_of_different_lengths_are_compared_by_rate() -> None:
    steady = [said(seconds) for seconds in (130, 190, 250, 299)]
    assert not stands(rule("NUMBER_MENTIONS", "CHANGED", 0, 60, 120), *steady[:3]).holding, "1 in 60 s, 2 in 120 s"
    assert stands(rule("NUMBER_MENTIONS", "CHANGED", 0, 60, 120), *steady).holding


def test_it_is_told_again_after_the_notification_interval() -> None:
    again = rule("NUMBER_MENTIONS", "GREATER_THAN", 0, 3_000, notify_every_s=100)
    found = stands(again, said(50), remembered_s=9_000)
    assert (found.began_at, found.alerted_at, found.next_at) == (at(50), at(250), at(350))
    over = stands(rule("NUMBER_MENTIONS", "GREATER_THAN", 0, 120, notify_every_s=50), said(50))
    assert (over.ended_at, over.alerted_at) == (at(170), at(150))


def test_what_held_when_the_rule_was_made_began_then() -> None:
    quiet = rule("NUMBER_MENTIONS", "SMALLER_THAN", 1, since=at(200))
    assert stands(quiet).began_at == at(200)
    assert stands(quiet, now_s=100) == Course(next_at=at(200))
    always = stands(rule("NUMBER_MENTIONS", "SMALLER_THAN", 1))
    assert (always.holding, always.began_at, always.alerted_at) == (True, None, None), "since when is not known"


def test_what_reaches_back_too_far_is_not_computed() -> None:
    assert course(rule("NUMBER_MENTIONS", "GREATER_THAN", 0, 3_601), [], at(0), 3_600) is None
    assert course(rule("NUMBER_MENTIONS", "GREATER_THAN", 0, 3_599, 999_999), [], at(0), 3_600) is not None
    assert course(rule("NUMBER_MENTIONS", "CHANGED", 0, 3_599, 2), [], at(0), 3_600) is None
    assert course(rule("NUMBER_MENTIONS", "GREATER_THAN", 0, 0), [], at(0), 3_600) is None
    assert course(rule("MOOD", "GREATER_THAN"), [], at(0), 3_600) is None
    assert course(rule("NUMBER_MENTIONS", "ABOUT"), [], at(0), 3_600) is None


@pytest.mark.parametrize("number", [MAX_POSTS + 500])
def test_of_too_many_posts_the_newest_count(number: int) -> None:
    posts = [said(NOW_S - back / 100, None, f"{back:05}") for back in range(number)]
    found = stands(rule("NUMBER_MENTIONS", "GREATER_THAN", MAX_POSTS - 1), *posts)
    assert (found.holding, found.figure) == (True, float(MAX_POSTS))
