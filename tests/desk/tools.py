"""What the tests of desk and situations share."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from layers.settings import PictureSettings
from server.clock import Clock, WallClock
from server.desk import Desk, DeskSettings
from server.journal import Appended, Draft
from server.journal.sqlite import SqliteJournal

DEADLINE_S = 30.0


def eventually(holds: Callable[[], object], what: str = "") -> None:
    """Wait until `holds()`; fail after a deadline that no working machine needs."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, f"never came: {what or holds}"
        time.sleep(0.005)


class SlowJournal(SqliteJournal):
    """A journal on a disk that can be held still: while `hold` is set, appends wait. Counts what it is asked."""

    def __init__(self, path: Path) -> None:
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.waiting = threading.Event()
        self.entries_read = 0
        super().__init__(path)

    def append(self, drafts: Sequence[Draft]) -> Appended:
        self.waiting.set()
        assert self.open_gate.wait(DEADLINE_S)
        return super().append(drafts)

    def fill_disk(self) -> None:
        """From now on the file cannot grow."""
        assert self._writer is not None
        pages: int = self._writer.execute("PRAGMA page_count").fetchone()[0]
        self._writer.execute(f"PRAGMA max_page_count = {pages}")

    def free_disk(self) -> None:
        """Room again."""
        assert self._writer is not None
        self._writer.execute("PRAGMA max_page_count = 1073741823")


def make_desk(
    folder: Path, clock: Clock | None = None, settings: DeskSettings | None = None
) -> tuple[Desk, SlowJournal]:
    """A desk that works, on a journal in `folder`."""
    journal = SlowJournal(folder / "journal.db")
    desk = Desk("test", journal, clock or WallClock(), PictureSettings(), settings)
    desk.start()
    return desk, journal


class Call(threading.Thread):
    """Something that waits, called beside the test; `result` or `error` once it is over."""

    def __init__(self, function: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._function = function
        self.result: object = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._function()
        except Exception as error:  # noqa: BLE001  (kept for the test to look at)
            self.error = error

    def done(self) -> "Call":
        """Wait for the end."""
        self.join(DEADLINE_S)
        assert not self.is_alive(), "still waiting"
        return self
