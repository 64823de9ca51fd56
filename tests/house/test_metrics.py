"""The table of metrics in docs/operations.md names what the server tells, all of it and nothing else."""

import re

import pytest

from server.app import build
from server.config import Settings
from tests.house.repository import ROOT, documents

NAME = re.compile(r"\blagebild_[a-z0-9_]*[a-z0-9]\b")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of a server without a situation: a family says its name before it has a value."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAGEBILD_ASYNC_MODE", "threading")
        house = build(tmp_path_factory.mktemp("metrics") / "data", Settings())
        text = house.metrics.text().decode()
        house.access.close()
        house.quarantine.close()
    kinds = re.findall(r"^# TYPE (lagebild_\w+) \w+$", text, re.MULTILINE)
    return {name for name in kinds if not name.endswith("_created")}  # when a counter began: the library's own


def in_the_table() -> list[str]:
    """The names in the first column, as often as they stand there."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.split("| metric | what to watch |", 1)[1].split("\n\n", 1)[0]
    return [name for row in table.splitlines() for name in NAME.findall(row.split(" | ")[0])]


def test_every_metric_is_explained_once_and_every_explained_metric_is_told(told: set[str]) -> None:
    assert len(told) > 40
    assert sorted(in_the_table()) == sorted(told)


def test_no_page_speaks_of_a_metric_that_is_not_told(told: set[str]) -> None:
    known = told | {f"{name}_{end}" for name in told for end in ("bucket", "sum", "count")}
    wrong = {
        (page.relative_to(ROOT).as_posix(), name)
        for page in documents()
        for name in re.findall(r"`(lagebild_[a-z0-9_]*[a-z0-9])[`{]", page.read_text(encoding="utf-8"))
        if name not in known
    }
    assert wrong == set()
