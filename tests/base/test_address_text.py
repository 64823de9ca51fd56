"""Names in one form, and what an address line consists of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.base.address_text import House, key, read, words

SAME = [
    ("Königstraße", "Koenigstrasse", "KÖNIGSTR.", "konigstrasse", "Königs traße".replace(" ", "")),
    ("Warburger Straße", "Warburger Str.", "warburgerstr", "WARBURGER-STRASSE", "Warburger  Strasse"),
    ("Marktplatz", "Marktpl.", "markt platz"),
    ("Dr.-Rörig-Damm", "Dr. Rörig Damm", "Doktor-Roerig-Damm"),
    ("St.-Josef-Weg", "Sankt Josef Weg", "St. Josef-Wg."),
    ("Schwedengasse", "Schwedeng."),
    ("Mannerheimintie", "Mannerheimint."),
    ("Vilhonkatu", "Vilhonk.", "VILHONKATU"),
    ("Töölönkatu", "Toolonkatu"),
    ("B 64", "B64", "Bundesstraße 64", "Bundesstr. B 64"),
    ("A 33", "BAB 33", "Autobahn A33"),
    ("Hauptbahnhof", "Hbf", "Hauptbhf."),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: spellings[0])
def test_every_spelling_of_a_name_has_one_form(spellings: tuple[str, ...]) -> None:
    assert len({key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rosenstraße", "Rosenweg"),
        ("Bachstraße", "Buchstraße"),
        ("Nordwall", "Südwall"),
        ("Am Kamp", "Kamp"),
        ("B 64", "B 6"),
    ],
)
def test_other_names_have_other_forms(one: str, other: str) -> None:
    assert key(one) != key(other)


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_the_form_of_a_form_is_itself_whatever_is_written(text: str) -> None:
    form = key(text)
    assert key(form) == form
    assert key(f"  {text.upper().lower()} ") == key(text.upper().lower())


@settings(max_examples=200)
@given(st.text(max_size=80))
def test_any_line_can_be_read(text: str) -> None:
    reading = read(text, {}, frozenset({"33100"}))
    assert all(piece.words and len(piece.words) == len(piece.written) for piece in reading.pieces)
    assert -1 <= reading.after < max(1, len(reading.pieces))


def parts(text: str, **short: str) -> tuple[list[str], House | None, tuple[str, ...]]:
    reading = read(text, short, frozenset({"33100", "3500"}))
    return [" ".join(piece.words) for piece in reading.pieces], reading.house, reading.postcodes


@pytest.mark.parametrize(
    ("text", "pieces", "number", "codes"),
    [
        ("Warburger Str. 12a, 33100 PB", ["warburger str", "paderborn"], House(12, "a", None, "12a"), ("33100",)),
        ("Bahnhofstr 5 Schloss Neuhaus", ["bhfstr", "schlos neuhaus"], House(5, "", None, "5"), ()),
        ("33100 Paderborn, Kamp 1", ["paderborn", "kamp"], House(1, "", None, "1"), ("33100",)),
        ("Rosenweg 12 - 14", ["rosenwg"], House(12, "", 14, "12-14"), ()),
        ("Rosenweg 12 a, 3. OG", ["rosenwg"], House(12, "a", None, "12a"), ()),
        ("Königstr 5 OG 2", ["konigstr", "og"], House(5, "", None, "5"), ()),
        ("Rosenstr.5", ["rosenstr"], House(5, "", None, "5"), ()),
        ("3500 Krems, Schwedeng. 4/2/7", ["krems", "schwedengase"], House(4, "", None, "4/2"), ("3500",)),
        ("Königstr. 5/7", ["konigstr"], House(5, "", 7, "5/7"), ()),
        ("Mannerheimint. 12 A 5", ["mannerheimintie"], House(12, "a", None, "12a"), ()),
        ("Straße des 17. Juni 135", ["str des 17 juni"], House(135, "", None, "135"), ()),
        ("Str. des 17 Juni 135", ["str des 17 juni"], House(135, "", None, "135"), ()),
        ("Rosenweg 12 bis 14", ["rosenwg"], House(12, "", 14, "12-14"), ()),
        ("Rosenweg 12 bis", ["rosenwg"], House(12, "bis", None, "12bis"), ()),
        ("Rosenweg 12 Terrasse", ["rosenwg", "terrase"], House(12, "", None, "12"), ()),
        ("Rosenweg 12a-c", ["rosenwg"], House(12, "a", None, "12a-c", "c"), ()),
        ("Rosenweg 12 a – c, PB", ["rosenwg", "paderborn"], House(12, "a", None, "12a-c", "c"), ()),
        ("Rosenweg 3Б", ["rosenwg"], House(3, "б", None, "3б"), ()),
        ("Rosenweg 12 1/2", ["rosenwg"], House(12, "½", None, "12½"), ()),
        ("Q 5, A1, 33100 PB", ["q5", "paderborn"], House(1, "a_", None, "a1"), ("33100",)),
        ("PB Q 5 14a", ["paderborn q5"], House(14, "a", None, "14a"), ()),
        ("Rosenweg 1 A 5, 33100 PB", ["rosenwg", "paderborn"], House(1, "a", None, "1a"), ("33100",)),
        ("A33 B64", ["a33 b64"], None, ()),
        ("A 33, B 64", ["a33", "b64"], None, ()),
        ("B 64 Richtung Bad Driburg", ["b 64 richtung bad driburg"], None, ()),
        ("5 Rosenweg", ["rosenwg"], House(5, "", None, "5"), ()),
        ("D-33100 Paderborn", ["paderborn"], None, ("33100",)),
        ("", [], None, ()),
        (" /,;- 7", [], None, ()),
    ],
)
def test_a_line_falls_into_its_parts(
    text: str, pieces: list[str], number: House | None, codes: tuple[str, ...]
) -> None:
    assert parts(text, pb="Paderborn") == (pieces, number, codes)


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Kamp/Rosenstraße", ("Kamp", "Rosenstraße")),
        ("Kamp Ecke Rosenstr.", ("Kamp", "Rosenstr.")),
        ("Kreuzung Kamp / Rosenstr.", ("Kamp", "Rosenstr.")),
        ("Warburger Str./Kamp", ("Warburger Str.", "Kamp")),
        ("Kamp & Rosenstraße", ("Kamp", "Rosenstraße")),
        ("B 64 / L 751", ("B 64", "L 751")),
        ("Königstr. 5/7", None),
        ("Rosenweg 4", None),
    ],
)
def test_crossings_are_told_by_what_joins_two_names(text: str, sides: tuple[str, str] | None) -> None:
    assert read(text, {}, frozenset()).crossing == sides


def test_short_names_are_spelt_out_and_words_kept_as_written() -> None:
    reading = read("Kamp 1 PB", {"pb": "Bad Paderborn"}, frozenset())
    assert reading.pieces[1].words == ("bad", "paderborn")
    assert words("Straße") == ["str"]
