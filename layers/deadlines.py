"""A queue of moments at which subjects want attention, one per subject, cheap to postpone.

Postponing is the common case (every observation moves an expiry), so an entry stays where it is and is checked against
the true time only when it comes up.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Any)
"""Hashable and ordered."""


class Deadlines(Generic[Key]):
    """`actual(subject)` tells the true time, None for never. Equal times come up in the order of the subjects."""

    def __init__(self, actual: Callable[[Key], datetime | None]) -> None:
        self._actual = actual
        self._heap: list[tuple[datetime, Key]] = []
        self._known: dict[Key, datetime] = {}

    def touch(self, subject: Key) -> None:
        """Take note that the subject's time may have changed."""
        at = self._actual(subject)
        known = self._known.get(subject)
        if at is not None and (known is None or at < known):
            self._known[subject] = at
            heapq.heappush(self._heap, (at, subject))

    def first(self) -> tuple[datetime, Key] | None:
        """The earliest true time and its subject."""
        while self._heap:
            at, subject = self._heap[0]
            if self._known.get(subject) != at:
                heapq.heappop(self._heap)
                continue
            actual = self._actual(subject)
            if actual is not None and actual <= at:
                return actual, subject
            heapq.heappop(self._heap)
            del self._known[subject]
            if actual is not None:
                self._known[subject] = actual
                heapq.heappush(self._heap, (actual, subject))
        return None

    def due(self, now: datetime) -> Iterator[tuple[datetime, Key]]:
        """Take out, in order, what is due at `now`."""
        if not self._heap or self._heap[0][0] > now:
            # Entries are never later than the true times: the usual case, told without asking for one.
            return
        while (first := self.first()) is not None and first[0] <= now:
            self.drop(first[1])
            yield first

    def __len__(self) -> int:
        return len(self._known)

    def drop(self, subject: Key) -> None:
        """Forget a subject."""
        self._known.pop(subject, None)
