"""Hand-over of finished states from the link's thread to the screen's: the newest wins, nothing piles up."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from layers.wire import Feature

T = TypeVar("T")


class Connection(StrEnum):
    """What the connection line says."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    OFFLINE = "offline"
    REFUSED = "refused"


@dataclass(frozen=True)
class Snapshot:
    """Everything the screens draw from. Features are shared, never changed in place.

    `offline_since` and `heard_at` are wall times, `picture_at` is the situation's time when the server was last heard.
    `version` counts changes of the features, `greetings` how often the server has said hello.
    """

    situation: str
    epoch: str = ""
    rev: int = 0
    hello: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Feature] = field(default_factory=dict)
    version: int = 0
    connection: Connection = Connection.CONNECTING
    refusal: str = ""
    offline_since: datetime | None = None
    heard_at: datetime | None = None
    picture_at: datetime | None = None
    greetings: int = 0
    notices: frozenset[str] = frozenset()

    @property
    def exercise(self) -> bool:
        """Whether this is an exercise and every screen has to say so."""
        return self.hello.get("status") == "Exercise"


class Mailbox(Generic[T]):
    """One place for one value."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None

    def put(self, value: T) -> None:
        """Put a value; one that nobody took is replaced."""
        with self._lock:
            self._value = value

    def take(self) -> T | None:
        """Take the value, None where nothing new came."""
        with self._lock:
            value, self._value = self._value, None
            return value
