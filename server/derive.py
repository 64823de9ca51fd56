"""What the server works out of the picture by itself, and writes down as an observation like everybody's.

A position from an address or an arrival from a route takes files and time, so `layers` cannot compute it, and a replay
must not depend on what base data there is then: the result is journaled. A `Deriver` (server/deriver.py) says which
subjects a change concerns, what is to be asked of a subject, and the answer. `Derivations` listens to every situation,
gathers subjects in bounded queues (a subject waits once, however often it changes), answers off the loop, and submits.

Idempotent by content: the id follows from source, subject, basis and answer, and a question whose answer the picture
holds already is not asked. So a restart or a replay repeats nothing, and an exercise that was rewound gets its own.

Live is answered as fast as it goes. An exercise is answered at the moments of its lines: its player plays the lines of
one moment, all that follows from them is worked out, and only then its time goes on. So it comes to the same picture
however fast it is played, on whatever machine, and wherever it was killed (docs/adr/0088).
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec

from layers.content import Content
from layers.observation import Observation, idempotency_key
from layers.picture import Changes
from server import runtime
from server.deriver import Deriver, Question
from server.desk import Desk, Receipt
from server.edge import Bug, contained
from server.inbox import Busy, Closed
from server.journal import BadObservation
from server.lane import Lane
from server.metrics import Metrics
from server.situations import Situation, Situations

log = logging.getLogger("lagebild.derive")

BATCH = 32
"""Most questions answered in one go, off the loop."""
LIMIT = 5_000
"""Most subjects that wait per situation and deriver. What does not fit is found again by a look over the picture."""
IDLE_S = 1.0
"""How often the worker looks at live though nothing was told: rests end, and so do closures."""
PATIENCE = 10
"""So often an exercise waits for a desk that is busy or whose disk fails; then its lines go on without the answers."""
MOST_WAVES = 8
"""An answer may raise the next question; so often at one moment of an exercise, then its time goes on."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Derivations:
    """All situations and derivers of a server. See `server.situation.Moments` for what players want of it."""

    def __init__(self, situations: Situations, metrics: Metrics, derivers: Sequence[Deriver], limit: int = LIMIT):
        self._situations = situations
        self._metrics = metrics
        self._derivers = tuple(derivers)
        self._limit = limit
        self._rooms: dict[str, _Room] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._task: threading.Thread | None = None
        if self._derivers:
            situations.subscribe(self.changed)
            situations.moments = self

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
        return sum(len(lane.waiting) for room in self._rooms.values() for lane in room.lanes)

    @property
    def wanted(self) -> bool:
        """See `server.situation.Moments`."""
        return any(deriver.ready for deriver in self._derivers)

    @contextmanager
    def moment(self, situation: Situation) -> Iterator[None]:
        """See `server.situation.Moments`."""
        with self._changed:
            room = self._room(situation)
        with room.turn:
            room.playing = True
            try:
                yield
                self._settle_safely(room)
            finally:
                room.playing = False

    def changed(self, situation: Situation, changes: Changes | None) -> None:
        """See `server.situation.Listener`."""
        with self._changed:
            if situation.clock.state == "ended":
                self._rooms.pop(situation.id, None)
                return
            room = self._room(situation)
            if changes is not None:
                for lane in room.lanes:
                    lane.look_at(changes.upsert)
                # What only time did waits for the next line: when a tick comes depends on how the exercise is played.
                room.disturbed |= not room.playing and not situation.desk.ticking
            self._changed.notify()

    def _room(self, situation: Situation) -> "_Room":
        room = self._rooms.get(situation.id)
        if room is None or room.desk is not situation.desk:
            lanes = tuple(Lane(situation.desk, deriver, self._limit) for deriver in self._derivers)
            room = _Room(situation.desk, lanes, stepped=situation.status == "Exercise")
            self._rooms[situation.id] = room
        return room

    # -- live, and what people do to an exercise between its lines -----------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                due = self._due()
                disturbed = [room for room in self._rooms.values() if room.stepped and room.disturbed]
                if not due and not disturbed:
                    self._changed.wait(IDLE_S)
                    continue
            for lane, subjects in due:
                self._work(lane, subjects)
            for room in disturbed:
                room.disturbed = False
                with room.turn:
                    room.playing = True
                    self._settle_safely(room)
                    room.playing = False

    def _due(self) -> list[tuple[Lane, list[str]]]:
        lanes = [lane for room in self._rooms.values() if not room.stepped for lane in room.lanes]
        found = [(lane, lane.take(BATCH, _moment(lane.desk))) for lane in lanes]
        return [(lane, subjects) for lane, subjects in found if subjects]

    def _work(self, lane: Lane, subjects: Sequence[str]) -> None:
        made: list[Observation] = []
        try:
            made = contained(self._answered, lane, subjects)
            self._note(lane, contained(self._submitted, lane, made))
        except Bug as bug:
            busy = bug.__cause__
            if isinstance(busy, Busy):
                self._count(lane, "busy", len(made))
                with self._changed:
                    lane.again([observation.subject for observation in made], busy.retry_after_s)
            else:
                log.exception("a derivation failed", extra={"source": lane.deriver.source})
                self._count(lane, "failed", len(subjects))

    # -- the moments of an exercise ------------------------------------------------------------------------------------

    def _settle_safely(self, room: "_Room") -> None:
        try:
            contained(self._settle, room)
        except Bug as bug:
            if not isinstance(bug.__cause__, Closed | Busy):  # the exercise was closed, or the server stops
                log.exception("a derivation failed", extra={"situation": room.desk.name})

    def _settle(self, room: "_Room") -> None:
        """Work out all that follows, wave by wave: every question of a wave is asked of the same picture."""
        for _ in range(MOST_WAVES):
            with self._changed:
                now = _moment(room.desk)
                wave = [(lane, sorted(lane.take(self._limit, now))) for lane in room.lanes]
                if not any(subjects for _, subjects in wave):
                    room.playing = False
                    return
            made = [(lane, self._answered(lane, subjects)) for lane, subjects in wave]
            for lane, observations in made:
                self._note(lane, self._patiently(lane, observations))
        log.warning("answers raise questions without end", extra={"situation": room.desk.name})

    def _patiently(self, lane: Lane, made: Sequence[Observation]) -> Receipt | None:
        """As `_submitted`; a desk that is busy is waited for, as the player waits with its lines.

        Raises Closed, and Busy once the server stops. After `PATIENCE` the subjects wait for the next line.
        """
        for _ in range(PATIENCE):
            try:
                return self._submitted(lane, made)
            except Busy as busy:
                self._count(lane, "busy", len(made))
                if self._stopping:
                    raise
                time.sleep(busy.retry_after_s)
        with self._changed:
            lane.again([observation.subject for observation in made], 0.0)
        return None

    # -- asking, answering, submitting ---------------------------------------------------------------------------------

    def _answered(self, lane: Lane, subjects: Sequence[str]) -> list[Observation]:
        """What is to be claimed of these subjects."""
        asked = [question for name in subjects if (question := self._asked(lane, name)) is not None]
        made: list[Observation] = []
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            answers = runtime.offload(_answers, lane.deriver, part)
            now = _moment(lane.desk)
            for question, answer in zip(part, answers, strict=True):
                if isinstance(answer, Bug):
                    log.error("a question had no answer", exc_info=answer, extra={"source": lane.deriver.source})
                    self._count(lane, "failed")
                elif answer is None:
                    self._count(lane, "nothing")
                elif question.subject in lane.desk.picture.records:
                    made.append(_observation(lane.deriver.source, question, answer, now))
        return made

    def _asked(self, lane: Lane, subject: str) -> Question | None:
        """The question of a subject. One that raises takes no other along."""
        try:
            with lane.desk.lock:
                return contained(lane.deriver.ask, lane.desk.picture, subject)
        except Bug:
            log.exception("a deriver cannot ask", extra={"source": lane.deriver.source})
            self._count(lane, "failed")
            return None

    def _submitted(self, lane: Lane, made: Sequence[Observation]) -> Receipt | None:
        """What the desk says, None where it took nothing. Raises Busy, and Closed in an exercise that is over."""
        try:
            return lane.desk.submit(made)
        except BadObservation as error:
            log.error("a derived observation cannot be kept", extra={"source": lane.deriver.source, "why": str(error)})
            self._count(lane, "failed", len(made))
            return None

    def _note(self, lane: Lane, receipt: Receipt | None) -> None:
        if receipt is not None:
            self._count(lane, "taken", receipt.accepted)
            self._count(lane, "known", receipt.duplicates)

    def _count(self, lane: Lane, outcome: str, number: int = 1) -> None:
        self._metrics.derived.labels(lane.deriver.source, outcome).inc(number)


class _Room:
    """The lanes of a situation. `turn` is held while something of an exercise is played or worked out."""

    def __init__(self, desk: Desk, lanes: tuple[Lane, ...], stepped: bool) -> None:
        self.desk, self.lanes, self.stepped = desk, lanes, stepped
        self.turn = threading.Lock()
        self.playing = False
        self.disturbed = False
        """Somebody has said something between the lines."""


def _moment(desk: Desk) -> datetime:
    """The situation's time, and not before the newest entry: while a line of a scenario is being played its clock
    still stands before that line, and an answer must never be older than what it rests on.
    """
    now, newest = desk.clock.now(), desk.picture.now
    return now if newest is None else max(now, newest)


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
