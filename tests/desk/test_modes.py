"""The desk in both async modes, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk.tools import DEADLINE_S

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_many_submitters_share_appends_and_the_loop_goes_on(mode: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.desk.green", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=2 * DEADLINE_S,
        env={**os.environ, "LAGEBILD_ASYNC_MODE": mode},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["green"] is (mode == "eventlet")
    assert said["ok"]
    assert said["entries"] == said["rev"] == 500
    assert said["batches"] < 250, "appends were shared"
    assert said["beats"] > said["batches"], "the loop went on while SQLite worked"
    assert said["snapshots"] == 1
