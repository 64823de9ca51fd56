"""Run in a process of its own, in the async mode of LAGEBILD_ASYNC_MODE: many submitters, a slow disk, a loop."""

# ruff: noqa: E402  (patched before anything else is imported)

from server import runtime

runtime.patch()

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from layers.settings import PictureSettings
from server.clock import WallClock
from server.desk import Busy, Desk, DeskSettings
from server.journal import Appended, Draft
from server.journal.sqlite import SqliteJournal
from tests.desk.test_desk import unit

SUBMITTERS = 100
EACH = 5


class HeavyJournal(SqliteJournal):
    """Every append keeps its thread inside SQLite for a while, as a slow disk would."""

    def append(self, drafts: Sequence[Draft]) -> Appended:
        busy = sqlite3.connect(":memory:")
        busy.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT count(*) FROM n"
        )
        busy.close()
        return super().append(drafts)


def main(folder: Path) -> None:
    """Print what happened as JSON."""
    journal = HeavyJournal(folder / "journal.db")
    desk = Desk("test", journal, WallClock(), PictureSettings(), DeskSettings(batch_observations=50))
    desk.start()
    beats, busy, done = [0], [0], threading.Event()

    def beat() -> None:
        while not done.is_set():
            beats[0] += 1
            time.sleep(0.001)

    def submit(number: int) -> None:
        for turn in range(EACH):
            while True:
                try:
                    desk.submit([unit(number * EACH + turn)])
                except Busy as refusal:
                    busy[0] += 1
                    time.sleep(refusal.retry_after_s)
                else:
                    break

    runtime.spawn(beat)
    tasks = [threading.Thread(target=submit, args=(number,)) for number in range(SUBMITTERS)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    beats_while_busy = beats[0]
    done.set()
    desk.stop()
    report = journal.check()
    journal.close()
    print(json.dumps({
        "green": runtime.is_green(), "entries": report.entries, "ok": report.ok, "batches": desk.stats.batches,
        "rev": desk.picture.rev, "beats": beats_while_busy, "snapshots": desk.stats.snapshots,
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
