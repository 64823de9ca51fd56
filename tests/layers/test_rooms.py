"""Rooms and persons of buildings that can be asked: exact values, and who sees them."""

import pytest

from layers import content as c
from layers.picture import Picture
from layers.views import View
from tests.layers.world import HERE, entries, picture_of, point, properties, see

ROOM = c.Room(
    building="b", name="Küche", type="Kitchen", floor="EG", level=0, status=("smoked",), markable=True, marked=False
)
PERSON = c.Occupant(
    building="b", name="Erika Muster", born="1940", remark="hört schwer", health=("Asthma",), present="present",
    rooms=("r", "other"), probabilities=(0.75, 0.25),
)  # fmt: skip


def home(permission: str) -> Picture:
    return picture_of(
        see("m", c.Mission(number="1", units=("u",)), 0, point(*HERE)),
        see("u", c.Unit(name="HLF", mission="m"), 0),
        see("v", c.Unit(name="DLK"), 0),
        see("b", c.Building(permission=permission), 0, point(*HERE)),
        see("r", ROOM, 1),
        see("p", PERSON, 1),
    )


def test_a_room_and_a_person_with_everything() -> None:
    picture = home("GRANTED")
    room = properties(picture, "r")
    names = (
        "layer",
        "part",
        "title",
        "building",
        "room_type",
        "floor",
        "level",
        "status",
        "markable",
        "marked",
        "consent",
    )
    assert [room[name] for name in names] == [
        *("buildings", "room", "Küche", "b", "Kitchen", "EG", 0.0, ["smoked"], True, False, "granted")
    ]
    assert picture.features["r"]["geometry"] == point(*HERE)
    person = properties(picture, "p")
    assert (person["name"], person["present"], person["health"]) == ("Erika Muster", "present", ["Asthma"])
    assert person["places"] == [
        {"id": "r", "name": "Küche", "floor": "EG", "probability": 0.75},
        {"id": "other", "name": None, "floor": None, "probability": 0.25},
    ]
    assert properties(picture, "b")["persons_probable"] == 1


@pytest.mark.parametrize("permission", ["NONE", "REQUEST", "PENDING", "DENIED"])
@pytest.mark.parametrize("role", ["control", "crew", "admin", "planner", "liaison", "feed"])
def test_nobody_sees_the_inside_before_the_owner_consents(permission: str, role: str) -> None:
    picture = home(permission)
    view = View(role=role, unit="u" if role == "crew" else None)
    assert [view.show(picture.features[name], picture) for name in ("r", "p")] == [None, None]


@pytest.mark.parametrize(
    ("role", "unit", "room", "person"),
    [
        ("control", None, True, True),
        ("crew", "u", True, True),
        ("crew", "v", False, False),
        ("admin", None, True, False),
        ("planner", None, True, False),
        ("liaison", None, False, False),
        ("feed", None, False, False),
    ],
)
def test_who_sees_the_inside(role: str, unit: str | None, room: bool, person: bool) -> None:
    picture = home("GRANTED")
    shown = [View(role=role, unit=unit).show(picture.features[name], picture) for name in ("r", "p")]
    assert [one is not None for one in shown] == [room, person]


def test_consent_that_ends_hides_the_inside_at_once() -> None:
    picture = home("GRANTED")
    before = picture.features["r"]
    changes = picture.apply_many(entries([see("b", c.Building(permission="NONE"), 5)], 7))
    assert {feature["id"] for feature in changes.upsert} >= {"b", "r", "p"}
    assert View(role="control").show(before, picture) is None


def test_fire_in_a_room_is_urgent_once() -> None:
    picture = home("GRANTED")
    burning = c.Room(building="b", status=("smoked", "burning"))
    assert picture.apply_many(entries([see("r", burning, 5)], 7)).urgent
    assert not picture.apply_many(entries([see("r", burning, 6)], 8)).urgent
