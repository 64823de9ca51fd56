"""Cuts a pack: one SQLite file, an MBTiles file with more tables, the same bytes for the same base data and area."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from server.base.base import Base
from server.base.extract import Box
from server.base.tiles_grid import MAX_ZOOM, MIN_ZOOM
from server.durable import install
from server.packs.area import PackArea, PackEntry
from server.packs.extent import Reach
from server.packs.parts import PARTS, Row, fill

T = TypeVar("T")
APPLICATION_ID = 0x4C42504B
"""LBPK, in the header of the SQLite file."""
FORMAT = 1
"""Goes up when an older app could not read what is new; it is the file's user_version, and part of a pack's version."""
CHUNK_BYTES = 1 << 20


class PackError(Exception):
    """A pack cannot be cut; the message is for the operator."""


def box_of(area: PackArea, base: Base) -> Box:
    """The area of a pack, within what there is base data of. Raises PackError where that is nothing."""
    west, south, east, north = base.get(Reach).told
    if area.bbox is not None:
        west, south = max(west, area.bbox[0]), max(south, area.bbox[1])
        east, north = min(east, area.bbox[2]), min(north, area.bbox[3])
    if not any(base.manifest.bbox) or not (west < east and south < north):  # zeros: nothing built has a place
        raise PackError(f"the area {area.id} holds nothing of the base data {base.manifest.name}")
    return west, south, east, north


def taken(area: PackArea, base: Base) -> Box:
    """Where everything is taken from: of a pack of all of the base data also what is only drawn beyond its area."""
    return box_of(area, base) if area.bbox is not None else base.get(Reach).drawn


def version_of(area: PackArea, base: Base) -> str:
    """Of what a pack of this area would hold."""
    formats = [(part.name, part.version) for part in PARTS]
    data = (base.manifest.version, base.manifest.built_at)
    told = msgspec.json.encode([FORMAT, formats, data, area.id, area.title, box_of(area, base), taken(area, base)])
    return hashlib.sha256(told).hexdigest()[:16]


def cut(area: PackArea, base: Base, target: Path) -> PackEntry:
    """Write the pack of an area; `target` is the old file or the new one, whole. Raises PackError, OSError,
    sqlite3.Error.
    """
    box, version = box_of(area, base), version_of(area, base)
    counts, digest, size = written(target, partial(_write, area=area, base=base, box=box, version=version))
    built_at = base.manifest.built_at
    return PackEntry(
        id=area.id,
        title=area.title,
        version=version,
        bytes=size,
        sha256=digest,
        built_at=built_at,
        data_at=built_at,
        bbox=box,
        parts=counts,
    )


def written(target: Path, write: Callable[[sqlite3.Connection], T]) -> tuple[T, str, int]:
    """Let a database be written beside the target and take its place: what `write` says, SHA-256, bytes.

    `target` is the old file or the new one, whole. Raises OSError, sqlite3.Error, and whatever `write` raises.
    """
    draft = target.with_name(f"{target.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as pack:
            told = write(pack)
        digest, size = hash_of(draft), draft.stat().st_size
        install(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return told, digest, size


def _write(pack: sqlite3.Connection, area: PackArea, base: Base, box: Box, version: str) -> dict[str, int]:
    for pragma in ("page_size = 4096", "journal_mode = OFF", "synchronous = OFF", f"application_id = {APPLICATION_ID}"):
        pack.execute(f"PRAGMA {pragma}")
    pack.execute(f"PRAGMA user_version = {FORMAT}")
    pack.execute("BEGIN")
    pack.execute("CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    pack.execute("CREATE TABLE part (name TEXT PRIMARY KEY, version INTEGER, rows INTEGER, sha256 TEXT)")
    pack.executemany("INSERT INTO metadata VALUES (?,?)", sorted(_metadata(area, base, box, version).items()))
    counts = {}
    for part in PARTS:
        digest, rows = hashlib.sha256(), [0]

        def count(row: Row, digest: "hashlib._Hash" = digest, rows: list[int] = rows) -> None:
            digest.update(repr(row).encode())
            rows[0] += 1

        fill(pack, base, taken(area, base), part, count)
        counts[part.name] = rows[0]
        pack.execute("INSERT INTO part VALUES (?,?,?,?)", (part.name, part.version, rows[0], digest.hexdigest()))
    pack.execute("COMMIT")
    return counts


def _metadata(area: PackArea, base: Base, box: Box, version: str) -> dict[str, str]:
    """What MBTiles 1.3 asks for, and what an app has to know of its pack."""
    west, south, east, north = box
    return {
        "name": area.title,
        "format": "pbf",
        "bounds": f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}",
        "center": f"{(west + east) / 2:.6f},{(south + north) / 2:.6f},14",
        "minzoom": str(MIN_ZOOM),
        "maxzoom": str(MAX_ZOOM),
        "type": "baselayer",
        "attribution": base.manifest.attribution,
        "id": area.id,
        "pack_version": version,
        "base_version": base.manifest.version,
        "built_at": base.manifest.built_at,
        "data_at": base.manifest.built_at,
    }


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
