"""The quarantine read again: whole messages are kept within bounds, what is usable now is taken as if it came then."""

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from layers.content import Refusal
from layers.observation import Observation
from server import quarantined
from server.feeds import BAD_ENTITY, DecodeError, Refused
from server.intake import Intake
from server.journal.sqlite import SqliteJournal
from server.quarantine import Quarantine, row
from server.quarantined import Choice, Message
from server.retry import Retry, Summary, Wish, Wishes, settled
from server.situations import Situations
from tests.server import Server, lagebild, wait_until

AT = datetime.now(UTC) - timedelta(minutes=10)
VEHICLE = {"id": "urn:ngsi-ld:EmergencyVehicle:1", "type": "EmergencyVehicle", "fmsStatus": 3}


class Room:
    """A live situation with intake, quarantine and retry, whose settings of sources can be mended."""

    def __init__(self, folder: Path) -> None:
        self.sources: dict[str, dict[str, Any]] = {"ngsi": {}}
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.intake = Intake(self.quarantine, sources=self.sources)
        self.situations = Situations(folder, intake=self.intake)
        self.situations.start()
        self.live = self.situations.live
        self.retry = Retry(self.quarantine, self.intake, self.situations)

    def take(self, *entities: Any, instance: str = "leitstelle", action: str = "append") -> Any:
        """An NGSI update that came at AT."""
        body = json.dumps({"actionType": action, "entities": list(entities)}).encode()
        return self.intake.take(self.live, "ngsi", instance, body, "leitstelle (1a2b)", AT)

    def claims(self) -> list[Observation]:
        """What the journal holds, but for the notes of refusals: those are gathered and may come later."""
        entries = self.live.journal.read(0, 1_000)
        return [entry.observation for entry in entries if not isinstance(entry.observation.content, Refusal)]

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


def test_what_a_mended_setting_makes_readable_is_taken_with_its_own_time_and_sender(room: Room) -> None:
    room.sources["zigbee2mqtt"] = {"no_such_option": True}
    frame = (Path(__file__).parents[2] / "fixtures" / "frames" / "zigbee2mqtt" / "state.json").read_bytes()
    with pytest.raises(DecodeError):
        room.intake.take(room.live, "zigbee2mqtt", "werk", frame, "panel (10.0.0.7)", AT)
    before = room.live.journal.last()
    assert room.retry.run(Choice()).refused == 1
    assert room.live.journal.last() == before
    room.sources.clear()
    summary = room.retry.run(Choice())
    assert (summary.messages, summary.ok, summary.refused, summary.left) == (1, 1, 0, 0)
    assert summary.taken > 0
    entries = room.live.journal.read(before, 1_000)
    taken = [entry.observation for entry in entries if entry.observation.source == "zigbee2mqtt/werk"]
    assert len(taken) == summary.taken
    assert {one.received_at for one in taken} == {AT}
    assert [kept.raw.sender for kept in room.live.journal.raws(0, 10)] == ["panel (10.0.0.7)"]
    (settled_row,) = room.quarantine.list()
    assert (settled_row.outcome, settled_row.kept, settled_row.retry_reason) == ("ok", False, None)
    again = room.retry.run(Choice())
    assert (again.messages, again.taken, again.duplicates) == (0, 0, 0)


def test_of_a_message_refused_in_part_only_the_rest_is_new_and_no_row_is_added(room: Room) -> None:
    known, unknown = {**VEHICLE, "id": "urn:ngsi-ld:EmergencyVehicle:2"}, {"id": "w", "type": "Weather"}
    taken = room.take(known, unknown, 17)
    assert (taken.receipt.accepted, len(taken.refused)) == (2, 2)  # with the refusal itself
    told = room.live.picture.book.sources["ngsi/leitstelle"].refused
    first = room.retry.run(Choice())
    assert (first.taken, first.duplicates, first.ok, first.refused) == (0, 1, 0, 2)
    assert room.retry.run(Choice()) == first
    assert room.quarantine.counts()["rows"] == 2
    assert room.live.picture.book.sources["ngsi/leitstelle"].refused == told
    assert {(one.outcome, one.retry_reason == one.reason, one.kept) for one in room.quarantine.list()} == {
        ("refused", True, True)
    }


def test_a_precondition_that_holds_now_is_met(room: Room) -> None:
    assert [part.kind for part in room.take(VEHICLE, action="update").refused] == ["not_found"]
    room.take({**VEHICLE, "fmsStatus": 2, "name": "HLF"}, action="append")
    summary = room.retry.run(Choice())
    assert (summary.ok, summary.taken) == (1, 1)


def test_a_dry_run_takes_and_marks_nothing(room: Room) -> None:
    room.take(VEHICLE, action="update")
    room.take({**VEHICLE, "name": "HLF"})
    before = room.claims()
    summary = room.retry.run(Choice(), dry_run=True)
    assert (summary.dry_run, summary.ok, summary.taken) == (True, 1, 0)
    assert room.claims() == before
    assert room.quarantine.list()[0].outcome is None
    assert room.quarantine.counts()["open"] == 1


def test_what_is_chosen(room: Room) -> None:
    for instance in ("a", "b"):
        room.take({"id": "w", "type": "Weather"}, instance=instance)
    with pytest.raises(DecodeError):
        room.intake.take(room.live, "waip", "w", b"{", "s", AT + timedelta(hours=1))
    chosen = room.quarantine.messages.chosen
    one, two, three = chosen(Choice())
    ids = {row.instance: row.id for row in room.quarantine.list()}
    assert chosen(Choice(ids=(ids["b"],))) == [two]
    assert chosen(Choice(source="ngsi")) == [one, two]
    assert chosen(Choice(source="ngsi/a")) == [one]
    assert chosen(Choice(since=AT + timedelta(minutes=30))) == [three]
    assert chosen(Choice(source="ngsi", since=AT + timedelta(minutes=30))) == []


def test_a_message_of_a_situation_that_is_gone_is_left(room: Room) -> None:
    refused = row(at=AT, situation="ex-gone-1", source="ngsi/a", sender="s", kind=BAD_ENTITY, reason="r")
    body = b'{"id":"v","type":"EmergencyVehicle","fmsStatus":3}'
    whole = Message(situation="ex-gone-1", feed="ngsi", instance="a", sender="s", received_at=AT, body=body)
    room.quarantine.add([refused], whole)
    summary = room.retry.run(Choice())
    assert (summary.left, summary.ok, summary.taken) == (1, 0, 0)
    assert room.quarantine.list()[0].outcome is None


def test_secrets_are_blanked_in_the_whole_message(room: Room, tmp_path: Path) -> None:
    secret = b'{"authToken": "geheimnis", "data": '
    for feed in ("alamos_fe2", "no_such_feed"):
        with pytest.raises(DecodeError):
            room.intake.take(room.live, feed, "x", secret, "s")
    for number in room.quarantine.messages.chosen(Choice()):
        kept = room.quarantine.messages.get(number)
        assert kept is not None
        assert b"authToken" in kept.body
        assert b"geheimnis" not in kept.body
    assert all(b"geheimnis" not in path.read_bytes() for path in tmp_path.glob("quarantine.db*"))


def message(number: int, instance: str, size: int) -> Message:
    body = b"%08d" % number + b"x" * (size - 8)
    return Message(situation="live", feed="ngsi", instance=instance, sender="s", received_at=AT, body=body)


def kept(quarantine: Quarantine) -> list[tuple[str, int]]:
    found = [quarantine.messages.get(number) for number in quarantine.messages.chosen(Choice())]
    return [(one.instance, int(one.body[:8])) for one in found if one is not None]


def test_whole_messages_are_bounded_each_per_source_in_all_and_in_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantined, "MESSAGE_BYTES", 400)
    monkeypatch.setattr(quarantined, "SOURCE_BYTES", 1_000)
    monkeypatch.setattr(quarantined, "TOTAL_BYTES", 2_000)
    register = Quarantine(tmp_path / "q.db")

    def add(number: int, instance: str, size: int) -> None:
        one = row(at=AT, situation="live", source=f"ngsi/{instance}", sender="s", kind=BAD_ENTITY, reason="r")
        register.add([one], message(number, instance, size))

    add(0, "a", 401)
    assert kept(register) == []
    for number in range(1, 6):
        add(number, "a", 300)
    assert kept(register) == [("a", 3), ("a", 4), ("a", 5)]
    for number in range(3):
        add(number, "b", 300)
        add(number, "c", 300)
    assert kept(register) == [("b", 0), ("c", 0), ("b", 1), ("c", 1), ("b", 2), ("c", 2)]
    counts = register.counts()
    assert (counts["rows"], counts["messages"], counts["message_bytes"]) == (12, 6, 1_800)
    assert counts["messages_dropped"] == 6
    assert [one.kept for one in register.list(7)] == [True] * 6 + [False]
    monkeypatch.setattr(quarantined, "KEEP_S", -1.0)
    add(9, "d", 100)
    assert kept(register) == []
    register.close()


def test_a_message_goes_with_its_last_row(tmp_path: Path) -> None:
    register = Quarantine(tmp_path / "q.db", max_rows=3)
    for number in range(5):
        one = row(at=AT, situation="live", source=f"ngsi/{number}", sender="s", kind=BAD_ENTITY, reason="r")
        register.add([one, one], message(number, str(number), 100))
    assert kept(register) == [("3", 3), ("4", 4)]
    register.close()


def test_a_register_of_an_earlier_release_is_read_on(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "q.db")
    old.executescript(
        "CREATE TABLE refused(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, situation TEXT NOT NULL,"
        " feed TEXT NOT NULL, instance TEXT NOT NULL, sender TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,"
        " subject TEXT, excerpt TEXT NOT NULL, size INTEGER NOT NULL);"
        "INSERT INTO refused VALUES (7, '2026-11-21T20:00:00.000Z', 'live', 'ngsi', 'a', 's', 'k', 'why', NULL, '', 3);"
    )
    old.close()
    register = Quarantine(tmp_path / "q.db")
    (found,) = register.list()
    assert (found.id, found.reason, found.kept, found.outcome) == (7, "why", False, None)
    register.close()


def test_which_rows_are_settled() -> None:
    def one(number: int, subject: str | None, reason: str) -> Any:
        made = row(at=AT, situation="l", source="a/b", sender="s", kind=BAD_ENTITY, reason=reason, subject=subject)
        return type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | {"id": number})

    rows = [one(1, "a", "old words"), one(2, "b", "r"), one(3, None, "x"), one(4, "c", "r")]
    parts = [
        Refused(reason="r", subject="b"),
        Refused(reason="new words", subject="a"),
        Refused(reason="y", subject=None),
    ]
    assert [(each.row, each.outcome, each.reason) for each in settled(rows, parts)] == [
        (1, "refused", "new words"),
        (2, "refused", "r"),
        (3, "refused", "y"),
        (4, "ok", None),
    ]


def test_a_wish_that_nobody_understands_keeps_no_other_from_its_answer(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.retry.ROUND_S", 0.01)
    wishes = Wishes(room.quarantine)
    room.retry.start()
    try:
        for wish in (b"{", b'{"choice": 7, "dry_run": true}'):
            with room.quarantine.lock, room.quarantine.database as db:
                db.execute("INSERT INTO wish(asked_at, wish) VALUES (?, ?)", (time.time(), wish))
        number = wishes.ask(Wish(choice=Choice(), dry_run=True))
        assert wait_until(lambda: wishes.take(number), "the answer") == Summary(dry_run=True)
    finally:
        room.retry.stop()
    with room.quarantine.lock:
        assert room.quarantine.database.execute("SELECT count(*) FROM wish").fetchone() == (0,)


def test_the_command_asks_the_running_server_and_works_alone_when_it_has_stopped(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data) as server:
        token, control = server.token("feed", "wache"), server.token("control")
        update: dict[str, Any] = {"actionType": "update", "entities": [VEHICLE]}
        assert server.request("POST", "/v2/op/update", token, json=update).status_code == 404
        dry = lagebild("quarantine", "retry", "--data", data, "--dry-run")
        assert (dry.returncode, dry.stdout.splitlines()[0].split("\t")[1:3]) == (0, ["ngsi/wache", "refused"])
        append: dict[str, Any] = {"actionType": "append", "entities": [{**VEHICLE, "fmsStatus": 2, "name": "HLF"}]}
        assert server.request("POST", "/v2/op/update", token, json=append).status_code == 204
        done = lagebild("quarantine", "retry", "--data", data, "--source", "ngsi/wache", "1")
        assert (done.returncode, done.stdout.splitlines()[0].split("\t")[:3]) == (0, ["1", "ngsi/wache", "ok"])
        assert done.stdout.splitlines()[-1] == "1 ok, 0 refused, 0 left; 1 new observations, 0 known already"
        shown = server.get("/quarantine", control)
        assert (shown["quarantine"][0]["outcome"], shown["counts"]["open"]) == ("ok", 0)
        update["entities"][0] = {**VEHICLE, "id": "urn:ngsi-ld:EmergencyVehicle:9"}
        server.request("POST", "/v2/op/update", token, json=update)
        asked = server.request("POST", "/quarantine/retry", control, json={"ids": [2]}).json()
        assert (asked["refused"], asked["rows"][0]["id"]) == (1, 2)
        append["entities"][0] = {**update["entities"][0], "fmsStatus": 1}
        server.request("POST", "/v2/op/update", token, json=append)
        server.stop()
    alone = lagebild("quarantine", "retry", "--data", data)
    assert alone.stdout.splitlines()[-1] == "1 ok, 0 refused, 0 left; 1 new observations, 0 known already"
    assert lagebild("verify", "--data", data).returncode == 0
    journal = SqliteJournal(data / "live" / "journal.db", writable=False)
    mine = [entry for entry in journal.read(0, 1_000) if entry.observation.source == "ngsi/wache"]
    assert len([entry for entry in mine if entry.observation.kind == "unit"]) == 4
    journal.close()
    assert lagebild("quarantine", "retry", "--data", tmp_path / "none").returncode == 1
