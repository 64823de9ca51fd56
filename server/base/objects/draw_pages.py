"""Draws the pages of a plan in a process of its own: a PDF is a program, and may be somebody's who means us harm.

    python -m server.base.objects.draw_pages FOLDER MIME MEMORY_BYTES CPU_S

reads FOLDER/original and writes FOLDER/1.png ...; what is wrong with the file it writes to FOLDER/reason (exit code 1).
It limits itself before it looks at the file: memory, processor time, size and number of files; who started it ends it
when it takes too long. It knows nothing of the server: no settings, no secrets, no environment.
"""

import io
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_PAGES = 40
LONGEST_PX = 2_400
"""Of a page: A3 at about 145 dots an inch."""
COLOURS = 128
MAX_PIXELS = 100_000_000
PAGE_BYTES = 64_000_000
OPEN_FILES = 64
NICE = 10


class Unfit(ValueError):
    """The file is no plan that can be shown; the message says why."""


def limit(memory_bytes: int, cpu_s: int) -> None:
    """From here on so much and no more; nothing here can take it back."""
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, PAGE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(NICE)


def pages(body: bytes, mime: str) -> Iterator[bytes]:
    """Each page as PNG. Raises Unfit."""
    if mime == "application/pdf":
        yield from _pdf_pages(body)
    else:
        yield _picture_page(body)


def _pdf_pages(body: bytes) -> Iterator[bytes]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(body)
    except pdfium.PdfiumError as error:
        raise Unfit(f"the PDF cannot be opened ({error})") from None
    if not 0 < len(document) <= MAX_PAGES:
        raise Unfit(f"{len(document)} pages; a plan has 1 to {MAX_PAGES}")
    try:
        for number in range(len(document)):
            page = document[number]
            longest = max(page.get_size())
            if not longest > 0:
                raise Unfit("a page without a size")
            drawn = page.render(scale=LONGEST_PX / longest).to_pil()
            page.close()
            yield _png(drawn)
    except pdfium.PdfiumError as error:
        raise Unfit(f"a page of the PDF cannot be drawn ({error})") from None


def _picture_page(body: bytes) -> bytes:
    """Drawn anew: what else is in the file, such as where and by whom it was taken, stays behind. Raises Unfit."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(io.BytesIO(body), formats=("PNG", "JPEG")) as picture:
            picture.thumbnail((LONGEST_PX, LONGEST_PX))
            return _png(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unfit(f"the picture cannot be opened ({error})") from None


def _png(picture: "object") -> bytes:
    from PIL import Image

    assert isinstance(picture, Image.Image)
    out = io.BytesIO()
    picture.convert("RGB").quantize(COLOURS).save(out, "PNG")
    return out.getvalue()


def main(folder: Path, mime: str, memory_bytes: int, cpu_s: int) -> int:
    """The exit code."""
    limit(memory_bytes, cpu_s)
    try:
        for number, page in enumerate(pages((folder / "original").read_bytes(), mime), 1):
            with (folder / f"{number}.png").open("xb") as file:
                file.write(page)
                file.flush()
                os.fsync(file.fileno())
    except Unfit as unfit:
        (folder / "reason").write_text(str(unfit)[:500], encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
