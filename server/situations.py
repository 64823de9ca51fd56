"""Situations: live and the exercises, each with a journal, a desk, a picture and a clock of its own.

They share nothing: no object of an exercise refers to one of live. Files: DATA/live/journal.db and
DATA/exercises/<id>/{situation.json, scenario.jsonl, take-N.db}; scenarios of the house in DATA/scenarios/*.jsonl.
"""

import logging
import shutil
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from fixtures.library import scenario_names, scenario_path
from layers.content import Refusal
from layers.observation import decode, iso
from layers.picture import Changes, Picture
from layers.settings import PictureSettings
from server import runtime
from server.clock import WallClock
from server.desk import Desk, DeskSettings
from server.durable import sync
from server.exercise import SCENARIO_FILE, STATE_FILE, Exercise, ExerciseState, write_state
from server.history import History
from server.journal import BadObservation, Draft, JournalError
from server.journal.sqlite import SqliteJournal
from server.scenario import OBSERVATION, Message, Scenario, ScenarioError, Texts, read_header
from server.situation import Listener, Moments, Situation

if TYPE_CHECKING:  # the intake knows situations; we only hand messages to it
    from server.intake import Intake, Taken

__all__ = ["Exercise", "Listener", "Situation", "SituationSettings", "Situations", "TooMany"]

log = logging.getLogger("lagebild.situations")

LIVE = "live"
PLAYER = "scenario"
"""Sender of the messages that a scenario plays."""
PLANNER = "planner"
"""Sender of injects."""


class TooMany(ValueError):
    """No further exercise can run now; end one first."""


class SituationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shapes and bounds situations."""

    picture: PictureSettings = msgspec.field(default_factory=PictureSettings)
    desk: DeskSettings = msgspec.field(default_factory=DeskSettings)
    live_title: str = "Echtlage"
    lang: str = "de"
    """Language of a scenario's title where the planner gives none."""
    max_running: int = 8
    """Exercises that may run or be paused at once."""
    max_ended: int = 20
    """Ended exercises that can still be looked at; the files of older ones stay on disk."""


class Situations:
    """Every situation of this server.

    Raises JournalError when live cannot be opened: JournalLocked while another server uses the same folder.
    """

    def __init__(
        self, data_dir: Path | str, settings: SituationSettings | None = None, intake: "Intake | None" = None
    ) -> None:
        self.data_dir = Path(data_dir)
        self.settings = settings or SituationSettings()
        self.intake = intake
        self.moments: Moments | None = None
        """Who works something out at the moments of the exercises that are opened from now on."""
        self._listeners: list[Listener] = []
        self._situations: dict[str, Situation] = {}
        self._history = History()
        self._starting = threading.Lock()
        folder = self.data_dir / LIVE
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal, clock = SqliteJournal(folder / "journal.db"), WallClock()
        desk = Desk(LIVE, journal, clock, self.settings.picture, self.settings.desk)
        self.live = Situation(LIVE, self.settings.live_title, "Actual", journal, clock, desk)
        self._add(self.live)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let live take observations."""
        self.live.desk.start()

    def resume(self) -> None:
        """Continue the exercises on disk exactly where they were; one that cannot be opened is logged and left."""
        folders = sorted((self.data_dir / "exercises").glob(f"*/{STATE_FILE}"), key=lambda path: path.stat().st_mtime)
        for path in folders:
            try:
                exercise = self._open(path.parent)
            except (JournalError, ScenarioError, ValueError, OSError) as error:
                log.error("exercise cannot be continued", extra={"situation": path.parent.name, "reason": str(error)})
                continue
            self._add(exercise)
            exercise.start()
        self._let_old_ones_go()

    def stop(self) -> None:
        """End every loop and close every journal; what was accepted is durable."""
        for situation in self.list():
            if isinstance(situation, Exercise):
                situation.stop()
        self.live.desk.stop()
        self.live.journal.close()

    # -- looking -------------------------------------------------------------------------------------------------------

    def get(self, name: str) -> Situation:
        """The situation `name`. Raises KeyError."""
        return self._situations[name]

    def list(self) -> Sequence[Situation]:
        """Live first, then the exercises in the order of their start."""
        return [*self._situations.values()]

    def exercise_of(self, scenario: str) -> Situation | None:
        """The youngest exercise of a scenario (or the one with this id) that has not ended."""
        found = (one for one in reversed(self.list()) if scenario in (one.scenario, one.id) and one.id != LIVE)
        return next((one for one in found if one.clock.state != "ended"), None)

    def subscribe(self, listener: Listener) -> None:
        """Tell `listener` of every change of every situation (see `server.situation.Listener`)."""
        self._listeners.append(listener)

    def as_of(self, situation: Situation, at: datetime) -> Picture:
        """The picture of a situation as it was at `at` on its clock; shared, not to be changed. Raises JournalError."""
        return self._history.as_of(situation.journal, situation.picture.settings, at)

    def scenarios(self) -> Sequence[dict[str, Any]]:
        """What can be played: name, title, summary, starts_at, duration_s, units and missions (ids)."""
        found = []
        for name in sorted({*scenario_names(), *(path.stem for path in self._own_scenarios())}):
            try:
                header = read_header(self.scenario_path(name))
            except (ScenarioError, KeyError) as error:
                log.warning("not a scenario", extra={"scenario": name, "reason": str(error)})
                continue
            found.append(
                {
                    "name": name,
                    "title": self._text(header.title),
                    "summary": self._text(header.summary),
                    "starts_at": iso(header.starts_at),
                    "duration_s": header.duration_s,
                    "units": [*header.units],
                    "missions": [*header.missions],
                }
            )
        return found

    def scenario_path(self, name: str) -> Path:
        """The file of a scenario; one in DATA/scenarios goes before a written one of the same name. Raises KeyError."""
        return next((path for path in self._own_scenarios() if path.stem == name), None) or scenario_path(name)

    # -- exercises -----------------------------------------------------------------------------------------------------

    def start_exercise(self, scenario_name: str, speed: float = 1.0, title: str | None = None) -> Situation:
        """Play a scenario from its beginning in a new situation.

        Raises KeyError (no such scenario), ScenarioError, TooMany, ValueError (speed), JournalError, OSError.
        """
        return self.play(self.scenario_path(scenario_name), scenario_name, speed, title)

    def play(self, path: Path, scenario_name: str, speed: float = 1.0, title: str | None = None) -> Exercise:
        """As `start_exercise`, for a scenario file anywhere."""
        with self._starting:
            running = [s for s in self.list() if isinstance(s, Exercise) and not s.ended]
            if len(running) >= self.settings.max_running:
                raise TooMany(f"{len(running)} exercises are running already; end one first")
            folder = runtime.offload(_new_folder, self.data_dir / "exercises", scenario_name)
            header = runtime.offload(_prepare_folder, folder, path).header
            state = ExerciseState(
                id=folder.name,
                title=title or self._text(header.title) or scenario_name,
                scenario=scenario_name,
                starts_at=header.starts_at,
                ends_at=header.starts_at + timedelta(seconds=header.duration_s),
                speed=speed,
                position=header.starts_at,
            )
            SqliteJournal(folder / "take-1.db").close()
            runtime.offload(write_state, folder, state)
            exercise = self._open(folder)
            self._add(exercise)
            exercise.start()
            self._let_old_ones_go()
        exercise.tell(None)
        return exercise

    def control(self, name: str, action: str, **args: Any) -> Situation:
        """pause, resume, speed (speed=), jump (to=, aware datetime), end. Raises KeyError, ValueError, JournalError."""
        exercise = self.get(name)
        if not isinstance(exercise, Exercise):
            raise ValueError("the clock of the live situation is the clock on the wall")
        actions = {
            "pause": exercise.pause,
            "resume": exercise.resume,
            "speed": lambda: exercise.set_speed(float(args["speed"])),
            "jump": lambda: exercise.jump(args["to"]),
            "end": exercise.end,
        }
        if action not in actions:
            raise ValueError(f"there is no action {action!r}")
        actions[action]()
        return exercise

    def inject(self, name: str, feed: str, instance: str, body: Any) -> "Taken":
        """Add a message to an exercise as if `feed`/`instance` had sent it now; text and bytes as they are, else JSON.

        Raises KeyError, ValueError (live), DecodeError, Busy, Closed.
        """
        exercise = self.get(name)
        if not isinstance(exercise, Exercise) or self.intake is None:
            raise ValueError("injects go into exercises only")
        if isinstance(body, str):
            body = body.encode()
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.intake.take(exercise, feed, instance, data, PLANNER)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _open(self, folder: Path) -> Exercise:
        recorded = read_header(folder / SCENARIO_FILE).recorded
        prepare = partial(self._prepare, folder.name, recorded)
        return Exercise(folder, self.settings.picture, self.settings.desk, prepare)

    def _prepare(self, situation_id: str, recorded: bool, message: Message) -> Sequence[Draft]:
        """The drafts of a scenario's line. Raises BadObservation."""
        if message.feed == OBSERVATION:
            try:
                claimed = decode(message.body)
            except ValueError as error:
                raise BadObservation(f"not an observation: {error}") from error
            return [Draft(msgspec.structs.replace(claimed, received_at=message.received_at))]
        if self.intake is None:
            raise BadObservation("no intake")
        drafts = self.intake.prepare(
            situation_id, message.feed, message.instance, message.body, PLAYER, message.received_at
        )
        return [draft for draft in drafts if not (recorded and isinstance(draft.observation.content, Refusal))]

    def _add(self, situation: Situation) -> None:
        situation.listener = self._tell
        situation.moments = self.moments
        self._situations[situation.id] = situation

    def _tell(self, situation: Situation, changes: Changes | None) -> None:
        for listener in self._listeners:
            listener(situation, changes)

    def _let_old_ones_go(self) -> None:
        ended = [s for s in self.list() if isinstance(s, Exercise) and s.ended]
        for exercise in ended[: max(0, len(ended) - self.settings.max_ended)]:
            del self._situations[exercise.id]

    def _own_scenarios(self) -> Sequence[Path]:
        return sorted((self.data_dir / "scenarios").glob("*.jsonl"))

    def _text(self, texts: Texts) -> str:
        return texts.get(self.settings.lang) or next(iter(texts.values()), "")


def _new_folder(exercises: Path, scenario: str) -> Path:
    """exercises/ex-<scenario>-<n>, n counting on from everything that was ever there."""
    exercises.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = f"ex-{scenario}-"
    taken = [path.name.removeprefix(stem) for path in exercises.glob(f"{stem}*")]
    number = 1 + max((int(rest) for rest in taken if rest.isdecimal()), default=0)
    folder = exercises / f"{stem}{number}"
    folder.mkdir(mode=0o700)
    sync(exercises)
    return folder


def _prepare_folder(folder: Path, source: Path) -> Scenario:
    """Check the scenario and copy it into the folder. Raises ScenarioError; then the folder is gone again."""
    try:
        shutil.copyfile(source, folder / SCENARIO_FILE)
        return Scenario(folder / SCENARIO_FILE)
    except (ScenarioError, OSError):
        shutil.rmtree(folder)
        raise
