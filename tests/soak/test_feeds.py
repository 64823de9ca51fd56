"""A hundred thousand damaged messages for each decoder, and messages made to be slow: 50 ms per kilobyte at most.

The frames are those of fixtures and, where there are samples of the field, those as well. LAGEBILD_FUZZ_SEED repeats a
run (its seed is printed), LAGEBILD_FUZZ_NUMBER shortens one.
"""

import os
import time

import pytest

from server.feeds import feeds
from tests.conftest import samples_folder
from tests.feeds.fuzz import HOSTILE, beginnings, hostile, in_time, mutations, peak_bytes, repeated

pytestmark = pytest.mark.soak
SEED = int(os.environ.get("LAGEBILD_FUZZ_SEED", time.time_ns() % 1_000_000))
NUMBER = int(os.environ.get("LAGEBILD_FUZZ_NUMBER", "100000"))
SAMPLES = samples_folder() if samples_folder().is_dir() else None
SIZE = 500_000


@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("feed", sorted(feeds()))
def test_frames_damaged_in_many_ways(feed: str, capsys: pytest.CaptureFixture[str]) -> None:
    tally = mutations(feed, SEED, NUMBER, SAMPLES, every=500)
    with capsys.disabled():
        print(f"\nseed {SEED}: {tally}")
    assert tally.messages == NUMBER
    assert tally.understood > NUMBER / 200, "mutations that are never understood test little of the decoder"


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("feed", sorted(feeds()))
def test_every_beginning_of_every_frame(feed: str) -> None:
    assert beginnings(feed, SAMPLES) > 100


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("feed", sorted(feeds()))
def test_messages_made_to_be_slow(feed: str) -> None:
    bodies = [*(hostile(kind, SIZE) for kind in HOSTILE), *repeated(feed, SIZE)]
    for body in bodies:
        in_time(feed, body)
        peak_bytes(feed, body)
