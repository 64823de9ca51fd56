"""A server in this process, called without a network, in threading mode."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import build, create_app
from server.config import Settings
from server.house import House

Call = Callable[..., TestResponse]


@pytest.fixture
def settings() -> Settings:
    """The defaults; a test module may say otherwise."""
    return Settings()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[House]:
    """The rooms of a server, at work."""
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    rooms = build(tmp_path / "data", settings)
    rooms.situations.start()
    yield rooms
    rooms.sync.stop()
    rooms.situations.stop()
    rooms.access.close()
    rooms.quarantine.close()


@pytest.fixture
def app(house: House) -> Flask:
    """The application of these rooms."""
    return create_app(house)[0]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Calls the application."""
    return app.test_client()


@pytest.fixture
def call(client: FlaskClient, house: House) -> Call:
    """call("GET", "/path", role="control", json=...): a request with a fresh token of the role."""
    tokens: dict[tuple[str, str | None], str] = {}

    def call(
        method: str, path: str, role: str | None = None, unit: str | None = None, **options: object
    ) -> TestResponse:
        headers = dict(options.pop("headers", None) or {})  # type: ignore[call-overload]
        if role is not None:
            key = (role, unit)
            if key not in tokens:
                tokens[key] = house.access.create(role, f"test {role}", unit, "*")[0]
            headers["Authorization"] = f"Bearer {tokens[key]}"
        return client.open(path, method=method, headers=headers, buffered=True, **options)  # type: ignore[arg-type]

    return call
