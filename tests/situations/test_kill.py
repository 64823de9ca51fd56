"""Kill -9 in the middle of a scenario, go on, and come to the same picture as if nothing had happened."""

import random
import time
from pathlib import Path

import pytest

from tests.situations.tools import (
    DURATION_S,
    PlayerProcess,
    exercise_of,
    go_to,
    opened,
    settle,
    small_lines,
    undisturbed,
    write_scenario,
)


@pytest.fixture
def chance() -> random.Random:
    """Another one each run; a failure prints its seed."""
    seed = time.time_ns() % 2**32
    print(f"seed {seed}")
    return random.Random(seed)


def kill_somewhere(player: PlayerProcess, chance: random.Random, most_revs: int) -> int:
    """Let it say a few revs, kill it; the newest rev it said."""
    assert player.line().startswith("ready")
    rev = 0
    for _ in range(chance.randint(0, most_revs)):
        line = player.line()
        if not line.isdecimal():
            break
        rev = int(line)
    player.kill()
    return rev


def test_killed_in_the_middle_of_a_jump_again_and_again(tmp_path: Path, chance: random.Random) -> None:
    write_scenario(tmp_path / "calm", small_lines())
    expected = undisturbed(tmp_path / "calm")
    data = tmp_path / "data"
    write_scenario(data, small_lines())
    said = 0
    for _ in range(4):
        said = max(said, kill_somewhere(PlayerProcess(data, "small", 1.0, DURATION_S), chance, 6))
    with opened(data) as situations:
        exercise = exercise_of(situations, "ex-small-1")
        assert exercise.picture.rev >= said, "what clients were shown is still there"
        situations.control(exercise.id, "pause")
        go_to(situations, exercise, DURATION_S + 30)
        report = exercise.journal.check()
        assert report.ok
        then = situations.as_of(exercise, exercise.starts_at.replace(minute=20)) if exercise.starts_at else None
        assert then is not None
        assert then.digest() == expected


def test_killed_while_it_runs_it_goes_on_where_it_was(tmp_path: Path, chance: random.Random) -> None:
    write_scenario(tmp_path / "calm", small_lines())
    expected = undisturbed(tmp_path / "calm")
    data = tmp_path / "data"
    write_scenario(data, small_lines())
    kill_somewhere(PlayerProcess(data, "small", 60.0, 0), chance, 40)
    with opened(data) as situations:
        exercise = exercise_of(situations, "ex-small-1")
        situations.control(exercise.id, "pause")
        settle(exercise)
        assert exercise.clock.chosen_speed == 60
        newest = exercise.picture.now
        assert newest is None or newest <= exercise.clock.now()
        assert exercise.clock.now() < exercise.state.starts_at.replace(minute=15), "time stood still meanwhile"
        go_to(situations, exercise, DURATION_S)
        assert exercise.picture.digest() == expected
        assert exercise.journal.check().ok


@pytest.mark.parametrize("scenario", ["hausbrand", "libori"])
def test_a_real_scenario_survives_a_kill(scenario: str, tmp_path: Path, chance: random.Random) -> None:
    with opened(tmp_path / "calm") as situations:
        length_s = next(known["duration_s"] for known in situations.scenarios() if known["name"] == scenario)
    expected = undisturbed(tmp_path / "calm", scenario, length_s)
    data = tmp_path / "data"
    data.mkdir()
    kill_somewhere(PlayerProcess(data, scenario, 60.0, length_s / 2), chance, 25)
    kill_somewhere(PlayerProcess(data, scenario, 60.0, length_s), chance, 5)
    with opened(data) as situations:
        exercise = exercise_of(situations, f"ex-{scenario}-1")
        situations.control(exercise.id, "pause")
        settle(exercise)
        assert exercise.ends_at is not None
        if exercise.clock.now() < exercise.ends_at:
            go_to(situations, exercise, length_s)
        assert situations.as_of(exercise, exercise.ends_at).digest() == expected
        assert exercise.journal.check().ok
