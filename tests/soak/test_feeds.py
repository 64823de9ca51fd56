"""A hundred thousand damaged messages for each decoder, and messages made to be slow: 50 ms per kilobyte at most."""

import time

import pytest

from server.feeds import feeds
from tests.feeds.fuzz import mutations, survives

pytestmark = pytest.mark.soak
SECONDS_PER_KB = 0.05
DEEP = b'{"actionType":"append","entities":[' + b"[" * 500_000
WIDE = b'{"actionType":"append","entities":[{"id":"a","type":"Device","x":[' + b"1," * 400_000 + b"1]}]}"
MANY = b'{"entities":[' + b",".join(b'{"id":"d%d","type":"Device","value":%d}' % (n, n) for n in range(1_000)) + b"]}"
KEYS = b'{"id":"a","type":"Device",' + b",".join(b'"k%d":%d' % (n, n) for n in range(60_000)) + b"}"
QUOTES = b'{"a":"' + b'\\"' * 500_000
RING = (
    b'{"id":"a","type":"CrowdFlowROI","area":{"type":"Polygon","coordinates":[['
    + b",".join(b"[8.%d,51.%d]" % (n, n) for n in range(20_000))
    + b"]]}}"
)
TIMES = b'{"id":"a","type":"Device","dateLastValueReported":"' + b"2026-" * 100_000 + b'"}'


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("feed", sorted(feeds()))
def test_frames_damaged_in_many_ways(feed: str) -> None:
    for seed in range(100):
        mutations(feed, seed, 1_000)


@pytest.mark.parametrize("body", [DEEP, WIDE, MANY, KEYS, QUOTES, RING, TIMES], ids=range(7))
def test_a_message_made_to_be_slow(body: bytes) -> None:
    began = time.process_time()
    survives("ngsi", body)
    assert time.process_time() - began < SECONDS_PER_KB * (len(body) / 1_000)
