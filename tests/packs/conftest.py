"""Rooms of a server with the base data of the exercise town."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.app import build
from server.base.base import Base
from server.config import BaseSettings, Settings
from server.house import House
from tests.http.conftest import app, call, client

__all__ = ["app", "call", "client"]


@pytest.fixture
def house(tmp_path: Path, town_base: Base, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    rooms = build(tmp_path / "data", Settings(base=BaseSettings(folder=str(town_base.folder))))
    rooms.situations.start()
    yield rooms
    rooms.sync.stop()
    rooms.situations.stop()
    rooms.access.close()
    rooms.quarantine.close()
