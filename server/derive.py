"""What the server works out of the picture by itself, and writes down as an observation like everybody's.

A position from an address or an arrival from a route takes files and time, so `layers` cannot compute it, and a replay
must not depend on what base data there is then: the result is journaled. A `Deriver` says which subjects a change
concerns, what is to be asked of a subject, and the answer. `Derivations` listens to every situation, gathers subjects
in a bounded queue (a subject waits once, however often it changes), answers off the loop, and submits.

Idempotent by content: the id follows from source, subject, basis and answer, and a question whose answer the picture
holds already is not asked. So a restart or a replay repeats nothing, and an exercise that was rewound gets its own.
"""

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from layers.content import Content
from layers.observation import Observation, idempotency_key
from layers.picture import Changes, Picture
from layers.wire import Feature
from server import runtime
from server.clock import Clock
from server.desk import Desk
from server.edge import Bug, contained
from server.inbox import Busy, Closed
from server.journal import BadObservation
from server.metrics import Metrics
from server.situations import Situation, Situations

log = logging.getLogger("lagebild.derive")

BATCH = 32
"""Most questions answered in one go, off the loop, before their answers are written down."""
LIMIT = 5_000
"""Most subjects that wait per situation and deriver. What does not fit is found again by a look over the picture."""
IDLE_S = 1.0
"""How long the worker sleeps at most while something rests; a clock may have been set on meanwhile."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Question(Struct, frozen=True, kw_only=True):
    """What is to be worked out for a subject.

    `basis` names what it rests on (equal basis and equal answer are the same claim); `observed_at` is when that was so:
    the answer is exactly as old. `data` is for the deriver alone.
    """

    subject: str
    basis: str
    observed_at: datetime
    data: Any = None


class Deriver(Protocol):
    """One thing that can be worked out. `source` is who says so, such as `base/geocoder`."""

    source: str
    pause_s: float
    """A subject is left alone for so long after an answer, by the situation's clock; 0: asked at every change."""

    def concerns(self, feature: Feature) -> Iterable[str]:
        """Subjects to look at when this feature came or changed. On the loop for every change: cheap."""

    def ask(self, picture: Picture, subject: str) -> Question | None:
        """The question, None when there is nothing to do. Called with the desk's lock held: cheap, reads only."""

    def answer(self, question: Question) -> Content | None:
        """The content to be claimed of the subject, None for nothing. In a real thread: nothing green in it."""


@runtime_checkable
class Spreading(Protocol):
    """A deriver for which a change of one subject may concern others that only the picture knows."""

    def others(self, picture: Picture, subject: str) -> Iterable[str]:
        """Subjects that are to be asked because of this one. With the desk's lock held: cheap, reads only."""


class Derivations:
    """One background task for all situations and derivers of a server."""

    def __init__(self, situations: Situations, metrics: Metrics, derivers: Sequence[Deriver], limit: int = LIMIT):
        self._situations = situations
        self._metrics = metrics
        self._derivers = tuple(derivers)
        self._limit = limit
        self._lanes: dict[str, tuple[_Lane, ...]] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._task: threading.Thread | None = None
        if self._derivers:
            situations.subscribe(self.changed)

    def start(self) -> None:
        """Look over every situation as it stands, and begin to work; nothing to do without derivers."""
        if self._derivers:
            for situation in self._situations.list():
                self.changed(situation, None)
            self._task = runtime.spawn(self._run, name="derivations")

    def stop(self) -> None:
        """End after the batch under way; what waits is found again at the next start. Before the desks stop."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._task is not None:
            self._task.join()
            self._task = None

    @property
    def waiting(self) -> int:
        """Subjects that wait, in all situations."""
        return sum(len(lane.waiting) for lanes in self._lanes.values() for lane in lanes)

    def changed(self, situation: Situation, changes: Changes | None) -> None:
        """See `server.situation.Listener`."""
        with self._changed:
            if situation.clock.state == "ended":
                self._lanes.pop(situation.id, None)
                return
            lanes = self._lanes.get(situation.id)
            if lanes is None or lanes[0].desk is not situation.desk:
                lanes = tuple(_Lane(situation.desk, deriver, self._limit) for deriver in self._derivers)
                self._lanes[situation.id] = lanes
            elif changes is not None:
                for lane in lanes:
                    lane.look_at(changes.upsert)
            self._changed.notify()

    # -- the worker ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                due = [] if self._stopping else self._due()
                if not due and not self._stopping:
                    open_ends = any(lane.unfinished for lanes in self._lanes.values() for lane in lanes)
                    self._changed.wait(IDLE_S if open_ends else None)
                    continue
                if self._stopping:
                    return
            for lane, subjects in due:
                try:
                    contained(self._work, lane, subjects)
                except Bug:
                    log.exception("a derivation failed", extra={"source": lane.deriver.source})
                    self._count(lane, "failed", len(subjects))

    def _due(self) -> list[tuple["_Lane", list[str]]]:
        found = [(lane, lane.take(BATCH)) for lanes in self._lanes.values() for lane in lanes]
        return [(lane, subjects) for lane, subjects in found if subjects]

    def _work(self, lane: "_Lane", subjects: Sequence[str]) -> None:
        desk, deriver = lane.desk, lane.deriver
        asked = []
        for name in subjects:
            question, others = self._asked(lane, name)
            asked += [question] if question is not None else []
            if others:
                with self._changed:
                    lane.join_queue(others)
        if not asked:
            return
        answers = runtime.offload(_answers, deriver, asked)
        now = _moment(desk)
        made: list[Observation] = []
        for question, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Bug):
                log.error("a question had no answer", exc_info=answer, extra={"source": deriver.source})
                self._count(lane, "failed")
            elif answer is None:
                self._count(lane, "nothing")
            elif question.subject in desk.picture.records:
                made.append(_observation(deriver.source, question, answer, now))
            lane.rest(question.subject, now)
        self._submit(lane, made)

    def _asked(self, lane: "_Lane", subject: str) -> tuple[Question | None, list[str]]:
        """The question of a subject, and the others that it concerns. One that raises takes no other along."""
        deriver, picture = lane.deriver, lane.desk.picture
        try:
            with lane.desk.lock:
                question = contained(deriver.ask, picture, subject)
                return question, contained(_others, deriver, picture, subject)
        except Bug:
            log.exception("a deriver cannot ask", extra={"source": deriver.source})
            self._count(lane, "failed")
            return None, []

    def _submit(self, lane: "_Lane", made: list[Observation]) -> None:
        try:
            receipt = lane.desk.submit(made)
        except Busy as busy:
            self._count(lane, "busy", len(made))
            with self._changed:
                lane.again([observation.subject for observation in made], busy.retry_after_s)
        except Closed:
            log.debug("nothing derived: the situation has ended", extra={"situation": lane.desk.name})
        except BadObservation as error:
            log.error("a derived observation cannot be kept", extra={"source": lane.deriver.source, "why": str(error)})
            self._count(lane, "failed", len(made))
        else:
            self._count(lane, "taken", receipt.accepted)
            self._count(lane, "known", receipt.duplicates)

    def _count(self, lane: "_Lane", outcome: str, number: int = 1) -> None:
        self._metrics.derived.labels(lane.deriver.source, outcome).inc(number)


class _Lane:
    """What waits for one deriver in one situation, of one desk: after a rewind there is another desk, and a new lane.

    Every method is called with the lock of `Derivations` held, except `rest`, which only the worker calls.
    """

    def __init__(self, desk: Desk, deriver: Deriver, limit: int) -> None:
        self.desk = desk
        self.deriver = deriver
        self.waiting: dict[str, None] = {}
        self._limit = limit
        self._resting: dict[str, datetime] = {}
        self._missed = True
        """Something did not fit, or nothing was looked at yet: look over the whole picture once there is room."""
        self._left: list[Feature] = []
        """What of such a look over the picture is left, last first."""
        self._not_before = 0.0

    @property
    def unfinished(self) -> bool:
        """Whether there is something to do, now or later, without a further change."""
        return bool(self.waiting or self._left or self._missed)

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

    def _concerned(self, feature: Feature) -> list[str]:
        return [*self.deriver.concerns(feature)]

    def _look_on(self) -> None:
        """Go on with the look over the picture as far as there is room; begin one if something was missed."""
        if self._missed and not self._left:
            self._missed = False
            with self.desk.lock:
                self._left = list(self.desk.picture.features.values())
            self._left.reverse()
        while self._left and len(self.waiting) < self._limit:
            self.look_at((self._left.pop(),))

    def take(self, most: int) -> list[str]:
        """Subjects whose turn it is, out of the queue."""
        if time.monotonic() < self._not_before:
            return []
        self._look_on()
        clock: Clock = self.desk.clock
        now = clock.now()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        turn = []
        for name in self.waiting:
            if name not in self._resting:
                turn.append(name)
                if len(turn) == most:
                    break
        for name in turn:
            del self.waiting[name]
        return turn

    def rest(self, subject: str, now: datetime) -> None:
        """Leave the subject alone for a while."""
        if self.deriver.pause_s > 0:
            self._resting[subject] = now + timedelta(seconds=self.deriver.pause_s)

    def again(self, subjects: Iterable[str], after_s: float) -> None:
        """The desk was busy: ask these once more, later."""
        self._not_before = time.monotonic() + after_s
        for subject in subjects:
            self._resting.pop(subject, None)
            self.waiting[subject] = None


def _moment(desk: Desk) -> datetime:
    """The situation's time, and not before the newest entry: while a batch of a scenario is being played its clock
    still stands before that batch, and an answer must never be older than what it rests on.
    """
    now, newest = desk.clock.now(), desk.picture.now
    return now if newest is None else max(now, newest)


def _others(deriver: Deriver, picture: Picture, subject: str) -> list[str]:
    return [*deriver.others(picture, subject)] if isinstance(deriver, Spreading) else []


def _answers(deriver: Deriver, questions: Sequence[Question]) -> list[Content | None | Bug]:
    """The answers in the order of the questions; a Bug for one that raised."""
    found: list[Content | None | Bug] = []
    for question in questions:
        try:
            found.append(contained(deriver.answer, question))
        except Bug as bug:
            found.append(bug)
    return found


def _observation(source: str, question: Question, content: Content, now: datetime) -> Observation:
    """The answer as a claim that is as old as what it rests on."""
    return Observation(
        id=idempotency_key("derived", source, question.subject, question.basis, _encode(content)),
        source=source,
        subject=question.subject,
        observed_at=min(question.observed_at, now),
        reported_at=now,
        received_at=now,
        content=content,
    )
