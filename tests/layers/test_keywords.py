"""Which category a keyword means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.keywords import CATALOGUE, CATEGORIES, UNKNOWN, Keyword, catalogue


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("F1", "fire"),
        ("F2Y", "fire"),
        ("f 3 y", "fire"),
        ("FBMA", "fire"),
        ("F GAS1", "fire"),
        ("F 1 Person", "fire"),
        ("Feuer 4", "fire"),
        ("FEU G", "fire"),
        ("FEU BMA", "fire"),
        ("BMA 2", "fire"),
        ("B BMA", "fire"),
        ("Wald 1", "fire"),
        ("Fe1C", "fire"),
        ("Feuer1", "fire"),
        ("B:Wohnung", "fire"),
        ("H1Y", "technical"),
        ("TH P-Tür", "technical"),
        ("THL 2", "technical"),
        ("MANV 10", "medical"),
        ("NOTF", "medical"),
        ("LZG", "medical"),
        ("ABC 1", "cbrn"),
        ("S:Testeinsatz", UNKNOWN),
        ("Haus", UNKNOWN),
        ("Theater", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_the_default_table(written: str, category: str) -> None:
    assert CATALOGUE.category(written) == category


def test_own_entries_come_first_and_the_longest_fits() -> None:
    table = catalogue([
        Keyword(abbreviation="F GAS", category="cbrn", description="Gasausströmung"),
        Keyword(abbreviation="H", category="medical"),
        Keyword(abbreviation="X1", category="nonsense"),
    ])  # fmt: skip
    found = table.find("F GAS2")
    assert found is not None
    assert found.description == "Gasausströmung"
    assert table.category("fgas 1") == "cbrn"
    assert table.category("F2") == "fire"
    assert table.category("H1") == "medical"
    assert table.category("HILFE") == "technical"
    assert table.category("X1") == UNKNOWN
    assert table.find("X12") is None


@given(st.text(max_size=200))
def test_any_text_has_a_category(written: str) -> None:
    assert CATALOGUE.category(written) in (*CATEGORIES, UNKNOWN)
