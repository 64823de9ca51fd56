"""Texts without the signs that turn the order of what stands beside them."""

from layers import content as c
from layers.plain import plain, plainly
from tests.layers.world import picture_of, properties, see

RTL = "\u202e"


def test_what_turns_goes_and_every_letter_stays() -> None:
    assert plain("Haus\u202e21\u2066 Personen\u2069") == "Haus21 Personen"
    arabic, hebrew = "\u0645\u0628\u0646\u0649 12", "\u05d1\u05e0\u05d9\u05d9\u05df"
    assert (plain(arabic), plain(hebrew), plain("Straße 😀")) == (arabic, hebrew, "Straße 😀")
    assert plainly({"a\u200f": [f"x{RTL}", ("y\u2067",), 1, None, True]}) == {"a": ["x", ("y",), 1, None, True]}


def test_no_text_of_the_picture_turns_the_number_behind_it() -> None:
    address = c.Address(street=f"Rosenweg{RTL} 3", city="Padertopia")
    mission = c.Mission(keyword=f"Feuer{RTL} 2", units=(f"hlf{RTL}1",), address=address)
    picture = picture_of(see("m", mission, 0), see("n", c.Note(text="x", parameters={f"a{RTL}": f"b{RTL}"}), 1))
    shown = properties(picture, "m")
    assert (shown["keyword"], shown["units"], shown["address"]["street"]) == ("Feuer 2", ["hlf1"], "Rosenweg 3")
    assert properties(picture, "n")["parameters"] == {"a": "b"}
    assert RTL not in str(picture.features)
