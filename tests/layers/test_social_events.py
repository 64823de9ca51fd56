"""Rules in the picture: which posts count, what is drawn and when, whatever the batches are."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from layers import content as c
from layers.observation import Observation
from layers.picture import Picture
from layers.settings import Age, PictureSettings
from tests.layers.world import at, entries, picture_of, properties, see

RULE = "urn:ngsi-ld:SmAlertRule:1"
EVENT = f"{RULE}#event"
SHORT = PictureSettings(ages={"post": Age(60, 600)})


def rule(seconds: float = 0, subject: str = RULE, **more: Any) -> Observation:
    """A rule: more than two posts on search 306 within a minute."""
    told: dict[str, Any] = {
        "name": "Alarm",
        "active": True,
        "condition": "NUMBER_MENTIONS",
        "operator": "GREATER_THAN",
        "value": 2.0,
        "interval_s": 60.0,
        "comparison_s": 60.0,
        "search_ids": ("306",),
        **more,
    }
    return see(subject, c.SocialRule(**told), seconds)


def post(number: int, seconds: float, **more: Any) -> Observation:
    """A post on search 306."""
    told = {"message": f"Rauch {number}", "issued_at": at(seconds), "search_ids": ("306",), **more}
    return see(f"mastodon:{number}", c.Post(**told), seconds, source="mastodon/x")


def tick(seconds: float) -> Observation:
    """Time passes."""
    return see("tick", c.Tick(), seconds, source="desk")


def test_an_event_is_drawn_when_the_rule_fires_and_says_what_it_saw() -> None:
    picture = picture_of(rule(), post(1, 10), post(2, 20))
    assert EVENT not in picture.features
    assert properties(picture, RULE)["computable"] is True
    changes = picture.apply_many(entries([post(3, 30)], first=4))
    assert changes.urgent
    event = properties(picture, EVENT)
    told = {
        name: event[name] for name in ("rule", "rule_name", "condition", "holding", "figure", "search_ids", "layer")
    }
    assert told == {
        "rule": RULE,
        "rule_name": "Alarm",
        "condition": "NUMBER_MENTIONS GREATER_THAN 2",
        "holding": True,
        "figure": 3.0,
        "search_ids": ["306"],
        "layer": "reports",
    }
    assert event["alerted_at"] == event["began_at"] == event["observed_at"] == "2026-11-21T19:00:30.000Z"
    assert not picture.apply_many(entries([post(4, 31)], first=5)).urgent, "it was told already"


def test_an_event_ends_of_itself_and_goes_when_it_is_forgotten() -> None:
    picture = picture_of(rule(), *(post(number, 10.0 * number) for number in (1, 2, 3)), settings=SHORT)
    assert picture.next_due() == at(70), "when the first post leaves the minute"
    changes = picture.apply_many(entries([tick(70)], first=5))
    assert not changes.urgent
    assert properties(picture, EVENT)["ended_at"] == "2026-11-21T19:01:10.000Z"
    picture.apply_many(entries([tick(569)], first=6))
    assert EVENT in picture.features
    picture.apply_many(entries([tick(570)], first=7))
    assert EVENT not in picture.features, "540 s after it began: posts are remembered for 600 s, the rule looks back 60"


def test_posts_of_other_searches_do_not_count_and_a_link_counts_once() -> None:
    link = {"url": "https://social.example/1"}
    several = (post(1, 10, **link), post(2, 11, **link), post(3, 12, search_ids=("7",)), post(4, 13), post(5, 14))
    assert properties(picture_of(rule(), *several), EVENT)["figure"] == 3.0
    assert EVENT not in picture_of(rule(), *several[:4]).features
    everything = picture_of(rule(search_ids=()), *several[1:4])
    assert properties(everything, EVENT)["figure"] == 3.0


def test_a_deleted_post_counts_no_more() -> None:
    picture = picture_of(rule(), *(post(number, 10.0 + number) for number in (1, 2, 3)))
    assert EVENT in picture.features
    gone = see("mastodon:2", c.Removal(), 40, source="mastodon/x")
    picture.apply_many(entries([gone], first=5))
    assert EVENT not in picture.features


def test_a_rule_that_is_off_or_gone_or_incomplete_draws_nothing() -> None:
    posts = [post(number, 10.0 + number) for number in (1, 2, 3)]
    for more in (
        {"active": False},
        {"deleted": True},
        {"value": None},
        {"interval_s": None},
        {"operator": "ABOUT"},
        {"condition": None},
        {"interval_s": 1e9},
    ):
        picture = picture_of(rule(**more), *posts)
        assert EVENT not in picture.features, more
        assert properties(picture, RULE)["computable"] is False, more
    picture = picture_of(rule(), *posts, rule(60, active=False))
    assert EVENT not in picture.features


def test_only_so_many_rules_are_computed() -> None:
    many = [rule(0, f"urn:ngsi-ld:SmAlertRule:{number:03}") for number in range(60)]
    picture = picture_of(*many, *(post(number, 10.0 + number) for number in (1, 2, 3)))
    events = [name for name in picture.features if name.endswith("#event")]
    assert len(events) == 50
    assert properties(picture, "urn:ngsi-ld:SmAlertRule:059")["computable"] is False
    picture.apply_many(entries([rule(30, "urn:ngsi-ld:SmAlertRule:000", deleted=True)], first=64))
    assert "urn:ngsi-ld:SmAlertRule:050#event" in picture.features, "the next one takes the place"


def test_the_pilots_own_rule_is_computed() -> None:
    """More than 10 mentions in 3 hours, told again every 3 hours."""
    ours = rule(value=10.0, interval_s=10_800.0, comparison_s=10_800.0, notify_every_s=10_800.0, modified_at=at(-9e6))
    picture = picture_of(ours, *(post(number, 60.0 * number) for number in range(1, 12)))
    assert properties(picture, EVENT)["began_at"] == "2026-11-21T19:11:00.000Z"


seconds = st.integers(0, 200)
rules = st.builds(
    rule,
    seconds,
    value=st.sampled_from((0.0, 1.0, 2.0)),
    interval_s=st.sampled_from((20.0, 60.0)),
    condition=st.sampled_from(("NUMBER_MENTIONS", "AVERAGE_SENTIMENT", "CHANGE_VOLUME_PERCENTAGE")),
    operator=st.sampled_from(("GREATER_THAN", "SMALLER_THAN", "CHANGED", "EQUAL_TO")),
    modified_at=st.none() | seconds.map(at),
    notify_every_s=st.none() | st.just(30.0),
)
posts = st.builds(post, st.integers(1, 8), seconds, sentiment=st.sampled_from((None, -1.0, 0.0, 1.0)))
removals = st.builds(lambda number, s: see(f"mastodon:{number}", c.Removal(), s), st.integers(1, 8), seconds)
some = st.lists(posts | rules | removals | st.builds(tick, seconds), max_size=14)


@settings(max_examples=150)
@given(some, st.lists(st.integers(1, 4), max_size=14))
def test_batches_and_snapshots_change_nothing(observations: Sequence[Observation], sizes: list[int]) -> None:
    end = tick(260)
    whole = picture_of(*observations, end, settings=SHORT)
    listed = entries([*observations, end])
    parted, start = Picture(SHORT), 0
    for size in [*sizes, len(listed)]:
        parted.apply_many(listed[start : start + size])
        start += size
        if size == 3:
            parted = Picture.load(parted.dump(), SHORT)
    assert parted.digest() == whole.digest()
    single = Picture(SHORT)
    for entry in listed:
        single.apply(entry)
    assert single.digest() == whole.digest()
