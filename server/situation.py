"""A situation: a journal with a picture, a desk and a clock of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol

from layers.picture import Changes, Picture
from server.clock import Clock
from server.desk import Desk
from server.journal import Journal

Status = Literal["Actual", "Exercise"]
"""The words of CAP: what is really so, and what is practised."""


class Situation:
    """Live, or an exercise (`server.exercise`). Anew, it has another `epoch`, `journal`, `desk` and `clock`."""

    def __init__(self, name: str, title: str, status: Status, journal: Journal, clock: Clock, desk: Desk) -> None:
        self.id = name
        self.title = title
        self.status: Status = status
        self.scenario: str | None = None
        self.starts_at: datetime | None = None
        self.ends_at: datetime | None = None
        self.journal = journal
        self.clock = clock
        self.desk = desk
        self.listener: Listener = _nobody
        self.moments: Moments | None = None
        self._listen()

    @property
    def picture(self) -> Picture:
        """The newest picture; the desk's own, so only to be read (see `Desk.lock`)."""
        return self.desk.picture

    @property
    def epoch(self) -> str:
        """Names the journal that `picture.rev` counts in."""
        return self.journal.epoch

    def tell(self, changes: Changes | None) -> None:
        """Let the listener know; None: the clock was touched, or all is anew."""
        self.listener(self, changes)

    def _listen(self) -> None:
        self.desk.listener = self.tell


class Moments(Protocol):
    """Who works something out at the moments of an exercise (server/derive.py)."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to work out with."""

    def moment(self, situation: Situation) -> AbstractContextManager[None]:
        """Within it all lines of one moment are submitted; at its end all that follows from them is in the picture."""


Listener = Callable[[Situation, Changes | None], None]
"""Hears, on the loop side, of every applied batch; None: the clock was touched, or all is anew (`epoch` differs)."""


def _nobody(_: Situation, __: Changes | None) -> None:
    """The listener of a situation that nobody listens to."""
