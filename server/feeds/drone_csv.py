"""A table of the metadata of images, as `exiftool -csv` or `exiftool -json` writes it: one row for each image.

Columns are ExifTool's tags, with their group before a colon or without, their values as text or (`-n`) as numbers. A
row is read as the image itself would be (`drone_image`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from layers.observation import idempotency_key
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, settings, subject
from server.feeds._documents import documents
from server.feeds._secrets import openings
from server.feeds._shots import ShotOptions, shot
from server.feeds._stream import Stream
from server.feeds._tables import rows
from server.feeds._tags import safe_name, text

NAME = "drone_csv"
MAX_BYTES = 64_000_000
MAX_IMAGES = 20_000
FOREVER_S = 10**10
MAX_NUMBER = 1e15
MAX_OTHERS = 1_000
"""Files without anything of an image before the first that has it: ExifTool lists all that lie in a folder."""
NEEDED = frozenset(
    {"GPSLatitude", "GPSPosition", "GpsLatitude", "DateTimeOriginal", "GimbalPitchDegree", "RelativeAltitude"}
)
"""At least one of these columns makes a table one of images."""


def decode(body: bytes, context: Context) -> Decoded:
    """Every image of the table. Raises DecodeError."""
    batch, options = Batch(context, MAX_IMAGES), settings(context, ShotOptions)
    understood, others = False, 0
    for row in _rows(body, batch):
        tags = _tags(row)
        understood = understood or not NEEDED.isdisjoint(tags)
        if NEEDED.isdisjoint(tags):
            others += 1
            if not understood and others > MAX_OTHERS:
                break
            batch.refuse("a row without anything of an image")
            continue
        _claim(tags, options, batch)
    if not understood:
        raise DecodeError("no table of images: none of ExifTool's columns for time, place and pose", INVALID)
    return batch.decoded()


def _rows(body: bytes, batch: Batch) -> Iterator[Mapping[str, Any]]:
    """The rows of CSV, or the objects of JSON."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"[", b"{"):
        yield from rows(body, MAX_BYTES)
        return
    given = documents(body, msgspec.structs.replace(batch.context.limits, body_bytes=MAX_BYTES))
    batch.refused.extend(given.refused)
    for document in given.found:
        for item in document if isinstance(document, list) else [document]:
            if isinstance(item, Mapping):
                yield item
            else:
                batch.refuse("an image is an object", item)


def _tags(row: Mapping[str, Any]) -> dict[str, Any]:
    """Cells that hold something, by tag without group; those of a group (`-g`) as if they stood in the row."""
    found: dict[str, Any] = {}
    for name, cell in row.items():
        inside = cell if isinstance(cell, Mapping) else {name: cell}
        for tag, value in inside.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER
            if is_number or (isinstance(value, str) and value.strip() not in ("", "-")):
                found[tag.rpartition(":")[2]] = value
    return found


def _claim(tags: dict[str, Any], options: ShotOptions, batch: Batch) -> None:
    found = shot(tags, batch.context.zone, options, name=safe_name(text(tags, "FileName", "SourceFile")))
    path = text(tags, "SourceFile", "FileName") or ""
    key = idempotency_key(path, str(found.at), str(found.geometry), text(tags, "SerialNumber") or "")
    batch.claim(
        subject(NAME, key),
        found.content,
        at=found.at,
        geometry=found.geometry,
        flags=found.flags,
        extra=found.extra,
        accuracy_m=found.accuracy_m,
        every_s=FOREVER_S,
        repeats_s=FOREVER_S,
        identity=repr(sorted(tags.items())),
    )


FEED = Feed(
    name=NAME,
    title="Metadata of images as a table (exiftool -csv, -json)",
    decode=decode,
    max_bytes=MAX_BYTES,
    zone="Europe/Berlin",
    options=ShotOptions,
    clean=openings,
    stream=Stream(files=("*.csv", "*.json")),
)
