"""Cursor on Target: an event as both its encodings have it (XML, and TAK protocol 1), and the XML that we write.

Pure. An `Event` is what MITRE's Base-Event schema (version 2.0, public release) says: type, uid, how, three times, a
point with the height above the ellipsoid of WGS84 and two errors in metres (one sigma), and a detail of any elements.
A number that is `None` is unknown: 9999999.0 on the wire.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

UNKNOWN_M = 9_999_999.0
UNKNOWN_FROM = 999_999.0
"""In protocol 1 both are seen for an unknown height or error."""
DECLARATION = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,99}")


class Node(Struct, frozen=True):
    """An element of the detail: its name, attributes in order, text before the first child, and children."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    children: tuple["Node", ...] = ()

    def get(self, name: str) -> str | None:
        """An attribute, None where there is none."""
        return next((value for key, value in self.attributes if key == name), None)

    def find(self, *tags: str) -> Iterator["Node"]:
        """Children of these names."""
        return (child for child in self.children if child.tag in tags)


class Event(Struct, frozen=True, kw_only=True):
    """One event. Times are aware and in UTC; `lat`, `lon` in degrees (WGS84), `hae`, `ce`, `le` in metres."""

    type: str
    uid: str
    how: str
    time: datetime
    start: datetime
    stale: datetime
    lat: float
    lon: float
    hae: float | None = None
    ce: float | None = None
    le: float | None = None
    access: str = ""
    qos: str = ""
    opex: str = ""
    detail: tuple[Node, ...] = ()

    def find(self, *tags: str) -> Iterator[Node]:
        """Elements of the detail of these names, in order."""
        return (node for node in self.detail if node.tag in tags)

    def first(self, tag: str) -> Node | None:
        """The first element of the detail of this name."""
        return next(self.find(tag), None)

    def value(self, tag: str, attribute: str) -> str | None:
        """The attribute in the first element of the detail that has it and is not blank."""
        for node in self.find(tag):
            value = (node.get(attribute) or "").strip()
            if value:
                return value
        return None


def node(tag: str, text: str = "", children: Iterable[Node] = (), **attributes: str | float | int | None) -> Node:
    """An element; attributes that are None are left out, numbers are written plainly."""
    given = tuple((key.rstrip("_"), written(value)) for key, value in attributes.items() if value is not None)
    return Node(tag, given, text, tuple(children))


def written(value: str | float | int) -> str:
    """A number or text as an attribute has it. Without an exponent: the schema's decimals have none."""
    if isinstance(value, float):
        text = repr(value)
        return format(value, ".12f").rstrip("0").rstrip(".") if "e" in text else text
    return str(value)


def moment(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as TAK clients write it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def metres(value: float | None) -> str:
    """A height or error, 9999999.0 where it is unknown."""
    return written(UNKNOWN_M if value is None else value)


def xml(event: Event) -> bytes:
    """The event as a document in UTF-8: declaration, line feed, event, and no line feed behind it."""
    given = [("version", "2.0"), ("uid", event.uid), ("type", event.type), ("how", event.how)]
    given += [("time", moment(event.time)), ("start", moment(event.start)), ("stale", moment(event.stale))]
    given += [(name, value) for name in ("access", "qos", "opex") if (value := getattr(event, name))]
    place = (("lat", written(event.lat)), ("lon", written(event.lon)), ("hae", metres(event.hae)))
    point = Node("point", (*place, ("ce", metres(event.ce)), ("le", metres(event.le))))
    root = Node("event", tuple(given), "", (point, Node("detail", (), "", event.detail)))
    parts: list[str] = [DECLARATION]
    _write(root, parts)
    return "".join(parts).encode()


def fragment(nodes: Iterable[Node]) -> str:
    """Elements one after another, without a root: what protocol 1 carries beside its own fields."""
    parts: list[str] = []
    for each in nodes:
        _write(each, parts)
    return "".join(parts)


def _write(one: Node, parts: list[str]) -> None:
    if _NAME.fullmatch(one.tag) is None:
        return
    parts.append(f"<{one.tag}")
    seen = set()
    for key, value in one.attributes:
        if _NAME.fullmatch(key) is not None and key not in seen:
            seen.add(key)
            parts.append(f" {key}={_quoted(value)}")
    if not one.text and not one.children:
        parts.append("/>")
        return
    parts.append(">" + escape(_NOT_IN_XML.sub(" ", one.text), {"\r": "&#13;"}))
    for child in one.children:
        _write(child, parts)
    parts.append(f"</{one.tag}>")


def _quoted(value: str) -> str:
    return quoteattr(_NOT_IN_XML.sub(" ", value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
