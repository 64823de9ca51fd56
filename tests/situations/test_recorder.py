"""A recording of a real situation plays to the same picture."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.feeds import DecodeError
from server.journal.sqlite import SqliteJournal
from server.recorder import Recorded, record
from server.scenario import OBSERVATION, read_header
from server.situation import Situation
from server.situations import Situations
from tests.desk.tools import eventually
from tests.situations.tools import (
    DURATION_S,
    alert,
    begin,
    exercise_of,
    go_to,
    opened,
    small_lines,
    update,
    vehicle,
    write_scenario,
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Situations]:
    with opened(tmp_path / "data") as situations:
        yield situations


def post(house: Situations, *entities: dict[str, Any], action: str = "append", instance: str = "leitstelle") -> None:
    """As a feed posts to live."""
    assert house.intake is not None
    body = json.dumps({"actionType": action, "entities": list(entities)}, indent=1).encode()
    house.intake.take(house.live, "ngsi", instance, body, "token 1")


def report(house: Situations, number: int, **said: Any) -> None:
    """As a client reports."""
    assert house.intake is not None
    body = {"client_id": "tablet-0001", "client_seq": number, "role": "crew", "name": "Gruppenführer", **said}
    house.intake.take(house.live, "report", "unit:1", json.dumps(body).encode(), "crew Gruppenführer")


def live_through(house: Situations) -> None:
    """A little of everything that can happen to a feed."""
    post(house, vehicle(1, 1), vehicle(2, 1), alert(1))
    post(house, vehicle(1, 1), vehicle(2, 2), alert(1))
    report(house, 1, kind="unit_status", unit="urn:ngsi-ld:EmergencyVehicle:test-1", fms_status=4)
    report(house, 1, kind="unit_status", unit="urn:ngsi-ld:EmergencyVehicle:test-1", fms_status=4)
    report(house, 2, kind="note", unit="unit:1", text="Wasser am Strahlrohr")
    report(house, 3, kind="seen", unit="unit:1", target="urn:ngsi-ld:Alert:test-1")
    post(house, vehicle(3, 1), {"id": "x", "type": "Nonsense"}, instance="kaputt")
    post(house, vehicle(1, 7), vehicle(77, 7), action="update")
    post(house, vehicle(2, 8), action="replace")
    post(house, vehicle(3, 1), action="delete")
    assert house.intake is not None
    for body in (b"{not JSON", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(DecodeError):
            house.intake.take(house.live, "ngsi", "kaputt", body, "token 2")
    refused = "source:ngsi/kaputt"
    eventually(lambda: house.live.picture.features[refused]["properties"]["refused"] >= 4, "refusals are told")


def record_live(house: Situations, out: Path) -> Recorded:
    return record(house.live.journal, out, "aufnahme", {"de": "Aufnahme"})


def played(house: Situations, path: Path, situation: Situation, recorded: Recorded) -> tuple[str, str]:
    """Digest of what was and of what a recording of it gives, at its end."""
    end = recorded.starts_at + timedelta(seconds=recorded.duration_s)
    was = house.as_of(situation, end).digest()
    exercise = exercise_of(house, house.play(path, "aufnahme").id)
    house.control(exercise.id, "pause")
    go_to(house, exercise, recorded.duration_s)
    return was, house.as_of(exercise, end).digest()


def test_a_recording_of_live_gives_the_same_picture(house: Situations, tmp_path: Path) -> None:
    live_through(house)
    out = tmp_path / "aufnahme.jsonl"
    recorded = record_live(house, out)
    was, now = played(house, out, house.live, recorded)
    assert was == now
    assert not out.with_name(out.name + ".lines").exists()
    feeds = [json.loads(line)["feed"] for line in out.read_text().splitlines()[1:]]
    assert feeds.count("report") == 3
    assert feeds.count("ngsi") >= 4
    assert feeds.count(OBSERVATION) == recorded.observations
    assert len(feeds) == recorded.messages + recorded.observations
    header = read_header(out)
    assert (header.name, header.recorded, header.starts_at.microsecond) == ("aufnahme", True, 0)


def test_a_recording_of_an_exercise_with_injects_gives_the_same_picture(house: Situations, tmp_path: Path) -> None:
    write_scenario(house.data_dir, small_lines())
    exercise = begin(house)
    go_to(house, exercise, 200)
    house.inject(exercise.id, "ngsi", "planung", update(alert(40), vehicle(40, 3)))
    house.inject(exercise.id, "ngsi", "planung", update(vehicle(1, 9), {"id": "y", "type": "Nonsense"}))
    go_to(house, exercise, DURATION_S)
    house.control(exercise.id, "end")
    out = tmp_path / "aufnahme.jsonl"
    recorded = record(exercise.journal, out, "aufnahme", {"de": "Aufnahme"}, starts_at=exercise.starts_at)
    was, now = played(house, out, exercise, recorded)
    assert was == now
    assert read_header(out).starts_at == exercise.starts_at


def test_what_a_message_no_longer_gives_is_recorded_as_it_was_taken(
    house: Situations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later release reads the messages otherwise; the recording still shows what people saw then."""
    live_through(house)
    out = tmp_path / "aufnahme.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr("server.recorder.feeds", dict)
        recorded = record_live(house, out)
    assert recorded.messages == 0
    was, now = played(house, out, house.live, recorded)
    assert was == now


def test_a_part_of_it(house: Situations, tmp_path: Path) -> None:
    write_scenario(house.data_dir, small_lines())
    exercise = begin(house)
    go_to(house, exercise, DURATION_S)
    assert exercise.starts_at is not None
    out = tmp_path / "teil.jsonl"
    since, until = exercise.starts_at + timedelta(seconds=100), exercise.starts_at + timedelta(seconds=200)
    recorded = record(exercise.journal, out, "teil", {"de": "Teil"}, since=since, until=until)
    expected = [line for line in small_lines()[1:] if 100 <= line["at_s"] <= 200]
    assert recorded.messages + recorded.observations >= len(expected)
    assert recorded.starts_at.microsecond == 0
    assert since - timedelta(seconds=1) < recorded.starts_at
    assert recorded.starts_at + timedelta(seconds=recorded.duration_s) <= until


def test_an_empty_journal_gives_no_file(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db")
    with pytest.raises(ValueError, match="nothing to record"):
        record(journal, tmp_path / "out.jsonl", "leer", {})
    journal.close()
    assert not list(tmp_path.glob("out*"))
