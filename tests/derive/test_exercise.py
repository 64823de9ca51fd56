"""An exercise waits for what is worked out of it: the same picture at any pace, through restarts (docs/adr/0088)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from layers.content import Content, Unit
from layers.observation import Observation
from layers.picture import Picture
from layers.wire import Feature
from server.clock import Clock
from server.deriver import Question
from server.desk import Receipt
from server.inbox import Busy
from tests.derive.tools import AT, Shouter, count, detail, house
from tests.desk.tools import eventually
from tests.situations.tools import (
    STARTS_AT,
    alert,
    begin,
    exercise_of,
    go_to,
    header,
    opened,
    small_lines,
    update,
    write_scenario,
)


class Follower:
    """Works out a pace of every unit that speaks, from what the others were told: who was answered before whom makes a
    difference, and so does when. A unit rests for ten seconds.
    """

    source = "base/follower"
    ready = True

    def concerns(self, feature: Feature) -> Iterator[str]:
        if feature["properties"]["part"] == "unit":
            yield feature["id"]

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        unit = picture.records.get(subject)
        claim = None if unit is None else unit.claim("pace")
        return None if claim is None else claim.received_at + timedelta(seconds=10)

    def ask(self, picture: Picture, subject: str) -> Question | None:
        unit = picture.records.get(subject)
        said = None if unit is None else unit.claim("name")
        known = None if unit is None else unit.claim("pace")
        if said is None or (known is not None and known.observed_at >= said.observed_at):
            return None
        paces = [picture.records[name].get("pace") for name in picture.subjects("unit")]
        told = sum(pace["all"] for pace in paces if pace) + 1.0
        return Question(subject=subject, basis=said.id, observed_at=said.observed_at, data=told % 97.0)

    def answer(self, question: Question) -> Content | None:
        return Unit(pace={"all": question.data})


END_S = 400.0


def played(data: Path, *stops: float, running: bool) -> str:
    """Digest at `END_S` of the small scenario, with restarts on the way; between them it runs, or jumps."""
    write_scenario(data, small_lines()[:230])
    name = ""
    for at_s in (*stops, END_S):
        with house(data, Follower()) as (situations, _, _):
            exercise = exercise_of(situations, name) if name else begin(situations)
            name, to = exercise.id, STARTS_AT + timedelta(seconds=at_s)
            if running:
                situations.control(name, "speed", speed=60)
                situations.control(name, "resume")
                eventually(partial(is_past, exercise.clock, to - timedelta(seconds=5)))
                situations.control(name, "pause")
            if exercise.clock.now() < to:
                go_to(situations, exercise, at_s)
    with opened(data) as situations:
        picture = situations.as_of(exercise_of(situations, name), STARTS_AT + timedelta(seconds=END_S))
        assert "source:base/follower" in picture.features
        return picture.digest()


def is_past(clock: Clock, moment: datetime) -> bool:
    return clock.now() >= moment


def test_an_exercise_comes_to_the_same_whatever_its_pace_and_its_restarts(tmp_path: Path) -> None:
    at_once = played(tmp_path / "jump", running=False)
    assert played(tmp_path / "jumps", 99.7, 100.0, 260.4, running=False) == at_once
    assert played(tmp_path / "run", 130.3, 300.0, running=True) == at_once


def test_an_answer_is_of_the_moment_of_the_line_that_asked_for_it(tmp_path: Path) -> None:
    lines = [{"at_s": at_s, "feed": "ngsi", "instance": "l", "body": update(alert(at_s))} for at_s in (60, 61, 200)]
    write_scenario(tmp_path, [header(duration_s=300), *lines])
    with house(tmp_path, Shouter()) as (situations, _, _):
        exercise = begin(situations)
        go_to(situations, exercise, 250)
        for at_s in (60, 61, 200):
            claim = exercise.picture.records[f"urn:ngsi-ld:Alert:test-{at_s}"].claim("location_detail")
            assert claim is not None
            assert (claim.received_at, claim.reported_at) == (AT + timedelta(seconds=at_s),) * 2


def test_what_the_planner_adds_to_a_paused_exercise_is_answered_at_once(tmp_path: Path) -> None:
    write_scenario(tmp_path, [header(duration_s=300)])
    with house(tmp_path, Shouter()) as (situations, _, _):
        exercise = begin(situations)
        situations.inject(exercise.id, "ngsi", "leitstelle", update(alert(1)))
        eventually(lambda: detail(exercise.picture, "urn:ngsi-ld:Alert:test-1") == "FEUER 1")


def test_an_exercise_waits_for_answers_while_its_desk_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [{"at_s": 60, "feed": "ngsi", "instance": "l", "body": update(alert(1))}]
    write_scenario(tmp_path, [header(duration_s=300), *lines])
    with house(tmp_path, Shouter()) as (situations, _, metrics):
        exercise = begin(situations)
        submit, refused = exercise.desk.submit, [Busy("full", 0), Busy("full", 0)]

        def busy_twice(observations: Sequence[Observation]) -> Receipt:
            if refused and observations:
                raise refused.pop()
            return submit(observations)

        monkeypatch.setattr(exercise.desk, "submit", busy_twice)
        go_to(situations, exercise, 250)
        assert detail(exercise.picture, "urn:ngsi-ld:Alert:test-1") == "FEUER 1"
        assert (count(metrics, "busy"), count(metrics, "taken")) == (2, 1)


def test_an_exercise_goes_on_when_its_desk_stays_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ends an exercise whose disk fails is not kept waiting by answers that nobody can write down."""
    monkeypatch.setattr("server.derive.MOST_WAVES", 1)
    lines = [{"at_s": at_s, "feed": "ngsi", "instance": "l", "body": update(alert(at_s))} for at_s in (60, 120)]
    write_scenario(tmp_path, [header(duration_s=300), *lines])
    with house(tmp_path, Shouter()) as (situations, _, _):
        exercise = begin(situations)
        submit, failing = exercise.desk.submit, [True]

        def busy(observations: Sequence[Observation]) -> Receipt:
            if failing[0]:
                raise Busy("full", 0)
            return submit(observations)

        monkeypatch.setattr(exercise.desk, "submit", busy)
        go_to(situations, exercise, 90)
        assert detail(exercise.picture, "urn:ngsi-ld:Alert:test-60") is None
        failing[0] = False
        go_to(situations, exercise, 150)
        assert [detail(exercise.picture, f"urn:ngsi-ld:Alert:test-{n}") for n in (60, 120)] == ["FEUER 60", "FEUER 120"]
