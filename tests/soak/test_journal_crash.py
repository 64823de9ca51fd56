"""Many lives and deaths of a writer."""

import os
import time
from pathlib import Path

import pytest

from tests.journal.crash import kill_writers

ROUNDS = int(os.environ.get("LAGEBILD_SOAK_ROUNDS", "300"))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_hundreds_of_killed_writers_lose_nothing(tmp_path: Path) -> None:
    seed = time.time_ns() % 2**32
    print(f"seed {seed}")
    for journal in range(0, ROUNDS, 30):  # a fresh file now and then, so that checking stays quick
        kill_writers(tmp_path / f"{journal}.db", min(30, ROUNDS - journal), seed + journal)
