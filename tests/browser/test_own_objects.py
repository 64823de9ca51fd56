"""The operator's own objects at a desk: drawn, switched, told with their purpose; plans page by page."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from layers.geo import distance_m
from server.base.base import Base
from tests.browser.conftest import Open
from tests.objects.samples import KAMP, pdf
from tests.server import Server, wait_until

pytestmark = pytest.mark.browser
SETTINGS = """
[base]
folder = "{base}"
[base.objects.plaene]
source = "{folder}/plans.csv"
kind = "object_plan"
title = "Objektpläne"
purpose = "Einsatz im Objekt"
audience = ["control"]
show = {{ "Brandmeldezentrale" = "BMZ" }}
[base.objects.hydranten]
source = "{folder}/hydrants.csv"
kind = "hydrant"
title = "Hydranten der Stadtwerke"
purpose = "Löschwasserversorgung"
audience = ["control", "liaison"]
[base.objects.sperrungen]
source = "{folder}/closed.geojson"
kind = "closure"
title = "Sperrungen"
purpose = "Anfahrt"
audience = ["control", "liaison"]
"""
LINE = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"title": "Kanalbau Kamp"},
"geometry": {"type": "LineString", "coordinates": [[8.7740, 51.8292], [8.7752, 51.8290]]}},
{"type": "Feature", "properties": {"title": "Markt", "valid_from": "2020-01-01", "valid_to": "2020-01-02"},
"geometry": {"type": "LineString", "coordinates": [[8.7750, 51.8292], [8.7762, 51.8290]]}}]}"""
"""One that closes now, and one that is over."""


@pytest.fixture(scope="module")
def same(town_base: Base) -> sqlite3.Row:
    """The hydrant of the map in the middle of the town: the waterworks have it, too."""
    west, south, east, north = town_base.manifest.bbox
    middle = ((west + east) / 2, (south + north) / 2)
    rows = town_base.db.execute("SELECT * FROM water_points WHERE kind IN ('pillar', 'underground')").fetchall()
    found: sqlite3.Row = min(rows, key=lambda row: distance_m(*middle, row["lon_deg"], row["lat_deg"]))
    return found


@pytest.fixture(scope="module")
def server(town_base: Base, same: sqlite3.Row, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The town with a plan, three hydrants, a closure and one that is over."""
    folder: Path = tmp_path_factory.mktemp("own")
    lon, lat = KAMP
    (folder / "plans").mkdir()
    (folder / "plans" / "OP-1.pdf").write_bytes(pdf(3))
    (folder / "plans.csv").write_text(f"ref;title;BMZ;lon;lat\nOP-1;Theater;Eingang Nord;{lon};{lat}\n")
    (folder / "hydrants.csv").write_text(
        f"ref;hydrant;diameter_mm;lon;lat\nH 1;UFH;100;{lon + 0.003};{lat}\nH 2;OH;150;{lon};{lat + 0.0025}\n"
        f"{same['ref']};;150;{same['lon_deg'] + 1e-5};{same['lat_deg']}\n"
    )
    (folder / "closed.geojson").write_text(LINE)
    data = folder / "data"
    data.mkdir()
    (data / "lagebild.toml").write_text(SETTINGS.format(base=town_base.folder, folder=folder))
    with Server(data, "--no-demo") as running:
        token = running.token("control", "warten")
        wait_until(
            lambda: all(one["version"] for one in running.get("/objects", token)["layers"]), "the layers to be imported"
        )
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_object_with_its_plan(server: Server, open_desk: Open, scheme: str, tmp_path: Path) -> None:
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Pult"), scheme=scheme)
    wait_until(lambda: desk.look("mapReady"), "the map")
    wait_until(lambda: len({one["id"] for one in desk.look("rendered('objects')")}) == 5, "what holds now")
    page = desk.page
    place = desk.look(f"project({KAMP[0]}, {KAMP[1]})")
    box = page.locator(".map .canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + place["x"], box["y"] + place["y"])
    detail = desk.part("detail")
    expect(detail.get_by_role("heading", name="Theater")).to_be_visible()
    expect(detail).to_contain_text("Zweck: Einsatz im Objekt")
    expect(detail).to_contain_text("BrandmeldezentraleEingang Nord")
    page.screenshot(path=tmp_path / "panel.png")
    detail.get_by_role("button", name="OP-1.pdf").click()
    plan = page.get_by_test_id("plan")
    expect(plan.get_by_role("status")).to_have_text("Seite 1 von 3")
    expect(plan.get_by_role("img")).to_be_visible()
    assert plan.get_by_role("img").evaluate("image => image.naturalWidth") == 2400
    page.keyboard.press("PageDown")
    expect(plan.get_by_role("img", name="Seite 2 von 3")).to_be_visible()
    page.screenshot(path=tmp_path / "plan.png")
    with page.expect_download() as saved:
        plan.get_by_role("button", name="Speichern").click()
    assert saved.value.path().read_bytes() == pdf(3)
    assert saved.value.suggested_filename == "OP-1.pdf"
    page.keyboard.press("Escape")
    expect(plan).to_have_count(0)
    expect(detail.get_by_role("heading", name="Theater")).to_be_visible()


def test_a_liaison_sees_its_layers_and_switches_them(server: Server, open_desk: Open, tmp_path: Path) -> None:
    desk = open_desk(f"{server.url}/liaison", token=server.token("liaison", "Polizei"), role="liaison")
    wait_until(lambda: desk.look("mapReady"), "the map")
    wait_until(lambda: len({one["id"] for one in desk.look("rendered('objects')")}) == 4, "what holds now")
    page = desk.page
    page.get_by_role("tab", name="Ebenen").click()
    switches = page.locator(".own-layer")
    expect(switches).to_have_count(2)
    expect(switches.first).to_contain_text("Löschwasserversorgung")
    page.screenshot(path=tmp_path / "layers.png")
    page.get_by_role("checkbox", name="Hydranten der Stadtwerke").uncheck()
    wait_until(lambda: len({one["id"] for one in desk.look("rendered('objects')")}) == 1, "the closure alone")
    assert "Theater" not in page.content()


def test_a_hydrant_of_both_is_drawn_once(server: Server, open_desk: Open, same: sqlite3.Row, tmp_path: Path) -> None:
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Wasser"))
    wait_until(lambda: desk.look("mapReady"), "the map")
    name = f"{same['osm_type']}{same['osm_id']}"

    def of_the_map() -> set[str]:
        drawn = (one for one in desk.look("renderedBase()") if one["layer"] == "base-hydrant")
        return {one["properties"]["osm"] for one in drawn}

    def of_the_table() -> set[str]:
        return {one["id"] for one in desk.look("rendered('objects')") if one["id"].startswith("own:hydranten:")}

    zooms = [desk.look("camera")["zoom"]]
    while zooms[-1] < 16.2:
        desk.page.get_by_role("button", name="Hineinzoomen").click()
        wait_until(lambda: desk.look("camera")["zoom"] > zooms[-1] and desk.look("mapReady"), "the map, nearer")
        zooms.append(desk.look("camera")["zoom"])
    wait_until(lambda: of_the_map() and of_the_table(), "hydrants of both")
    assert name not in of_the_map()
    desk.page.screenshot(path=tmp_path / "once.png")
    desk.page.get_by_role("tab", name="Ebenen").click()
    desk.page.get_by_role("checkbox", name="Hydranten der Stadtwerke").uncheck()
    wait_until(lambda: name in of_the_map() and not of_the_table(), "that of the map, as nobody else tells of it")
