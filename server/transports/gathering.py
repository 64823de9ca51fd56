"""Messages that a decoder reads best together: gathered for a short time, bounded in bytes, then handed over as one.

Where a format does not gather, each message is handed over alone.
"""

import time

from server.feeds._stream import Cut, Piece, Stream
from server.transports.connection import Link

MAX_BYTES = 1_000_000


class Gathering:
    """What one sender said and what was not handed over yet."""

    def __init__(self, link: Link, stream: Stream, sender: str, gather_s: float | None = None) -> None:
        self._link, self._stream, self._sender = link, stream, sender
        self._gather_s = stream.gather_s if gather_s is None else gather_s
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._due_at: float | None = None

    def add(self, pieces: list[Piece], *, last: bool = False) -> bytes:
        """Take pieces over; returns what the sender is answered. `last`: as for `Link.take`. Raises Stopped."""
        answers = b""
        for piece in pieces:
            if isinstance(piece, Cut):
                self._link.refuse(piece.reason, piece.start, piece.size, self._sender)
                continue
            if self._gather_s <= 0:
                self._link.take(piece, self._sender, last=last)
                answers += self._answer(piece)
                continue
            self._pieces.append(piece)
            self._bytes += len(piece)
            if self._due_at is None:
                self._due_at = time.monotonic() + self._gather_s
            if self._bytes >= MAX_BYTES:
                answers += self.flush(last=last)
        if self.pause_s() == 0.0:
            answers += self.flush(last=last)
        return answers

    def pause_s(self) -> float | None:
        """Seconds until `flush` is due; None where nothing waits."""
        return None if self._due_at is None else max(0.0, self._due_at - time.monotonic())

    def flush(self, *, last: bool = False) -> bytes:
        """Hand over what was gathered; what the sender is answered. `last`: as for `Link.take`."""
        pieces, self._pieces, self._bytes, self._due_at = self._pieces, [], 0, None
        if not pieces:
            return b""
        self._link.take(self._stream.joint.join(pieces), self._sender, last=last)
        return b"".join(map(self._answer, pieces))

    def _answer(self, piece: bytes) -> bytes:
        return b"" if self._stream.answer is None else self._stream.answer(piece)
