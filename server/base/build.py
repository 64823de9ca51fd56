"""Builds base data: reads an extract once, hands each element to the parts that want it, swaps the result in."""

import hashlib
import importlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from server.base.base import ATTRIBUTION, DATABASE, MANIFEST, Base, BaseError, Manifest
from server.base.elements import Element, Problems
from server.base.extract import Box, Extract, ExtractError
from server.base.parts import PARTS, SCHEMA
from server.durable import install, replace_file, sync

SCRATCH = ".building-"
A_DAY_S = 86_400

READING = "read"
"""The first stage; the others are called as the parts."""
TOLD_EVERY = 500
"""Elements."""

Tell = Callable[[str, float], None]
"""tell(stage, share done from 0 to 1): for a progress bar."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where a part writes what it gathered."""

    folder: Path
    """A folder that becomes the base as a whole: a part may write a file of its own into it."""
    db: sqlite3.Connection
    """base.db: a part makes its own tables (STRICT, names that begin with the part's) and never touches others'."""
    bbox: Box
    problems: Problems
    name: str
    attribution: str
    """Who is to be named wherever the data is shown."""
    tell: Callable[[float], None]
    """tell(share done from 0 to 1)."""


class Part(Protocol):
    """One kind of base data while it is built."""

    name: str

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Is an element with these tags of interest? Called for every tagged element: must be fast."""

    def take(self, element: Element) -> None:
        """Remember what is needed of an element that was wanted."""

    def finish(self, out: Output) -> dict[str, int]:
        """Write everything; what was written, counted by kind."""


def parts(names: Iterable[str] = PARTS) -> list[Part]:
    """A fresh part of each module."""
    return [importlib.import_module(name).part() for name in names]


def silent(_stage: str, _share: float) -> None:
    """For a build that nobody watches."""


def build(
    extract_path: Path,
    folder: Path,
    *,
    name: str | None = None,
    attribution: str = ATTRIBUTION,
    partial: bool = False,
    tell: Tell = silent,
) -> Base:
    """Build everything from an extract into `folder`, in place of what was there.

    Raises ExtractError for a file that is none, and, unless `partial`, for one that breaks off where a complete base
    is there already. Whatever goes wrong, the folder keeps what it had.
    """
    making = parts()
    extract = Extract(extract_path, lambda tags: any(part.wants(tags) for part in making))
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        work = Path(scratch) / "new"
        work.mkdir()
        count = 0
        tell(READING, 0.0)
        for count, element in enumerate(extract.elements(), 1):
            for part in making:
                if part.wants(element.tags):
                    part.take(element)
            if count % TOLD_EVERY == 0:
                tell(READING, extract.share_read())
        tell(READING, 1.0)
        if extract.broken_off and not partial and _complete(folder):
            raise ExtractError(
                f"{extract_path.name} breaks off ({extract.broken_off}); the complete base data in {folder} stays "
                "(--partial replaces it)"
            )
        title = name or extract_path.name.split(".")[0]
        counts = _finish(making, extract, work, title, attribution, tell)
        manifest = Manifest(
            name=title,
            bbox=extract.bbox or (0.0, 0.0, 0.0, 0.0),
            built_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            extract=extract_path.name,
            extract_sha256=sha256([extract_path]),
            version=sha256(sorted(work.iterdir()))[:16],
            complete=extract.broken_off is None,
            counts={"extract": {"elements": count}, **counts},
            problems=dict(extract.problems.counts),
            examples=extract.problems.examples,
            attribution=attribution,
            schema=SCHEMA,
            broken_off=extract.broken_off,
        )
        _swap_in(work, folder, manifest)
    return Base.open(folder)


def _finish(
    making: list[Part], extract: Extract, work: Path, name: str, attribution: str, tell: Tell
) -> dict[str, dict[str, int]]:
    counts = {}
    with closing(sqlite3.connect(work / DATABASE, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        while making:
            part = making.pop(0)  # what it gathered is let go of when it is written
            tell(part.name, 0.0)
            out = Output(
                folder=work,
                db=db,
                bbox=extract.bbox or (0.0, 0.0, 0.0, 0.0),
                problems=extract.problems,
                name=name,
                attribution=attribution,
                tell=lambda share, stage=part.name: tell(stage, share),  # type: ignore[misc]
            )
            db.execute("BEGIN")
            counts[part.name] = part.finish(out)
            db.execute("COMMIT")
            tell(part.name, 1.0)
        db.execute("PRAGMA optimize")
    return counts


def _sweep(folder: Path) -> None:
    """Take away what a build left that was killed; another build may be under way, so only after a day."""
    for left in folder.glob(f"{SCRATCH}*"):
        if time.time() - left.stat().st_mtime > A_DAY_S:
            shutil.rmtree(left, ignore_errors=True)


def _complete(folder: Path) -> bool:
    try:
        return Base.open(folder).manifest.complete
    except BaseError:
        return False


def _swap_in(work: Path, folder: Path, manifest: Manifest) -> None:
    """Move the files into a folder named by their version, then replace the manifest; the version before stays for
    those who still read it, older ones go.
    """
    before = _version(folder)
    target = folder / manifest.version
    if not target.exists():
        for made in work.iterdir():
            sync(made)
        install(work, target)
    replace_file(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n", mode=0o644)
    for old in _versions(folder):
        if old.name not in (manifest.version, before):
            shutil.rmtree(old)


def _version(folder: Path) -> str | None:
    try:
        return Base.open(folder).manifest.version
    except BaseError:
        return None


def _versions(folder: Path) -> Iterator[Path]:
    for child in folder.iterdir():
        if child.is_dir() and (child / DATABASE).is_file():
            yield child


def sha256(paths: Iterable[Path]) -> str:
    """Hash over the content of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def summary(base: Base) -> dict[str, Any]:
    """The manifest as plain data, with where it lies."""
    told: dict[str, Any] = msgspec.to_builtins(base.manifest)
    return {"folder": str(base.folder), **told}
