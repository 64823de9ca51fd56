"""The papers of the house agree with the house."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.house.repository import ROOT, documents

LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")


def headings(path: Path, level: int) -> list[str]:
    """The headings of one level, without those in code blocks."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(rf"^{'#' * level} +(.+?) *$", prose, re.MULTILINE)


def required() -> set[str]:
    """What pyproject.toml asks for, with and without extras: requirement lines as they stand there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["dependencies"]).union(*project["optional-dependencies"].values())


def explained(*sections: str) -> set[str]:
    """The names in the first column of the tables below the headings of docs/dependencies.md that begin so."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    chosen = [part for part in re.split(r"^## ", page, flags=re.MULTILINE) if part.startswith(sections)]
    rows = re.findall(r"^\| (`[^|]+`) \|", "\n".join(chosen), re.MULTILINE)
    return {name.lower() for row in rows for name in re.findall(r"`([\w.@/-]+)`", row)}


def test_the_python_dependencies_are_those_explained() -> None:
    assert {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0].lower() for line in required()} == explained("Python")


def test_every_python_dependency_has_a_lower_bound_only() -> None:
    assert [line for line in required() if not re.fullmatch(r"[\w.\[\]-]+>=[\d.]+", line)] == []


def test_the_browser_dependencies_are_those_explained() -> None:
    package = json.loads((ROOT / "server" / "web" / "package.json").read_text(encoding="utf-8"))
    assert {*package.get("dependencies", {}), *package.get("devDependencies", {})} == explained("Browser")


def test_the_system_packages_are_those_explained() -> None:
    script = (ROOT / ".ci" / "system-packages").read_text(encoding="utf-8")
    assert set(re.findall(r'^ +"\w+ \S+ (\S+)"', script, re.MULTILINE)) == explained("System")


def test_the_two_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = set(re.findall(r"\bmake ([a-z]+)", readme))
    assert {"run", "test"} <= commands
    assert commands <= targets


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    described = set(re.findall(r"^([a-z-]+):.* ## \S", makefile, re.MULTILINE))
    assert set(phony[1].split()) - {"dev", "desktop"} == described


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert headings(ROOT / "CHANGELOG.md", 2)[0] == "Unreleased"


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_record_has_its_three_parts(record: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", record.stem)
    assert [part for part in headings(record, 2) if part in ("Context", "Decision", "Consequences")] == [
        "Context",
        "Decision",
        "Consequences",
    ]


def test_decision_records_have_numbers_of_their_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "adr").glob("*.md")]
    assert sorted(numbers) == sorted(set(numbers))


def test_every_link_between_pages_leads_somewhere() -> None:
    dead = []
    for page in documents():
        for groups in LINK.findall(page.read_text(encoding="utf-8")):
            target = (groups[0] or groups[1]).split("#")[0]
            if target and ":" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(ROOT)}: {target}")
    assert dead == []
