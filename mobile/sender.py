"""Which report of the outbox leaves next, and what an answer to it means. No socket, no thread."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mobile.clock import iso
from mobile.outbox import Item, Outbox

ACK_TIMEOUT_S = 10.0
RETRY_AFTER_S = 3.0
RETRY_LIMIT_S = 60.0
TRANSIENT = frozenset({"busy", "closed", "too_many", "unavailable", "internal", "unauthorized"})
"""Errors that pass: the report stays and goes again. "unauthorized" ends the connection; the next sign-in may be
good.
"""


class Sender:
    """One report under way at a time, in order; without an answer in ACK_TIMEOUT_S it goes again.

    `monotonic` gives seconds that never go back.
    """

    def __init__(self, outbox: Outbox, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._outbox, self._monotonic = outbox, monotonic
        self._in_flight: tuple[int, float] | None = None
        self._not_before_s = 0.0

    def reset(self) -> None:
        """A new connection: whatever was under way has no answer to wait for."""
        self._in_flight, self._not_before_s = None, 0.0

    def due(self, situation: str) -> Item | None:
        """The report to send now, noted as sent; None where nothing waits or an answer is outstanding."""
        now_s = self._monotonic()
        if self._in_flight and now_s > self._in_flight[1]:
            self._in_flight = None
        if self._in_flight or now_s < self._not_before_s:
            return None
        item = self._outbox.next(situation)
        if item is not None:
            self._outbox.sending(item.client_seq)
            self._in_flight = (item.client_seq, now_s + ACK_TIMEOUT_S)
        return item

    def answered(self, client_seq: int, reply: Any, *, ended: bool = False) -> None:
        """The server's acknowledgement of a report, also of one that was given up meanwhile.

        `ended`: the exercise is over, so "closed" will not pass.
        """
        if self._in_flight and self._in_flight[0] == client_seq:
            self._in_flight = None
        now = iso(datetime.now(UTC))
        known = isinstance(reply, dict)
        if known and reply.get("ok") is True:
            self._outbox.acknowledge(client_seq, int(reply.get("seq") or 0), now)
        elif not known or (reply.get("error") in TRANSIENT and not (ended and reply.get("error") == "closed")):
            asked = reply.get("retry_after_s") if known else None
            pause_s = float(asked) if isinstance(asked, int | float) else RETRY_AFTER_S
            self._not_before_s = self._monotonic() + min(RETRY_LIMIT_S, max(0.1, pause_s))
        else:
            self._outbox.refuse(client_seq, _code(reply), now)


def _code(reply: dict[str, Any]) -> str:
    """Why it was refused, as a code that the screens have words for: the particular one, else the general one."""
    why = reply.get("why")
    code = why.get("code") if isinstance(why, dict) else None
    return str(code if code not in (None, "other") else reply.get("error") or "refused")[:100]
