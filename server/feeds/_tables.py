"""Tables as programs export them: comma, semicolon or tabulator, quotes, byte order marks, old encodings."""

import csv
import io
from collections.abc import Iterator

from server.feeds import INVALID, TOO_LARGE, DecodeError

MAX_CELLS = 300
MAX_CELL_CHARS = 20_000
MAX_ROWS = 200_000


def rows(body: bytes, max_bytes: int) -> Iterator[dict[str, str]]:
    """Each row by its column names (as written, blanks around them left out). Raises DecodeError.

    The separator is the one that the first line has most of; a row that is too short lacks its last cells.
    """
    if len(body) > max_bytes:
        raise DecodeError(f"the table has {len(body)} bytes, more than {max_bytes}", TOO_LARGE)
    text = _text(body).lstrip("\r\n")
    first = text[:MAX_CELL_CHARS].splitlines()[0] if text.strip() else ""
    if not first:
        raise DecodeError("an empty table")
    separator = max(",;\t", key=first.count)
    if first.lower().startswith("sep=") and len(first) == 5:
        separator, text = first[4], text.partition("\n")[2]
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=separator)
    try:
        head = [name.strip() for name in next(reader, [])]
        if len(head) < 2 or len(head) > MAX_CELLS:
            raise DecodeError("a table has 2 to 300 columns", INVALID)
        for number, cells in enumerate(reader):
            if number >= MAX_ROWS:
                raise DecodeError(f"a table of more than {MAX_ROWS} rows", TOO_LARGE)
            if any(cell.strip() for cell in cells):
                yield dict(zip(head, cells, strict=False))
    except csv.Error as error:
        raise DecodeError(f"no table: {error}") from error


def _text(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
