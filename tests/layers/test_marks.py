"""Marks of people in the field, and the end of validity that a sender names."""

from datetime import timedelta
from typing import Any

import pytest

from layers import content as c
from layers.observation import iso
from layers.views import View
from tests.layers.world import at, picture_of, point, properties, see, square

PLACE = point(8.78, 51.83)


def test_a_mark_says_what_was_drawn() -> None:
    fence = {"trigger": "Entry", "monitor": "All", "tracking": True, "min_hae_m": None, "max_hae_m": 200.0}
    mark = c.Mark(mark="geofence", name="Sperrkreis", radius_m=120.0, color="#ff0000", fence=fence, waypoints=("A",))
    picture = picture_of(see("cot:1", mark, 10, square(8.78, 51.83)))
    seen = properties(picture, "cot:1")
    assert (seen["layer"], seen["part"], seen["title"]) == ("marks", "mark", "Sperrkreis")
    assert (seen["mark"], seen["radius_m"], seen["color"]) == ("geofence", 120.0, "#ff0000")
    assert (seen["fence"], seen["waypoints"], seen["archive"]) == (fence, ["A"], False)
    assert picture.features["cot:1"]["geometry"] == square(8.78, 51.83)


@pytest.mark.parametrize("role", ["control", "crew", "planner", "liaison", "admin"])
def test_everybody_sees_marks(role: str) -> None:
    picture = picture_of(see("cot:1", c.Mark(mark="spot", name="Hydrant defekt"), 0, PLACE))
    assert View(role=role, unit="unit:0").show(picture.features["cot:1"], picture) == picture.features["cot:1"]


@pytest.mark.parametrize("kind", [c.Unit, c.Drone, c.Mark, c.Image])
def test_the_end_that_a_sender_names_is_the_end(kind: Any) -> None:
    seen = properties(picture_of(see("cot:1", kind(name="A", stale_at=at(375)), 0, PLACE)), "cot:1")
    assert seen["stale_at"] == iso(at(375))
    assert seen["expires_at"] == iso(at(375 + 600))


def test_a_later_word_without_an_end_has_the_age_of_its_kind() -> None:
    first = see("cot:1", c.Unit(name="A", stale_at=at(20)), 0, PLACE)
    seen = properties(picture_of(first, see("cot:1", c.Unit(name="A"), 60, PLACE)), "cot:1")
    assert (seen["stale_at"], seen["expires_at"]) == (iso(at(360)), iso(at(60 + 86_400)))


def test_an_old_message_is_shown_for_its_grace_and_a_kept_one_longer() -> None:
    old = c.Mark(mark="spot", stale_at=at(-5_000))
    kept = c.Mark(mark="spot", stale_at=at(-5_000), archive=True)
    picture = picture_of(
        see("cot:old", old, -6_000, PLACE, received=0.0), see("cot:kept", kept, -6_000, PLACE, received=0.0)
    )
    assert properties(picture, "cot:old")["expires_at"] == iso(at(600))
    assert properties(picture, "cot:kept")["expires_at"] == iso(at(7 * 86_400))


def test_an_end_in_a_hundred_years_does_not_keep_it_for_ever() -> None:
    mark = c.Mark(mark="spot", stale_at=at(0) + timedelta(days=36_500))
    assert properties(picture_of(see("cot:1", mark, 0, PLACE)), "cot:1")["expires_at"] == iso(at(31 * 86_400))


def test_what_names_its_end_goes_when_that_has_passed() -> None:
    picture = picture_of(
        see("cot:1", c.Unit(name="A", stale_at=at(20)), 0, PLACE), see("t", c.Tick(), 619, source="clock/x")
    )
    assert list(picture.features) == ["cot:1", "source:ngsi/leitstelle"]
    picture = picture_of(
        see("cot:1", c.Unit(name="A", stale_at=at(20)), 0, PLACE), see("t", c.Tick(), 621, source="clock/x")
    )
    assert list(picture.features) == ["source:ngsi/leitstelle"]


CHAT = c.Note(text="Wasser am Verteiler", origin="tak", sender_name="JENNY", sender_id="cot:A")


@pytest.mark.parametrize(
    ("role", "unit", "receiver", "visible"),
    [
        ("control", None, None, True),
        ("control", None, "JOKER", True),
        ("planner", None, None, True),
        ("planner", None, "JOKER", False),
        ("admin", None, "JOKER", False),
        ("liaison", None, None, False),
        ("liaison", None, "JOKER", False),
        ("crew", "unit:0", None, False),
        ("crew", "cot:A", "JOKER", True),
        ("crew", "JOKER", "JOKER", True),
    ],
)
def test_who_reads_a_chat(role: str, unit: str | None, receiver: str | None, visible: bool) -> None:
    said = c.Note(text=CHAT.text, origin="tak", sender_name="JENNY", sender_id="cot:A", receiver=receiver)
    picture = picture_of(see("cot:chat", said, 0))
    shown = View(role=role, unit=unit).show(picture.features["cot:chat"], picture)
    assert (shown is not None) is visible
    if shown is not None and role != "control":
        assert "sender_name" not in shown["properties"]
