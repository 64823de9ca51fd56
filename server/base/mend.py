"""The readable beginning of an extract that breaks off, as a file of its own: libosmium reads none of such a file."""

import gzip
import zlib
from pathlib import Path

STARTS = (b"<node ", b"<way ", b"<relation ")
"""Elements of OSM XML begin so, and nothing inside of them does."""
TAIL_BYTES = 1 << 22
"""Longer than any element: a way has at most 2,000 nodes, a relation 32,000 members of about 60 bytes."""
BLOCK_BYTES = 1 << 20
LONGEST_HEADER_BYTES = 64 * 1024
LONGEST_BLOB_BYTES = 32 * 1024 * 1024


def beginning(path: Path, scratch: Path) -> Path | None:
    """Write what can be read of `path` into the folder `scratch` and return where; None where that is nothing."""
    name = path.name.lower()
    try:
        if name.endswith(".pbf"):
            return _whole_blobs(path, scratch / "beginning.osm.pbf")
        if name.endswith((".osm", ".xml", ".osm.gz", ".xml.gz")):
            return _whole_elements(path, scratch / "beginning.osm", name.endswith(".gz"))
    except OSError:
        return None
    return None


def _whole_elements(path: Path, target: Path, packed: bool) -> Path | None:
    """XML up to its last element, which may be the broken one."""
    with gzip.open(path) if packed else path.open("rb") as source, target.open("wb") as out:
        try:
            while block := source.read(BLOCK_BYTES if not packed else 8192):
                out.write(block)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            pass  # up to here it can be read
    with target.open("r+b") as file:
        size = file.seek(0, 2)
        from_byte = file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        cut = max(tail.rfind(start) for start in STARTS)
        if cut < 0:
            return None
        file.truncate(from_byte + cut)
        file.seek(0, 2)
        file.write(b"</osm>\n")
    return target


def _whole_blobs(path: Path, target: Path) -> Path | None:
    """PBF up to the last blob that is whole (OSM wiki, "PBF Format", file format: length, BlobHeader, Blob)."""
    size = path.stat().st_size
    end = 0
    with path.open("rb") as source:
        while len(prefix := source.read(4)) == 4:
            length = int.from_bytes(prefix, "big")
            if not 0 < length <= LONGEST_HEADER_BYTES:
                break
            data = _data_size(source.read(length))
            if data is None or data > LONGEST_BLOB_BYTES or source.tell() + data > size:
                break
            end = source.seek(data, 1)
        if not end:
            return None
        source.seek(0)
        with target.open("wb") as out:
            left = end
            while left and (block := source.read(min(left, BLOCK_BYTES))):
                out.write(block)
                left -= len(block)
    return target


def _data_size(header: bytes) -> int | None:
    """Field 3 (`datasize`, varint) of a BlobHeader; None where it has none."""
    at = 0
    while at < len(header):
        key, at = _varint(header, at)
        if key & 7 == 2:  # length-delimited: type, indexdata
            length, at = _varint(header, at)
            at += length
        elif key & 7 == 0:
            value, at = _varint(header, at)
            if key >> 3 == 3:
                return value
        else:
            return None
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            break
        shift += 7
    return value, at
