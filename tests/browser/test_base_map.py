"""The base map is a setting: raster tiles or a PMTiles file of the city, and panels that live on when it fails."""

import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.exercise import Exercise
from tests.server import wait_until

pytestmark = pytest.mark.browser


def png(side: int = 256, colour: tuple[int, int, int] = (120, 160, 120)) -> bytes:
    """A square of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Tiles(BaseHTTPRequestHandler):
    """A city's tile server; remembers what was asked."""

    asked: list[str] = []  # noqa: RUF012  (shared by the handlers on purpose)
    tile = png()
    file = b""
    """The PMTiles file, read by ranges."""

    def do_OPTIONS(self) -> None:
        self._answer(204, b"")

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith(".png"):
            self._answer(200, self.tile)
        elif self.path.endswith(".pmtiles"):
            first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
            self._answer(206, self.file[int(first) : int(last) + 1])
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "range")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def tiles() -> Iterator[str]:
    """The address of a tile server of another origin."""
    Tiles.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_raster_tiles_of_the_city_are_drawn_with_their_attribution(tiles: str, tmp_path: Path, open_desk: Open) -> None:
    settings = {
        "LAGEBILD_MAP_RASTER_URL": tiles + "/{z}/{x}/{y}.png",
        "LAGEBILD_MAP_ATTRIBUTION": "Stadtplan Padertopia",
    }
    with Exercise(tmp_path, "hausbrand", **settings) as exercise:
        exercise.jump(120)
        exercise.pause()
        url = exercise.server.url + "/control"
        desk = open_desk(url, token=exercise.token("control")["token"], scheme="dark").is_in()
        wait_until(lambda: any(path.endswith(".png") for path in Tiles.asked), "a tile")
        expect(desk.page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Stadtplan Padertopia")
        desk.draws("units")
        desk.page.close()


@pytest.mark.parametrize("name", ["stamen_toner_raster_CC-BY+ODbL_z3.pmtiles", "test_fixture_1.pmtiles"])
def test_a_pmtiles_file_of_the_city_is_read_by_ranges(
    tiles: str, samples: Path, name: str, tmp_path: Path, open_desk: Open
) -> None:
    if not (samples / "basemap" / name).exists():
        pytest.skip("the recorded samples are not here")
    Tiles.file = (samples / "basemap" / name).read_bytes()
    with Exercise(tmp_path, "hausbrand", LAGEBILD_MAP_PMTILES_URL=tiles + "/stadt.pmtiles") as exercise:
        exercise.jump(120)
        exercise.pause()
        desk = open_desk(exercise.server.url + "/control", token=exercise.token("control")["token"]).is_in()
        desk.draws("units", *[one["id"] for one in desk.features("units")])
        wait_until(lambda: len(Tiles.asked) > 1, "header and tiles")
        expect(desk.part("map").get_by_role("alert")).to_have_count(0)
        desk.page.close()


def test_a_broken_base_map_is_said_and_breaks_nothing(tiles: str, tmp_path: Path, open_desk: Open) -> None:
    settings = {"LAGEBILD_MAP_STYLE_URL": tiles + "/no-such-style.json"}
    with Exercise(tmp_path, "hausbrand", **settings) as exercise:
        exercise.jump(120)
        exercise.pause()
        url = exercise.server.url + "/control"
        desk = open_desk(url, token=exercise.token("control")["token"], forgive=r"status of 404").is_in()
        expect(desk.part("map").get_by_role("alert")).to_contain_text("Kartenhintergrund ist gestört")
        expect(desk.missions).to_have_count(1)
        desk.draws("units", *[one["id"] for one in desk.features("units")])
        desk.choose(desk.missions.first)
        desk.page.close()


def test_without_webgl_lists_and_details_go_on(hausbrand: Exercise, open_desk: Open) -> None:
    without = "HTMLCanvasElement.prototype.getContext = () => null;"
    token = hausbrand.token("control")["token"]
    desk = open_desk(hausbrand.server.url + "/control", token=token, before=without, forgive="no map|WebGL|webgl")
    expect(desk.part("map").get_by_role("alert")).to_contain_text(
        "Die Karte kann hier nicht gezeichnet werden", timeout=30_000
    )
    expect(desk.missions).to_have_count(1)
    desk.choose(desk.missions.first)
    expect(desk.fact("keyword")).to_be_visible()
