"""CSV as spreadsheets write it: encoding and delimiter guessed, numbers with a comma, degrees or metres by EPSG."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from server.base.objects.raw import Raw, SourceError
from server.base.objects.settings import ObjectSettings

DELIMITERS = (";", ",", "\t", "|")
NAMES = {
    "lon": ("lon", "lng", "long", "longitude", "laenge", "länge", "geogr_laenge"),
    "lat": ("lat", "latitude", "breite", "geogr_breite"),
    "x": ("x", "rechtswert", "ostwert", "easting", "east", "ost", "e"),
    "y": ("y", "hochwert", "nordwert", "northing", "north", "nord", "n"),
}
MAX_COLUMNS = 500


def text_of(body: bytes, encoding: str | None) -> str:
    """The text: by its byte order mark, else UTF-8, else Windows-1252. Raises SourceError."""
    if encoding is None:
        marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
        encoding = next((name for mark, name in marks if body.startswith(mark)), None)
    line, why = 1, ""
    names = (encoding,) if encoding else ("utf-8", "cp1252")
    for name in names:
        try:
            return body.decode(name)
        except LookupError:
            raise SourceError(f"there is no encoding {name!r}") from None
        except UnicodeDecodeError as error:
            line, why = body.count(b"\n", 0, error.start) + 1, error.reason
    raise SourceError(f"line {line}: the letters are not {' or '.join(names)} ({why})")


def delimiter_of(head: str) -> str:
    """What separates the columns of the first line: that which gives most of them."""
    return max(DELIMITERS, key=lambda sign: len(next(csv.reader([head], delimiter=sign), [])))


def read(body: bytes, settings: ObjectSettings) -> Iterator[Raw]:
    """The rows. Raises SourceError where the columns of the position are missing or it is no table."""
    text = text_of(body, settings.encoding)
    if "\0" in text:
        raise SourceError(f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}: a zero byte; this is no text")
    head = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=settings.delimiter or delimiter_of(head))
    names: list[str] = []
    where = ("", "")
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _heading(cells)
                where = columns_of_place(names, settings)
                continue
            yield _row(reader.line_num, names, cells, where, settings)
    except csv.Error as error:
        raise SourceError(f"line {reader.line_num}: {error}") from None
    if not names:
        raise SourceError("line 1: there is no heading")


def _heading(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(names) > MAX_COLUMNS:
        raise SourceError(f"line 1: more than {MAX_COLUMNS} columns")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise SourceError(f"line 1: the column {twice[:60]!r} is there twice")
    return names


def columns_of_place(names: list[str], settings: ObjectSettings) -> tuple[str, str]:
    """The columns of east and north. Raises SourceError."""
    known = {name.casefold(): name for name in reversed(names)}

    def column(ours: str) -> str | None:
        if ours in settings.fields:
            return settings.fields[ours] if settings.fields[ours] in names else None
        return next((known[name] for name in NAMES[ours] if name in known), None)

    pairs = (("x", "y"), ("lon", "lat")) if settings.epsg not in (None, 4326) else (("lon", "lat"), ("x", "y"))
    for east, north in pairs:
        found = column(east), column(north)
        if found[0] is not None and found[1] is not None:
            if east == "x" and settings.epsg is None:
                raise SourceError(f"line 1: {found[0]} and {found[1]} need their coordinate system: epsg = 25832")
            return found[0], found[1]
    raise SourceError(f"line 1: no columns of a position among {', '.join(names)[:300]}; name them in `fields`")


def _row(line: int, names: list[str], cells: list[str], place: tuple[str, str], settings: ObjectSettings) -> Raw:
    where = f"line {line}"
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        return Raw(where=where, columns={}, wrong=f"{len(cells)} columns where the heading has {len(names)}")
    columns: Mapping[str, Any] = dict(zip(names, cells, strict=False))
    try:
        east, north = (number(columns.get(name) or "") for name in place)
    except ValueError as error:
        return Raw(where=where, columns={}, wrong=f"no position: {error}")
    geometry = {"type": "Point", "coordinates": [east, north]}
    return Raw(where=where, columns=dict(columns), geometry=geometry, epsg=settings.epsg)


def number(text: str) -> float:
    """`8,7763`, `8.7763`, `3.488.123,5` or `3 488 123.5`. Raises ValueError."""
    plain = text.strip().replace(" ", "").replace("\u00a0", "")
    if "," in plain:
        plain = (
            plain.replace(".", "").replace(",", ".") if plain.rfind(",") > plain.rfind(".") else plain.replace(",", "")
        )
    try:
        return float(plain)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no number") from None
