"""Frames of SIA DC-09: `LF CRC 0LLL "ID" SSSS Rrcvr Lpref #acct [data][xdata]_time CR`, found in any bytes.

CRC is CRC-16/ARC over everything between the first quote and the CR, LLL the hexadecimal number of these bytes. What
real panels send besides is taken: an empty L, no #acct, no time, a NUL after the CR, the CRC as two binary bytes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

MAX_FRAME_BYTES = 65_536
"""Longest content of a frame; with JSON in an extended block it may be so long."""
STANDARD_BYTES = 0x0FFF
"""What three hexadecimal digits can state. Longer ones are looked at while their sum is within the bytes there are, so
that a body of heads alone costs no more than its length.
"""
_HEAD = re.compile(
    rb'(?:\n(?P<binary>[\s\S]{2})|(?P<crc>[0-9A-Fa-f]{4}))(?P<length>[0-9A-Fa-f]{4})(?=")',
)
_CONTENT = re.compile(
    r'"(?P<encrypted>\*?)(?P<token>[A-Z0-9-]{2,12})"(?P<sequence>\d{4})'
    r"(?:R(?P<receiver>[0-9A-Fa-f]{0,6}))?(?:L(?P<prefix>[0-9A-Fa-f]{0,6}))?"
    r"(?:#(?P<account>[0-9A-Za-z]{0,16})|A(?P<any>0))?(?P<rest>\[.*)",
    re.DOTALL,
)
_TIME = re.compile(r"_?(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d),(?P<mo>\d\d)-(?P<d>\d\d)-(?P<y>\d{4})")
_IDLE = b"\0\r\n\t "
_END = (b"\r", b"\n", b"\0", b"")


class Frame(Struct, frozen=True, kw_only=True):
    """One frame as it lay in the bytes: `content` is what stands between the first quote and the CR."""

    content: bytes
    crc_stated: int
    length_stated: int

    @property
    def crc(self) -> int:
        """The CRC of the content."""
        return crc16(self.content)

    @property
    def fault(self) -> str | None:
        """What is wrong with CRC and length; None for a sound frame."""
        found = []
        if self.crc != self.crc_stated:
            found.append(f"CRC {self.crc_stated:04X} stated, {self.crc:04X} computed")
        if len(self.content) != self.length_stated:
            found.append(f"length {self.length_stated} stated, {len(self.content)} counted")
        return "; ".join(found) or None


class Head(Struct, frozen=True, kw_only=True):
    """What a frame says of itself before its data. `rest` begins with the bracket of the data."""

    token: str
    encrypted: bool
    sequence: str
    receiver: str | None
    prefix: str | None
    account: str | None
    rest: str


def crc16(content: bytes) -> int:
    """CRC-16/ARC: reflected polynomial 0xA001, start 0, no final exclusive or. Of `123456789` it is 0xBB3D."""
    crc = 0
    for byte in content:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def build(content: bytes) -> bytes:
    """The frame around a content."""
    return b"\n%04X%04X%b\r" % (crc16(content), len(content), content)


def split(body: bytes) -> Iterator[Frame | bytes]:
    """Every frame of the bytes in their order, and what lies between them and is no frame (blanks and NUL left out)."""
    at, long_bytes = 0, len(body)
    while (head := _HEAD.search(body, at)) is not None:
        if between := body[at : head.start()].strip(_IDLE):
            yield between
        length = int(head["length"], 16)
        if length > STANDARD_BYTES:
            long_bytes -= length
        frame, at = _frame(body, head, length if length <= STANDARD_BYTES or long_bytes >= 0 else 0)
        yield frame
    if between := body[at:].strip(_IDLE):
        yield between


def read_head(content: bytes) -> Head | None:
    """Token, sequence, receiver, prefix and account of a content; None where it has none of them."""
    found = _CONTENT.fullmatch(text_of(content))
    if found is None:
        return None
    account = found["account"] or _account_in_data(found["rest"])
    return Head(
        token=found["token"],
        encrypted=found["encrypted"] == "*",
        sequence=found["sequence"],
        receiver=found["receiver"],
        prefix=found["prefix"],
        account=account.upper() if account else None,
        rest=found["rest"],
    )


def text_of(content: bytes) -> str:
    """The content as text: UTF-8, else Windows-1252."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def timestamp(written: str) -> datetime | None:
    """`_HH:MM:SS,MM-DD-YYYY`, UTC; None where it is none."""
    found = _TIME.match(written)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[name]) for name in ("y", "mo", "d", "h", "mi", "s"))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def written(moment: datetime) -> str:
    """A moment as a frame ends with it."""
    return moment.astimezone(UTC).strftime("_%H:%M:%S,%m-%d-%Y")


def _frame(body: bytes, head: re.Match[bytes], trusted: int) -> tuple[Frame, int]:
    """The frame behind a head and where it ends: by its length if the CRC agrees, else at the next CR or LF."""
    crc = int.from_bytes(head["binary"], "big") if head["binary"] is not None else int(head["crc"], 16)
    length, start = int(head["length"], 16), head.end()
    stated = body[start : start + trusted]
    whole = trusted and len(stated) == length and body[start + length : start + length + 1] in _END
    if whole and b"\r" not in stated and crc16(stated) == crc:
        return Frame(content=stated, crc_stated=crc, length_stated=length), start + length
    limit = min(len(body), start + MAX_FRAME_BYTES)
    ends = [place for place in (body.find(b"\r", start, limit), body.find(b"\n", start, limit)) if place >= 0]
    end = min(ends, default=limit)
    return Frame(content=body[start:end], crc_stated=crc, length_stated=length), end


def _account_in_data(rest: str) -> str | None:
    found = re.match(r"\[#([0-9A-Za-z]{1,16})\|", rest)
    return found[1] if found else None


def _table() -> tuple[int, ...]:
    def step(value: int) -> int:
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
        return value

    return tuple(step(byte) for byte in range(256))


_TABLE = _table()
