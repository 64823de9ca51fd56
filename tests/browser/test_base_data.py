"""The map of the server's own base data: streets, names, numbers and signs from vector tiles, with the token only."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from server.base.base import Base
from tests.browser.conftest import Open
from tests.server import Server, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(town_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the town's base data and nothing happening."""
    folder = str(town_base.folder)
    with Server(tmp_path_factory.mktemp("base-data"), "--no-demo", LAGEBILD_BASE_FOLDER=folder) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_place_is_drawn_without_anybody_elses_help(server: Server, open_desk: Open, scheme: str) -> None:
    asked: list[str] = []
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Pult"), scheme=scheme)
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.page.reload()
    wait_until(lambda: desk.look("mapReady"), "the map")

    def drawn() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in desk.look("renderedBase()"):
            found.setdefault(one["layer"], set()).add(str(one["properties"].get("name", "")))
        return found

    wait_until(lambda: {"Nordwall", "Südwall"} <= drawn().get("base-street-main", set()), "names of streets")
    seen = drawn()
    assert "Feuerwache Padertopia" in seen["base-poi-vital"]
    assert {"base-land", "base-water", "base-building", "base-road-minor", "base-road-main"} <= set(seen)
    expect(desk.page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Padertopia, fiktiver Übungsort")
    expect(desk.part("map").get_by_role("alert")).to_have_count(0)
    foreign = [
        url for url in asked if not url.startswith((server.url, server.url.replace("http", "ws"), "blob:", "data:"))
    ]
    assert foreign == []
    assert any(url.endswith("/tiles.pmtiles") for url in asked)
    assert not any(url.endswith("town.geojson") for url in asked)


def test_numbers_and_hydrants_come_closer_in(server: Server, open_desk: Open) -> None:
    desk = open_desk(f"{server.url}/control", token=server.token("control", "Pult"))
    wait_until(lambda: desk.look("mapReady"), "the map")

    def closer() -> set[str]:
        desk.page.get_by_role("button", name="Hineinzoomen").click()
        wait_until(lambda: desk.look("mapReady"), "the map")
        return {one["layer"] for one in desk.look("renderedBase()")}

    wait_until(lambda: {"base-number", "base-hydrant"} <= closer(), "numbers and hydrants")
    assert desk.look("camera")["zoom"] >= 16
    numbers = {one["properties"]["housenumber"] for one in desk.look("renderedBase()") if one["layer"] == "base-number"}
    assert {"1", "2"} & numbers
