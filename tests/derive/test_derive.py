"""What is worked out of the picture: once, bounded, idempotent, and for every situation its own."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from layers.content import Content, Mission, Removal, Unit
from layers.observation import Observation, idempotency_key
from layers.picture import Picture
from layers.wire import Feature
from server.clock import Clock
from server.derive import LIMIT, Derivations
from server.deriver import Deriver, Question
from server.desk import Receipt
from server.inbox import Busy
from server.intake import Intake
from server.metrics import Metrics
from server.quarantine import Quarantine
from server.situations import Situations
from tests.desk.tools import DEADLINE_S, eventually
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

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Shouter:
    """Works out the description in capitals, as the location detail. `gate` holds answers back; `asked` counts."""

    source = "base/shouter"
    ready = True

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.asked: list[str] = []

    def concerns(self, feature: Feature) -> Iterator[str]:
        if feature["properties"]["part"] == "mission":
            yield feature["id"]

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        return None

    def ask(self, picture: Picture, subject: str) -> Question | None:
        record = picture.records.get(subject)
        said = None if record is None else record.claim("description")
        if record is None or said is None or record.get("location_detail") == record.get("description").upper():
            return None
        text = record.get("description")
        if text == "raise when asked":
            raise ZeroDivisionError
        return Question(subject=subject, basis=said.id, observed_at=said.observed_at, data=text)

    def answer(self, question: Question) -> Content | None:
        self.asked.append(question.data)
        self.entered.set()
        assert self.gate.wait(DEADLINE_S)
        if question.data == "raise":
            raise ZeroDivisionError
        return None if question.data == "nothing" else Mission(location_detail=question.data.upper())


class Repeater(Shouter):
    """Asks `m2` again whenever something is said of `m1`."""

    def surroundings(self, picture: Picture, now: datetime) -> object:
        first = picture.records.get("m1")
        return None if first is None else first.get("description")

    def surrounded(self, picture: Picture) -> Iterator[str]:
        yield "m2"

    def ask(self, picture: Picture, subject: str) -> Question | None:
        question = super().ask(picture, "m2") if subject == "m2" else None
        # What m2 is asked rests on m1, as the way of a unit on what stands in it.
        first = picture.records.get("m1")
        if subject != "m2" or first is None:
            return question
        text = f"{picture.records['m2'].get('description')} {first.get('description')}"
        if picture.records["m2"].get("location_detail") == text.upper():
            return None
        said = first.claim("description")
        assert said is not None
        return Question(subject="m2", basis=said.id, observed_at=AT, data=text)


@contextmanager
def house(data: Path, deriver: Deriver, limit: int = LIMIT) -> Iterator[tuple[Situations, Derivations, Metrics]]:
    """Situations with one deriver, started in the order of the server."""
    data.mkdir(parents=True, exist_ok=True)
    situations = Situations(data, None, Intake(Quarantine(data / "quarantine.db")))
    metrics = Metrics()
    derivations = Derivations(situations, metrics, [deriver], limit)
    try:
        situations.start()
        situations.resume()
        derivations.start()
        yield situations, derivations, metrics
    finally:
        derivations.stop()
        situations.stop()


def mission(name: str, text: str, second: int = 0) -> Observation:
    at = AT + timedelta(seconds=second)
    return Observation(
        id=idempotency_key(name, text, str(second)),
        source="test/dispatch",
        subject=name,
        observed_at=at,
        reported_at=at,
        received_at=datetime.now(UTC),
        content=Mission(description=text),
    )


def detail(picture: Picture, name: str) -> str | None:
    feature = picture.features.get(name)
    return None if feature is None else feature["properties"]["location_detail"]


def shouted(picture: Picture, name: str, text: str) -> bool:
    return detail(picture, name) == text


def count(metrics: Metrics, outcome: str) -> float:
    return (
        metrics.registry.get_sample_value("lagebild_derived_total", {"source": "base/shouter", "outcome": outcome})
        or 0.0
    )


def test_an_answer_is_as_old_as_what_it_rests_on_and_a_restart_repeats_nothing(tmp_path: Path) -> None:
    with house(tmp_path, Shouter()) as (situations, _, metrics):
        situations.live.desk.submit([mission("m1", "smoke")])
        eventually(lambda: detail(situations.live.picture, "m1") == "SMOKE")
        feature = situations.live.picture.features["m1"]["properties"]
        assert feature["observed_at"] == "2026-05-01T12:00:00.000Z"
        assert [source["id"] for source in feature["sources"]] == ["base/shouter", "test/dispatch"]
        assert situations.live.picture.features["source:base/shouter"]["properties"]["state"] == "live"
        eventually(lambda: count(metrics, "taken") == 1)
        digest, rev = situations.live.picture.digest(), situations.live.picture.rev
    again = Shouter()
    with house(tmp_path, again) as (situations, derivations, _):
        # The second mission's answer comes after everything that the look over the picture could have found.
        assert situations.live.picture.digest() == digest
        situations.live.desk.submit([mission("m2", "water")])
        eventually(lambda: detail(situations.live.picture, "m2") == "WATER")
        assert again.asked == ["water"]
        assert situations.live.picture.rev == rev + 2
        eventually(lambda: derivations.waiting == 0)


def test_an_answer_never_comes_before_what_it_rests_on(tmp_path: Path) -> None:
    """A batch of a scenario is there before its clock has passed it; a rewind must not keep the answer alone."""
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    with house(tmp_path, Shouter()) as (situations, _, metrics):
        early = msgspec.structs.replace(mission("m1", "smoke"), received_at=later)
        situations.live.desk.submit([early])
        eventually(lambda: count(metrics, "taken") == 1)
        received = [entry.observation.received_at for entry in situations.live.journal.read(0, 10)]
    assert received == [later, later]


def test_a_change_of_one_subject_asks_those_that_the_picture_names(tmp_path: Path) -> None:
    deriver = Repeater()
    with house(tmp_path, deriver) as (situations, derivations, _):
        live = situations.live
        live.desk.submit([mission("m2", "way")])
        eventually(partial(shouted, live.picture, "m2", "WAY"))
        for second, text in enumerate(("open", "closed", "open"), 1):
            live.desk.submit([mission("m1", text, second)])
            eventually(partial(shouted, live.picture, "m2", f"WAY {text.upper()}"))
        eventually(lambda: derivations.waiting == 0)
        assert deriver.asked == ["way", "way open", "way closed", "way open"]


def test_what_was_said_back_and_forth_is_worked_out_each_time(tmp_path: Path) -> None:
    deriver = Shouter()
    with house(tmp_path, deriver) as (situations, _, _):
        for second, text in enumerate(["smoke", "fire", "smoke"]):
            situations.live.desk.submit([mission("m1", text, second)])
            eventually(partial(shouted, situations.live.picture, "m1", text.upper()))
        assert deriver.asked == ["smoke", "fire", "smoke"]


def test_a_subject_waits_once_and_only_the_newest_is_asked(tmp_path: Path) -> None:
    deriver = Shouter()
    with house(tmp_path, deriver) as (situations, derivations, _):
        deriver.gate.clear()
        situations.live.desk.submit([mission("m0", "first")])
        assert deriver.entered.wait(DEADLINE_S)
        for second in range(50):
            situations.live.desk.submit([mission("m1", f"say {second}", second)])
        assert derivations.waiting == 1
        deriver.gate.set()
        eventually(lambda: detail(situations.live.picture, "m1") == "SAY 49")
        assert deriver.asked == ["first", "say 49"]


def test_what_did_not_fit_into_the_queue_is_found_again(tmp_path: Path) -> None:
    deriver = Shouter()
    with house(tmp_path, deriver, limit=4) as (situations, derivations, _):
        deriver.gate.clear()
        situations.live.desk.submit([mission("m0", "first")])
        assert deriver.entered.wait(DEADLINE_S)
        situations.live.desk.submit([mission(f"m{n}", f"say {n}") for n in range(1, 40)])
        assert derivations.waiting == 4
        deriver.gate.set()
        eventually(lambda: detail(situations.live.picture, "m39") == "SAY 39")
        eventually(lambda: all(detail(situations.live.picture, f"m{n}") == f"SAY {n}" for n in range(1, 40)))
        assert len(deriver.asked) == 40


def test_one_that_fails_or_has_no_answer_takes_no_other_along(tmp_path: Path) -> None:
    with house(tmp_path, Shouter()) as (situations, _, metrics):
        told = {"m1": "raise", "m2": "nothing", "m3": "raise when asked", "m4": "smoke"}
        situations.live.desk.submit([mission(name, text) for name, text in told.items()])
        eventually(lambda: detail(situations.live.picture, "m4") == "SMOKE")
        assert [detail(situations.live.picture, name) for name in ("m1", "m2", "m3")] == [None, None, None]
        assert (count(metrics, "failed"), count(metrics, "nothing")) == (2, 1)


def test_who_is_withdrawn_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    deriver = Shouter()
    with house(tmp_path, deriver) as (situations, _, _):
        deriver.gate.clear()
        situations.live.desk.submit([mission("m1", "smoke")])
        assert deriver.entered.wait(DEADLINE_S)
        gone = mission("m1", "gone", 9)
        situations.live.desk.submit(
            [Observation(**{name: getattr(gone, name) for name in gone.__struct_fields__} | {"content": Removal()})]
        )
        deriver.gate.set()
        situations.live.desk.submit([mission("m2", "water")])
        eventually(lambda: detail(situations.live.picture, "m2") == "WATER")
        assert "m1" not in situations.live.picture.records


def test_a_rewound_exercise_gets_its_own_again_at_its_own_time(tmp_path: Path) -> None:
    lines = [header(duration_s=300), {"at_s": 60, "feed": "ngsi", "instance": "leitstelle", "body": update(alert(1))}]
    write_scenario(tmp_path, lines)
    name = "urn:ngsi-ld:Alert:test-1"
    with house(tmp_path, Shouter()) as (situations, _, _):
        exercise = begin(situations)
        go_to(situations, exercise, 120)
        eventually(lambda: detail(exercise.picture, name) == "FEUER 1")
        first = exercise.picture.records[name].claim("location_detail")
        go_to(situations, exercise, 30)
        assert name not in exercise.picture.features
        go_to(situations, exercise, 90)
        eventually(lambda: detail(exercise.picture, name) == "FEUER 1")
        second = exercise.picture.records[name].claim("location_detail")
        assert first is not None and second is not None
        assert first.observed_at == second.observed_at == AT + timedelta(seconds=60)
        assert timedelta(seconds=60) <= second.received_at - AT <= timedelta(seconds=90)
        assert name not in situations.live.picture.features


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


class Restless(Shouter):
    """Cannot say whether a subject rests."""

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        raise ZeroDivisionError


def test_a_deriver_that_cannot_say_who_rests_ends_no_work(tmp_path: Path) -> None:
    with house(tmp_path, Restless()) as (situations, _, _):
        for second, text in enumerate(("smoke", "fire")):
            situations.live.desk.submit([mission("m1", text, second)])
            eventually(partial(shouted, situations.live.picture, "m1", text.upper()))
