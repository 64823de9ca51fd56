"""One running server per module of tests, in both async modes where a test asks for it."""

from collections.abc import Iterator

import pytest

from tests.server import Server


@pytest.fixture(scope="module", params=["eventlet"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without an exercise."""
    with Server(tmp_path_factory.mktemp("data"), LAGEBILD_ASYNC_MODE=request.param) as running:
        yield running
