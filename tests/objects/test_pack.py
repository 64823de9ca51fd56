"""The pack of own objects: for crews alone, with what a crew may see anywhere, readable by the app."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from mobile.pack import Pack
from server.base.objects.settings import settings as objects_of
from server.config import BaseSettings, Settings
from server.house import House
from server.packs.store import OWN
from tests.objects.samples import KAMP

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
