"""A real Mosquitto on a port of its own, with users, TLS and a session store; ended by its own pid."""

import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.server import wait_until

USER, PASSWORD = "lagebild", "Qx7-nicht-im-Log"


def free_port() -> int:
    """A port that was free a moment ago; Mosquitto cannot pick one and tell."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def program() -> str:
    """Debian keeps it where only administrators look."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    assert found, "mosquitto is not installed: run .ci/system-packages"
    return found


class Mosquitto:
    """The broker. `more` are lines of its configuration beside the listener's."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.more = more
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)
        words = folder / "passwords"
        words.write_text(f"{USER}:{PASSWORD}\n")
        words.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", words], check=True)

    def start(self) -> "Mosquitto":
        """Start and wait until it accepts."""
        while not self._starts():
            text = (self.folder / "log").read_text()
            assert "Address already in use" in text, text
            self.port = free_port()
        return self

    def _starts(self) -> bool:
        lines = [
            *("per_listener_settings false", "allow_anonymous false", f"password_file {self.folder}/passwords"),
            *(f"listener {self.port} 127.0.0.1", "user root", "persistence true", "autosave_interval 1"),
            *(f"persistence_location {self.folder}/", "autosave_on_changes true", *self.more),
        ]
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n")
        with (self.folder / "log").open("wb") as log:
            process = self.process = subprocess.Popen([program(), "-c", config], stdout=log, stderr=log)
        wait_until(lambda: self._accepts() or process.poll() is not None, "Mosquitto to listen")
        return process.poll() is None

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def publish(self, *messages: tuple[str, bytes], retain: bool = False, qos: int = 1) -> None:
        """Publish and wait until the broker has them."""
        with Publisher(self.port) as publisher:
            for topic, payload in messages:
                publisher.send(topic, payload, retain, qos)


class Publisher:
    """A client that sends."""

    def __init__(self, port: int) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.username_pw_set(USER, PASSWORD)
        self.client.max_queued_messages_set(0)
        ready = threading.Event()
        self.client.on_connect = lambda *_: ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(30)

    def send(self, topic: str, payload: bytes, retain: bool = False, qos: int = 1) -> None:
        """One message; returns when the broker has it."""
        self.client.publish(topic, payload, qos, retain).wait_for_publish(30)

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.disconnect()
        self.client.loop_stop()
