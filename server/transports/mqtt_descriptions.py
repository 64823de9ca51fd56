"""What devices said of themselves over MQTT, so that their states can be read when they come alone.

The decoders know nothing from one message to the next. A state is therefore handed to them together with the
description that explains it: what is kept of the message explains itself, also when it is read again years later.
"""

from collections import OrderedDict
from collections.abc import Callable

MAX_DESCRIPTIONS = 1_000
"""Descriptions that are known; the oldest give way."""
MAX_BYTES = 16_384
"""Of one description: a longer one explains no states that come alone."""
MAX_TOGETHER = 10
"""Descriptions that are handed over with one state, the newest ones."""
Key = tuple[str | None, str]
"""The part of the source, and a topic as the sender calls it."""


class Descriptions:
    """Descriptions by the topic of the states that they explain."""

    def __init__(self, explains: Callable[[bytes], tuple[str, ...]] | None) -> None:
        self._explains = explains
        self._known: OrderedDict[Key, tuple[bytes, frozenset[str]]] = OrderedDict()

    def note(self, part: str | None, topic: str, payload: bytes, wrapped: bytes) -> None:
        """Keep a description in the place of what the same topic said before; an empty one is taken back."""
        if self._explains is None:
            return
        self._known.pop((part, topic), None)
        topics = frozenset(self._explains(payload)) if len(wrapped) <= MAX_BYTES else frozenset()
        if topics:
            self._known[part, topic] = (wrapped, topics)
            if len(self._known) > MAX_DESCRIPTIONS:
                self._known.popitem(last=False)

    def together(self, part: str | None, topic: str, wrapped: bytes) -> bytes:
        """A state with what explains it, as one body; the state alone where nothing does."""
        found = [said for (of, _), (said, topics) in self._known.items() if of == part and topic in topics]
        return wrapped if not found else b"[" + b",".join([*found[-MAX_TOGETHER:], wrapped]) + b"]"
