"""`lagebild connections`: what it lists, what a try prints, and that no secret is in either."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from tests.transports.links import Desk, running, stands
from tests.transports.misbehaviour import HttpServer, Reply
from tests.transports.mosquitto import PASSWORD, USER, Mosquitto

NEWS = b'<rss version="2.0"><channel><item><guid>1</guid><title>Rauch am Dom</title></item></channel></rss>'


def written(folder: Path, **settings: Any) -> Path:
    """A file of settings with these connections."""
    path = folder / "lagebild.toml"
    lines = []
    for name, one in settings.items():
        lines.append(f'[feeds.connections."{name}"]')
        lines += [f"{key} = {json.dumps(value)}" for key, value in one.items()]
    path.write_text("\n".join(lines))
    return path


def run(*words: object) -> Result:
    """The command."""
    return CliRunner().invoke(main, ["connections", *map(str, words)])


def test_what_is_listed(tmp_path: Path) -> None:
    broker = {"transport": "mqtt", "host": "broker", "tls": True, "topics": ["v3/+/devices/+/up"], "enabled": False}
    asked = {"transport": "poll", "urls": ["https://h/a?key=Gh3!x"], "auth": "bearer", "secret": "Gh3!y"}
    path = written(tmp_path, **{"lorawan/tts": {**broker, "username": "u", "password": "Gh3!z"}, "divera/wache": asked})
    done = run("--config", path)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "divera/wache\tpoll\thttps://h\tenabled",
        "    every 60 s, secret as bearer",
        "    GET https://h/a?key=…",
        "lorawan/tts\tmqtt\tbroker:8883\tdisabled",
        "    MQTT 3.1.1, TLS, as u",
        "    session kept by the broker",
        "    QoS 1, retained messages: take",
        "    topic v3/+/devices/+/up",
    ]
    assert "Gh3" not in done.output
    assert run("--config", written(tmp_path)).stderr.startswith("no connection is configured")


def test_a_poll_is_tried_once(tmp_path: Path) -> None:
    with HttpServer() as web:
        web.answers["/news"] = [Reply(body=NEWS)]
        web.answers["/bad"] = [Reply(body=b"<html>")]
        one = {"transport": "poll", "auth": "query", "auth_name": "key", "secret": "Gh3!x"}
        path = written(
            tmp_path,
            **{
                "rss/blatt": {**one, "urls": [f"{web.url}/news"]},
                "rss/bad": {**one, "urls": [f"{web.url}/bad"]},
                "rss/none": {**one, "urls": [f"{web.url}/none"]},
            },
        )
        done = run("check", "rss/blatt", "--config", path, "--wait", 60)
        assert done.exit_code == 0, done.output
        assert "Rauch am Dom" in json.dumps(json.loads(done.stdout)["content"])
        assert f"{len(NEWS)} bytes: 1 observations, 0 refused" in done.stderr
        assert len(web.asked("/news")) == 1
        bad = run("--config", path, "check", "rss/bad", "--wait", 60)
        assert (bad.exit_code, bad.stdout) == (0, "")
        assert "refused: " in bad.stderr
        none = run("check", "rss/none", "--config", path, "--wait", 60)
        assert (none.exit_code, none.stderr) == (1, "rss/none: 404 Not Found\n")
    assert "Gh3" not in done.output + bad.output + none.output
    assert run("check", "rss/else", "--config", path).exit_code == 2
    assert not (tmp_path / "connections").exists()


def test_a_broker_is_tried_beside_a_running_server(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker").start()
    try:
        mine: dict[str, Any] = {
            "transport": "mqtt",
            "host": "127.0.0.1",
            "port": broker.port,
            "topics": ["zigbee2mqtt/#"],
        }
        mine |= {"username": USER, "password": PASSWORD}
        path = written(tmp_path, **{"zigbee2mqtt/haus": mine})
        broker.publish(("zigbee2mqtt/kueche", b'{"smoke": true}'), retain=True)
        desk = Desk()
        with running("zigbee2mqtt/haus", desk, **mine) as runner:
            stands(runner)
            done = run("check", "zigbee2mqtt/haus", "--config", path, "--wait", 60)
            assert (runner.stats.losses, runner.state.state) == (0, "connected"), "the session is not taken over"
    finally:
        broker.stop()
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["subject"], found["content"]["state"]) == ("zigbee2mqtt:haus:kueche:smoke", "ALARM")
    assert found["flags"] == ["retained", "time_assumed"]
    assert PASSWORD not in done.output


@pytest.mark.parametrize("words", [("--config", "none.toml"), ("check", "rss/x", "--config", "none.toml")])
def test_settings_that_are_not_there(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 1
