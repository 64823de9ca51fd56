"""Chromium against real servers. A test fails for what the browser complains about, too: see `Desk.complaints`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import BUNDLE, CHROMIUM, FLAGS
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise

Open = Callable[..., Desk]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: it costs half a core while it is there. Each desk is a context of its own."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: .ci/system-packages installs it"
    assert BUNDLE.exists(), "the browser bundle is not built: make setup"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def open_desk(browser: Browser) -> Iterator[Open]:
    """Opens desks; at the end of the test each must have nothing to complain of."""
    opened: list[Desk] = []

    def open_one(url: str, **options: object) -> Desk:
        desk = Desk(browser, url, **options)  # type: ignore[arg-type]
        opened.append(desk)
        return desk

    yield open_one
    complaints = [complaint for desk in opened for complaint in desk.close()]
    assert complaints == []


@pytest.fixture(scope="module")
def hausbrand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exercise]:
    """The demo exercise, halted six and a half minutes in: everybody is on scene. Shared: look, do not steer."""
    with Exercise(tmp_path_factory.mktemp("hausbrand"), "hausbrand") as exercise:
        exercise.pause()
        exercise.jump(390)
        yield exercise


@pytest.fixture(scope="module")
def libori(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exercise]:
    """The fair, halted when one region is over its threshold. Shared: look, do not steer."""
    with Exercise(tmp_path_factory.mktemp("libori"), "libori") as exercise:
        exercise.pause()
        exercise.jump(3120)
        yield exercise


@pytest.fixture
def own_exercise(tmp_path: Path) -> Iterator[Exercise]:
    """A Hausbrand of one's own, to steer, kill and start again."""
    with Exercise(tmp_path / "data", "hausbrand") as exercise:
        yield exercise
