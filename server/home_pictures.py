"""What homes put into their storage: pictures of cameras and plans, each home's apart from every other's.

DATA/home-pictures.db says what there is; the bytes are in the media store, in a place of each home's own
(`home-<uuid>`), so that nothing of a home is ever shared with, hidden by or erased with a file of somebody else. Who
may look is asked elsewhere (`server.homes`); here is kept, bounded and erased: pictures end with the consent, plans
stay for the next mission, hidden, until the gateway's token is revoked.
"""

import hashlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from msgspec import Struct

from layers.observation import Sensitivity
from server import runtime
from server.home_drawing import Drawn
from server.home_names import PREFIX, TOKEN
from server.media import MediaError, MediaStore

log = logging.getLogger("lagebild.homes")

OBJECT_BYTES = 5_000_000
"""Largest single object: what S3 clients send in one piece."""
HOME_OBJECTS = 50
HOME_BYTES = 50_000_000
"""Of one home, drawn pages included; its oldest pictures give way, plans do not."""
ALL_BYTES = 2_000_000_000
"""Of all homes together; the oldest pictures give way."""
UNASKED_S = 600.0
"""A picture that no consent covers is erased after so long."""
TOUCH_S = 43_200.0
MAX_NAME_CHARS = 200
PLAN_STEMS = frozenset({"plan", "floorplan", "grundriss"})
PDF = "application/pdf"
SCHEMA = """
CREATE TABLE IF NOT EXISTS object(
  id INTEGER PRIMARY KEY AUTOINCREMENT, home TEXT NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL,
  size INTEGER NOT NULL, etag TEXT NOT NULL, original TEXT NOT NULL, small TEXT NOT NULL, pages TEXT NOT NULL,
  kept_bytes INTEGER NOT NULL, plan INTEGER NOT NULL, token_id TEXT NOT NULL, received REAL NOT NULL,
  covered INTEGER NOT NULL, UNIQUE(home, name));
"""
_COLUMNS = "id, home, name, mime, size, etag, original, small, pages, kept_bytes, plan, token_id, received, covered"


class Full(ValueError):
    """Nothing of the home can give way."""


class Stored(Struct, frozen=True, kw_only=True):
    """An object: its place in the media store and how it is shown. `received` in Unix seconds."""

    id: int
    home: str
    name: str
    mime: str
    size: int
    etag: str
    original: str
    small: str
    pages: tuple[str, ...]
    kept_bytes: int
    plan: bool
    token_id: str
    received: float
    covered: bool
    """Consent has held while it was here: then it goes with the consent, at once."""

    @property
    def media(self) -> frozenset[str]:
        """All its files in the media store."""
        return frozenset((self.original, self.small, *self.pages))


def place_of(building: str) -> str:
    """What a home's bucket, and its place in the media store, is called."""
    return TOKEN + building.removeprefix(PREFIX)


def fit(name: str) -> bool:
    """Whether an object may be called so: it is no path anywhere, and is to look like none that leads elsewhere."""
    parts = name.split("/")
    return (
        0 < len(name) <= MAX_NAME_CHARS
        and name.isprintable()
        and "\\" not in name
        and not any(part in ("", ".", "..") for part in parts)
    )


class HomePictures:
    """See the module. Calls come from the loop side; disk and database run in a real thread."""

    def __init__(self, path: Path, media: MediaStore, clock: Callable[[], float] = time.time) -> None:
        self._media = media
        self._clock = clock
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA busy_timeout=10000")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._lock = threading.Lock()
        self._sweep(TOKEN)
        self._touched = self._looked = float("-inf")
        self.count: Callable[[str, int], None] = lambda _outcome, _number: None
        """Hears how many were `kept`, `gave_way` or `erased`."""

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._db.close()

    def put(self, building: str, name: str, body: bytes, drawn: Drawn, token_id: str, granted: bool) -> Stored:
        """Keep an object durably in the place of one with its name. Raises Full, MediaError."""
        home, plan = place_of(building), drawn.mime == PDF or PurePosixPath(name).stem.lower() in PLAN_STEMS
        kept_bytes = len(body) + len(drawn.small) + sum(len(page) for page in drawn.pages)
        with self._lock:
            mine = runtime.offload(self._rows, "WHERE home=? AND name<>?", (home, name))
            gone = _giving_way(mine, kept_bytes)
            everybody = sum(one.kept_bytes for one in runtime.offload(self._rows, "", ()) if one not in gone)
            if everybody + kept_bytes > ALL_BYTES:
                gone += _oldest(runtime.offload(self._rows, "WHERE plan=0", ()), everybody + kept_bytes - ALL_BYTES)

            def keep(data: bytes, mime: str) -> str:
                return self._media.put(home, data, mime, Sensitivity.PERSONAL, building)

            try:
                original, small = keep(body, drawn.mime), keep(drawn.small, "image/jpeg")
                pages = tuple(keep(page, drawn.page_mime) for page in drawn.pages)
            except MediaError:
                self._sweep(home)
                raise
            stored = Stored(
                id=0,
                home=home,
                name=name,
                mime=drawn.mime,
                size=len(body),
                etag=hashlib.md5(body, usedforsecurity=False).hexdigest(),
                original=original,
                small=small,
                pages=pages,
                kept_bytes=kept_bytes,
                plan=plan,
                token_id=token_id,
                received=self._clock(),
                covered=granted,
            )
            before = runtime.offload(self._rows, "WHERE home=? AND name=?", (home, name))
            runtime.offload(self._insert, stored)
            self._drop([*before, *gone])
        self.count("kept", 1)
        self.count("gave_way", len(gone))
        return stored

    def get(self, building: str, name: str) -> Stored | None:
        """The object of this name."""
        return next(iter(self._select("WHERE home=? AND name=?", (place_of(building), name))), None)

    def by_id(self, building: str, number: int) -> Stored | None:
        """The object of this number; another upload under the same name has another."""
        return next(iter(self._select("WHERE home=? AND id=?", (place_of(building), number))), None)

    def listed(self, building: str) -> list[Stored]:
        """All objects of a home, plans first, then the newest first."""
        return self._select("WHERE home=? ORDER BY plan DESC, received DESC, id DESC", (place_of(building),))

    def file(self, stored: Stored, media: str) -> Path | None:
        """Where one of its files is; None where the media store has it no more."""
        item = self._media.get(stored.home, media)
        return None if item is None else self._media.path(item)

    def delete(self, building: str, name: str) -> None:
        """Erase an object, if it is there."""
        with self._lock:
            self._drop(runtime.offload(self._rows, "WHERE home=? AND name=?", (place_of(building), name)))

    def end(self, building: str) -> None:
        """Consent has ended: erase the pictures; plans stay, hidden."""
        with self._lock:
            gone = runtime.offload(self._rows, "WHERE home=? AND plan=0", (place_of(building),))
            self._drop(gone)
        self.count("erased", len(gone))

    def look_after(self, granted: Callable[[str], bool], valid_tokens: Callable[[], Iterable[str]]) -> None:
        """Erase what consent covers no more, and what belongs to a home that is known no more; keep plans young."""
        now = self._clock()
        pictures: dict[str, list[Stored]] = {}
        for one in self._select("WHERE plan=0", ()):
            pictures.setdefault(PREFIX + one.home.removeprefix(TOKEN), []).append(one)
        gone: list[Stored] = []
        newly: list[int] = []
        for building, those in pictures.items():
            if granted(building):
                newly += [one.id for one in those if not one.covered]
            else:
                gone += [one for one in those if one.covered or now - one.received > UNASKED_S]
        if newly:
            with self._lock:
                runtime.offload(self._cover, newly)
        if now - self._looked > 60:
            self._looked, valid = now, set(valid_tokens())
            gone += [one for one in self._select("", ()) if one.token_id not in valid and one not in gone]
        if gone:
            with self._lock:
                self._drop(gone)
            self.count("erased", len(gone))
        if now - self._touched > TOUCH_S:
            self._touched = now
            for plan in self._select("WHERE plan=1", ()):
                self._media.touch(plan.home, plan.media)

    def forget_all(self) -> None:
        """Erase everything of every home."""
        with self._lock:
            for home in {one.home for one in self._rows("", ())}:
                self._media.forget(home)
            self._delete([one.id for one in self._rows("", ())])

    def _sweep(self, prefix: str) -> None:
        """Erase files that no object has: what a crash, or a file that was not taken, left."""
        used = {(one.home, media) for one in runtime.offload(self._rows, "", ()) for media in one.media}
        for home, media in self._media.ids(prefix):
            if (home, media) not in used:
                self._media.drop(home, media)

    def _drop(self, those: list[Stored]) -> None:
        """With the lock held. First the bytes, then that they were there: a crash between leaves nothing unknown."""
        for home in {one.home for one in those}:
            ids = {one.id for one in those}
            left = [one for one in runtime.offload(self._rows, "WHERE home=?", (home,)) if one.id not in ids]
            used = frozenset().union(*(one.media for one in left)) if left else frozenset()
            for media in frozenset().union(*(one.media for one in those if one.home == home)) - used:
                self._media.drop(home, media)
        runtime.offload(self._delete, [one.id for one in those])

    def _select(self, where: str, arguments: tuple[object, ...]) -> list[Stored]:
        with self._lock:
            return runtime.offload(self._rows, where, arguments)

    def _rows(self, where: str, arguments: tuple[object, ...]) -> list[Stored]:
        found = self._db.execute(f"SELECT {_COLUMNS} FROM object {where}", arguments).fetchall()  # noqa: S608  (ours)
        names = Stored.__struct_fields__
        rows = [dict(zip(names, row, strict=True)) for row in found]
        return [
            Stored(
                **{
                    **row,
                    "pages": tuple(json.loads(row["pages"])),
                    "plan": bool(row["plan"]),
                    "covered": bool(row["covered"]),
                }
            )
            for row in rows
        ]

    def _insert(self, one: Stored) -> None:
        values = (one.home, one.name, one.mime, one.size, one.etag, one.original, one.small, json.dumps(one.pages))
        columns = _COLUMNS.removeprefix("id, ")
        with self._db as db:
            db.execute(
                f"INSERT OR REPLACE INTO object({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608  (ours)
                (*values, one.kept_bytes, one.plan, one.token_id, one.received, one.covered),
            )

    def _cover(self, ids: list[int]) -> None:
        with self._db as db:
            db.executemany("UPDATE object SET covered=1 WHERE id=?", [(number,) for number in ids])

    def _delete(self, ids: list[int]) -> None:
        with self._db as db:
            db.executemany("DELETE FROM object WHERE id=?", [(number,) for number in ids])


def _giving_way(mine: list[Stored], size: int) -> list[Stored]:
    """The oldest pictures of a home, as many as have to go for one more. Raises Full."""
    if size > HOME_BYTES:
        raise Full("it is larger, with its pages drawn, than all that a home may keep")
    gone: list[Stored] = []
    pictures = sorted((one for one in mine if not one.plan), key=lambda one: (one.received, one.id))
    objects, kept_bytes = len(mine) + 1, sum(one.kept_bytes for one in mine) + size
    while objects > HOME_OBJECTS or kept_bytes > HOME_BYTES:
        if len(gone) == len(pictures):
            raise Full("the home keeps as many plans as it may")
        gone.append(pictures[len(gone)])
        objects, kept_bytes = objects - 1, kept_bytes - gone[-1].kept_bytes
    return gone


def _oldest(pictures: list[Stored], size: int) -> list[Stored]:
    """The oldest pictures of all homes that have so many bytes together. Raises Full."""
    gone: list[Stored] = []
    for one in sorted(pictures, key=lambda one: (one.received, one.id)):
        if size <= 0:
            break
        gone.append(one)
        size -= one.kept_bytes
    if size > 0:
        raise Full("the storage of all homes is full")
    return gone
