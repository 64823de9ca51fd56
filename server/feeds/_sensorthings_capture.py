"""Captures of SensorThings messages: MQTT with topics, logs of subscribers, JSON, and all of it in a ZIP archive."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from server.feeds import INVALID, DecodeError, Limits, Refused, excerpt
from server.feeds._archive import is_zip, members
from server.feeds._json import load
from server.feeds._mqtt import Message, Messages, messages
from server.feeds._secrets import clean as without_secrets

MAX_BYTES = 8_000_000
MAX_UNPACKED = 64_000_000
TOPIC = re.compile(r"(?:.{0,400}/)?(?:Multi)?Datastreams\((?P<id>'[^']{0,200}'|[^)]{0,200})\)/Observations")
_CONTROL = re.compile(rb"([A-Za-z]{0,60}@iot\.[A-Za-z]{1,40})")
"""Members by which entities link to each other."""
_IN_TEXT = re.compile(
    r"Datastreams\((?:'[^'\n]{0,200}'|[^()\n]{0,200})\)/Observations"
    r"[\"']?[ \t,]*\r?\n?[^\n{]{0,60}(?P<payload>\{[^\n]*)"
)
"""A topic and its payload, on one line or on the next one (`message topic= …`, `message received  {…}`)."""


def datastream_of(topic: str | None) -> str | None:
    """The id of the datastream that a topic names, without quotes."""
    match = TOPIC.fullmatch(topic or "")
    return match["id"].strip("'").strip() or None if match else None


def captured(body: bytes, limits: Limits) -> Messages:
    """Every message of a capture. Raises DecodeError where there is none."""
    limits = msgspec.structs.replace(limits, body_bytes=MAX_BYTES)
    if not is_zip(body):
        return _messages(clean(body), limits)
    found: list[Message] = []
    refused: list[Refused] = []
    for member in members(body, MAX_UNPACKED, MAX_BYTES):
        if member.reason is not None:
            refused.append(Refused(reason=f"{member.name}: {member.reason}"))
        else:
            try:
                given = _messages(clean(member.body), limits)
            except DecodeError:
                continue  # a log of something else, a read-me
            found += given.found
            refused += given.refused
    if not found:
        raise DecodeError("no observation in the archive", INVALID)
    return Messages(found, refused)


def _messages(body: bytes, limits: Limits) -> Messages:
    if len(body) > limits.body_bytes:
        raise DecodeError(f"the message has {len(body)} bytes, more than {limits.body_bytes}", "too_large")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return messages(body, limits)
    found: list[Message] = []
    refused: list[Refused] = []
    for topic, payload in _in_text(body.decode("utf-8", "replace")):
        try:
            found.append(Message(topic=topic, payload=load(payload.encode(), limits)))
        except DecodeError as error:
            refused.append(Refused(reason=error.reason, excerpt=excerpt(payload), kind=error.kind))
    if found:
        return Messages(found, refused)
    return messages(body, limits)


def _in_text(text: str) -> Iterator[tuple[str, str]]:
    for match in _IN_TEXT.finditer(text):
        topic = match[0].partition(")/Observations")[0] + ")/Observations"
        yield topic, match["payload"].rstrip().rstrip("'")


def clean(body: bytes) -> bytes:
    """The message with secrets blanked. `Thing@iot.id` is no mail address. An archive stays as it is."""
    if is_zip(body):
        return body
    parts = _CONTROL.split(body)
    parts[::2] = [without_secrets(part) for part in parts[::2]]
    return b"".join(parts)


def as_list(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]
