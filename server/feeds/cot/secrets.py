"""What is not kept of an event: telephone numbers, addresses, passwords.

Blanked in the bytes, length by length, so that the lengths that protocol 1 counts stay right; twice is as once.
"""

import hashlib
import re

from server.feeds._secrets import openings

_PRIVATE = re.compile(
    rb"(?P<name>(?:phone|xmppUsername|password|username|email|sipAddress)\s{0,5}=\s{0,5})"
    rb"(?:\"(?P<double>[^\"<]{1,500})\"|'(?P<single>[^'<]{1,500})')",
    re.IGNORECASE,
)
_NUMBER = re.compile(rb"(?<![\w.+-])\+?\d{6,15}(?=-9-1-1(?![\w-]))")
"""A telephone number as the uid of an alarm."""
_USERINFO = re.compile(rb"(?P<scheme>[a-z]{2,8}://)(?P<who>[^\s/@\"'<>?#]{1,200})(?=@)", re.IGNORECASE)


def clean(body: bytes) -> bytes:
    """The message without them. The number in the uid of an alarm gives way to its hash: the same for its cancel."""
    body = _PRIVATE.sub(_masked, body)
    body = _USERINFO.sub(lambda found: found["scheme"] + b"*" * len(found["who"]), body)
    body = _NUMBER.sub(_hashed, body)
    # Within protocol 1 lengths are told: there only what keeps its length may be blanked.
    return openings(body) if body.lstrip()[:1] == b"<" else body


def _masked(found: re.Match[bytes]) -> bytes:
    quote, value = (b'"', found["double"]) if found["double"] is not None else (b"'", found["single"])
    return found["name"] + quote + b"*" * len(value) + quote


def _hashed(found: re.Match[bytes]) -> bytes:
    """As long as the number; the letter in front keeps it from being taken for one again."""
    digest = hashlib.sha256(b"telephone" + found[0]).hexdigest().encode()
    return b"x" + digest[: len(found[0]) - 1]
