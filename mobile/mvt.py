"""Mapbox Vector Tiles, read: the bytes of a tile to features in tile coordinates. Pure, standard library only.

Vector Tile Specification 2.1: a protocol buffer of layers; each layer has features, a list of keys and one of values.
Geometry is a list of commands (MoveTo 1, LineTo 2, ClosePath 7) with zigzag-coded steps. Coordinates grow right and
down from the upper left corner of the tile; `extent` of them are one tile, what lies outside is the buffer.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

POINT, LINE, POLYGON = 1, 2, 3
MAX_BYTES = 8_000_000
"""A tile larger than this, unpacked, is refused: no tile of a map is."""
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7

Part = list[tuple[int, int]]


class TileError(ValueError):
    """These bytes are no vector tile."""


@dataclass(frozen=True)
class TileFeature:
    """`kind` is POINT, LINE or POLYGON. `parts` are points in one part each, lines, or rings.

    A ring is closed without repeating its first point; exterior rings turn clockwise on the screen, the holes after
    them the other way round.
    """

    kind: int
    parts: list[Part]
    properties: dict[str, Any]


@dataclass(frozen=True)
class TileLayer:
    """A named list of features; `extent` is the side of the tile in its coordinates."""

    name: str
    extent: int
    features: list[TileFeature]


def decode(data: bytes) -> dict[str, TileLayer]:
    """The layers of a tile by name. Raises TileError for anything that is none; nothing half-read is returned."""
    try:
        layers = [_layer(value) for field, value in _fields(_unpacked(data)) if field == 3]
    except (IndexError, KeyError, TypeError, struct.error, UnicodeDecodeError) as problem:
        raise TileError(f"no vector tile: {problem!r}") from problem
    return {layer.name: layer for layer in layers}


def _unpacked(data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        unpacked = unpacker.decompress(data, MAX_BYTES)
    except zlib.error as problem:
        raise TileError(f"not gzip: {problem}") from problem
    if not unpacker.eof:
        raise TileError("cut off, or larger than any tile")
    return unpacked


def packed(data: bytes) -> bytes:
    """The same bytes as they lie in a pack: gzip without a time, so that the same tile is the same bytes."""
    return gzip.compress(data, mtime=0)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and where the next one begins."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
        if shift > 63:
            raise TileError("a number of more than 64 bits")


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Field number and value: int for a varint, bytes for the rest."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire == 1:
            size = 8
        elif wire == 5:
            size = 4
        else:
            raise TileError(f"wire type {wire}")
        if at + size > end:
            raise TileError("cut off")
        yield key >> 3, data[at : at + size]
        at += size


def _numbers(data: bytes) -> list[int]:
    numbers, at, end = [], 0, len(data)
    while at < end:
        byte = data[at]
        if byte < 0x80:
            numbers.append(byte)
            at += 1
        else:
            value, at = _varint(data, at)
            numbers.append(value)
    return numbers


def _layer(data: bytes) -> TileLayer:
    name, extent, keys, values, raw = "", 4096, [], [], []
    for field, value in _fields(data):
        if field == 1:
            name = value.decode()
        elif field == 2:
            raw.append(value)
        elif field == 3:
            keys.append(value.decode())
        elif field == 4:
            values.append(_value(value))
        elif field == 5:
            extent = value
    if not name or not isinstance(extent, int) or extent < 1:
        raise TileError("a layer without a name or extent")
    features = [feature for item in raw if (feature := _feature(item, keys, values)) is not None]
    return TileLayer(name, extent, features)


def _value(data: bytes) -> Any:
    for field, value in _fields(data):
        if field == 1:
            return value.decode()
        if field == 2:
            return struct.unpack("<f", value)[0]
        if field == 3:
            return struct.unpack("<d", value)[0]
        if field == 4:
            return value - (1 << 64) if value >> 63 else value
        if field == 5:
            return value
        if field == 6:
            return _signed(value)
        if field == 7:
            return bool(value)
    return None


def _feature(data: bytes, keys: list[str], values: list[Any]) -> TileFeature | None:
    kind, tags, geometry = 0, b"", b""
    for field, value in _fields(data):
        if field == 2:
            tags = value
        elif field == 3:
            kind = value
        elif field == 4:
            geometry = value
    if kind not in (POINT, LINE, POLYGON):
        return None  # the specification lets a decoder leave out what it does not know
    pairs = _numbers(tags)
    properties = {keys[pairs[n]]: values[pairs[n + 1]] for n in range(0, len(pairs) - 1, 2)}
    return TileFeature(kind, _geometry(_numbers(geometry), kind), properties)


def _signed(number: int) -> int:
    """Zigzag coding."""
    return (number >> 1) ^ -(number & 1)


def _geometry(numbers: list[int], kind: int) -> list[Part]:
    parts: list[Part] = []
    part: Part = []
    x = y = at = 0
    end = len(numbers)
    while at < end:
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == CLOSE_PATH:
            continue
        if command not in (MOVE_TO, LINE_TO) or at + 2 * count > end:
            raise TileError("a geometry that is none")
        for _ in range(count):
            step_x, step_y = numbers[at], numbers[at + 1]
            x += (step_x >> 1) ^ -(step_x & 1)
            y += (step_y >> 1) ^ -(step_y & 1)
            at += 2
            if command == MOVE_TO:
                part = [(x, y)]
                parts.append(part)
            else:
                part.append((x, y))
    least = {POINT: 1, LINE: 2, POLYGON: 3}[kind]
    return [part for part in parts if len(part) >= least]
