"""What an editor marked as deleted in a file that was not uploaded yet (JOSM file format, attribute `action`).

libosmium does not tell of that attribute. A file in which the word never stands is looked through once, block by block.
"""

import bz2
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.parsers import expat

from server.base.elements import OsmType
from server.base.kinds import BZIP2, GZIP, XML, kind_of

BLOCK_BYTES = 1 << 20
MARK = re.compile(rb"""action\s{0,9}=\s{0,9}["']delete["']""")
OVERLAP_BYTES = 64
"""More than a mark is long: one may lie across two blocks."""
KINDS: dict[str, OsmType] = {"node": "node", "way": "way", "relation": "relation"}
OPENERS: dict[str | None, Any] = {GZIP: gzip.open, BZIP2: bz2.open}


def deleted(path: Path) -> frozenset[tuple[OsmType, int]]:
    """Type and id of every object with `action="delete"`; none in a file that is no XML. Of one that cannot be read to
    its end, those of its beginning.
    """
    if not is_xml(path) or not _marked(path):
        return frozenset()
    found: set[tuple[OsmType, int]] = set()

    def start(name: str, attributes: dict[str, str]) -> None:
        if name in KINDS and attributes.get("action") == "delete":
            number = attributes.get("id", "")
            if number.removeprefix("-").isdecimal():
                found.add((KINDS[name], int(number)))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        for block in _blocks(path):
            parser.Parse(block)
    except expat.ExpatError:
        pass  # who reads the objects says why
    return frozenset(found)


def is_xml(path: Path) -> bool:
    """Whether a file is OSM XML, packed or not."""
    return kind_of(path) in (XML, GZIP, BZIP2)


def _marked(path: Path) -> bool:
    tail = b""
    for block in _blocks(path):
        if MARK.search(tail + block):
            return True
        tail = block[-OVERLAP_BYTES:]
    return False


def _blocks(path: Path) -> Iterator[bytes]:
    """The unpacked file, as far as it can be read."""
    try:
        with closing(OPENERS.get(kind_of(path), open)(path, "rb")) as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except (OSError, EOFError, zlib.error):
        return
