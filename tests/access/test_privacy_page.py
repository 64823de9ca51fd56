"""docs/privacy.md says what is so: every action of the trail, every personal field, every layer and role."""

import re
from pathlib import Path

from layers.views import ALL_LAYERS, PERSONAL, PERSONAL_FACTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text below a heading of the second level."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def test_every_action_of_the_trail_is_told() -> None:
    written: set[str] = set()
    for path in (ROOT / "server").rglob("*.py"):
        for call in re.findall(r"\baudit\.append\(\s*([^,]+?),|Audit\([^)]*\)\.append\(\s*([^,]+?),", path.read_text()):
            written |= set(re.findall(r'"([a-z-]+)"', call[0] or call[1])) - {"end"}
    told = set(
        re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^\| (`.+?) \|", section("The audit trail"), re.MULTILINE)))
    )
    assert told == written


def test_every_personal_field_is_told() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", section("Which fields are personal"), re.MULTILINE))
    told = {layer: set(re.findall(r"`(\w+)`", rows.pop(layer))) for layer in PERSONAL}
    assert told == {layer: set(fields) for layer, fields in PERSONAL.items()}
    assert set(re.findall(r"`(\w+)`", rows.pop("cards"))) == PERSONAL_FACTS
    assert set(rows) == {"layer"}


def test_every_layer_has_a_row() -> None:
    cells = re.findall(
        r"^\| ([a-z, ]+?)(?:, (?:not )?consented| of a home.*?)? \|", section("Who sees what"), re.MULTILINE
    )
    told = {word.strip() for cell in cells for word in cell.split(",")} - {"layer"}
    assert told == set(ALL_LAYERS)
