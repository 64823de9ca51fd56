"""The tablet's copy of its view of a situation: features and cursor, changed only by what the server says. Pure."""

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from layers.wire import CursorMismatch, Feature, apply_delta
from mobile.store import StoredPicture

MAX_DELTA_BYTES = 64 * 1024 * 1024
"""Largest delta after decompression; a picture is some hundred kilobytes."""


@dataclass
class Replica:
    """Features of one situation at cursor `rev` of `epoch`, and which of them the store does not have yet."""

    situation: str
    epoch: str = ""
    rev: int = 0
    hello: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Feature] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    all_changed: bool = False

    @classmethod
    def of(cls, stored: StoredPicture) -> "Replica":
        """Go on from what the store kept."""
        return cls(stored.situation, stored.epoch, stored.rev, stored.hello, dict(stored.features))

    def greet(self, hello: dict[str, Any]) -> bool:
        """Take a hello. True if the situation was started anew: then the old picture is worth nothing and goes."""
        anew = bool(self.epoch) and hello["epoch"] != self.epoch
        if hello["epoch"] != self.epoch:
            self._forget()
        self.epoch, self.hello = str(hello["epoch"]), hello
        return anew

    def apply(self, delta: dict[str, Any]) -> None:
        """Apply a delta. Raises CursorMismatch, with nothing changed, when it does not continue this cursor."""
        before = self.rev
        self.rev = apply_delta(self.features, self.rev, delta)
        if delta["full"]:
            self.all_changed = True
        elif self.rev != before:
            self.changed.update(delta["remove"], (feature["id"] for feature in delta["upsert"]))
            self.changed.update(patch["id"] for patch in delta.get("patch", []))

    def restart(self) -> None:
        """Ask for everything anew: the cursor did not fit twice."""
        self._forget()

    def saved(self) -> None:
        """The store has everything."""
        self.changed.clear()
        self.all_changed = False

    def unsaved(self) -> bool:
        """Whether the store lacks something."""
        return self.all_changed or bool(self.changed)

    def _forget(self) -> None:
        self.features.clear()
        self.changed.clear()
        self.rev, self.all_changed = 0, True


def decode_delta(message: Any) -> dict[str, Any]:
    """A delta as it came: JSON object, or zlib-compressed JSON in bytes. Raises ValueError for anything else."""
    if isinstance(message, bytes):
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(message, MAX_DELTA_BYTES)
        except zlib.error as problem:
            raise ValueError(f"not a compressed delta: {problem}") from problem
        if not unpacker.eof:
            raise ValueError("delta is cut off or too large")
        message = json.loads(text)
    if not isinstance(message, dict) or not isinstance(message.get("to"), int):
        raise ValueError("not a delta")
    return message


__all__ = ["CursorMismatch", "Replica", "decode_delta"]
