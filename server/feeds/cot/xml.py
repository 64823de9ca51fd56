"""An event in XML, read: bounded in depth, elements and length of texts, without entities and document types."""

import math
from datetime import UTC, datetime

from lxml import etree
from msgspec import Struct

from layers.cot import UNKNOWN_FROM, Event, Node
from server.feeds import INVALID, DecodeError
from server.feeds._times import moment
from server.feeds._xml import Element, children, documents, local
from server.feeds.cot.framing import MAX_EVENT_BYTES

MAX_DEPTH = 16
MAX_NODES = 10_000
MAX_TEXT_CHARS = 20_000
MAX_LINE_CHARS = 500_000
"""Of the event within a link of a telestration, which has a position for each movement of the hand."""
MAX_ID_CHARS = 256
TYPE_CHARS = 100
LATITUDE, LONGITUDE = 90.0, 180.0


class SignIn(Struct, frozen=True):
    """What a client says in `<auth>`."""

    username: str
    password: str


def read_event(body: bytes) -> Event:
    """The event in the bytes. Raises DecodeError."""
    root = documents(body, MAX_EVENT_BYTES).roots[0]
    if local(root) != "event":
        raise DecodeError(f"an event is expected, not {local(root)[:40] or 'nothing'}", INVALID)
    points, details = list(children(root, "point")), list(children(root, "detail"))
    if not points:
        raise DecodeError("an event without a point", INVALID)
    counter = [MAX_NODES]
    detail = _node(details[0], 0, counter).children if details else ()
    given, place = _attributes(root), _attributes(points[0])
    time = _time(given, "time")
    return Event(
        type=given.get("type", "").partition(";")[0].strip()[:TYPE_CHARS],
        uid=_uid(given.get("uid", "")),
        how=given.get("how", "").strip()[:20],
        time=time,
        start=_time(given, "start", time),
        stale=_time(given, "stale", time),
        lat=degrees(place.get("lat"), LATITUDE, "latitude"),
        lon=degrees(place.get("lon"), LONGITUDE, "longitude"),
        hae=known(place.get("hae")),
        ce=known(place.get("ce")),
        le=known(place.get("le")),
        access=given.get("access", "")[:100],
        qos=given.get("qos", "")[:20],
        opex=given.get("opex", "").strip()[:100],
        detail=detail,
    )


def read_fragment(text: str) -> tuple[Node, ...]:
    """Elements without a root, as protocol 1 carries them. Raises DecodeError."""
    if not text.strip():
        return ()
    root = documents(f"<detail>{text}</detail>".encode("utf-8", "replace"), MAX_EVENT_BYTES + 100).roots[0]
    if local(root) != "detail":
        raise DecodeError("the detail is not XML", INVALID)
    return _node(root, 0, [MAX_NODES]).children


def read_sign_in(body: bytes) -> SignIn:
    """Who signs in, and with what. Raises DecodeError."""
    root = documents(body, 10_000).roots[0]
    for element in (root, *children(root)):
        given = _attributes(element)
        if "password" in given:
            return SignIn(given.get("username", "")[:MAX_ID_CHARS], given["password"][:1_000])
    raise DecodeError("a sign-in without a password", INVALID)


def degrees(written: str | None, limit: float, name: str) -> float:
    """A latitude or longitude. Raises DecodeError."""
    try:
        found = float(written or "")
    except ValueError:
        raise DecodeError(f"the {name} is no number", INVALID) from None
    if not -limit <= found <= limit:  # NaN fails too
        raise DecodeError(f"the {name} is out of range", INVALID)
    return found + 0.0


def known(written: str | float | None) -> float | None:
    """A height or error in metres; None for the numbers that mean unknown, for NaN and for what is no number."""
    try:
        found = float(written if written is not None else "")
    except ValueError:
        return None
    return found + 0.0 if math.isfinite(found) and abs(found) < UNKNOWN_FROM else None


def _uid(written: str) -> str:
    found = written.strip()
    if not found:
        raise DecodeError("an event without a uid", INVALID)
    if len(found) > MAX_ID_CHARS:
        raise DecodeError(f"a uid of more than {MAX_ID_CHARS} characters", INVALID)
    return found


def _time(given: dict[str, str], name: str, without: datetime | None = None) -> datetime:
    written = given.get(name, "").strip()
    if not written:
        if without is None:
            raise DecodeError(f"an event without a {name}", INVALID)
        return without
    try:
        return moment(written)[0].astimezone(UTC)
    except ValueError as error:
        if without is not None:
            return without
        raise DecodeError(f"{name}: {error}", INVALID) from None


def _attributes(element: Element) -> dict[str, str]:
    """By local name; what has a namespace is somebody else's."""
    return {str(key): str(value) for key, value in element.attrib.items() if not str(key).startswith("{")}


def _node(element: Element, depth: int, left: list[int]) -> Node:
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise DecodeError(f"a detail of more than {MAX_DEPTH} levels or {MAX_NODES} elements", INVALID)
    given = _attributes(element)
    text = element.text or ""
    most = {"line": MAX_LINE_CHARS}
    if len(text) > MAX_TEXT_CHARS or any(len(value) > most.get(key, MAX_TEXT_CHARS) for key, value in given.items()):
        raise DecodeError(f"a text of more than {MAX_TEXT_CHARS} characters", INVALID)
    inner = tuple(_node(child, depth + 1, left) for child in element.iterchildren(tag=etree.Element))
    return Node(local(element), tuple(given.items()), text if not inner or text.strip() else "", inner)
