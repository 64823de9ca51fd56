"""Plays a scenario into a situation: every line when its clock says so, in order, exactly once however often it is
killed.

A line's `received_at` is exactly starts_at + at_s and observation ids follow from the line, so playing a line again
changes nothing. The player keeps the clock's gate at the first line that is not durable yet; therefore nothing in the
journal is newer than that line, and after a restart the lines at or after the newest entry are all that must be played
again. Where something is worked out from the picture, the lines of one moment are played and what follows from them is
worked out before the gate opens for the next (server/derive.py).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from server import runtime
from server.clock import ScenarioClock
from server.desk import Desk
from server.edge import Bug, contained
from server.inbox import Busy, Closed
from server.journal import BadObservation, Draft
from server.scenario import Message, Scenario, ScenarioError

log = logging.getLogger("lagebild.player")

BATCH = 100
"""Most lines decoded and submitted at a time."""
SAVE_EVERY_S = 2.0
"""How often the position of a running clock is written down."""

Moment = Callable[[], AbstractContextManager[None] | None]
"""What to play the lines of one moment in; None: nothing is worked out, they may be played in one go with the next."""

Prepare = Callable[[Message], Sequence[Draft]]
"""Decodes a line as the intake would, refusals noted among the drafts. Raises BadObservation."""


class Player:
    """One background task. `save` is called now and then to write the position of a running clock down."""

    def __init__(
        self,
        scenario: Scenario,
        clock: ScenarioClock,
        desk: Desk,
        prepare: Prepare,
        save: Callable[[], None],
        moment: Moment = lambda: None,
    ) -> None:
        self._scenario = scenario
        self._clock = clock
        self._desk = desk
        self._prepare = prepare
        self._save = save
        self._moment = moment
        self._read: tuple[int, Sequence[Message]] = (0, ())
        """Lines that were read ahead, and the index of the first."""
        self._changed = threading.Condition()
        self._stopping = False
        self._task: threading.Thread | None = None
        newest = desk.picture.now
        self.index = 0 if newest is None else scenario.first_due(newest)
        """The first line that is not known to be durable."""
        self.refused = 0
        """Lines that could not be decoded at all."""
        self._shut_gate()

    def start(self) -> None:
        """Begin to play."""
        self._task = runtime.spawn(self._run, name=f"player {self._desk.name}")

    def wake(self) -> None:
        """The clock was touched."""
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """End after the batch under way. Safe to call twice."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._task is not None:
            self._task.join()
            self._task = None

    def wait_played(self, until: datetime, timeout_s: float) -> bool:
        """Wait until every line due by `until` is durable; False when it takes longer than `timeout_s`."""
        end = self._scenario.first_after(until)
        with self._changed:
            return self._changed.wait_for(lambda: self.index >= end or self._stopping, timeout_s)

    def _run(self) -> None:
        try:
            if self.index == len(self._scenario) and (moment := self._moment()) is not None:
                with moment:  # what the last lines ask for may not have been worked out when the server ended
                    pass
            while self._wait():
                self._play_due()
        except Closed:
            log.info("player stopped: the situation is closed", extra={"situation": self._desk.name})
        except (ScenarioError, OSError):
            log.exception("the scenario's file cannot be read any more", extra={"situation": self._desk.name})

    def _wait(self) -> bool:
        """Wait until a line is due; False when it is time to stop."""
        with self._changed:
            while not self._stopping:
                due_s = self._due_in_s()
                if due_s == 0:
                    return True
                running = self._clock.state == "running"
                patience_s = SAVE_EVERY_S if due_s is None else min(due_s, SAVE_EVERY_S)
                if not self._changed.wait(patience_s if running else due_s) and running:
                    self._save()
            return False

    def _due_in_s(self) -> float | None:
        """Seconds until the next line is due; None when there is none, or the clock stands before it."""
        ended = self.index >= len(self._scenario)
        return None if ended else self._clock.due_in_s(self._scenario.due(self.index))

    def _play_due(self) -> None:
        moment = self._moment()
        if moment is None:
            end = min(self._scenario.first_after(self._clock.target()), self.index + BATCH)
            played = self._play(self.index, end)
        else:
            end, played = self._scenario.first_after(self._scenario.due(self.index)), True
            with moment:
                for first in range(self.index, end, BATCH):
                    played = played and self._play(first, min(end, first + BATCH))
        if played:
            with self._changed:
                self.index = end
                self._shut_gate()
                self._changed.notify_all()
            self._desk.wake()

    def _play(self, first: int, end: int) -> bool:
        """True once the lines with first <= index < end are durable; False when the player was stopped before."""
        return self._submit(self._drafts(first, end))

    def _drafts(self, first: int, end: int) -> list[Draft]:
        drafts: list[Draft] = []
        for message in self._messages(first, end):
            time.sleep(0)  # decoding is work; others of the loop have theirs
            try:
                drafts.extend(contained(self._prepare, message))
            except Bug as bug:
                self.refused += 1
                expected = isinstance(bug.__cause__, BadObservation)
                log.log(
                    logging.WARNING if expected else logging.ERROR,
                    "a line of the scenario was refused",
                    exc_info=None if expected else bug,
                    extra={"situation": self._desk.name, "feed": message.feed, "reason": str(bug)},
                )
        return drafts

    def _messages(self, first: int, end: int) -> Sequence[Message]:
        begin, ahead = self._read
        if not begin <= first <= end <= begin + len(ahead):
            begin, upto = first, min(len(self._scenario), max(end, first + BATCH))
            ahead = runtime.offload(self._scenario.messages, first, upto)
            self._read = (begin, ahead)
        return ahead[first - begin : end - begin]

    def _submit(self, drafts: Sequence[Draft]) -> bool:
        """True once the drafts are durable; False when the player was stopped before. Raises Closed."""
        while True:
            try:
                self._desk.submit_drafts(drafts)
            except Busy as busy:
                with self._changed:
                    if self._changed.wait_for(lambda: self._stopping, busy.retry_after_s):
                        return False
            else:
                return True

    def _shut_gate(self) -> None:
        self._clock.gate(self._scenario.due(self.index) if self.index < len(self._scenario) else None)
