"""The map of the base data over HTTP: ranges, versions, and what clients are told of it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pmtiles.reader import Reader

from server.base.base import Base
from server.base.tiles_read import decode
from server.config import BaseSettings, Settings
from tests.http.conftest import Call


@pytest.fixture
def settings(town_base: Base) -> Settings:
    """The server has the town's base data."""
    return Settings(base=BaseSettings(folder=str(town_base.folder)))


def test_a_client_is_told_and_reads_tiles_by_ranges(call: Call, town_base: Base) -> None:
    base = call("GET", "/config", "crew").get_json()["base"]
    version = town_base.manifest.version
    assert base == {
        "version": version,
        "name": "Padertopia",
        "bbox": list(town_base.manifest.bbox),
        "built_at": town_base.manifest.built_at,
        "attribution": "Padertopia, fiktiver Übungsort",
        "tiles": f"/basemap/{version}/tiles.pmtiles",
    }

    def read(offset: int, length: int) -> bytes:
        last = offset + length - 1
        answer = call("GET", base["tiles"], "crew", headers={"Range": f"bytes={offset}-{last}"})
        assert answer.status_code == 206
        assert answer.headers["Content-Range"].startswith(f"bytes {offset}-{last}/")
        assert answer.headers["ETag"] == f'"{version}"'
        return bytes(answer.data)

    reader: Any = Reader(read)  # type: ignore[no-untyped-call]
    content = reader.get(15, 17183, 10849)
    assert content
    assert {"building", "road", "housenumber"} <= set(decode(content))


def test_what_a_cache_may_keep_and_what_has_changed(call: Call, town_base: Base) -> None:
    path = f"/basemap/{town_base.manifest.version}/tiles.pmtiles"
    whole = call("GET", path, "control")
    assert (whole.status_code, whole.data[:7], whole.headers["Accept-Ranges"]) == (200, b"PMTiles", "bytes")
    assert whole.headers["Cache-Control"] == "private, max-age=604800, immutable"
    assert whole.headers["Content-Type"] == "application/vnd.pmtiles"
    again = call("GET", path, "control", headers={"If-None-Match": f'"{town_base.manifest.version}"'})
    assert (again.status_code, again.data) == (304, b"")
    other = call("GET", path, "control", headers={"Range": "bytes=0-6", "If-Range": '"another"'})
    assert (other.status_code, len(other.data)) == (200, len(whole.data)), "of another version no piece is given"
    beyond = call("GET", path, "control", headers={"Range": f"bytes={len(whole.data)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize("version", ["0" * 16, "..", "%2e%2e", "x", "A" * 16])
def test_a_version_that_is_none(call: Call, version: str) -> None:
    assert call("GET", f"/basemap/{version}/tiles.pmtiles", "control").status_code == 404


def test_without_base_data(app: Flask, call: Call, town_base: Base, tmp_path: Path) -> None:
    bases = app.extensions["lagebild"].bases
    bases.folder = tmp_path
    assert call("GET", "/config", "control").get_json()["base"] is None
    shutil.copytree(town_base.folder, tmp_path, dirs_exist_ok=True)
    told = call("GET", "/config", "control").get_json()["base"]
    assert told["version"] == town_base.manifest.version, "built while the server runs, it is there without a restart"
