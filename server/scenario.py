"""Scenario files: written exercises and recordings of real situations, in one form (docs/exercises.md).

JSON Lines in UTF-8. The first line is the header, each other line a message that a feed sends:
`{"at_s": 12.5, "feed": "ngsi", "instance": "leitstelle", "body": ...}`. `at_s` counts from the header's `starts_at`. A
body that is an object or array is sent as compact JSON; a string is sent as it stands, in UTF-8; `body_base64` holds
other bytes. The feed `observation` carries an observation as we keep it (what a recording has no original message for).
Lines are played in the order of the file; a line whose time lies before an earlier line's waits for that one.
"""

import base64
import binascii
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from layers.observation import utc
from server.journal.moments import from_us, to_us

MAX_BYTES = 512_000_000
MAX_LINE_BYTES = 16_000_000
MAX_LINES = 1_000_000
MAX_AT_S = 366 * 86_400.0

OBSERVATION = "observation"
"""The feed of lines that hold an encoded `Observation`."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

Texts = dict[str, str]


class ScenarioError(ValueError):
    """The file is no scenario; the message names the line."""


class Header(Struct, frozen=True, kw_only=True):
    """What is played; texts by language ("de", "en")."""

    lagebild: Literal["scenario"] = "scenario"
    version: Literal[1] = 1
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    title: Texts
    summary: Texts = {}
    starts_at: Annotated[datetime, Meta(tz=True)]
    duration_s: Annotated[float, Meta(ge=0, le=MAX_AT_S)]
    centre: tuple[float, float] | None = None
    zoom: float | None = None
    units: tuple[str, ...] = ()
    missions: tuple[str, ...] = ()
    expects: Any = ()
    recorded: bool = False
    """A recording: what the intake refused then is noted in lines of its own, and not noted again."""


class _Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    at_s: Annotated[float, Meta(ge=0, le=MAX_AT_S)]
    feed: Annotated[str, Meta(min_length=1, max_length=64)]
    instance: Annotated[str, Meta(max_length=256)]
    body: dict[str, Any] | list[Any] | str | UnsetType = UNSET
    body_base64: str | UnsetType = UNSET


class Message(Struct, frozen=True, kw_only=True):
    """One line, ready to be sent. `received_at` is exactly starts_at + at_s, to the microsecond."""

    received_at: datetime
    feed: str
    instance: str
    body: bytes


_headers = msgspec.json.Decoder(Header)
_lines = msgspec.json.Decoder(_Line)


class Scenario:
    """A file checked line by line, of which only the header and an index are held in memory. Raises ScenarioError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header = read_header(path)
        self._offsets = array("q")
        self._due_us = array("q")
        starts_us, due_us = to_us(self.header.starts_at), 0
        for number, offset, line in _numbered(path):
            message = _message(number, line, self.header.starts_at)
            due_us = max(due_us, to_us(message.received_at), starts_us)
            self._offsets.append(offset)
            self._due_us.append(due_us)

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def starts_at(self) -> datetime:
        """When it begins, UTC."""
        return utc(self.header.starts_at)

    @property
    def ends_at(self) -> datetime:
        """When the written part is over, UTC."""
        return self.starts_at + timedelta(seconds=self.header.duration_s)

    def due(self, index: int) -> datetime:
        """When line `index` (from 0) is to be played: its time, but never before that of an earlier line."""
        return from_us(self._due_us[index])

    def first_due(self, at: datetime) -> int:
        """Index of the first line due at or after `at`."""
        return bisect_left(self._due_us, to_us(at))

    def first_after(self, at: datetime) -> int:
        """Index of the first line due after `at`."""
        return bisect_left(self._due_us, to_us(at) + 1)

    def messages(self, first: int, end: int) -> list[Message]:
        """The lines with first <= index < end."""
        found = []
        with self.path.open("rb") as file:
            for index in range(first, end):
                file.seek(self._offsets[index])
                found.append(_message(index + 2, file.readline(MAX_LINE_BYTES), self.header.starts_at))
        return found


def read_header(path: Path) -> Header:
    """The first line of a scenario file. Raises ScenarioError."""
    try:
        with path.open("rb") as file:
            return _headers.decode(file.readline(MAX_LINE_BYTES))
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ScenarioError(f"{path}: line 1 is no header of a scenario: {error}") from error


def encode_header(header: Header) -> bytes:
    """The header as a line."""
    return msgspec.json.encode(header) + b"\n"


def encode_line(at_s: float, feed: str, instance: str, body: bytes) -> bytes:
    """A message as a line; its bytes come back exactly, and JSON stays readable where that is possible."""
    fields: dict[str, Any] = {"at_s": at_s, "feed": feed, "instance": instance}
    try:
        parsed = msgspec.json.decode(body)
        if isinstance(parsed, dict | list) and msgspec.json.encode(parsed) == body:
            return msgspec.json.encode(fields | {"body": parsed}) + b"\n"
    except (ValueError, RecursionError):
        pass  # no JSON, or not the way we would write it: kept as text or bytes
    try:
        return msgspec.json.encode(fields | {"body": body.decode()}) + b"\n"
    except UnicodeDecodeError:
        return msgspec.json.encode(fields | {"body_base64": base64.b64encode(body).decode()}) + b"\n"


def _numbered(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Line number, offset and bytes of every line after the header."""
    if path.stat().st_size > MAX_BYTES:
        raise ScenarioError(f"{path}: more than {MAX_BYTES} bytes")
    with path.open("rb") as file:
        offset = len(file.readline(MAX_LINE_BYTES))
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), start=2):
            if number - 1 > MAX_LINES:
                raise ScenarioError(f"{path}: more than {MAX_LINES} lines")
            if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                raise ScenarioError(f"{path}: line {number} is longer than {MAX_LINE_BYTES} bytes")
            yield number, offset, line
            offset += len(line)


def _message(number: int, data: bytes, starts_at: datetime) -> Message:
    try:
        line = _lines.decode(data)
        body = _body(line)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"line {number}: {error}") from error
    # Seconds are written in decimals; rounding to microseconds gives back the time that was meant, exactly.
    received_at = starts_at + timedelta(microseconds=round(line.at_s * 1_000_000))
    return Message(received_at=utc(received_at), feed=line.feed, instance=line.instance, body=body)


def _body(line: _Line) -> bytes:
    if isinstance(line.body_base64, str) == (line.body is not UNSET):
        raise ValueError("a line has either body or body_base64")
    if isinstance(line.body_base64, str):
        try:
            return base64.b64decode(line.body_base64, validate=True)
        except binascii.Error as error:
            raise ValueError(f"body_base64: {error}") from error
    return line.body.encode() if isinstance(line.body, str) else msgspec.json.encode(line.body)
