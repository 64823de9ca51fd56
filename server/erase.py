"""Erasing a situation: what was said in it, seen and refused, from journal, media and quarantine, for good.

A journal is erased as a whole. Its chain would bear the loss of single contents (ADR 0011), but nothing takes them out
yet; docs/privacy.md says what that means. No server may run on the folder meanwhile: its lock is held to the end.
"""

import shutil
from pathlib import Path

from msgspec import Struct

from server.audit import OPERATOR, Audit
from server.config import Settings
from server.durable import sync
from server.home_pictures import HomePictures
from server.journal.lock import Lock
from server.media import MediaStore
from server.quarantine import Quarantine
from server.situations import LIVE
from server.tools import ToolError

LOCK = "journal.db.lock"
EXERCISES = "exercises"
BESIDE_LIVE = ("homes.json", "connections", "home-pictures.db", "home-pictures.db-wal", "home-pictures.db-shm")
"""What belongs to the journal of live: for which mission homes consented, and what polls and brokers were taken of,
which would otherwise not be taken again into the empty picture, and what homes put into their storage.
"""


class Erased(Struct, frozen=True):
    """How much went."""

    files: int
    bytes: int
    refused: int


def erase(data_dir: Path, settings: Settings, situation: str) -> Erased:
    """Erase a situation and note it in the audit trail. Raises ToolError, JournalLocked, OSError."""
    folder = _folder(data_dir, situation)
    live = data_dir / LIVE
    live.mkdir(mode=0o700, exist_ok=True)
    lock = Lock(live / LOCK, f"the folder {data_dir}")
    try:
        media = MediaStore(data_dir / "media", settings.media)
        if situation == LIVE:
            pictures = HomePictures(data_dir / "home-pictures.db", media)
            pictures.forget_all()
            pictures.close()
        gone = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
        if situation == LIVE:
            beside = [data_dir / name for name in BESIDE_LIVE]
            gone += [path for one in beside for path in (one, *one.rglob("*")) if path.is_file()]
        files, size = len(gone), sum(path.stat().st_size for path in gone)
        for path in gone:
            path.unlink()
        if situation != LIVE:
            shutil.rmtree(folder)
        sync(folder.parent if situation != LIVE else folder)
        media.forget(situation)
        media.close()
        shutil.rmtree(data_dir / "media" / situation, ignore_errors=True)
        register = Quarantine(data_dir / "quarantine.db")
        refused = register.erase(situation)
        register.close()
        audit = Audit(data_dir / "audit.db")
        audit.append("erased", OPERATOR, situation, files=files, bytes=size, refused=refused)
        return Erased(files, size, refused)
    finally:
        lock.release()


def _folder(data_dir: Path, situation: str) -> Path:
    """Where its journal is. Raises ToolError."""
    folder = data_dir / LIVE if situation == LIVE else data_dir / EXERCISES / situation
    if folder.parent not in (data_dir, data_dir / EXERCISES) or not folder.is_dir() or situation in ("", ".", ".."):
        raise ToolError(f"there is no situation {situation!r} in {data_dir}")
    return folder
