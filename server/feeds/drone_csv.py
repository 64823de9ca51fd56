"""A table of the metadata of images, as `exiftool -csv` writes it: one row for each image.

Columns are ExifTool's tags, with their group before a colon or without, their values as text or (`-n`) as numbers. A
row is read as the image itself would be (`drone_image`).
"""

from typing import Any

from layers.observation import idempotency_key
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, settings, subject
from server.feeds._shots import ShotOptions, shot
from server.feeds._stream import Stream
from server.feeds._tables import rows
from server.feeds._tags import safe_name, text

NAME = "drone_csv"
MAX_BYTES = 64_000_000
MAX_IMAGES = 20_000
FOREVER_S = 10**10
NEEDED = frozenset({"GPSLatitude", "GpsLatitude", "DateTimeOriginal", "GimbalPitchDegree", "RelativeAltitude"})
"""At least one of these columns makes a table one of images."""


def decode(body: bytes, context: Context) -> Decoded:
    """Every image of the table. Raises DecodeError."""
    batch, options = Batch(context, MAX_IMAGES), settings(context, ShotOptions)
    understood = False
    for row in rows(body, MAX_BYTES):
        tags = _tags(row)
        understood = understood or not NEEDED.isdisjoint(tags)
        if not understood:
            break
        if NEEDED.isdisjoint(tags):
            batch.refuse("a row without anything of an image")
            continue
        _claim(tags, options, batch)
    if not understood:
        raise DecodeError("no table of images: none of ExifTool's columns for time, place and pose", INVALID)
    return batch.decoded()


def _tags(row: dict[str, str]) -> dict[str, Any]:
    """Cells that hold something, by tag without group."""
    return {name.rpartition(":")[2]: cell for name, cell in row.items() if cell and cell.strip() not in ("", "-")}


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
    title="Metadata of images as a table (exiftool -csv)",
    decode=decode,
    max_bytes=MAX_BYTES,
    zone="Europe/Berlin",
    options=ShotOptions,
    stream=Stream(files=("*.csv",)),
)
