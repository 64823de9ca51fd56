"""The lines that receivers write, each as the members of a BOSWatch packet."""

import re
from typing import Any

from server.feeds import DecodeError, Limits, Refused, excerpt
from server.feeds._documents import documents

Packet = dict[str, Any]

_ALIVE = re.compile(r"<?(?:keep-?alive|alive)>?|\[(?:ack|nack)-?\]", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,10}\s*(?=\{)")
"""BOSWatch 3 writes the length of a packet before it, padded to ten characters."""
_STRING = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_MEMBER = re.compile(
    rf"\s*({_STRING})\s*:\s*({_STRING}|None|True|False|-?\d[\d.eE+-]{{0,30}})\s*(,|\}}\s*\Z)", re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_MULTIMON_FMS = re.compile(
    r"FMS: [0-9a-f]{12} \((?P<service>[0-9a-f])=.{0,30}?\s+(?P<country>[0-9a-f])=.{0,30}?\s*"
    r"Ort\s+0x(?P<location>[0-9a-f]{2})\s*=\s*\d+\s*FZG\s+(?P<vehicle>[0-9a-f]{4})\s*"
    r"Status\s+(?P<status>[0-9a-f])\s*=(?P<statusText>.{0,30}?)\s+(?P<direction>[01])\s*=(?P<directionText>\S{3}->\S{3})\s*"
    r"2\s*=\s*(?P<tacticalInfo>IV|I{1,3})",
    re.IGNORECASE,
)
_MULTIMON_POCSAG = re.compile(
    r"POCSAG(?P<bitrate>512|1200|2400): Address:\s*(?P<ric>\d{1,7})\s+Function:\s*(?P<function>[0-3])"
    r"(?:\s+(?:Alpha|Numeric|Skyper):\s*(?P<message>.*))?",
    re.DOTALL,
)
_MULTIMON_ZVEI = re.compile(r"ZVEI\d?:\s*(?P<tone>[0-9A-F]{5})\b")
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?[^\s:;]{0,12}|\d\d?\.\d\d?\.\d{2,4} \d\d?:\d\d(?::\d\d)?"
_TIME_BEFORE = re.compile(rf"\s*(?P<timestamp>{_TIME})[\s,;:]*")
_FMS_LINE = re.compile(
    rf"(?:(?P<timestamp>{_TIME})[\s,;:]+)?"
    r"(?:FMS[\s:]+)?(?P<fms>[0-9a-fA-F]{8})[\s,;:-]*(?:Status[\s:=]*)?(?P<status>[0-9A-Za-z])(?![0-9A-Za-z]{2})"
    r"[\s,;:-]*(?P<direction>[01])?(?P<rest>[\s,;].{0,200})?"
)
_CONTROL = re.compile(r"<(?:NUL|EOT|ETX|SOH|STX|CR|LF)>?|[\x00-\x08\x0b-\x1f]")


def packets(body: bytes, limits: Limits) -> tuple[list[Packet], list[Refused], bool]:
    """The packets of a capture, the lines that are none, and whether it was a capture at all.

    Bytes that are not UTF-8 are ISO 8859-1: pagers know no Unicode.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if text.lstrip()[:1] in ("{", "["):
        try:
            given = documents(body, limits)
        except DecodeError:
            pass  # no JSON: a Python dict begins so, too
        else:
            if not given.refused:
                return _objects(given.found)
    found: list[Packet] = []
    refused: list[Refused] = []
    understood = False
    for line in re.split(r"[\r\n]+", text):
        if not line.strip() or _ALIVE.fullmatch(line.strip()):
            understood |= bool(line.strip())
            continue
        packet = _packet(line, limits)
        if packet is None:
            refused.append(Refused(reason="no line of a receiver", excerpt=excerpt(line)))
        else:
            found.append(packet)
    return found, refused, understood or bool(found)


def _objects(values: list[Any]) -> tuple[list[Packet], list[Refused], bool]:
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    refused = [
        Refused(reason="a packet is an object", excerpt=excerpt(str(item)))
        for item in flat
        if not isinstance(item, dict)
    ]
    return [item for item in flat if isinstance(item, dict)], refused, bool(flat)


def _packet(line: str, limits: Limits) -> Packet | None:
    line = line.strip(" \t\x00\ufeff")
    if length := _LENGTH.match(line):
        line = line[length.end() :]
    if line.startswith("{"):
        return _json(line, limits) or python_dict(line)
    before = _TIME_BEFORE.match(line)
    timed = {} if before is None else before.groupdict()
    if found := _MULTIMON_FMS.search(line):
        # A telegram with a broken checksum says nothing for certain.
        return {"mode": "fms", **found.groupdict(), **timed} if "CRC correct" in line[found.end() :] else None
    if found := _MULTIMON_POCSAG.search(line):
        return {"mode": "pocsag", **found.groupdict(), "subric": int(found["function"]) + 1, **timed}
    if found := _MULTIMON_ZVEI.search(line):
        return {"mode": "zvei", **found.groupdict(), **timed}
    if found := _FMS_LINE.fullmatch(line):
        return {"mode": "fms", **{name: value for name, value in found.groupdict().items() if value and name != "rest"}}
    return None


def _json(line: str, limits: Limits) -> Packet | None:
    try:
        found = documents(line.encode("utf-8", "replace"), limits).found
    except DecodeError:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], dict) else None


def python_dict(line: str) -> Packet | None:
    """The text of a flat Python dict of texts, numbers, truth values and None; None where it is none."""
    found: Packet = {}
    place = 1
    if line.replace(" ", "") == "{}":
        return found
    while member := _MEMBER.match(line, place):
        found[_literal(member[1])] = _literal(member[2])
        place = member.end()
        if member[3] != "," or not line[place:].strip(" }"):
            return found
    return None


def _literal(written: str) -> Any:
    if written[0] in "'\"":
        return _ESCAPE.sub(_unescaped, written[1:-1])
    if written in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[written]
    try:
        return float(written) if any(sign in written for sign in ".eE") else int(written)
    except ValueError:
        return written


def _unescaped(escape: re.Match[str]) -> str:
    written = escape[1] or escape[2] or escape[3]
    if written is None:
        return _ESCAPED.get(escape[4], escape[4])
    code = int(written, 16)
    return chr(code) if code < 0xD800 or 0xE000 <= code <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"


def plain(message: str) -> str:
    """A pager's text without control characters, in whatever way the receiver shows them."""
    return _CONTROL.sub("", message).strip()
