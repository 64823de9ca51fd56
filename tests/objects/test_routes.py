"""Own objects over HTTP: each role sees its layers and nothing of the others, on any route; plans; the audit trail."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.audit import Audit
from server.base.objects.settings import settings as objects_of
from server.config import BaseSettings, Settings
from server.house import House
from tests.objects.samples import KAMP, UNIT, pdf, send_mission

Call = Callable[..., TestResponse]
ROLES = ("control", "crew", "planner", "liaison", "admin")
FAR = (8.80, 51.85)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hydrants, a key safe at the mission and one far from it, a plan."""
    folder = tmp_path_factory.mktemp("sources")
    lon, lat = KAMP
    (folder / "hydrants.csv").write_text(f"ref,lon,lat\nH 1,{lon},{lat}\nH 2,{lon + 0.001},{lat}\n")
    (folder / "safes.csv").write_text(
        f"ref,lon,lat,note\nS-near,{lon + 0.001},{lat},Code 4711\nS-far,{FAR[0]},{FAR[1]},x\n"
    )
    (folder / "plans").mkdir()
    (folder / "plans" / "S-near.pdf").write_bytes(pdf(2))
    return folder


@pytest.fixture
def settings(sources: Path) -> Settings:
    """Hydrants for everybody, key safes for the control room and crews at their mission, a layer of the planners."""
    common = {"title": "T", "purpose": "Zweck"}
    layers = {
        "hydranten": {**common, "source": str(sources / "hydrants.csv"), "kind": "hydrant", "audience": list(ROLES)},
        "safes": {
            **common, "source": str(sources / "safes.csv"), "kind": "key_safe", "audience": ["control", "crew"],
            "mission_only": True, "mission_m": 300,
        },
        "planung": {**common, "source": str(sources / "hydrants.csv"), "audience": ["planner"], "plans": "nowhere"},
    }  # fmt: skip
    return Settings(base=BaseSettings(objects=objects_of(layers)))


@pytest.fixture
def ready(house: House) -> House:
    """The layers are imported."""
    house.objects.refresh()
    return house


def names(call: Call, role: str) -> list[str]:
    return [one["name"] for one in call("GET", "/objects", role, UNIT if role == "crew" else None).get_json()["layers"]]


def refs(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(one["properties"]["ref"] for one in json.loads(answer.data)["features"])


KNOWN = {
    "control": ["hydranten", "safes"],
    "crew": ["hydranten", "safes"],
    "planner": ["hydranten", "planung"],
    "liaison": ["hydranten"],
    "admin": ["hydranten"],
}


def test_each_role_has_its_layers(ready: House, call: Call) -> None:
    key = next(one.own.key for one in ready.objects.of_layer("safes") if one.own.ref == "S-near")
    for role, known in KNOWN.items():
        assert names(call, role) == known
        for name in ("hydranten", "safes", "planung", "none", "../hydranten"):
            answer = call("GET", f"/objects/{name}", role)
            assert answer.status_code == (200 if name in known else 404), (role, name)
        for path in (f"/objects/safes/{key}/plans/1", f"/objects/safes/{key}/plans/1/pages/1"):
            assert call("GET", path, role).status_code == (200 if role == "control" else 404), (role, path)
            assert call("GET", path.replace("safes", "hydranten"), role).status_code == 404
        everything = "".join(
            call("GET", path, role).text for path in ("/objects", "/objects/hydranten", "/picture", "/objects/safes")
        )
        assert ("4711" in everything) == (role == "control"), role


def test_a_crew_sees_what_is_near_its_own_mission(ready: House, call: Call) -> None:
    assert refs(call("GET", "/objects/safes", "crew", UNIT)) == []
    send_mission(ready)
    assert refs(call("GET", "/objects/safes", "crew", UNIT)) == ["S-near"]
    assert refs(call("GET", "/objects/safes", "crew", "urn:unit:other")) == []
    assert refs(call("GET", "/objects/safes", "crew")) == []
    assert refs(call("GET", "/objects/safes", "control")) == ["S-far", "S-near"]
    told = next(one for one in call("GET", "/objects", "crew", UNIT).get_json()["layers"] if one["name"] == "safes")
    assert (told["count"], told["bbox"]) == (None, None), "how many there are elsewhere is no crew's business"
    keys = {one.own.ref: one.own.key for one in ready.objects.of_layer("safes")}
    plan = f"/objects/safes/{keys['S-near']}/plans/1"
    assert call("GET", plan, "crew", UNIT).status_code == 200
    assert call("GET", plan, "crew", "urn:unit:other").status_code == 404
    trail = [line for line in Audit(ready.data_dir / "audit.db").entries() if line.action == "objects"]
    assert json.loads(trail[-1].detail) == {"layer": "safes", "key": keys["S-near"], "path": plan}
    assert trail[-1].role == "crew"
    assert not [line for line in trail if json.loads(line.detail)["layer"] == "hydranten"]


def test_plans_are_saved_and_pages_shown(ready: House, call: Call) -> None:
    key = next(one.own.key for one in ready.objects.of_layer("safes") if one.own.ref == "S-near")
    whole = call("GET", f"/objects/safes/{key}/plans/1", "control")
    assert whole.data == pdf(2)
    assert whole.headers["Content-Type"] == "application/pdf"
    assert whole.headers["Content-Disposition"] == "attachment; filename=S-near.pdf"
    page = call("GET", f"/objects/safes/{key}/plans/1/pages/2", "control")
    assert page.headers["Content-Type"] == "image/png"
    assert page.data.startswith(b"\x89PNG")
    for answer in (whole, page):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "private, no-cache"
    for path in ("plans/0", "plans/2", "plans/1/pages/0", "plans/1/pages/3", "plans/1/pages/..", "plans/-1"):
        assert call("GET", f"/objects/safes/{key}/{path}", "control").status_code == 404


def test_a_box_bounds_the_answer(ready: House, call: Call) -> None:
    lon, lat = KAMP
    box = f"{lon - 0.0005},{lat - 0.001},{lon + 0.0005},{lat + 0.001}"
    answer = call("GET", f"/objects/hydranten?bbox={box}", "liaison")
    assert refs(answer) == ["H 1"]
    one: dict[str, Any] = json.loads(answer.data)["features"][0]
    assert one["geometry"] == {"type": "Point", "coordinates": list(KAMP)}
    assert (one["properties"]["purpose"], one["properties"]["hydrant"]) == ("Zweck", "hydrant")
    short = json.loads(call("GET", "/objects/hydranten?limit=1", "liaison").data)
    assert (len(short["features"]), short["truncated"]) == (1, True)
    for wrong in ("1,2,3", "a,b,c,d", "3,2,1,4", "nan,1,2,3", "0,0,999,1"):
        assert call("GET", f"/objects/hydranten?bbox={wrong}", "liaison").status_code == 422


def test_a_source_in_trouble_is_told_and_what_there_was_stays(ready: House, call: Call, sources: Path) -> None:
    good = (sources / "hydrants.csv").read_text()
    try:
        (sources / "hydrants.csv").write_text("ref,lon,lat\nH 9,hier,dort\n")
        ready.objects.refresh()
        told = {role: call("GET", "/objects", role).get_json()["layers"][0] for role in ("control", "liaison")}
        assert told["control"]["trouble"].startswith("none of 1 rows can be used; line 2")
        assert ("trouble" in told["liaison"], told["liaison"]["failing"]) == (False, True)
        assert refs(call("GET", "/objects/hydranten", "liaison")) == ["H 1", "H 2"]
    finally:
        (sources / "hydrants.csv").write_text(good)
