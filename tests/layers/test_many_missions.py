"""What a mission costs must not grow with those that are there: counted in drawings and look-ups, not in seconds."""

from collections import Counter
from typing import Any

import pytest

from layers import cards, missions
from layers import content as c
from layers.book import Book
from layers.near import Near
from layers.observation import Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.wire import Feature
from tests.layers.world import HERE, entries, facts, point, properties, see

THERE_ALREADY = 300


def alarm(number: int) -> list[Observation]:
    """As Wachalarm tells one: the mission lists its vehicle, the vehicle names its mission; always at one address."""
    mission = c.Mission(number=str(number), keyword="B:Wohnung", units=("hlf",))
    unit = c.Unit(call_sign="FL EE 02/14-01", mission=f"m{number}")
    return [see(f"m{number}", mission, number, point(*HERE)), see("hlf", unit, number)]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often missions and cards are drawn, and how many subjects a look around goes through."""
    done: Counter[str] = Counter()
    draw_card, draw_mission, find = cards.draw, missions.draw, Near.find

    def card(mission: str, book: Book) -> list[Feature]:
        done["cards"] += 1
        return draw_card(mission, book)

    def mission(subject: str, book: Book) -> list[Feature]:
        done["missions"] += 1
        return draw_mission(subject, book)

    def look(near: Near, box: Any) -> list[str]:
        found = find(near, box)
        done["found"] += len(found)
        return found

    monkeypatch.setattr(cards, "draw", card)
    monkeypatch.setattr(missions, "draw", mission)
    monkeypatch.setattr(Near, "find", look)
    return done


def test_an_alarm_costs_the_same_however_many_there_are(work: Counter[str]) -> None:
    picture, seq = Picture(PictureSettings()), 1
    for number in range(THERE_ALREADY):
        told = alarm(number)
        picture.apply_many(entries(told, seq))
        seq += len(told)
    work.clear()
    picture.apply_many(entries(alarm(THERE_ALREADY), seq))
    assert work == {"missions": 2, "cards": 2, "found": 0}, "the new one, and the one that the vehicle left"
    assert properties(picture, f"m{THERE_ALREADY}")["units"] == ["hlf"]
    assert properties(picture, f"m{THERE_ALREADY - 1}")["units"] == []

    work.clear()
    picture.apply_many(entries([see("hlf", c.Unit(fms_status=4), THERE_ALREADY + 1)], seq + 2))
    assert work == {"missions": 1, "cards": 1, "found": 0}
    assert facts(picture, f"m{THERE_ALREADY}", "wer", "unit")[0]["value"]["fms_status"] == 4


def test_what_happens_beside_ended_missions_redraws_none_of_their_cards(work: Counter[str]) -> None:
    ended = [see(f"m{number}", c.Mission(closed=True), 0, point(*HERE)) for number in range(50)]
    told = [*ended, see("open", c.Mission(keyword="Feuer 2"), 0, point(*HERE))]
    picture = Picture(PictureSettings())
    picture.apply_many(entries(told))
    work.clear()
    post = see("p", c.Post(message="Rauch", network="x"), 5, point(*HERE))
    picture.apply_many(entries([post], len(told) + 1))
    assert work["cards"] == 1
    assert len(facts(picture, "open", "kontext", "report")) == 1
