"""What kind of extract a file is, by its first bytes: names are wrong often enough."""

import bz2
import gzip
import zlib
from pathlib import Path

PBF, XML, GZIP, BZIP2 = "pbf", "osm", "osm.gz", "osm.bz2"
"""As libosmium calls the formats."""
PACKED_PBF = frozenset({"pbf.gz", "pbf.bz2"})
"""PBF that somebody packed once more: libosmium reads none of it."""
ENDINGS = (
    ((".pbf",), PBF),
    ((".gz",), GZIP),
    ((".bz2",), BZIP2),
    ((".osm", ".xml", ".osh", ".osc"), XML),
)
HEADER = b"\x0a\x09OSMHeader"
"""A PBF begins with the length of this (4 bytes), then this: field 1, text of 9 letters."""
SPACE = b"\xef\xbb\xbf \t\r\n"


def by_name(path: Path) -> str | None:
    """What the name says; None where it says nothing that is known here."""
    name = path.name.lower()
    return next((kind for endings, kind in ENDINGS if name.endswith(endings)), None)


def by_content(path: Path) -> str | None:
    """What the first bytes say; None where they say nothing. `pbf.gz` and `pbf.bz2` are PBF, packed once more.

    Raises OSError for a file that cannot be read.
    """
    with path.open("rb") as file:
        begin = file.read(64)
    if begin.startswith(b"\x1f\x8b"):
        return "pbf.gz" if _is_pbf(_unpacked(path, GZIP)) else GZIP
    if begin.startswith(b"BZh"):
        return "pbf.bz2" if _is_pbf(_unpacked(path, BZIP2)) else BZIP2
    if _is_pbf(begin):
        return PBF
    return XML if begin.lstrip(SPACE).startswith(b"<") else None


def kind_of(path: Path) -> str | None:
    """What a file is: what its content says, else its name."""
    try:
        return by_content(path) or by_name(path)
    except OSError:
        return by_name(path)


def _is_pbf(begin: bytes) -> bool:
    return begin[4 : 4 + len(HEADER)] == HEADER


def _unpacked(path: Path, kind: str) -> bytes:
    try:
        with gzip.open(path) if kind == GZIP else bz2.open(path) as file:
            return file.read(64)
    except (OSError, EOFError, zlib.error):
        return b""


def unpack(path: Path, target: Path, kind: str) -> None:
    """Write what is packed (kind `….gz` or `….bz2`) into `target`, as far as it can be read."""
    with gzip.open(path) if kind.endswith(".gz") else bz2.open(path) as source, target.open("wb") as out:
        try:
            while block := source.read(8192):  # small: a block that breaks off is lost as a whole
                out.write(block)
        except (OSError, EOFError, zlib.error):
            pass  # up to here it can be read
