"""The nearest address of what moves or is reported: on the tablet without a network, and from the server when asked."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from werkzeug.test import TestResponse

from layers.content import CitizenReport, Content, Mission, Unit
from layers.observation import Observation
from layers.wire import Feature
from mobile import geo
from mobile.i18n import Words
from mobile.nearest import SURE_M, Nearest
from mobile.shelf import Shelf
from server.access import Role
from server.base.base import Base
from server.base.reverse import reverse
from server.house import House
from server.http import nearest as servers
from server.packs.area import PackArea
from server.packs.cut import cut
from tests.server import wait_until

Call = Callable[..., TestResponse]
HOUSE = (8.7778, 51.8314)
"""Kettengasse 9 of the town."""
WORDS = Words()


@pytest.fixture
def shelf(town_base: Base, tmp_path: Path) -> Any:
    (tmp_path / "tablet").mkdir()
    cut(PackArea(id="gebiet", title="G"), town_base, tmp_path / "tablet" / "gebiet.pack")
    shelf = Shelf(tmp_path / "tablet")
    yield shelf
    shelf.close()


def feature(at: geo.LonLat | None = HOUSE, part: str = "unit", **more: Any) -> Feature:
    geometry = None if at is None else {"type": "Point", "coordinates": list(at)}
    properties = {"part": part, "accuracy_m": None, **more}
    return cast("Feature", {"id": "x", "type": "Feature", "geometry": geometry, "properties": properties})


def test_fifty_places_have_the_house_that_the_server_finds(shelf: Shelf, town_base: Base) -> None:
    chance = random.Random("nearest")
    west, south, east, north = town_base.manifest.bbox
    found = 0
    while found < 50:
        here = chance.uniform(west, east), chance.uniform(south, north)
        theirs = reverse(town_base, *here)
        if theirs is None or theirs.housenumber is None or theirs.distance_m > 240:
            continue
        found += 1
        ours = shelf.nearest_address(here)
        assert ours is not None, here
        assert abs(geo.distance_m(here, ours.at) - theirs.distance_m) <= 1.0, (here, theirs, ours)
    assert shelf.nearest_address((8.0, 50.0)) is None


def test_it_is_told_in_words_and_only_where_the_position_is_good(shelf: Shelf) -> None:
    nearest = Nearest(shelf)
    assert nearest.line(feature(), WORDS) == "bei Kettengasse 9"
    assert nearest.line(feature(HOUSE, "citizen_report"), WORDS) == "bei Kettengasse 9"
    assert nearest.line(feature(), Words("en")) == "at Kettengasse 9"
    assert nearest.line(feature(accuracy_m=SURE_M), WORDS) == "bei Kettengasse 9"
    for silent in (feature(accuracy_m=SURE_M + 1), feature(part="mission"), feature(None), feature((8.0, 50.0))):
        assert nearest.line(silent, WORDS) == ""
    area = feature(part="drone")
    area["geometry"] = {"type": "Polygon", "coordinates": []}
    assert nearest.line(area, WORDS) == ""
    farm = next(
        place for metres in range(30, 400, 5)
        if "von" in nearest.line(feature(place := geo.Plane(*HOUSE).to_lonlat(-metres, metres * 2)), WORDS)
    )  # fmt: skip
    line = nearest.line(feature(farm), WORDS)
    found = shelf.nearest_address(farm)
    assert found is not None
    told = f"{WORDS.distance(geo.distance_m(farm, found.at))} von {found.street} {found.housenumber}"
    assert line == told
    shelf.remove("gebiet")
    assert nearest.line(feature(), WORDS) == "", "without the pack nothing is known"


def send(house: House, name: str, content: Content, at: geo.LonLat = HOUSE, accuracy_m: float = 5.0) -> None:
    now = datetime.now(UTC)
    one = Observation(
        id=name, source="test/x", subject=f"urn:{name}", observed_at=now, reported_at=now, received_at=now,
        geometry={"type": "Point", "coordinates": list(at)}, accuracy_m=accuracy_m, content=content,
    )  # fmt: skip
    live = house.situations.live
    live.desk.submit([one])
    wait_until(lambda: f"urn:{name}" in live.picture.features, name)


def addresses(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    told = json.loads(answer.data)["features"]
    return {one["id"]: one["properties"]["nearest_address"] for one in told if "nearest_address" in one["properties"]}


def test_the_server_tells_it_to_who_asks_for_it(house: House, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    send(house, "hlf", Unit(call_sign="HLF"))
    send(house, "report", CitizenReport(texts=("Rauch",)))
    send(house, "vague", CitizenReport(texts=("Rauch",)), accuracy_m=SURE_M + 1)
    send(house, "mission", Mission(keyword="Feuer"))
    assert addresses(call("GET", "/picture", "control")) == {}
    before = house.situations.live.picture.rev
    told = addresses(call("GET", "/picture?addresses=nearest", "control"))
    assert set(told) == {"urn:hlf", "urn:report"}
    assert told["urn:hlf"] == {
        "label": "Kettengasse 9, 33199 Padertopia", "distance_m": told["urn:hlf"]["distance_m"],
        "street": "Kettengasse", "housenumber": "9", "city": "Padertopia",
    }  # fmt: skip
    assert told["urn:hlf"]["distance_m"] < 25
    assert house.situations.live.picture.rev == before
    assert "nearest_address" not in house.situations.live.picture.features["urn:hlf"]["properties"]
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert set(addresses(call("GET", f"/picture?addresses=nearest&at={now}", "control"))) == set(told)
    for role in Role:
        answer = call("GET", "/picture?addresses=nearest", role)
        assert answer.status_code == (403 if role == "feed" else 200), role
    assert call("GET", "/picture?addresses=nearest").status_code == 401
    assert call("GET", "/picture?addresses=all", "control").status_code == 422
    monkeypatch.setattr(servers, "MOST", 1)
    assert len(addresses(call("GET", "/picture?addresses=nearest", "control"))) == 1


def test_both_judge_alike() -> None:
    from mobile import nearest as ours

    assert (ours.PARTS, ours.SURE_M) == (servers.PARTS, servers.SURE_M)
