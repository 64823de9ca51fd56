"""The desk: durable before acknowledged, shared appends, limits, failures, ticks, snapshots."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from layers import merge
from layers.content import Tick, Unit
from layers.observation import Entry, Observation
from layers.picture import Changes
from layers.settings import PictureSettings
from server.clock import ScenarioClock
from server.desk import Busy, Closed, Desk, DeskSettings, Unavailable
from server.journal import BadObservation, RawRef, entries
from server.journal.sqlite import SqliteJournal
from server.picture_store import restore
from tests.desk.tools import Call, SlowJournal, eventually, make_desk

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def unit(number: int, at: datetime | None = None, name: str | None = None) -> Observation:
    """A unit says that it is there."""
    moment = at or datetime.now(UTC)
    return Observation(
        id=f"unit-{number}-{moment.isoformat()}",
        source="ngsi/leitstelle",
        subject=f"unit:{number}",
        observed_at=moment,
        reported_at=moment,
        received_at=moment,
        content=Unit(name=name or f"Florian {number}", fms_status=3),
        geometry={"type": "Point", "coordinates": [8.78, 51.83]},
    )


def raw(body: bytes = b"{}") -> RawRef:
    return RawRef(feed="ngsi", instance="leitstelle", sender="test", received_at=START, body=body)


class Room:
    """A desk with what a test wants to know of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[tuple[Desk, SlowJournal]] = []
        self.heard: list[Changes] = []

    def open(self, clock: ScenarioClock | None = None, **settings: int) -> tuple[Desk, SlowJournal]:
        made = make_desk(self.folder, clock, DeskSettings(**settings))
        made[0].listener = self.heard.append
        self.made.append(made)
        return made

    def close(self) -> None:
        for desk, journal in self.made:
            journal.open_gate.set()
            desk.stop()
            journal.close()
        self.made = []


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.close()


def test_what_is_acknowledged_is_on_disk_and_in_the_picture(room: Room) -> None:
    desk, journal = room.open()
    receipt = desk.submit([unit(1), unit(2)], raw(b"both"))
    assert (receipt.accepted, receipt.duplicates, receipt.last_seq) == (2, 0, 2)
    reader = SqliteJournal(journal.path, writable=False)
    assert [entry.observation.subject for entry in reader.read(0, 10)] == ["unit:1", "unit:2"]
    assert reader.raws(0, 10)[0].raw.body == b"both"
    assert desk.picture.rev == 2
    assert {"unit:1", "unit:2"} <= set(desk.picture.features)
    assert [len(changes.upsert) for changes in room.heard] == [3], "two units and their source, told once"


def test_a_repeated_claim_counts_once(room: Room) -> None:
    desk, _ = room.open()
    first = unit(1)
    assert desk.submit([first, first]).duplicates == 1
    again = desk.submit([first, unit(2)])
    assert (again.accepted, again.duplicates, again.last_seq) == (1, 1, 2)
    assert (desk.submit([first]).accepted, desk.submit([first]).last_seq) == (0, 2)
    assert (desk.stats.accepted, desk.stats.duplicates) == (2, 4)


def test_whoever_waits_shares_one_append(room: Room) -> None:
    desk, journal = room.open()
    journal.open_gate.clear()
    calls = [Call(lambda: desk.submit([unit(0)]))]
    assert journal.waiting.wait(30)
    calls += [Call(lambda number=number: desk.submit([unit(number)])) for number in range(1, 31)]  # type: ignore[misc]
    eventually(lambda: desk.inbox_depth == 30)
    journal.open_gate.set()
    receipts = [call.done().result for call in calls]
    assert desk.stats.batches == 2
    assert desk.stats.largest_batch == 30
    assert sorted(receipt.last_seq for receipt in receipts) == list(range(1, 32))  # type: ignore[attr-defined]


def test_a_batch_is_limited_but_never_splits_a_message(room: Room) -> None:
    desk, journal = room.open(batch_observations=10)
    journal.open_gate.clear()
    calls = [Call(lambda: desk.submit([unit(0)]))]
    assert journal.waiting.wait(30)
    calls += [Call(lambda: desk.submit([unit(number) for number in range(1, 26)]))]
    eventually(lambda: desk.inbox_depth == 25)
    calls += [Call(lambda number=number: desk.submit([unit(100 + number)])) for number in range(15)]  # type: ignore[misc]
    eventually(lambda: desk.inbox_depth == 40)
    journal.open_gate.set()
    for call in calls:
        assert call.done().error is None
    assert desk.stats.largest_batch == 25
    assert desk.stats.batches == 4


def test_a_full_inbox_says_when_to_come_back(room: Room) -> None:
    desk, journal = room.open(inbox_observations=5)
    journal.open_gate.clear()
    calls = [Call(lambda: desk.submit([unit(0)]))]
    assert journal.waiting.wait(30)
    calls += [Call(lambda: desk.submit([unit(number) for number in range(1, 5)]))]
    eventually(lambda: desk.inbox_depth == 4)
    with pytest.raises(Busy) as refused:
        desk.submit([unit(10), unit(11)])
    assert refused.value.retry_after_s >= 1
    assert desk.stats.busy == 1
    journal.open_gate.set()
    assert [call.done().error for call in calls] == [None, None]
    assert desk.submit([unit(10), unit(11)]).accepted == 2
    assert desk.submit([unit(number) for number in range(20, 30)]).accepted == 10, "alone even a large one fits"


def test_bytes_are_limited_too(room: Room) -> None:
    desk, journal = room.open(inbox_bytes=100_000)
    journal.open_gate.clear()
    calls = [Call(lambda: desk.submit([unit(0)]))]
    assert journal.waiting.wait(30)
    big = raw(b"x" * 90_000)
    calls += [Call(lambda: desk.submit([unit(1), unit(2)], big))]
    eventually(lambda: desk.inbox_depth == 2)
    with pytest.raises(Busy):
        desk.submit([unit(3)], raw(b"x" * 90_000))
    journal.open_gate.set()
    for call in calls:
        call.done()


def test_a_full_disk_fails_those_who_asked_and_nobody_else(room: Room) -> None:
    desk, journal = room.open()
    desk.submit([unit(1)])
    journal.fill_disk()
    with pytest.raises(Unavailable, match="full") as refused:
        desk.submit([unit(2)], raw(b"x" * 500_000))
    assert refused.value.retry_after_s >= 1
    assert isinstance(refused.value, Busy)
    assert not desk.ready
    assert desk.picture.rev == 1
    journal.free_disk()
    assert desk.submit([unit(3)]).last_seq == 2
    assert desk.stats.failing == ""
    assert [entry.observation.subject for entry in entries(journal)] == ["unit:1", "unit:3"]


def test_what_cannot_be_kept_fails_its_sender_alone(room: Room) -> None:
    desk, _ = room.open()
    with pytest.raises(BadObservation):
        desk.submit([unit(1), unit(2, name="\ud800")])
    assert desk.picture.rev == 0
    assert desk.submit([unit(3)]).accepted == 1


def test_after_the_stop_nothing_is_taken_and_what_waited_is_kept(room: Room) -> None:
    desk, journal = room.open()
    journal.open_gate.clear()
    calls = [Call(lambda: desk.submit([unit(1)]))]
    assert journal.waiting.wait(30)
    calls += [Call(lambda: desk.submit([unit(2)]))]
    eventually(lambda: desk.inbox_depth == 1)
    stopping = Call(desk.stop)
    eventually(lambda: desk._inbox.closed)
    with pytest.raises(Closed):
        desk.submit([unit(3)])
    journal.open_gate.set()
    stopping.done()
    assert [call.done().error for call in calls] == [None, None]
    assert journal.last() == 2
    assert not desk.ready
    with pytest.raises(Closed):
        desk.submit([])


def test_time_passes_by_itself_at_the_moment_it_is_due(room: Room) -> None:
    clock = ScenarioClock(START)
    desk, journal = room.open(clock)
    desk.submit([unit(1, START)])
    due = desk.picture.next_due()
    assert due == START + timedelta(seconds=300), "the source falls silent after five minutes"
    clock.jump(due + timedelta(seconds=2))
    desk.wake()
    eventually(lambda: desk.stats.ticks == 1)
    eventually(lambda: desk.picture.features["source:ngsi/leitstelle"]["properties"]["state"] == "silent")
    tick = journal.read(1, 10)[0].observation
    assert isinstance(tick.content, Tick)
    assert tick.received_at == due
    assert room.heard[-1].urgent


def test_no_tick_passes_the_gate(room: Room) -> None:
    clock = ScenarioClock(START)
    desk, _ = room.open(clock)
    desk.submit([unit(1, START)])
    clock.gate(START + timedelta(seconds=200))
    clock.jump(START + timedelta(seconds=1000))
    desk.wake()
    line = unit(2, START + timedelta(seconds=200))
    assert desk.submit([line]).last_seq == 2
    assert desk.stats.ticks == 0
    assert desk.picture.now == START + timedelta(seconds=200)
    clock.gate(None)
    desk.wake()
    eventually(lambda: desk.picture.features["source:ngsi/leitstelle"]["properties"]["state"] == "silent")


def test_after_a_long_stop_few_ticks_do(room: Room) -> None:
    clock = ScenarioClock(START)
    desk, journal = room.open(clock)
    desk.submit([unit(number, START + timedelta(seconds=number)) for number in range(200)])
    clock.jump(START + timedelta(days=30))
    desk.wake()
    # both at once: the picture is asked without its lock, in the middle of a tick perhaps
    eventually(lambda: desk.picture.next_due() is None and not desk.picture.features, "everything has expired")
    assert journal.last() - 200 < 20


def test_a_paused_clock_lets_nothing_expire(room: Room) -> None:
    clock = ScenarioClock(START, state="paused")
    desk, _ = room.open(clock)
    desk.submit([unit(1, START)])
    desk.wake()
    assert desk._patience_s() is None
    assert desk.submit([unit(2, START)]).accepted == 1
    assert desk.stats.ticks == 0


def broken_domain(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From now on the domain has a bug: it raises, half way through, for a unit of this name."""
    sound = merge.take

    def take(book: object, observation: Observation) -> object:
        changes = sound(book, observation)  # type: ignore[arg-type]
        if isinstance(observation.content, Unit) and observation.content.name == name:
            raise ZeroDivisionError("a bug")
        return changes

    monkeypatch.setattr("layers.picture.take", take)


def test_a_bug_in_the_domain_costs_one_entry_and_not_the_situation(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken_domain(monkeypatch, "poison")
    desk, journal = room.open()
    desk.submit([unit(1)])
    receipt = desk.submit([unit(2), unit(3, name="poison"), unit(4)])
    assert receipt.accepted == 3, "durable, so acknowledged"
    assert desk.picture.rev == 4
    assert {"unit:1", "unit:2", "unit:4"} == {name for name in desk.picture.features if name.startswith("unit:")}
    assert journal.skipped() == {3: "entry 3: ZeroDivisionError: a bug"}
    assert desk.stats.omitted == 1
    assert "a bug" in caplog.text
    told = {feature["id"] for changes in room.heard for feature in changes.upsert}
    assert {"unit:2", "unit:4"} <= told
    assert desk.submit([unit(5)]).last_seq == 5
    digest = desk.picture.digest()
    room.close()
    assert (
        restore(SqliteJournal(journal.path, writable=False), PictureSettings(), snapshots=False)[0].digest() == digest
    )
    again, _ = room.open()
    assert again.picture.digest() == digest
    assert again.submit([unit(6)]).last_seq == 6


def test_a_bug_that_shows_on_restart_only_does_not_keep_it_from_starting(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, journal = room.open(snapshot_every=1_000_000)
    desk.submit([unit(1), unit(2, name="poison"), unit(3, name="poison"), unit(4)])
    desk._snapshot_seq = 10  # as after kill -9: no snapshot was taken at the stop
    room.close()
    broken_domain(monkeypatch, "poison")
    again, journal = room.open()
    assert set(journal.skipped()) == {2, 3}
    assert {"unit:1", "unit:4"} == {name for name in again.picture.features if name.startswith("unit:")}
    assert again.stats.omitted == 2


def test_a_listener_that_fails_is_counted_and_harms_nobody(room: Room) -> None:
    desk, _ = room.open()

    def fail(_: Changes) -> None:
        raise ValueError("no")

    desk.listener = fail
    assert desk.submit([unit(1)]).accepted == 1
    assert desk.submit([unit(2)]).accepted == 1
    assert desk.stats.listener_errors == 2


class CountingJournal(SlowJournal):
    """Counts the entries that are read."""

    def read(self, after: int, limit: int) -> list[Entry]:
        found = super().read(after, limit)
        self.entries_read += len(found)
        return found


def test_snapshots_make_the_next_start_short(room: Room, tmp_path: Path) -> None:
    desk, journal = room.open(snapshot_every=100)
    for number in range(50):
        desk.submit([unit(10 * number + more) for more in range(10)])
    assert desk.stats.snapshots in (4, 5)
    kept = journal.snapshots()
    assert all(earlier.seq < later.seq for earlier, later in itertools.pairwise(kept))
    desk.submit([unit(1000)])
    digest = desk.picture.digest()
    room.close()
    counting = CountingJournal(tmp_path / "journal.db")
    again = Desk("again", counting, ScenarioClock(START), PictureSettings())
    assert again.picture.digest() == digest
    assert counting.entries_read == 0, "the snapshot of the clean stop says it all"
    assert counting.snapshots()[-1].digest == digest
    counting.close()


def test_a_snapshot_of_other_settings_is_not_used(room: Room, tmp_path: Path) -> None:
    desk, _ = room.open()
    desk.submit([unit(1)])
    room.close()
    counting = CountingJournal(tmp_path / "journal.db")
    other = PictureSettings(silence_after_s={"*": 60.0})
    again = Desk("again", counting, ScenarioClock(START), other)
    assert counting.entries_read == 1
    assert again.picture.features["source:ngsi/leitstelle"]["properties"]["silence_after_s"] == 60.0
    counting.close()


def test_a_disk_without_room_for_a_snapshot_is_no_failure_of_the_situation(room: Room) -> None:
    desk, journal = room.open(snapshot_every=2)
    journal.fill_disk()
    desk.submit([unit(number) for number in range(2)])
    eventually(lambda: desk.stats.snapshots + desk.stats.snapshot_failures == 1)
    assert desk.submit([]).last_seq == 2


def test_after_an_upgrade_the_first_start_leaves_a_snapshot_for_the_second(room: Room, tmp_path: Path) -> None:
    desk, _ = room.open(snapshot_every=50)
    desk.submit([unit(number) for number in range(60)])
    room.close()
    again = Desk(
        "again",
        journal := CountingJournal(tmp_path / "journal.db"),
        ScenarioClock(START, state="paused"),
        PictureSettings(density_threshold_pm2=5.0),
        DeskSettings(snapshot_every=50),
    )
    assert journal.entries_read == 60
    again.start()
    eventually(lambda: again.stats.snapshots == 1)
    again.stop()
    journal.close()
