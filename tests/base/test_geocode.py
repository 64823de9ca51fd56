"""From words to a position: exact hits on a small place, the rule of what may be taken unasked, and the way back."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.base.address_houses import apart_m
from server.base.base import Base
from server.base.geocode import Geocoder, Hit, unambiguous
from server.base.reverse import reverse
from tests.base.address_town import at, built

SHORT = {"nd": "Neudorf"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return built(tmp_path_factory.mktemp("altenau"))


def first(base: Base, text: str) -> Hit:
    return base.get(Geocoder).find(text, short_names=SHORT).hits[0]


HOUSE = [
    # text, place (east, north in steps), kind, accuracy, what was said of the number
    ("Bahnhofstr. 3, 33901 Altenau", (-3, 0.2), "house", 15, "exact"),
    ("33901 Altenau, Bahnhofstraße 3", (-3, 0.2), "house", 15, "exact"),
    ("BAHNHOFSTRASSE 3 ALTENAU", (-3, 0.2), "house", 15, "exact"),
    ("Bahnhofstr 5 Neudorf", (99, 0.2), "house", 15, "exact"),
    ("Bahnhofstr 5 ND", (99, 0.2), "house", 15, "exact"),
    ("Bahnhofstr 5, 33902", (99, 0.2), "house", 15, "exact"),
    ("Bahnhofstr. 15, Altenau", (4, 0.2), "house", 15, "in_range"),
    ("Bahnhofstr. 13-17, Altenau", (4, 0.2), "house", 15, "exact"),
    ("Bahnhofstr. 19 a, Altenau", (5, 0.2), "house", 15, "exact"),
    ("Bahnhofstr. 19, Altenau", (5, 0.2), "nearest", 25, "other_letter"),
    ("Bahnhofstr. 7, Altenau", (0, 0.2), "interpolated", 138, "between"),
    ("Bahnhofstr. 21, Altenau", (5, 0.2), "nearest", 27, "nearest_number"),
    ("Kamp 8", (6.2, 4), "house", 15, "exact"),
    ("Adlerkamp 8", (6.2, 4), "house", 15, "exact"),
    ("Kamp 4", (6.2, 2), "interpolated", 25, "interpolation"),
    ("Lange Str 7", (0.3, 2.1), "house", 15, "exact"),
    ("Firma Nord, Lange Straße 7, 2. OG", (0.3, 2.1), "house", 15, "exact"),
    ("Hofstelle Süd 3", (101, 5), "house", 15, "exact"),
    ("Hofstelle Sued 3", (101, 5), "house", 15, "exact"),
]


@pytest.mark.parametrize(("text", "where", "kind", "accuracy_m", "why"), HOUSE, ids=[row[0] for row in HOUSE])
def test_a_house_is_found(
    base: Base, text: str, where: tuple[float, float], kind: str, accuracy_m: float, why: str
) -> None:
    hit = first(base, text)
    assert (hit.kind, hit.accuracy_m, hit.matched["number"]) == (kind, accuracy_m, why)
    assert apart_m(hit.lon, hit.lat, *at(*where)) < 2.0


def test_a_hit_says_what_fits(base: Base) -> None:
    assert first(base, "Bahnhofstr. 3, 33901 Altenau") == Hit(
        kind="house",
        label="Bahnhofstraße 3, 33901 Altenau",
        lon=at(-3, 0.2)[0],
        lat=at(-3, 0.2)[1],
        accuracy_m=15.0,
        score=1.0,
        matched={"street": "exact", "postcode": "agrees", "place": "agrees", "number": "exact"},
        street="Bahnhofstraße",
        housenumber="3",
        postcode="33901",
        city="Altenau",
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Bahnhofstraße/Lange Straße", (0, 0)),
        ("Lange Str. Ecke Bahnhofstr.", (0, 0)),
        ("Kreuzung Kamp / Bahnhofstr", (6, 0)),
        ("L 751 / Bahnhofstraße", (0, 0)),
        ("Kamp & Banhofstraße", (6, 0)),
    ],
)
def test_a_crossing_is_where_two_streets_meet(base: Base, text: str, where: tuple[float, float]) -> None:
    hit = first(base, text)
    assert (hit.kind, hit.accuracy_m) == ("crossing", 15.0)
    assert apart_m(hit.lon, hit.lat, *at(*where)) < 1.0


def test_streets_that_only_come_near_meet_less_exactly(base: Base) -> None:
    hit = first(base, "Kamp / Ufergasse")
    assert (hit.kind, round(hit.accuracy_m)) == ("crossing", 84)
    assert base.get(Geocoder).find("Lange Straße / Ufergasse").hits[0].kind == "street"


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("St.-Anna-Krankenhaus", "object", "St.-Anna-Krankenhaus, Altenau"),
        ("St. Anna Krankenhs", "object", "St.-Anna-Krankenhaus, Altenau"),
        ("Sankt Anna Krankenhaus", "object", "St.-Anna-Krankenhaus, Altenau"),
        ("Diakonie Weser", "object", "St.-Anna-Krankenhaus, Altenau"),
        ("Rettungspunkt HX-1234", "object", "Rettungspunkt HX-1234, Altenau"),
        ("Hauptbahnhof Altenau", "object", "Altenau Hbf, Altenau"),
        ("A33 AS Altenau-Mitte", "object", "Altenau-Mitte"),
        ("Neudorf", "place", "Neudorf"),
        ("Kamp", "street", "Kamp, Altenau"),
    ],
)
def test_objects_streets_and_places_are_found(base: Base, text: str, kind: str, label: str) -> None:
    hit = first(base, text)
    assert (hit.kind, hit.label) == (kind, label)


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("Bahnhofstr. 3, Altenau", True),
        ("Bahnhofstr. 5", False),  # there is one in each village
        ("Bahnhofstr. 5, Neudorf", True),
        ("Bahnhofstr. 5, 33901", True),
        ("Bahnhofstraße", False),
        ("Kamp 8", True),
        ("Kmap 8", False),
        ("Lange Strasse 7", True),
        ("Lnage Strasse 7", True),
        ("Kamp 8, Hamburg", False),  # none of ours, and no word of it here
        ("Hamburg, Kamp 8", False),
        ("Firma Nord, Kamp 8", True),
        ("Kamp / Kirchgasse", False),  # the other street of the crossing is not here
        ("Kamp 8, Firma Nord", True),
        ("Anna", False),
        ("Neudorf", False),  # a place's middle is not where it burns
        ("Xyzzy 5", False),
        ("", False),
    ],
)
def test_what_may_be_taken_without_asking(base: Base, text: str, sure: bool) -> None:
    assert base.get(Geocoder).find(text).unambiguous is sure


def test_both_villages_are_offered_and_the_nearer_first(base: Base) -> None:
    geocoder = base.get(Geocoder)
    for near, expected in ((at(0, 0), ["Altenau", "Neudorf"]), (at(100, 0), ["Neudorf", "Altenau"])):
        answer = geocoder.find("Bahnhofstr. 5", near=near)
        assert [hit.city for hit in answer.hits if hit.kind == "house"] == expected
        assert not answer.unambiguous


def test_the_rule_counts_rivals_elsewhere_only() -> None:
    def hit(score: float, lon: float, kind: str = "house") -> Hit:
        return Hit(kind=kind, label="x", lon=lon, lat=51.0, accuracy_m=15.0, score=score, matched={})

    assert unambiguous([hit(0.9, 8.0), hit(0.9, 8.0004)])
    assert not unambiguous([hit(0.9, 8.0), hit(0.85, 8.01)])
    assert unambiguous([hit(0.9, 8.0), hit(0.79, 8.01)])
    assert not unambiguous([hit(0.79, 8.0)])
    assert not unambiguous([hit(1.0, 8.0, "place")])
    assert not unambiguous([])


def test_hits_are_bounded(base: Base) -> None:
    geocoder = base.get(Geocoder)
    assert len(geocoder.find("Bahnhofstr. 5", limit=1).hits) == 1
    assert geocoder.find("Bahnhofstr. 5 " * 400).text.startswith("Bahnhofstr")


STREETS = ("Bahnhofstraße", "Lange Straße", "Ufergasse", "Hofstelle Süd", "St.-Anna-Krankenhaus")


@settings(max_examples=80)
@given(st.sampled_from(STREETS), st.integers(1, 30), st.sampled_from("abcdefghiklmnoprstuwz"), st.sampled_from("xds"))
def test_one_slip_in_a_name_still_finds_it(base: Base, name: str, where: int, letter: str, slip: str) -> None:
    at_char = min(where, len(name) - 2)
    before, struck, after = name[:at_char], name[at_char], name[at_char + 1 :]
    mangled = {"x": before + letter + after, "d": before + after, "s": before + after[:1] + struck + after[1:]}[slip]
    hits = base.get(Geocoder).find(mangled).hits
    assert name in [hit.street or hit.label.partition(",")[0] for hit in hits[:5]]


def test_reverse_tells_house_street_and_their_distances(base: Base) -> None:
    found = reverse(base, *at(-3.1, 0.2))
    assert found is not None
    assert (found.label, found.distance_m) == ("Bahnhofstraße 3, 33901 Altenau", 7.0)
    assert (found.street, found.street_distance_m, found.housenumber) == ("Bahnhofstraße", 22.0, "3")
    by_road = reverse(base, *at(0.5, -4.9))
    assert by_road is not None
    assert (by_road.street, by_road.housenumber, by_road.distance_m) == ("Lange Straße", None, 35.0)
    assert reverse(base, 0.0, 0.0) is None


def test_what_cannot_be_used_is_counted(base: Base) -> None:
    counts = base.manifest.counts["addresses"]
    assert {name: counts[name] for name in ("streets", "houses", "crossings", "objects", "places")} == {
        "streets": 7,
        "houses": 13,
        "crossings": 3,
        "objects": 4,
        "places": 2,
    }
    assert base.manifest.problems["houses_without_street"] == 1


def test_a_place_without_addresses_has_none(tmp_path: Path) -> None:
    from server.base.build import build
    from tests.base.osm import Sheet

    drawn = Sheet()
    drawn.square(*at(0, 0), 0.001, building="yes")
    empty = build(drawn.write(tmp_path / "empty.osm"), tmp_path / "base")
    assert empty.get(Geocoder).find("Bahnhofstr. 5").hits == ()
    assert reverse(empty, *at(0, 0)) is None
