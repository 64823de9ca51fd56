"""docs/layers.md names every property that a feature can have, and no other."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from layers import brief
from layers.observation import Observation
from layers.settings import DEFAULT_AGES
from layers.views import ALL_LAYERS, PERSONAL, PERSONAL_FACTS
from tests.layers.world import histories, picture_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
COMMON = "Every feature"


def words(section: str) -> set[str]:
    """What a section sets in code."""
    return set(re.findall(r"`([a-z_0-9]+)`", SECTIONS[section]))


def test_every_layer_has_a_section_and_every_section_a_layer() -> None:
    assert set(SECTIONS) == {COMMON, *ALL_LAYERS}


@settings(max_examples=60)
@given(histories)
def test_every_property_is_explained(history: list[Observation]) -> None:
    for feature in picture_of(*history).features.values():
        properties = feature["properties"]
        assert set(properties) <= words(COMMON) | words(properties["layer"]), properties["layer"]
        assert properties["part"].partition("-")[0] in SECTIONS[properties["layer"]]
        if properties["layer"] == "cards":
            assert {fact["key"] for facts in properties["sections"].values() for fact in facts} <= words("cards")


@pytest.mark.parametrize("layer", sorted(PERSONAL))
def test_personal_fields_are_marked(layer: str) -> None:
    assert set(re.findall(r"`([a-z_]+)` \*\*\(P\)\*\*", SECTIONS[layer])) == PERSONAL[layer]


def test_personal_facts_are_marked() -> None:
    assert set(re.findall(r"`([a-z_]+)` \*\*\(P\)\*\*", SECTIONS["cards"])) == PERSONAL_FACTS


def test_the_ages_are_the_defaults() -> None:
    rows = re.findall(r"\| ([a-z_, ]+) \| (\d+) (s|min|h|d) \| (\d+) (s|min|h|d) (?=\|)", SECTIONS[COMMON])
    unit_s = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    told = {
        kind: (int(stale) * unit_s[a], int(kept) * unit_s[b])
        for kinds, stale, a, kept, b in rows
        for kind in kinds.split(", ")
    }
    drawn = set(DEFAULT_AGES) - {"source", "removal", "seen", "verdict"}
    assert told == {kind: (DEFAULT_AGES[kind].stale_after_s, DEFAULT_AGES[kind].expire_after_s) for kind in drawn}


def test_weights_and_reaches_are_the_ones_in_force() -> None:
    for name, weight in zip(("life", "access", "hazard", "water", "context"), (100, 80, 60, 40, 20), strict=True):
        assert getattr(brief, name.upper()) == weight
        assert f"{name} {weight}" in SECTIONS["cards"]
    assert (brief.HOME_M, brief.CROWD_M, brief.DRONE_M, brief.REPORT_M) == (150.0, 150.0, 1500.0, 500.0)
