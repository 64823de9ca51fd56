"""House numbers, names with numbers and abbreviations of which there are few: found, or offered."""

import pytest

from server.base.address_houses import apart_m
from server.base.base import Base
from server.base.geocode import Answer, Geocoder
from tests.base.address_town import NUMBERS, at, built, oddities


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return built(tmp_path_factory.mktemp("quadern"), oddities())


def asked(base: Base, text: str, near: tuple[float, float] | None = None) -> Answer:
    return base.get(Geocoder).find(text, near)


KAMP, SQUARE = NUMBERS["Kamp"], NUMBERS["Q 5"]
HOUSES = [
    # text, street (north), number in the data, why
    ("Kamp 3Б", 0, KAMP.index("3Б"), "exact"),
    ("Kamp 3 б, Quadern", 0, KAMP.index("3Б"), "exact"),
    ("Kamp 12", 0, KAMP.index("12"), "exact"),
    ("Kamp 12 bis", 0, KAMP.index("12 bis"), "exact"),
    ("Kamp 12bis, Quadern", 0, KAMP.index("12 bis"), "exact"),
    ("12 ter Kamp", 0, KAMP.index("12 ter"), "exact"),
    ("Kamp 12½", 0, KAMP.index("12½"), "exact"),
    ("Kamp 12 1/2, Quadern", 0, KAMP.index("12½"), "exact"),
    ("Kamp 20a", 0, KAMP.index("20a-c"), "exact"),
    ("Kamp 20b", 0, KAMP.index("20a-c"), "in_range"),
    ("Kamp 20 c", 0, KAMP.index("20a-c"), "in_range"),
    ("Kamp 20 a - c", 0, KAMP.index("20a-c"), "exact"),
    ("Kamp 20d", 0, KAMP.index("20a-c"), "other_letter"),
    ("Kamp 12a", 0, KAMP.index("12"), "other_letter"),
    ("Kamp 32", 0, KAMP.index("30-34"), "in_range"),
    ("Kamp 30 bis 34", 0, KAMP.index("30-34"), "exact"),
    ("Kamp 41;43", 0, KAMP.index("41;43"), "exact"),
    ("Kamp 43", 0, KAMP.index("41;43"), "exact"),
    ("Kamp 51/53", 0, KAMP.index("51/53"), "exact"),
    ("Kamp 53", 0, KAMP.index("51/53"), "in_range"),
    ("Str. des 17 Juni 12", 1, 1, "exact"),
    ("Straße des 17. Juni 12", 1, 1, "exact"),
    ("Strasse des 17 Juni 12, Quadern", 1, 1, "exact"),
    ("Platz der 7 Brüder 14", 2, 2, "exact"),
    ("Q 5, 14", 3, SQUARE.index("14"), "exact"),
    ("Q 5, 14a, Quadern", 3, SQUARE.index("14a"), "exact"),
    ("Q5 14", 3, SQUARE.index("14"), "exact"),
    ("Q 5 14", 3, SQUARE.index("14"), "exact"),
    ("Q 5, A1", 3, SQUARE.index("A1"), "exact"),
    ("Q5 A2", 3, SQUARE.index("A2"), "exact"),
    ("Quadern, Q5, A1", 3, SQUARE.index("A1"), "exact"),
    ("Q 6, 12", 4, 1, "exact"),
]


@pytest.mark.parametrize(("text", "north", "east", "why"), HOUSES, ids=[row[0] for row in HOUSES])
def test_a_house_is_found(base: Base, text: str, north: int, east: int, why: str) -> None:
    answer = asked(base, text)
    hit = answer.hits[0]
    assert hit.matched["number"] == why
    assert apart_m(hit.lon, hit.lat, *at(east, north + 0.1)) < 1.0
    assert answer.unambiguous


OFFERED = [
    ("KKH Quadern", ["Kreiskrankenhaus Quadern"]),
    ("KH Neudorf", ["Klinik Neudorf"]),
    ("LKH", ["Kreiskrankenhaus Quadern", "St. Anna"]),
    ("UKH", ["Kreiskrankenhaus Quadern", "St. Anna"]),
    ("FW", ["Freiwillige Feuerwehr Neudorf", "Löschzug Mitte"]),
    ("Feuerw. Neudorf", ["Freiwillige Feuerwehr Neudorf"]),
    ("KiTa", ["Kita Rappelkiste", "Sonnenblume"]),
    ("GS Neudorf", ["Grundschule Neudorf"]),
    ("GS Kamp", ["Grundschule am Kamp"]),
    ("Gym.", ["Goethe-Gymnasium"]),
    ("Bhf Neudorf", ["Neudorf"]),
    ("Hbf", ["Quadern Hauptbahnhof"]),
    ("AH", ["Altenheim Abendruh"]),
    ("APH Abendruh", ["Altenheim Abendruh"]),
]


@pytest.mark.parametrize(("text", "names"), OFFERED, ids=[row[0] for row in OFFERED])
def test_abbreviations_offer_what_they_may_mean_and_choose_nothing(base: Base, text: str, names: list[str]) -> None:
    answer = asked(base, text)
    objects = [hit for hit in answer.hits if hit.kind == "object"]
    assert sorted(hit.label.partition(",")[0] for hit in objects[: len(names)]) == names
    assert not answer.unambiguous


def test_of_several_the_nearer_comes_first_and_all_are_offered(base: Base) -> None:
    for east, first, second in ((0, "Grundschule am Kamp", "Grundschule Neudorf"),
                                (100, "Grundschule Neudorf", "Grundschule am Kamp")):  # fmt: skip
        labels = [hit.label.partition(",")[0] for hit in asked(base, "GS", at(east, 0)).hits]
        assert labels[:2] == [first, second]


def test_an_abbreviation_beside_an_address_leaves_it_sure(base: Base) -> None:
    answer = asked(base, "KH, Kamp 12, Quadern")
    assert (answer.hits[0].label.partition(",")[0], answer.unambiguous) == ("Kamp 12", True)
