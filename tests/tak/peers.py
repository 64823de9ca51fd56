"""Real TAK programs of others, in an environment of their own (`.venv/peers`, made by `make dev`)."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

BIN = Path(sys.prefix) / "peers" / "bin"
LISTEN_S = 60.0

TAKY = """
[taky]
hostname = localhost
node_id = TAKY
bind_ip = 127.0.0.1
root_dir = {folder}
[cot_server]
port = {port}
mon_ip = {mon_ip}
{monitor}[ssl]
"""

PYTAK = """
import asyncio, sys
from configparser import ConfigParser
import pytak

class Receiver(pytak.QueueWorker):
    async def handle_data(self, data):
        with open(sys.argv[2], "ab") as kept:
            kept.write(data + b"\\n")
    async def run(self, number_of_iterations=-1):
        while True:
            await self.handle_data(await self.queue.get())

class Sender(pytak.QueueWorker):
    async def handle_data(self, data):
        await self.put_queue(data)
    async def run(self, number_of_iterations=-1):
        place = {"lat": 51.85, "lon": 8.8, "ce": 7}
        event = pytak.gen_cot(uid="pytak-1", cot_type="a-f-G-E-V-C", stale=120, callsign="Drehleiter 1", **place)
        while True:
            await self.handle_data(event)
            await asyncio.sleep(1)

async def main():
    config = ConfigParser()
    config["x"] = {"COT_URL": sys.argv[1], "PYTAK_NO_HELLO": "1"}
    tool = pytak.CLITool(config["x"])
    await tool.setup()
    tool.add_tasks({Receiver(tool.rx_queue, config["x"]), Sender(tool.tx_queue, config["x"])})
    await tool.run()

asyncio.run(main())
"""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Taky:
    """taky as a process of its own; with `tls` (authority, certificate, key) clients must show a certificate."""

    def __init__(self, folder: Path, tls: tuple[Path, Path, Path] | None = None) -> None:
        self.folder, self.tls = folder, tls
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Listen: on a free port, later on the same again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(1 if self.port else 5):
            port = self.port or free_port()
            config = self.folder / "taky.conf"
            # Beside TLS it wants a monitor's port, and does not listen without.
            monitor = {"mon_ip": "127.0.0.1", "monitor": f"mon_port = {free_port()}\n"}
            unwatched = {"mon_ip": "", "monitor": ""}
            words = {"folder": self.folder, "port": port, **(monitor if self.tls else unwatched)}
            config.write_text(TAKY.format(**words) + self._secured())
            command = [str(BIN / "taky"), "-c", str(config)]
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            if _listens(port, process):
                self.port, self._process = port, process
                return self
            _end(process)
        raise AssertionError("taky does not listen")

    def _secured(self) -> str:
        if self.tls is None:
            return "enabled = false\n"
        authority, certificate, key = self.tls
        return f"enabled = true\nclient_cert_required = true\nca = {authority}\ncert = {certificate}\nkey = {key}\n"

    def stop(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            _end(self._process)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def pytak(folder: Path, url: str) -> Iterator[Path]:
    """A running pytak client that sends a position each second; the file of what it receives."""
    folder.mkdir(parents=True, exist_ok=True)
    script, received = folder / "client.py", folder / "received"
    script.write_text(PYTAK)
    received.touch()
    log = (folder / "log").open("wb")
    process = subprocess.Popen([BIN / "python", script, url, received], stdout=log, stderr=log)
    try:
        yield received
    finally:
        _end(process)
        log.close()


def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    until = time.monotonic() + LISTEN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It has nothing to save."""
    process.kill()
    process.wait(10)
