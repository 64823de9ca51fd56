"""Every reason in the source has a code, and every code has words in German and English."""

import ast
import json
import re

import pytest

from layers.reasons import CODES, OTHER, why
from mobile.i18n import de, en
from tests.house.repository import ROOT, modules, tree

RAISED = {"DecodeError", "Refused", "Lost", "Member", "refuse", "refusal"}
"""What a reason is given to: the first text among its arguments."""
NAMED = {"reason", "trouble", "fault"}
BLANK = "7"
"""What stands for a value that is filled in when it is said."""
WHERE = (
    *("server/feeds/", "server/transports/", "server/intake.py", "server/admission.py", "server/homes.py"),
    *("server/home_names.py", "server/reports.py"),
)
ONLY_A_NAME = re.compile(rf"(?:udp )?{BLANK}(?:: {BLANK})*$")
"""A text that another reason is quoted in."""


def text_of(node: ast.expr) -> str | None:
    """A text as it is said, its values filled in with BLANK."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else BLANK for part in node.values)
    return text_of(node.body) or text_of(node.orelse) if isinstance(node, ast.IfExp) else None


def reasons() -> dict[str, str]:
    """Every reason that the source states, and where."""
    found: dict[str, str] = {}
    for name, path in modules("server"):
        if not name.startswith(WHERE):
            continue
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            given = [*node.args] if called in RAISED else []
            given += [one.value for one in node.keywords if one.arg in NAMED]
            for text in map(text_of, given):
                if text and " " in text and not ONLY_A_NAME.match(text):
                    found.setdefault(text, name)
    return found


def test_each_reason_in_the_source_has_a_code() -> None:
    found = reasons()
    assert len(found) > 250
    assert {text: name for text, name in found.items() if why(text) == {"code": OTHER}} == {}


@pytest.mark.parametrize("lang", ["de", "en"])
def test_each_code_has_words_in_the_control_room(lang: str) -> None:
    text = (ROOT / f"server/web/src/i18n/{lang}-reasons.ts").read_text(encoding="utf-8")
    words = {key: json.loads(value) for key, value in re.findall(r'^  "why\.(\w+)": (".*"),$', text, re.MULTILINE)}
    assert set(words) == CODES
    assert all(words.values())


@pytest.mark.parametrize("words", [de.TEXTS, en.TEXTS], ids=["de", "en"])
def test_what_a_crew_may_be_refused_for_has_words_in_the_app(words: dict[str, str]) -> None:
    said = [text for text, name in reasons().items() if name in ("server/reports.py", "server/feeds/report.py")]
    codes = {(why(text) or {})["code"] for text in said} - {"busy", "throttled"}  # those pass: the report goes again
    assert len(said) > 5
    assert {code for code in codes if f"report.refused.{code}" not in words} == set()
