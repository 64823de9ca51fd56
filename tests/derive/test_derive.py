"""What is worked out of the picture: once, bounded, idempotent, and for every situation its own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from layers.content import Removal
from layers.observation import Observation
from layers.picture import Picture
from server.deriver import Question
from tests.derive.tools import AT, Shouter, count, detail, house, mission, shouted
from tests.desk.tools import DEADLINE_S, eventually
from tests.situations.tools import (
    alert,
    begin,
    go_to,
    header,
    update,
    write_scenario,
)


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


class Restless(Shouter):
    """Cannot say whether a subject rests."""

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        raise ZeroDivisionError


def test_a_deriver_that_cannot_say_who_rests_ends_no_work(tmp_path: Path) -> None:
    with house(tmp_path, Restless()) as (situations, _, _):
        for second, text in enumerate(("smoke", "fire")):
            situations.live.desk.submit([mission("m1", text, second)])
            eventually(partial(shouted, situations.live.picture, "m1", text.upper()))
