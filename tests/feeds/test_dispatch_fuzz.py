"""Documents made of a feed's own words and of strange values: sound observations or a DecodeError, nothing else."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.frames import FRAMES
from tests.feeds.fuzz import STRANGE, mutations, survives

JSON_FEEDS = ("alamos_fe2", "boswatch", "connect", "divera", "seattle", "tetracontrol", "ucri2", "waip")
FEEDS = (*JSON_FEEDS, "edxl_de", "sanfrancisco")


def words(feed: str) -> tuple[list[str], list[Any]]:
    """The names and the plain values in the frames of a feed, so far as they are JSON."""
    names: set[str] = set()
    values: set[Any] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            names.update(node)
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                look(item)
        elif isinstance(node, str | int | float):
            values.add(node)

    for frame in sorted((FRAMES / feed).glob("*")):
        text = frame.read_text(encoding="utf-8")
        for piece in [text, *text.splitlines()] if ".expected." not in frame.name else []:
            try:
                look(json.loads(piece.removeprefix("42/api,")))
            except ValueError:
                continue
    return sorted(names), sorted(values, key=repr)


def documents(feed: str) -> st.SearchStrategy[Any]:
    names, values = words(feed)
    plain = st.sampled_from([*values, *STRANGE]) | st.text(max_size=12) | st.integers(-5, 2**40) | st.none()
    key = st.sampled_from(names)
    return st.recursive(
        st.dictionaries(key, plain, max_size=6),
        lambda inner: (
            st.dictionaries(key, plain | inner | st.lists(inner, max_size=3), max_size=6) | st.lists(inner, max_size=3)
        ),
        max_leaves=10,
    )


@pytest.mark.parametrize("feed", JSON_FEEDS)
@given(data=st.data())
def test_documents_made_of_the_right_words(feed: str, data: st.DataObject) -> None:
    survives(feed, json.dumps(data.draw(documents(feed))).encode())


@pytest.mark.parametrize("feed", FEEDS)
def test_damaged_frames(feed: str) -> None:
    mutations(feed, 20261121, 150)


HOSTILE = {
    "brackets": b"[" * 400_000,
    "braces": b'{"a":' * 200_000,
    "objects": b'{"x":1}' * 60_000,
    "broken lines": b'{"x":\n' * 60_000,
    "quotes": b'"' * 400_000,
    "escapes": b'{"text":"' + b"\\" * 400_000,
    "requests": b"POST /x HTTP/1.1\r\n\r\n{}" * 15_000,
    "request lines": b"POST /x HTTP/1.1\n" * 20_000,
    "blanks": b" " * 400_000 + b"x",
    "commas": b"a," * 200_000,
    "cells": b"Unit ID,Incident Number\n" + b'"' * 400_000,
    "events": b'42["' * 100_000,
    "telegrams": b"69371412 3\n" * 30_000,
    "spaced telegram": b"69371412" + b" " * 300_000,
    "multimon": b"FMS: 43f314170000 (9=" + b" " * 300_000,
    "dict": b"{'a': '" + b"\\'" * 150_000,
    "members": b"{" + b"'a': 1, " * 50_000,
    "elements": b"<a>" * 100_000,
    "lines of a callout": json.dumps({"type": "sds", "srcSSI": "1", "text": "Ort: \n" * 1_300}).encode() * 40,
    "fields of a page": json.dumps({"mode": "pocsag", "ric": "1", "message": "*" * 7_900}).encode() * 40,
}


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_a_message_made_to_be_slow(feed: str, kind: str) -> None:
    """Processor time by the length alone, at most 50 ms for a kilobyte."""
    began = time.process_time()
    survives(feed, HOSTILE[kind])
    assert time.process_time() - began < 0.05 * len(HOSTILE[kind]) / 1_000
