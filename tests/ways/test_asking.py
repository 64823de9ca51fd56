"""Water and ways as commands and over HTTP, on the exercise town."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from layers.content import Content, CrowdCount, CrowdRegion
from layers.observation import Observation
from server.app import build as build_house
from server.app import create_app
from server.base.base import Base
from server.cli import main
from server.config import BaseSettings, Settings
from server.house import House
from server.http import base_ways
from tests.layers.world import square
from tests.ways.places import at
from tests.ways.test_routing import two_ways

STATION, HOUSE = "51.8320,8.7750", "51.8290,8.7800"


@pytest.fixture(scope="module")
def base(town_base: Base) -> Base:
    """The exercise town."""
    return town_base


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(main, ["base", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands(base: Base, tmp_path: Path) -> None:
    folder = str(base.folder)
    rows = json.loads(run("water", "--base", folder, "51.8286", "8.7763", "--limit", "2", "--json"))
    assert [row["b_hoses"] for row in rows] == sorted(row["b_hoses"] for row in rows)
    assert set(rows[0]) >= {"id", "kind", "lat", "lon", "distance_m", "b_hoses", "diameter_mm", "position", "ref"}
    assert rows[0]["ref"] in run("water", "--base", folder, "51.8286", "8.7763")
    assert "No water" in run("water", "--base", folder, "10", "10")
    told = json.loads(run("route", "--base", folder, STATION, HOUSE, "--json"))["route"]
    assert told["duration_s"] > 10
    assert told["steps"][0]["turn"] == "depart"
    (lon, lat), (to_lon, to_lat) = told["geometry"]["coordinates"][0], told["geometry"]["coordinates"][-1]
    middle = told["geometry"]["coordinates"][len(told["geometry"]["coordinates"]) // 2]
    assert "m on foot" in run("route", "--base", folder, "Wiesenstraße 3", "Liborigasse")
    area = tmp_path / "zu.geojson"
    ring = [
        [middle[0] + dx, middle[1] + dy] for dx, dy in ((-2e-4, -2e-4), (2e-4, -2e-4), (2e-4, 2e-4), (-2e-4, -2e-4))
    ]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    area.write_text(json.dumps({"type": "Feature", "properties": {"name": "Umzug"}, "geometry": polygon}))
    around = run("route", "--base", folder, f"{lat},{lon}", f"{to_lat},{to_lon}", "--avoid", str(area))
    assert "driven around: Umzug, +" in around


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("route", "hier", HOUSE), "is no place we know and no LAT,LON"),
        (("route", "gasse", HOUSE), "may be one of several places:"),
        (("route", "99,8", HOUSE), "is not on the earth"),
        (("route", STATION, HOUSE, "--profile", "Panzer"), "there is no vehicle Panzer; there are HLF, DLK, RTW, KdoW"),
        (("route", STATION, HOUSE, "--at", "morgen"), "'morgen' is no time such as 2026-11-30T07:30"),
        (("route", STATION, HOUSE, "--base", "/nowhere"), "lagebild base build"),
    ],
)
def test_what_cannot_be_asked(base: Base, arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(
        main, ["base", *arguments, *(() if "--base" in arguments else ("--base", str(base.folder)))]
    )
    assert (result.exit_code, message in result.output) == (1, True), result.output


def test_a_damaged_graph_is_said(base: Base, tmp_path: Path) -> None:
    shutil.copytree(base.folder, tmp_path / "base")
    (graph,) = (tmp_path / "base").glob("*/roads.npz")
    graph.write_bytes(graph.read_bytes()[:1000])
    result = CliRunner().invoke(main, ["base", "route", STATION, HOUSE, "--base", str(tmp_path / "base")])
    assert result.exit_code == 1
    assert "roads.npz is no road graph" in result.output


@contextmanager
def running(folder: Path, data: Path) -> Iterator[House]:
    """A server with this base data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAGEBILD_ASYNC_MODE", "threading")
        rooms = build_house(data, Settings(base=BaseSettings(folder=str(folder))))
        rooms.situations.start()
        yield rooms
        rooms.sync.stop()
        rooms.situations.stop()
        rooms.access.close()
        rooms.quarantine.close()


def control(house: House) -> FlaskClient:
    """Calls it as the control room."""
    found = create_app(house)[0].test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {house.access.create('control', 'test', None, '*')[0]}"
    return found


@pytest.fixture(scope="module")
def house(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server with the town's base data."""
    with running(base.folder, tmp_path_factory.mktemp("data")) as rooms:
        yield rooms


@pytest.fixture(scope="module")
def client(house: House) -> FlaskClient:
    """Calls it as the control room."""
    return control(house)


def test_over_http(client: FlaskClient) -> None:
    water = client.get("/base/water?at=51.8286,8.7763&limit=3").get_json()["water"]
    assert len(water) == 3
    answer = client.get(f"/base/route?from={STATION}&to={HOUSE}&lang=en").get_json()
    assert (answer["situation"], answer["status"]) == ("live", "Actual")
    assert answer["route"]["steps"][0]["text"].startswith("start")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/base/water", 422), ("/base/water?at=1", 422), ("/base/water?at=nan,nan", 422), ("/base/water?at=91,0", 422),
        ("/base/water?at=1,2&limit=51", 422), ("/base/route?from=1,2", 422),
        ("/base/route?from=1,2&to=1,2&profile=X", 422),
        ("/base/route?from=1,2&to=1,2&lang=fr", 422), ("/base/route?from=1,2&to=1,2&avoid={", 422),
        ("/base/route?from=1,2&to=1,2&avoid={}", 422), ("/base/route?from=1,2&to=1,2&situation=nie", 404),
        ("/base/route?from=1,2&to=1,2&avoid=" + "[" * 3000, 422),
        ("/base/route?from=1,2&to=1,2&at=morgen", 422), ("/base/route?from=1,2&to=1,2&at=2026-11-30T08:00", 422),
    ],
)  # fmt: skip
def test_bad_questions_get_a_clear_answer(client: FlaskClient, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert set(response.get_json()) == {"error", "description", "why"}


def test_off_the_map_there_is_no_way_but_an_answer(client: FlaskClient) -> None:
    answer = client.get(f"/base/route?from={STATION}&to=10,10").get_json()
    assert (answer["route"], answer["reason"], answer["detail"]) == (None, "off_map", ["goal"])


def test_areas_that_hold_half_the_world_are_refused(client: FlaskClient) -> None:
    def asked(*areas: Any) -> Any:
        avoid = quote(json.dumps({"type": "FeatureCollection", "features": areas}))
        return client.get(f"/base/route?from={STATION}&to={HOUSE}&avoid={avoid}")

    town = square(8.79, 51.83, 0.02)  # 12.2 km²; both are in it, so it slows but does not close
    assert asked(*[town] * 8).status_code == 200
    butterfly = {"type": "Polygon", "coordinates": [[[8, 51], [9, 52], [9, 51], [8, 52], [8, 51]]]}
    for areas in ([town] * 9, [butterfly]):
        refused = asked(*areas)
        assert (refused.status_code, "at most 100 km² together" in refused.get_json()["description"]) == (422, True)
    line = {"type": "LineString", "coordinates": [[8, 51], [9, 52]]}
    assert asked(line).status_code == 200


def test_one_token_takes_no_more_than_its_share(client: FlaskClient, house: House) -> None:
    token, row = house.access.create("crew", "HLF", "urn:1", "*")
    base_ways._asking[row.id] = base_ways.PER_TOKEN
    try:
        response = client.get("/base/water?at=51.8286,8.7763", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
        assert client.get("/base/water?at=51.8286,8.7763").status_code == 200, "another was turned away, too"
    finally:
        del base_ways._asking[row.id]


def test_who_comes_when_all_turns_are_taken_asks_again(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_ways, "WAIT_S", 0.01)
    taken = [base_ways._turns.acquire(blocking=False) for _ in range(base_ways.AT_ONCE)]
    assert all(taken)
    try:
        response = client.get("/base/water?at=51.8286,8.7763")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    finally:
        for _ in taken:
            base_ways._turns.release()
    assert client.get("/base/water?at=51.8286,8.7763").status_code == 200


def test_a_dense_crowd_of_the_situation_is_in_the_way(client: FlaskClient, house: House) -> None:
    free = client.get(f"/base/route?from={STATION}&to={HOUSE}").get_json()["route"]
    lon, lat = free["geometry"]["coordinates"][len(free["geometry"]["coordinates"]) // 2]
    area = square(lon, lat, 3e-4)
    now = house.situations.live.clock.now()

    def said(subject: str, content: Content) -> Observation:
        return Observation(id=subject, source="ngsi/zaehler", subject=subject, content=content,
                           observed_at=now, reported_at=now, received_at=now)  # fmt: skip

    crowd = CrowdCount(people=1_000_000, region="region:1")
    region = CrowdRegion(name="Marktplatz", area=area, count="count:1")
    house.situations.live.desk.submit([said("region:1", region), said("count:1", crowd)])
    told = client.get(f"/base/route?from={STATION}&to={HOUSE}").get_json()["route"]
    assert [*told["avoided"], *told["passes"]] == ["Marktplatz"]
    assert told["detour_s"] > 0


def test_a_way_at_a_time(tmp_path: Path) -> None:
    place = two_ways(access__conditional="no @ (Mo-Fr 07:00-16:00)")
    folder = str(place.base(tmp_path).folder)
    ends = [f"{lat},{lon}" for lon, lat in (at(-1, 0), at(4, 0))]

    def driven(when: str) -> str:
        return str(run("route", "--base", folder, *ends, "--at", when))

    # Without a zone it is one of the settings, which say UTC; the place lies in Central Europe.
    assert "Kurz" in driven("2026-11-30T05:59")
    assert "Lang" in driven("2026-11-30T06:01")
    assert "Lang" in driven("2026-11-30T15:59:00+01:00")
    assert "Kurz" in driven("2026-11-30T16:00:00+01:00")
    with running(Path(folder), tmp_path / "data") as house:
        for when, street in (("2026-11-30T08:00:00%2B01:00", "Lang"), ("2026-11-30T17:00:00%2B01:00", "Kurz")):
            query = f"/base/route?from={ends[0]}&to={ends[1]}&at={when}"
            told = control(house).get(query).get_json()["route"]
            assert street in [step["street"] for step in told["steps"]]
