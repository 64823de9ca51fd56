"""JSON from strangers: one call that is safe against depth, size, broken text and numbers that are none."""

import re
from typing import Any

import msgspec

from server.feeds import INVALID, TOO_LARGE, DecodeError, Limits

_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or what is left of the text where its end is missing: so every byte is looked at once."""
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_OPENING = frozenset(b"[{")
_BOM = b"\xef\xbb\xbf"


def load(body: bytes, limits: Limits) -> Any:
    """The document. Raises DecodeError: malformed, or over the limits of size and depth.

    NaN, Infinity and numbers that do not fit a double are malformed, as RFC 8259 has it.
    """
    if len(body) > limits.body_bytes:
        raise DecodeError(f"the message has {len(body)} bytes, more than {limits.body_bytes}", TOO_LARGE)
    if depth_exceeds(body, limits.depth):
        raise DecodeError(f"nested deeper than {limits.depth} levels", INVALID)
    try:
        return msgspec.json.decode(body.removeprefix(_BOM))
    except UnicodeDecodeError as error:
        raise DecodeError(f"not UTF-8 at byte {error.start}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from error


def depth_exceeds(body: bytes, limit: int) -> bool:
    """Are more than `limit` brackets open at once, not counting those in strings? Linear, whatever the bytes are."""
    depth = 0
    for byte in _STRING.sub(b"", body).translate(None, _NOT_BRACKETS):
        if byte in _OPENING:
            depth += 1
            if depth > limit:
                return True
        elif depth:
            depth -= 1
    return False


def dump(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no blanks; equal values give equal bytes. Raises ValueError for what is not JSON."""
    try:
        return msgspec.json.encode(value, order="deterministic")
    except (TypeError, OverflowError, RecursionError, UnicodeEncodeError) as error:
        raise ValueError(f"not JSON: {error}") from error
