"""What every test may lean on: where the recorded samples are, and settings that make runs repeatable."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from fixtures.library import town_osm_path
from server.base.base import Base
from tests.once import base_once
from tests.server import Server

ROOT = Path(__file__).resolve().parent.parent

# Kivy reads these on import: it must neither parse pytest's arguments nor take over logging and standard error, and
# its settings and icons are not to be those of who runs the tests.
KIVY_HOME = ROOT / ".cache" / "kivy"
KIVY_HOME.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("KIVY_HOME", str(KIVY_HOME))
os.environ.setdefault("KIVY_NO_ARGS", "1")
os.environ.setdefault("KIVY_NO_CONSOLELOG", "1")
os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")

# A slow machine is no bug. Under CI hypothesis loads its own profile, which draws the same examples every time.
hypothesis.settings.register_profile(
    "lagebild", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if not os.environ.get("CI"):
    hypothesis.settings.load_profile("lagebild")


def samples_folder() -> Path:
    """The folder of recorded samples: `LAGEBILD_SAMPLES`, by default `shared/samples` beside the checkout."""
    return Path(os.environ.get("LAGEBILD_SAMPLES") or ROOT.parent / "shared" / "samples")


def pytest_configure() -> None:
    """A run that must cover the samples (`LAGEBILD_REQUIRE_SAMPLES=1`) stops at once where they are not."""
    if os.environ.get("LAGEBILD_REQUIRE_SAMPLES") == "1" and not samples_folder().is_dir():
        raise pytest.UsageError(f"LAGEBILD_REQUIRE_SAMPLES=1, but there is no folder {samples_folder()}")


def pytest_report_header() -> str:
    """Says in the first lines of a run whether tests/field is part of it."""
    if samples_folder().is_dir():
        return f"samples: {samples_folder()}"
    return f"samples: none at {samples_folder()}, so tests/field is left out (set LAGEBILD_SAMPLES to run it)"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leaves tests/field out where there are no samples."""
    if collection_path == ROOT / "tests" / "field" and not samples_folder().is_dir():
        return True
    return None


def _town(factory: pytest.TempPathFactory) -> Base:
    words = "--name", "Padertopia", "--attribution", "Padertopia, fiktiver Übungsort"
    return base_once(factory, "town", town_osm_path(), *words)


@pytest.fixture(scope="session")
def town_base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """The base data of the exercise town, built once. For reading only; do not close it."""
    return _town(tmp_path_factory)


@pytest.fixture(scope="session", autouse=True)
def town_for_demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A demo on a new data folder would build the town's base data each time."""
    Server.ground = staticmethod(lambda: _town(tmp_path_factory).folder)
    yield
    Server.ground = None


UNTRACED = ("fixtures", "house", "browser", "field", "ogc")
"""Folders whose tests add nothing to the coverage of layers, server and mobile that others do not give: tests/field is
left out where there are no samples, and the floor holds there too.
"""


@pytest.fixture(scope="module", autouse=True)
def untraced(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nor are the servers of these tests traced: who looks at a screen wants one that keeps pace."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.relative_to(ROOT / "tests").parts[0] in UNTRACED:
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield


LONG = ("mobile/test_window", "browser", "sync", "mobile/test_cab", "transports", "ogc", "fixtures", "field", "tak",
        "journal", "situations", "cli", "objects", "ways")  # fmt: skip
"""What is begun first, by the beginning of the path: few tests that take long each. The thousands of short ones fill
what is left at the end, so that no worker stands idle while another still drives a browser.
"""


def _rank(item: pytest.Item) -> int:
    path = item.path.relative_to(ROOT / "tests").as_posix()
    return next((rank for rank, begin in enumerate(LONG) if path.startswith(begin)), len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders the files, and leaves property tests and folders that measure nothing of ours out of the tracing.

    Tracing triples their time, and an example that hypothesis draws covers no line for the next reader to rely on.
    """
    items.sort(key=_rank)
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in UNTRACED or hypothesis.is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of recorded samples, for tests/field."""
    return samples_folder()
