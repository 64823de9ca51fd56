"""What costs a second or more to make and is only read: made once for a whole run, also by several workers."""

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from server.base.base import Base
from tests.server import COMMAND


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of this run, made by whichever worker asks first; the others wait for it."""
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    folder = run / name
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = Path(factory.mktemp(name)) / "draft"  # of our own: a maker that failed leaves nothing half
            make(draft)
            draft.rename(folder)
    return folder


def base_once(factory: pytest.TempPathFactory, name: str, extract: Path, *options: str) -> Base:
    """Base data of an extract, for reading only; do not close it. Built by the command, untraced for coverage: what it
    does is the subject of tests/base, and tracing triples its time.
    """

    def make(folder: Path) -> None:
        words = [COMMAND, "base", "build", str(extract), "--out", str(folder), "--quiet", *options]
        environment = {key: value for key, value in os.environ.items() if key != "COVERAGE_PROCESS_CONFIG"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stderr

    return Base.open(once(factory, f"base-{name}", make))
