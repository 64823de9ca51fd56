"""Whatever NGSI gives, the picture takes: nothing raises, it can be sent, and the same again changes nothing."""

import json
import random
from typing import Any

import msgspec
from hypothesis import given

from layers.observation import Entry, Observation, decode, encode
from layers.picture import Picture
from layers.settings import PictureSettings
from server.admission import admit
from server.feeds import DecodeError
from server.feeds.ngsi import FEED
from server.feeds.ngsi.render import Query, Viewer, entity, key_values, subjects
from tests.feeds.frames import context
from tests.feeds.fuzz import FRAMES, messages, rewritten

CONTROL = Viewer(personal=True)
NOBODY = Viewer(personal=False)


def taken(picture: Picture, body: bytes) -> list[Observation]:
    """What of a message gets into the picture, as it comes back from a journal."""
    try:
        decoded = FEED.decode(body, context())
    except DecodeError:
        return []
    observations, _ = admit(decoded, picture)
    return [decode(encode(observation)) for observation in observations]


def shown(picture: Picture) -> None:
    """Everything in the picture can be sent and read."""
    msgspec.json.encode(list(picture.features.values()))
    for viewer in (CONTROL, NOBODY):
        for subject in subjects(picture, Query(), viewer):
            one = entity(picture, subject, viewer)
            msgspec.json.encode(one)
            assert set(key_values(one)) == set(one)


def fold(bodies: list[bytes]) -> Picture:
    """A picture of the messages, each of them applied; doubled ones are dropped as a journal would."""
    picture, known = Picture(PictureSettings()), set()
    for body in bodies:
        for observation in taken(picture, body):
            if observation.id not in known:
                known.add(observation.id)
                picture.apply(Entry(seq=picture.rev + 1, observation=observation))
    shown(picture)
    return picture


@given(messages, messages)
def test_the_picture_takes_what_is_decoded(first: Any, second: Any) -> None:
    bodies = [json.dumps(first).encode(), json.dumps(second).encode()]
    assert fold(bodies).digest() == fold(bodies).digest()


def test_frames_and_what_becomes_of_them() -> None:
    frames = [body for feed, body in FRAMES if feed == "ngsi"]
    assert fold([*frames, *frames]).digest() == fold(frames).digest()


def test_frames_with_strange_parts() -> None:
    frames = [body for feed, body in FRAMES if feed == "ngsi"]
    for seed in range(30):
        dice = random.Random(seed)
        fold([rewritten(body, dice) for body in frames])
