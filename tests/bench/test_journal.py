"""Figures of journal, desk and start: `make bench`. They print; what must hold is asserted elsewhere."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from layers.content import CrowdCount, Unit
from layers.observation import Observation
from layers.settings import PictureSettings
from server.clock import ScenarioClock
from server.desk import Desk, DeskSettings
from server.journal import Draft, RawRef
from server.journal.sqlite import SqliteJournal
from server.picture_store import restore, take_snapshot
from tests.desk.tools import Call
from tests.situations.tools import begin, go_to, opened

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def moving(number: int) -> Observation:
    """A town at work: 200 units that move, and every fifth time a people counter."""
    at = START + timedelta(milliseconds=20 * number)
    point = [8.70 + number % 997 / 10_000, 51.80 + number % 499 / 10_000]
    return Observation(
        id=f"observation-{number}",
        source=f"ngsi/feed-{number % 7}",
        subject=f"unit:{number % 200}" if number % 5 else f"count:{number % 12}",
        observed_at=at,
        reported_at=at,
        received_at=at,
        content=Unit(fms_status=number % 9, speed_mps=12.5) if number % 5 else CrowdCount(people=number % 900),
        geometry={"type": "Point", "coordinates": point} if number % 5 else None,
    )


def message(number: int) -> RawRef:
    """600 bytes as a feed sends them."""
    return RawRef(feed="ngsi", instance="feed", sender="token 1", received_at=START, body=b"%600d" % number)


def timed(what: str, count: int, function: Callable[[], object]) -> float:
    """Seconds the function took; prints them per item and as a rate."""
    began = time.perf_counter()
    function()
    seconds = time.perf_counter() - began
    each_us, rate = seconds / count * 1e6, count / seconds
    print(f"{what:<58} {count:>8,} in {seconds:7.2f} s   {each_us:9.1f} us each   {rate:10,.0f}/s")
    return seconds / count


def drafts(first: int, count: int) -> list[Draft]:
    return [Draft(moving(number), message(number)) for number in range(first, first + count)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened_journal = SqliteJournal(tmp_path / "journal.db")
    yield opened_journal
    opened_journal.close()


def test_append_alone_and_in_groups(journal: SqliteJournal) -> None:
    print()
    prepared = drafts(0, 1000)
    alone = timed("append, a commit each", 1000, lambda: [journal.append([draft]) for draft in prepared])
    for size in (10, 100, 500):
        batches = [drafts(size * 100_000 + size * turn, size) for turn in range(max(4, 5000 // size))]
        count = size * len(batches)
        each = timed(f"append, {size} in a commit", count, lambda batches=batches: [journal.append(b) for b in batches])  # type: ignore[misc]
        print(f"{'':<58} group commit of {size} is {alone / each:.1f} times as fast")


def test_through_desk_journal_and_picture(journal: SqliteJournal) -> None:
    print()
    desk = Desk("bench", journal, ScenarioClock(START, state="paused"), PictureSettings(), DeskSettings())
    desk.start()

    def feeds(count: int, each: int, size: int) -> None:
        def feed(number: int) -> None:
            for turn in range(each):
                first = (number * each + turn) * size
                desk.submit([moving(base + first + more) for more in range(size)], message(first))

        calls = [Call(lambda number=number: feed(number)) for number in range(count)]  # type: ignore[misc]
        for call in calls:
            call.join()
            assert call.error is None

    base = 0
    for count, each, size in ((1, 300, 1), (50, 40, 1), (50, 10, 20), (4, 20, 200)):
        total = count * each * size
        what = f"desk: {count} senders, messages of {size}"
        timed(what, total, lambda shape=(count, each, size): feeds(*shape))  # type: ignore[misc]
        base += 1_000_000
    stats = desk.stats
    print(f"appending {stats.append_seconds:.2f} s, applying {stats.apply_seconds:.2f} s, {stats.batches} batches, "
          f"largest {stats.largest_batch}")  # fmt: skip
    desk.stop()


def test_start_with_many_entries(journal: SqliteJournal) -> None:
    print()
    total, settings = 100_000, PictureSettings()

    def fill() -> None:
        for first in range(0, total, 500):
            journal.append(drafts(first, 500))

    timed("journal filled, 500 in a commit", total, fill)
    print(f"file: {journal.path.stat().st_size / 1e6:.0f} MB")
    full = timed("start by full replay", total, lambda: restore(journal, settings, snapshots=False))
    picture, _ = restore(journal, settings, upto=95_000, snapshots=False)
    snapshot = take_snapshot(picture, settings)
    timed("taking a snapshot", 1, lambda: take_snapshot(picture, settings))
    timed("saving a snapshot", 1, lambda: journal.save_snapshot(snapshot))
    print(f"snapshot: {len(snapshot.body) / 1e6:.2f} MB, {len(picture.features)} features")
    fast = timed("start from a snapshot and the 5,000 entries after it", total, lambda: restore(journal, settings))
    print(f"{'':<58} {full / fast:.1f} times as fast")
    timed("proving file, chain and messages", total, journal.check)


@pytest.mark.parametrize("name", ["hausbrand", "libori"])
def test_a_scenario_in_one_jump(name: str, tmp_path: Path) -> None:
    print()
    with opened(tmp_path / "data") as situations:
        exercise = begin(situations, name)
        length_s = exercise.state.ends_at.timestamp() - exercise.state.starts_at.timestamp()
        lines = len(exercise._scenario)
        timed(f"{name}: jump to the end, lines", lines, lambda: go_to(situations, exercise, length_s))
        assert not exercise.desk.stats.omitted
        assert not exercise.desk.stats.failing
        timed(f"{name}: back to the middle (a new take)", 1, lambda: go_to(situations, exercise, length_s / 2))
        timed(f"{name}: picture as of a quarter", 1, lambda: situations.as_of(
            exercise, exercise.state.starts_at + timedelta(seconds=length_s / 4)
        ))  # fmt: skip
