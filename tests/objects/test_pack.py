"""The pack of own objects: for crews alone, with what a crew may see anywhere, readable by the app."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from mobile.pack import Pack
from server.base.objects.library import Objects
from server.base.objects.settings import settings as objects_of
from server.config import BaseSettings, Settings
from server.house import House
from server.packs import own_plans
from server.packs.own import cut_own
from server.packs.store import OWN
from tests.objects.samples import KAMP, pdf, png

Call = Callable[..., TestResponse]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Hydrants for crews, key safes for crews at their mission, a layer of the control room."""
    lon, lat = KAMP
    for name in ("hydrants", "safes", "secret"):
        (tmp_path / f"{name}.csv").write_text(f"ref,title,lon,lat,diameter_mm\n{name}-1,Titel {name},{lon},{lat},100\n")
    common = {"title": "T", "purpose": "Zweck"}

    def one(name: str, audience: list[str], **more: object) -> dict[str, object]:
        return {**common, "source": str(tmp_path / f"{name}.csv"), "audience": audience, **more}

    layers = {
        "hydrants": one("hydrants", ["crew", "control"], kind="hydrant"),
        "safes": one("safes", ["crew", "control"], kind="key_safe", mission_only=True),
        "secret": one("secret", ["control"]),
    }
    return Settings(base=BaseSettings(objects=objects_of(layers)))


def test_crews_carry_their_objects_along_and_nobody_else_does(house: House, call: Call, tmp_path: Path) -> None:
    house.packs.refresh()
    assert call("GET", "/packs", "crew").get_json()["packs"] == [], "nothing was imported yet"
    house.objects.refresh()
    house.packs.refresh()
    (entry,) = call("GET", "/packs", "crew").get_json()["packs"]
    assert (entry["id"], entry["parts"]["objects"], entry["parts"]["water"]) == (OWN, 1, 1)
    assert OWN in call("GET", "/packs", "crew").get_json()["areas"]
    for role in ("control", "planner", "admin"):
        assert call("GET", "/packs", role).get_json()["packs"] == []
        assert call("GET", f"/packs/{OWN}", role).status_code == 404
    answer = call("GET", f"/packs/{OWN}?version={entry['version']}", "crew")
    assert (answer.status_code, len(answer.data)) == (200, entry["bytes"])
    assert b"safes" not in answer.data
    assert b"secret" not in answer.data
    path = tmp_path / "own.pack"
    path.write_bytes(answer.data)
    pack = Pack(path)
    assert (pack.info.id, pack.info.version, pack.info.title) == (OWN, entry["version"], "Eigene Objekte")
    assert pack.objects() == [("Titel hydrants", "", *KAMP)]
    (water,) = pack.water(KAMP, 50.0)
    assert (water.kind, water.ref, water.diameter_mm, water.at) == ("hydrant", "hydrants-1", 100, KAMP)
    assert pack.tile(14, 0, 0) is None
    pack.close()


def test_plans_come_along_with_all_of_their_pages_and_never_those_of_missions(tmp_path: Path) -> None:
    lon, lat = KAMP
    for name in ("halls", "safes"):
        (tmp_path / name).mkdir()
        table = f"ref,title,lon,lat\n{name}-1,Eins,{lon},{lat}\n{name}-2,Zwei,{lon},{lat}\n"
        (tmp_path / f"{name}.csv").write_text(table)
    for number in (1, 2):  # one plan for both halls: it is carried once
        (tmp_path / "halls" / f"halls-{number}.pdf").write_bytes(pdf(3))
    (tmp_path / "safes" / "safes-1.png").write_bytes(png())
    common = {"title": "T", "purpose": "Zweck", "audience": ["crew"]}
    layers = {
        name: {**common, "source": str(tmp_path / f"{name}.csv"), "plans": str(tmp_path / name), "mission_only": only}
        for name, only in (("halls", False), ("safes", True))
    }
    objects = Objects(tmp_path / "objects", objects_of(layers))
    objects.refresh()
    entry = cut_own(objects, tmp_path / "one.pack")
    assert entry is not None
    assert entry.parts["plans"] == 1
    cut_own(objects, tmp_path / "two.pack")
    assert (tmp_path / "one.pack").read_bytes() == (tmp_path / "two.pack").read_bytes()
    pack = Pack(tmp_path / "one.pack")
    first, second = sorted(pack.own(KAMP, 50.0), key=lambda one: one.title)
    assert [(plan.name, plan.pages) for plan in first.plans] == [("halls-1.pdf", 3)]
    (kept,) = first.plans
    assert [plan.id for plan in second.plans] == [kept.id]
    pages = [pack.plan_page(kept.id, page) for page in (1, 2, 3)]
    assert pages == [objects.plans.page(kept.id, page).read_bytes() for page in (1, 2, 3)]
    assert pack.plan_page(kept.id, 4) is None
    assert pack.info.parts["plans"] == 5, "three pages, two objects"
    pack.close()


def test_a_plan_that_is_too_large_is_there_by_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lon, lat = KAMP
    (tmp_path / "halls.csv").write_text(f"ref,title,lon,lat,plan\nA,A,{lon},{lat},big.pdf;small.png\n")
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "big.pdf").write_bytes(pdf(2))
    (tmp_path / "plans" / "small.png").write_bytes(png())
    one = {"title": "T", "purpose": "Z", "audience": ["crew"], "source": str(tmp_path / "halls.csv")}
    objects = Objects(tmp_path / "objects", objects_of({"halls": {**one, "fields": {"plan": "plan"}}}))
    objects.refresh()
    (stored,) = objects.of_layer("halls")
    small = objects.plans.page(stored.plans[1].id, 1).stat().st_size
    monkeypatch.setattr(own_plans, "MAX_PLAN_BYTES", small)
    entry = cut_own(objects, tmp_path / "one.pack")
    assert entry is not None
    assert entry.parts["plans"] == 1
    pack = Pack(tmp_path / "one.pack")
    (found,) = pack.own(KAMP, 50.0)
    assert [(plan.name, plan.pages) for plan in found.plans] == [("big.pdf", 0), ("small.png", 1)]
    pack.close()


def test_it_is_cut_anew_when_objects_change_and_only_then(house: House, tmp_path: Path) -> None:
    house.objects.refresh()
    house.packs.refresh()
    first = house.packs.get(OWN)
    house.packs.refresh()
    assert house.packs.get(OWN) is first
    lon, lat = KAMP
    (tmp_path / "secret.csv").write_text(f"ref,lon,lat\nX,{lon},{lat}\n")
    house.objects.refresh()
    house.packs.refresh()
    assert house.packs.get(OWN) is first, "what is not in it does not change it"
    (tmp_path / "hydrants.csv").write_text(f"ref,lon,lat\nA,{lon},{lat}\nB,{lon},{lat}\n")
    house.objects.refresh()
    house.packs.refresh()
    second = house.packs.get(OWN)
    assert first is not None
    assert second is not None
    assert (second.version != first.version, second.parts["objects"]) == (True, 2)
    assert [path.name for path in (tmp_path / "data" / "packs").iterdir()] == [f"{OWN}-{second.version}.pack"]
