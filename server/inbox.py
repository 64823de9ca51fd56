"""The bounded inbox of a desk: who wants something written down, and who waits for it to be durable."""

import threading
from collections import deque
from collections.abc import Sequence

from server.journal import Appended, Draft


class Busy(Exception):
    """Nothing was kept; try again in `retry_after_s` seconds."""

    def __init__(self, reason: str, retry_after_s: int) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Unavailable(Busy):
    """The journal cannot be written (disk full, I/O error); nothing was kept."""


class Closed(Exception):
    """The situation takes nothing any more: the exercise ended, or the server stops."""


class Ticket:
    """A submission under way; `wait` returns once the desk has settled it one way or the other."""

    __slots__ = ("_done", "accepted", "drafts", "duplicates", "error", "last_seq", "size")

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.drafts = drafts
        bodies = {id(draft.raw): len(draft.raw.body) for draft in drafts if draft.raw is not None}
        self.size = sum(len(draft.data) for draft in drafts) + sum(bodies.values())
        self.accepted = 0
        self.duplicates = 0
        self.last_seq = 0
        self.error: Exception | None = None
        self._done = threading.Event()

    def settle(self, error: Exception | None = None) -> None:
        """Let the submitter go on."""
        self.error = error
        self._done.set()

    def wait(self) -> None:
        """Wait until settled. Raises what the desk settled it with."""
        self._done.wait()
        if self.error is not None:
            raise self.error


class Inbox:
    """Tickets in order of arrival, at most `limit` observations and `limit_bytes` (one larger ticket fits alone)."""

    def __init__(self, limit: int, limit_bytes: int) -> None:
        self.limit = limit
        self.limit_bytes = limit_bytes
        self.depth = 0
        """Observations that wait."""
        self.size = 0
        """Bytes that wait."""
        self._tickets: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._woken = False

    def put(self, ticket: Ticket) -> bool:
        """False when it does not fit now. Raises Closed."""
        with self._changed:
            if self._closed:
                raise Closed("this situation takes no observations any more")
            full = self.depth + len(ticket.drafts) > self.limit or self.size + ticket.size > self.limit_bytes
            if full and self._tickets:
                return False
            self._tickets.append(ticket)
            self.depth += len(ticket.drafts)
            self.size += ticket.size
            self._changed.notify()
        return True

    def take(self, limit: int, timeout_s: float | None) -> list[Ticket]:
        """What waits, up to `limit` observations but at least one ticket; waits up to `timeout_s` for the first."""
        with self._changed:
            if not self._tickets and not self._closed and not self._woken:
                self._changed.wait(timeout_s)
            self._woken = False
            batch: list[Ticket] = []
            count = 0
            while self._tickets and (not batch or count + len(self._tickets[0].drafts) <= limit):
                ticket = self._tickets.popleft()
                batch.append(ticket)
                count += len(ticket.drafts)
                self.depth -= len(ticket.drafts)
                self.size -= ticket.size
            return batch

    def wake(self) -> None:
        """Let a waiting `take` return now."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def close(self) -> None:
        """Take nothing more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True once `close` was called."""
        return self._closed


def share_out(tickets: Sequence[Ticket], appended: Appended, before: int) -> None:
    """Tell each ticket which of the new entries are its own; both are in the same order."""
    position = 0
    last = before
    for ticket in tickets:
        for draft in ticket.drafts:
            entry = appended.entries[position] if position < len(appended.entries) else None
            if entry is not None and entry.observation.id == draft.observation.id:
                ticket.accepted += 1
                position += 1
                last = entry.seq
            else:
                ticket.duplicates += 1
        ticket.last_seq = last
