"""What is not public is not kept: neither in the picture nor in the original bytes.

`without_private` is the feed's `clean`: of a status that is private, direct or unlisted there stays that there was one.
"""

import re
from collections.abc import Mapping
from typing import Any

from server.feeds import DecodeError, Limits
from server.feeds._documents import documents
from server.feeds._json import dump, load
from server.feeds.mastodon.events import MAX_BYTES, events, is_stream

LIMITS = Limits(body_bytes=MAX_BYTES)
_NOT_PUBLIC = re.compile(rb'"visibility\\*"\s{0,20}+:\s{0,20}+(?!\\*"public\\*")|conversation')
_WORDS = re.compile(
    rb'(\\*"(?:content|spoiler_text|text|url|acct)\\*"\s{0,20}:\s{0,20})(?:\\*"(?:[^"\\]|\\[^"])*+(?:\\*")?|[^,}]*+)'
)
"""For bytes that cannot be read as what they are: then no status keeps its words."""


def without_private(body: bytes) -> bytes:
    """The message without the words of statuses that are not public; untouched where all are."""
    if not _NOT_PUBLIC.search(body):
        return body
    try:
        if is_stream(body):
            return b"".join(_event(event, data) for event, data in events(body)) or b":\n"
        return b"\n".join(dump(_public(document)) for document in documents(body, LIMITS).found)
    except (DecodeError, ValueError):
        return _WORDS.sub(rb'\1""', body)


def who(status: Any) -> Any:
    """Which status it was, not what it says."""
    if not isinstance(status, Mapping):
        return ""
    return {key: status[key] for key in ("id", "visibility", "created_at") if isinstance(status.get(key), str)}


def _event(event: str, data: str) -> bytes:
    if event != "delete":
        data = "{}" if event == "conversation" else _kept(data)
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {event}\n{lines}\n".encode()


def _kept(data: str) -> str:
    try:
        return dump(_public(load(data.encode("utf-8", "replace"), LIMITS))).decode()
    except (DecodeError, ValueError):
        return "undefined"


def _public(value: Any) -> Any:
    """The document with a stub for every status that is not public."""
    if isinstance(value, list):
        return [_public(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "visibility" in value and value["visibility"] != "public":
        return {**who(value), "visibility": value["visibility"], "content": "", "account": {}}
    payload = value.get("payload")
    if isinstance(payload, str) and payload.lstrip()[:1] == "{":
        return {**value, "payload": "{}" if value.get("event") == "conversation" else _kept(payload)}
    return {key: _public(member) for key, member in value.items()}
