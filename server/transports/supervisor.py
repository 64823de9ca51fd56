"""The supervisor: keeps every configured connection going, and tells picture and metrics how each stands.

What a connection brings goes into the live situation by the same intake as everything else. A lost peer is tried again
for ever: about a second later, then twice as long each time up to `retry_max_s`, each wait shortened at random so that
many do not come back at once.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from layers.content import LinkState
from layers.observation import Observation, idempotency_key
from server import runtime
from server.desk import Busy, Closed
from server.edge import Bug, contained
from server.feeds import INVALID, DecodeError
from server.intake import Intake
from server.situation import Situation
from server.throttle import Throttle
from server.transports.connection import ConnectionSettings, Lost, Stopped, Transport, retry_s
from server.transports.kinds import transport

log = logging.getLogger("lagebild.connections")

CONNECTING, CONNECTED, LOST, STOPPED = "connecting", "connected", "lost", "stopped"
STEADY_S = 30.0
"""A connection that stood for so long is tried again quickly when it is lost."""
BUSY_S, LONGEST_BUSY_S = 0.1, 5.0
STOP_S = 5.0
"""How long connections may take to end."""
TOLD_PER_MIN, TOLD_AT_ONCE = 2.0, 10.0
"""Changes of one connection that enter the journal: a peer that comes and goes must not fill it."""
RETELL_S = 86_400.0
"""How often a state that lasts is told again, so that its source is not forgotten."""
LOOK_S = 60.0

Sink = Callable[[str, str, bytes, str], object]
"""feed, instance, body, sender: returns when the message is durable. Raises DecodeError, Busy, Closed."""
Refuse = Callable[[str, str, DecodeError, bytes, int | None], None]
"""source, sender, why, how it began, its size: for the quarantine."""


class LinkStats(Struct):
    """Counters since the start."""

    messages: int = 0
    bytes: int = 0
    refused: int = 0
    busy: int = 0
    """Times a message had to wait because the desk was busy."""
    turned_away: int = 0
    """Peers that were not let in: not on the list, or one too many."""
    dropped: int = 0
    """Messages that were lost: the peer does not send them again, and there was no room."""
    connects: int = 0
    losses: int = 0


class Runner:
    """One connection and its state; the link that its transport sees."""

    probing = False

    def __init__(
        self,
        name: str,
        settings: ConnectionSettings,
        sink: Sink,
        now: Callable[[], datetime],
        folder: Path | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        self.name = name
        self.feed, _, self.instance = name.partition("/")
        self.folder = folder
        self.settings = settings
        self.kind = str(type(settings).__struct_config__.tag)
        self.stats = LinkStats()
        self.stopping = threading.Event()
        self.ended = threading.Event()
        self.transport: Transport[Any] = transport(settings)
        self.state = LinkState(transport=self.kind, state=CONNECTING, since=now(), peer=self.transport.where())
        self.changed: Callable[[], None] = _nobody
        self._sink = sink
        self._refuse = refuse
        self._now = now
        self._lock = threading.Lock()
        self._up_at: float | None = None

    # -- for the transport ---------------------------------------------------------------------------------------------

    def up(self, peer: str | None = None, trouble: str | None = None) -> None:
        """See Link."""
        if self._up_at is None:
            self._up_at = time.monotonic()
            self.stats.connects += 1
            log.info("connected", extra={"source": self.name, "peer": peer or self.state.peer})
        self._set(CONNECTED, peer or self.state.peer, trouble)

    def take(self, body: bytes, sender: str | None = None, part: str | None = None, *, last: bool = False) -> bool:
        """See Link."""
        instance = self.instance if part is None else f"{self.instance}.{part}"
        pause_s = BUSY_S
        while last or not self.stopping.is_set():
            try:
                self._sink(self.feed, instance, body, sender or self.state.peer or self.name)
            except DecodeError:
                self.count(messages=1, bytes=len(body), refused=1)
                return False
            except Busy as error:
                self.count(busy=1)
                wait_s = random.uniform(0.5, 1.0) * max(pause_s, min(error.retry_after_s, LONGEST_BUSY_S))
                if self.stopping.wait(wait_s):
                    if not last:
                        raise Stopped from error
                    time.sleep(BUSY_S)  # until the desk closes: the supervisor does not wait for ever
                pause_s = min(2 * pause_s, LONGEST_BUSY_S)
            except Closed as error:
                self.count(dropped=int(last))
                raise Stopped from error
            else:
                self.count(messages=1, bytes=len(body))
                return True
        raise Stopped

    def refuse(self, reason: str, start: bytes = b"", size: int | None = None, sender: str | None = None) -> None:
        """See Link."""
        self.count(refused=1)
        if self._refuse is not None:
            self._refuse(self.name, sender or self.state.peer or self.name, DecodeError(reason), start, size)

    def count(self, **more: int) -> None:
        """See Link."""
        with self._lock:
            for name, number in more.items():
                setattr(self.stats, name, getattr(self.stats, name) + number)

    def wait(self, seconds: float) -> None:
        """See Link."""
        if self.stopping.wait(seconds):
            raise Stopped

    # -- for the supervisor --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        runtime.spawn(self._run, name=f"{self.kind} {self.name}")

    def stop(self) -> None:
        """Ask it to end."""
        self.stopping.set()
        try:
            contained(self.transport.stop)
        except Bug:
            log.exception("a connection cannot be ended", extra={"source": self.name})

    def _run(self) -> None:
        failures = 0
        try:
            while not self.stopping.is_set():
                failures, lost = self._once(failures)
                self.wait(self._lose(lost, failures))
        except Stopped:
            pass
        finally:
            self.ended.set()

    def _once(self, failures: int) -> tuple[int, Lost]:
        """One connection from its beginning to its end: failures in a row, and how it ended. Raises Stopped."""
        self._up_at = None
        try:
            contained(self.transport.run, self)
            lost = Lost("it ended by itself")
        except Bug as bug:
            cause = bug.__cause__
            if isinstance(cause, Stopped) or self.stopping.is_set():
                raise Stopped from bug
            if isinstance(cause, Lost):
                lost = cause
            else:
                log.exception("a connection failed by a bug", extra={"source": self.name})
                lost = Lost(f"bug: {type(cause).__name__}")
        if self.stopping.is_set():
            raise Stopped
        steady = self._stood_s() >= STEADY_S
        return (1 if steady else failures + 1), lost

    def _stood_s(self) -> float:
        return 0.0 if self._up_at is None else time.monotonic() - self._up_at

    def _lose(self, lost: Lost, failures: int) -> float:
        """Note a loss; returns the seconds until the next try."""
        self.count(losses=1)
        pause_s = retry_s(failures, self.settings.retry_max_s, lost.retry_after_s)
        next_try_at = self._now() + timedelta(seconds=pause_s)
        words = {"source": self.name, "reason": lost.reason, "retry_s": round(pause_s, 1)}
        log.warning("connection lost", extra=words)
        self._set(LOST, self.transport.where(), lost.reason, next_try_at)
        return pause_s

    def _set(
        self, state: str, peer: str | None, reason: str | None = None, next_try_at: datetime | None = None
    ) -> None:
        with self._lock:
            before = self.state
            since = before.since if before.state == state else self._now()
            self.state = LinkState(
                transport=self.kind, state=state, since=since, peer=peer, reason=reason, next_try_at=next_try_at
            )
            same = self.state == before
        if not same:
            self.changed()


def _none(_: str) -> Situation | None:
    return None


class Supervisor:
    """Every connection, of `situation` (live) or of exercises, which `exercise` finds by the name in its settings.

    `folder` is where they may keep what must outlast a restart.
    """

    def __init__(
        self,
        settings: Mapping[str, ConnectionSettings],
        intake: Intake,
        situation: Situation,
        folder: Path,
        exercise: Callable[[str], Situation | None] = _none,
    ) -> None:
        self._situation = situation
        self._exercise = exercise
        self._told: dict[str, tuple[LinkState, float]] = {}
        self._throttle = Throttle(TOLD_PER_MIN, TOLD_AT_ONCE)
        self._touched = threading.Event()
        self._stopped = threading.Event()

        def sink(one: ConnectionSettings, feed: str, instance: str, body: bytes, sender: str) -> object:
            place = self._place(one)
            if place is None:
                raise DecodeError("no such exercise runs", INVALID)  # dropped: it is nobody's, least of all live's
            return intake.take(place, feed, instance, body, sender)

        def refuse(
            one: ConnectionSettings, source: str, sender: str, error: DecodeError, start: bytes, size: int | None
        ) -> None:
            place = self._place(one)
            if place is not None:
                intake.refuse(place, source, sender, error, start, size)

        self.runners = tuple(
            Runner(name, one, partial(sink, one), partial(self._now, one), folder, partial(refuse, one))
            for name, one in settings.items()
            if one.enabled
        )

    def _place(self, one: ConnectionSettings) -> Situation | None:
        return self._situation if one.exercise is None else self._exercise(one.exercise)

    def _now(self, one: ConnectionSettings) -> datetime:
        return (self._place(one) or self._situation).clock.now()

    def start(self) -> None:
        """Make every connection; returns at once."""
        if not self.runners:
            return
        for runner in self.runners:
            runner.changed = self._touched.set
            runner.start()
        self._touched.set()
        runtime.spawn(self._tell_changes, name="connections")

    def stop(self) -> None:
        """End every connection and say so in the picture."""
        self._stopped.set()
        self._touched.set()
        for runner in self.runners:
            runner.stop()
        until = time.monotonic() + STOP_S
        for runner in self.runners:
            if not runner.ended.wait(max(0.0, until - time.monotonic())) and runner.name in self._told:
                log.warning("a connection does not end", extra={"source": runner.name})
        gone = [
            (
                runner,
                msgspec.structs.replace(
                    runner.state, state=STOPPED, since=self._now(runner.settings), reason=None, next_try_at=None
                ),
            )
            for runner in self.runners
            if runner.name in self._told
        ]
        self._submit(gone)

    def _tell_changes(self) -> None:
        pause_s = 0.0
        while not self._stopped.is_set():
            self._touched.wait(pause_s)
            self._touched.clear()
            pause_s = LOOK_S
            for runner in self.runners:
                pause_s = min(pause_s, self._tell(runner))

    def _tell(self, runner: Runner) -> float:
        """Let the picture know of one connection if it changed; returns when to look again, seconds."""
        state, now = runner.state, time.monotonic()
        told = self._told.get(runner.name)
        if self._stopped.is_set() or (told is not None and told[0] == state and now - told[1] < RETELL_S):
            return LOOK_S
        wait_s = self._throttle.take(runner.name)
        if wait_s > 0:
            return wait_s
        if not self._submit([(runner, state)]):
            return 1.0
        self._told[runner.name] = (state, now)
        return LOOK_S

    def _submit(self, states: Iterable[tuple[Runner, LinkState]]) -> bool:
        """Write states down; False where the desk takes nothing. An exercise that does not run hears nothing."""
        try:
            for runner, state in states:
                place = self._place(runner.settings)
                if place is not None:
                    place.desk.submit([_observation(runner.name, state, place.clock.now())])
        except (Busy, Closed):
            return False
        return True


def _observation(source: str, state: LinkState, now: datetime) -> Observation:
    return Observation(
        id=idempotency_key("link", source, now.isoformat(), state.state, state.reason or ""),
        source=source,
        subject=f"source:{source}",
        observed_at=now,
        reported_at=now,
        received_at=now,
        content=state,
    )


def _nobody() -> None:
    return
