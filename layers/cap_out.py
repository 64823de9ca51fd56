"""Warnings going out: a feature of layer warnings as a CAP 1.2 document (OASIS, 1 July 2010), a list of them as Atom.

A warning that came as CAP keeps its sender and identifier: we pass it on, we are not its author. One that has none
(NGSI CitizenAlert) is sent in our name. In an exercise everything is ours, marked `Exercise`, and named after the
exercise, so that nobody takes it for the message that it was made of.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from msgspec import Struct

from layers.observation import idempotency_key
from layers.wire import Feature

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
MIME = "application/cap+xml"
LANGUAGE = "de-DE"
"""Where a warning names no language: our senders are German."""
UNNAMED = "Warnung"
MARK = "ÜBUNG"
MAX_NAME_CHARS = 200
"""Longest sender or identifier going out."""
FOOT_M = 0.3048
EXCLUDED = "EXCLUDE_POLYGON"
"""How the German weather service writes holes, which CAP itself does not have."""
STATUS = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPE = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPE = ("Public", "Restricted", "Private")
CATEGORY = (
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"),
)
RESPONSE = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
URGENCY = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITY = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTY = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r"[\s,<&\u0000-\u001f\ufffe\uffff]+")
_PART = re.compile(r"(?:cap:[^:]*:[^:]*|nina:[^:]*):(\d{1,2})")
"""Subjects of the further warnings of one message: going out they are messages of their own, and need a name."""
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")


class Publisher(Struct, frozen=True, kw_only=True):
    """In whose name warnings go out, and of which situation."""

    sender: str
    situation: str = "live"
    exercise: bool = False


class NotCap(ValueError):
    """The feature is no warning."""


def is_public(feature: Feature) -> bool:
    """Whether the warning may be passed on: one that is meant, and whose sender did not restrict it."""
    told = feature["properties"]
    return told["layer"] == "warnings" and bool(told["actual"]) and told["scope"] in (None, "Public")


def cap_document(feature: Feature, publisher: Publisher) -> bytes:
    """The warning as CAP 1.2 in UTF-8, valid by the schema whatever the feature's texts are. Raises NotCap."""
    told = feature["properties"]
    if told["layer"] != "warnings":
        raise NotCap(f"a feature of layer {told['layer']}")
    sender, identifier = named(feature, publisher)
    alert = ElementTree.Element("alert", xmlns=CAP)
    _add(alert, "identifier", identifier)
    _add(alert, "sender", sender)
    _add(alert, "sent", _time(told["sent_at"] or told["observed_at"]))
    _add(alert, "status", "Exercise" if publisher.exercise else _word(told["status"], STATUS, "Actual", "Draft"))
    _add(alert, "msgType", _word(told["msg_type"], MSG_TYPE, "Alert", "Alert"))
    scope = _word(told["scope"], SCOPE, "Public", "Restricted")
    _add(alert, "scope", scope)
    if scope == "Restricted":
        _add(alert, "restriction", "as restricted by its sender")
    if scope == "Private":
        _add(alert, "addresses", sender)
    if publisher.exercise:
        _add(alert, "note", MARK)
    if references := [found for each in told["references"] if (found := _reference(each, publisher))]:
        _add(alert, "references", " ".join(references))
    _info(alert, feature, publisher)
    return _xml(alert)


def named(feature: Feature, publisher: Publisher) -> tuple[str, str]:
    """Sender and identifier of the warning as it goes out, without what CAP forbids in them."""
    told = feature["properties"]
    identifier, sender = _name(told["identifier"]), _name(told["sender"])
    if publisher.exercise:
        return publisher.sender, _practised(identifier or _name(feature["id"]), publisher)
    if identifier and sender:
        part = _PART.fullmatch(feature["id"])
        return sender, f"{identifier}.{part[1]}" if part else identifier
    return publisher.sender, _name(feature["id"]) or "_"


def atom_index(entries: Iterable[tuple[Feature, str]], publisher: Publisher, title: str, link: str) -> bytes:
    """The warnings as an Atom feed; each comes with the address of its CAP document, `link` is that of the feed."""
    listed = list(entries)
    feed = ElementTree.Element("feed", xmlns=ATOM)
    _add(feed, "id", link)
    _add(feed, "title", f"{MARK}: {title}" if publisher.exercise else title)
    heard = [_time(one["properties"]["received_at"] or one["properties"]["observed_at"]) for one, _ in listed]
    _add(feed, "updated", max(heard, default=_time(None)))
    _add(_add(feed, "author"), "name", publisher.sender)
    _add(feed, "link", rel="self", href=link)
    for feature, address in listed:
        told = feature["properties"]
        entry = _add(feed, "entry")
        _add(entry, "id", address)
        _add(entry, "title", _titled(told["headline"] or told["event"] or UNNAMED, publisher))
        _add(entry, "updated", _time(told["received_at"] or told["observed_at"]))
        _add(entry, "link", rel="alternate", type=MIME, href=address)
        _add(entry, "summary", told["description"] or told["event"] or UNNAMED)
    return _xml(feed)


def _info(alert: ElementTree.Element, feature: Feature, publisher: Publisher) -> None:
    told = feature["properties"]
    info = _add(alert, "info")
    language = told["language"] or LANGUAGE
    _add(info, "language", language if _LANGUAGE.fullmatch(language) else LANGUAGE)
    for category in [word for word in told["category"] if word in CATEGORY] or ["Other"]:
        _add(info, "category", category)
    _add(info, "event", told["event"] or told["headline"] or UNNAMED)
    for response in told["response_types"]:
        if response in RESPONSE:
            _add(info, "responseType", response)
    _add(info, "urgency", _word(told["urgency"], URGENCY, "Unknown", "Unknown"))
    _add(info, "severity", _word(told["severity"], SEVERITY, "Unknown", "Unknown"))
    _add(info, "certainty", _word(told["certainty"], CERTAINTY, "Unknown", "Unknown"))
    for name, at in (("effective", "effective_at"), ("onset", "onset_at"), ("expires", "ends_at")):
        if told[at] is not None:
            _add(info, name, _time(told[at]))
    _add_told(info, "senderName", told["sender_name"] or told["sender"])
    _add_told(info, "headline", _titled(told["headline"], publisher))
    _add_told(info, "description", told["description"])
    _add_told(info, "instruction", told["instruction"])
    _add_told(info, "web", _link(told["web"]))
    _area(info, feature)


def _area(info: ElementTree.Element, feature: Feature) -> None:
    told, geometry = feature["properties"], feature["geometry"]
    codes = [(scheme, code) for scheme, found in (told["area_codes"] or {}).items() for code in found]
    polygons, circles = _shapes(geometry)
    if not (told["area_text"] or codes or polygons or circles):
        return
    area = _add(info, "area")
    _add(area, "areaDesc", told["area_text"] or "-")
    for outline, *_ in polygons:
        _add(area, "polygon", outline)
    for circle in circles:
        _add(area, "circle", circle)
    holes = [(EXCLUDED, hole) for _, *inner in polygons for hole in inner]
    for scheme, code in (*holes, *codes):
        geocode = _add(area, "geocode")
        _add(geocode, "valueName", scheme)
        _add(geocode, "value", code)
    if told["altitude_m"] is not None:
        _add(area, "altitude", _decimal(told["altitude_m"] / FOOT_M, 4))
        if told["ceiling_m"] is not None:
            _add(area, "ceiling", _decimal(told["ceiling_m"] / FOOT_M, 4))


def _shapes(geometry: Any) -> tuple[list[list[str]], list[str]]:
    """Polygons as outline and holes, and points as circles without a radius; CAP has no lines."""
    match None if geometry is None else geometry["type"]:
        case "Polygon":
            return [_rings(geometry["coordinates"])], []
        case "MultiPolygon":
            return [_rings(rings) for rings in geometry["coordinates"]], []
        case "Point":
            return [], [f"{_pair(geometry['coordinates'])} 0"]
        case "MultiPoint":
            return [], [f"{_pair(position)} 0" for position in geometry["coordinates"]]
    return [], []


def _rings(rings: Any) -> list[str]:
    return [" ".join(_pair(position) for position in ring) for ring in rings]


def _pair(position: Any) -> str:
    return f"{_decimal(position[1], 7)},{_decimal(position[0], 7)}"


def _decimal(number: float, digits: int) -> str:
    """A number without an exponent and without zeros that say nothing."""
    text = f"{number:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _reference(written: str, publisher: Publisher) -> str | None:
    """`sender,identifier,sent`; a reference that is the identifier alone says too little for CAP."""
    parts = written.split(",")
    if len(parts) != 3 or not all(part.strip() for part in parts):
        return None
    sender, identifier, sent = (_name(part) for part in parts)
    if publisher.exercise:
        return f"{publisher.sender},{_practised(identifier, publisher)},{sent}"
    return f"{sender},{identifier},{sent}"


def _practised(identifier: str, publisher: Publisher) -> str:
    return _name(f"UEBUNG.{publisher.situation}.{identifier}")


def _titled(headline: str | None, publisher: Publisher) -> str | None:
    if not publisher.exercise or (headline and MARK in headline):
        return headline
    return f"{MARK}: {headline}" if headline else MARK


def _word(word: str | None, words: tuple[str, ...], missing: str, unknown: str) -> str:
    return missing if word is None else word if word in words else unknown


def _time(written: str | None) -> str:
    """With an offset and without fractions, as CAP asks; the beginning of 1970 for no time."""
    moment = datetime.fromtimestamp(0, UTC) if written is None else datetime.fromisoformat(written)
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _name(text: str | None) -> str:
    """The text as CAP allows it for who sends and what is sent; a very long one is cut and stays one of its own."""
    found = _NOT_IN_NAMES.sub("_", _clean(text or "").strip())
    return found if len(found) <= MAX_NAME_CHARS else f"{found[:100]}~{idempotency_key(found)}"


def _link(text: str | None) -> str | None:
    return text if text and re.fullmatch(r"https?://[\w.~:/?#@!$&'()*+,;=%-]{1,2000}", text, re.ASCII) else None


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _add_told(parent: ElementTree.Element, name: str, text: str | None) -> None:
    if text:
        _add(parent, name, text)


def _add(parent: ElementTree.Element, name: str, text: str | None = None, /, **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, name, attributes)
    child.text = None if text is None else _clean(text)
    return child


def _xml(root: ElementTree.Element) -> bytes:
    found: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return found
