"""GDAL and OWSLib read everything: a real server with two exercises and the town's base data."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from openapi_spec_validator import OpenAPIV30SpecValidator
from owslib.ogcapi.features import Features

from layers.views import layers_for
from server.ogc.live import KINDS, MIXED
from tests.objects.samples import pdf
from tests.ogc.gis import Gdal, features_by_gdal, layers_by_gdal
from tests.ogc.own_objects import CLOSED, OWN, write_own_objects
from tests.server import Server, wait_until

T = TypeVar("T")
FIRE, FAIR = "ex-hausbrand-1", "ex-libori-1"
WATER = {"base_open_water_lines": 1, "base_open_water_areas": 2}
"""The stream as a line; its bed and the pond."""
BASE = ("base_addresses", "base_water_points", *WATER, "base_places", "base_buildings", "base_roads")


class Town:
    """A server whose exercises stand still."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens: dict[str, str] = {}

    def token(self, role: str) -> str:
        """A token of a role for every situation."""
        if role not in self.tokens:
            unit = ("--unit", "urn:ngsi-ld:EmergencyVehicle:padertopia-hlf-1") if role == "crew" else ()
            self.tokens[role] = self.server.token(role, role, "--situation", "*", *unit)
        return self.tokens[role]

    def at(self, situation: str, path: str = "") -> str:
        """An address of the API."""
        return f"{self.server.url}/ogc/{situation}{path}"

    def get(self, path: str, role: str = "control", situation: str = FIRE) -> Any:
        """A document."""
        return self.server.get(f"/ogc/{situation}{path}", self.token(role))

    def picture(self, role: str, situation: str) -> dict[str, dict[str, Any]]:
        """What the role sees, by id."""
        features = self.server.get(f"/picture?situation={situation}", self.token(role))["features"]
        return {feature["id"]: feature for feature in features}

    def while_still(
        self, role: str, situation: str, work: Callable[[dict[str, dict[str, Any]]], T]
    ) -> tuple[dict[str, dict[str, Any]], T]:
        """What the role sees, and what the work gave while that stayed so: the server works out arrivals and water by
        itself, a while after the exercise stands still.
        """

        def undisturbed() -> tuple[dict[str, dict[str, Any]], T] | None:
            before = self.picture(role, situation)
            done = work(before)
            return (before, done) if self.picture(role, situation) == before else None

        found: tuple[dict[str, dict[str, Any]], T] = wait_until(undisturbed, "a picture that stands still", 120)
        return found

    def hold(self, situation: str, minutes: float) -> None:
        """Stop the exercise at a minute of its clock."""
        admin = self.token("admin")
        found = next(s for s in self.server.get("/situations", admin)["situations"] if s["id"] == situation)
        minute = int(found["starts_at"][14:16]) + minutes
        hour = int(found["starts_at"][11:13]) + int(minute // 60)
        to = f"{found['starts_at'][:11]}{hour:02d}:{int(minute % 60):02d}:00Z"
        for body in ({"action": "pause"}, {"action": "jump", "to": to}):
            answer = self.server.request("POST", f"/situations/{situation}/clock", admin, json=body)
            assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The house fire after eight minutes, the fair after twenty."""
    folder = tmp_path_factory.mktemp("ogc")
    write_own_objects(folder, folder / "data")
    with Server(folder / "data", "--demo", "hausbrand") as server:
        wait_until(lambda: len(server.lines) > 1, "the exercise to start")
        found = Town(server)
        admin = found.token("admin")
        started = server.request("POST", "/situations", admin, json={"scenario": "libori"})
        assert started.status_code == 201, started.text
        found.hold(FIRE, 8)
        found.hold(FAIR, 20)
        control = found.token("control")
        wait_until(lambda: all(one["version"] for one in server.get("/objects", control)["layers"]), "own objects")
        yield found


def names(role: str) -> list[str]:
    """The collections that a role must find."""
    told = []
    for layer in layers_for(role):
        told += [layer, *(f"{layer}_{kind}" for kind in KINDS if layer in MIXED)]
    return [*told, *(name for name, roles in OWN.items() if role in roles), *BASE]


@pytest.mark.parametrize(("role", "situation"), [("control", FIRE), ("liaison", "live")])
def test_ogrinfo_lists_every_collection_of_the_role(town: Town, role: str, situation: str) -> None:
    assert Gdal(town.at(situation), town.token(role)).layers() == names(role)


@pytest.mark.parametrize(("role", "situation"), [("control", FAIR), ("liaison", FIRE), ("crew", FIRE)])
def test_ogr2ogr_reads_each_layer_as_the_role_sees_it(town: Town, role: str, situation: str, tmp_path: Path) -> None:
    gdal = Gdal(town.at(situation), town.token(role))

    def all_layers(picture: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        used = {feature["properties"]["layer"] for feature in picture.values()}
        return [feature for layer in layers_for(role) if layer in used for feature in gdal.read(layer, 5, tmp_path)]

    picture, features = town.while_still(role, situation, all_layers)
    read = {feature["properties"]["id"]: feature for feature in features}
    assert len(read) == len(features), "nothing comes twice"
    assert read.keys() == picture.keys()
    assert len(picture) > 15
    for name, feature in read.items():
        seen, told = picture[name], feature["properties"]
        assert feature["geometry"] == approximately(seen["geometry"])
        assert told["layer"] == seen["properties"]["layer"]
        assert told["rev"] == seen["properties"]["rev"]
        assert told["exercise"] is True
        assert told["title"].startswith("ÜBUNG")


def approximately(geometry: Any) -> Any:
    """GDAL writes GeoJSON with seven decimals."""
    if isinstance(geometry, dict):
        return {**geometry, "coordinates": approximately(geometry["coordinates"])}
    if isinstance(geometry, list):
        return [approximately(one) for one in geometry]
    return geometry if geometry is None else pytest.approx(geometry, abs=1e-7)


def test_values_and_types_are_exact(town: Town, tmp_path: Path) -> None:
    gdal = Gdal(town.at(FIRE), town.token("control"))
    picture, (mission,) = town.while_still("control", FIRE, lambda _: gdal.read("missions", 10, tmp_path))
    (seen,) = [one for one in picture.values() if one["properties"]["layer"] == "missions"]
    told, known = mission["properties"], seen["properties"]
    assert told["address_text"] == known["address"]["text"]
    assert told["title"] == f"ÜBUNG: {known['title']}"
    assert told["situation"] == FIRE
    # They travel as text; GDAL writes text that is JSON into GeoJSON as what it is.
    assert (told["units"], told["unit_states"]) == (known["units"], known["unit_states"])
    assert "address" not in told
    fields = dict(
        line.split(": ")
        for line in gdal.run("ogrinfo", "-so", gdal.source, "units").splitlines()
        if line.count(": ") == 1
    )
    assert fields["observed_at"] == "DateTime (0.0)"
    assert fields["speed_mps"] == "Real (0.0)"
    assert fields["accuracy_m"] == "Real (0.0)", "a number also where nobody has told one yet"
    assert fields["fms_status"] == "Integer (0.0)"
    assert fields["emergency"] == "Integer(Boolean) (0.0)"


def test_the_liaison_gets_fewer_columns_and_no_devices(town: Town, tmp_path: Path) -> None:
    control, liaison = (Gdal(town.at(FIRE), town.token(role)) for role in ("control", "liaison"))
    assert control.read("devices", 50, tmp_path)
    assert {"devices", "cards"} <= set(control.layers()) - set(liaison.layers())
    assert "reporter" in control.read("missions", 50, tmp_path)[0]["properties"]
    assert "reporter" not in liaison.read("missions", 50, tmp_path)[0]["properties"]


def test_the_kinds_of_geometry_make_up_a_mixed_layer(town: Town, tmp_path: Path) -> None:
    gdal = Gdal(town.at(FAIR), town.token("control"))
    whole = [one for one in gdal.read("crowd", 100, tmp_path) if one["geometry"] is not None]
    parts = {kind: gdal.read(f"crowd_{kind}", 100, tmp_path) for kind in ("lines", "areas")}
    assert {one["geometry"]["type"] for one in parts["lines"]} == {"LineString"}
    assert {one["geometry"]["type"] for one in parts["areas"]} == {"Polygon"}
    assert len(parts["lines"]) == 10
    assert len(parts["lines"]) + len(parts["areas"]) == len(whole)


def test_ogr2ogr_reads_the_base_data(town: Town, tmp_path: Path) -> None:
    gdal = Gdal(town.at("live"), town.token("liaison"))
    for name in BASE:
        matched = town.get(f"/collections/{name}/items?limit=1", situation="live")["numberMatched"]
        assert matched == WATER[name] if name in WATER else matched > 15
        features = gdal.read(name, 50, tmp_path)
        assert len({json.dumps(one["geometry"]) + json.dumps(one["properties"]) for one in features}) == matched, name
    addresses = {
        (one["properties"]["street"], one["properties"]["housenumber"]): one["geometry"]["coordinates"]
        for one in gdal.read("base_addresses", 200, tmp_path)
    }
    asked = town.server.get("/base/geocode?q=Kettengasse 12", town.token("liaison"))["hits"][0]
    assert addresses["Kettengasse", "12"] == pytest.approx([asked["lon"], asked["lat"]], abs=1e-6)


@pytest.mark.parametrize("role", ["control", "crew", "liaison"])
def test_ogr2ogr_and_owslib_read_own_objects(town: Town, role: str, tmp_path: Path) -> None:
    gdal = Gdal(town.at(FIRE), town.token(role))
    api = Features(town.at(FIRE), headers={"Authorization": f"Bearer {town.token(role)}"})
    read = {name: gdal.read(name, 10, tmp_path) for name, roles in OWN.items() if role in roles}
    for name, features in read.items():
        layer, _, kind = name[4:].partition(".")
        told = town.server.get(f"/objects/{layer}?situation={FIRE}", town.token(role))["features"]
        chosen = [one for one in told if not kind or one["geometry"]["type"] in KINDS[kind][0]]
        expected = {one["id"]: one["geometry"] for one in chosen}
        assert {one["properties"]["id"]: one["geometry"] for one in features} == {
            identity: approximately(geometry) for identity, geometry in expected.items()
        }
        by_owslib = api.collection_items(name, limit=1000)
        assert {one["id"]: one["geometry"] for one in by_owslib["features"]} == expected
        if features:
            first = by_owslib["features"][0]
            assert api.collection_item(name, first["id"])["properties"] == first["properties"]
    hydrants = {one["properties"]["ref"]: one["properties"] for one in read["own_hydranten"]}
    assert len(hydrants) == 23
    seventh = hydrants["H 7"]
    assert (seventh["pressure_bar"], seventh["hydrant"], seventh["shown_Zuständige Zone"]) == (
        *(3.5, "underground", "Höhe 7"),
    )
    if role == "crew":
        assert read["own_depots"] == [], "nothing is near its mission"
    if role == "control":
        plans = {one["properties"]["ref"]: one["properties"]["plan"] for one in read["own_depots"]}
        assert plans["S 1"] is None
        answer = requests.get(plans["S 2"], auth=("qgis", town.token(role)), timeout=30)
        assert (answer.status_code, answer.content) == (200, pdf())
        fields = gdal.run("ogrinfo", "-so", gdal.source, "own_sperrungen")
        assert "valid_from: DateTime (0.0)" in fields
        gdal.run("ogr2ogr", "-f", "GPKG", str(tmp_path / "own.gpkg"), gdal.source, *OWN)
        assert layers_by_gdal(tmp_path / "own.gpkg")["own_hydranten (title: Hydranten der Stadtwerke)"] == "Point"
        assert layers_by_gdal(tmp_path / "own.gpkg")["own_sperrungen.areas (title: Sperrungen (Flächen))"] == "Polygon"
        stored = features_by_gdal(tmp_path / "own.gpkg", "own_sperrungen")
        assert {one["properties"]["ref"]: one["geometry"]["type"] for one in stored} == {
            f"C{n}": shape["type"] for n, shape in enumerate(CLOSED)
        }


def test_a_spatial_filter_goes_to_the_server(town: Town, tmp_path: Path) -> None:
    gdal = Gdal(town.at("live"), town.token("control"))
    everything = gdal.read("base_buildings", 500, tmp_path)
    box = (8.783, 51.829, 8.786, 51.831)
    within = gdal.read("base_buildings", 40, tmp_path, "-spat", *map(str, box))
    west, south, east, north = box
    told = town.get(f"/collections/base_buildings/items?limit=1&bbox={west},{south},{east},{north}", situation="live")
    assert told["numberMatched"] == len(within)
    assert 10 < len(within) < len(everything)


def test_owslib_reads_it(town: Town) -> None:
    for situation in (FIRE, "live"):
        api = Features(town.at(situation), headers={"Authorization": f"Bearer {town.token('control')}"})
        assert {one.rpartition("/")[2] for one in api.conformance()["conformsTo"]} == {
            "core",
            "oas30",
            "html",
            "geojson",
        }
        assert api.feature_collections() == names("control")
        assert api.collection("base_roads")["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    api = Features(town.at(FIRE), headers={"Authorization": f"Bearer {town.token('control')}"})
    units = api.collection_items("units", limit=2)
    assert (units["numberReturned"], len(units["features"])) == (2, 2)
    first = units["features"][0]
    assert api.collection_item("units", first["id"])["properties"] == first["properties"]
    assert api.response is not None


def test_the_description_is_openapi_3(town: Town) -> None:
    for role in ("control", "liaison"):
        document = town.get("/api", role)
        OpenAPIV30SpecValidator(document).validate()
        paths = document["paths"]
        known = paths["/collections/{collection}/items"]["get"]["parameters"][0]["schema"]["enum"]
        assert known == names(role)
        assert document["servers"] == [{"url": town.at(FIRE)}]


def test_every_link_of_every_document_leads_somewhere(town: Town) -> None:
    session = requests.Session()
    session.headers["X-Auth-Token"] = town.token("liaison")
    open_, seen = [town.at(FIRE)], set[str]()
    while open_:
        address = open_.pop()
        if len(seen) % 250 == 249:  # so many at once are too many for one token: another asks on
            session.headers["X-Auth-Token"] = town.server.token("liaison", f"{len(seen)}", "--situation", "*")
        answer = session.get(address, timeout=30)
        assert answer.status_code == 200, address
        seen.add(address)
        if answer.headers["Content-Type"].startswith("text/html"):
            continue
        document = answer.json()
        links = document.get("links", []) + [one for c in document.get("collections", ()) for one in c["links"]]
        for one in links:
            if one["href"].startswith(town.at(FIRE)) and one["href"] not in seen and one["rel"] != "related":
                assert answer.headers["Content-Type"].split(";")[0] != "text/html"
                open_.append(one["href"])
    assert len(seen) > 100


@pytest.mark.parametrize("role", ["control", "liaison"])
def test_a_geopackage_holds_what_the_role_sees(town: Town, role: str, tmp_path: Path) -> None:
    picture, answer = town.while_still(
        role, FAIR, lambda _: town.server.request("GET", f"/export.gpkg?situation={FAIR}", town.token(role))
    )
    assert answer.headers["Content-Type"] == "application/geopackage+sqlite3"
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="UEBUNG-lagebild-{FAIR}-')
    file = tmp_path / "fair.gpkg"
    file.write_bytes(answer.content)
    kinds = layers_by_gdal(file)
    assert set(kinds) == {feature["properties"]["layer"] for feature in picture.values()}
    assert kinds["units"] == "Point"
    read = {feature["properties"]["id"]: feature for feature in features_by_gdal(file)}
    assert read.keys() == picture.keys()
    for name, feature in read.items():
        seen = picture[name]["properties"]
        assert feature["geometry"] == approximately(picture[name]["geometry"])
        assert feature["properties"]["exercise"] is True
        assert feature["properties"]["title"].startswith("ÜBUNG")
        assert feature["properties"]["rev"] == seen["rev"]
        assert feature["properties"]["observed_at"][:19].replace("/", "-").replace(" ", "T") == seen["observed_at"][:19]
    about = subprocess.run(("ogrinfo", "-so", str(file), "units"), capture_output=True, text=True, check=True).stdout
    assert "IDENTIFIER=ÜBUNG: Einheiten" in about
    assert 'ID["EPSG",4326]' in about


@pytest.mark.parametrize("role", ["control", "liaison"])
def test_kml_holds_what_the_role_sees(town: Town, role: str, tmp_path: Path) -> None:
    picture, answer = town.while_still(
        role, FAIR, lambda _: town.server.request("GET", f"/export.kml?situation={FAIR}", town.token(role))
    )
    assert answer.headers["Content-Type"] == "application/vnd.google-earth.kml+xml"
    file = tmp_path / "fair.kml"
    file.write_bytes(answer.content)
    assert "ÜBUNG: Einheiten" in layers_by_gdal(file)
    read = {feature["properties"]["id"]: feature for feature in features_by_gdal(file)}
    assert read.keys() == picture.keys()
    for name, feature in read.items():
        seen = picture[name]
        if (seen["geometry"] or {}).get("type") in ("Point", "LineString"):
            assert feature["geometry"]["coordinates"] == approximately(seen["geometry"]["coordinates"])
        assert (feature["geometry"] is None) == (seen["geometry"] is None)
        assert feature["properties"]["Name"].startswith("ÜBUNG")
        assert feature["properties"]["description"].startswith("Stand ")
        assert feature["properties"].get("description_") == seen["properties"].get("description")


def test_some_layers_as_they_were_and_a_link_that_is_followed(town: Town, tmp_path: Path) -> None:
    control = town.token("control")
    file = tmp_path / "then.gpkg"
    for at, number in (("18:29:00", 0), ("18:45:00", 5)):
        path = f"/export.gpkg?situation={FAIR}&layers=units,missions&at=2026-07-25T{at}Z"
        file.write_bytes(town.server.request("GET", path, control).content)
        assert len(features_by_gdal(file, "units")) == number if number else True
        assert set(layers_by_gdal(file)) == ({"units", "missions"} if number else set())
    link = town.server.request("GET", f"/export.kml?situation={FAIR}&layers=units&refresh_s=30", control).text
    assert "<refreshInterval>30</refreshInterval>" in link
    assert f"<href>{town.server.url}/export.kml?situation={FAIR}&amp;layers=units</href>" in link
    pinned = town.server.request("GET", f"/export.kmz?situation={FAIR}&layers=units&refresh_s=30", control).text
    assert f"<href>{town.server.url}/export.kmz?situation={FAIR}&amp;layers=units</href>" in pinned
    answer = town.server.request("GET", f"/export.kmz?situation={FAIR}&layers=units", control)
    assert answer.headers["Content-Type"] == "application/vnd.google-earth.kmz"
    file = tmp_path / "now.kmz"
    file.write_bytes(answer.content)
    assert len(features_by_gdal(file)) == 5
    for query in ("refresh_s=1", "refresh_s=x", "layers=none", "at=never"):
        assert town.server.request("GET", f"/export.kml?{query}", control).status_code == 422
    assert town.server.request("GET", "/export.kml?layers=devices", town.token("liaison")).status_code == 422
