"""EXIF 2.32 (CIPA DC-008) as it lies in a TIFF, and in the segments of a JPEG or another container. Nothing of the
pixels is decoded.

Read by hand and not by an imaging library: what comes is from strangers and often damaged, a library then raises
whatever its parts raise, and opens more than is needed. A tag that cannot be read is as one that is not there.
"""

import struct
from typing import Any

from msgspec import Struct

from server.feeds import INVALID, DecodeError
from server.feeds.drone_image.containers import find

IFD0 = {
    0x00FE: "SubfileType",
    0x0100: "ImageWidth",
    0x0101: "ImageHeight",
    0x010F: "Make",
    0x0110: "Model",
    0x0112: "Orientation",
    0x0132: "ModifyDate",
    0x014A: "SubIFD",
    0x02BC: "XMP",
    0x8769: "ExifIFD",
    0x8825: "GPSIFD",
}
EXIF = {
    0x9003: "DateTimeOriginal",
    0x9004: "CreateDate",
    0x9010: "OffsetTime",
    0x9011: "OffsetTimeOriginal",
    0x9012: "OffsetTimeDigitized",
    0x9290: "SubSecTime",
    0x9291: "SubSecTimeOriginal",
    0x9292: "SubSecTimeDigitized",
    0x920A: "FocalLength",
    0xA002: "ExifImageWidth",
    0xA003: "ExifImageHeight",
    0xA404: "DigitalZoomRatio",
    0xA405: "FocalLengthIn35mmFormat",
    0xA431: "SerialNumber",
}
GPS = {
    0x01: "GPSLatitudeRef",
    0x02: "GPSLatitude",
    0x03: "GPSLongitudeRef",
    0x04: "GPSLongitude",
    0x05: "GPSAltitudeRef",
    0x06: "GPSAltitude",
    0x07: "GPSTimeStamp",
    0x0F: "GPSTrack",
    0x11: "GPSImgDirection",
    0x1D: "GPSDateStamp",
    0x1F: "GPSHPositioningError",
}
_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}
_ASCII, _RATIONAL, _UNDEFINED, _SRATIONAL = 2, 5, 7, 10
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
MAX_ENTRIES = 1_000
MAX_TEXT = 1_000
MAX_NUMBERS = 16
MAX_XMP = 262_144
MAX_SEGMENTS = 2_000
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""Start-of-frame markers: they hold the size of the picture."""
_ALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_EXIF_HEADER, _XMP_HEADER = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_GUID_BYTES = 32
_FLIR_HEADER = b"FLIR\0"


class Raw(Struct):
    """Tags under ExifTool's names, and the XMP packet as it is."""

    media_type: str
    tags: dict[str, Any]
    xmp: bytes = b""
    more_xmp: list[bytes] = []
    """Segments of an XMP packet that is too long for one: GUID, length of the whole, offset, part."""
    flir: list[bytes] = []
    """Segments of radiometric data."""


def read(body: bytes) -> Raw:
    """The metadata of a JPEG or TIFF. Raises DecodeError where it is neither, or has no metadata to read."""
    if body[:2] == b"\xff\xd8":
        return _jpeg(body)
    if body[:4] in (b"II*\0", b"MM\0*"):
        tags = _tiff(body)
        xmp = tags.pop("XMP", b"")
        return Raw("image/tiff", tags, xmp if isinstance(xmp, bytes) else b"")
    if body[:4] in (b"II+\0", b"MM\0+"):
        raise DecodeError("a TIFF with 64-bit offsets (BigTIFF) is not read", INVALID)
    if (inside := find(body)) is None:
        raise DecodeError("neither JPEG nor TIFF, PNG, WebP or HEIF")
    tags = _tiff(inside.tiff)
    return _sized(Raw(inside.media_type, tags, inside.xmp), inside.size)


def extended_xmp(segments: list[bytes]) -> bytes:
    """The packet that lies in several segments; empty where one of them is missing."""
    if not segments:
        return b""
    whole = [part for part in segments if part[:_GUID_BYTES] == segments[0][:_GUID_BYTES]]
    parts = {part[_GUID_BYTES + 4 : _GUID_BYTES + 8]: part[_GUID_BYTES + 8 :] for part in whole}
    packet = b"".join(parts[offset] for offset in sorted(parts))
    stated = int.from_bytes(segments[0][_GUID_BYTES : _GUID_BYTES + 4], "big")
    return packet if len(packet) == stated <= MAX_XMP else b""


def _jpeg(body: bytes) -> Raw:
    found = Raw("image/jpeg", {})
    size: tuple[int, int] | None = None
    at, segments = 2, 0
    while at + 4 <= len(body) and segments < MAX_SEGMENTS:
        segments += 1
        if body[at] != 0xFF:
            break
        marker = body[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker in (0xDA, 0xD9):
            break
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        payload = body[at + 4 : at + 2 + length]
        if marker == 0xE1 and payload.startswith(_EXIF_HEADER) and not found.tags:
            found.tags = _tiff(payload[len(_EXIF_HEADER) :])
            found.tags.pop("XMP", None)
        elif marker == 0xE1 and payload.startswith(_XMP_HEADER) and not found.xmp:
            found.xmp = payload[len(_XMP_HEADER) :]
        elif marker == 0xE1 and payload.startswith(_XMP_EXTENSION):
            found.more_xmp.append(payload[len(_XMP_EXTENSION) :])
        elif marker == 0xE1 and payload.startswith(_FLIR_HEADER):
            found.flir.append(payload[len(_FLIR_HEADER) :])
        elif marker in _FRAMES and len(payload) >= 5 and size is None:
            size = (int.from_bytes(payload[3:5], "big"), int.from_bytes(payload[1:3], "big"))
        at += 2 + max(length, 2)
    return _sized(found, size)


def _sized(found: Raw, size: tuple[int, int] | None) -> Raw:
    """With the size of the container. Raises DecodeError where there is nothing to read."""
    for name in ("ImageWidth", "ImageHeight"):
        found.tags.pop(name, None)  # of the thumbnail, or of the image before it was made smaller
    if size is not None:
        found.tags["ImageWidth"], found.tags["ImageHeight"] = size
    found.tags.pop("XMP", None)
    if not found.tags and not found.xmp:
        kind = found.media_type.partition("/")[2].upper()
        raise DecodeError(f"a {kind} without anything to read in it", INVALID)
    return found


def _tiff(data: bytes) -> dict[str, Any]:
    """Tags of the first image, its EXIF and its GPS directory."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        return {}
    tags = _directory(data, order, int(struct.unpack_from(f"{order}I", data, 4)[0]), IFD0)
    _full_size(data, order, tags)
    for pointer, names in (("ExifIFD", EXIF), ("GPSIFD", GPS)):
        offset = tags.pop(pointer, None)
        if isinstance(offset, int):
            tags.update(_directory(data, order, offset, names))
    for name in ("GPSLatitude", "GPSLongitude"):
        if name in tags and (angle := _sexagesimal(tags.pop(name))) is not None:
            tags[name] = angle
    clock = tags.pop("GPSTimeStamp", None)
    if isinstance(clock, list) and len(clock) >= 3 and all(0 <= part < 61 for part in clock[:3]):
        tags["GPSTimeStamp"] = f"{int(clock[0]):02d}:{int(clock[1]):02d}:{int(clock[2]):02d}"
    return tags


def _full_size(data: bytes, order: str, tags: dict[str, Any]) -> None:
    """The first image of a raw file (DNG) is its thumbnail; the size is that of the full one, in a directory below."""
    offsets = tags.pop("SubIFD", None)
    if not tags.pop("SubfileType", 0):
        return
    for offset in offsets if isinstance(offsets, list) else [offsets]:
        below = _directory(data, order, offset, IFD0) if isinstance(offset, int) else {}
        if below.get("SubfileType", 0) == 0 and "ImageWidth" in below and "ImageHeight" in below:
            tags |= {name: below[name] for name in ("ImageWidth", "ImageHeight")}
            return


def _directory(data: bytes, order: str, offset: int, names: dict[int, str]) -> dict[str, Any]:
    if not 8 <= offset <= len(data) - 2:
        return {}
    count = min(int(struct.unpack_from(f"{order}H", data, offset)[0]), MAX_ENTRIES)
    found: dict[str, Any] = {}
    for entry in range(offset + 2, min(offset + 2 + 12 * count, len(data) - 11), 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", data, entry)
        name = names.get(tag)
        if name is None or name in found or kind not in _SIZES or number == 0:
            continue
        size = _SIZES[kind] * number
        start = entry + 8 if size <= 4 else int(struct.unpack_from(f"{order}I", data, entry + 8)[0])
        most = MAX_XMP if name == "XMP" else MAX_TEXT if kind in (_ASCII, _UNDEFINED) else MAX_NUMBERS * 8
        if size > most or start + size > len(data):
            continue
        value = _value(data[start : start + size], order, kind, number, name)
        if value is not None:
            found[name] = value
    return found


def _value(raw: bytes, order: str, kind: int, number: int, name: str) -> Any:
    if name == "XMP":
        return raw
    if kind == _ASCII:
        return raw.partition(b"\0")[0].decode("utf-8", "replace").strip() or None
    if kind == _UNDEFINED:
        return None
    if kind in (_RATIONAL, _SRATIONAL):
        parts = struct.unpack(f"{order}{2 * number}{'i' if kind == _SRATIONAL else 'I'}", raw)
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        if any(below == 0 and (above or number == 1) for above, below in pairs):
            return None
        # Of degrees, minutes and seconds some cameras leave the seconds out as 0/0.
        values: list[Any] = [above / below if below else 0.0 for above, below in pairs]
    else:
        values = list(struct.unpack(f"{order}{number}{_FORMATS[kind]}", raw))
    return values[0] if len(values) == 1 else values


def _sexagesimal(parts: Any) -> float | None:
    """Degrees of degrees, minutes and seconds, of which the later ones may be missing."""
    values = parts if isinstance(parts, list) else [parts]
    if not 1 <= len(values) <= 3 or not all(isinstance(value, int | float) for value in values):
        return None
    padded = [*values, 0.0, 0.0]
    return float(padded[0] + padded[1] / 60.0 + padded[2] / 3600.0)
