"""Own objects as collections of the OGC API: for each role exactly what GET /objects gives it, no word of the rest."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from server.audit import Audit
from server.base.objects.settings import settings as objects_of
from server.config import BaseSettings, ServerSettings, Settings
from server.house import House
from server.ogc.own import TYPES
from tests.http.conftest import Call
from tests.objects.samples import KAMP, UNIT, pdf, send_mission

ROLES = ("control", "crew", "planner", "liaison", "admin")
LON, LAT = KAMP
SITE = "https://lage.example.org"
KNOWN = {
    "control": ["own_hydranten", "own_safes", "own_sperrungen"],
    "crew": ["own_hydranten", "own_safes", "own_sperrungen"],
    "planner": ["own_hydranten", "own_planung", "own_sperrungen"],
    "liaison": ["own_hydranten", "own_sperrungen"],
    "admin": ["own_hydranten", "own_sperrungen"],
}
SECRETS = {"Schlüsseldepots": ("control", "crew"), "Vorplanung": ("planner",), "4711": ("control",)}
"""What must not be read by other roles on any page."""


def closure(ref: str, geometry: Any, begins: str | None, ends: str | None) -> dict[str, Any]:
    """A row of the closures."""
    told = {"ref": ref, "valid_from": begins, "valid_to": ends}
    return {"type": "Feature", "geometry": geometry, "properties": told}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve hydrants in a row, a key safe with a plan at the mission and one far away, three closures."""
    folder = tmp_path_factory.mktemp("sources")
    rows = "".join(f"H{n:02},{LON + n / 1000:.4f},{LAT},UFH,100,{n},z{n}\n" for n in range(12))
    (folder / "hydrants.csv").write_text("ref,lon,lat,hydrant,diameter_mm,pressure_bar,zone\n" + rows)
    safes = f"S-near,{LON + 0.001},{LAT},Code 4711\nS-far,{LON + 0.03},{LAT},x\n"
    (folder / "safes.csv").write_text("ref,lon,lat,note\n" + safes)
    (folder / "plans").mkdir()
    (folder / "plans" / "S-near.pdf").write_bytes(pdf(2))
    bent = {"type": "LineString", "coordinates": [[8.0, 51.0], [8.2, 51.0], [8.2, 51.2]]}
    area = {"type": "Polygon", "coordinates": [[[9, 52], [9.2, 52], [9.2, 52.2], [9, 52]]]}
    hour = "2026-07-25T{}:00:00Z".format
    closed = [
        closure("line", bent, hour("08"), hour("10")),
        closure("area", area, hour("10"), None),
        closure("point", {"type": "Point", "coordinates": [8.2, 51.2]}, None, None),
    ]
    (folder / "closed.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": closed}))
    return folder


@pytest.fixture
def settings(sources: Path) -> Settings:
    """Hydrants and closures for everybody, key safes for crews at their mission, a layer of the planners."""
    layers = {
        "hydranten": {
            "source": str(sources / "hydrants.csv"), "kind": "hydrant", "audience": list(ROLES), "title": "Hydranten",
            "purpose": "Löschwasser", "show": {"Zone der Stadt": "zone"}, "plans": "nowhere",
            "attribution": "Stadtwerke Musterort", "licence": "https://lage.example.org/nutzung",
        },
        "safes": {
            "source": str(sources / "safes.csv"), "kind": "key_safe", "audience": ["control", "crew"],
            "title": "Schlüsseldepots", "purpose": "Zugang", "mission_only": True, "mission_m": 300,
        },
        "planung": {
            "source": str(sources / "hydrants.csv"), "audience": ["planner"], "title": "Vorplanung", "purpose": "Fest",
            "plans": "nowhere",
        },
        "sperrungen": {
            "source": str(sources / "closed.geojson"), "kind": "closure", "audience": list(ROLES),
            "title": "Sperrungen", "purpose": "Anfahrt", "plans": "nowhere",
        },
    }  # fmt: skip
    return Settings(base=BaseSettings(objects=objects_of(layers)), server=ServerSettings(public_url=SITE))


@pytest.fixture
def ready(house: House) -> House:
    """The layers are imported."""
    house.objects.refresh()
    return house


def read(call: Call, path: str, role: str = "control", unit: str | None = None, **query: Any) -> Any:
    """A document below the live situation that must be given."""
    answer = call("GET", f"/ogc/live{path}", role, unit, query_string=query)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def items(call: Call, name: str, role: str = "control", unit: str | None = None, **query: Any) -> list[str]:
    """References of the features, page after page; as many as are said to be there."""
    answer = read(call, f"/collections/{name}/items", role, unit, **query)
    matched, found = answer["numberMatched"], list(answer["features"])
    while following := [one["href"] for one in answer["links"] if one["rel"] == "next"]:
        parts = urlsplit(following[0])
        answer = json.loads(call("GET", f"{parts.path}?{parts.query}", role, unit).data)
        found += answer["features"]
    assert len(found) == matched
    return sorted(one["properties"]["ref"] for one in found)


def test_each_role_has_its_layers_and_no_word_of_the_others(ready: House, call: Call) -> None:
    keys = {name: ready.objects.of_layer(name)[0].own.key for name in ready.objects.settings}
    everything = sorted({name for names in KNOWN.values() for name in names})
    for role, known in KNOWN.items():
        told = [f"own_{one['name']}" for one in call("GET", "/objects", role).get_json()["layers"]]
        listed = [one["id"] for one in read(call, "/collections", role)["collections"]]
        assert sorted(told) == sorted(one for one in listed if one.startswith("own_") and "." not in one) == known, role
        by_kind = [f"own_sperrungen.{kind}" for kind in ("points", "lines", "areas")]
        assert [one for one in listed if "." in one] == by_kind, "hydrants and key safes are points"
        for name in [*everything, "own_none", "own_"]:
            here = f"/ogc/live/collections/{name}"
            identity = f"own:{name[4:]}:{keys.get(name[4:], 'x')}"
            for path in (here, f"{here}/schema", f"{here}/items", f"{here}/items?f=html", f"{here}/items/{identity}"):
                near_only = role == "crew" and name == "own_safes" and path.endswith(identity)
                allowed = name in known and not near_only
                assert call("GET", path, role).status_code == (200 if allowed else 404), (role, path)
        pages = [f"/ogc/live{path}{form}" for path in ("", "/collections", "/api") for form in ("?f=json", "?f=html")]
        pages += [f"/ogc/live/collections/{name}/items{form}" for name in everything for form in ("", "?f=html")]
        text = "".join(call("GET", path, role).text for path in pages)
        assert {word for word in SECRETS if word in text} == {w for w, roles in SECRETS.items() if role in roles}, role
    assert call("GET", "/ogc/live/collections/own_hydranten/items", "feed").status_code == 403
    assert call("GET", "/ogc/live/collections/own_hydranten/items").status_code == 401


def test_a_crew_reads_what_is_near_its_own_mission_in_its_situation(ready: House, call: Call) -> None:
    other = ready.situations.start_exercise("hausbrand").id
    assert items(call, "own_safes", "crew", UNIT) == []
    send_mission(ready)
    assert items(call, "own_safes", "crew", UNIT) == ["S-near"]
    assert items(call, "own_safes", "crew", "urn:unit:other") == []
    assert items(call, "own_safes", "crew", UNIT, bbox=f"{LON + 0.02},51,9,52") == []
    assert items(call, "own_safes") == ["S-far", "S-near"]
    elsewhere = call("GET", f"/ogc/{other}/collections/own_safes/items", "crew", UNIT)
    assert json.loads(elsewhere.data)["numberMatched"] == 0
    assert "spatial" not in read(call, "/collections/own_safes", "crew", UNIT)["extent"]
    assert read(call, "/collections/own_safes")["extent"]["spatial"]["bbox"] == [[LON + 0.001, LAT, LON + 0.03, LAT]]
    keys = {one.own.ref: f"own:safes:{one.own.key}" for one in ready.objects.of_layer("safes")}
    for unit, ref, status in ((UNIT, "S-near", 200), (UNIT, "S-far", 404), ("urn:unit:other", "S-near", 404)):
        assert call("GET", f"/ogc/live/collections/own_safes/items/{keys[ref]}", "crew", unit).status_code == status
    trail = [line for line in Audit(ready.data_dir / "audit.db").entries() if line.action == "objects"]
    assert json.loads(trail[-3].detail) == {
        "layer": "safes",
        "count": 1,
        "path": f"/ogc/live/collections/own_safes/items/{keys['S-near']}",
    }
    before = len(trail)
    assert len(items(call, "own_hydranten", "crew", UNIT)) == 12
    assert len([line for line in Audit(ready.data_dir / "audit.db").entries() if line.action == "objects"]) == before


def test_it_is_what_the_objects_route_gives(ready: House, call: Call) -> None:
    send_mission(ready)
    for role, known in KNOWN.items():
        for name in known:
            told = json.loads(call("GET", f"/objects/{name[4:]}", role, UNIT if role == "crew" else None).data)
            answer = read(call, f"/collections/{name}/items", role, UNIT if role == "crew" else None)
            expected = {one["id"]: one for one in told["features"]}
            assert [one["id"] for one in answer["features"]] == sorted(expected)
            for one in answer["features"]:
                other = expected[one["id"]]
                assert one["geometry"] == other["geometry"]
                same = TYPES.keys() - {"layer", "plan", "plans"}
                assert {key: one["properties"][key] for key in same} == {
                    key: other["properties"].get(key) for key in same
                }, name


def test_pages_boxes_and_times(ready: House, call: Call) -> None:
    assert items(call, "own_hydranten", limit=5) == [f"H{n:02}" for n in range(12)]
    assert items(call, "own_hydranten", limit=2, bbox=f"{LON + 0.0015},51,{LON + 0.0065},52") == [
        *("H02", "H03", "H04", "H05", "H06"),
    ]
    boxes = {
        "8.05,51.1,8.1,51.15": [],
        "8.15,51.1,8.25,51.15": ["line"],
        "8,51,8.3,51.3": ["line", "point"],
        "9.01,52.15,9.02,52.19": [],
        "9.1,52.05,9.15,52.06": ["area"],
    }
    assert {box: items(call, "own_sperrungen", "liaison", bbox=box) for box in boxes} == boxes
    hour = "2026-07-25T{}Z".format
    times = {
        hour("07:59:59"): ["point"],
        hour("08:00:00"): ["line", "point"],
        hour("09:59:59"): ["line", "point"],
        hour("10:00:00"): ["area", "point"],
        f"../{hour('07:00:00')}": ["point"],
        f"{hour('09:00:00')}/..": ["area", "line", "point"],
        f"{hour('11:00:00')}/..": ["area", "point"],
        "../..": ["area", "line", "point"],
    }
    assert {time: items(call, "own_sperrungen", datetime=time) for time in times} == times
    assert call("GET", "/ogc/live/collections/own_sperrungen/items?bbox=1,2,3", "control").status_code == 400
    for kind, ref in (("points", "point"), ("lines", "line"), ("areas", "area")):
        assert items(call, f"own_sperrungen.{kind}", "liaison") == [ref]
    for name in (
        "own_hydranten.points",
        "own_safes.points",
        "own_planung.points",
        "own_sperrungen.",
        "own_sperrungen.x",
    ):
        for path in ("", "/items", "/schema"):
            assert call("GET", f"/ogc/live/collections/{name}{path}", "control").status_code == 404, name


def test_what_is_told_of_a_layer(ready: House, call: Call) -> None:
    told = read(call, "/collections/own_hydranten", "liaison")
    assert told["title"] == "Hydranten"
    assert told["description"].startswith("Löschwasser (eigene Objekte, 20")
    assert told["attribution"] == "Stadtwerke Musterort"
    assert [one["href"] for one in told["links"] if one["rel"] == "license"] == ["https://lage.example.org/nutzung"]
    assert told["extent"]["spatial"]["bbox"] == [[LON, LAT, pytest.approx(LON + 0.011), LAT]]
    assert read(call, "/collections/own_hydranten/items", limit=1)["attribution"] == "Stadtwerke Musterort"
    assert "attribution" not in read(call, "/collections/own_sperrungen")
    page = call("GET", "/ogc/live/collections/own_hydranten?f=html", "liaison").text
    assert '<a href="https://lage.example.org/nutzung">' in page
    for path in ("", "/items"):
        assert "Stadtwerke Musterort" in call("GET", f"/ogc/live/collections/own_hydranten{path}?f=html", "crew").text
    schema = read(call, "/collections/own_hydranten/schema")["properties"]
    assert schema["geometry"] == {"$ref": "https://geojson.org/schema/Point.json"}
    assert schema["properties"]["properties"]["pressure_bar"] == {"type": "number"}
    assert schema["properties"]["properties"]["valid_to"] == {"type": "string", "format": "date-time"}
    mixed = read(call, "/collections/own_sperrungen/schema")["properties"]
    assert mixed["geometry"] == {"$ref": "https://geojson.org/schema/Geometry.json"}
    first = read(call, "/collections/own_hydranten/items")["features"][0]["properties"]
    assert list(first) == list(schema["properties"]["properties"]) == [*TYPES, "shown_Zone der Stadt"]
    number = int(first["ref"][1:])
    assert (first["layer"], first["shown_Zone der Stadt"], first["pressure_bar"]) == (
        *("own_hydranten", f"z{number}", float(number)),
    )


def test_new_data_is_there_at_once(ready: House, call: Call, sources: Path) -> None:
    assert items(call, "own_planung", "planner") == [f"H{n:02}" for n in range(12)]
    source = sources / "hydrants.csv"
    before = source.read_text()
    try:
        source.write_text(f"ref,lon,lat\nNeu,{LON + 1},{LAT}\n")
        ready.objects.refresh()
        assert items(call, "own_planung", "planner") == ["Neu"]
        box = read(call, "/collections/own_planung", "planner")["extent"]["spatial"]["bbox"]
        assert box == [[LON + 1, LAT, LON + 1, LAT]]
    finally:
        source.write_text(before)


def test_a_plan_is_a_link_to_the_plan_under_the_same_password(ready: House, call: Call, client: FlaskClient) -> None:
    send_mission(ready)
    near, far = (
        next(one for one in read(call, "/collections/own_safes/items")["features"] if one["properties"]["ref"] == ref)
        for ref in ("S-near", "S-far")
    )
    assert (far["properties"]["plan"], far["properties"]["plans"]) == (None, None)
    href = near["properties"]["plan"]
    assert href == f"{SITE}/objects/safes/{near['id'].split(':')[2]}/plans/1?situation=live"
    assert json.loads(near["properties"]["plans"]) == [
        {"name": "S-near.pdf", "mime": "application/pdf", "pages": 2, "href": href}
    ]
    one = read(call, f"/collections/own_safes/items/{near['id']}")
    assert {key: one[key] for key in near} == near
    (link,) = [each for each in one["links"] if each["rel"] == "enclosure"]
    assert link == {"href": href, "rel": "enclosure", "type": "application/pdf", "title": "S-near.pdf"}
    page = call("GET", f"/ogc/live/collections/own_safes/items/{near['id']}?f=html", "control").text
    assert f'<a href="{href}">S-near.pdf</a>' in page
    path = href.removeprefix(SITE)
    for role, unit, status in (
        *(("control", None, 200), ("crew", UNIT, 200), ("crew", "urn:unit:other", 404), ("liaison", None, 404)),
    ):
        token = ready.access.create(role, "gis", unit, "*")[0]
        answer = client.get(path, auth=("qgis", token), buffered=True)
        assert answer.status_code == status, (role, unit)
        assert (answer.data == pdf(2)) == (status == 200)
    assert client.get(path, auth=("qgis", "wrong")).status_code == 401
