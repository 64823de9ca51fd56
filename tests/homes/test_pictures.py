"""What homes stored: how long it stays, what gives way, and that nothing is shared between homes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server import home_pictures
from server.home_drawing import Drawn
from server.home_pictures import HOME_OBJECTS, UNASKED_S, Full, HomePictures, Stored, fit
from server.media import MediaError, MediaSettings, MediaStore

HOUSE, OTHER = "urn:ngsi-ld:Building:1", "urn:ngsi-ld:Building:2"
TOKEN_ID = "0a0b0c0d"
DAY_S = 86_400.0


class Town:
    """A store with a clock of its own, and what holds outside."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_000_000.0
        self.folder = folder
        self.granted: set[str] = set()
        self.tokens = {TOKEN_ID}
        self.counted: dict[str, int] = {}
        self.media = MediaStore(folder / "media", MediaSettings(item_bytes=1_000), lambda: self.now)
        self.pictures = HomePictures(folder / "home-pictures.db", self.media, lambda: self.now)
        self.pictures.count = self.count

    def count(self, outcome: str, number: int) -> None:
        self.counted[outcome] = self.counted.get(outcome, 0) + number

    def put(self, name: str, body: bytes = b"picture", home: str = HOUSE) -> Stored:
        self.now += 1
        drawn = Drawn(mime="image/png", pages=(body + b" drawn",), page_mime="image/jpeg", small=body + b" small")
        return self.pictures.put(home, name, body, drawn, TOKEN_ID, home in self.granted)

    def round(self, after_s: float = 0.0) -> None:
        self.now += after_s
        self.pictures.look_after(self.granted.__contains__, lambda: self.tokens)

    def names(self, home: str = HOUSE) -> list[str]:
        return [one.name for one in self.pictures.listed(home)]

    def files(self) -> int:
        return len([path for path in (self.folder / "media").rglob("*") if len(path.name) == 64])


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.pictures.close()
    made.media.close()


def test_what_no_consent_covered_goes_after_a_while(town: Town) -> None:
    town.put("a.png")
    town.put("plan.png", b"plan")
    town.round(UNASKED_S - 2)
    assert town.names() == ["plan.png", "a.png"]
    town.round(3)
    assert (town.names(), town.files()) == (["plan.png"], 3)
    assert town.counted == {"kept": 2, "gave_way": 0, "erased": 1}


def test_what_consent_covered_goes_with_it_at_once(town: Town) -> None:
    town.put("before.png", b"1")
    town.granted.add(HOUSE)
    town.put("during.png", b"2")
    town.round(10 * DAY_S)
    assert town.names() == ["during.png", "before.png"]
    town.granted.clear()
    town.round()
    assert (town.names(), town.files()) == ([], 0)


def test_a_plan_is_neither_too_old_nor_the_first_to_give_way(town: Town) -> None:
    plan = town.put("unten/Plan.png")
    for _ in range(100):
        town.round(DAY_S)
        town.media.expire()
    assert town.pictures.file(plan, plan.original) is not None
    town.tokens.clear()
    town.round(61)
    assert (town.names(), town.files()) == ([], 0)


def test_the_same_bytes_are_not_shared_where_one_goes(town: Town) -> None:
    town.put("a.png")
    kept = town.put("b.png")
    others = town.put("a.png", home=OTHER)
    assert town.files() == 6
    town.pictures.delete(HOUSE, "a.png")
    assert town.pictures.file(kept, kept.small) is not None
    town.pictures.end(HOUSE)
    assert (town.names(), town.names(OTHER), town.files()) == ([], ["a.png"], 3)
    assert town.pictures.file(others, others.original) is not None
    assert town.pictures.by_id(HOUSE, others.id) is None


def test_plans_do_not_give_way(town: Town) -> None:
    for number in range(HOME_OBJECTS):
        town.put(f"{number}/plan.png", b"%d" % number)
    with pytest.raises(Full):
        town.put("one-more.png")
    town.put("7/plan.png", b"new")
    assert len(town.names()) == HOME_OBJECTS


def test_all_homes_together_have_so_much_room(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_pictures, "ALL_BYTES", 99)  # each has 33
    for number, home in enumerate((HOUSE, OTHER, HOUSE, OTHER)):
        town.put(f"{number}.png", b"picture", home)
    assert (town.names(), town.names(OTHER)) == (["2.png"], ["3.png", "1.png"])
    assert town.counted["gave_way"] == 1


def test_what_a_crash_or_a_refusal_left_is_erased(town: Town, tmp_path: Path) -> None:
    town.put("a.png")
    with pytest.raises(MediaError):
        town.put("b.png", b"x" * 998)  # its drawing is over the limit
    assert town.files() == 3
    town.media.put("home-1", b"without an entry", "image/png")
    town.media.put("live", b"of somebody else", "image/png")
    again = HomePictures(tmp_path / "home-pictures.db", town.media)
    assert town.files() == 4
    again.close()


@pytest.mark.parametrize("name", ["", "a/../b", "..", "./a", "a//b", "a\\b", "a\nb", "a/", "x" * 201])
def test_names_that_are_none(name: str) -> None:
    assert not fit(name)
    assert fit("kamera/Küche 1..jpg")
