"""Radio names in one form, and the OPTA."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.call_signs import Opta, normalised, opta, same


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Florian Paderborn 1 HLF20 1", "florian-paderborn-1-hlf-20-1"),
        ("FLORIAN  Paderborn 01/HLF 20-01", "florian-paderborn-1-hlf-20-1"),
        ("Fl. Paderborn 1-HLF20-1", "florian-paderborn-1-hlf-20-1"),
        ("FL EE 02/14-01", "florian-ee-2-14-1"),
        ("Florian Höxter 00", "florian-höxter-0"),
        ("4711", "4711"),
        ("FL", "fl"),
        (" -/. ", ""),
    ],
)
def test_spellings_meet_in_one_form(written: str, form: str) -> None:
    assert normalised(written) == form


def test_different_units_stay_different() -> None:
    assert not same("Florian Paderborn 1 RTW 1", "Florian Paderborn 1 RTW 11")
    assert not same("Florian Paderborn 1 11", "Florian Paderborn 11 1")
    assert not same("", "-")


@given(st.text(max_size=60))
def test_the_form_is_its_own_form(written: str) -> None:
    assert normalised(normalised(written)) == normalised(written)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.sampled_from([" ", "/", "-", "  ", "."]))
def test_zeros_and_dividers_make_no_difference(numbers: list[int], divider: str) -> None:
    plain = "Florian Musterstadt " + " ".join(map(str, numbers))
    padded = divider.join(["FLORIAN", "Musterstadt", *(f"{number:03d}" for number in numbers)])
    assert same(plain, padded)


def test_an_opta_is_cut_by_its_positions() -> None:
    found = opta("NWFW PB 01   HLF20   01 ")
    assert found == Opta("NW", "FW", "PB", "01", "HLF20", "01", "")
    assert found.label == "NW FW PB 01 HLF20 1"


def test_blanks_at_the_end_of_an_opta_may_be_missing() -> None:
    assert opta("NWTHWPB 00   MTW") == Opta("NW", "THW", "PB", "00", "MTW", "", "")


@pytest.mark.parametrize(
    "written", ["", "NWFW PB", "XXFW PB 01   HLF20   01 ", "NWfw PB 01", "Florian Paderborn", "N" * 25]
)
def test_what_is_no_opta(written: str) -> None:
    assert opta(written) is None


@given(st.text(max_size=30))
def test_any_text_may_be_asked(written: str) -> None:
    found = opta(written)
    assert found is None or found.state
