"""What a poll remembers of each address, over a restart too: validators, the newest id, the end of the last window."""

import hashlib
import logging
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from server import runtime
from server.durable import replace_file

log = logging.getLogger("lagebild.connections")

MAX_IDS = 10_000


class Known(Struct, omit_defaults=True):
    """Of one address. `newest` is an id with its length before it: then ids of digits are in order."""

    tag: str | None = None
    modified: str | None = None
    newest: tuple[int, str] = (0, "")
    until: str | None = None
    followed: list[str] = []
    """Keys of the files and details that were had."""

    def conditions(self) -> dict[str, str]:
        """The headers of a conditional request (RFC 9110 section 13)."""
        headers = {"If-None-Match": self.tag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value is not None}


class Memory:
    """By the digest of the address, since keys may be in it. `folder` None: nothing outlasts the process."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._path = None if folder is None else folder / f"{name}.poll.json"
        self._known: dict[str, Known] = {}
        self._written = b""
        if self._path is not None and self._path.is_file():
            try:
                self._written = self._path.read_bytes()
                self._known = msgspec.json.decode(self._written, type=dict[str, Known])
            except (OSError, msgspec.DecodeError) as error:
                log.warning("a poll starts anew", extra={"file": self._path.name, "reason": str(error)})

    def of(self, url: str) -> Known:
        """What is known of an address; to be changed in place."""
        return self._known.setdefault(hashlib.blake2b(url.encode(), digest_size=12).hexdigest(), Known())

    def save(self) -> None:
        """Write it down if it changed and there is where."""
        data = msgspec.json.encode(self._known)
        if self._path is None or data == self._written:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            runtime.offload(replace_file, self._path, data)
            self._written = data
        except OSError as error:
            log.warning("a poll cannot write down how far it is", extra={"file": self._path.name, "reason": str(error)})


def ids(body: bytes) -> list[tuple[int, str]]:
    """The ids of a list's members, each with its length before it; none for anything else."""
    try:
        document: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return []
    if not isinstance(document, list):
        return []
    found = [str(item.get("id", "")) for item in document[:MAX_IDS] if isinstance(item, dict)]
    return [(len(one), one) for one in found if one.isdecimal() and len(one) <= 30]
