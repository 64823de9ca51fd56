"""Reports of our own form for citizens (/melden), as the form's page hands them on.

    {"id", "text", "place", "lon", "lat", "accuracy_m", "images": [addresses], "originals": [ids], "lang"}

Nobody is asked who he is. Telephone numbers and mail addresses that somebody writes into the text are blanked.
"""

from typing import Any

from layers.content import CitizenReport
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, subject
from server.feeds._json import load
from server.feeds._secrets import clean, openings
from server.feeds.ngsi.values import Bad, Reading, name, text, within, words

NAME = "citizen"
MAX_BYTES = 65_536
MAX_ACCURACY_M = 100_000.0
REPEAT_S = 4 * 3_600
"""A form that is sent again (a second tap, a reload) is the same report."""
PLACE = "Ort: {}"
"""How a place that was written, not measured, stands among the texts."""


def decode(body: bytes, context: Context) -> Decoded:
    """The report. Raises DecodeError."""
    document = load(body, context.limits)
    if not isinstance(document, dict):
        raise DecodeError("a report is an object", INVALID)
    batch = Batch(context)
    report = batch.fields(document)
    key = report.said("id", name)
    if key is None:
        raise DecodeError("a report has an id", INVALID)
    report.of = subject(NAME, key)
    images = report.get("images", media)
    place = report.said("place", blanked)
    texts = tuple(found for found in (report.said("text", blanked), place and PLACE.format(place)) if found)
    if not texts and not images:
        raise DecodeError("a report has a text or a photograph", INVALID)
    geometry = report.point("lon", "lat")
    accuracy_m = report.said("accuracy_m", within(0, MAX_ACCURACY_M)) if isinstance(geometry, dict) else None
    batch.claim(
        report.of,
        CitizenReport(texts=texts, image_urls=images, issued_at=context.received_at),
        at=context.received_at,
        repeats_s=REPEAT_S,
        identity=key,
        geometry=geometry,
        accuracy_m=accuracy_m,
        flags=report.flags,
        extra={"originals": report.said("originals", words), "lang": report.said("lang", name)},
    )
    return batch.decoded()


def blanked(value: Any, reading: Reading) -> str | None:
    """Text without telephone numbers and mail addresses."""
    return text(clean(value.encode("utf-8", "replace")).decode() if isinstance(value, str) else value, reading)


def media(value: Any, reading: Reading) -> tuple[str, ...]:
    """Addresses in our own store of media."""
    found = words(value, reading)
    if not all(address.startswith("/media/") for address in found):
        raise Bad("a photograph is in our own store")
    return found


FEED = Feed(
    name=NAME,
    title="reports of citizens by our own form (/melden)",
    decode=decode,
    max_bytes=MAX_BYTES,
    pushed=False,
    clean=openings,
)
