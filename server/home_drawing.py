"""What a home uploads is looked at by its content and drawn anew before anybody sees it.

Pictures: upright, at most 2,048 pixels, pixels alone. PDF: its first pages, drawn by a process of its own with limits
(ADR 0158). A bomb is refused by what its head says of its size, before a pixel is unpacked.
"""

import shutil
import tempfile
import threading
from pathlib import Path

from msgspec import Struct

from server import runtime
from server.base.objects.plans import PlanError, draw, mime_of
from server.durable import replace_file
from server.photographs import TOO_MANY_PIXELS, BadPhotograph, prepare
from server.throttle import Throttle
from server.thumbnails import thumbnail

MAX_PAGES = 10
"""Pages of a plan that are kept; more can be had in the original."""
MAX_DRAWN_BYTES = 20_000_000


class Unfit(ValueError):
    """It is neither a picture nor a PDF that can be shown; the message says why."""


class Occupied(Exception):
    """A plan of somebody is being drawn, one at a time; or this home sends more than is looked at."""


class Drawn(Struct, frozen=True, kw_only=True):
    """What is shown of an object: `pages` as JPEG (a picture, one) or PNG (of a PDF), `small` as JPEG of 512 pixels."""

    mime: str
    pages: tuple[bytes, ...]
    page_mime: str
    small: bytes


_one = threading.Lock()


_pictures = Throttle(per_minute=120, burst=120)
_plans = Throttle(per_minute=1, burst=10)
"""What of one home is looked at: drawing costs more than sending."""


def look(body: bytes, home: str) -> Drawn:
    """Look and draw, beside the loop. Raises Unfit, Occupied."""
    if mime_of(body) != "application/pdf":
        if _pictures.take(home):
            raise Occupied
        return runtime.offload(_picture, body)
    if _plans.take(home) or not _one.acquire(blocking=False):
        raise Occupied
    try:
        return runtime.offload(_pdf, body)
    finally:
        _one.release()


def _picture(body: bytes) -> Drawn:
    try:
        found = prepare(body)
    except BadPhotograph as error:
        many = str(error) == TOO_MANY_PIXELS
        raise Unfit("a picture of too many pixels" if many else "by its content no picture and no PDF") from error
    return Drawn(mime=found.mime, pages=(found.display,), page_mime="image/jpeg", small=_small(found.display))


def _pdf(body: bytes) -> Drawn:
    folder = Path(tempfile.mkdtemp(prefix="lagebild-plan-"))
    try:
        replace_file(folder / "original", body)
        draw(folder, "application/pdf")
        pages = [
            path.read_bytes() for path in sorted(folder.glob("*.png"), key=lambda path: int(path.stem))[:MAX_PAGES]
        ]
    except PlanError as error:
        raise Unfit(f"a PDF that cannot be shown: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if sum(map(len, pages)) > MAX_DRAWN_BYTES:
        raise Unfit("a PDF whose pages are too large to be kept")
    return Drawn(
        mime="application/pdf",
        pages=tuple(pages),
        page_mime="image/png",
        small=_small(prepare(pages[0]).display),
    )


def _small(display: bytes) -> bytes:
    return thumbnail(display) or display
