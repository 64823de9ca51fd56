"""NGSI documents made of the right words: the decoder answers with sound observations or a DecodeError."""

import json
from typing import Any

from hypothesis import given

from tests.feeds.fuzz import FRAMES, messages, survives


@given(messages)
def test_documents_made_of_the_right_words(message: Any) -> None:
    survives("ngsi", json.dumps(message).encode())


def test_every_beginning_of_a_frame() -> None:
    for feed, body in FRAMES:
        if feed == "ngsi":
            for end in range(0, len(body), 97):
                survives(feed, body[:end])
