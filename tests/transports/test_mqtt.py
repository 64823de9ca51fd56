"""MQTT against a real Mosquitto: order, acknowledgement after durable, sessions, retained messages, TLS, refusals."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.transports.kinds import connection
from server.transports.mqtt_settings import MqttSettings, filters
from tests.server import wait_until
from tests.transports.certificates import Authority
from tests.transports.links import Desk, is_lost, running, stands
from tests.transports.mosquitto import PASSWORD, USER, Mosquitto, Publisher, free_port


class Broker(Mosquitto):
    """With a second listener that wants certificates."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.authority = Authority(folder / "ca")
        certificate, key = self.authority.issue("broker")
        self.tls_port = free_port()
        super().__init__(
            folder,
            "max_queued_messages 0",
            f"listener {self.tls_port} 127.0.0.1",
            f"cafile {self.authority.file}",
            f"certfile {certificate}",
            f"keyfile {key}",
            "require_certificate true",
        )

    def settings(self, *topics: str, **more: Any) -> dict[str, Any]:
        """Settings of a connection to the open listener."""
        mine = {"transport": "mqtt", "host": "127.0.0.1", "port": self.port, "topics": topics}
        return {**mine, "username": USER, "password": PASSWORD, **more}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one = Broker(tmp_path_factory.mktemp("mosquitto"))
    one.start()
    yield one
    one.stop()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_messages_come_in_order_and_topics_reach_who_reads_them(broker: Broker, version: str) -> None:
    desk, base = Desk(), f"order/{version}"
    desk.busy = 3
    desk.bad = {b"bad"}
    own = broker.settings(f"{base}/#", version=version, clean_start=True)
    with running("ngsi/a", desk, **own) as plain, running("lorawan/a", Desk(), **own) as topical:
        stands(plain)
        stands(topical)
        broker.publish((f"{base}/x", b"1"), (f"{base}/y", b"bad"), (f"{base}/x", b"2"), (f"{base}/x", b"3"))
        wait_until(lambda: plain.stats.messages == 4 and topical.stats.messages == 4)
        assert desk.bodies == [b"1", b"2", b"3"]
        assert (plain.stats.refused, plain.stats.busy) == (1, 3)
        assert desk.taken[0] == ("ngsi", "a", b"1", f"127.0.0.1:{broker.port} {base}/x")
        assert isinstance(topical._sink, Desk)
        assert [json.loads(body) for body in topical._sink.bodies][3] == {
            "topic": f"{base}/x",
            "payload": "3",
            "retain": False,
        }


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_is_not_durable_is_not_acknowledged_and_comes_again(broker: Broker, version: str) -> None:
    topic, first, second = f"durable/{version}", Desk(), Desk()
    own = broker.settings(topic, version=version, client_id=f"durable-{version}")
    first.open.clear()
    with running("ngsi/d", first, **own) as runner:
        stands(runner)
        broker.publish((topic, b"1"), (topic, b"2"))
        wait_until(lambda: first.asked == 1)
        runner.stopping.set()  # the desk never says yes to this one
        first.busy = 1_000
        first.open.set()
    assert first.taken == []
    broker.publish((topic, b"3"))
    with running("ngsi/d", second, **own):
        wait_until(lambda: len(second.taken) == 3, "all three, also what came while nobody was there")
    assert second.bodies == [b"1", b"2", b"3"]


def test_a_slow_desk_makes_the_broker_wait_and_loses_nothing(broker: Broker) -> None:
    desk = Desk()
    desk.open.clear()
    sent = [str(number).encode() for number in range(300)]
    with running("ngsi/slow", desk, **broker.settings("slow", client_id="slow", queue=5)) as runner:
        stands(runner)
        with Publisher(broker.port) as publisher:
            for payload in sent:
                publisher.client.publish("slow", payload, 1)
            wait_until(lambda: desk.asked == 1)
            desk.open.set()
            wait_until(lambda: len(desk.taken) == len(sent), "all of them")
        assert desk.bodies == sent
        assert runner.stats.losses == 0


def test_a_broker_that_goes_and_comes_is_found_again(tmp_path: Path) -> None:
    own = Mosquitto(tmp_path / "own").start()
    desk = Desk()
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": own.port,
        "topics": ["t"],
        "username": USER,
        "password": PASSWORD,
    }
    try:
        with running("ngsi/r", desk, transport="mqtt", **settings) as runner:
            stands(runner)
            own.publish(("t", b"1"))
            wait_until(lambda: desk.bodies == [b"1"])
            own.stop()
            is_lost(runner, "refused")
            assert runner.state.next_try_at is not None
            assert runner.state.next_try_at >= runner.state.since
            own.start()
            stands(runner)
            own.publish(("t", b"2"))
            wait_until(lambda: desk.bodies == [b"1", b"2"])
            assert runner.stats.connects == 2
    finally:
        own.stop()


def test_what_the_broker_kept_is_taken_once_until_it_says_something_new(broker: Broker, tmp_path: Path) -> None:
    topic = "zigbee2mqtt/kitchen"
    own = broker.settings("zigbee2mqtt/#", clean_start=True)
    broker.publish((topic, b'{"smoke":true}'), retain=True)

    def told(*expected: tuple[str, bool], publish: bytes | None = None) -> None:
        desk = Desk()
        with running("zigbee2mqtt/h", desk, tmp_path, **own) as runner:
            stands(runner)
            if publish is not None:
                broker.publish((topic, publish), retain=True)
            broker.publish(("zigbee2mqtt/end", b"{}"))
            wait_until(lambda: any(b"/end" in body for body in desk.bodies))
        messages = [json.loads(body) for body in desk.bodies[:-1]]
        assert [(message["payload"], message["retain"]) for message in messages] == list(expected)

    told(('{"smoke":true}', True))
    broker.publish(("zigbee2mqtt/bridge/devices", b"[]"), retain=True)
    told(("[]", True))
    told(("[]", True))
    broker.publish(("zigbee2mqtt/bridge/devices", b""), retain=True)
    told()
    told(('{"smoke":false}', False), publish=b'{"smoke":false}')
    told()
    broker.publish((topic, b'{"smoke":true}'), retain=True)
    told(('{"smoke":true}', True))
    (tmp_path / "zigbee2mqtt_h.retained.json").write_text("{")
    own["retained"] = "skip"
    told()
    own["version"] = "5"
    told()


def test_a_level_of_the_topic_names_the_part_of_the_source(broker: Broker) -> None:
    desk = Desk()
    with running("ngsi/town", desk, **broker.settings("homes/{part}/state", "other/+", clean_start=True)) as runner:
        stands(runner)
        broker.publish(("homes/Haus 7/state", b"1"), ("other/x", b"2"), ("homes/../state", b"3"))
        wait_until(lambda: len(desk.taken) == 3)
        assert [instance for _, instance, _, _ in desk.taken] == ["town.Haus_7", "town", "town"]
    told = Desk()
    with running("lorawan/town", told, **broker.settings("x/{part}/up", "y/z/{part}", clean_start=True)) as runner:
        stands(runner)
        broker.publish(("x/1/up", b"{}"), ("y/z/2", b"{}"))
        wait_until(lambda: len(told.taken) == 2)
        assert [(one, json.loads(body)["topic"]) for _, one, body, _ in told.taken] == [
            *(("town.1", "x/up"), ("town.2", "y/z")),
        ]


def test_tls_with_an_authority_and_a_certificate_of_our_own(broker: Broker, tmp_path: Path) -> None:
    certificate, key = broker.authority.issue("us")
    own = broker.settings("tls/#", port=broker.tls_port, tls=True, ca_file=str(broker.authority.file))
    mine: dict[str, Any] = {"cert_file": str(certificate), "key_file": str(key)}
    desk = Desk()
    with running("ngsi/tls", desk, **own, **mine) as runner:
        stands(runner)
        broker.publish(("tls/a", b"x" * 200_000))
        wait_until(lambda: [len(body) for body in desk.bodies] == [200_000])
    with running("ngsi/tls", Desk(), **own) as without:
        wait_until(lambda: without.state.state == "lost")
    stranger = Authority(tmp_path / "strangers", "stranger")
    with running("ngsi/tls", Desk(), **{**own, **mine, "ca_file": str(stranger.file)}) as fooled:
        is_lost(fooled, "certificate")


def test_what_the_broker_refuses_is_said_without_the_password(
    broker: Broker, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    words = tmp_path / "password"
    words.write_text("Gh3!falsch\n")
    own = broker.settings("x")
    del own["password"]
    with running("ngsi/p", Desk(), **own, password_file=str(words)) as runner:
        is_lost(runner, "refuses: Not authorized")
        words.write_text(PASSWORD)
        stands(runner)
    with running("ngsi/p", Desk(), **own, password_env="LAGEBILD_NOBODY_SET_THIS") as runner:
        is_lost(runner, "there is no LAGEBILD_NOBODY_SET_THIS in the environment")
    told = caplog.text + repr(runner.settings) + repr(runner.state)
    assert "Gh3!falsch" not in told
    assert PASSWORD not in told


@pytest.mark.parametrize(
    ("topic", "name", "part"),
    [
        ("a/+/c", "a/b/c", None),
        ("a/#", "a", None),
        ("a/#", "a/b/c", None),
        ("#", "a/b", None),
        ("$share/group/a/{part}", "a/x", "x"),
    ],
)
def test_filters_match_as_the_standard_says(topic: str, name: str, part: str | None) -> None:
    ((_, pattern),) = filters((topic,))
    found = pattern.fullmatch(name)
    assert found is not None
    assert found.groupdict().get("part") == part
    assert pattern.fullmatch("z" + name) is None or topic == "#"


@pytest.mark.parametrize("topic", ["a/b#", "#/a", "a+", "{part}/{part}", "a/{home}", "a\0"])
def test_what_is_no_filter_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="no topic filter"):
        connection({"transport": "mqtt", "host": "h", "topics": [topic]})


def test_the_standard_ports_and_what_does_not_go_together() -> None:
    assert MqttSettings(host="h", topics=("a",)).port_in_use == 1883
    assert MqttSettings(host="h", topics=("a",), tls=True).port_in_use == 8883
    with pytest.raises(ValueError, match="need tls = true"):
        MqttSettings(host="h", topics=("a",), ca_file="x")
    with pytest.raises(ValueError, match="needs a username"):
        connection({"transport": "mqtt", "host": "h", "topics": ["a"], "password": "x"})
