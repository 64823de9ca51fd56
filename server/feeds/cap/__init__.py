"""CAP, the Common Alerting Protocol of OASIS: warnings in XML 1.0, 1.1 and 1.2, in Atom and RSS, as JSON, in a ZIP.

Any of them may come under the one name `cap`. Signatures are not checked (who may send is a matter of the token), XML
with a document type is refused. `cap_observations` is for feeds that carry alerts within something else (EDXL-DE).

    cap_observations(xml, context)    every alert in an XML document, as observations
    decode(body, context)             any of the forms above
"""

import re

from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._archive import is_zip, members
from server.feeds._batch import Batch
from server.feeds._secrets import openings
from server.feeds._stream import Stream, Whole
from server.feeds._xml import Element, child_text, written
from server.feeds._xml import documents as xml_documents
from server.feeds.cap.alert import CapOptions, observe, shown
from server.feeds.cap.documents import observe_json
from server.feeds.cap.elements import alert_json, alerts, entries, entry_json, is_index, joined, link_of

MAX_BYTES = 8_000_000
"""Of a message, of an XML document, and of each file of an archive."""
MAX_UNPACKED_BYTES = 64_000_000
_BOM = b"\xef\xbb\xbf"
_PASSWORD = re.compile(rb"(<(?:[\w.-]{1,40}:)?password\b[^<>]{0,200}>)[^<]*+", re.IGNORECASE)
"""CAP 1.0 had an element for it."""


def decode(body: bytes, context: Context) -> Decoded:
    """The warnings of a message. Raises DecodeError where there is none in it."""
    batch = Batch(context)
    if not is_zip(body):
        return outcome(batch, is_quiet=_document(body, batch))
    for member in members(body, MAX_UNPACKED_BYTES, MAX_BYTES):
        try:
            if member.reason is not None:
                raise DecodeError(member.reason, INVALID)
            _document(member.body, batch)
        except DecodeError as error:
            batch.refuse(f"{member.name}: {error.reason}", member.body[:2_000], kind=error.kind)
    return outcome(batch, is_quiet=True)


def cap_observations(xml: bytes, context: Context) -> Decoded:
    """Every CAP alert in the XML document, whatever is around it. Raises DecodeError: no XML, or no alert in it."""
    batch = Batch(context)
    _xml(xml, batch)
    return outcome(batch)


def clean(body: bytes) -> bytes:
    """The message without the password that CAP 1.0 allows, and without what senders put into parameters."""
    return body if is_zip(body) else openings(_PASSWORD.sub(rb"\1***", body))


def outcome(batch: Batch, is_quiet: bool = False) -> Decoded:
    """What was gathered; nothing at all where the message may hold nothing (`is_quiet`: a list on a quiet day).

    Raises DecodeError where the only thing to say is why nothing could be used.
    """
    decoded = batch.decoded()
    if decoded.observations or len(decoded.refused) > 1 or (is_quiet and not decoded.refused):
        return decoded
    if decoded.refused:
        raise DecodeError(decoded.refused[0].reason, INVALID)
    raise DecodeError("no warning in the message", INVALID)


def _document(body: bytes, batch: Batch) -> bool:
    """Claim what a document says; whether it is a list, which may be empty."""
    if body.removeprefix(_BOM).lstrip()[:1] in (b"{", b"["):
        return observe_json(body, batch, MAX_BYTES)
    return _xml(body, batch)


def _xml(body: bytes, batch: Batch) -> bool:
    found = xml_documents(body, MAX_BYTES)
    batch.refused.extend(found.refused)
    is_list = False
    for root in found.roots:
        is_list = is_list or is_index(root)
        listed = list(entries(root))
        whole = list(alerts(root))
        for element in whole:
            observe(alert_json(element), batch, flags=tuple(found.flags))
        told = []
        for entry in listed if not whole else [each for each in listed if next(alerts(each), None) is None]:
            by_entry = entry_json(entry, root)
            inside = _as_text(entry) if by_entry is None else []
            if by_entry is not None:
                told.append(by_entry)
            elif not inside:
                batch.refuse(f"an entry without an alert; it leads to {link_of(entry) or 'nothing'}", written(entry))
            for element in inside:
                observe(alert_json(element), batch, flags=tuple(found.flags))
        for one in joined(told):
            observe(one, batch, flags=(*found.flags, *one.get("flags", ())))
        if not whole and not is_index(root):
            raise DecodeError(f"no CAP alert in a document of {root.tag!s:.100}", INVALID)
    return is_list


def _as_text(entry: Element) -> list[Element]:
    """Alerts that an entry holds as text: their XML is escaped, or in a CDATA section."""
    for name in ("content", "description", "summary"):
        text = (child_text(entry, name) or "").strip()
        if text.startswith("<") and "alert" in text:
            try:
                return [each for root in xml_documents(text.encode(), MAX_BYTES).roots for each in alerts(root)]
            except DecodeError:
                continue
    return []


FEED = Feed(
    name="cap",
    title="CAP 1.0 to 1.2: warnings as XML, Atom, RSS, ZIP (DWD), JSON (MeteoAlarm), GeoJSON (NWS)",
    decode=decode,
    max_bytes=MAX_BYTES,
    clean=clean,
    options=CapOptions,
    stream=Stream(framer=Whole, files=("*.xml", "*.cap", "*.zip", "*.atom", "*.rss", "*.json", "*.geojson")),
)

__all__ = ["FEED", "CapOptions", "cap_observations", "clean", "decode", "observe", "shown"]
