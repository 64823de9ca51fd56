"""Packets of ST 0601 and transport streams around them, as an encoder makes them."""

from collections.abc import Iterable

from server.feeds.misb_klv.items import NUMBERS, checksum
from server.feeds.misb_klv.stream import KEY

SIZES = {**dict.fromkeys((5, 6, 7, 15, 16, 17, 22, 25, 42, 75, 78, *range(26, 34)), 2), 56: 1}
PMT_PID, KLV_PID, VIDEO_PID = 0x100, 0x1F1, 0x111


def number(tag: int, value: float) -> bytes:
    """The octets of a number in the scale of its tag."""
    scale, size = NUMBERS[tag], SIZES.get(tag, 4)
    most = float(2 ** (8 * size - 1) - 1) if scale.signed else float(2 ** (8 * size) - 1)
    share = value / scale.high if scale.signed else (value - scale.low) / (scale.high - scale.low)
    return round(share * most).to_bytes(size, "big", signed=scale.signed)


def item(tag: int, value: bytes | str | float) -> bytes:
    """One item."""
    octets = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else number(tag, value)
    return bytes([tag, len(octets)]) + octets


def packet(
    items: dict[int, bytes | str | float], time_us: int | None = 1_795_284_311_000_000, sum_by: int = 0
) -> bytes:
    """A packet with its checksum (which is wrong by `sum_by`)."""
    body = b"" if time_us is None else item(2, time_us.to_bytes(8, "big"))
    body += b"".join(item(tag, value) for tag, value in items.items()) + item(65, b"\x0d")
    length = len(body) + 4
    head = KEY + (bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")) + body + b"\x01\x02"
    return head + ((checksum(head) + sum_by) % 65_536).to_bytes(2, "big")


def transport(packets: Iterable[bytes], synchronous: bool = False) -> bytes:
    """A transport stream with a program, a bit of video, and the packets in PES."""
    stream = _section(0, 0, b"\0\1\xc1\0\0" + b"\0\1" + (0xE000 | PMT_PID).to_bytes(2, "big"))
    kind = 0x15 if synchronous else 0x06
    types = bytes([0x1B]) + (0xE000 | VIDEO_PID).to_bytes(2, "big") + b"\xf0\0"
    types += bytes([kind]) + (0xE000 | KLV_PID).to_bytes(2, "big") + b"\xf0\x06\x05\x04KLVA"
    stream += _section(PMT_PID, 2, b"\0\1\xc1\0\0\xe1\x11\xf0\0" + types)
    for each in packets:
        payload = b"\0\0\x0f" + len(each).to_bytes(2, "big") + each if synchronous else each
        pes = b"\0\0\1\xfc" + (len(payload) + 8).to_bytes(2, "big") + b"\x80\x80\x05\x21\0\1\0\1" + payload
        stream += _split(VIDEO_PID, b"\0\0\1\xe0\0\0\x80\0\0" + bytes(300)) + _split(KLV_PID, pes)
    return stream


def _section(pid: int, table: int, body: bytes) -> bytes:
    section = bytes([table]) + (0xB000 | (len(body) + 4)).to_bytes(2, "big") + body + bytes(4)
    return _split(pid, b"\0" + section, fill=True)


def _split(pid: int, payload: bytes, fill: bool = False) -> bytes:
    found, begins = b"", 0x4000
    while payload:
        part, payload = payload[:184], payload[184:]
        head = b"\x47" + (begins | pid).to_bytes(2, "big")
        missing = 184 - len(part)
        begins = 0
        if not missing or fill:
            found += head + b"\x10" + part + b"\xff" * missing
        elif missing == 1:
            found += head + b"\x30\0" + part
        else:
            found += head + b"\x30" + bytes([missing - 1, 0]) + b"\xff" * (missing - 2) + part
    return found
