"""Homes without a network: what ends of itself, with a real desk and journal."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from layers.content import Building, Content, Device, Mission
from layers.observation import Observation, idempotency_key
from server.desk import Busy
from server.home_names import device_here, device_there
from server.homes import MAX_WAITING, Homes, Refused
from server.situations import Situations
from tests.server import wait_until

HOME = "urn:ngsi-ld:Building:7"
DOOR = device_here(HOME, "urn:ngsi-ld:Device:Actuator1")


class Town:
    """A live situation with one home whose gateway is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.situations = Situations(folder)
        self.situations.start()
        self.homes = Homes(folder / "homes.json", self.situations, answer_within_s=0.0)
        self.heard: list[dict[str, Any]] = []
        self.says("m", Mission(number="1"))
        self.says(HOME, Building(permission="NONE"))
        self.homes.connect(HOME, self.hear)

    def hear(self, text: str) -> None:
        self.heard.extend(json.loads(text)["data"])

    def says(self, subject: str, content: Content) -> None:
        now = datetime.now(UTC)
        key = idempotency_key(subject, now.isoformat(), repr(content))
        said = Observation(
            id=key,
            source="ngsi/home",
            subject=subject,
            observed_at=now,
            reported_at=now,
            received_at=now,
            content=content,
        )
        self.situations.live.desk.submit([said])

    def get(self, subject: str, name: str) -> Any:
        return self.situations.live.picture.book.records[subject].get(name)

    def granted(self) -> None:
        self.homes.ask(HOME, "m")
        self.says(HOME, Building(permission="GRANTED"))
        self.says(DOOR, Device(building=HOME, value="CLOSE"))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.situations.stop()


def test_a_command_that_nobody_answers_times_out(town: Town) -> None:
    town.granted()
    town.homes.command(HOME, DOOR, "OPEN")
    assert (town.get(DOOR, "action_status"), town.heard[-1]["id"]) == ("PENDING", "urn:ngsi-ld:Device:Actuator1")
    town.homes.look_after()
    assert town.get(DOOR, "action_status") == "TIMEOUT"
    assert town.get(DOOR, "value") == "CLOSE"


def test_an_answer_in_time_stays(town: Town) -> None:
    town.granted()
    town.homes.command(HOME, DOOR, "OPEN")
    town.says(DOOR, Device(building=HOME, action_status="SUCCESS"))
    town.homes.look_after()
    assert town.get(DOOR, "action_status") == "SUCCESS"


def test_so_many_commands_may_wait_and_no_more(town: Town) -> None:
    town.granted()
    for _ in range(MAX_WAITING):
        town.homes._waiting.append(town.homes._waiting[0]) if town.homes._waiting else town.homes.command(HOME, DOOR, 1)
    with pytest.raises(Refused, match="too many"):
        town.homes.command(HOME, DOOR, 2)


def test_consent_outlives_a_restart_and_still_ends(town: Town) -> None:
    town.granted()
    again = Homes(town.folder / "homes.json", town.situations)
    again.look_after()
    assert town.get(HOME, "permission") == "GRANTED"
    town.says("m", Mission(closed=True))
    again.look_after()
    assert town.get(HOME, "permission") == "NONE"
    assert (town.folder / "homes.json").read_bytes() == b"{}"


def test_a_damaged_file_of_consents_consents_to_nothing(town: Town) -> None:
    town.granted()
    (town.folder / "homes.json").write_bytes(b'{"urn:ngsi')
    again = Homes(town.folder / "homes.json", town.situations)
    assert not again.granted(HOME)
    again.look_after()
    assert town.get(HOME, "permission") == "NONE"
    assert (town.folder / "homes.json").read_bytes() == b"{}"


def test_consent_that_cannot_be_ended_now_is_ended_later(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.granted()
    town.says("m", Mission(closed=True))

    def full(_: object) -> None:
        raise Busy("full", 1)

    with monkeypatch.context() as patch:
        patch.setattr(town.situations.live.desk, "submit", full)
        with pytest.raises(Busy):
            town.homes.look_after()
        with pytest.raises(Busy):
            town.homes.end(HOME)
    town.homes.disconnect(HOME, town.hear)
    town.homes.look_after()
    assert town.get(HOME, "permission") == "NONE"


def test_consent_for_one_mission_counts_for_no_other_that_could_not_ask(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.granted()
    town.says("other", Mission(number="2"))

    def full(_: object) -> None:
        raise Busy("full", 1)

    with monkeypatch.context() as patch:
        patch.setattr(town.situations.live.desk, "submit", full)
        with pytest.raises(Busy):
            town.homes.ask(HOME, "other")
    town.says("m", Mission(closed=True))
    assert not town.homes.granted(HOME)


def test_homes_are_looked_after_again_once_the_disk_takes_something(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.homes.ROUND_S", 0.01)
    failures: list[str] = []
    monkeypatch.setattr("server.homes.log.exception", failures.append)
    town.granted()
    beside = town.folder / f"homes.json.{os.getpid()}.new"
    beside.mkdir()  # the file of consents cannot be written
    town.homes.start()
    try:
        town.says("m", Mission(closed=True))
        wait_until(lambda: len(failures) > 1, "the second round that fails")
        assert town.get(HOME, "permission") == "NONE"
        rev = town.situations.live.picture.rev
        wait_until(lambda: len(failures) > 3, "further rounds")
        assert town.situations.live.picture.rev == rev, "it was written down again in every round"
        beside.rmdir()
        wait_until(lambda: (town.folder / "homes.json").read_bytes() == b"{}", "the consent to be forgotten")
    finally:
        town.homes.stop()


def test_a_second_gateway_takes_the_place_of_the_first(town: Town) -> None:
    second: list[str] = []
    town.homes.connect(HOME, second.append)
    town.homes.disconnect(HOME, town.hear)
    town.homes.alert(HOME, "Achtung")
    assert len(second) == 1
    assert town.homes.connected() == [HOME]


def test_a_gateway_that_broke_off_is_connected_no_more(town: Town) -> None:
    def broken(_: str) -> None:
        raise OSError

    town.homes.connect(HOME, broken)
    town.homes.alert(HOME, "Achtung")
    assert town.homes.connected() == []
    with pytest.raises(Refused, match="not connected"):
        town.homes.alert(HOME, "Achtung")


def test_names_here_and_there() -> None:
    assert DOOR == "urn:ngsi-ld:Device:7:Actuator1"
    assert device_here(HOME, DOOR) == DOOR
    assert device_there(HOME, DOOR) == "urn:ngsi-ld:Device:Actuator1"
