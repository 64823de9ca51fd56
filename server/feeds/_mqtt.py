"""Messages of MQTT as bytes: a decoder needs the topic beside the payload, and a capture may hold many of them.

Taken: the form of `wrap` and of `mosquitto_sub -F %j` (JSON with `topic` and `payload`), that of `mosquitto_sub -v`
(`topic payload` on a line), the log of Zigbee2MQTT (`topic 'x', payload '{}'`), and payloads without a topic.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from server.feeds import DecodeError, Limits, Refused, excerpt
from server.feeds._documents import MAX_DOCUMENTS, documents
from server.feeds._json import dump, load

_LOGGED = re.compile(r"topic '(?P<topic>[^']{1,1000})', payload '(?P<payload>.*)'\s*\Z")
_LINE = re.compile(r"(?P<topic>[^\s{\[\"'][^{\[\"\t]{0,1000}?)[ \t](?P<payload>(?:[{\[\"].*|[^\s/]{1,200})?)\Z")
_TOPIC = re.compile(r"[^\s{\[\"'/][^{\[\"\t]{0,1000}/[^{\[\"\t]{1,1000}")


class Message(Struct, frozen=True, kw_only=True):
    """One message. `payload` is JSON's value where it is JSON, else the text; None is an empty payload."""

    topic: str | None
    payload: Any
    retained: bool = False
    known: bool = False
    """It was taken before, and comes along to explain what follows it."""


class Messages(Struct, frozen=True):
    """The messages of a capture in their order, and the pieces that are none."""

    found: list[Message]
    refused: list[Refused]


def wrap(topic: str, payload: bytes, retained: bool = False, known: bool = False) -> bytes:
    """A message as `messages` takes it: what an MQTT client hands to a decoder."""
    told = {"topic": topic, "payload": payload.decode("utf-8", "replace"), "retain": retained}
    return json.dumps(told | ({"known": True} if known else {}), ensure_ascii=False).encode()


def messages(body: bytes, limits: Limits) -> Messages:
    """Every message of the body. Raises DecodeError where there is none, or it is too large or too deep."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    lines = [line for line in text.decode("utf-8", "replace").splitlines()[: MAX_DOCUMENTS + 1] if line.strip()]
    if lines and _topical(lines[0]):
        if len(body) > limits.body_bytes:
            raise DecodeError(f"the message has {len(body)} bytes, more than {limits.body_bytes}", "too_large")
        return _of_lines(lines, limits)
    given = documents(body, limits)
    found = [message for document in given.found for message in _of_document(document, limits)]
    return Messages(found, list(given.refused))


def _topical(line: str) -> bool:
    logged = _LOGGED.search(line)
    plain = _LINE.match(line)
    return logged is not None or (plain is not None and _TOPIC.fullmatch(plain["topic"]) is not None)


def _of_lines(lines: list[str], limits: Limits) -> Messages:
    found: list[Message] = []
    refused: list[Refused] = []
    for line in lines[:MAX_DOCUMENTS]:
        parts = _LOGGED.search(line) or _LINE.match(line)
        if parts is None:
            refused.append(Refused(reason="no topic and payload", excerpt=excerpt(line)))
            continue
        try:
            found.append(Message(topic=parts["topic"].strip(), payload=_value(parts["payload"], limits)))
        except DecodeError as error:
            refused.append(Refused(reason=error.reason, excerpt=excerpt(line), kind=error.kind))
    return Messages(found, refused)


def _of_document(document: Any, limits: Limits) -> Iterator[Message]:
    if isinstance(document, list) and document and all(_is_wrapped(item) for item in document):
        for item in document:
            yield from _of_document(item, limits)
    elif _is_wrapped(document):
        payload = document["payload"]
        yield Message(
            topic=document["topic"],
            payload=_value(payload, limits) if isinstance(payload, str) else payload,
            retained=document.get("retain") in (True, 1),
            known=document.get("known") is True,
        )
    else:
        yield Message(topic=None, payload=document)


def _is_wrapped(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("topic"), str) and "payload" in document


def _value(payload: str, limits: Limits) -> Any:
    """JSON's value; a word that is not JSON is itself. Raises DecodeError for JSON over the limits."""
    text = payload.strip()
    if not text:
        return None
    if text[0] in "{[":
        return load(text.encode(), limits)
    try:
        value = load(text.encode(), limits)
    except DecodeError:
        return text
    return value if isinstance(value, str | bool | int | float) or value is None else text


def scalar(value: Any) -> Any:
    """A value as a device may have it; long texts and structures are none."""
    if isinstance(value, str):
        return value[:200]
    return value if isinstance(value, bool | int | float) and len(dump(value)) < 40 else None
