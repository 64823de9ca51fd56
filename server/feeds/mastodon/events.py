"""Server-sent events (WHATWG HTML), as Mastodon streams them, from the bytes of a connection or a file."""

import re
from collections.abc import Iterator

from server.feeds import TOO_LARGE, DecodeError

MAX_BYTES = 4_000_000
MAX_EVENTS = 10_000
_LINES = re.compile(r"\r\n|\n|\r")
_STREAM = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?::|event:|data:|id:|retry:)")


def is_stream(body: bytes) -> bool:
    """Whether it begins as a stream does: with a field or a comment."""
    return _STREAM.match(body) is not None


def events(body: bytes) -> Iterator[tuple[str, str]]:
    """Name and data of each event; the last one also without the blank line behind it. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the message has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    event, data, count = "", list[str](), 0
    for line in [*_LINES.split(body.decode("utf-8-sig", "replace").lstrip()), ""]:
        field, _, value = line.partition(":")
        if field == "event":
            event = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line:
            if data:
                count += 1
                if count > MAX_EVENTS:
                    raise DecodeError(f"more than {MAX_EVENTS} events in one message", TOO_LARGE)
                yield event, "\n".join(data)
            event, data = "", []
