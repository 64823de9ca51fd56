"""An exercise on disk and in memory: its scenario, its takes, its clock, and how it goes on after any kind of end.

DATA/exercises/<id>/ holds scenario.jsonl (a copy: a file that is edited later must not change what was played), one
journal per take, take-N.db, and situation.json. That last file is replaced as a whole and decides which take counts;
whatever a crash left beside it is ignored. Time stands still while no server runs.
"""

import logging
import threading
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from layers.observation import iso
from layers.settings import PictureSettings
from server import runtime
from server.clock import ScenarioClock, State
from server.desk import Desk, DeskSettings
from server.durable import replace_file
from server.journal import Journal
from server.journal.copying import copy_until
from server.journal.sqlite import SqliteJournal
from server.player import Player, Prepare
from server.scenario import Scenario
from server.situation import Situation

log = logging.getLogger("lagebild.exercise")

STATE_FILE = "situation.json"
SCENARIO_FILE = "scenario.jsonl"
MAX_TAKES = 100
MAX_LENGTH = timedelta(days=7)
"""An exercise may run on after its written part, but a jump leads at most this far from its start."""
JUMP_WAIT_S = 30.0
"""How long a request that jumps waits for the lines to be played; they are played all the same."""


class ExerciseState(Struct, kw_only=True):
    """What situation.json holds."""

    version: Literal[1] = 1
    id: str
    title: str
    scenario: str
    starts_at: datetime
    ends_at: datetime
    take: int = 1
    speed: float = 1.0
    state: State = "running"
    position: datetime


class Exercise(Situation):
    """A running, paused or ended exercise. Created by `create` or, from its folder, by `Exercise(...)`, then `start`ed.

    Raises JournalError, ScenarioError, OSError, and ValueError for a situation.json that is none.
    """

    clock: ScenarioClock

    def __init__(self, folder: Path, picture: PictureSettings, desk: DeskSettings, prepare: Prepare) -> None:
        self.folder = folder
        self.state = msgspec.json.decode((folder / STATE_FILE).read_bytes(), type=ExerciseState)
        self._picture_settings = msgspec.structs.replace(picture, exercise=True)
        self._desk_settings = desk
        self._prepare = prepare
        self._control = threading.RLock()
        self._saving = threading.Lock()
        self._scenario = runtime.offload(Scenario, folder / SCENARIO_FILE)
        journal, clock, opened = self._open()
        super().__init__(self.state.id, self.state.title, "Exercise", journal, clock, opened)
        self.scenario = self.state.scenario
        self.starts_at, self.ends_at = self.state.starts_at, self.state.ends_at
        self.player = self._make_player()

    @property
    def ended(self) -> bool:
        """True once it can only be read."""
        return self.state.state == "ended"

    def start(self) -> None:
        """Let it go on from where it was; an ended one stays as it is."""
        if self.ended:
            self.desk.stop()
            self.journal.close()
        else:
            self.desk.start()
            self.player.start()

    def stop(self) -> None:
        """The server stops: write down where we are. The exercise goes on when the next server starts."""
        with self._control:
            self.player.stop()
            if not self.ended:
                self.save()
            self.desk.stop()
            self.journal.close()

    def pause(self) -> None:
        """Stop the clock."""
        with self._control:
            self.clock.pause()
            self._touched()

    def resume(self) -> None:
        """Let the clock run."""
        with self._control:
            self.clock.resume()
            self._touched()

    def set_speed(self, speed: float) -> None:
        """Run at `speed` seconds per second. Raises ValueError."""
        with self._control:
            self.clock.set_speed(speed)
            self._touched()

    def jump(self, to: datetime) -> None:
        """Forward: all up to then is played at once. Back: a new take with what was known then. Raises ValueError."""
        with self._control:
            if self.ended:
                raise ValueError("the exercise has ended")
            latest = max(self.state.ends_at, self.state.starts_at + MAX_LENGTH)
            if not self.state.starts_at <= to <= latest:
                raise ValueError(f"a jump must lead to a time between {iso(self.state.starts_at)} and {iso(latest)}")
            if to < self.clock.now():
                self._rewind(to)
            else:
                self.clock.jump(to)
                self._touched()
        self.player.wait_played(to, JUMP_WAIT_S)

    def end(self) -> None:
        """Freeze the clock for good; from now on the exercise can only be read."""
        with self._control:
            self.player.stop()
            self.clock.end()
            self.save()
            self.desk.stop()
            self.journal.close()
            self.tell(None)

    def save(self) -> None:
        """Write down where the clock stands. Raises OSError."""
        with self._saving:
            self.state.position = self.clock.target()
            self.state.state = self.clock.state
            self.state.speed = self.clock.chosen_speed
            runtime.offload(write_state, self.folder, msgspec.structs.replace(self.state))

    def _touched(self) -> None:
        """The clock changed: first on disk, then everybody who waits for it hears of it."""
        self.save()
        self.player.wake()
        self.desk.wake()
        self.tell(None)

    def _open(self) -> tuple[Journal, ScenarioClock, Desk]:
        state = self.state
        journal = runtime.offload(SqliteJournal, self._take_path(state.take))
        clock = ScenarioClock(state.starts_at, state.speed, position=state.position, state=state.state)
        desk = Desk(state.id, journal, clock, self._picture_settings, self._desk_settings)
        newest = desk.picture.now
        if newest is not None and not self.ended:
            clock.jump(newest)  # killed between the entry and the next note of the position
        return journal, clock, desk

    def _make_player(self) -> Player:
        return Player(self._scenario, self.clock, self.desk, self._prepare, self._save_position, self._moment)

    def _moment(self) -> AbstractContextManager[None] | None:
        return self.moments.moment(self) if self.moments is not None and self.moments.wanted else None

    def _save_position(self) -> None:
        try:
            self.save()
        except OSError as error:
            log.warning("the position was not saved", extra={"situation": self.id, "reason": str(error)})

    def _take_path(self, take: int) -> Path:
        return self.folder / f"take-{take}.db"

    def _rewind(self, to: datetime) -> None:
        """A new take: the entries up to `to` are copied, the old take stays as it is."""
        if self.state.take >= MAX_TAKES:
            raise ValueError(f"an exercise has at most {MAX_TAKES} takes")
        self.save()
        self.player.stop()
        self.desk.stop()
        self.journal.close()
        state = self.state
        try:
            runtime.offload(copy_until, self._take_path(state.take), self._take_path(state.take + 1), to)
            following = msgspec.structs.replace(
                state, take=state.take + 1, position=to, state=self.clock.state, speed=self.clock.chosen_speed
            )
            runtime.offload(write_state, self.folder, following)
            self.state = following
        finally:
            self.journal, self.clock, self.desk = self._open()
            self._listen()
            self.player = self._make_player()
            self.tell(None)
            self.desk.start()
            self.player.start()


def write_state(folder: Path, state: ExerciseState) -> None:
    """Replace situation.json so that after any crash it is the old or the new one, whole."""
    data = msgspec.json.format(msgspec.json.encode(state), indent=1)
    replace_file(folder / STATE_FILE, data + b"\n")
