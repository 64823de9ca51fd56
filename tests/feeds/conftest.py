"""One running server for the tests of feeds that speak HTTP."""

from collections.abc import Iterator

import pytest

from tests.feeds.gate import Gate
from tests.server import Server


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A server without an exercise."""
    with Server(tmp_path_factory.mktemp("gate"), "--no-demo") as running:
        yield Gate(running)
