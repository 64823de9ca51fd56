"""A real server in a process of its own, and clients that speak to it as tablets and browsers do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import engineio
import requests
import socketio
import websocket
from click.testing import CliRunner

from layers.wire import Feature, apply_delta
from server.cli import main

COMMAND = str(Path(sys.executable).with_name("lagebild"))
START_S = 120.0
WAIT_S = 60.0


def wait_until(condition: Callable[[], Any], what: str = "it", within_s: float = WAIT_S) -> Any:
    """Poll until the condition is true and return its value; fails with the name of what was waited for."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {within_s:g} s for {what} in vain")


def lagebild(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [COMMAND, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


def make_token(data: Path, role: str, name: str = "", *options: str) -> str:
    """A token by the operator's command, in this process: a test that needs three does not start Python three times."""
    words = ["token", "create", "--data", str(data), "--role", role, "--name", name or role, *options]
    done = CliRunner().invoke(main, list(map(str, words)))  # a role may be a member of its enumeration
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


class Server:
    """`lagebild serve` on a free port; ended by its own pid.

    A demo finds the town's base data built, as from its second start on.
    """

    ground: ClassVar[Callable[[], Path] | None] = None
    """The folder of the town's base data; tests/conftest.py sets it."""

    def __init__(self, data: Path, *options: str, **environment: str) -> None:
        self.data = data
        self.options = options
        self.environment = environment
        self.url = ""
        self.lines: list[str] = []
        self.log: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start and wait until it listens."""
        self.lines, self.log = [], []
        ground = type(self).ground
        if "--demo" in self.options and ground and not (self.data / "base").exists():
            shutil.copytree(ground(), self.data / "base")
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(self.data), *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment},
        )
        for stream, kept in ((self.process.stdout, self.lines), (self.process.stderr, self.log)):
            threading.Thread(target=_collect, args=(stream, kept), daemon=True).start()
        process = self.process
        try:
            wait_until(lambda: self.lines or process.poll() is not None, "the server to listen", START_S)
            if not self.lines:
                process.wait(10)
                raise AssertionError("".join(self.log))
        except AssertionError:
            self.kill()
            raise
        assert self.lines[0].startswith("listening on http://")
        self.url = self.lines[0].removeprefix("listening on ").strip()
        return self

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """SIGKILL: nothing is said good-bye to."""
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def token(self, role: str, name: str = "", *options: str) -> str:
        """A token as an operator makes it, while the server runs or not."""
        return make_token(self.data, role, name, *options)

    def request(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        """One HTTP request, answered or failed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(
            method, self.url + path, headers=headers | options.pop("headers", {}), timeout=30, **options
        )

    def get(self, path: str, token: str | None = None) -> Any:
        """The JSON of a GET that must succeed."""
        response = self.request("GET", path, token)
        assert response.status_code == 200, (response.status_code, response.text)
        return response.json()


class BareServer(Server):
    """A demo of this one builds the town's base data itself."""

    ground = None


def _collect(stream: Any, kept: list[str]) -> None:
    with stream:
        kept.extend(stream)


@contextmanager
def raw_websocket(url: str, *headers: str, timeout_s: float = 60) -> Iterator[websocket.WebSocket]:
    """A WebSocket to the Socket.IO endpoint on which nothing is said yet."""
    address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    wire = websocket.create_connection(address, timeout=timeout_s, header=list(headers))
    try:
        yield wire
    finally:
        wire.shutdown()  # type: ignore[no-untyped-call]


class OrderedEngine(engineio.Client):  # type: ignore[misc]
    """Handles messages one after the other, as a browser does (the library gives each a thread: they may overtake), and
    closes a socket that the server has ended.
    """

    def disconnect(self, *args: Any, **options: Any) -> None:
        wire = self.ws
        super().disconnect(*args, **options)
        if wire is not None:
            wire.shutdown()

    def _reset(self) -> None:
        wire = getattr(self, "ws", None)
        super()._reset()
        if wire is not None:
            wire.shutdown()

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        return super()._trigger_event(event, *args, **options | {"run_async": False})


class OrderedClient(socketio.Client):  # type: ignore[misc]
    """A Socket.IO client on such an engine."""

    def _engineio_client_class(self) -> type[engineio.Client]:
        return OrderedEngine


class Client:
    """A Socket.IO client that keeps its picture as `layers.wire` says; `hold` keeps it from acknowledging."""

    def __init__(self, url: str, token: str, hold: bool = False, **auth: Any) -> None:
        self.url = url
        self.auth = {"token": token, "protocol": 1, **auth}
        self.hold = hold
        self.features: dict[str, Feature] = {}
        self.rev = int(auth.get("rev", 0))
        self.hellos: list[dict[str, Any]] = []
        self.deltas: list[dict[str, Any]] = []
        self.clocks: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.gone = threading.Event()
        self.io = OrderedClient(reconnection=False)
        self.io.on("hello", self.hellos.append)
        self.io.on("delta", self._delta)
        self.io.on("clock", self.clocks.append)
        self.io.on("disconnect", lambda *_: self.gone.set())

    def _delta(self, data: Any) -> None:
        self.raw.append(data if isinstance(data, bytes) else json.dumps(data).encode())
        delta = json.loads(zlib.decompress(data)) if isinstance(data, bytes) else data
        self.deltas.append(delta)
        self.rev = apply_delta(self.features, self.rev, delta)
        if not self.hold:
            self.io.emit("applied", {"to": self.rev})

    def connect(self) -> Self:
        """Connect and wait for the first delta. Raises socketio.exceptions.ConnectionError when refused."""
        try:
            self.io.connect(self.url, auth=self.auth, transports=["websocket"], wait_timeout=30)
            wait_until(lambda: self.deltas, "the first delta")
        except (socketio.exceptions.ConnectionError, AssertionError):
            self.close()
            raise
        return self

    def report(self, **message: Any) -> dict[str, Any]:
        """Send a report and return its acknowledgement."""
        answer = self.io.call("report", message, timeout=30)
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        """Say good-bye, also to a server that did not let us in."""
        self.io.disconnect()
        self.io.eio.disconnect()

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
