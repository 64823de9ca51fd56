"""Page object of the crew app in its window: a display without a screen, the app's process, a finger, an eye."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_S, ANSWER_S = 120.0, 60.0
SCREEN = "1300x1300x24"


@contextmanager
def display() -> Iterator[str]:
    """A display of our own, ended by its process."""
    assert shutil.which("Xvfb"), "Xvfb is missing; .ci/system-packages installs it"
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        try:
            os.close(write)
            assert select.select([read], [], [], START_S)[0], "Xvfb does not start"
            yield f":{os.read(read, 20).decode().strip()}"
        finally:
            os.close(read)
            server.terminate()


def threads(pid: int) -> list[str]:
    """Name, state (R runs, S waits), CPU time in clock ticks and place in the kernel of each thread: does it turn in a
    circle, or wait, and for what?
    """
    found = []
    for task in sorted(Path(f"/proc/{pid}/task").iterdir()):
        with contextlib.suppress(OSError):
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(") ")
            fields = rest.split()
            found.append(f"{name} {fields[0]} {int(fields[11]) + int(fields[12])} {(task / 'wchan').read_text()}")
    return found


class App:
    """A running app. Every call waits for the app's answer.

    `traced` measures coverage, for an app that the test closes: one that is killed has nothing to tell, and is quicker.
    """

    def __init__(self, screen: str, data: Path, *arguments: str, dpi: int = 150, traced: bool = False) -> None:
        environment = {**os.environ, "DISPLAY": screen, "TZ": "Europe/Berlin", "SDL_AUDIODRIVER": "dummy"}
        environment.pop("WAYLAND_DISPLAY", None)
        if not traced:
            environment.pop("COVERAGE_PROCESS_CONFIG", None)
        command = [
            sys.executable,
            str(ROOT / "tests/mobile/driver.py"),
            "--data",
            str(data),
            "--dpi",
            str(dpi),
            *arguments,
        ]
        self.log = data.parent / f"{data.name}.log"
        self._errors = self.log.open("a")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environment, cwd=ROOT
        )
        self._answers = b""
        try:
            self.ask("state")
        except BaseException:
            self.kill()
            raise

    def ask(self, do: str, **order: Any) -> dict[str, Any]:
        """Give an order and return the answer. Fails when the app does."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **order}).encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line())
        if not answer.get("ok"):
            raise AssertionError(answer.get("error"))
        return answer

    def _line(self) -> bytes:
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_S + ANSWER_S
        while b"\n" not in self._answers:
            left = deadline - time.monotonic()
            ready = select.select([self.process.stdout], [], [], max(0.0, left))[0]
            chunk = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not chunk:
                raise AssertionError(self._why_silent(ended=bool(ready)))
            self._answers += chunk
        line, _, self._answers = self._answers.partition(b"\n")
        return line

    def _why_silent(self, *, ended: bool) -> str:
        """The app's exit code, or where its threads hang; and its last words."""
        if ended:
            what = f"the app has ended with {self.process.wait(ANSWER_S)}"
        else:
            before = threads(self.process.pid)
            self.process.send_signal(signal.SIGUSR1)  # the driver's faulthandler writes every thread's stack
            time.sleep(1.0)
            what = f"the app does not answer; its threads: {before}, and a second later: {threads(self.process.pid)}"
        return f"{what}\n{self.log.read_text()[-6000:]}"

    @staticmethod
    def wait(condition: Any, what: str, timeout_s: float = ANSWER_S) -> Any:
        """Poll until the condition holds, and return what it gave."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = condition()
            if found:
                return found
            assert time.monotonic() < deadline, f"never: {what}"
            time.sleep(0.05)

    # an eye

    def texts(self, *, everything: bool = False) -> list[str]:
        """The texts in sight, or all that are in the widget tree."""
        return list(self.ask("texts", all=everything)["texts"])

    def shows(self, text: str, timeout_s: float = ANSWER_S, *, everything: bool = False) -> str:
        """Wait until a text contains this; returns the whole text."""

        def look() -> str:
            return next((shown for shown in self.texts(everything=everything) if text in shown), "")

        try:
            return str(self.wait(look, text, timeout_s))
        except AssertionError as problem:
            raise AssertionError(f"{problem}; shown: {self.texts(everything=everything)}") from None

    def state(self) -> dict[str, Any]:
        """What the app knows."""
        return self.ask("state")

    def until(self, timeout_s: float = ANSWER_S, **expected: Any) -> dict[str, Any]:
        """Wait until the state has these values."""

        def look() -> dict[str, Any]:
            state = self.state()
            return state if all(state.get(key) == value for key, value in expected.items()) else {}

        found: dict[str, Any] = self.wait(look, f"{expected}", timeout_s)
        return found

    def photograph(self, path: Path) -> Path:
        """A picture of the window."""
        self.ask("screenshot", path=str(path))
        return path

    # a finger

    def press(self, text: str, hold_s: float = 0.05) -> None:
        """Press a key by its text."""
        self.ask("press", text=text, hold_s=hold_s)

    def status(self, digit: int) -> None:
        """Send an FMS status the way a crew does: the key twice, or held for the emergency call."""
        if digit == 0:
            self.ask("hold", text="FMS 0")
            return
        for _ in range(2):
            self.press(f"FMS {digit}")

    # life and death

    def close(self) -> None:
        """Close the window."""
        if self.process.poll() is None:
            self.ask("quit")
            self.process.wait(ANSWER_S)
        self._done()

    def kill(self) -> None:
        """As when the battery is taken out."""
        self.process.kill()
        self.process.wait(ANSWER_S)
        self._done()

    def _done(self) -> None:
        for stream in (self.process.stdin, self.process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        else:
            self._done()
