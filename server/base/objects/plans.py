"""Plans: PDF and pictures by their content (SHA-256), rendered to pages once, so that nobody opens a strange PDF.

FOLDER/<first two digits>/<id>/original holds the bytes, 1.png ... the pages. A plan is there whole or not at all.
"""

import hashlib
import io
import os
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import pypdfium2 as pdfium
from msgspec import Struct
from PIL import Image

from server import runtime
from server.durable import install

MAX_PAGES = 40
LONGEST_PX = 2_400
"""Of a page: A3 at about 145 dots an inch."""
COLOURS = 128
YOUNG_S = 3_600.0
"""An import under way elsewhere may have made it: so young a plan is not deleted."""
Image.MAX_IMAGE_PIXELS = 100_000_000
_ID = re.compile(r"[0-9a-f]{64}")
_PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg"}


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
            self._make(place, name, body, mime)
        return Plan(id=key, name=name[:200], mime=mime, bytes=len(body), pages=len(list(place.glob("*.png"))))

    def _make(self, place: Path, name: str, body: bytes, mime: str) -> None:
        draft = place.with_name(f"{place.name}.{os.getpid()}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o700)
        try:
            pages = _pdf_pages(body) if mime == "application/pdf" else [_picture_page(body)]
            for number, page in enumerate(pages, 1):
                _write(draft / f"{number}.png", page)
            _write(draft / "original", body)
            install(draft, place)
        except PlanError as error:
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
            if place.name not in kept and time.time() - place.stat().st_mtime > YOUNG_S:
                shutil.rmtree(place, ignore_errors=True)
                gone += 1
        return gone

    def _place(self, key: str) -> Path:
        if not _ID.fullmatch(key):
            raise PlanError("no id of a plan")
        return self.folder / key[:2] / key


def mime_of(body: bytes) -> str | None:
    """What it is by its first bytes; a name says nothing."""
    if b"%PDF-" in body[:1024]:
        return "application/pdf"
    return {b"\x89PNG\r\n\x1a\n": "image/png"}.get(body[:8], "image/jpeg" if body[:3] == b"\xff\xd8\xff" else None)


_pdf = runtime.native_lock()
"""PDFium is one thread's at a time."""


def _pdf_pages(body: bytes) -> list[bytes]:
    """Raises PlanError."""
    with _pdf:
        try:
            document = pdfium.PdfDocument(body)
        except pdfium.PdfiumError as error:
            raise PlanError(f"the PDF cannot be opened ({error})") from None
        try:
            if not 0 < len(document) <= MAX_PAGES:
                raise PlanError(f"{len(document)} pages; a plan has 1 to {MAX_PAGES}")
            return [_page(document[number]) for number in range(len(document))]
        except pdfium.PdfiumError as error:
            raise PlanError(f"a page of the PDF cannot be drawn ({error})") from None
        finally:
            document.close()


def _page(page: "pdfium.PdfPage") -> bytes:
    width, height = page.get_size()
    longest = max(width, height)
    if not longest > 0:
        raise PlanError("a page without a size")
    drawn = page.render(scale=LONGEST_PX / longest).to_pil()
    page.close()
    return _png(drawn)


def _picture_page(body: bytes) -> bytes:
    """Drawn anew: what else is in the file, such as where and by whom it was taken, stays behind. Raises PlanError."""
    try:
        with Image.open(io.BytesIO(body), formats=tuple(_PICTURES)) as picture:
            picture.thumbnail((LONGEST_PX, LONGEST_PX))
            return _png(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PlanError(f"the picture cannot be opened ({error})") from None


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").quantize(COLOURS).save(out, "PNG")
    return out.getvalue()


def _write(path: Path, body: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
