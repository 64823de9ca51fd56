"""Several JSON documents in one body: a list of lines, or one after another as a socket delivered them."""

import re
from typing import Any

from msgspec import Struct

from server.feeds import MALFORMED, DecodeError, Limits, Refused, excerpt
from server.feeds._json import load

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_BOM = b"\xef\xbb\xbf"
MAX_DOCUMENTS = 50_000


class Documents(Struct, frozen=True):
    """The documents in their order, and the pieces between that are none."""

    found: list[Any]
    refused: list[Refused]


def documents(body: bytes, limits: Limits) -> Documents:
    """Every JSON object or list of the body. Raises DecodeError where there is none, or it is too large or too deep."""
    text = body.removeprefix(_BOM).strip()
    if not text:
        raise DecodeError("an empty message")
    try:
        return Documents([load(text, limits)], [])
    except DecodeError as error:
        if error.kind != MALFORMED:
            raise
        whole = error
    lines = text.splitlines()
    pieces = lines if len(lines) > 1 and _are_documents(lines, limits) else _pieces(text)
    found: list[Any] = []
    refused: list[Refused] = []
    for piece in pieces[:MAX_DOCUMENTS]:
        if not piece.strip():
            continue
        try:
            found.append(load(piece, limits))
        except DecodeError as error:
            refused.append(Refused(reason=error.reason, excerpt=excerpt(piece), kind=error.kind))
    if not found:
        raise whole
    return Documents(found, refused)


def _are_documents(lines: list[bytes], limits: Limits) -> bool:
    """Whether at least one line is a whole object or list: then a broken line does not take its neighbours along."""
    for line in lines:
        if line.strip()[:1] in (b"{", b"["):
            try:
                load(line, limits)
            except DecodeError:
                continue
            return True
    return False


def _pieces(text: bytes) -> list[bytes]:
    """Cut behind each bracket that closes the outermost one."""
    pieces, start, depth = [], 0, 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in (b"{", b"["):
            depth += 1
        elif sign in (b"}", b"]"):
            depth = max(0, depth - 1)
            if depth == 0:
                pieces.append(text[start : token.end()])
                start = token.end()
    return [*pieces, text[start:]]
