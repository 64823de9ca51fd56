"""Where one event ends and the next begins, whatever the chunks are: XML cut right after `</event>`, and protocol 1.

On a stream a message of protocol 1 is `bf`, its length as a varint, then the message; in a datagram `bf`, the version
as a varint, `bf`, then the message. Before an event may stand a declaration, blanks, or half of one that never ended.
"""

import re

from msgspec import Struct

from server.feeds import TOO_LARGE, DecodeError, _stream

MAGIC = 0xBF
MAX_EVENT_BYTES = 1_000_000
MAX_VARINT_BYTES = 10
XML, AUTH, PROTO, JUNK = "xml", "auth", "proto", "junk"
"""Kinds of pieces: an event, a sign-in, a message of protocol 1 without its header, and what is none of these."""
_END = re.compile(rb"</(event|auth)\s{0,20}>")
_START = re.compile(rb"<(?:event|auth)(?=[\s>])")
_PROLOG = re.compile(rb"(?:[\s\0]|\xef\xbb\xbf|<\?xml[^<>]{0,200}\?>)")
"""What may stand before an event."""
DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONGEST_END = 28


class Piece(Struct, frozen=True):
    """A message as it was framed."""

    kind: str
    body: bytes


class Truncated(ValueError):
    """The bytes end within a varint."""


def varint(data: bytes | bytearray, at: int = 0) -> tuple[int, int]:
    """The number that begins at a place, and the place behind it. Raises Truncated; DecodeError for one of over 64
    bits.
    """
    value = shift = 0
    for index in range(at, min(len(data), at + MAX_VARINT_BYTES)):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, index + 1
        shift += 7
    else:
        if len(data) < at + MAX_VARINT_BYTES:
            raise Truncated
    raise DecodeError("a varint of more than 64 bits")


def as_varint(value: int) -> bytes:
    """Inverse of `varint`, for numbers from 0."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def stream_frame(message: bytes) -> bytes:
    """A message of protocol 1 as it goes on a stream."""
    return bytes([MAGIC]) + as_varint(len(message)) + message


def mesh_frame(message: bytes) -> bytes:
    """A message of protocol 1 as it goes into a datagram."""
    return bytes([MAGIC, 1, MAGIC]) + message


def datagram(body: bytes) -> list[Piece]:
    """What a datagram (or a file) holds. Raises DecodeError where its header is cut off, or a message is too long."""
    if body[:1] == bytes([MAGIC]):
        try:
            version, at = varint(body, 1)
        except Truncated:
            raise DecodeError("the header of protocol 1 is cut off") from None
        if body[at : at + 1] == bytes([MAGIC]) and version == 1:
            return [Piece(PROTO, body[at + 1 :])]
    framer = Framer()
    pieces = framer.feed(body)
    return [*pieces, *framer.rest()]


class Framer:
    """Cuts a stream. Keeps at most `max_bytes` of a message that has not ended."""

    def __init__(self, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._max_bytes = max_bytes

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that are complete now. Raises DecodeError when one is too long: nothing can follow then."""
        self._buffer += chunk
        pieces: list[Piece] = []
        while self._cut(pieces):
            pass
        if len(self._buffer) > self._max_bytes:
            raise DecodeError(f"a message of more than {self._max_bytes} bytes", TOO_LARGE)
        return pieces

    @property
    def held(self) -> int:
        """Bytes of a message that has begun."""
        return len(self._buffer)

    def rest(self) -> list[Piece]:
        """What is left when the sender has gone: the beginning of a message, if anything."""
        left = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return [Piece(JUNK, left)] if left.strip(b"\0\r\n\t ") else []

    def _cut(self, pieces: list[Piece]) -> bool:
        buffer = self._buffer
        blank = _blank(buffer)
        if blank:
            del buffer[:blank]
            self._searched = max(0, self._searched - blank)
        if buffer[:1] == bytes([MAGIC]):
            return self._cut_proto(pieces)
        found = _END.search(buffer, max(0, self._searched - _LONGEST_END))
        if found is None:
            self._searched = len(buffer)
            return False
        whole, kind = bytes(buffer[: found.end()]), XML if found[1] == b"event" else AUTH
        del buffer[: found.end()]
        self._searched = 0
        starts = list(_START.finditer(whole))
        if not starts:
            pieces.append(Piece(JUNK, whole))
            return True
        # The last start: before it may be the half of an event that never ended.
        start = starts[-1].start()
        before = whole[:start]
        if DOCTYPE.search(before) is not None:
            pieces.append(Piece(JUNK, whole))
            return True
        if noise := _PROLOG.sub(b" ", before).strip():
            pieces.append(Piece(JUNK, noise))
        pieces.append(Piece(kind, whole[start:]))
        return True

    def _cut_proto(self, pieces: list[Piece]) -> bool:
        buffer = self._buffer
        try:
            length, at = varint(buffer, 1)
        except Truncated:
            return False
        if length > self._max_bytes:
            raise DecodeError(f"a message of {length} bytes, more than {self._max_bytes}", TOO_LARGE)
        if len(buffer) < at + length:
            return False
        pieces.append(Piece(PROTO, bytes(buffer[at : at + length])))
        del buffer[: at + length]
        self._searched = 0
        return True


class Messages:
    """The same for listeners and folders: each event with its own framing; what a client signs in with is left out."""

    def __init__(self, max_bytes: int) -> None:
        self._framer = Framer(min(max_bytes, MAX_EVENT_BYTES))

    @property
    def held(self) -> int:
        """Bytes of a message that has begun."""
        return self._framer.held

    def feed(self, chunk: bytes) -> list[_stream.Piece]:
        """The messages that are complete now. Raises Unframed."""
        try:
            return [found for piece in self._framer.feed(chunk) if (found := _message(piece)) is not None]
        except DecodeError as error:
            raise _stream.Unframed(error.reason) from error

    def rest(self) -> list[_stream.Piece]:
        """What is left when the stream has ended."""
        return [found for piece in self._framer.rest() if (found := _message(piece)) is not None]


def _message(piece: Piece) -> _stream.Piece | None:
    if piece.kind == AUTH:
        return None
    if piece.kind == JUNK:
        reason = "an event that does not end, or no event at all"
        return _stream.Cut(reason, len(piece.body), piece.body[: _stream.EXCERPT_BYTES])
    return framed(piece)


def framed(piece: Piece) -> bytes:
    """A message as it can be put behind others and be cut again."""
    return stream_frame(piece.body) if piece.kind == PROTO else piece.body


def _blank(buffer: bytearray) -> int:
    """How many blanks and NULs stand at the beginning."""
    return len(buffer) - len(buffer.lstrip(b"\0\r\n\t "))
