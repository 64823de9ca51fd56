"""HTTP requests as bytes (RFC 9112), for formats of which a part stands in the address: `/vehicle/4711/status`.

A capture may be the body alone or whole requests, one after another. Who receives a request and has only its body and
path left puts them together again with `request`.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

_LINE = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) (?P<target>[^\s]{1,4000})(?: HTTP/\d(?:\.\d)?)?\r?\n")
_NEXT = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) /[^\s]{0,4000} HTTP/\d(?:\.\d)?\r?\n")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_FORM = re.compile(rb"\s*[\w\[\].%+-]{1,200}=[^\s]*\s*")
MAX_REQUESTS = 10_000
MAX_FIELDS = 200


class Request(Struct, frozen=True):
    """One request: the segments of its path, the parameters of its address (and of a form), and the body."""

    path: tuple[str, ...] = ()
    query: dict[str, str] = {}
    body: bytes = b""

    def after(self, name: str) -> str | None:
        """The segment that follows `name` in the path."""
        places = [place for place, segment in enumerate(self.path[:-1]) if segment == name]
        return self.path[places[-1] + 1] if places else None


def requests(capture: bytes) -> Iterator[Request]:
    """The requests of a capture; one without a path where it is a body alone. A form's fields are in `query`."""
    if not _LINE.match(capture.lstrip()):
        yield _request(b"", capture)
        return
    rest = capture.lstrip()
    for _ in range(MAX_REQUESTS):
        line = _LINE.match(rest)
        if line is None:
            if rest:
                yield _request(b"", rest)
            return
        head_end = _HEAD_END.search(rest, line.end() - 2)
        start = len(rest) if head_end is None else head_end.end()
        end = _end(rest, start, _LENGTH.search(rest, line.end(), start))
        yield _request(line["target"], rest[start:end])
        rest = rest[end:].lstrip()


def _end(rest: bytes, start: int, length: re.Match[bytes] | None) -> int:
    """Where a body ends: by its length if that fits (blanked secrets change it), else where the next request begins."""
    if length is not None:
        end = start + int(length[1])
        if end >= len(rest.rstrip()) or _NEXT.match(rest[end : end + 5_000].lstrip()):
            return min(end, len(rest))
    following = _NEXT.search(rest, start)
    return following.start() if following else len(rest)


def request(target: str, body: bytes) -> bytes:
    """A request as `requests` takes it, of the path (with its query) that was asked and the body that came."""
    safe = re.sub(r"\s", "%20", target) or "/"
    return f"POST {safe} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _request(target: bytes, body: bytes) -> Request:
    try:
        address = urlsplit(target.decode("utf-8", "replace"))
    except ValueError:
        return Request(body=body)
    query = _fields(address.query)
    if _FORM.fullmatch(body):
        query.update(_fields(body.decode("utf-8", "replace").strip()))
        body = b""
    return Request(tuple(unquote(part) for part in address.path.split("/") if part), query, body)


def _fields(encoded: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(encoded, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}
