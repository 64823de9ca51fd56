"""The clock of an exercise, with a wall that tests move themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clock import ScenarioClock, WallClock

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Wall:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_it_runs_at_its_speed_and_stands_while_paused(wall: Wall) -> None:
    clock = ScenarioClock(START, 2, monotonic=wall)
    wall.seconds += 10
    assert clock.now() == at(20)
    clock.pause()
    clock.pause()
    wall.seconds += 100
    assert (clock.now(), clock.speed, clock.chosen_speed) == (at(20), 0, 2)
    clock.set_speed(60)
    clock.resume()
    wall.seconds += 1
    assert (clock.now(), clock.speed) == (at(80), 60)
    clock.set_speed(0.5)
    wall.seconds += 2
    assert clock.now() == at(81)


def test_it_jumps_forward_only_and_ends_for_good(wall: Wall) -> None:
    clock = ScenarioClock(START, monotonic=wall)
    clock.jump(at(100))
    clock.jump(at(50))
    assert clock.now() == at(100)
    clock.end()
    wall.seconds += 50
    assert (clock.now(), clock.state, clock.speed) == (at(100), "ended", 0)
    for move in (clock.pause, clock.resume, clock.end, lambda: clock.jump(at(200)), lambda: clock.set_speed(1)):
        with pytest.raises(ValueError, match="ended"):
            move()


@pytest.mark.parametrize("speed", [0, 0.49, 60.5, -1, float("nan"), float("inf")])
def test_speeds_have_limits(speed: float, wall: Wall) -> None:
    with pytest.raises(ValueError, match="speed"):
        ScenarioClock(START, speed)
    with pytest.raises(ValueError, match="speed"):
        ScenarioClock(START, monotonic=wall).set_speed(speed)


def test_the_gate_holds_it_and_nothing_else(wall: Wall) -> None:
    clock = ScenarioClock(START, 10, monotonic=wall)
    clock.gate(at(30))
    wall.seconds += 2
    assert clock.now() == at(20)
    assert clock.wait_s(at(25)) == pytest.approx(0.5)
    assert clock.wait_s(at(40)) is None, "not before the gate opens"
    wall.seconds += 10
    assert (clock.now(), clock.target()) == (at(30), at(120))
    assert clock.wait_s(at(30)) == 0
    assert clock.due_in_s(at(40)) == 0, "for the player the line is due"
    clock.gate(at(90))
    assert clock.now() == at(90)
    clock.gate(None)
    assert clock.now() == at(120)
    clock.gate(at(130))
    clock.jump(at(1000))
    assert clock.now() == at(130)
    clock.end()
    clock.gate(None)
    assert clock.now() == at(130), "it ended at what it showed"


def test_how_long_to_wait(wall: Wall) -> None:
    clock = ScenarioClock(START, 4, monotonic=wall)
    assert clock.wait_s(at(10)) == pytest.approx(2.5)
    assert clock.wait_s(at(0)) == 0
    clock.pause()
    assert clock.wait_s(at(10)) is None
    assert clock.due_in_s(at(10)) is None
    live = WallClock()
    assert live.wait_s(live.now() - timedelta(seconds=5)) == 0
    assert 50 < (live.wait_s(live.now() + timedelta(seconds=60)) or 0) <= 60
    assert live.now().tzinfo is UTC


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("pass"), st.floats(0, 1000)),
            st.tuples(st.just("jump"), st.floats(0, 5000)),
            st.tuples(st.just("speed"), st.floats(0.5, 60)),
            st.tuples(st.just("pause"), st.just(0.0)),
            st.tuples(st.just("resume"), st.just(0.0)),
            st.tuples(st.just("gate"), st.floats(0, 5000)),
        ),
        max_size=30,
    )
)
def test_whatever_is_done_it_never_runs_backward(actions: list[tuple[str, float]]) -> None:
    wall = Wall()
    clock = ScenarioClock(START, monotonic=wall)
    shown, gate = clock.now(), START
    for action, value in actions:
        match action:
            case "pass":
                wall.seconds += value
            case "jump":
                clock.jump(at(value))
            case "speed":
                clock.set_speed(value)
            case "pause":
                clock.pause()
            case "resume":
                clock.resume()
            case "gate":  # a player only ever opens it further, and never shuts it behind what was shown
                gate = max(gate, at(value), clock.now())
                clock.gate(gate)
        assert clock.now() >= shown
        shown = clock.now()
