"""The time of a situation: the wall clock for live, a clock of its own for every exercise."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

MIN_SPEED = 0.5
MAX_SPEED = 60.0

State = Literal["running", "paused", "ended"]


class Clock(Protocol):
    """What a desk, a feed and a client need to know of a situation's time."""

    @property
    def speed(self) -> float:
        """Seconds of the situation per second of the wall; 0 unless running."""

    @property
    def state(self) -> State:
        """running, paused or ended."""

    def now(self) -> datetime:
        """The time in the situation, UTC."""

    def wait_s(self, until: datetime) -> float | None:
        """Seconds of the wall until the clock shows `until`; 0 if it does, None while it cannot get there."""


class WallClock:
    """The time on our clock."""

    speed = 1.0
    state: State = "running"

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)

    def wait_s(self, until: datetime) -> float | None:
        """See `Clock.wait_s`."""
        return max(0.0, (until - self.now()).total_seconds())


class ScenarioClock:
    """The time of an exercise: starts at `starts_at`, runs at `speed` times the wall, can be paused, jumped and ended.

    The player sets a *gate*: the time of the next line that is not yet durable. `now()` never passes it, so neither a
    report nor a tick can overtake a line that belongs before it, however busy the machine is or however far a jump
    goes; `target()` is where the clock would be without the gate. Never runs backward.
    """

    def __init__(
        self,
        starts_at: datetime,
        speed: float = 1.0,
        *,
        position: datetime | None = None,
        state: State = "running",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.starts_at = starts_at
        self.state: State = state
        self.chosen_speed = _checked(speed)
        self._monotonic = monotonic
        self._anchor = (position or starts_at, monotonic())
        self._gate: datetime | None = None

    @property
    def speed(self) -> float:
        """See `Clock.speed`; the speed once it runs again is `chosen_speed`."""
        return self.chosen_speed if self.state == "running" else 0.0

    def now(self) -> datetime:
        """See `Clock.now`."""
        gate = self._gate
        target = self.target()
        return target if gate is None or target < gate else gate

    def target(self) -> datetime:
        """Where the clock stands or would stand had every line been played."""
        position, since = self._anchor
        return position + timedelta(seconds=(self._monotonic() - since) * self.speed)

    def wait_s(self, until: datetime) -> float | None:
        """See `Clock.wait_s`; None also while the gate is shut before `until`."""
        if until <= self.now():
            return 0.0
        return None if self._gate is not None and self._gate < until else self.due_in_s(until)

    def due_in_s(self, until: datetime) -> float | None:
        """As `wait_s`, for the player itself: the gate does not count."""
        ahead_s = (until - self.target()).total_seconds()
        if ahead_s <= 0:
            return 0.0
        return ahead_s / self.speed if self.speed else None

    def gate(self, until: datetime | None) -> None:
        """Let the clock run up to `until` at most; None: freely."""
        self._gate = until

    def pause(self) -> None:
        """Stop the clock; nothing happens when it is stopped already."""
        self._move(state="paused")

    def resume(self) -> None:
        """Let it run on."""
        self._move(state="running")

    def end(self) -> None:
        """Freeze it for good at what it shows now."""
        self._move(position=self.now(), state="ended")

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on. Raises ValueError outside MIN_SPEED to MAX_SPEED."""
        self._move(speed=_checked(speed))

    def jump(self, to: datetime) -> None:
        """Go to `to` at once unless it is later already; going back is a new take, and a new clock."""
        self._move(position=max(to, self.target()))

    def _move(
        self, *, position: datetime | None = None, state: State | None = None, speed: float | None = None
    ) -> None:
        if self.state == "ended":
            raise ValueError("the exercise has ended")
        anchor = (position or self.target(), self._monotonic())
        self.state = state or self.state
        self.chosen_speed = speed or self.chosen_speed
        self._anchor = anchor


def _checked(speed: float) -> float:
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise ValueError(f"speed must lie between {MIN_SPEED:g} and {MAX_SPEED:g}")
    return float(speed)
