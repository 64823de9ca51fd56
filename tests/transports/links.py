"""A connection with a desk of the test behind it, which takes, refuses or lets wait as the test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from server.desk import Busy
from server.feeds import DecodeError
from server.transports.kinds import connection
from server.transports.poll_settings import PollSettings
from server.transports.supervisor import Runner
from tests.server import wait_until


class Desk:
    """Keeps what comes. `busy` times it says Busy first; until `open` it lets nobody go on; `bad` bodies it refuses."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes, str]] = []
        self.asked = 0
        self.busy = 0
        self.bad: set[bytes] = set()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, feed: str, instance: str, body: bytes, sender: str) -> object:
        self.asked += 1
        assert self.open.wait(60)
        if self.busy > 0:
            self.busy -= 1
            raise Busy("full", 0)
        if body in self.bad:
            raise DecodeError("bad")
        self.taken.append((feed, instance, body, sender))
        return None

    @property
    def bodies(self) -> list[bytes]:
        """The bodies, in the order in which they were taken."""
        return [body for _, _, body, _ in self.taken]


@contextmanager
def running(name: str, desk: Desk, folder: Path | None = None, **settings: Any) -> Iterator[Runner]:
    """A runner of the connection with these settings, until the end of the block."""
    settings = {"retry_max_s": 0.05, **settings}
    made = connection(settings)
    if isinstance(made, PollSettings) and made.interval_s == 1:
        made = replace(made, interval_s=0.05)  # less than anybody may set, so that tests are quick
    runner = Runner(name, made, desk, lambda: datetime.now(UTC), folder)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()
        desk.open.set()
        assert runner.ended.wait(60), "the connection does not end"


def stands(runner: Runner) -> None:
    """Wait until it is connected."""
    _becomes(runner, "connected", "")


def is_lost(runner: Runner, reason: str) -> None:
    """Wait until it is lost for that reason."""
    _becomes(runner, "lost", reason)


def _becomes(runner: Runner, state: str, reason: str) -> None:
    try:
        wait_until(lambda: runner.state.state == state and reason in (runner.state.reason or ""))
    except AssertionError as error:
        raise AssertionError(f"{runner.name} is not {state} by {reason!r}, but {runner.state}") from error


def poll(*urls: str, **more: Any) -> dict[str, Any]:
    """Settings of a poll that asks again after a second."""
    return {"transport": "poll", "urls": urls, "interval_s": 1, **more}
