"""Ways to spoil a frame: bytes, JSON, XML, lines and cells, archives, numbers, lengths that lie; drawn from one dice.

`mutated(frames, dice)` chooses a frame and a way that fits what the frame is made of. tests/feeds/fuzz.py has decoders
survive it.
"""

import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 12, 1e308, -1e-308, 2**53 + 1, 10**30, 2**63, -(2**31) - 1, 0.1 + 0.2),
    *(
        "",
        " ",
        "x" * 300,
        "\u200b",
        "\x00",
        "1e999",
        "NaN",
        "-Infinity",
        "2026-11-21T19:05:11Z",
        "2100-01-01/1970-01-01",
    ),
    *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "51.8,8.7 51.8,8.8 51.9,8.8", "javascript:alert(1)"),
    *("\ud800".encode("utf-8", "replace").decode(), "9" * 400, "-0", "1_000", "٣", "1e-400", "0x1F", "true", "\r\n"),
    *([], [[]], {}, [None], [0, 0], [8.78, 51.83], [181, 91]),
    *({"type": None}, {"value": {}}, {"value:": [{}]}, {"type": [], "value": 1}),
    {"type": "Point", "coordinates": [8.78, 51.83]},
    {"type": "Point", "coordinates": [0, 0]},
    {"type": "Polygon", "coordinates": [[[8, 51], [9, 51], [9, 52]]]},
    {"type": {"a": 1}, "coordinates": [[[[[]]]]]},
    {"value": 1, "metadata": {"TimeInstant": {"value": "2026-11-21T19:05:11Z"}}},
    {"attachedToId": ["x"]},
    {"thresholds": {"alarm": [{"comparision": 5, "value": {}}]}},
    [{"name": 1, "value": 2}],
    [{"inclusion": "?", "geometry": 5}],
)
NUMBERS = (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 400, b"-1", b"0", b"1e-400", b"00", b"1.", b"2147483648")
PIECES = (
    *(b'"', b"{", b"[", b"]", b"}", b",", b"\\", b"\x00", b"\xff", b"\r\n", b"<", b">", b"&", b"9" * 400, b"-1"),
    *(b"\xe4", b"\xf0\x9f\x9a\x92", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"&#0;", b"]]>", b"<!--", b"%s", b"\x1b[2J"),
)
NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?")
DEEP = 3_000
BOMB_BYTES = 3_000_000
Dice = random.Random


def mutated(frames: Sequence[bytes], dice: Dice, names: Sequence[str] = ()) -> bytes:
    """One of the frames, spoilt in one or two ways."""
    body = dice.choice(frames)
    for _ in range(dice.choice((1, 1, 1, 2))):
        body = dice.choice(ways(body))(body, dice) if dice.random() < 0.9 else spliced(body, dice.choice(frames), dice)
    return renamed(body, dice, names) if names and dice.random() < 0.1 else body


def ways(body: bytes) -> list[Callable[[bytes, Dice], bytes]]:
    """What can be done to a frame of this make; every make can be damaged, cut and have its numbers exchanged."""
    found: list[Callable[[bytes, Dice], bytes]] = [damaged, damaged, cut, numbered]
    start = body[:200].lstrip()
    if body[:2] == b"PK":
        return [*found, rezipped, rezipped]
    if start[:1] in (b"{", b"["):
        found += [rewritten] * 4
        found += [deepened]
    if start[:1] == b"<":
        found += [reformed] * 4
    if b"\x00" in body[:400] or body[:2] == b"\xff\xd8":
        return [*found, lying, lying, lying]
    return [*found, relined]


def damaged(body: bytes, dice: Dice) -> bytes:
    """The frame with a few bytes changed, lost, or sent twice."""
    broken = bytearray(body)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(broken) or 1)
        match dice.randrange(4):
            case 0:
                broken[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del broken[at : at + dice.randint(1, 40)]
            case 2:
                broken[at:at] = broken[at : at + dice.randint(1, 200)]
            case _:
                broken[at:at] = dice.choice(PIECES)
    return bytes(broken)


def cut(body: bytes, dice: Dice) -> bytes:
    """The beginning, or the end, of the frame."""
    at = dice.randrange(len(body) + 1)
    return body[:at] if dice.random() < 0.8 else body[at:]


def spliced(body: bytes, other: bytes, dice: Dice) -> bytes:
    """The beginning of one frame and the end of another."""
    return body[: dice.randrange(len(body) + 1)] + other[dice.randrange(len(other) + 1) :]


def numbered(body: bytes, dice: Dice) -> bytes:
    """A few numbers exchanged for what is none, or a huge one."""
    found = list(NUMBER.finditer(body[:200_000]))
    if not found:
        return damaged(body, dice)
    for match in sorted(dice.sample(found, min(len(found), dice.randint(1, 3))), key=lambda one: -one.start()):
        body = body[: match.start()] + dice.choice(NUMBERS) + body[match.end() :]
    return body


def lying(body: bytes, dice: Dice) -> bytes:
    """Two or four bytes somewhere become another number: lengths, counts and offsets that lie."""
    broken = bytearray(body)
    for _ in range(dice.randint(1, 3)):
        order, at = dice.choice("<>"), dice.randrange(max(1, len(broken) - 4))
        value = dice.choice(
            (0, 1, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, len(body), len(body) + 1)
        )
        width = dice.choice((1, 2, 4))
        packed = struct.pack(order + "I", value & 0xFFFFFFFF)
        broken[at : at + width] = packed[:width] if order == "<" else packed[4 - width :]
    return bytes(broken)


def relined(body: bytes, dice: Dice) -> bytes:
    """Lines, or cells of a line, exchanged, sent again or left out."""
    lines = body.split(b"\n")
    at = dice.randrange(len(lines))
    match dice.randrange(5):
        case 0:
            lines[at:at] = [lines[dice.randrange(len(lines))]] * dice.randint(1, 5)
        case 1:
            del lines[at]
        case 2:
            other = dice.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            separator = dice.choice((b",", b";", b" ", b"\t", b":", b"*"))
            cells = lines[at].split(separator)
            cells[dice.randrange(len(cells))] = dice.choice((*NUMBERS, *PIECES, b"", *cells))
            lines[at] = separator.join(cells)
    return b"\n".join(lines)


# -- JSON --------------------------------------------------------------------------------------------------------------


def rewritten(body: bytes, dice: Dice) -> bytes:
    """The frame, still JSON, with a few of its parts exchanged for something strange; what is no JSON is damaged."""
    lines = body.splitlines() or [b""]
    at = dice.randrange(len(lines)) if dice.random() < 0.5 else 0
    try:
        document, lines, at = json.loads(body), [b""], 0
    except (ValueError, RecursionError):
        try:
            document = json.loads(lines[at])
        except (ValueError, RecursionError):
            return damaged(body, dice)
    for _ in range(dice.randint(1, 4)):
        document = _exchanged(document, dice)
    lines[at] = json.dumps(document, ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")
    return b"\n".join(lines)


def deepened(body: bytes, dice: Dice) -> bytes:
    """A value of the frame wrapped in very many brackets."""
    open_, close = dice.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"value":', b"}]")))
    depth = dice.choice((30, 33, 200, DEEP))
    found = list(NUMBER.finditer(body[:100_000]))
    if not found:
        return open_ * depth + body + close * depth
    match = dice.choice(found)
    return body[: match.start()] + open_ * depth + match[0] + close * depth + body[match.end() :]


def renamed(body: bytes, dice: Dice, names: Sequence[str]) -> bytes:
    """A word of the frame exchanged for another word of the feed."""
    old, new = dice.choice(names).encode(), dice.choice(names).encode()
    return body.replace(b'"' + old + b'"', b'"' + new + b'"')


def composed(names: Sequence[str], values: Sequence[Any], dice: Dice) -> bytes:
    """A document made of a feed's own words, its values and strange ones."""

    def value(depth: int) -> Any:
        match dice.randrange(6 if depth else 3):
            case 0:
                return dice.choice(STRANGE)
            case 3:
                return [value(depth - 1) for _ in range(dice.randrange(4))]
            case 4 | 5:
                return {dice.choice(names): value(depth - 1) for _ in range(dice.randrange(7))}
            case _:
                return dice.choice(values) if values else dice.choice(STRANGE)

    document = {dice.choice(names): value(3) for _ in range(dice.randint(1, 8))} if names else value(3)
    return json.dumps(document if dice.random() < 0.7 else [document]).encode()


def _exchanged(node: Any, dice: Dice) -> Any:
    if dice.random() < 0.12 or not isinstance(node, dict | list) or not node:
        return dice.choice(STRANGE)
    if isinstance(node, list):
        at = dice.randrange(len(node))
        match dice.randrange(8):
            case 0:
                return [*node, node[at]]
            case 1:
                return node[:at] + node[at + 1 :]
            case 2:
                return [*node[:at], *[node[at]] * dice.choice((3, 40)), *node[at:]]
            case _:
                return [*node[:at], _exchanged(node[at], dice), *node[at + 1 :]]
    key = dice.choice(list(node))
    match dice.randrange(10):
        case 0:
            return {name: value for name, value in node.items() if name != key}
        case 1:
            other = dice.choice(list(node))
            return {**node, key: node[other], other: node[key]}
        case 2:
            return {**node, dice.choice(("id", "type", "value", key + ":", key.upper(), "", "x" * 300)): node[key]}
        case _:
            return {**node, key: _exchanged(node[key], dice)}


# -- XML ---------------------------------------------------------------------------------------------------------------


def reformed(body: bytes, dice: Dice) -> bytes:
    """The frame, still XML for the most part, with elements and attributes exchanged, doubled, emptied or nested."""
    match dice.randrange(6):
        case 0:
            entity = dice.choice((b'"x"', b'SYSTEM "file:///etc/passwd"', b'"' + b"&y;" * 50 + b'"'))
            return b"<!DOCTYPE a [<!ENTITY x " + entity + b">]>" + re.sub(rb"^<\?xml[^>]*>", b"", body.lstrip())
        case 1:
            return body.replace(b">", b">" + b"<a>" * DEEP, 1) if dice.random() < 0.2 else damaged(body, dice)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (frames of our own)
    except (ElementTree.ParseError, ValueError, LookupError):
        return damaged(body, dice)
    for _ in range(dice.randint(1, 4)):
        _reform(root, dice)
    made: bytes = ElementTree.tostring(root, encoding=dice.choice(("utf-8", "us-ascii", "utf-16")))
    return made


def _reform(root: ElementTree.Element, dice: Dice) -> None:
    every = [*root.iter()][:2_000]
    element = dice.choice(every)
    children = list(element)
    match dice.randrange(8):
        case 0 if children:
            element.remove(dice.choice(children))
        case 1 if children:
            element.extend([dice.choice(children)] * dice.choice((1, 3, 40)))
        case 2 if len(children) > 1:
            first, second = dice.sample(range(len(children)), 2)
            element[first], element[second] = children[second], children[first]
        case 3:
            element.text = str(dice.choice(STRANGE)).replace("\x00", "")
        case 4:
            element.set(dice.choice(("type", "id", "lang", "x")), "y" * dice.choice((0, 1, 3_000)))
        case 5:
            for name in element.attrib:
                element.set(name, dice.choice(("", "0", "-1", "NaN", "9" * 400)))
        case 6:
            element.tag = dice.choice(every).tag
        case _:
            other = dice.choice(every)
            element.text, other.text = other.text, element.text


# -- archives ----------------------------------------------------------------------------------------------------------


def rezipped(body: bytes, dice: Dice) -> bytes:
    """The archive with its members spoilt, doubled, swollen or named badly."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()[:20]]
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
        struct.error,
    ):
        return lying(body, dice)
    if not members:
        return damaged(body, dice)
    at = dice.randrange(len(members))
    name, inner = members[at]
    match dice.randrange(12):
        case 0:
            members[at] = (name, inner + b" " * BOMB_BYTES)
        case 1:
            members += [(f"{number}.xml", inner[:2_000]) for number in range(dice.choice((30, 300)))]
        case 2:
            members[at] = (dice.choice(("../../x.xml", "/etc/x.xml", "", "a" * 200, "x.zip", "Ümläut.xml")), inner)
        case 3:
            members[at] = ("inner.zip", body)
        case _:
            members[at] = (name, mutated([inner], dice) if inner[:2] != b"PK" else damaged(inner, dice))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for index, (name, inner) in enumerate(members):
            archive.writestr(zipfile.ZipInfo(name or f"m{index}"), inner, zipfile.ZIP_DEFLATED)
    made = packed.getvalue()
    return lying(made, dice) if dice.random() < 0.2 else made
