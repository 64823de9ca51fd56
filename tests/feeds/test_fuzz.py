"""Whatever is sent, a decoder answers with sound observations or a DecodeError. Long form: tests/soak/test_feeds.py."""

import pytest

from server.feeds import feeds
from tests.feeds.fuzz import mutations


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("feed", sorted(feeds()))
def test_damaged_frames(feed: str, seed: int) -> None:
    mutations(feed, seed, 100)
