"""The intake with a real desk, journal and quarantine: what is kept where, and who hears of it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from layers.content import Refusal
from server.desk import Closed
from server.feeds import DecodeError
from server.intake import ROWS_PER_MESSAGE, Intake
from server.quarantine import Quarantine
from server.situations import Situation, Situations
from tests.server import wait_until

VEHICLE = {"id": "urn:ngsi-ld:EmergencyVehicle:1", "type": "EmergencyVehicle"}
SOURCE = "source:ngsi/leitstelle"


class Room:
    """A live situation with its intake, without a server around it."""

    def __init__(self, folder: Path) -> None:
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.intake = Intake(self.quarantine)
        self.situations = Situations(folder, intake=self.intake)
        self.situations.start()

    @property
    def live(self) -> Situation:
        """The live situation."""
        return self.situations.live

    def take(self, *entities: Any, action: str = "append", instance: str = "leitstelle") -> Any:
        """An update."""
        body = json.dumps({"actionType": action, "entities": list(entities)}).encode()
        return self.intake.take(self.live, "ngsi", instance, body, "leitstelle (1a2b)")

    def source(self, name: str = SOURCE) -> dict[str, Any]:
        """The health of a source as it is drawn; empty before anything is known."""
        feature = self.live.picture.features.get(name)
        return {} if feature is None else feature["properties"]

    def close(self) -> None:
        """End everything."""
        self.situations.stop()
        self.quarantine.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room of its own for each test."""
    made = Room(tmp_path)
    yield made
    made.close()


def test_what_is_taken_is_in_the_journal_with_its_original_bytes(room: Room) -> None:
    taken = room.take({**VEHICLE, "fmsStatus": 3}, {**VEHICLE, "id": "v2", "fmsStatus": 4})
    assert (taken.receipt.accepted, taken.refused) == (2, ())
    (kept,) = room.live.journal.raws(0, 10)
    assert (kept.first_seq, kept.last_seq) == (1, 2)
    assert (kept.raw.feed, kept.raw.instance, kept.raw.sender) == ("ngsi", "leitstelle", "leitstelle (1a2b)")
    assert json.loads(kept.raw.body)["entities"][1]["fmsStatus"] == 4
    assert room.live.picture.features["v2"]["properties"]["fms_status"] == 4


def test_what_comes_twice_counts_once(room: Room) -> None:
    entity = {"id": "c1", "type": "CrowdCountObserved", "dateObserved": "2026-11-21T19:00:00Z", "peopleCount": 7}
    assert room.take(entity).receipt.accepted == 1
    receipt = room.take(entity).receipt
    assert (receipt.accepted, receipt.duplicates) == (0, 1)
    assert room.live.journal.last() == 1


def test_what_is_refused_has_a_row_and_is_counted_at_its_source(room: Room) -> None:
    taken = room.take({**VEHICLE, "fmsStatus": 99, "name": "x"}, {"id": "w", "type": "Weather", "t": 1}, 17)
    assert (taken.receipt.accepted, len(taken.refused)) == (1, 3)
    rows = room.quarantine.list()
    assert {(row.kind, row.reason, row.subject) for row in rows} == {
        ("bad_entity", "an entity is an object", None),
        ("unknown_type", "unknown entity type 'Weather'", "w"),
        ("bad_attribute", "fmsStatus: 99 is not within 0 to 9", VEHICLE["id"]),
    }
    assert {(row.situation, row.feed, row.instance, row.sender) for row in rows} == {
        ("live", "ngsi", "leitstelle", "leitstelle (1a2b)")
    }
    wait_until(lambda: room.source().get("refused") == 3, "the refusals in the picture")
    assert room.source()["accepted"] == 1


def test_a_message_that_is_none_has_a_row_and_raises(room: Room) -> None:
    with pytest.raises(DecodeError):
        room.intake.take(room.live, "ngsi", "leitstelle", b'{"authToken": "geheim", ', "x")
    (row,) = room.quarantine.list()
    assert (row.kind, row.size) == ("malformed", 21)  # as it is kept, without its secret
    assert "geheim" not in row.excerpt
    assert room.live.journal.raws(0, 10) == []
    wait_until(lambda: room.source().get("refused") == 1, "the refusal in the picture")
    assert "not JSON" in room.source()["last_refusal"]


@pytest.mark.parametrize(("feed", "instance"), [("nonsense", "x"), ("ngsi", "x" * 300)])
def test_a_source_that_cannot_be_one(room: Room, feed: str, instance: str) -> None:
    with pytest.raises(DecodeError):
        room.intake.take(room.live, feed, instance, b"{}", "x")
    assert room.quarantine.counts()["rows"] == 1


def test_refusals_are_gathered_before_they_reach_the_picture(room: Room) -> None:
    for number in range(50):
        room.take({"id": f"w{number}", "type": "Weather"})
    wait_until(lambda: room.source().get("refused") == 50, "all refusals in the picture")
    told = [entry.observation.content for entry in room.live.journal.read(0, 1_000)]
    refusals = [content for content in told if isinstance(content, Refusal)]
    assert sum(content.count for content in refusals) == 50
    assert len(refusals) < 50
    assert room.quarantine.counts()["rows"] == 50


def test_a_message_full_of_nonsense_fills_no_more_than_its_share_of_rows(room: Room) -> None:
    taken = room.take(*({"id": f"w{number}", "type": "Weather"} for number in range(200)))
    assert len(taken.refused) == 200
    rows = room.quarantine.list(1_000)
    assert len(rows) == ROWS_PER_MESSAGE + 1
    assert rows[0].reason == "and 150 more of the same message"


def test_an_id_cannot_become_something_else(room: Room) -> None:
    room.take({**VEHICLE, "fmsStatus": 3})
    taken = room.take({**VEHICLE, "type": "Device", "value": 1}, {**VEHICLE, "id": "v2", "fmsStatus": 1})
    assert taken.receipt.accepted == 1
    assert [part.reason for part in taken.refused] == ["this id belongs to a unit, it cannot become a device"]


def test_preconditions_are_asked_of_the_picture(room: Room) -> None:
    kinds = [part.kind for part in room.take({**VEHICLE, "fmsStatus": 3}, action="update").refused]
    assert kinds == ["not_found"]
    assert room.take({**VEHICLE, "fmsStatus": 3}, action="appendStrict").refused == ()
    kinds = [part.kind for part in room.take({**VEHICLE, "fmsStatus": 4, "name": "x"}, action="appendStrict").refused]
    assert kinds == ["already_exists"]
    kinds = [part.kind for part in room.take({**VEHICLE, "name": "x"}, action="update").refused]
    assert kinds == ["does_not_exist"]
    assert room.take({**VEHICLE, "fmsStatus": 5}, action="update").refused == ()
    assert room.live.picture.features[VEHICLE["id"]]["properties"]["fms_status"] == 5


def test_replace_withdraws_attributes_that_the_table_does_not_know(room: Room) -> None:
    room.take({**VEHICLE, "fmsStatus": 3, "fuelLevel": 0.5, "name": "x"})
    room.take({**VEHICLE, "name": "y"}, action="replace")
    extras = room.live.picture.extras(VEHICLE["id"])
    assert {name for name, value in extras.items() if value is not None} == {"type", "name"}
    assert room.live.picture.features[VEHICLE["id"]]["properties"]["fms_status"] is None


def test_only_one_of_many_creates_strictly(room: Room) -> None:
    outcomes: list[int] = []

    def create(number: int) -> None:
        outcomes.append(room.take({**VEHICLE, "name": str(number)}, action="appendStrict").receipt.accepted)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [0] * 7 + [1]


def test_a_message_of_another_time_is_told_of_at_once_and_the_same_each_time(room: Room) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    bodies = [b'{"entities":[{"id":"w","type":"Weather"},{"id":"v","type":"EmergencyVehicle","fmsStatus":2}]}', b"{"]
    made = [
        [draft.observation for body in bodies for draft in room.intake.prepare("ex-a-1", "ngsi", "x", body, "s", at)]
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert [one.kind for one in made[0]] == ["unit", "refusal", "refusal"]
    assert {one.received_at for one in made[0]} == {at}


def test_received_at_of_the_caller_is_the_time_of_the_message(room: Room) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    room.intake.take(room.live, "ngsi", "x", json.dumps({**VEHICLE, "fmsStatus": 3}).encode(), "s", at)
    entry = room.live.journal.read(0, 1)[0]  # a tick may follow: the source has been silent for long
    assert (entry.observation.received_at, entry.observation.observed_at) == (at, at)


def test_nothing_is_taken_once_the_desk_is_closed(room: Room) -> None:
    room.situations.stop()
    with pytest.raises(Closed):
        room.take({**VEHICLE, "fmsStatus": 3})


def test_a_file_of_a_folder_comes_with_its_name(room: Room) -> None:
    body = b"Id,Time(seconds),Latitude,Longitude\n1,0.5,51.83,8.78\n"
    sender = "folder /var/lib/flights/Flug_2026-11-21_[19-05-11].csv"
    room.intake.take(room.live, "dji_flightlog", "flights", body, sender)
    drone = room.live.picture.features["dji_flightlog:flights"]["properties"]
    assert drone["observed_at"] == "2026-11-21T18:05:11.500Z"
