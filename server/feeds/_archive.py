"""ZIP archives from strangers, unpacked in memory within limits: their number, their size, how far they swell.

What an archive says of its members is not believed: the bytes that come out are counted.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from msgspec import Struct

from server.feeds import TOO_LARGE, DecodeError

MAX_MEMBERS = 2_000
MAX_NAME_CHARS = 200
_CHUNK = 65_536
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, OverflowError, LookupError, RuntimeError),
)
"""What zipfile raises for bytes that are no sound archive (RuntimeError: encrypted, or a method it does not know)."""


class Member(Struct, frozen=True):
    """A file of the archive: its bytes, or why they cannot be had."""

    name: str
    body: bytes = b""
    reason: str | None = None


def is_zip(body: bytes) -> bool:
    """Whether the bytes begin as an archive does."""
    return body[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def members(body: bytes, max_bytes: int, max_member_bytes: int) -> Iterator[Member]:
    """The files, in the order of the archive. A bad one costs itself.

    Raises DecodeError: no archive, too many files, or more than `max_bytes` in all (nothing of a bomb is used).
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        infos = archive.infolist()
    except _BROKEN as error:
        raise DecodeError(f"no ZIP archive: {error}") from error
    if len(infos) > MAX_MEMBERS:
        raise DecodeError(f"{len(infos)} files in the archive, more than {MAX_MEMBERS}", TOO_LARGE)
    if sum(info.file_size for info in infos) > max_bytes:
        raise DecodeError(f"more than {max_bytes} bytes in the archive", TOO_LARGE)
    left = max_bytes
    for info in infos:
        if info.filename.endswith("/"):  # ZipInfo.is_dir raises for a file without a name
            continue
        member = _member(archive, info, min(left, max_member_bytes))
        left -= len(member.body)
        if left <= 0:
            raise DecodeError(f"more than {max_bytes} bytes in the archive", TOO_LARGE)
        yield member


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> Member:
    name = info.filename[:MAX_NAME_CHARS]
    if info.compress_type not in _METHODS or info.flag_bits & 1:
        return Member(name, reason="encrypted, or packed in a way that is not read")
    if info.file_size > most:
        return Member(name, reason=f"{info.file_size} bytes, more than {most}")
    parts, size = [], 0
    try:
        with archive.open(info) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    return Member(name, reason=f"more than {most} bytes, and it says {info.file_size}")
                parts.append(chunk)
    except _BROKEN as error:
        return Member(name, reason=f"cannot be unpacked: {error}")
    if not parts:
        return Member(name, reason="empty")
    return Member(name, b"".join(parts))
