"""One server with the demo exercise for each module, one network and one folder for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.base.base import Base
from server.packs.area import PackArea, PackEntry
from server.packs.cut import cut
from tests.mobile.exercise import Exercise
from tests.mobile.network import Network
from tests.server import Server, wait_until


@pytest.fixture(scope="session")
def town_pack(town_base: Base, tmp_path_factory: pytest.TempPathFactory) -> tuple[PackEntry, Path]:
    """The offline pack of the exercise town."""
    path = tmp_path_factory.mktemp("pack") / "town.pack"
    return cut(PackArea(id="gebiet", title="Padertopia"), town_base, path), path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server"), "--demo", "hausbrand") as server:
        wait_until(lambda: any("crew app" in line for line in server.lines), "the demo to be ready")
        yield server


@pytest.fixture(scope="module")
def exercise(server: Server) -> Exercise:
    return Exercise(server)


@pytest.fixture
def network(server: Server) -> Iterator[Network]:
    with Network(server.url) as network:
        yield network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "app"
