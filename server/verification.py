"""Proof that a journal is whole and that its snapshots say what a full replay says."""

from layers.picture import Picture
from layers.settings import PictureSettings
from layers.snapshot import SnapshotError
from server.journal import Journal, Report
from server.picture_store import Unappliable, fingerprint, fold


def verify(journal: Journal, settings: PictureSettings) -> Report:
    """Check file, hash chain and original messages; replay everything and compare every snapshot on the way.

    Changes nothing. `digest` of the report is that of the replayed picture. Raises JournalError.
    """
    report = journal.check()
    picture = Picture(settings)
    skipped = frozenset(journal.skipped())
    mark = fingerprint(settings)
    try:
        for snapshot in journal.snapshots():
            if snapshot.fingerprint != mark:
                report.remarks.append(f"snapshot {snapshot.seq}: of another release or other settings, not compared")
                continue
            fold(picture, journal, snapshot.seq, skipped)
            if snapshot.digest != picture.digest():
                report.problems.append(f"snapshot {snapshot.seq}: a full replay gives another picture")
            elif _loaded_digest(snapshot.body, settings) != snapshot.digest:
                report.problems.append(f"snapshot {snapshot.seq}: its bytes are not the picture it names")
        fold(picture, journal, journal.last(), skipped)
    except Unappliable as error:
        report.problems.append(str(error))
    else:
        report.digest = picture.digest()
    report.remarks += [f"left out of the picture: {reason}" for reason in journal.skipped().values()]
    return report


def _loaded_digest(body: bytes, settings: PictureSettings) -> str:
    try:
        return Picture.load(body, settings).digest()
    except SnapshotError as error:
        return str(error)
