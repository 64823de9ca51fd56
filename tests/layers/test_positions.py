"""By whose word a mission is where it is: a person's, dispatch's, or what its address was taken to mean."""

from itertools import permutations
from typing import Any

import pytest

from layers import content as c
from layers.book import extent
from layers.observation import Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.views import View
from tests.layers.world import at, entries, facts, picture_of, place, point, properties, see

KAMP = c.Address(street="Kamp 8", city="Altenau")
BAHNHOF = c.Address(street="Bahnhofstr. 5")


def hit(lon: float, lat: float, label: str, score: float = 0.95, accuracy_m: float = 15.0) -> c.Candidate:
    return c.Candidate(lon=lon, lat=lat, kind="house", accuracy_m=accuracy_m, score=score, label=label)


def asked(address: str, verdict: str, *hits: c.Candidate, seconds: float = 0.0) -> Observation:
    told = c.Mission(geocode=c.Geocode(address=address, base="v1", verdict=verdict, hits=hits))
    return see("m", told, seconds, source="base/geocoder", received=seconds + 1)


def placed(lon: float | None, seconds: float, address: str | None = None) -> Observation:
    told = (
        None if lon is None else c.Located(lon=lon, lat=51.5, by="desk", accuracy_m=20.0, label="Hof", address=address)
    )
    return see("m", c.Mission(located=told), seconds, source="report/desk")


FOUND = asked("Kamp 8, Altenau", "found", hit(8.7, 51.7, "Kamp 8, Altenau"))
HITS = (hit(8.7, 51.7, "Bahnhofstraße 5, Altenau"), hit(8.8, 51.7, "Bahnhofstraße 5, Neudorf"))
TOLD = ("position_source", "position_accuracy_m", "position_label", "geocode_state", "geocode_score", "candidates")


def told(picture: Picture) -> tuple[Any, ...]:
    return tuple(properties(picture, "m")[name] for name in TOLD)


def test_an_address_that_was_found_gives_a_position_marked_as_such() -> None:
    picture = picture_of(see("m", c.Mission(keyword="F2", address=KAMP)), FOUND)
    assert place(picture, "m") == point(8.7, 51.7)
    assert told(picture) == ("address", 15.0, "Kamp 8, Altenau", "found", 0.95, [])
    assert properties(picture, "m")["accuracy_m"] == 15.0
    assert properties(picture, "m")["times"] == {"position": "2026-11-21T19:00:00.000Z"}
    (fact,) = facts(picture, "m", "wo", "position_source")
    assert fact["value"] == {"source": "address", "accuracy_m": 15.0, "label": "Kamp 8, Altenau", "score": 0.95}
    assert fact["source"] == "base/geocoder"


def test_an_ambiguous_address_gives_none_and_tells_what_it_may_be() -> None:
    picture = picture_of(see("m", c.Mission(address=BAHNHOF)), asked("Bahnhofstr. 5", "ambiguous", *HITS))
    assert place(picture, "m") is None
    assert told(picture)[:5] == (None, None, None, "ambiguous", None)
    assert [one["label"] for one in told(picture)[5]] == ["Bahnhofstraße 5, Altenau", "Bahnhofstraße 5, Neudorf"]
    assert told(picture)[5][0] == {
        "lon": 8.7,
        "lat": 51.7,
        "kind": "house",
        "accuracy_m": 15.0,
        "score": 0.95,
        "label": "Bahnhofstraße 5, Altenau",
    }
    (fact,) = facts(picture, "m", "wo", "address_ambiguous")
    assert fact["value"] == ["Bahnhofstraße 5, Altenau", "Bahnhofstraße 5, Neudorf"]


def test_a_person_chooses_and_that_holds_until_the_address_is_another() -> None:
    mission, geocode = see("m", c.Mission(address=BAHNHOF)), asked("Bahnhofstr. 5", "ambiguous", *HITS)
    chosen = [mission, geocode, placed(8.8, 10, "Bahnhofstr. 5")]
    picture = picture_of(*chosen)
    assert place(picture, "m") == point(8.8, 51.5)
    assert told(picture) == ("control", 20.0, "Hof", "ambiguous", None, [])
    assert properties(picture, "m")["times"]["position"] == "2026-11-21T19:00:10.000Z"
    same = picture_of(*chosen, see("m", c.Mission(address=BAHNHOF, keyword="F3"), 20))
    assert place(same, "m") == point(8.8, 51.5)
    other = picture_of(*chosen, see("m", c.Mission(address=KAMP), 20))
    assert (place(other, "m"), told(other)[:5]) == (None, (None, None, None, None, None))
    back = picture_of(*chosen, placed(None, 20))
    assert place(back, "m") is None
    assert len(told(back)[5]) == 2


def test_coordinates_of_dispatch_go_before_the_address_and_a_person_before_both() -> None:
    mission = see("m", c.Mission(address=KAMP))
    later = see("m", c.Mission(keyword="F2"), 30, point(8.71, 51.71), accuracy_m=5)
    picture = picture_of(mission, FOUND, later)
    assert (place(picture, "m"), told(picture)[0:2]) == (point(8.71, 51.71), ("dispatch", 5.0))
    assert facts(picture, "m", "wo", "position_source") == []
    earlier = see("m", c.Mission(keyword="F2"), -30, point(8.71, 51.71))
    assert place(picture_of(mission, FOUND, earlier), "m") == point(8.71, 51.71)
    assert place(picture_of(mission, FOUND, later, placed(8.9, 40)), "m") == point(8.9, 51.5)
    gone = see("m", c.Mission(), 50, None)
    assert told(picture_of(mission, FOUND, later, gone))[0] == "address"


def test_what_was_found_of_another_address_does_not_hold() -> None:
    picture = picture_of(see("m", c.Mission(address=KAMP)), FOUND, see("m", c.Mission(address=BAHNHOF), 5))
    assert (place(picture, "m"), told(picture)[3]) == (None, None)


def test_the_order_of_arrival_does_not_matter() -> None:
    geocode = c.Geocode(address="Kamp 8, Altenau", base="v1", verdict="found", hits=HITS[:1])
    where = c.Located(lon=8.9, lat=51.5, by="desk", address="Kamp 8, Altenau")
    said = [
        see("m", c.Mission(address=KAMP, units=("hlf",)), 0, received=9),
        see("m", c.Mission(geocode=geocode), 0, received=9),
        see("m", c.Mission(located=where), 4, received=9),
        see("m", c.Mission(address=BAHNHOF), 6, received=9),
    ]
    assert len({picture_of(*order).digest() for order in permutations(said)}) == 1


def test_what_hangs_on_the_place_follows_it() -> None:
    unit = see("hlf", c.Unit(name="HLF", mission="m"), 0, point(8.7, 51.701))
    mission = see("m", c.Mission(address=KAMP, units=("hlf",)))
    picture = picture_of(mission, unit)
    assert properties(picture, "hlf")["distance_m"] is None
    changes = picture.apply_many(entries([FOUND], first=3))
    assert properties(picture, "hlf")["distance_m"] == 111.0
    assert {"m", "hlf", "card:m"} <= {feature["id"] for feature in changes.upsert}
    assert [record.subject for record in picture.book.around((8.69, 51.69, 8.71, 51.71), "mission")] == ["m"]
    record = picture.records["m"]
    assert extent(record) == point(8.7, 51.7)


def test_others_see_that_it_is_from_an_address_and_not_which() -> None:
    picture = picture_of(see("m", c.Mission(keyword="F2", address=KAMP)), FOUND)
    shown = View(role="crew", unit="other").show(picture.features["m"], picture)
    assert shown is not None
    assert shown["properties"]["position_source"] == "address"
    assert shown["properties"]["position_accuracy_m"] == 15.0
    assert not {"position_label", "candidates", "geocode_state", "address"} & set(shown["properties"])


@pytest.mark.parametrize(
    "told",
    [
        c.Mission(geocode=c.Geocode(address="x", base="v", verdict="found", hits=(hit(200.0, 51.0, "x"),))),
        c.Mission(geocode=c.Geocode(address="x", base="v", verdict="found", hits=(hit(8.0, float("nan"), "x"),))),
        c.Mission(geocode=c.Geocode(address="x", base="v", verdict="found", hits=(hit(8.0, 51.0, "x"),) * 11)),
        c.Mission(geocode=c.Geocode(address="x" * 9000, base="v", verdict="nothing")),
        c.Mission(located=c.Located(lon=8.0, lat=91.0, by="desk")),
        c.Mission(located=c.Located(lon=8.0, lat=51.0, by="desk", accuracy_m=-1.0)),
        c.Mission(located=c.Located(lon=8.0, lat=51.0, by="desk", label="x" * 9000)),
    ],
)
def test_nonsense_is_left_out(told: c.Mission) -> None:
    picture = picture_of(see("m", c.Mission(keyword="F2")), see("m", told, 5))
    assert place(picture, "m") is None
    assert "m: " in properties(picture, "source:ngsi/leitstelle")["last_refusal"]


def test_a_snapshot_brings_all_of_it_back() -> None:
    picture = picture_of(
        see("m", c.Mission(address=BAHNHOF)),
        asked("Bahnhofstr. 5", "ambiguous", *HITS),
        placed(8.8, 9, "Bahnhofstr. 5"),
    )
    again = Picture.load(picture.dump(), PictureSettings())
    assert again.digest() == picture.digest()
    again.apply_many(entries([see("m", c.Mission(address=KAMP), 20)], first=4))
    assert place(again, "m") is None
    assert again.book.time() == at(20)
