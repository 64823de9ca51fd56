"""Packets of ST 0601 out of a stream that never ends: bare, or in an MPEG transport stream, also as RTP sends it.

Of a transport stream only the packets are kept, never the video: what is handed on is what the journal keeps.
"""

from server.feeds._stream import Cut, Piece
from server.feeds.misb_klv.stream import KEY, SYNC, Demultiplexer, ber_length

TS_BYTES = 188
RTP_BYTES, RTP_VERSION = 12, 0x80
MAX_HELD = 65_536
"""Longest packet; standard ones have some hundred octets."""
SYNC_PACKETS = 3
"""So many packets in step make a transport stream."""


class Packets:
    """Cuts bare KLV or a transport stream into packets from key to end. What it is is seen from its first bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max = min(max_bytes, MAX_HELD)
        self._buffer = bytearray()
        self._streams: dict[int, bytearray] = {}
        self._transport: Demultiplexer | None = None

    @property
    def held(self) -> int:
        """See Framer."""
        return len(self._buffer) + sum(map(len, self._streams.values()))

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer."""
        self._buffer += _without_rtp(chunk)
        if self._transport is None and self._is_transport():
            self._transport = Demultiplexer()
        if self._transport is None:
            return self._packets(self._buffer)
        return self._demultiplexed(self._transport)

    def rest(self) -> list[Piece]:
        """See Framer: half a packet is none."""
        left = bytes(self._buffer) if self._transport is None else b""
        self._buffer.clear()
        return [Cut("the stream ended within a packet", len(left), left[:64])] if left.startswith(KEY) else []

    def _is_transport(self) -> bool:
        """In step from a SYNC on, before any key."""
        if KEY in self._buffer[: len(KEY)]:
            return False
        whole = len(self._buffer) >= TS_BYTES and len(self._buffer) % TS_BYTES == 0
        for start in range(min(TS_BYTES, len(self._buffer))):
            marks = self._buffer[start::TS_BYTES]
            enough = len(marks) > SYNC_PACKETS or (start == 0 and whole)
            if enough and all(mark == SYNC for mark in marks):
                del self._buffer[:start]
                return True
        return False

    def _demultiplexed(self, transport: Demultiplexer) -> list[Piece]:
        found: list[Piece] = []
        at = 0
        while at + TS_BYTES <= len(self._buffer):
            if self._buffer[at] != SYNC:  # bytes were lost: find the step again
                at = (self._buffer.find(SYNC, at) + 1 or len(self._buffer) + 1) - 1
                continue
            pid = transport.take(self._buffer[at : at + TS_BYTES])
            if pid is not None:
                carried = transport.carried[pid]
                if transport.is_picture_or_sound(pid):
                    carried.clear()
                else:
                    found += self._packets(carried)
            at += TS_BYTES
        del self._buffer[: min(at, len(self._buffer))]
        return found

    def _packets(self, stream: bytearray) -> list[Piece]:
        """Whole packets of a stream; what cannot become one is left out of it."""
        found: list[Piece] = []
        while (at := stream.find(KEY)) >= 0:
            del stream[:at]
            header, length = ber_length(stream, len(KEY))
            end = len(KEY) + header + length
            again = stream.find(KEY, 1)
            if 0 <= again < end or end > self._max:
                cut = again if again > 0 else len(KEY)
                found.append(Cut("a packet ends before its announced length", cut, bytes(stream[: min(cut, 64)])))
                del stream[:cut]
            elif header == 0 and len(stream) < len(KEY) + 5:
                return found
            elif header == 0:
                found.append(Cut("the length of a packet cannot be read", len(KEY), bytes(stream[:64])))
                del stream[: len(KEY)]
            elif end > len(stream):
                return found
            else:
                found.append(bytes(stream[:end]))
                del stream[:end]
        if stream is not self._buffer or len(stream) > TS_BYTES * (SYNC_PACKETS + 2):
            del stream[: max(0, len(stream) - len(KEY) + 1)]
        return found


def _without_rtp(chunk: bytes) -> bytes:
    """A datagram of RTP (RFC 3550) without its head, where it carries a transport stream; else as it is."""
    carries = len(chunk) > RTP_BYTES and (len(chunk) - RTP_BYTES) % TS_BYTES == 0 and chunk[RTP_BYTES] == SYNC
    return chunk[RTP_BYTES:] if carries and chunk[0] & 0xC0 == RTP_VERSION else chunk
