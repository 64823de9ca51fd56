"""Exercises: clock, takes, restarts, the end; nothing of them reaches live."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from layers.observation import encode
from layers.picture import Changes
from server.desk import Closed
from server.journal import entries
from server.journal.sqlite import SqliteJournal
from server.scenario import ScenarioError
from server.situations import Situation, Situations, SituationSettings, TooMany
from tests.desk.test_desk import unit
from tests.desk.tools import eventually
from tests.situations.tools import (
    DURATION_S,
    STARTS_AT,
    alert,
    begin,
    exercise_of,
    go_to,
    header,
    opened,
    settle,
    small_lines,
    undisturbed,
    update,
    write_scenario,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the small scenario."""
    write_scenario(tmp_path / "data", small_lines())
    return tmp_path / "data"


@pytest.fixture
def house(data: Path) -> Iterator[Situations]:
    with opened(data) as situations:
        yield situations


@pytest.fixture
def digest(tmp_path: Path) -> str:
    """What the small scenario comes to when nobody disturbs it."""
    write_scenario(tmp_path / "calm", small_lines())
    return undisturbed(tmp_path / "calm")


def test_one_jump_many_jumps_and_a_restart_come_to_the_same(data: Path, digest: str) -> None:
    with opened(data) as situations:
        exercise = begin(situations)
        for at_s in (30, 30.002, 100, 100.5, 399, 401.234567, 640):
            go_to(situations, exercise, at_s)
            assert exercise.clock.now() == STARTS_AT + timedelta(seconds=at_s)
        name = exercise.id
    with opened(data) as situations:
        exercise = exercise_of(situations, name)
        assert exercise.clock.state == "paused"
        settle(exercise)
        assert exercise.clock.now() == STARTS_AT + timedelta(seconds=640)
        go_to(situations, exercise, DURATION_S)
        assert exercise.picture.digest() == digest
        assert exercise.player.index == len(small_lines()) - 1
        assert exercise.journal.check().ok


def test_a_line_is_received_at_exactly_its_time(house: Situations) -> None:
    exercise = begin(house)
    go_to(house, exercise, DURATION_S)
    times = {raw.raw.received_at for raw in exercise.journal.raws(0, 10_000)}
    expected = {STARTS_AT + timedelta(microseconds=round(line["at_s"] * 1e6)) for line in small_lines()[1:]}
    assert times == expected
    assert {raw.raw.sender for raw in exercise.journal.raws(0, 10_000)} == {"scenario"}


def test_it_runs_by_itself_at_its_speed(house: Situations) -> None:
    exercise = exercise_of(house, house.start_exercise("small", speed=60).id)
    eventually(lambda: exercise.picture.rev > 20)
    house.control(exercise.id, "pause")
    settle(exercise)  # until then a clock that was halted catches up with what was due
    stood = exercise.clock.now()
    rev = exercise.picture.rev
    assert exercise.clock.speed == 0
    house.control(exercise.id, "speed", speed=2.5)
    assert exercise.clock.now() == stood
    house.control(exercise.id, "resume")
    assert exercise.clock.speed == 2.5
    eventually(lambda: exercise.picture.rev > rev)
    with pytest.raises(ValueError, match="speed"):
        house.control(exercise.id, "speed", speed=61)


def test_back_means_a_new_take_with_what_was_known_then(house: Situations, digest: str) -> None:
    heard: list[tuple[str, Changes | None]] = []
    exercise = begin(house)
    go_to(house, exercise, 900)
    house.subscribe(lambda situation, changes: heard.append((situation.epoch, changes)))
    first_epoch, first_journal = exercise.epoch, exercise.journal
    then = house.as_of(exercise, STARTS_AT + timedelta(seconds=300)).digest()
    before = first_journal.check().head
    go_to(house, exercise, 300)
    assert exercise.epoch != first_epoch
    assert (exercise.epoch, None) in heard
    assert exercise.picture.digest() == then
    assert exercise.clock.now() == STARTS_AT + timedelta(seconds=300)
    assert exercise.clock.state == "paused"
    report = exercise.journal.check()
    assert report.ok
    assert [raw.raw for raw in exercise.journal.raws(0, 9)] == [raw.raw for raw in first_journal.raws(0, 9)]
    go_to(house, exercise, DURATION_S)
    assert exercise.picture.digest() == digest
    assert first_journal.check().head == before, "the old take is kept as it was"
    house.control(exercise.id, "jump", to=STARTS_AT)
    assert exercise.picture.rev == 2, "the first line has two entities"
    assert exercise.state.take == 3


def test_a_crash_during_the_way_back_leaves_the_old_take(
    data: Path, monkeypatch: pytest.MonkeyPatch, digest: str
) -> None:
    with opened(data) as situations:
        exercise = begin(situations)
        go_to(situations, exercise, 900)

        def crash(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("server.exercise.copy_until", crash)
            with pytest.raises(OSError, match="No space"):
                situations.control(exercise.id, "jump", to=STARTS_AT)
        (exercise.folder / "take-2.db.new").write_bytes(b"half a take")
        assert exercise.state.take == 1
        settle(exercise)
        assert exercise.clock.now() == STARTS_AT + timedelta(seconds=900), "it goes on where it was"
        go_to(situations, exercise, 10)
        assert exercise.state.take == 2
        go_to(situations, exercise, DURATION_S)
        assert exercise.picture.digest() == digest


def test_after_the_written_part_the_clock_runs_on_until_it_is_ended(data: Path) -> None:
    with opened(data) as situations:
        exercise = begin(situations)
        go_to(situations, exercise, DURATION_S + 3600)
        assert exercise.picture.features["source:ngsi/leitstelle"]["properties"]["state"] == "silent"
        situations.control(exercise.id, "resume")
        now = exercise.clock.now()
        eventually(lambda: exercise.clock.now() > now)
        situations.control(exercise.id, "end")
        stood, digest, name = exercise.clock.now(), exercise.picture.digest(), exercise.id
        assert (exercise.clock.state, exercise.clock.speed) == ("ended", 0)
        with pytest.raises(Closed):
            situations.inject(name, "ngsi", "leitstelle", update(alert(77)))
        for action in ("pause", "resume", "end"):
            with pytest.raises(ValueError, match="ended"):
                situations.control(name, action)
        with pytest.raises(ValueError, match="ended"):
            situations.control(name, "jump", to=STARTS_AT)
    with opened(data) as situations:
        exercise = exercise_of(situations, name)
        assert exercise.clock.state == "ended"
        assert exercise.clock.now() == stood
        assert exercise.picture.digest() == digest
        assert situations.as_of(exercise, STARTS_AT + timedelta(seconds=100)).rev > 0
        with pytest.raises(Closed):
            situations.inject(name, "ngsi", "leitstelle", update(alert(77)))


def test_nothing_of_an_exercise_reaches_live(house: Situations) -> None:
    heard: list[tuple[str, str, bool]] = []
    house.subscribe(lambda situation, changes: heard.append((situation.id, situation.status, changes is not None)))
    exercise = begin(house)
    go_to(house, exercise, DURATION_S)
    house.inject(exercise.id, "ngsi", "leitstelle", update(alert(50)))
    assert house.live.journal.last() == 0
    assert not house.live.picture.features
    assert house.live.status == "Actual"
    assert {(name, status) for name, status, _ in heard} == {(exercise.id, "Exercise")}
    assert exercise.picture.settings.exercise
    assert not house.live.picture.settings.exercise
    shared = [
        name for name in ("journal", "desk", "clock", "picture") if getattr(exercise, name) is getattr(house.live, name)
    ]
    assert shared == []
    for action in ("pause", "jump", "end"):
        with pytest.raises(ValueError, match="live"):
            house.control("live", action, to=STARTS_AT)
    with pytest.raises(ValueError, match="exercises only"):
        house.inject("live", "ngsi", "leitstelle", update(alert(50)))
    with pytest.raises(KeyError):
        house.control("ex-small-99", "pause")


def test_an_inject_comes_now_and_stays_across_a_restart(data: Path) -> None:
    with opened(data) as situations:
        exercise = begin(situations)
        go_to(situations, exercise, 60)
        taken = situations.inject(exercise.id, "ngsi", "leitstelle", update(alert(50)))
        assert taken.receipt.accepted == 1
        name = exercise.id
        go_to(situations, exercise, 120)
        assert "urn:ngsi-ld:Alert:test-50" in exercise.picture.features
    with opened(data) as situations:
        exercise = exercise_of(situations, name)
        assert "urn:ngsi-ld:Alert:test-50" in exercise.picture.features
        inject = [raw.raw for raw in exercise.journal.raws(0, 9999) if raw.raw.sender == "planner"]
        assert [raw.received_at for raw in inject] == [STARTS_AT + timedelta(seconds=60)]


def test_a_full_disk_holds_the_exercise_still_and_loses_nothing(house: Situations, digest: str) -> None:
    exercise = begin(house)
    go_to(house, exercise, 100)
    journal = exercise.journal
    assert isinstance(journal, SqliteJournal)
    assert journal._writer is not None
    pages = journal._writer.execute("PRAGMA page_count").fetchone()[0]
    journal._writer.execute(f"PRAGMA max_page_count = {pages}")
    exercise.clock.jump(STARTS_AT + timedelta(seconds=DURATION_S))
    exercise.player.wake()
    eventually(lambda: exercise.desk.stats.failing)
    newest = max(entry.observation.received_at for entry in entries(journal))
    assert newest <= exercise.clock.now() < STARTS_AT + timedelta(seconds=DURATION_S), "it waits for the line"
    journal._writer.execute("PRAGMA max_page_count = 1073741823")
    settle(exercise)
    assert exercise.picture.digest() == digest


def test_as_many_as_allowed_and_no_more(data: Path) -> None:
    with opened(data, SituationSettings(max_running=2, max_ended=2)) as situations:
        names = [begin(situations).id, begin(situations).id]
        assert names == ["ex-small-1", "ex-small-2"]
        with pytest.raises(TooMany):
            situations.start_exercise("small")
        for _ in range(4):
            situations.control(names[0], "end")
            names = [*names[1:], begin(situations).id]
        assert [situation.id for situation in situations.list()] == [
            "live", "ex-small-3", "ex-small-4", "ex-small-5", "ex-small-6"
        ]  # fmt: skip
        assert (data / "exercises" / "ex-small-1" / "take-1.db").exists(), "its files stay"


def test_what_is_no_scenario_is_refused_and_leaves_nothing(data: Path) -> None:
    write_scenario(data, [header("broken"), {"at_s": 1, "feed": "ngsi", "instance": "x"}], "broken")
    (data / "scenarios" / "empty.jsonl").write_bytes(b"")
    with opened(data) as situations:
        with pytest.raises(ScenarioError, match="line 2"):
            situations.start_exercise("broken")
        with pytest.raises(ScenarioError, match="header"):
            situations.start_exercise("empty")
        for name in ("none", "../small", "small/../small"):
            with pytest.raises(KeyError):
                situations.start_exercise(name)
        assert list((data / "exercises").iterdir()) == []
        names = [known["name"] for known in situations.scenarios()]
        assert {"small", "hausbrand", "libori", "broken"} <= set(names)
        assert "empty" not in names


def test_an_exercise_that_cannot_be_opened_stops_nobody_else(
    data: Path, caplog: pytest.LogCaptureFixture, digest: str
) -> None:
    with opened(data) as situations:
        good = begin(situations).id
        bad = [begin(situations).id for _ in range(3)]
        go_to(situations, exercise_of(situations, good), 50)
    exercises = data / "exercises"
    (exercises / bad[0] / "take-1.db").write_bytes(b"no journal" * 1000)
    (exercises / bad[1] / "situation.json").write_text("{}")
    (exercises / bad[2] / "scenario.jsonl").unlink()
    shutil.copytree(exercises / good, exercises / "half", ignore=shutil.ignore_patterns("situation.json"))
    with opened(data) as situations:
        assert [situation.id for situation in situations.list()] == ["live", good]
        for name in bad:
            assert name in caplog.text or any(name in str(record.__dict__) for record in caplog.records)
        exercise = exercise_of(situations, good)
        go_to(situations, exercise, DURATION_S)
        assert exercise.picture.digest() == digest


def test_the_file_of_a_scenario_may_change_while_it_is_played(data: Path, digest: str) -> None:
    with opened(data) as situations:
        exercise = begin(situations)
        go_to(situations, exercise, 50)
        write_scenario(data, [header()])
        go_to(situations, exercise, DURATION_S)
        assert exercise.picture.digest() == digest


def test_looking_back_gives_what_was_known_then(house: Situations) -> None:
    exercise = begin(house)
    seen: dict[float, str] = {}
    for at_s in (10, 333.3, 700, 1100):
        go_to(house, exercise, at_s)
        seen[at_s] = exercise.picture.digest()
    go_to(house, exercise, DURATION_S)
    for at_s, digest in seen.items():
        at = STARTS_AT + timedelta(seconds=at_s)
        then = house.as_of(exercise, at)
        assert then.digest() == digest
        assert then.now is not None
        assert then.now <= at
        assert house.as_of(exercise, at) is then, "remembered"
    assert house.as_of(exercise, STARTS_AT - timedelta(days=1)).features == {}
    assert house.as_of(exercise, STARTS_AT + timedelta(days=9)).digest() == exercise.picture.digest()
    assert exercise.picture.rev > max(house.as_of(exercise, STARTS_AT + timedelta(seconds=s)).rev for s in seen)


def test_situations_tell_who_they_are(house: Situations) -> None:
    heard: list[Situation] = []
    house.subscribe(lambda situation, changes: heard.append(situation) if changes is None else None)
    exercise = house.start_exercise("small", title="Übung Mai")
    assert (exercise.id, exercise.title, exercise.status, exercise.scenario) == (
        "ex-small-1", "Übung Mai", "Exercise", "small"
    )  # fmt: skip
    assert (exercise.starts_at, exercise.ends_at) == (STARTS_AT, STARTS_AT + timedelta(seconds=DURATION_S))
    assert house.start_exercise("small").title == "Klein"
    assert house.get("live").title == "Echtlage"
    assert heard[0] is exercise, "somebody may show a list of exercises"


def test_a_line_that_breaks_a_decoder_is_left_out_and_the_exercise_goes_on(
    house: Situations, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert house.intake is not None
    sound, calls = house.intake.prepare, []

    def prepare(*args: object) -> object:
        calls.append(args)
        if len(calls) == 5:
            raise ZeroDivisionError("a bug")
        return sound(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(house.intake, "prepare", prepare)
    exercise = begin(house)
    go_to(house, exercise, DURATION_S)
    assert exercise.player.refused == 1
    assert exercise.player.index == len(small_lines()) - 1
    assert "a bug" in caplog.text


def test_lines_may_hold_observations_themselves(data: Path) -> None:
    observation = unit(7, STARTS_AT)
    lines = [
        header("own"),
        {"at_s": 5, "feed": "observation", "instance": "ngsi/x", "body": json.loads(encode(observation))},
        {"at_s": 6, "feed": "observation", "instance": "ngsi/x", "body": {"id": "incomplete"}},
        {"at_s": 7, "feed": "nobody", "instance": "x", "body": {}},
    ]
    write_scenario(data, lines, "own")
    with opened(data) as situations:
        exercise = begin(situations, "own")
        go_to(situations, exercise, 10)
        assert exercise.picture.features["unit:7"]["properties"]["received_at"] == "2026-05-01T12:00:05.000Z"
        assert exercise.player.refused == 1
        assert exercise.picture.features["source:nobody/x"]["properties"]["refused"] == 1
