"""Packs of missions over HTTP: for the crew of an open mission alone, with plans, noted, and gone when it ends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from layers.content import Mission
from layers.observation import Observation
from mobile.pack import Pack
from server.access import Role
from server.audit import Audit
from server.base.objects.settings import settings as objects_of
from server.config import BaseSettings, Settings
from server.house import House
from server.packs.mission import MOST, MissionPacks, id_of
from tests.objects.samples import KAMP, pdf
from tests.server import wait_until

Call = Callable[..., TestResponse]
UNIT, OTHER, MISSION = "urn:unit:hlf", "urn:unit:dlk", "urn:mission:1"
FAR = (8.80, 51.85)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Key safes near the mission and far from it, with a plan; hydrants for crews anywhere; a layer without crews."""
    lon, lat = KAMP
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "S-near.pdf").write_bytes(pdf(2))
    rows = f"S-near,Tor Nord,{lon + 0.001},{lat},Code 4711\nS-far,Tor fern,{FAR[0]},{FAR[1]},Code 9999\n"
    (tmp_path / "safes.csv").write_text(f"ref,title,lon,lat,note\n{rows}")
    (tmp_path / "hydrants.csv").write_text(f"ref,lon,lat\nH1,{lon},{lat}\n")
    common = {"title": "T", "purpose": "Zweck", "mission_only": True, "mission_m": 300}
    layers = {
        "safes": {**common, "source": str(tmp_path / "safes.csv"), "kind": "key_safe", "audience": ["control", "crew"]},
        "control": {**common, "source": str(tmp_path / "safes.csv"), "audience": ["control"]},
        "hydrants": {**common, "source": str(tmp_path / "hydrants.csv"), "audience": ["crew"], "mission_only": False},
    }
    return Settings(base=BaseSettings(objects=objects_of(layers)))


@pytest.fixture
def house(house: House) -> House:
    """The layers are imported."""
    house.objects.refresh()
    return house


def send(house: House, name: str, subject: str = MISSION, at: tuple[float, float] = KAMP, **told: Any) -> None:
    now = datetime.now(UTC)
    one = Observation(
        id=name, source="test/dispatch", subject=subject, observed_at=now, reported_at=now, received_at=now,
        geometry={"type": "Point", "coordinates": list(at)}, content=Mission(issued_at=now, **told),
    )  # fmt: skip
    live = house.situations.live
    before = live.picture.rev
    live.desk.submit([one])
    wait_until(lambda: live.picture.rev > before, "the mission")


def bound(call: Call, role: str = "crew", unit: str | None = UNIT, query: str = "") -> list[dict[str, Any]]:
    answer = call("GET", f"/packs{query}", role, unit)
    assert answer.status_code == 200, answer.text
    return [entry for entry in answer.get_json()["packs"] if "mission" in entry]


def test_the_crew_of_an_open_mission_gets_its_objects_and_nobody_else_does(
    house: House, call: Call, tmp_path: Path
) -> None:
    assert bound(call) == []
    send(house, "alarm", units=(UNIT,))
    (entry,) = bound(call)
    name = id_of("live", MISSION)
    assert (entry["id"], entry["mission"], entry["role"]) == (name, MISSION, "crew")
    assert (entry["parts"]["objects"], entry["parts"]["plans"]) == (1, 1)
    path = f"/packs/{name}"
    for role in Role:
        for unit in (None, OTHER, UNIT) if role == "crew" else (None,):
            ours = role == "crew" and unit == UNIT
            if role in ("crew", "control", "planner", "admin"):
                assert bool(bound(call, role, unit)) == ours, (role, unit)
                assert call("GET", path, role, unit).status_code == (200 if ours else 404), (role, unit)
            else:
                assert call("GET", path, role, unit).status_code == 403, role
    assert call("GET", path).status_code == 401
    answer = call("GET", f"{path}?version={entry['version']}&situation=live", "crew", UNIT)
    assert (answer.status_code, len(answer.data)) == (200, entry["bytes"])
    assert b"9999" not in answer.data, "what is far from the mission"
    file = tmp_path / "mission.pack"
    file.write_bytes(answer.data)
    pack = Pack(file)
    assert (pack.info.id, pack.info.mission) == (name, MISSION)
    (safe,) = pack.own(KAMP, 500.0)
    assert (safe.kind, safe.title, safe.note) == ("key_safe", "Tor Nord", "Code 4711")
    (plan,) = safe.plans
    assert [pack.plan_page(plan.id, page) for page in (1, 2)] == [
        house.objects.plans.page(plan.id, page).read_bytes() for page in (1, 2)
    ]
    pack.close()
    trail = [line for line in Audit(house.data_dir / "audit.db").entries() if line.action == "objects"]
    assert len(trail) == 2, "each download, no list"
    assert json.loads(trail[-1].detail) == {
        "pack": name, "mission": MISSION, "version": entry["version"], "count": 1
    }  # fmt: skip


def test_it_is_gone_with_the_mission_and_follows_its_place(house: House, call: Call) -> None:
    send(house, "alarm", units=(UNIT,))
    (entry,) = bound(call)
    path = f"/packs/{entry['id']}?version={entry['version']}"
    missions = house.packs.missions
    assert missions is not None
    folder = house.data_dir / "packs" / "missions"
    assert [one.name for one in folder.iterdir()] == [f"{entry['id']}-{entry['version']}.pack"]
    send(house, "moved", at=FAR, units=(UNIT,))
    (moved,) = bound(call)
    assert (moved["id"], moved["parts"]["plans"]) == (entry["id"], 0)
    assert moved["version"] != entry["version"]
    assert call("GET", path, "crew", UNIT).status_code == 404, "the old place"
    assert [one.name for one in folder.iterdir()] == [f"{moved['id']}-{moved['version']}.pack"]
    send(house, "other unit", at=FAR, units=(OTHER,))
    assert bound(call) == []
    assert len(bound(call, unit=OTHER)) == 1
    send(house, "end", at=FAR, units=(OTHER,), closed=True)
    assert bound(call, unit=OTHER) == []
    assert call("GET", f"/packs/{moved['id']}", "crew", OTHER).status_code == 404
    assert list(folder.iterdir()) == []


def test_an_exercise_that_is_not_there_and_a_mission_that_ends_by_itself(house: House, call: Call) -> None:
    send(house, "alarm", units=(UNIT,), valid_to=datetime.now(UTC) + timedelta(hours=1))
    assert len(bound(call, query="?situation=live")) == 1
    assert call("GET", "/packs?situation=ex-none", "crew", UNIT).status_code == 404
    assert call("GET", "/packs?situation=ex-none", "control").status_code == 200, "none for control"
    send(house, "over", units=(UNIT,), valid_to=datetime.now(UTC) - timedelta(seconds=1))
    assert bound(call) == []


def test_only_so_many_packs_are_kept(house: House, tmp_path: Path) -> None:
    packs = MissionPacks(tmp_path / "missions", house.objects)
    (tmp_path / "missions").mkdir()
    (tmp_path / "missions" / "left.pack").write_bytes(b"of a server that was killed")
    missions = {f"urn:mission:{number}": KAMP for number in range(MOST + 3)}
    entries = packs.entries("live", missions)
    assert len(entries) == len(missions)
    kept = sorted(path.name for path in (tmp_path / "missions").iterdir())
    assert kept == sorted(packs.path(entry).name for entry in entries[3:])
    again = packs.entries("live", {entries[0].mission or "": KAMP})
    assert again == [entries[0]], "cut anew, equal"
