"""Plans: PDF and pictures by their content (SHA-256), rendered to pages once, so that nobody opens a strange PDF.

The server does not open one either: a process of its own does, with limits of memory and time (`draw_pages`).

FOLDER/<first two digits>/<id>/original holds the bytes, 1.png ... the pages. A plan is there whole or not at all.
"""

import hashlib
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from server import runtime
from server.durable import install, replace_file

log = logging.getLogger("lagebild.objects")

DRAW_PAGES = "server.base.objects.draw_pages"
MEMORY_BYTES = 1_500_000_000
CPU_S = 60
WITHIN_S = 120.0
"""What drawing one plan may take."""
TOO_MUCH = "its pages cannot be drawn within the memory and time that a plan has"
MARK, MARKED_S = ".toomuch", 86_400.0
"""What could not be drawn is not tried again for so long: each import would wait for it anew."""
YOUNG_S = 3_600.0
"""An import under way elsewhere may have made it: so young a plan is not deleted."""
_ID = re.compile(r"[0-9a-f]{64}")


class PlanError(ValueError):
    """The file is no plan that can be shown; the message says why."""


class Plan(Struct, frozen=True, kw_only=True):
    """A plan of an object."""

    id: str
    name: str
    mime: str
    bytes: int
    pages: int


class PlanStore:
    """The plans in one folder; blocking."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self._max_bytes = max_bytes

    def put(self, path: Path) -> Plan:
        """Take a file. Raises PlanError for one that is no PDF and no picture, whatever it is called."""
        try:
            size = path.stat().st_size
            if not 0 < size <= self._max_bytes:
                raise PlanError(f"{path.name}: {size} bytes; a plan has 1 to {self._max_bytes}")
            body = path.read_bytes()
        except OSError as error:
            raise PlanError(f"{path.name}: {error.strerror}") from None
        return self.put_bytes(path.name, body)

    def put_bytes(self, name: str, body: bytes) -> Plan:
        """As `put`, of what came from elsewhere."""
        if not 0 < len(body) <= self._max_bytes:
            raise PlanError(f"{name}: {len(body)} bytes; a plan has 1 to {self._max_bytes}")
        key = hashlib.sha256(body).hexdigest()
        mime = mime_of(body)
        if mime is None:
            raise PlanError(f"{name}: by its content no PDF, PNG or JPEG")
        place = self._place(key)
        if not place.is_dir():
            if _is_marked(place):
                raise PlanError(f"{name}: {TOO_MUCH}")
            self._make(place, name, body, mime)
        return Plan(id=key, name=name[:200], mime=mime, bytes=len(body), pages=len(list(place.glob("*.png"))))

    def _make(self, place: Path, name: str, body: bytes, mime: str) -> None:
        draft = place.with_name(f"{place.name}.{os.getpid()}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        try:
            _write(draft / "original", body)
            draw(draft, mime)
            install(draft, place)
        except PlanError as error:
            if str(error) == TOO_MUCH:
                replace_file(_mark(place), b"")
            raise PlanError(f"{name}: {error}") from None
        except OSError:
            if not place.is_dir():  # another process has made it meanwhile
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def original(self, key: str) -> Path:
        """Where its bytes are."""
        return self._place(key) / "original"

    def page(self, key: str, number: int) -> Path:
        """Where a page is, counted from 1."""
        return self._place(key) / f"{int(number)}.png"

    def keep_only(self, keys: Iterable[str]) -> int:
        """Delete every other plan; how many that were."""
        kept, gone = set(keys), 0
        for place in list(self.folder.glob("??/*")):
            if place.suffix == MARK:
                if not _is_marked(place.with_suffix("")):
                    place.unlink(missing_ok=True)
            elif place.name not in kept and time.time() - place.stat().st_mtime > YOUNG_S:
                shutil.rmtree(place, ignore_errors=True)
                gone += 1
        return gone

    def _place(self, key: str) -> Path:
        if not _ID.fullmatch(key):
            raise PlanError("no id of a plan")
        return self.folder / key[:2] / key


def _mark(place: Path) -> Path:
    return place.with_name(place.name + MARK)


def _is_marked(place: Path) -> bool:
    mark = _mark(place)
    return mark.is_file() and time.time() - mark.stat().st_mtime < MARKED_S


def mime_of(body: bytes) -> str | None:
    """What it is by its first bytes; a name says nothing."""
    if b"%PDF-" in body[:1024]:
        return "application/pdf"
    return {b"\x89PNG\r\n\x1a\n": "image/png"}.get(body[:8], "image/jpeg" if body[:3] == b"\xff\xd8\xff" else None)


_drawing = runtime.native_lock()
"""One plan at a time: whoever imports waits, and the machine has the memory and the core of one child to give."""


def draw(folder: Path, mime: str) -> None:
    """Have a process of its own draw FOLDER/original to 1.png ...; blocking. Raises PlanError."""
    command = [sys.executable, "-I", "-m", DRAW_PAGES, str(folder), mime, str(MEMORY_BYTES), str(CPU_S)]
    with _drawing:
        code = runtime.run_apart(command, WITHIN_S)
    reason = folder / "reason"
    if code == 1 and reason.is_file():
        raise PlanError(reason.read_text(encoding="utf-8"))
    if code != 0:
        log.warning("a plan could not be drawn", extra={"exit_code": code, "folder": folder.name})
        raise PlanError(TOO_MUCH)


def _write(path: Path, body: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
