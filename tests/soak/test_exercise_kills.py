"""The demo scenarios, killed again and again: players alone in both async modes, servers with base data."""

import os
import random
import time
from pathlib import Path

import pytest

from tests.browser.exercise import Exercise
from tests.situations.test_kill import kill_somewhere
from tests.situations.tools import PlayerProcess, exercise_of, go_to, opened, settle, undisturbed
from tests.sync.test_kill_libori import as_of

ROUNDS = int(os.environ.get("LAGEBILD_SOAK_ROUNDS", "300")) // 15


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", ["eventlet", "threading"])
@pytest.mark.parametrize("scenario", ["hausbrand", "libori"])
def test_twenty_kills_and_the_same_picture(
    scenario: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = time.time_ns() % 2**32
    print(f"seed {seed}")
    chance = random.Random(seed)
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", mode)
    with opened(tmp_path / "calm") as situations:
        length_s = next(known["duration_s"] for known in situations.scenarios() if known["name"] == scenario)
    expected = undisturbed(tmp_path / "calm", scenario, length_s)
    data = tmp_path / "data"
    data.mkdir()
    for turn in range(1, ROUNDS + 1):
        jump_s = length_s * turn / ROUNDS * chance.random()
        kill_somewhere(PlayerProcess(data, scenario, 60.0, jump_s), chance, 12)
    with opened(data) as situations:
        exercise = exercise_of(situations, f"ex-{scenario}-1")
        situations.control(exercise.id, "pause")
        settle(exercise)
        assert exercise.ends_at is not None
        if exercise.clock.now() < exercise.ends_at:
            go_to(situations, exercise, length_s)
        assert situations.as_of(exercise, exercise.ends_at).digest() == expected
        assert exercise.journal.check().ok


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("scenario", "end_s"), [("hausbrand", 800.0), ("libori", 5300.0)])
def test_a_server_with_base_data_killed_six_times(scenario: str, end_s: float, tmp_path: Path) -> None:
    seed = time.time_ns() % 2**32
    print(f"seed {seed}")
    chance = random.Random(seed)
    base = {"LAGEBILD_BASE_FOLDER": str(tmp_path / "base")}
    with Exercise(tmp_path / "killed", scenario, **base) as exercise:
        exercise.speed(60)
        for _ in range(6):
            time.sleep(chance.uniform(0.2, end_s / 60 / 7))
            assert exercise.server.kill() == -9
            exercise.restart()
        exercise.pause()
        exercise.jump(end_s)
    killed = as_of(tmp_path / "killed", exercise.id, end_s)
    assert killed.keys() >= {"source:base/router", "source:base/water"}
    with Exercise(tmp_path / "calm", scenario, **base) as calm:
        calm.pause()
        calm.jump(end_s)
    assert killed == as_of(tmp_path / "calm", calm.id, end_s)
