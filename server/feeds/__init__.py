"""Feeds: one module (or package) per wire format, bytes in, observations out; found by scanning, not registered.

A feed module has a constant `FEED`. Its `decode` is pure (no I/O, no clock: the time of receipt is in the `Context`),
knows nothing of situations and desks, and raises nothing but `DecodeError`, whatever the bytes are.

    DecodeError      the message as a whole cannot be understood; `kind` says why
"""

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from layers.clock import Limits as ClockLimits
from layers.observation import Observation
from server.feeds._stream import Stream

MALFORMED, INVALID, TOO_LARGE = "malformed", "invalid", "too_large"
"""Kinds of `DecodeError`: not the syntax of the format; the syntax but no message of this format; over a limit."""

BAD_ATTRIBUTE, BAD_ENTITY, UNKNOWN_TYPE = "bad_attribute", "bad_entity", "unknown_type"
NOT_FOUND, ALREADY_EXISTS, DOES_NOT_EXIST = "not_found", "already_exists", "does_not_exist"
"""Kinds of `Refused`: from the decoder the first three; the rest from a precondition that the picture does not meet."""

EXCERPT_CHARS = 2_000
"""Longest excerpt of the original that a refusal carries."""


class DecodeError(ValueError):
    """Nothing of the message can be used. `reason` is for the sender and the quarantine."""

    def __init__(self, reason: str, kind: str = MALFORMED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class Limits(Struct, frozen=True, kw_only=True):
    """What a single message may hold. What is over a limit is refused with a reason and counted, never cut silently."""

    body_bytes: int = 1_048_576
    depth: int = 32
    """Brackets within brackets."""
    entities: int = 1_000
    """Subjects per message."""
    attributes: int = 200
    """Attributes per subject."""
    entity_bytes: int = 262_144
    """Canonical JSON of one subject: it is kept in the picture."""
    text_chars: int = 8_000
    items: int = 500
    """Members of a list or object that is no geometry."""
    points: int = 5_000
    """Positions per geometry."""
    clock: ClockLimits = ClockLimits()
    """How far a sender's clock is trusted."""


FROM_FOLDER = "folder "
"""What the sender of a message begins with that came as a file in a watched folder; its path follows."""


class Context(Struct, frozen=True, kw_only=True):
    """What a decoder may know beside the bytes: who sent them, when they came, and what a time without a zone means."""

    source: str
    received_at: datetime
    zone: str = "UTC"
    limits: Limits = Limits()
    options: Mapping[str, Any] = {}
    """Settings of this source, as the feed's `options` struct has them."""
    file: str | None = None
    """The name of the file that the bytes are, without its folder, where they came as one: some tell a time in it."""


class Refused(Struct, frozen=True, kw_only=True):
    """A part of a message that was not used. `subject` is whom it spoke of, where that could be read."""

    reason: str
    excerpt: str = ""
    kind: str = BAD_ENTITY
    subject: str | None = None


class Precondition(Struct, frozen=True, kw_only=True):
    """What must hold in the picture before an observation is taken (an NGSI `update` of what nobody knows is not).

    `present` and `absent` are names of sender attributes; `exclusive`: attributes that the observation does not name
    are withdrawn.
    """

    exists: bool = False
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    exclusive: bool = False
    exercise: bool = False
    """The sender says that it is an exercise: it may enter an exercise only."""


class Decoded(Struct, frozen=True, kw_only=True):
    """What a message yields: observations in its order, what was refused, and conditions by observation id."""

    observations: tuple[Observation, ...] = ()
    refused: tuple[Refused, ...] = ()
    conditions: Mapping[str, Precondition] = {}


class Feed(Struct, frozen=True, kw_only=True):
    """One wire format. `pushed`: senders may POST it to /feeds/<name>."""

    name: str
    title: str
    decode: Callable[[bytes, Context], Decoded]
    max_bytes: int = 1_048_576
    pushed: bool = True
    zone: str | None = None
    """What a time without a zone means in this format, where the settings of the source say nothing else."""
    clean: Callable[[bytes], bytes] | None = None
    """Blanks the secrets of a body. What it returns is what may be kept, and decodes to the same observations."""
    reply: Callable[[int, str | None], tuple[int, Mapping[str, Any]]] | None = None
    """What its senders are used to hear over HTTP, beside our own answer: from our status and why nothing was taken
    (None: it was) the status and members that they know."""
    options: type[Struct] | None = None
    """What of the decoder an operator may set."""
    describes: re.Pattern[str] | None = None
    """Topics of MQTT whose messages tell what there is and not how it is (names, thresholds)."""
    explains: Callable[[bytes], tuple[str, ...]] | None = None
    """The topics of the states that such a message explains: it is handed over with each of them. Never raises."""
    topical: bool = False
    """The decoder takes a message of MQTT together with its topic, in the form of `_mqtt.wrap`."""
    stream: Stream = Stream()
    """How its messages come over connections and in folders."""


@functools.cache
def feeds() -> dict[str, Feed]:
    """Every feed by name. A module of this package without `FEED` is an error; helpers begin with an underscore."""
    found: dict[str, Feed] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            feed: Feed = importlib.import_module(f"{__name__}.{module.name}").FEED
            assert feed.name not in found, f"two feeds are called {feed.name}"
            found[feed.name] = feed
    return found


def excerpt(data: bytes | str) -> str:
    """The beginning of what was refused, as text for the quarantine."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return text if len(text) <= EXCERPT_CHARS else text[:EXCERPT_CHARS] + " …"
