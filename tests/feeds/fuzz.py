"""Messages that nobody would send, for every feed that is found by scanning: the decoder gives sound observations or a
DecodeError, never anything else, never in more than 50 ms of processor time per kilobyte.

The short form is tests/feeds/test_fuzz.py, the long one tests/soak/test_feeds.py; by hand, in slices:
`python -m tests.feeds.fuzz FEED [--number 100000] [--seed 1]`.
"""

import argparse
import contextlib
import functools
import json
import random
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from msgspec import Struct

from server.feeds import Decoded, DecodeError, feeds
from server.feeds.ngsi.types import TYPES
from tests.conftest import samples_folder
from tests.feeds.frames import EXPECTED, all_frames, check, context
from tests.feeds.mutate import STRANGE, composed, mutated, rewritten

__all__ = ["FRAMES", "STRANGE", "messages", "mutations", "rewritten", "survives", "values"]

SECONDS_PER_KB = 0.05
REPEATS = 4
"""So often is a decoding measured again before it counts as slow: the least time is the decoder's own."""
SAMPLE_BYTES = 24_000
"""Larger samples are left out: time is spent better on many mutations of small ones."""
SAMPLES_PER_FEED = 12
MEMORY_BYTES = 48_000_000
MEMORY_PER_BYTE = 400
"""What a decoding may need at its peak: so much, and so much for each byte of the message."""
COMPOSED = 0.05
"""Share of documents that are made of a feed's words instead of from a frame."""
FRAMES = [(frame.parent.name, frame.read_bytes()) for frame in all_frames()]
NAMES = [
    *sorted({name for table in TYPES.values() for name in table.attributes()}),
    "id",
    "type",
    "TimeInstant",
    "value",
]

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
values = st.recursive(
    scalars | st.sampled_from(STRANGE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*NAMES, "type", "value", "metadata", "coordinates"]), inner, max_size=5)
    ),
    max_leaves=12,
)
entities = st.builds(
    lambda kind, rest, attributes: {"id": f"urn:ngsi-ld:{kind}:{rest}", "type": kind, **attributes},
    st.sampled_from(sorted(TYPES)),
    st.sampled_from(["1", "2", "x:y"]),
    st.dictionaries(st.sampled_from(NAMES), values, max_size=8),
)
messages = st.builds(
    lambda action, some: {"actionType": action, "entities": some},
    st.sampled_from(["append", "appendStrict", "update", "replace", "delete"]),
    st.lists(entities | values, min_size=1, max_size=4),
)


class Tally(Struct):
    """What a run saw: how many messages, how many of them gave something, the slowest and the most memory."""

    feed: str
    messages: int = 0
    understood: int = 0
    cpu_s: float = 0.0
    slowest_ms_per_kb: float = 0.0
    peak_bytes: int = 0

    def __str__(self) -> str:
        mean = 1_000 * self.cpu_s / max(1, self.messages)
        return (
            f"{self.feed}: {self.messages} messages, {self.understood} gave observations; {mean:.2f} ms each,"
            f" slowest {self.slowest_ms_per_kb:.1f} ms/kB, peak {self.peak_bytes / 1e6:.1f} MB"
        )


def survives(feed: str, body: bytes) -> bool:
    """The decoder gives sound observations (then True), or a DecodeError; nothing else, whatever the bytes are."""
    return _decoded(feed, body)[1]


def cpu_s(feed: str, body: bytes) -> float:
    """Processor time of one decoding."""
    began = time.thread_time()
    with contextlib.suppress(DecodeError):
        _taken(feed, body)
    return time.thread_time() - began


def _taken(feed: str, body: bytes) -> Decoded:
    """As the intake does: without secrets, then decoded. Raises DecodeError."""
    one = feeds()[feed]
    return one.decode(body if one.clean is None else one.clean(body), context(feed))


def _decoded(feed: str, body: bytes) -> tuple[float, bool]:
    """Decode and check: processor time of the decoding, and whether it gave observations."""
    began = time.thread_time()
    try:
        decoded = _taken(feed, body)
    except DecodeError as error:
        took = time.thread_time() - began
        assert error.reason
        return took, False
    took = time.thread_time() - began
    check(decoded)
    return took, bool(decoded.observations)


def allowed_s(body: bytes) -> float:
    """The time that a message of this length may take; the shortest count as one kilobyte."""
    return SECONDS_PER_KB * max(1.0, len(body) / 1_000)


def in_time(feed: str, body: bytes, took: float | None = None) -> float:
    """Assert that the decoder is quick enough with it (it `took` so long already); the processor time that it took."""
    took = cpu_s(feed, body) if took is None else took
    for _ in range(REPEATS):
        if took <= allowed_s(body):
            break
        took = min(took, cpu_s(feed, body))
    assert took <= allowed_s(body), f"{took:.3f} s for {len(body)} bytes"
    return took


def peak_bytes(feed: str, body: bytes) -> int:
    """Assert that a decoding stays within its memory; what it needed."""
    tracemalloc.start()
    try:
        cpu_s(feed, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    limit = MEMORY_BYTES + MEMORY_PER_BYTE * len(body)
    assert peak <= limit, f"{peak} bytes of memory for a message of {len(body)}"
    return peak


@functools.cache
def frames_of(feed: str, samples: Path | None = None) -> tuple[bytes, ...]:
    """The frames of a feed, and the samples of which it makes something; it has frames, or the scan is at fault."""
    found = [body for name, body in FRAMES if name == feed]
    assert found, f"{feed} has no frame in fixtures/frames/{feed}"
    if samples is not None:
        small = (path for path in sorted(samples.rglob("*")) if path.is_file() and path.stat().st_size <= SAMPLE_BYTES)
        taken = (body for path in small if _gives(feed, body := path.read_bytes()))
        found += [body for body, _ in zip(taken, range(SAMPLES_PER_FEED), strict=False)]
    return tuple(found)


def _gives(feed: str, body: bytes) -> bool:
    try:
        decoded = feeds()[feed].decode(body, context(feed))
    except DecodeError:
        return False
    return len(decoded.observations) > len(decoded.refused)


@functools.cache
def words_of(feed: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The names and the plain values in the frames of a feed, so far as they are JSON."""
    names: set[str] = set()
    plain: set[Any] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            names.update(node)
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                look(item)
        elif isinstance(node, str | int | float):
            plain.add(node)

    for frame in all_frames():
        if frame.parent.name == feed and not frame.name.endswith(EXPECTED):
            text = frame.read_bytes().decode("utf-8", "replace")
            for piece in [text, *text.splitlines()]:
                try:
                    look(json.loads(piece.removeprefix("42/api,")))
                except (ValueError, RecursionError):
                    continue
    return tuple(sorted(names)), tuple(sorted(plain, key=repr))


def drawn(feed: str, frames: Sequence[bytes], dice: random.Random) -> bytes:
    """One message for the feed."""
    names, plain = words_of(feed)
    if names and dice.random() < COMPOSED:
        return composed(names, plain, dice)
    return mutated(frames, dice, names)


def mutations(feed: str, seed: int, number: int, samples: Path | None = None, every: int = 0) -> Tally:
    """`number` messages drawn from the seed: each is survived, in time. Of one in `every` the memory is measured, too.

    A failure names feed, seed and number, and the message stands in its notes.
    """
    dice = random.Random(f"{feed}/{seed}")
    frames = frames_of(feed, samples)
    tally = Tally(feed)
    for index in range(number):
        body = drawn(feed, frames, dice)
        try:
            took, understood = _decoded(feed, body)
            took = in_time(feed, body, took)
            tally.understood += understood
            if every and index % every == 0:
                tally.peak_bytes = max(tally.peak_bytes, peak_bytes(feed, body))
        except BaseException as error:
            error.add_note(f"feed {feed}, seed {seed}, message {index} of {len(body)} bytes: {body[:3_000]!r}")
            raise
        tally.messages += 1
        tally.cpu_s += took
        tally.slowest_ms_per_kb = max(tally.slowest_ms_per_kb, 1_000 * took / max(1.0, len(body) / 1_000))
    return tally


def beginnings(feed: str, samples: Path | None = None, most: int = 4_000) -> int:
    """Every beginning of every frame of a feed (of a long one `most` of them) is survived; how many there were."""
    count = 0
    for body in frames_of(feed, samples):
        for end in range(0, len(body), max(1, len(body) // most)):
            survives(feed, body[:end])
            count += 1
    return count


# Made to be slow, by repetition: what makes a decoder that is not linear in the length stand out.
HOSTILE: dict[str, tuple[bytes, bytes, bytes]] = {
    "brackets": (b"", b"[", b""),
    "braces": (b"", b'{"a":', b""),
    "objects": (b"", b'{"x":1}', b""),
    "broken lines": (b"", b'{"x":\n', b""),
    "quotes": (b"", b'"', b""),
    "escapes": (b'{"text":"', b"\\", b""),
    "requests": (b"", b"POST /x HTTP/1.1\r\n\r\n{}", b""),
    "request lines": (b"", b"POST /x HTTP/1.1\n", b""),
    "blanks": (b"", b" ", b"x"),
    "commas": (b"", b"a,", b""),
    "cells": (b"Unit ID,Incident Number\n", b'"', b""),
    "events": (b"", b'42["', b""),
    "telegrams": (b"", b"69371412 3\n", b""),
    "spaced telegram": (b"69371412", b" ", b""),
    "multimon": (b"FMS: 43f314170000 (9=", b" ", b""),
    "dict": (b"{'a': '", b"\\'", b""),
    "members": (b"{", b"'a': 1, ", b""),
    "elements": (b"", b"<a>", b""),
    "attributes": (b"<a ", b'a="1" ', b"/>"),
    "entities": (b"<a>", b"&amp;", b"</a>"),
    "wide": (b'{"actionType":"append","entities":[{"id":"a","type":"Device","x":[', b"1,", b"1]}]}"),
    "deep": (b'{"actionType":"append","entities":[', b"[", b""),
    "keys": (b'{"id":"a","type":"Device"', b',"k":1', b"}"),
    "times": (b'{"id":"a","type":"Device","dateLastValueReported":"', b"2026-", b'"}'),
    "digits": (b'{"id":"a","type":"Device","value":', b"9", b"}"),
    "frames": (b"", b"\n1234ABCD\r", b""),
    "lists of objects": (b"[", b'{"id":1,"type":"Device","value":1},', b"{}]"),
    "zeros": (b"", b"\x00", b""),
    "ones": (b"", b"\xff", b""),
    "video": (b"", b"\x47\x1f\xff\x10" + b"\xff" * 184, b""),
    "keys of video": (b"", bytes.fromhex("060e2b34020b01010e01030101000000"), b""),
    "image": (b"\xff\xd8", b"\xff\xe1\x00\x08Exif\x00\x00", b"\xff\xd9"),
    "subtitles": (b"", b"1\n00:00:00,000 --> 00:00:00,001\n[x: 1]\n\n", b""),
}


def hostile(kind: str, size: int) -> bytes:
    """A message of this kind with about `size` bytes."""
    begin, repeated, end = HOSTILE[kind]
    return begin + repeated * max(1, (size - len(begin) - len(end)) // len(repeated)) + end


def repeated(feed: str, size: int) -> list[bytes]:
    """The feed's own frames, sent many times in one message; JSON also as a list, and with its lists grown."""
    found = []
    for body in frames_of(feed):
        times = max(1, size // max(1, len(body)))
        found.append(body * times)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            found.append(b"\n".join([body] * times))
            continue
        found.append(json.dumps([document] * times).encode())
        found.append(json.dumps(_grown(document, times)).encode()[: 4 * size])
    return found


def _grown(node: Any, times: int) -> Any:
    if isinstance(node, dict):
        return {key: _grown(value, times) for key, value in node.items()}
    return node * times if isinstance(node, list) else node


def main() -> None:
    """A slice by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feeds", nargs="*", help="names; default: every feed")
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    wish = parser.parse_args()
    samples = samples_folder() if samples_folder().is_dir() else None
    for feed in wish.feeds or sorted(feeds()):
        print(f"seed {wish.seed}: {mutations(feed, wish.seed, wish.number, samples, every=500)}", flush=True)


if __name__ == "__main__":
    main()
