"""Own closures and hydrants in the exercise town: driven around and found, each told by name to its audience alone."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from layers.geo import distance_m
from server.app import build, create_app
from server.base.base import Base
from server.base.objects.library import Objects
from server.base.objects.settings import settings as objects_of
from server.base.objects.ways import NAMELESS, closures
from server.config import BaseSettings, Settings
from server.house import House
from tests.http.conftest import call as call_fixture

Call = Callable[..., TestResponse]
call = call_fixture
NOW = datetime.now(UTC)
ALL = ["control", "crew", "planner", "liaison", "admin"]
ROUTE = "/base/route?from=51.8320,8.7750&to=51.8290,8.7800"
WATER = "/base/water?at=51.8286,8.7763&limit=50"


def feature(ref: str, geometry: Any, **told: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"ref": ref, "title": ref, **told}}


@pytest.fixture
def house(tmp_path: Path, town_base: Base, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The town with a closure layer of the control room and hydrants of three audiences."""
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    common = {"title": "T", "purpose": "Zweck"}
    (tmp_path / "closed.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    for name in ("all", "control", "near"):
        (tmp_path / f"{name}.csv").write_text("ref,lon,lat,diameter_mm\n" + f"{name}-1,8.7763,51.8287,80\n")
    hydrants = {"kind": "hydrant"}
    layers = {
        "closed": {**common, "source": str(tmp_path / "closed.geojson"), "kind": "closure", "audience": ["control"]},
        "all": {**common, **hydrants, "source": str(tmp_path / "all.csv"), "audience": ALL, "title": "Stadtwerke"},
        "control": {**common, **hydrants, "source": str(tmp_path / "control.csv"), "audience": ["control"]},
        "near": {
            **common, **hydrants, "source": str(tmp_path / "near.csv"), "audience": ["crew", "control"],
            "mission_only": True,
        },
    }  # fmt: skip
    base = BaseSettings(folder=str(town_base.folder), objects=objects_of(layers))
    rooms = build(tmp_path / "data", Settings(base=base))
    rooms.situations.start()
    rooms.objects.refresh()
    yield rooms
    rooms.sync.stop()
    rooms.situations.stop()
    rooms.access.close()
    rooms.quarantine.close()


@pytest.fixture
def app(house: House) -> Flask:
    return create_app(house)[0]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def close(house: House, tmp_path: Path, *features: dict[str, Any]) -> None:
    body = json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "closed.geojson").write_text(body)
    house.objects.refresh()
    assert house.objects.state("closed").trouble is None


def test_a_route_drives_around_what_is_closed_now(house: House, call: Call, tmp_path: Path) -> None:
    free = call("GET", ROUTE, "control").get_json()["route"]
    line = free["geometry"]["coordinates"]
    middle = line[len(line) // 2]
    later, before = (NOW + timedelta(hours=1)).isoformat(), (NOW - timedelta(hours=1)).isoformat()
    point = {"type": "Point", "coordinates": middle}
    for told in ({"valid_from": later}, {"valid_to": before}):
        close(house, tmp_path, feature("Baustelle", point, **told))
        same = call("GET", ROUTE, "control").get_json()["route"]
        assert (same["geometry"], same["avoided"]) == (free["geometry"], [])
    close(house, tmp_path, feature("Baustelle", point, valid_from=before, valid_to=later))
    around = call("GET", ROUTE, "control").get_json()["route"]
    assert around["avoided"] == ["Baustelle"]
    assert min(distance_m(*middle, *place) for place in around["geometry"]["coordinates"]) > 5.0
    crew = call("GET", ROUTE, "crew").get_json()["route"]
    assert (crew["geometry"], crew["avoided"]) == (around["geometry"], [NAMELESS])
    assert "Baustelle" not in call("GET", ROUTE, "crew").text
    assert [one.name for one in closures(house.objects, NOW, None)] == [NAMELESS], "what is journaled is for everybody"


REFS = {
    "control": {"all-1", "control-1", "near-1"},
    "crew": {"all-1"},
    "planner": {"all-1"},
    "liaison": {"all-1"},
    "admin": {"all-1"},
}


def test_water_of_the_waterworks_for_its_audience(house: House, call: Call) -> None:
    for role, refs in REFS.items():
        rows = call("GET", WATER, role).get_json()["water"]
        own = {row["ref"]: row for row in rows if "source" in row}
        assert set(own) == refs, role
        told = own["all-1"]
        assert (told["source"], told["diameter_mm"], told["kind"]) == ("Stadtwerke", 80, "hydrant")
        assert told["id"].startswith("own/all/")
        assert (told["lon"], told["lat"]) == (8.7763, 51.8287)
        assert len([row for row in rows if "source" not in row]) >= 2, "those of the map are there, too"
        assert [row["distance_m"] for row in rows] == sorted(row["distance_m"] for row in rows)
    assert house.own_water.version() == house.own_water.version() != ""


def test_settings_without_objects_change_nothing(tmp_path: Path) -> None:
    nothing = Objects(tmp_path, {})
    assert closures(nothing, NOW, "control") == []
