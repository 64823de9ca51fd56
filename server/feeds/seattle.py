"""Seattle Real-Time Fire 911 (City of Seattle, open data): incidents as GeoJSON, or as the rows of the same data set,
in JSON or CSV.

`datetime` is Seattle's clock without a zone. Of an incident only its beginning is told, no update and no end. The
geometry may be null; names that begin with `:@` are the portal's own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from layers.content import Address, Mission
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._dispatch import DispatchOptions
from server.feeds._documents import documents
from server.feeds._incidents import REPLAY_BYTES, REPLAY_RECORDS, category
from server.feeds._secrets import openings
from server.feeds._stream import Objects, Stream
from server.feeds._tables import rows
from server.feeds.ngsi.values import point
from server.feeds.sanfrancisco import local_time

NAME = "seattle"
MAX_SHORT = 100
"""Rows too short to have a number and a time, before the first that has them."""
ZONE = "America/Los_Angeles"


def decode(body: bytes, context: Context) -> Decoded:
    """One mission for each incident. Raises DecodeError."""
    batch, options = Batch(context, REPLAY_RECORDS), settings(context, DispatchOptions)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return _table(body, batch, options)
    given = documents(body, msgspec.structs.replace(context.limits, body_bytes=REPLAY_BYTES))
    batch.refused.extend(given.refused)
    understood = False
    for document in given.found:
        # Nothing new is an answer, too.
        understood |= isinstance(document, Mapping) and document.get("features") == []
        for row, geometry in _rows(document):
            understood = True
            _incident(row, geometry, batch, options)
    if not understood and not batch.refused:
        raise DecodeError("no incidents of Seattle", INVALID)
    return batch.decoded()


def _table(body: bytes, batch: Batch, options: DispatchOptions) -> Decoded:
    """The rows of a CSV export, whose columns have the names of the fields in words."""
    understood = False
    short: list[dict[str, str]] = []
    for row in rows(body, REPLAY_BYTES):
        named = {"_".join(name.casefold().split()): cell for name, cell in row.items()}
        understood = understood or {"incident_number", "datetime"} <= named.keys()
        short.append(named)
        if not understood and len(short) < MAX_SHORT:
            continue
        if not understood:
            break
        for each in short:
            _incident({name: cell for name, cell in each.items() if cell.strip()}, None, batch, options)
        short.clear()
    if not understood:
        raise DecodeError("no incidents of Seattle", INVALID)
    return batch.decoded()


def _rows(document: Any) -> Iterator[tuple[Any, Any]]:
    """The properties and geometry of each feature; a row of the table has its position in its own fields."""
    if isinstance(document, list):
        for item in document:
            yield from _rows(item)
    elif isinstance(document, Mapping) and isinstance(document.get("features"), list):
        yield from _rows(document["features"])
    elif isinstance(document, Mapping) and "properties" in document:
        yield document["properties"], document.get("geometry")
    elif not isinstance(document, Mapping) or document.get("type") != "FeatureCollection":
        yield document, None


def _incident(row: Any, geometry: Any, batch: Batch, options: DispatchOptions) -> None:
    if not isinstance(row, Mapping):
        batch.refuse("an incident is an object", row)
        return
    incident = batch.fields(row)
    number = incident.said("incident_number")
    if number is None:
        batch.refuse("an incident without incident_number", row)
        return
    incident.of = of = subject(NAME, number)
    at, kind, street = incident.said("datetime", local_time), incident.get("type"), incident.get("address")
    content = Mission(
        number=number,
        keyword=kind,
        category=UNSET if kind is UNSET else category(kind, options),
        address=UNSET if street is UNSET else Address(street=street),
        issued_at=at or UNSET,
    )
    shape = Fields({"geometry": geometry}, batch, of)
    place = shape.get("geometry", point)
    if place is UNSET:
        place = incident.point("longitude", "latitude")
    batch.claim(of, content, at=at, flags=incident.flags | shape.flags, geometry=place, every_s=600)


FEED = Feed(
    name=NAME,
    title="Seattle Real-Time Fire 911",
    decode=decode,
    clean=openings,
    max_bytes=REPLAY_BYTES,
    zone=ZONE,
    options=DispatchOptions,
    stream=Stream(framer=Objects, files=("*.geojson", "*.json")),
)
