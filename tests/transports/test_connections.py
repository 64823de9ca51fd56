"""The common frame: settings and secrets, state in picture and metrics, a peer that comes and goes, a clean end."""

import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from layers.content import LinkState
from server.config import ConfigError, load
from server.intake import Intake
from server.quarantine import Quarantine
from server.situations import Situations
from server.transports import fetch
from server.transports.gauges import ConnectionGauges
from server.transports.kinds import connection, keys, kinds
from server.transports.poll_settings import PollSettings
from server.transports.secret import Secret, SecretError
from server.transports.supervisor import TOLD_AT_ONCE, Runner, Supervisor
from tests.server import wait_until
from tests.transports.links import Desk, running, stands
from tests.transports.misbehaviour import HttpServer, Reply

PAGES = Path(__file__).resolve().parents[2] / "docs" / "feeds"
SECTION = '[feeds.connections."lorawan/tts"]\n'
MQTT = SECTION + 'transport = "mqtt"\nhost = "h"\ntopics = ["a"]\n'


def configured(folder: Path, text: str) -> Any:
    """The settings in a file with this text."""
    path = folder / "lagebild.toml"
    path.write_text(text)
    return load(path, {})


def test_a_connection_in_the_settings_and_in_the_environment(tmp_path: Path) -> None:
    found = configured(tmp_path, MQTT + 'username = "u"\npassword = "Gh3!x"\nport = 1\n').feeds.connections
    one = found["lorawan/tts"]
    assert (one.host, one.port, one.topics, one.enabled, one.password.read()) == ("h", 1, ("a",), True, "Gh3!x")
    assert "Gh3!x" not in repr(found)
    written = '{"cap/dwd": {"transport": "poll", "urls": ["https://h/"], "interval_s": 5}}'
    other = load(None, {"LAGEBILD_FEEDS_CONNECTIONS": written}).feeds.connections["cap/dwd"]
    assert isinstance(other, PollSettings)
    assert other.interval_s == 5.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MQTT + "hots = 1", '[feeds.connections."lorawan/tts"]: mqtt has no setting hots (did you mean host?)'),
        (SECTION + 'host = "h"', "transport is missing; there are"),
        (SECTION + 'transport = "mqt"', "there is no transport 'mqt'; there are"),
        (SECTION + 'transport = "mqtt"\nhost = "h"', "missing required field `topics`"),
        (MQTT + "port = 70000", "Expected `int` <= 65535"),
        (
            MQTT + 'username = "u"\npassword = "Gh3!x"\npassword_env = "X"',
            "password and password_env cannot both be set",
        ),
        (MQTT + 'username = "u"\npassword = ["Gh3!x"]', "a secret is a text"),
        (MQTT + 'username = "u"\npassword_file = ""', "password_file is a text"),
        (MQTT.replace("lorawan/tts", "lorwan/tts"), "there is no feed lorwan (did you mean lorawan?)"),
        (MQTT.replace("lorawan/tts", "lorawan"), "call it lorawan/INSTANCE"),
        (MQTT.replace("lorawan/tts", "lorawan/a b"), "call it lorawan/INSTANCE"),
        ("[feeds]\nconnections = 1", "connections are sections such as"),
        ('[feeds.connections]\n"lorawan/tts" = 1', "a connection is a section with a transport"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        configured(tmp_path, text)
    assert "Gh3!x" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_setting_of_a_transport_is_in_the_papers(name: str) -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.md"))
    told = set(re.findall(r"`([a-z_]+)`", pages))
    assert {key for key in keys(kinds()[name]) if not key.endswith(("_file", "_env"))} - told == set()


BLOCKS = re.findall(r"^```toml\n(.*?)^```$", (PAGES / "connections.md").read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_what_the_papers_say_to_write_can_be_written(tmp_path: Path, number: int) -> None:
    made = configured(tmp_path, BLOCKS[number]).feeds.connections
    assert made
    for name, one in made.items():
        assert Runner(name, one, Desk(), lambda: datetime.now(UTC)).transport.where()


def test_a_secret_is_read_when_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    secret = Secret(str(path), kind="file")
    with pytest.raises(SecretError, match="cannot be read: No such file"):
        secret.read()
    path.write_text("one\n")
    assert secret.read() == "one"
    path.write_text("two")
    assert secret.read() == "two"
    path.write_bytes(b"\xff")
    with pytest.raises(SecretError, match="not UTF-8"):
        secret.read()
    monkeypatch.setenv("OURS", "three")
    assert Secret("OURS", kind="environment").read() == "three"
    assert repr([Secret("Gh3!x"), secret]) == f"[<secret>, <secret from {path}>]"


class House:
    """A live situation with a supervisor, without a server around it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.intake = Intake(self.quarantine)
        self.rooms = Situations(folder, intake=self.intake)
        self.rooms.start()
        made = {name: connection({"transport": "poll", **one}) for name, one in settings.items()}
        self.supervisor = Supervisor(made, self.intake, self.rooms.live, folder / "connections")

    @property
    def runner(self) -> Runner:
        """The first connection."""
        return self.supervisor.runners[0]

    def source(self, name: str) -> dict[str, Any]:
        """How the picture shows a source."""
        feature = self.rooms.live.picture.features.get(f"source:{name}")
        return {} if feature is None else feature["properties"]

    def source_that_is(self, name: str, state: str) -> dict[str, Any]:
        """How the picture shows it while its connection is in this state; {} while it is in another."""
        shown = self.source(name)
        return shown if shown.get("link_state") == state else {}

    def states(self) -> list[str]:
        """What the journal says of connections."""
        entries = self.rooms.live.journal.read(0, 1_000)
        said = [entry.observation.content for entry in entries]
        return [one.state for one in said if isinstance(one, LinkState)]

    def close(self) -> None:
        """End everything."""
        self.supervisor.stop()
        self.rooms.stop()
        self.quarantine.close()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one host may be asked in a minute is not for these tests."""
    monkeypatch.setattr(fetch, "HOSTS", fetch.Hosts(per_minute=1e6, burst=1e6))


@pytest.fixture
def web() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


NEWS = b'<rss version="2.0"><channel><item><guid>1</guid><title>Rauch am Dom</title></item></channel></rss>'


def test_the_picture_and_the_metrics_say_how_a_connection_stands(tmp_path: Path, web: HttpServer) -> None:
    healed = threading.Event()
    web.answers["/news"] = [lambda _: Reply(body=NEWS) if healed.is_set() else Reply(503)]
    one = {"urls": [f"{web.url}/news?key=Gh3!x"], "retry_max_s": 1}
    house = House(tmp_path, **{"rss/blatt": one, "rss/aus": {**one, "enabled": False}})
    registry = CollectorRegistry()
    registry.register(ConnectionGauges(house.supervisor))
    try:
        house.supervisor.start()
        shown = wait_until(lambda: house.source_that_is("rss/blatt", "lost"))
        assert (shown["transport"], shown["peer"]) == ("poll", "http://127.0.0.1")
        assert shown["link_reason"] == "503 Service Unavailable"
        assert shown["link_since"] <= shown["next_try_at"]
        wait_until(lambda: house.runner.stats.losses >= 2)
        healed.set()
        wait_until(lambda: house.source("rss/blatt")["link_state"] == "connected")
        wait_until(lambda: house.source("rss/blatt")["accepted"] == 1)
        shown = house.source("rss/blatt")
        assert (shown["state"], shown["link_reason"], shown["next_try_at"]) == ("live", None, None)
        text = generate_latest(registry).decode()
        who = '{source="rss/blatt",transport="poll"}'
        assert f"lagebild_connection_up{who} 1.0" in text
        assert f"lagebild_connection_losses_total{who} {house.runner.stats.losses}.0" in text
        assert f"lagebild_connection_messages_total{who} 1.0" in text
        assert f"lagebild_connection_bytes_total{who} {float(len(NEWS))}" in text
        assert "rss/aus" not in text + str(house.rooms.live.picture.features)
    finally:
        house.supervisor.stop()
        assert house.source("rss/blatt")["link_state"] == "stopped"
        told = [msgspec.to_builtins(entry.observation) for entry in house.rooms.live.journal.read(0, 1_000)]
        house.close()
    assert "Gh3!x" not in str(told)


def test_a_peer_that_comes_and_goes_does_not_fill_the_journal(tmp_path: Path, web: HttpServer) -> None:
    web.answers["/flaps"] = [Reply(500)]
    house = House(tmp_path, **{"rss/flaps": {"urls": [f"{web.url}/flaps"], "retry_max_s": 0.01}})
    try:
        house.supervisor.start()
        wait_until(lambda: house.runner.stats.losses >= 30)
        assert len(house.states()) <= TOLD_AT_ONCE + 2
        assert set(house.states()) == {"connecting", "lost"}
    finally:
        house.close()


def test_a_bug_in_a_transport_is_a_loss_like_any_other(caplog: pytest.LogCaptureFixture, web: HttpServer) -> None:
    web.answers["/"] = [Reply(body=b"1")]
    calls = []

    class Buggy(Desk):
        def __call__(self, feed: str, instance: str, body: bytes, sender: str) -> object:
            calls.append(body)
            if len(calls) == 1:
                raise ZeroDivisionError
            return super().__call__(feed, instance, body, sender)

    desk = Buggy()
    with caplog.at_level(logging.ERROR), running("ngsi/bug", desk, transport="poll", urls=[f"{web.url}/"]) as runner:
        stands(runner)
        wait_until(lambda: desk.bodies[:1] == [b"1"])
        assert runner.stats.losses == 1
    assert "failed by a bug" in caplog.text
