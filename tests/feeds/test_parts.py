"""A feed is a module, a captured frame with what it must yield, a test and a row in docs/feeds.md."""

import pkgutil
import re
from pathlib import Path

import pytest

import server.feeds
from server.feeds import feeds
from tests.feeds.frames import EXPECTED, FRAMES, all_frames, expectation

ROOT = Path(__file__).resolve().parents[2]


def modules() -> list[str]:
    """Modules of the package that are feeds."""
    return [module.name for module in pkgutil.iter_modules(server.feeds.__path__) if not module.name.startswith("_")]


def rows() -> set[str]:
    """Names in the first column of the table of feeds."""
    page = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
    table = page.partition("## Feeds\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([a-z0-9_-]+)` \|", table, re.MULTILINE))


@pytest.mark.parametrize("name", modules())
def test_a_module_is_a_feed_of_its_name(name: str) -> None:
    assert feeds()[name].name == name
    assert feeds()[name].title


@pytest.mark.parametrize("name", modules())
def test_a_feed_has_a_frame(name: str) -> None:
    assert [frame for frame in all_frames() if frame.parent.name == name]


@pytest.mark.parametrize("name", modules())
def test_a_feed_has_a_test(name: str) -> None:
    assert list((ROOT / "tests" / "feeds").glob(f"test_{name}*.py"))


@pytest.mark.parametrize("name", modules())
def test_a_feed_has_a_row(name: str) -> None:
    assert name in rows()


def test_there_are_no_frames_and_rows_of_feeds_that_are_gone() -> None:
    assert {frame.parent.name for frame in all_frames()} == set(modules()) == rows()


def test_every_frame_says_what_it_must_yield() -> None:
    assert [frame.name for frame in all_frames() if not expectation(frame).exists()] == []
    known = {expectation(frame) for frame in all_frames()}
    assert [path.name for path in FRAMES.glob(f"*/*{EXPECTED}") if path not in known] == []
