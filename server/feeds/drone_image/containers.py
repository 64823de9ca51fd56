"""Where EXIF and XMP lie in files that are neither JPEG nor TIFF: PNG, WebP, HEIF (HEIC, AVIF).

    PNG    chunks of length, type, data, checksum: IHDR (size), eXIf, iTXt `XML:com.adobe.xmp`
    WebP   RIFF chunks of type, length (little-endian), data: VP8X, VP8, VP8L (size), EXIF, XMP
    HEIF   boxes (ISO/IEC 14496-12): meta with pitm, iinf, iloc, iprp; the items Exif and mime `application/rdf+xml`

Nothing is unpacked: a compressed XMP packet of a PNG is left alone.
"""

import struct
from collections.abc import Iterator

from msgspec import Struct

MAX_PARTS = 2_000
MAX_METADATA = 262_144
_PNG, _XMP_KEY = b"\x89PNG\r\n\x1a\n", b"XML:com.adobe.xmp\0"
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")


class Found(Struct):
    """What a file holds: a TIFF structure, an XMP packet, the size in pixels."""

    media_type: str
    tiff: bytes = b""
    xmp: bytes = b""
    size: tuple[int, int] | None = None


def find(body: bytes) -> Found | None:
    """What the file holds, None where it is none of these."""
    if body.startswith(_PNG):
        return _png(body)
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return _webp(body)
    if body[4:8] == b"ftyp" and (body[8:12] in _BRANDS or any(brand in body[16:64] for brand in _BRANDS)):
        return _heif(body)
    return None


def without_head(data: bytes) -> bytes:
    """EXIF as a TIFF structure: some writers put JPEG's head before it."""
    return data.removeprefix(b"Exif\0\0")


def _png(body: bytes) -> Found:
    found, at = Found("image/png"), len(_PNG)
    for _ in range(MAX_PARTS):
        if at + 12 > len(body):
            break
        length, kind = struct.unpack_from(">I4s", body, at)
        data = body[at + 8 : at + 8 + min(length, MAX_METADATA)]
        if kind == b"IHDR" and len(data) >= 8:
            found.size = struct.unpack_from(">II", data)
        elif kind == b"eXIf":
            found.tiff = found.tiff or without_head(data)
        elif kind == b"iTXt" and data.startswith(_XMP_KEY + b"\0\0"):
            found.xmp = found.xmp or data[len(_XMP_KEY) + 2 :].split(b"\0", 2)[-1]
        elif kind == b"IEND":
            break
        at += 12 + length
    return found


def _webp(body: bytes) -> Found:
    found, at = Found("image/webp"), 12
    for _ in range(MAX_PARTS):
        if at + 8 > len(body):
            break
        kind, length = struct.unpack_from("<4sI", body, at)
        data = body[at + 8 : at + 8 + min(length, MAX_METADATA)]
        if kind == b"VP8X" and len(data) >= 10:
            found.size = 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
        elif kind == b"VP8 " and len(data) >= 10 and found.size is None:
            width, height = struct.unpack_from("<HH", data, 6)
            found.size = width & 0x3FFF, height & 0x3FFF
        elif kind == b"VP8L" and len(data) >= 5 and found.size is None:
            bits = int.from_bytes(data[1:5], "little")
            found.size = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"EXIF":
            found.tiff = found.tiff or without_head(data)
        elif kind == b"XMP ":
            found.xmp = found.xmp or data
        at += 8 + length + (length & 1)
    return found


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box between two places: its type, where its content begins and ends."""
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= end:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        stop = end if size == 0 else at + size
        if stop > end or stop < at + head:
            return
        yield kind, at + head, stop
        at = stop


def _heif(body: bytes) -> Found:
    found = Found("image/avif" if body[8:12] == b"avif" else "image/heic")
    meta = next(((start, stop) for kind, start, stop in _boxes(body, 0, len(body)) if kind == b"meta"), None)
    if meta is None:
        return found
    inner = {kind: (start, stop) for kind, start, stop in _boxes(body, meta[0] + 4, meta[1])}
    kinds = dict(_items(body, *inner[b"iinf"])) if b"iinf" in inner else {}
    places = dict(_places(body, inner)) if b"iloc" in inner else {}
    for item, kind in kinds.items():
        start, length = places.get(item, (0, 0))
        data = body[start : start + min(length, MAX_METADATA)]
        if kind == b"Exif" and len(data) > 4:
            found.tiff = found.tiff or without_head(data[4 + int.from_bytes(data[:4], "big") :] or data[4:])
        elif kind == b"mime" and b"xmpmeta" in data:
            found.xmp = found.xmp or data
    found.size = _largest(body, inner)
    return found


def _items(body: bytes, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """Number and type of each item, of versions 2 and 3 of its entry."""
    at = start + (6 if body[start] == 0 else 8)
    for kind, inside, end in _boxes(body, at, stop):
        wide = 4 if body[inside : inside + 1] == b"\x03" else 2
        if kind == b"infe" and body[inside] in (2, 3) and inside + 10 + wide <= end:
            yield (
                int.from_bytes(body[inside + 4 : inside + 4 + wide], "big"),
                body[inside + 6 + wide : inside + 10 + wide],
            )


def _places(body: bytes, inner: dict[bytes, tuple[int, int]]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Where the first extent of each item lies and how long it is."""
    start, stop = inner[b"iloc"]
    version, sizes = body[start], int.from_bytes(body[start + 4 : start + 6], "big")
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    at = start + 6
    count, at = int.from_bytes(body[at : at + wide], "big"), at + wide
    extent = (index_size if version else 0) + offset_size + length_size
    for _ in range(min(count, MAX_PARTS)):
        item, at = int.from_bytes(body[at : at + wide], "big"), at + wide
        method = 0
        if version:
            method, at = int.from_bytes(body[at : at + 2], "big") & 15, at + 2
        at += 2
        base, at = int.from_bytes(body[at : at + base_size], "big"), at + base_size
        extents, at = int.from_bytes(body[at : at + 2], "big"), at + 2
        if at + extent * extents > stop:
            return
        first = at + (index_size if version else 0)
        offset = base + int.from_bytes(body[first : first + offset_size], "big")
        length = int.from_bytes(body[first + offset_size : first + offset_size + length_size], "big")
        if method == 1:
            offset += inner.get(b"idat", (len(body), 0))[0]
        if method < 2 and extents:
            yield item, (offset, length)
        at += extent * extents


def _largest(body: bytes, inner: dict[bytes, tuple[int, int]]) -> tuple[int, int] | None:
    """The largest of the sizes that are stated: others are tiles and thumbnails."""
    found = [(0, 0)]
    for kind, start, stop in _boxes(body, *inner.get(b"iprp", (0, 0))):
        if kind == b"ipco":
            found += [
                struct.unpack_from(">II", body, inside + 4)
                for name, inside, end in _boxes(body, start, stop)
                if name == b"ispe" and end - inside >= 12
            ]
    width, height = max(found, key=lambda size: size[0] * size[1])
    return (width, height) if width and height else None
