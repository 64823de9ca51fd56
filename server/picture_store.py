"""Pictures from journals: fold entries, start from a snapshot, take one, get past an entry that cannot be applied.

Everything here may run in a real thread (`runtime.offload`): no log, no lock.
"""

import functools
import hashlib
import importlib.metadata
import itertools
from pathlib import Path

import layers
from layers.picture import Picture
from layers.settings import PictureSettings
from server.edge import Bug, contained
from server.journal import Journal, Snapshot, entries

STEP = 1000
"""Entries read and folded at a time."""


class Unappliable(Exception):
    """The picture raised on the entries up to `seq`: a bug of ours. That picture is not to be used any more."""

    def __init__(self, seq: int, error: Exception) -> None:
        super().__init__(f"entry {seq}: {error}")
        self.seq = seq


@functools.cache
def code_fingerprint() -> str:
    """Digest of everything that decides what a picture looks like besides journal and settings: our domain code and the
    libraries it computes with. A snapshot of another release is not used; the start after an upgrade replays in full.
    """
    digest = hashlib.sha256()
    folder = Path(layers.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for library in ("shapely", "pyproj", "msgspec"):
        digest.update(importlib.metadata.version(library).encode() + b"\0")
    return digest.hexdigest()


def fingerprint(settings: PictureSettings) -> str:
    """What a snapshot must have been made with to be used now."""
    return hashlib.sha256(f"{code_fingerprint()}\0{settings.fingerprint()}".encode()).hexdigest()[:32]


def take_snapshot(picture: Picture, settings: PictureSettings) -> Snapshot:
    """The picture as a snapshot for the journal."""
    return Snapshot(seq=picture.rev, digest=picture.digest(), fingerprint=fingerprint(settings), body=picture.dump())


def restore(
    journal: Journal, settings: PictureSettings, *, upto: int | None = None, snapshots: bool = True
) -> tuple[Picture, list[str]]:
    """The picture after entry `upto` (default: the newest), from the nearest snapshot and the entries after it.

    An entry on which the picture raises is noted in the journal and left out, now and in every later replay, so a bug
    can never keep a server from starting (docs/adr/0010). Returns what was newly left out, too. Raises JournalError.
    """
    end = journal.last() if upto is None else upto
    omitted: list[str] = []
    step = STEP
    while True:
        picture = _start(journal, settings, end, snapshots)
        try:
            fold(picture, journal, end, frozenset(journal.skipped()), step)
        except Unappliable as error:
            if step > 1:
                step = 1  # drawn once per step, which is much faster; now to see which entry it was
                continue
            journal.skip(error.seq, str(error))
            omitted.append(str(error))
            step = STEP
        else:
            return picture, omitted


def fold(picture: Picture, journal: Journal, upto: int, skipped: frozenset[int], step: int = STEP) -> None:
    """Bring the picture from its own `rev` to `upto`, `step` entries at a time. Raises Unappliable, JournalError."""
    wanted = (entry for entry in entries(journal, picture.rev, upto, STEP) if entry.seq not in skipped)
    while batch := list(itertools.islice(wanted, step)):
        try:
            contained(picture.apply_many, batch)
        except Bug as error:
            raise Unappliable(batch[-1].seq, error) from error


def _start(journal: Journal, settings: PictureSettings, upto: int, snapshots: bool) -> Picture:
    snapshot = journal.snapshot(fingerprint(settings), upto) if snapshots else None
    return Picture(settings) if snapshot is None else Picture.load(snapshot.body, settings)
