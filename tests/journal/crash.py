"""Kill a writer with SIGKILL at random moments, again and again, and see what is left in its journal."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from server.journal import entries
from server.journal.sqlite import SqliteJournal
from tests.journal.contract import drafts, message

ROOT = Path(__file__).parents[2]


def write(path: str, seed: int) -> None:
    """The child: append batches of random size for ever; say on stdout what was acknowledged, after the fact."""
    chance = random.Random(seed)
    journal = SqliteJournal(path)
    number = journal.last()
    while True:
        count = chance.choice((1, 1, 2, 10, 200))
        raw = message(chance.randbytes(chance.choice((10, 1_000, 100_000))), number) if chance.random() < 0.7 else None
        batch = drafts(number + 1, number + count, raw)
        repeated = drafts(max(1, number - 3), number) if number and chance.random() < 0.3 else []
        appended = journal.append([*batch, *repeated])
        assert len(appended.entries) == count
        number += count
        print(number, flush=True)


def kill_writers(path: Path, rounds: int, seed: int) -> int:
    """`rounds` writers, each killed at a random moment; the number of entries in the end. Asserts after each."""
    chance = random.Random(seed)
    acknowledged = 0
    for turn in range(rounds):
        acknowledged = max(acknowledged, _one_life(path, chance))
        journal = SqliteJournal(path)
        try:
            report = journal.check()
            assert report.ok, (seed, turn, report.problems)
            assert journal.last() >= acknowledged, f"seed {seed}, turn {turn}: acknowledged entries are gone"
            names = [entry.observation.id for entry in entries(journal)]
            assert names == [f"observation-{number}" for number in range(1, journal.last() + 1)], (seed, turn)
            acknowledged = journal.last()
        finally:
            journal.close()
    return acknowledged


def _one_life(path: Path, chance: random.Random) -> int:
    """Start a writer, let it acknowledge a few appends, kill it a random moment later."""
    arguments = [sys.executable, "-m", "tests.journal.crash", str(path), str(chance.getrandbits(32))]
    wanted, moment_s, acknowledged = chance.randint(1, 60), chance.random() * 0.003, 0
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        for _ in range(wanted):
            acknowledged = int(child.stdout.readline())
        end = time.perf_counter() + moment_s
        while time.perf_counter() < end:
            pass
        child.send_signal(signal.SIGKILL)
        rest: Sequence[str] = child.stdout.read().splitlines(keepends=True)
    complete = [int(line) for line in rest if line.endswith("\n")]
    return complete[-1] if complete else acknowledged


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
