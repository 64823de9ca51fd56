"""What must not be kept of a message: passwords and keys, telephone numbers, mail addresses.

`clean` works on the bytes, so that all else of the original stays as it came, and twice is the same as once. A decoder
that needs it decodes what it returns: then nothing that it makes (content, extra, excerpts) can hold a secret.
"""

import re
from typing import Any

MASK = "***"
_KEY = (
    r"(?:token|passw|pwd|secret|authori[sz]|api[-_]?key|access[-_]?key|credential"
    r"|phone|telefon|rufnummer|r(?:ü|\\u00fc|ue)ckruf|mobilnummer|handy|e[-_]?mail|contact)"
)
_NAME = rf"[^\"'\\\n]{{0,40}}?{_KEY}[^\"'\\\n]{{0,40}}"
_MEMBER = re.compile(
    rf"(?P<member>\"{_NAME}\"\s{{0,20}}:\s{{0,20}})(?:\"(?:[^\"\\]|\\.)*+\"?|[^\s,\[\]{{}}\"]++)".encode(),
    re.IGNORECASE,
)
"""A member of a JSON object: text, a number or a word. An object or list under such a name stays: it holds members."""
_MEMBER_IN_TEXT = re.compile(
    rf"(?P<member>\\\"{_NAME}\\\"\s{{0,20}}:\s{{0,20}}\\\")(?:[^\\\"]|\\[^\"])*+".encode(), re.IGNORECASE
)
"""The same in JSON that is carried as text in JSON."""
_PAIR = re.compile(rf"(?P<pair>(?<![\w-])[\w-]{{0,40}}?{_KEY}[\w-]{{0,40}}=)[^&\s\"<>]++".encode(), re.IGNORECASE)
"""A parameter of a form or an address."""
_KEY_VALUE = re.compile(
    rf"(?P<value>\"key\"\s{{0,20}}:\s{{0,20}}\"{_NAME}\"\s{{0,20}},\s{{0,20}}\"value\"\s{{0,20}}:\s{{0,20}}\")(?:[^\"\\]|\\.)*+".encode(),
    re.IGNORECASE,
)
"""The same as an object of a key and a value."""
_HEADER = re.compile(rb"^(?P<header>(?:Proxy-)?Authorization|Cookie|X-[\w-]*(?:Token|Key)):[^\r\n]*+", re.I | re.M)
_LABELLED = re.compile(
    r"(?P<label>(?:(?<!\w)|(?<=\\[nrt]))(?:tel|telefon|fon|phone|mobil|handy|fax|ruf(?:nummer)?|r(?:ü|\\u00fc|ue)ckruf)"
    r"(?:nummer|nr)?\.?\s{0,3}[:=]?\s{0,3})\+?[\d(][\d\t ()/.-]{3,20}\d".encode(),
    re.IGNORECASE,
)
_INTERNATIONAL = re.compile(rb"\+\d[\d ()/-]{7,18}\d")
_MAIL = re.compile(rb"(?<![\w.+%-])[\w.+%-]{1,64}(?=@[\w-]{1,63}\.[\w.-]{1,100})")
_CALLER = re.compile(
    rb"\"(?:caller|reporter|anrufer|melder)\"\s{0,20}:\s{0,20}(?:\"(?:[^\"\\]|\\.)*+|\{[^{}]{0,2000}\})"
    rb"|(?<![\w-])(?:caller|reporter)=[^&\s]*+",
    re.IGNORECASE,
)
"""Who called: control rooms write the number behind the name."""
_DIGITS = re.compile(rb"[+(]?\d[\d ()/%+-]{4,20}\d")


_OPENS = (
    r"(?:token|passw|pwd|secret|authori[sz]|api[-_]?key|access[-_]?key|credential"
    r"|phone|telefon|rufnummer|r(?:ü|\\u00fc|ue)ckruf|mobilnummer|handy)"
)
"""What opens a door, and telephone numbers. Mail addresses and contacts are not in it."""
_OPENING = rf"[^\"'\\\n]{{0,40}}?{_OPENS}[^\"'\\\n]{{0,40}}"
_OPENING_MEMBER = re.compile(
    rf"(?P<member>\"{_OPENING}\"\s{{0,20}}:\s{{0,20}})(?:\"(?:[^\"\\]|\\.)*+\"?|[^\s,\[\]{{}}\"]++)".encode(),
    re.IGNORECASE,
)
_OPENING_LIST = re.compile(
    rf"(?P<member>\"{_OPENING}\"\s{{0,20}}:\s{{0,20}}\[)(?:[^\"\[\]{{}}]|\"(?:[^\"\\]|\\.)*+\")++".encode(),
    re.IGNORECASE,
)
"""Its value is a list of words, at least its beginning."""
_OPENING_OBJECT = re.compile(
    rf"(?P<member>\"{_OPENING}\"\s{{0,20}}:\s{{0,20}}\{{[^{{}}]{{0,300}}?\"value\"\s{{0,20}}:\s{{0,20}})"
    r"(?:\"(?:[^\"\\]|\\.)*+\"?|[^\s,\[\]{}\"]++)".encode(),
    re.IGNORECASE,
)
"""Its value is an object with a value, as NGSI and parameters have it."""
_TAG = r"(?:[\w-]{1,40}:)?[\w-]{0,40}?" + _OPENS + r"[\w-]{0,40}"
_ELEMENT = re.compile(rf"(?P<element><{_TAG}(?:\s[^<>]{{0,400}})?>)[^<>]++".encode(), re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rf"(?P<attribute>\s{_TAG}\s{{0,5}}=\s{{0,5}}[\"'])(?!\*+[\"'])[^\"'<>]*+".encode(), re.IGNORECASE
)
_NAMED_VALUE = re.compile(
    rf"(?P<named><(?:[\w-]{{1,40}}:)?valueName>\s{{0,20}}{_TAG}\s{{0,20}}</(?:[\w-]{{1,40}}:)?valueName>\s{{0,40}}"
    r"<(?:[\w-]{1,40}:)?value>)[^<]++".encode(),
    re.IGNORECASE,
)
_OPENING_PAIR = re.compile(
    rf"(?P<pair>(?<![\w-])[\w-]{{0,40}}?{_OPENS}[\w-]{{0,40}}=)[^&\s\"'<>]++".encode(), re.IGNORECASE
)
_OPENING_WORDS = tuple(
    word.encode()
    for word in (
        *("token", "passw", "pwd", "secret", "authoris", "authoriz", "credential"),
        *(f"{what}{dash}key" for what in ("api", "access") for dash in ("", "-", "_")),
        *("phone", "telefon", "rufnummer", "rückruf", "r\\u00fcckruf", "rueckruf", "mobilnummer", "handy"),
    )
)
"""All that `_OPENS` stands for, in small letters."""
_WORDS = (*_OPENING_WORDS, *(f"e{dash}mail".encode() for dash in ("", "-", "_")), b"contact")
_CALLERS = (b"caller", b"reporter", b"anrufer", b"melder")
_LABELS = (b"tel", b"fon", b"phone", b"mobil", b"handy", b"fax", b"ruf")


def openings(body: bytes) -> bytes:
    """The message without what opens a door (passwords, tokens, keys) and without telephone numbers beside their name.

    For formats in which mail addresses and contacts are part of what is told.
    """
    # A word that is not there costs a look; an expression that finds nothing costs a hundred.
    if not _has(body.lower(), _OPENING_WORDS):
        return body
    mask = MASK.encode()
    body = _HEADER.sub(rb"\g<header>: " + mask, body)
    if b'"' in body:
        body = _OPENING_MEMBER.sub(rb'\g<member>"' + mask + b'"', body)
        body = _OPENING_LIST.sub(_masked_list, body)
        body = _OPENING_OBJECT.sub(rb'\g<member>"' + mask + b'"', body)
    if b"<" in body:
        body = _ELEMENT.sub(rb"\g<element>" + mask, body)
        body = _NAMED_VALUE.sub(rb"\g<named>" + mask, body)
    if b"=" in body:
        body = _ATTRIBUTE.sub(rb"\g<attribute>" + mask, body)
        body = _OPENING_PAIR.sub(rb"\g<pair>" + mask, body)
    return body


def _masked_list(found: re.Match[bytes]) -> bytes:
    more = b"," if found[0].rstrip().endswith(b",") else b""
    return found["member"] + b'"' + MASK.encode() + b'"' + more


def clean(body: bytes) -> bytes:
    """The message with every secret blanked. Takes any bytes, in time linear in their number."""
    mask = MASK.encode()
    body = _HEADER.sub(rb"\g<header>: " + mask, openings(body))
    small = body.lower()
    if _has(small, _WORDS):
        body = _MEMBER.sub(rb'\g<member>"' + mask + b'"', body)
        if b'\\"' in body:
            body = _MEMBER_IN_TEXT.sub(rb"\g<member>" + mask, body)
        if b'"key"' in small:
            body = _KEY_VALUE.sub(rb"\g<value>" + mask, body)
        if b"=" in body:
            body = _PAIR.sub(rb"\g<pair>" + mask, body)
    if _has(small, _LABELS):
        body = _LABELLED.sub(rb"\g<label>" + mask, body)
    if _has(small, _CALLERS):
        body = _CALLER.sub(lambda found: _DIGITS.sub(mask, found[0]), body)
    if b"+" in body:
        body = _INTERNATIONAL.sub(mask, body)
    return _MAIL.sub(mask, body) if b"@" in body else body


def _has(body: bytes, words: tuple[bytes, ...]) -> bool:
    return any(word in body for word in words)


def is_secret(name: str) -> bool:
    """Whether a member of this name is not to be kept; nor is what is said of a patient."""
    return name.casefold() == "patient" or re.search(_KEY, name, re.IGNORECASE) is not None


def without(value: Any) -> Any:
    """The JSON value without secret members, at any depth (that a decoder lets in)."""
    if isinstance(value, dict):
        return {key: without(member) for key, member in value.items() if not is_secret(key)}
    if isinstance(value, list):
        return [without(item) for item in value]
    return value
