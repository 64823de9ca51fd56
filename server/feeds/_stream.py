"""How the messages of a format follow each other on a connection: framers cut a stream into them, whatever its chunks.

A feed declares its `Stream` beside its decoder. Framers work on bytes, so that a letter of UTF-8 that is split between
two reads is whole again before anybody reads it. What cannot be cut out is told as `Cut`, never dropped silently.

    Unframed    the stream cannot be cut any more: the connection has to begin anew
"""

import re
from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct

EXCERPT_BYTES = 2_000
_BLANK = b" \t\r\n\0"
_BREAK = re.compile(rb"\n")


class Cut(Struct, frozen=True):
    """A piece that is no message: why, how many bytes, and how it began."""

    reason: str
    size: int
    start: bytes


Piece = bytes | Cut


class Unframed(ValueError):
    """Where the next message begins cannot be found any more. `start` is what was there, for the quarantine; `found`
    are the messages of the same chunk before it.
    """

    def __init__(self, reason: str, start: bytes = b"", found: list[Piece] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start[:EXCERPT_BYTES]
        self.found = found or []


class Framer(Protocol):
    """Cuts one stream; has a state, so each connection needs its own."""

    def feed(self, chunk: bytes) -> list[Piece]:
        """The messages that are complete now. Raises Unframed."""

    def rest(self) -> list[Piece]:
        """What is left when the stream has ended."""

    @property
    def held(self) -> int:
        """Bytes of a message that has begun and is not complete."""


class Lines:
    """A message on each line (LF or CR LF); empty ones are none. Of a line that is too long only the start is kept."""

    def __init__(self, max_bytes: int, delimiter: bytes = b"\n") -> None:
        self._max, self._end = max_bytes, delimiter
        self._buffer = bytearray()
        self._over, self._start = 0, b""

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer) + self._over

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer."""
        found: list[Piece] = []
        searched = max(0, len(self._buffer) - len(self._end) + 1)
        self._buffer += chunk
        start = 0
        while (end := self._buffer.find(self._end, searched)) >= 0:
            found += self._line(bytes(self._buffer[start:end]))
            start = searched = end + len(self._end)
        del self._buffer[:start]
        if len(self._buffer) > self._max:
            self._start = self._start or bytes(self._buffer[:EXCERPT_BYTES])
            keep = len(self._end) - 1
            self._over += len(self._buffer) - keep
            del self._buffer[: len(self._buffer) - keep]
        return found

    def rest(self) -> list[Piece]:
        """See Framer: a last line needs no end."""
        line, self._buffer = bytes(self._buffer), bytearray()
        return self._line(line)

    def _line(self, line: bytes) -> list[Piece]:
        over, start = self._over, self._start
        self._over, self._start = 0, b""
        if over or len(line) > self._max:
            reason = f"a message has {over + len(line)} bytes, more than {self._max}"
            return [Cut(reason, over + len(line), start or line[:EXCERPT_BYTES])]
        line = line.strip(_BLANK)
        return [line] if line else []


class Objects:
    """Objects and lists in brackets, one after another (JSON, the text of Python dicts), whatever is between them.

    A document may be written over many lines, unless `one_line`: then a line break ends what was begun, so that a
    broken one does not take the next along, and a line that does not begin with `{` is a message as it stands. `head`
    is what may stand before the bracket and belongs to the message.
    """

    def __init__(self, max_bytes: int, quotes: bytes = b'"', one_line: bool = False, head: bytes = b"") -> None:
        self._max, self._one_line = max_bytes, one_line
        breaks = b"\n" if one_line else b""
        self._start = re.compile(head + (rb"[{<]" if one_line else rb"[{\[]"))
        self._maybe = re.compile(head + rb"\Z" if head else rb"\Z")
        more = b"<>\n" if one_line else b""
        self._outside = re.compile(b"[" + quotes + rb"{}\[\]" + more + b"]")
        self._inside = {quote: re.compile(b"[\\\\" + breaks + bytes([quote]) + b"]") for quote in quotes}
        self._buffer = bytearray()
        self._at = self._depth = 0
        self._quote: int | None = None

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer. Raises Unframed where an object never ends."""
        self._buffer += chunk
        found: list[Piece] = []
        while (end := self._end()) is not None:
            found += self._take(end)
        if len(self._buffer) > self._max:
            raise Unframed(f"a message has more than {self._max} bytes", bytes(self._buffer[:EXCERPT_BYTES]), found)
        return found

    def rest(self) -> list[Piece]:
        """See Framer."""
        return self._take(len(self._buffer))

    def _end(self) -> int | None:
        """Where the first message ends; None where that has not come yet."""
        if self._depth == 0:
            del self._buffer[: len(self._buffer) - len(self._buffer.lstrip(_BLANK))]
            begins = self._start.match(self._buffer)
            if begins is None:
                return None if self._maybe.match(self._buffer) else self._text_end()
            self._at, self._depth = begins.end(), 1
        while (sign := self._next()) is not None:
            if sign == 0x0A:
                return self._at
            if self._quote is not None:
                self._quote = None
            elif sign in b"{[<":
                self._depth += 1
            elif sign not in b"}]>":
                self._quote = sign
            elif self._depth == 1:
                return self._at
            else:
                self._depth -= 1
        return None

    def _text_end(self) -> int | None:
        """Where what is no object ends: with its line, or before the next object."""
        found = (_BREAK if self._one_line else self._start).search(self._buffer, self._at)
        if found is None:
            self._at = len(self._buffer)
            return None
        return found.end() if self._one_line else found.start()

    def _next(self) -> int | None:
        """The next sign that means something; the place is then behind it."""
        while True:
            pattern = self._outside if self._quote is None else self._inside[self._quote]
            sign = pattern.search(self._buffer, self._at)
            if sign is None:
                self._at = len(self._buffer)
                return None
            if sign[0] != b"\\":
                self._at = sign.end()
                return sign[0][0]
            if sign.end() == len(self._buffer):
                self._at = sign.start()  # what is escaped comes with the next chunk
                return None
            self._at = sign.end() + 1

    def _take(self, end: int) -> list[Piece]:
        piece = bytes(self._buffer[:end]).strip(_BLANK)
        del self._buffer[:end]
        self._at = self._depth = 0
        self._quote = None
        return [piece] if piece else []


class Between:
    """Messages between two bytes, STX and ETX unless told otherwise; what lies outside of them is cut."""

    def __init__(self, max_bytes: int, start: bytes = b"\x02", end: bytes = b"\x03") -> None:
        self._max, self._open, self._close = max_bytes, start, end
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer.strip(_BLANK))

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer."""
        self._buffer += chunk
        found: list[Piece] = []
        while (start := self._buffer.find(self._open)) >= 0:
            end = self._buffer.find(self._close, start + 1)
            if end < 0:
                found += self._noise(start)
                break
            again = self._buffer.rfind(self._open, start + 1, end)
            start = again if again > 0 else start  # the one before was broken off
            found += self._noise(start)
            piece = bytes(self._buffer[1 : end - start])
            del self._buffer[: end - start + 1]
            found += [piece] if piece.strip(_BLANK) else []
        if len(self._buffer) > self._max:
            found += self._noise(len(self._buffer), f"a message has more than {self._max} bytes")
        return found

    def rest(self) -> list[Piece]:
        """See Framer: a message without its end is none."""
        return self._noise(len(self._buffer), "the connection ended within a message")

    def _noise(self, end: int, reason: str = "not between start and end") -> list[Piece]:
        noise = bytes(self._buffer[:end])
        del self._buffer[:end]
        return [Cut(reason, len(noise), noise[:EXCERPT_BYTES])] if noise.strip(_BLANK) else []


class Lengths:
    """A length before each message: `octets` of it, big-endian, not counting itself."""

    def __init__(self, max_bytes: int, octets: int = 4) -> None:
        self._max, self._octets = max_bytes, octets
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer. Raises Unframed for a length that is over the limit."""
        self._buffer += chunk
        found: list[Piece] = []
        while len(self._buffer) >= self._octets:
            length = int.from_bytes(self._buffer[: self._octets], "big")
            if length > self._max:
                raise Unframed(f"a message announces {length} bytes, more than {self._max}", bytes(self._buffer), found)
            end = self._octets + length
            if len(self._buffer) < end:
                break
            found += [bytes(self._buffer[self._octets : end])] if length else []
            del self._buffer[:end]
        return found

    def rest(self) -> list[Piece]:
        """See Framer."""
        left, self._buffer = bytes(self._buffer), bytearray()
        return [Cut("the connection ended within a message", len(left), left[:EXCERPT_BYTES])] if left else []


class Whole:
    """Everything up to the end of the connection is one message: a file that is sent."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._buffer = bytearray()

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer. Raises Unframed where it is too long."""
        self._buffer += chunk
        if len(self._buffer) > self._max:
            raise Unframed(f"a message has more than {self._max} bytes", bytes(self._buffer[:EXCERPT_BYTES]))
        return []

    def rest(self) -> list[Piece]:
        """See Framer."""
        body, self._buffer = bytes(self._buffer), bytearray()
        return [body] if body.strip(_BLANK) else []


Framing = Literal["lines", "json", "stx", "length2", "length4", "whole"]
FRAMINGS: dict[str, Callable[[int], Framer]] = {
    "lines": Lines,
    "json": Objects,
    "stx": Between,
    "length2": lambda max_bytes: Lengths(max_bytes, 2),
    "length4": Lengths,
    "whole": Whole,
}
"""Framings that an operator may choose where a sender does not do as its format usually does."""


class Stream(Struct, frozen=True, kw_only=True):
    """How a format comes over a connection, where it comes over one."""

    framer: Callable[[int], Framer] = Lines
    """Makes a framer for messages of at most so many bytes."""
    spans: bool = False
    """Datagrams are a stream cut anywhere (video), not messages."""
    gather_s: float = 0.0
    """What comes within so long may be read together as one message; 0: each alone."""
    joint: bytes = b"\n"
    """What is put between messages that are read together."""
    answer: Callable[[bytes], bytes] | None = None
    """What a sender hears on TCP once its message is durable or in the quarantine."""
    hello: tuple[str, ...] = ()
    """What a WebSocket client says first."""
    events: tuple[str, ...] = ()
    """Socket.IO events that carry messages; others are passed over. Empty: all do."""
    files: tuple[str, ...] = ("*",)
    """Names of files that a watched folder takes for it, in lower case."""
