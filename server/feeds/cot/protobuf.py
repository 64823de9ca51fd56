"""TAK protocol 1: an event as a protobuf message (`TakMessage`), read and written by a table of its two dozen fields.

What has no field of its own travels as XML without a root in `xmlDetail`; an element that is in both places counts as
the XML has it. A number that is not there is 0, as proto3 has it; in `hae`, `ce` and `le` 999999 and more is unknown.
"""

import math
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from layers.cot import UNKNOWN_M, Event, Node, fragment
from server.feeds import INVALID, DecodeError
from server.feeds.cot.framing import Truncated, as_varint, varint
from server.feeds.cot.xml import LATITUDE, LONGITUDE, MAX_ID_CHARS, MAX_TEXT_CHARS, TYPE_CHARS, known, read_fragment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_FIELDS = 2_000
VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5

TAK_MESSAGE = {1: "takControl", 2: "cotEvent"}
COT_EVENT = {
    1: "type",
    2: "access",
    3: "qos",
    4: "opex",
    5: "uid",
    6: "sendTime",
    7: "startTime",
    8: "staleTime",
    9: "how",
    10: "lat",
    11: "lon",
    12: "hae",
    13: "ce",
    14: "le",
    15: "detail",
}
XML_DETAIL = 1
ELEMENTS: dict[int, tuple[str, tuple[tuple[int, str, str], ...]]] = {
    2: ("contact", ((1, "endpoint", "text"), (2, "callsign", "text"))),
    3: ("__group", ((1, "name", "text"), (2, "role", "text"))),
    4: ("precisionlocation", ((1, "geopointsrc", "text"), (2, "altsrc", "text"))),
    5: ("status", ((1, "battery", "whole"),)),
    6: ("takv", ((1, "device", "text"), (2, "platform", "text"), (3, "os", "text"), (4, "version", "text"))),
    7: ("track", ((1, "speed", "double"), (2, "course", "double"))),
}
"""Fields of Detail that are messages: the element each stands for, and its fields as attributes."""


def read_message(body: bytes) -> Event | None:
    """The event of a TakMessage; None where it holds none (a control message of the mesh). Raises DecodeError."""
    found = None
    for number, value in _fields(body):
        if TAK_MESSAGE.get(number) == "cotEvent":
            found = _bytes(value)
    return None if found is None else _event(found)


def write_message(event: Event) -> bytes:
    """The event as a TakMessage. Times are cut to milliseconds."""
    parts = [
        *(_text(number, getattr(event, COT_EVENT[number])) for number in (1, 2, 3, 4, 5)),
        *(_number(number, _ms(at)) for number, at in ((6, event.time), (7, event.start), (8, event.stale))),
        _text(9, event.how),
        *(_double(number, value) for number, value in ((10, event.lat), (11, event.lon))),
        *(_double(n, UNKNOWN_M if v is None else v) for n, v in ((12, event.hae), (13, event.ce), (14, event.le))),
        _message(15, _detail(event.detail)),
    ]
    return _message(2, b"".join(parts))


def _event(body: bytes) -> Event:
    said: dict[str, Any] = {}
    for number, value in _fields(body):
        if (name := COT_EVENT.get(number)) is not None:
            said[name] = value
    uid = _string(said.get("uid", b"")).strip()
    if not uid or len(uid) > MAX_ID_CHARS:
        raise DecodeError(f"a uid has 1 to {MAX_ID_CHARS} characters", INVALID)
    if "sendTime" not in said:
        raise DecodeError("an event without a time", INVALID)
    time = _time(said["sendTime"])
    return Event(
        type=_string(said.get("type", b"")).partition(";")[0].strip()[:TYPE_CHARS],
        uid=uid,
        how=_string(said.get("how", b""))[:20],
        time=time,
        start=_time(said["startTime"]) if "startTime" in said else time,
        stale=_time(said["staleTime"]) if "staleTime" in said else time,
        lat=_degrees(said.get("lat", 0.0), LATITUDE),
        lon=_degrees(said.get("lon", 0.0), LONGITUDE),
        hae=known(_float(said.get("hae", 0.0))),
        ce=known(_float(said.get("ce", 0.0))),
        le=known(_float(said.get("le", 0.0))),
        access=_string(said.get("access", b""))[:100],
        qos=_string(said.get("qos", b""))[:20],
        opex=_string(said.get("opex", b"")).strip()[:100],
        detail=_nodes(_bytes(said["detail"])) if "detail" in said else (),
    )


def _nodes(body: bytes) -> tuple[Node, ...]:
    xml: tuple[Node, ...] = ()
    typed: dict[str, Node] = {}
    for number, value in _fields(body):
        if number == XML_DETAIL:
            xml = read_fragment(_string(value))
        elif number in ELEMENTS:
            tag, attributes = ELEMENTS[number]
            typed[tag] = Node(tag, _attributes(dict(_fields(_bytes(value))), attributes))
    told = {node.tag for node in xml}
    return (*(node for tag, node in typed.items() if tag not in told), *xml)


def _attributes(values: dict[int, Any], names: tuple[tuple[int, str, str], ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for number, name, kind in names:
        value = values.get(number)
        if kind == "double":
            found.append((name, repr(_finite(0.0 if value is None else value))))
        elif kind == "whole":
            found.append((name, str(_whole(0 if value is None else value))))
        elif value is not None and (text := _string(value)[:MAX_TEXT_CHARS]):
            found.append((name, text))
    return tuple(found)


def _detail(nodes: tuple[Node, ...]) -> bytes:
    """Elements that a field says exactly go there, all others into the XML."""
    typed: dict[int, bytes] = {}
    for number, (tag, names) in ELEMENTS.items():
        same = [node for node in nodes if node.tag == tag]
        if len(same) == 1 and (packed := _packed(same[0], names)) is not None:
            typed[number] = packed
    told = {ELEMENTS[number][0] for number in typed}
    rest = fragment(node for node in nodes if node.tag not in told)
    return _text(XML_DETAIL, rest) + b"".join(_message(number, body) for number, body in sorted(typed.items()))


def _packed(node: Node, names: tuple[tuple[int, str, str], ...]) -> bytes | None:
    """The element as a message, None where that would change what it says."""
    given = dict(node.attributes)
    if node.children or node.text or not given or set(given) - {name for _, name, _ in names}:
        return None
    parts = []
    for number, name, kind in names:
        value = given.get(name)
        if kind == "text":
            if value == "":
                return None
            parts.append(_text(number, value or ""))
        elif kind == "whole":
            if value is None or not value.isdecimal() or len(value) > 9 or str(int(value)) != value:
                return None
            parts.append(_number(number, int(value)))
        else:
            try:
                found = float(value or "")
            except ValueError:
                return None
            if not math.isfinite(found) or repr(found) != value:
                return None
            parts.append(_double(number, found))
    return b"".join(parts)


def _fields(body: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: a number, a float or bytes by its wire type. Raises DecodeError."""
    at = 0
    for _ in range(MOST_FIELDS):
        if at >= len(body):
            return
        try:
            key, at = varint(body, at)
            number, wire = key >> 3, key & 7
            if number == 0:
                raise DecodeError("not a message of protocol 1: a field without a number")
            if wire == VARINT:
                value: Any
                value, at = varint(body, at)
            elif wire in (DOUBLE, FLOAT):
                size = 8 if wire == DOUBLE else 4
                (value,) = struct.unpack_from("<d" if wire == DOUBLE else "<f", body, at)
                at += size
            elif wire == BYTES:
                length, at = varint(body, at)
                if at + length > len(body):
                    raise Truncated
                value, at = body[at : at + length], at + length
            else:
                raise DecodeError(f"not a message of protocol 1: a field of the wire type {wire}")
        except (Truncated, struct.error):
            raise DecodeError("not a message of protocol 1: it is cut off") from None
        yield number, value
    raise DecodeError(f"a message of more than {MOST_FIELDS} fields")


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise DecodeError("not a message of protocol 1: a message is expected, not a number", INVALID)
    return value


def _string(value: Any) -> str:
    return _bytes(value).decode("utf-8", "replace")


def _float(value: Any) -> float:
    if not isinstance(value, float):
        raise DecodeError("not a message of protocol 1: a floating point number is expected", INVALID)
    return value


def _finite(value: Any) -> float:
    found = _float(value)
    return found + 0.0 if math.isfinite(found) else 0.0


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise DecodeError("not a message of protocol 1: a whole number is expected", INVALID)
    return value


def _degrees(value: Any, limit: float) -> float:
    found = _float(value)
    if not -limit <= found <= limit:
        raise DecodeError("latitude or longitude is out of range", INVALID)
    return found + 0.0


def _time(value: Any) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=_whole(value))
    except OverflowError:
        raise DecodeError("a time after the year 9999", INVALID) from None


def _ms(at: datetime) -> int:
    return max(0, (at - EPOCH) // timedelta(milliseconds=1))


def _number(number: int, value: int) -> bytes:
    return as_varint(number << 3 | VARINT) + as_varint(value) if value else b""


def _double(number: int, value: float) -> bytes:
    return as_varint(number << 3 | DOUBLE) + struct.pack("<d", value) if value else b""


def _text(number: int, value: str) -> bytes:
    raw = value.encode("utf-8", "replace")
    return as_varint(number << 3 | BYTES) + as_varint(len(raw)) + raw if raw else b""


def _message(number: int, body: bytes) -> bytes:
    """A message that is there, even an empty one."""
    return as_varint(number << 3 | BYTES) + as_varint(len(body)) + body
