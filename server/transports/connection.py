"""What all connections that we make or hold open have in common: settings, their link to the house, ways to end.

A transport is a class with a constant `TRANSPORT` in its module `server/transports/<name>.py`; its settings are a
struct in `<name>_settings.py`, so that settings load no client library. It speaks with its peer in `run`, which the
supervisor calls again whenever the peer was lost; what comes is handed to `Link.take`, and acknowledged to the peer
only after that returned.

    Lost        the peer is gone, or cannot be had; tried again for ever, later each time
    Stopped     the server ends: leave `run`
"""

import os
import random
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Any, Generic, Protocol, TypeVar

from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class ConnectionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="transport"):
    """What can be set of every connection."""

    enabled: bool = True
    """False: it is checked and listed, but not made."""
    exercise: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """A scenario (or the id of an exercise): what comes goes into its exercise while one runs, and is dropped else;
    never into live. None: live."""
    retry_max_s: Positive = 300.0
    """Longest wait before a lost peer is tried again; the first is about a second, each doubles it."""


FIRST_RETRY_S = 1.0
LONGEST_RETRY_AFTER_S = 3_600.0
"""So long a peer that asks to be left alone is left alone at most."""

S = TypeVar("S", bound=ConnectionSettings)


class Lost(Exception):
    """The peer was lost. `reason` is for the operator, without secrets; `retry_after_s` what the peer asked for."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Stopped(Exception):
    """The server ends, or this connection does."""


class Link(Protocol):
    """What a transport may ask of the house. Safe to call from any task of its own."""

    feed: str
    """The name of the feed: its source is `<feed>/<instance>`."""
    instance: str
    folder: Path | None
    """Where it may keep what must outlast a restart (a file of its own); None: nowhere."""
    probing: bool
    """It is only being tried: leave no trace at the peer (no session, no acknowledgement, no file moved)."""
    stopping: threading.Event

    def up(self, peer: str | None = None, trouble: str | None = None) -> None:
        """It stands. `peer` is told to the operator (where we listen, whom we speak with); `trouble` what is wrong all
        the same. May be called again, with the same words at no cost.
        """

    def take(self, body: bytes, sender: str | None = None, part: str | None = None, *, last: bool = False) -> bool:
        """Hand over one message; returns when it is durable (True) or in the quarantine (False).

        Waits as long as the desk is busy. With a `part` the source is `<feed>/<instance>.<part>`. Raises Stopped; with
        `last` (what had come before the server ends) only where the desk takes nothing any more, and it is counted.
        """

    def refuse(self, reason: str, start: bytes = b"", size: int | None = None, sender: str | None = None) -> None:
        """What came is no message (too long, broken off): a row in the quarantine, counted, told to the picture."""

    def count(self, **more: int) -> None:
        """Add to the counters of `LinkStats`, such as `dropped=1`."""

    def wait(self, seconds: float) -> None:
        """Sleep, but not into the end. Raises Stopped."""


class Transport(ABC, Generic[S]):
    """One connection."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def where(self) -> str:
        """Whom it speaks with or where it listens, in a few words without secrets."""

    def plan(self) -> list[str]:
        """What it would do, one line each, without secrets."""
        return []

    @abstractmethod
    def run(self, link: Link) -> None:
        """Make the connection and serve it; returns when `link.stopping` is set.

        Raises Lost; any other exception is a bug: logged, and treated as Lost.
        """

    @abstractmethod
    def stop(self) -> None:
        """Wake `run` from whatever it waits for; called from another task, perhaps while it does not run."""


def refusal(error: BaseException) -> str:
    """What the system says of a failed connection, in words: the same under eventlet, which says ECONNREFUSED."""
    number: Any = getattr(error, "errno", None)
    if isinstance(error, ssl.SSLError | socket.gaierror):  # numbers of their own
        words = str(error.strerror or error)
    else:
        words = os.strerror(number) if isinstance(number, int) and number > 0 else str(error)
    return (words or type(error).__name__)[:200]


def retry_s(failures: int, longest_s: float, retry_after_s: float | None = None) -> float:
    """The wait after the n-th failure in a row: doubled each time, bounded, shortened by up to a half at random.

    Not shorter than what the peer asked for, within reason.
    """
    pause_s = min(longest_s, FIRST_RETRY_S * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)
    return max(pause_s, min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))
