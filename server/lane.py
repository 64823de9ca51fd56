"""What waits to be worked out: a bounded queue for one deriver in one situation."""

import logging
import time
from collections.abc import Hashable, Iterable
from datetime import datetime

from layers.picture import Picture
from layers.wire import Feature
from server.deriver import Deriver, Surrounded
from server.desk import Desk
from server.edge import Bug, contained

log = logging.getLogger("lagebild.derive")


class Lane:
    """The queue of one deriver and one desk: after a rewind there is another desk, and a new lane.

    Every method is called with the lock of `Derivations` held.
    """

    def __init__(self, desk: Desk, deriver: Deriver, limit: int) -> None:
        self.desk = desk
        self.deriver = deriver
        self.waiting: dict[str, None] = {}
        self._limit = limit
        self._missed = True
        """Something did not fit, or nothing was looked at yet: look over the whole picture once there is room."""
        self._left: list[Feature] = []
        """What of such a look over the picture is left, last first."""
        self._surrounded = deriver if isinstance(deriver, Surrounded) else None
        self._around: Hashable = None
        self._not_before = 0.0

    def look_at(self, features: Iterable[Feature]) -> None:
        """Let the subjects wait that these features concern."""
        for feature in features:
            try:
                concerned = contained(self._concerned, feature)
            except Bug:
                log.exception("a deriver cannot say what a change concerns", extra={"source": self.deriver.source})
                continue
            self.join_queue(concerned)

    def join_queue(self, subjects: Iterable[str]) -> None:
        """Let subjects wait, each once, as far as there is room."""
        for subject in subjects:
            if len(self.waiting) < self._limit:
                self.waiting[subject] = None
            elif subject not in self.waiting:
                self._missed = True

    def take(self, most: int, now: datetime) -> list[str]:
        """Subjects whose turn it is, at most so many, out of the queue."""
        if not self.deriver.ready or time.monotonic() < self._not_before:
            return []
        with self.desk.lock:
            picture = self.desk.picture
            self._look_on(picture)
            self._look_around(picture, now)
            turn: list[str] = []
            for name in self.waiting:
                if len(turn) == most:
                    break
                if not self._rests(picture, name, now):
                    turn.append(name)
        for name in turn:
            del self.waiting[name]
        return turn

    def again(self, subjects: Iterable[str], after_s: float) -> None:
        """The desk was busy: ask these once more, later."""
        self._not_before = time.monotonic() + after_s
        self.waiting.update(dict.fromkeys(subjects))

    def _rests(self, picture: Picture, name: str, now: datetime) -> bool:
        try:
            rests_until = contained(self.deriver.rests_until, picture, name)
        except Bug:
            log.exception("a deriver cannot say whether a subject rests", extra={"source": self.deriver.source})
            return False
        return rests_until is not None and rests_until > now

    def _concerned(self, feature: Feature) -> list[str]:
        return [*self.deriver.concerns(feature)]

    def _look_on(self, picture: Picture) -> None:
        """Go on with the look over the picture as far as there is room; begin one if something was missed."""
        if self._missed and not self._left:
            self._missed = False
            self._left = list(picture.features.values())
            self._left.reverse()
        while self._left and len(self.waiting) < self._limit:
            self.look_at((self._left.pop(),))

    def _look_around(self, picture: Picture, now: datetime) -> None:
        """Let those wait whose answers rest on what is no longer as it was."""
        if self._surrounded is None:
            return
        try:
            around = contained(self._surrounded.surroundings, picture, now)
            if around != self._around:
                self._around = around
                self.join_queue(contained(_subjects, self._surrounded, picture))
        except Bug:
            log.exception("a deriver cannot say what its answers rest on", extra={"source": self.deriver.source})


def _subjects(deriver: Surrounded, picture: Picture) -> list[str]:
    return [*deriver.surrounded(picture)]
