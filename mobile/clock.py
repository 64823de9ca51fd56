"""The situation's clock as the tablet knows it, also without a network.

The server says `now` and `speed`; in between, the tablet's monotonic clock carries it on. `now` arrives late by the way
it took, so of several the one that puts the clock furthest ahead had the shortest way and is the best (a minimum-delay
filter, as in NTP). After a restart without a network the clock goes on from what was stored, by the tablet's wall
clock, and `confirmed` is False until the server has spoken.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

JUMP_S = 2.0
"""A difference above this (times the speed) is a jump or a pause that we missed, not delay."""


class _Mark(NamedTuple):
    """One reading: replaced as a whole, so that another thread never sees half of it."""

    base: datetime
    mono_s: float
    speed: float
    state: str
    confirmed: bool


class SituationClock:
    """Extrapolates the situation's time. `monotonic` gives seconds that never go back, `wall` seconds since 1970."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._mark: _Mark | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the server has said a time since this start."""
        return self._mark is not None and self._mark.confirmed

    @property
    def speed(self) -> float:
        """Seconds of situation time per second; 0 while paused or ended."""
        return self._mark.speed if self._mark else 1.0

    @property
    def state(self) -> str:
        """running, paused or ended."""
        return self._mark.state if self._mark else "running"

    def now(self) -> datetime | None:
        """The situation's time in UTC; None until the server or the store has said one."""
        return self._read(self._mark) if self._mark else None

    def _read(self, mark: _Mark) -> datetime:
        return mark.base + timedelta(seconds=(self._monotonic() - mark.mono_s) * mark.speed)

    def heard(self, now: str) -> None:
        """A delta's `now`: corrects the clock where it ran slow, or where it is off by more than delay explains."""
        said, mark = parse(now), self._mark
        if mark is None:
            self._mark = _Mark(said, self._monotonic(), 1.0, "running", True)
            return
        ahead_s = (said - self._read(mark)).total_seconds()
        if not mark.confirmed or ahead_s > 0 or -ahead_s > JUMP_S * max(1.0, mark.speed):
            self._mark = _Mark(said, self._monotonic(), mark.speed, mark.state, True)

    def set(self, now: str, speed: float, state: str) -> None:
        """A hello or a clock message: the clock was started, paused, jumped or changed its speed."""
        self._mark = _Mark(parse(now), self._monotonic(), speed if state == "running" else 0.0, state, True)

    def dump(self) -> dict[str, Any]:
        """What `restore` needs after a restart; {} while the clock is not set."""
        mark = self._mark
        if mark is None:
            return {}
        return {"now": iso(self._read(mark)), "wall_s": self._wall(), "speed": mark.speed, "state": mark.state}

    def restore(self, dumped: dict[str, Any]) -> None:
        """Go on from a stored clock. A wall clock that went back meanwhile counts as no time passed."""
        if not dumped:
            return
        speed = float(dumped["speed"])
        passed_s = max(0.0, self._wall() - float(dumped["wall_s"])) * speed
        base = parse(dumped["now"]) + timedelta(seconds=passed_s)
        self._mark = _Mark(base, self._monotonic(), speed, str(dumped["state"]), False)


def parse(text: str) -> datetime:
    """A time of the wire (ISO 8601 with zone) as an aware datetime in UTC. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no zone in {text!r}")
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """The wire's form of a time: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
