"""Captures: pcap (libpcap) and pcapng, read by hand: a dozen fields, where a library brings its own parsers
of protocols that strangers feed.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from server.feeds import INVALID, DecodeError

MAX_FRAMES = 50_000
MAX_FRAME_BYTES = 65_536
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Captured(Struct, frozen=True):
    """One frame: its link type (tcpdump.org/linktypes), its bytes, when it was captured."""

    link: int
    data: bytes
    at: datetime | None


def is_capture(body: bytes) -> bool:
    """Whether the body begins as a capture does."""
    return body[:4] in _PCAP or body[:4] == _PCAPNG


def frames(body: bytes) -> Iterator[Captured]:
    """Frames in their order, up to the first that is broken off. Raises DecodeError for what is no capture."""
    if body[:4] in _PCAP and len(body) >= 24:
        yield from _pcap(body, *_PCAP[body[:4]])
    elif body[:4] == _PCAPNG and len(body) >= 12:
        yield from _pcapng(body)
    else:
        raise DecodeError("a capture that ends in its head", INVALID)


def _pcap(body: bytes, order: str, parts: int) -> Iterator[Captured]:
    link = struct.unpack_from(f"{order}I", body, 20)[0] & 0x0FFF_FFFF
    at = 24
    while at + 16 <= len(body):
        seconds, fraction, length, _ = struct.unpack_from(f"{order}IIII", body, at)
        at += 16
        if length > MAX_FRAME_BYTES or at + length > len(body):
            return
        yield Captured(link, body[at : at + length], _moment(seconds * parts + fraction, parts))
        at += length


def _pcapng(body: bytes) -> Iterator[Captured]:
    order, at = "<", 0
    links: list[tuple[int, int]] = []
    while at + 12 <= len(body):
        if body[at : at + 4] == _PCAPNG:
            order = ">" if body[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
            links = []
        kind, length = struct.unpack_from(f"{order}II", body, at)
        if length < 12 or at + length > len(body):
            return
        block = body[at + 8 : at + length - 4]
        at += length
        if kind == _INTERFACE and len(block) >= 8 and len(links) < 1_000:
            links.append((struct.unpack_from(f"{order}H", block)[0], _resolution(block[8:], order)))
        elif kind == _ENHANCED and len(block) >= 20:
            interface, high, low, size = struct.unpack_from(f"{order}IIII", block)
            if interface < len(links) and 20 + size <= len(block) and size <= MAX_FRAME_BYTES:
                link, parts = links[interface]
                yield Captured(link, block[20 : 20 + size], _moment(high << 32 | low, parts))
        elif kind == _SIMPLE and len(block) >= 4 and links:
            yield Captured(links[0][0], block[4 : 4 + struct.unpack_from(f"{order}I", block)[0]], None)


def _resolution(options: bytes, order: str) -> int:
    """Parts of a second that time stamps count: option 9, by default microseconds."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(f"{order}HH", options, at)
        if code == 0:
            break
        if code == 9 and length == 1 and at + 4 < len(options):
            value = options[at + 4]
            return int(2 ** min(value & 0x7F, 62)) if value & 0x80 else int(10 ** min(value, 18))
        at += 4 + (length + 3) // 4 * 4
    return 1_000_000


def _moment(stamp: int, parts: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=stamp * 1_000_000 // parts) if stamp else None
    except OverflowError:
        return None
