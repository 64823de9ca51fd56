"""Two hundred addresses of each real extract, as they are and as people mangle them, found again."""

import random
import re
from collections.abc import Callable

import pytest

from server.base.address_houses import apart_m
from server.base.base import Base
from server.base.geocode import Geocoder
from server.base.reverse import reverse
from tests.field.conftest import Bases

NUMBER = 200
FOUND_M = 30.0
"""A hit counts as found within so far of the mapped house."""
BARE = str.maketrans("äöüÄÖÜåÅ", "aouAOUaA") | {ord("ß"): "ss"}
SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def slip(street: str, rng: random.Random) -> str:
    """One letter wrong, missing, or changed about with its neighbour."""
    at = rng.randrange(1, len(street) - 1)
    match rng.randrange(3):
        case 0:
            return street[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + street[at + 1 :]
        case 1:
            return street[:at] + street[at + 1 :]
    return street[: at - 1] + street[at] + street[at - 1] + street[at + 1 :]


MANGLE: dict[str, tuple[Callable[[str, random.Random], str], float]] = {
    "as it is": (lambda street, _: street, 0.99),
    "no umlauts": (lambda street, _: street.translate(BARE), 0.99),
    "ae oe ue": (lambda street, _: street.translate(SPELT), 0.99),
    "Str.": (lambda street, _: re.sub(r"(?i)stra(?:ß|ss)e\b", "str.", street), 0.99),
    "capitals": (lambda street, _: street.upper(), 0.99),
    "one slip": (slip, 0.95),
}


def houses(base: Base) -> list[tuple[str, str, float, float]]:
    rows = base.db.execute(
        "SELECT street.name, label, house.lon, house.lat FROM address_houses AS house "
        "JOIN address_streets AS street ON street.id = house.street WHERE NOT guessed ORDER BY house.id"
    ).fetchall()
    return random.Random(7).sample([tuple(row) for row in rows], min(NUMBER, len(rows)))


@pytest.mark.parametrize("place", ["bayreuth", "krems", "helsinki", "laufamholz"])
def test_addresses_are_found_again_however_they_are_written(bases: Bases, place: str) -> None:
    base = bases(place)
    geocoder, rng = base.get(Geocoder), random.Random(11)
    asked = houses(base)
    assert len(asked) >= 100
    for how, (mangle, least) in MANGLE.items():
        first = offered = wrong = 0
        for street, number, lon, lat in asked:
            answer = geocoder.find(f"{mangle(street, rng)} {number}")
            right = [apart_m(lon, lat, hit.lon, hit.lat) <= FOUND_M for hit in answer.hits]
            first += right[:1] == [True]
            offered += any(right)
            wrong += answer.unambiguous and not right[0]
        print(f"{place}, {how}: {first} of {len(asked)} first, {offered} offered, {wrong} wrong and taken for sure")
        assert first >= least * len(asked), how
        assert wrong <= 0.01 * len(asked), how


@pytest.mark.parametrize("place", ["bayreuth", "krems", "helsinki", "laufamholz"])
def test_the_way_back_leads_to_the_same_house(bases: Bases, place: str) -> None:
    base = bases(place)
    asked = houses(base)
    for street, number, lon, lat in asked:
        found = reverse(base, lon, lat)
        assert found is not None
        assert found.distance_m == 0.0, (street, number)


LINES = [
    ("krems", "Florianig. 2, 3500 Krems", "Florianigasse 2"),
    ("krems", "3500 Krems an der Donau, Ringstr. 6", "Ringstraße 6"),
    ("krems", "RINGSTRASSE 6/2/7", "Ringstraße 6"),
    ("helsinki", "Mikonk. 1 A 5, 00100 Helsinki", "Mikonkatu 1"),
    ("helsinki", "Vilhonkatu 4, FI-00100 Helsinki", "Vilhonkatu 4"),
    ("bayreuth", "Hauptstr. 18, Heinersreuth", "Hauptstraße 18"),
]


@pytest.mark.parametrize(("place", "text", "label"), LINES, ids=[text for _, text, _ in LINES])
def test_lines_as_they_are_written_there(bases: Bases, place: str, text: str, label: str) -> None:
    answer = bases(place).get(Geocoder).find(text)
    assert answer.hits[0].label.startswith(label), answer.hits[0]
