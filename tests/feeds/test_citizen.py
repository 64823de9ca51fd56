"""Reports of our own form: what one says, what is left out of it, and what is none."""

import json
from typing import Any

import msgspec
import pytest

from layers.content import CitizenReport
from layers.observation import Observation
from server.feeds import DecodeError, feeds
from tests.feeds.frames import RECEIVED, check, context

FEED = feeds()["citizen"]


def one(**report: Any) -> Observation:
    """The observation of a report."""
    found = FEED.decode(json.dumps({"id": "r1", "text": "Rauch", **report}).encode(), context("citizen"))
    check(found)
    (observation,) = found.observations
    return observation


def test_nobody_but_our_form_sends_it() -> None:
    assert FEED.pushed is False


def test_a_report_is_dated_by_its_arrival_and_is_no_guess() -> None:
    observation = one()
    assert (observation.subject, observation.observed_at, observation.flags) == ("citizen:r1", RECEIVED, ())
    assert isinstance(observation.content, CitizenReport)
    assert observation.content.sender_name is msgspec.UNSET


def test_a_form_that_is_sent_twice_is_one_report() -> None:
    later = msgspec.structs.replace(context("citizen"), received_at=RECEIVED.replace(minute=1))
    again = FEED.decode(b'{"id": "r1", "text": "Rauch"}', later).observations[0]
    assert again.id == one().id
    assert one(id="r2").id != one().id


@pytest.mark.parametrize(
    ("report", "texts"),
    [
        ({"text": " Rauch "}, ("Rauch",)),
        ({"place": "Marktplatz"}, ("Rauch", "Ort: Marktplatz")),
        ({"text": "", "place": "Marktplatz"}, ("Ort: Marktplatz",)),
        ({"text": "Ruft an: Tel. 05251 123456, mail ich@example.org"}, ("Ruft an: Tel. ***, mail ***@example.org",)),
    ],
)
def test_words_are_kept_without_numbers_to_call(report: dict[str, Any], texts: tuple[str, ...]) -> None:
    content = one(**report).content
    assert isinstance(content, CitizenReport)
    assert content.texts == texts


def test_a_position_has_its_accuracy() -> None:
    observation = one(lat=51.7, lon=8.7, accuracy_m=12.5)
    assert observation.geometry == {"type": "Point", "coordinates": [8.7, 51.7]}
    assert observation.accuracy_m == 12.5
    assert one(accuracy_m=12.5).accuracy_m is None, "of no position"
    assert one(lat=0, lon=0).geometry is msgspec.UNSET


@pytest.mark.parametrize("images", [["https://evil.example/1.jpg"], ["/media/1", "javascript:x"], 5])
def test_pictures_come_from_our_own_store(images: Any) -> None:
    found = FEED.decode(json.dumps({"id": "r1", "text": "Rauch", "images": images}).encode(), context("citizen"))
    assert len(found.refused) == 1
    content = found.observations[0].content
    assert isinstance(content, CitizenReport)
    assert content.image_urls is msgspec.UNSET


@pytest.mark.parametrize(
    "report", [{}, [], 5, {"id": "r1"}, {"text": "Rauch"}, {"id": "r1", "text": " ", "images": []}]
)
def test_what_is_no_report_is_refused(report: Any) -> None:
    with pytest.raises(DecodeError):
        FEED.decode(json.dumps(report).encode(), context("citizen"))
