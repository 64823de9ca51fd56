"""Messages that nobody would send: frames with bytes or parts exchanged, and documents made of the right words.

`mutations(feed, seed, number)` is for every feed: tests/feeds/test_fuzz.py runs it short, tests/soak long.
"""

import json
import random
from typing import Any

import hypothesis.strategies as st

from server.feeds import DecodeError, feeds
from server.feeds.ngsi.types import TYPES
from tests.feeds.frames import all_frames, check, context

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 12, 1e308, -1e-308, 2**53 + 1, 10**30),
    *("", " ", "x" * 300, "\u200b", "\x00", "1e999", "NaN", "2026-11-21T19:05:11Z", "2100-01-01/1970-01-01"),
    *("9999-12-31T23:59:59-14:00", "51.8,8.7 51.8,8.8 51.9,8.8", "javascript:alert(1)"),
    *([], [[]], {}, [None], [0, 0], [8.78, 51.83], [181, 91]),
    *({"type": None}, {"value": {}}, {"value:": [{}]}, {"type": [], "value": 1}),
    {"type": "Point", "coordinates": [8.78, 51.83]},
    {"type": "Point", "coordinates": [0, 0]},
    {"type": "Polygon", "coordinates": [[[8, 51], [9, 51], [9, 52]]]},
    {"type": {"a": 1}, "coordinates": [[[[[]]]]]},
    {"value": 1, "metadata": {"TimeInstant": {"value": "2026-11-21T19:05:11Z"}}},
    {"attachedToId": ["x"]},
    {"thresholds": {"alarm": [{"comparision": 5, "value": {}}]}},
    [{"name": 1, "value": 2}],
    [{"inclusion": "?", "geometry": 5}],
)
PIECES = (
    b'"',
    b"{",
    b"[",
    b"]",
    b"}",
    b",",
    b"\\",
    b"\x00",
    b"\xff",
    b"\r\n",
    b"<",
    b">",
    b"&",
    b"9" * 400,
    b"-1",
    b"\xe4",
)
NAMES = [
    *sorted({name for table in TYPES.values() for name in table.attributes()}),
    "id",
    "type",
    "TimeInstant",
    "value",
]
FRAMES = [(frame.parent.name, frame.read_bytes()) for frame in all_frames()]

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


def survives(feed: str, body: bytes) -> None:
    """The decoder gives sound observations, or a DecodeError; nothing else, whatever the bytes are."""
    try:
        decoded = feeds()[feed].decode(body, context(feed))
    except DecodeError as error:
        assert error.reason
        return
    check(decoded)


def mutations(feed: str, seed: int, number: int) -> None:
    """`number` mutations of the feed's frames, drawn from the seed: each is survived."""
    dice = random.Random(seed)
    frames = [body for name, body in FRAMES if name == feed]
    for _ in range(number):
        body = dice.choice(frames)
        match dice.randrange(3):
            case 0:
                survives(feed, damaged(body, dice))
            case 1:
                survives(feed, rewritten(body, dice))
            case _:
                survives(feed, damaged(rewritten(body, dice), dice))


def damaged(body: bytes, dice: random.Random) -> bytes:
    """The frame with a few bytes changed, lost, or sent twice."""
    broken = bytearray(body)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(broken) or 1)
        match dice.randrange(4):
            case 0:
                broken[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del broken[at : at + dice.randint(1, 40)]
            case 2:
                broken[at:at] = broken[at : at + dice.randint(1, 200)]
            case _:
                broken[at:at] = dice.choice(PIECES)
    return bytes(broken)


def rewritten(body: bytes, dice: random.Random) -> bytes:
    """The frame, still JSON, with a few of its parts exchanged for something strange; what is no JSON is damaged."""
    try:
        document = json.loads(body)
    except ValueError:
        return damaged(body, dice)
    for _ in range(dice.randint(1, 4)):
        document = _exchange(document, dice)
    return json.dumps(document).encode()


def _exchange(node: Any, dice: random.Random) -> Any:
    if dice.random() < 0.12 or not isinstance(node, dict | list) or not node:
        return dice.choice(STRANGE)
    if isinstance(node, list):
        at = dice.randrange(len(node))
        return [*node[:at], _exchange(node[at], dice), *node[at + 1 :]]
    key = dice.choice(list(node))
    found = {**node, key: _exchange(node[key], dice)}
    if dice.random() < 0.1:
        found[dice.choice(NAMES)] = found.pop(key)
    return found
