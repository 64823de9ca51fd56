"""Captured bytes in, exact values out: every frame of every feed yields what stands beside it."""

import json
from pathlib import Path

import pytest

from server.feeds import DecodeError, feeds
from tests.feeds.frames import all_frames, check, context, expectation, shown, yielded


@pytest.mark.parametrize("frame", all_frames(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_frame_yields_what_stands_beside_it(frame: Path) -> None:
    decoded = yielded(frame)
    check(decoded)
    assert shown(decoded) == json.loads(expectation(frame).read_text(encoding="utf-8"))


@pytest.mark.parametrize("frame", all_frames(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_frame_that_comes_again_is_the_same_claim(frame: Path) -> None:
    first, second = yielded(frame), yielded(frame)
    assert [one.id for one in first.observations] == [one.id for one in second.observations]


QUIET = {("mastodon", b"[]"), ("nina", b"[]")}
"""A list of nothing, as it is polled on a quiet day."""


@pytest.mark.parametrize("name", sorted(feeds()))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"null",
        b"17",
        b'"text"',
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":NaN}',
        b"PK\x03\x04",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_message_that_is_none_is_refused_with_a_reason(name: str, body: bytes) -> None:
    try:
        decoded = feeds()[name].decode(body, context(name))
    except DecodeError as error:
        assert error.reason
    else:
        assert decoded.observations == ()
        assert decoded.refused or (name, body) in QUIET
