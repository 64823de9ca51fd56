"""Mastodon as its servers answered and streamed, unpacked from the cassettes of a recorder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from layers.content import Post, Removal
from server.feeds import Decoded, DecodeError, feeds
from tests.feeds.frames import check, context

pytestmark = pytest.mark.field
FEED = feeds()["mastodon"]
Bodies = Callable[[str], list[tuple[str, str]]]


@pytest.fixture(scope="module")
def bodies(samples: Path) -> Bodies:
    """What was asked and the body that came, of a cassette."""

    def unpack(name: str) -> list[tuple[str, str]]:
        recorded: Any = yaml.safe_load((samples / "social" / "mastodon" / f"{name}.yaml").read_text(encoding="utf-8"))
        asked = [each["request"] for each in recorded["interactions"]]
        came = [each["response"]["body"]["string"] for each in recorded["interactions"]]
        names = [f"{each['method']} {each['uri'].partition('/api/')[2]}" for each in asked]
        return list(zip(names, came, strict=True))

    return unpack


def decoded(body: str) -> Decoded:
    """What a body yields, and again what of it is kept."""
    found = FEED.decode(body.encode(), context("mastodon"))
    check(found)
    assert FEED.clean is not None
    assert FEED.decode(FEED.clean(body.encode()), context("mastodon")).observations == found.observations
    return found


def only(body: str) -> tuple[str, Post]:
    """Subject and content of the only post."""
    (observation,) = decoded(body).observations
    assert isinstance(observation.content, Post)
    return observation.subject, observation.content


def test_two_posts_with_all_that_hangs_on_them(bodies: Bodies) -> None:
    (_, first), (_, second) = bodies("test_entity_status")
    found = decoded(first)
    (observation,) = found.observations
    assert observation.subject == "mastodon:110446223051565765"
    assert observation.observed_at.isoformat() == "2023-05-28T12:09:44+00:00", "when it was edited"
    content = observation.content
    assert isinstance(content, Post)
    assert content.network == "mastodon"
    assert content.snippet, "the warning of its content"
    assert len(content.video_urls) == 1, "the moving picture"  # type: ignore[arg-type]
    assert observation.extra["sensitive"] is True
    assert observation.extra["media_descriptions"]
    assert observation.extra["tags"]
    (observation,) = decoded(second).observations
    assert observation.subject == "mastodon:110446183735368325"
    assert observation.observed_at.isoformat() == "2023-05-28T12:21:32.698000+00:00"
    assert len(observation.extra["poll"]) >= 2


def test_posts_for_followers_are_not_taken(bodies: Bodies) -> None:
    for _, body in bodies("test_entity_mediaattachment"):
        with pytest.raises(DecodeError) as refused:
            decoded(body)
        assert refused.value.reason == "a status of visibility private is not taken"
        assert FEED.clean is not None
        assert json.loads(FEED.clean(body.encode()))["content"] == ""


def test_a_time_line_and_a_deletion(bodies: Bodies) -> None:
    answers = bodies("test_public_tl")
    lines = [body for asked, body in answers if asked.startswith("GET v1/timelines/public")]
    assert len(lines) == 2
    found = decoded(lines[0])
    assert len(found.observations) == 8
    times = [each.content.issued_at for each in found.observations if isinstance(each.content, Post)]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]
    assert times[0].isoformat() == "2026-10-14T19:10:25.359000+00:00"  # type: ignore[union-attr]
    (gone,) = (body for asked, body in answers if asked.startswith("DELETE"))
    (observation,) = decoded(gone).observations
    assert (observation.subject, observation.content) == ("mastodon:117440841341935157", Removal())
    assert observation.subject == found.observations[0].subject, "it was the newest one"


def test_an_edit_has_the_same_id_and_a_later_time(bodies: Bodies) -> None:
    answers = [body for asked, body in bodies("test_status_edit") if "/history" not in asked and "/source" not in asked]
    observations = [decoded(body).observations[0] for body in answers]
    assert {each.subject for each in observations} == {"mastodon:117440831413709748"}
    assert [each.observed_at.isoformat() for each in observations] == [
        "2026-10-14T19:07:53.867000+00:00",
        "2026-10-14T19:07:53.998000+00:00",
        "2026-10-14T19:07:53.998000+00:00",
    ]
    assert observations[1].id == observations[2].id, "what was answered and what is read are the same"
    for asked, body in bodies("test_status_edit"):
        if "/history" in asked or "/source" in asked:
            with pytest.raises(DecodeError):
                if decoded(body).refused:
                    raise DecodeError("no status")


def test_a_stream_with_keep_alives(bodies: Bodies) -> None:
    answers = bodies("test_stream_user_local")
    (stream,) = (body for asked, body in answers if "streaming" in asked)
    subject, content = only(stream)
    assert subject == "mastodon:117440838331817220"
    assert content.message == "it's cool guy"
    assert content.url == "http://localhost:3000/@mastodonpy_test/117440838331817220"
    (posted,) = (body for asked, body in answers if asked == "POST v1/statuses")
    assert only(posted) == (subject, content)
    for asked, body in answers:
        if "instance" in asked or "accounts" in asked:
            with pytest.raises(DecodeError):
                decoded(body)
