"""Whatever is sent, a decoder gives sound observations or a DecodeError, in time; long: tests/soak/test_feeds.py."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from server.feeds import Decoded, DecodeError, Feed, feeds
from tests.feeds import fuzz
from tests.feeds.fuzz import HOSTILE, hostile, in_time, messages, mutations, survives

SIZE = 20_000


@pytest.mark.parametrize("feed", sorted(feeds()))
def test_damaged_frames(feed: str) -> None:
    mutations(feed, 20261121, 100)


@pytest.mark.parametrize("feed", sorted(feeds()))
def test_beginnings_of_frames(feed: str) -> None:
    assert fuzz.beginnings(feed, most=25) >= 20


@pytest.mark.parametrize("feed", sorted(feeds()))
def test_messages_made_to_be_slow(feed: str) -> None:
    for kind in HOSTILE:
        in_time(feed, hostile(kind, SIZE))


@given(messages)
@settings(max_examples=60)
def test_documents_made_of_the_right_words(message: Any) -> None:
    survives("ngsi", json.dumps(message).encode())


def decoder(act: Any) -> Feed:
    """A feed that does this with what it gets."""
    return Feed(name="waip", title="", decode=lambda body, _context: act(body) or Decoded())


def _raises(_: bytes) -> None:
    raise KeyError("x")


def _hangs(_: bytes) -> None:
    sum(range(8_000_000))


def _hoards(_: bytes) -> None:
    bytearray(60_000_000)


def _says_nothing(_: bytes) -> None:
    raise DecodeError("")


@pytest.mark.parametrize("act", [_raises, _hangs, _hoards, _says_nothing])
def test_a_bad_decoder_is_found_out(act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"waip": decoder(act)}
    monkeypatch.setattr(fuzz, "feeds", lambda: broken)
    with pytest.raises((KeyError, AssertionError)) as caught:
        mutations("waip", 1, 3, every=1)
    assert "feed waip, seed 1, message 0" in caught.value.__notes__[0]
