"""The readable beginning of an extract that breaks off, as a file of its own: libosmium reads none of such a file."""

import shutil
from pathlib import Path
from xml.parsers import expat

from server.base.kinds import BZIP2, GZIP, PBF, XML, unpack

STARTS = (b"<node ", b"<way ", b"<relation ")
"""Elements of OSM XML begin so, and nothing inside of them does."""
TAIL_BYTES = 1 << 22
"""Longer than any element: a way has at most 2,000 nodes, a relation 32,000 members of about 60 bytes."""
BLOCK_BYTES = 1 << 20
LONGEST_HEADER_BYTES = 64 * 1024
LONGEST_BLOB_BYTES = 32 * 1024 * 1024


def beginning(path: Path, scratch: Path, kind: str | None) -> Path | None:
    """Write what can be read of `path` into the folder `scratch` and return where; None where that is nothing."""
    try:
        if kind == PBF:
            return _whole_blobs(path, scratch / "beginning.osm.pbf")
        if kind in (XML, GZIP, BZIP2):
            return _whole_elements(path, scratch / "beginning.osm", kind)
    except OSError:
        return None
    return None


def _whole_elements(path: Path, target: Path, kind: str) -> Path | None:
    """XML up to its last whole element before where it breaks off or is no XML any more."""
    if kind == XML:
        shutil.copyfile(path, target)
    else:
        unpack(path, target, kind)
    readable = _readable_bytes(target)
    with target.open("r+b") as file:
        from_byte = file.seek(max(0, readable - TAIL_BYTES))
        tail = file.read(readable - from_byte)
        tail = tail[: tail.rfind(b">") + 1].removesuffix(b"</osm>")
        cut = max(tail.rfind(start) for start in STARTS)
        if cut < 0:
            return None
        if _is_whole(tail[cut:]):
            cut = len(tail)
        file.truncate(from_byte + cut)
        file.seek(0, 2)
        file.write(b"</osm>\n")
    return target


def _readable_bytes(path: Path) -> int:
    """Where XML stops to be any; its size where it does not."""
    parser = expat.ParserCreate()
    with path.open("rb") as file:
        try:
            parser.ParseFile(file)
        except expat.ExpatError:
            return parser.ErrorByteIndex
        return file.tell()


def _is_whole(text: bytes) -> bool:
    try:
        expat.ParserCreate("utf-8").Parse(b"<osm>" + text + b"</osm>", True)
    except expat.ExpatError:
        return False
    return True


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
