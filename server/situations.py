"""Situations: live and the exercises, each with a journal, a desk, a picture and a clock of its own.

They share nothing: no object of an exercise refers to one of live. Files: DATA/live/journal.db and
DATA/exercises/<id>/{situation.json, scenario.jsonl, take-N.db}.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from layers.picture import Changes, Picture
from layers.settings import PictureSettings
from server.clock import Clock, WallClock
from server.desk import Desk, DeskSettings
from server.journal import Journal
from server.journal.sqlite import SqliteJournal

log = logging.getLogger("lagebild.situations")

LIVE = "live"

Status = Literal["Actual", "Exercise"]


class SituationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shapes and bounds situations."""

    picture: PictureSettings = msgspec.field(default_factory=PictureSettings)
    desk: DeskSettings = msgspec.field(default_factory=DeskSettings)
    live_title: str = "Echtlage"


class Situation:
    """A journal with a picture and a clock. Anew (another `epoch`), `journal`, `desk` and `clock` are other objects."""

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

    @property
    def picture(self) -> Picture:
        """The newest picture; owned by the desk, to be read only (see `Desk.lock`)."""
        return self.desk.picture

    @property
    def epoch(self) -> str:
        """Names the journal that `picture.rev` counts in."""
        return self.journal.epoch


Listener = Callable[[Situation, Changes | None], None]
"""Hears, on the loop side, of every applied batch; None: the clock was touched, or all is anew (`epoch`)."""


class Situations:
    """Every situation of this server. Raises JournalLocked while another server uses the same folder."""

    def __init__(self, data_dir: Path | str, settings: SituationSettings | None = None) -> None:
        self.data_dir = Path(data_dir)
        self.settings = settings or SituationSettings()
        self._listeners: list[Listener] = []
        self._situations: dict[str, Situation] = {}
        folder = self.data_dir / LIVE
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal, clock = SqliteJournal(folder / "journal.db"), WallClock()
        desk = Desk(LIVE, journal, clock, self.settings.picture, self.settings.desk)
        self.live = Situation(LIVE, self.settings.live_title, "Actual", journal, clock, desk)
        self._add(self.live)

    def start(self) -> None:
        """Let every desk work."""
        self.live.desk.start()

    def resume(self) -> None:
        """Continue the exercises on disk where they were."""

    def stop(self) -> None:
        """End every loop and close every journal; what was accepted is durable."""
        for situation in self._situations.values():
            situation.desk.stop()
            situation.journal.close()

    def get(self, name: str) -> Situation:
        """The situation `name`. Raises KeyError."""
        return self._situations[name]

    def list(self) -> "list[Situation]":
        """Live first, then the exercises in order of their start."""
        return [*self._situations.values()]

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` of every change of every situation."""
        self._listeners.append(listener)

    def _add(self, situation: Situation) -> None:
        situation.desk.listener = lambda changes: self._tell(situation, changes)
        self._situations[situation.id] = situation

    def _tell(self, situation: Situation, changes: Changes | None) -> None:
        for listener in self._listeners:
            listener(situation, changes)
