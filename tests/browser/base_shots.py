"""Takes pictures of the map of base data: `python -m tests.browser.base_shots FOLDER EXTRACT[@LAT,LON]...`.

One real server per extract; three zooms around a position (default: the middle), by day and by night.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from server.base.build import build
from tests.browser.chromium import CHROMIUM, FLAGS
from tests.browser.desk import Desk
from tests.browser.shots import Scheme, stands_still
from tests.server import Server, wait_until

ZOOMS = (13.0, 15.0, 17.0)


def take(
    browser: Browser, url: str, token: str, name: str, scheme: Scheme, folder: Path, lat: float, lon: float
) -> None:
    """All zooms of a place in one scheme."""
    desk = Desk(browser, url, token=token, scheme=scheme, size=(1400, 900))
    wait_until(lambda: desk.look("mapReady"), "the map")
    canvas = desk.page.locator("canvas.maplibregl-canvas").bounding_box()
    assert canvas is not None
    stands_still(desk)
    for wanted in ZOOMS:
        while (zoom := desk.look("camera")["zoom"]) < wanted - 0.05:
            # Under the pointer the map stays where it is while the wheel turns.
            spot = desk.look("project(args[0], args[1])", lon, lat)
            desk.page.mouse.move(canvas["x"] + spot["x"], canvas["y"] + spot["y"])
            desk.page.mouse.wheel(0, -min(100.0, 450 * (wanted - zoom)))
            desk.page.wait_for_timeout(250)
        wait_until(lambda: desk.look("mapReady"), "the map")
        stands_still(desk)
        path = folder / f"{name}-{desk.look('camera')['zoom']:.0f}-{scheme}.png"
        desk.page.locator("canvas.maplibregl-canvas").screenshot(path=path)
        print(path)
    desk.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("extracts", nargs="+")
    wish = parser.parse_args()
    wish.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as data:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for extract in wish.extracts:
            file, _, at = extract.partition("@")
            name = Path(file).name.split(".")[0]
            base = build(Path(file), Path(data) / name / "base")
            west, south, east, north = base.manifest.bbox
            lat, lon = (float(part) for part in at.split(",")) if at else ((south + north) / 2, (west + east) / 2)
            with Server(Path(data) / name) as server:
                token = server.token("control", "Pult")
                schemes: tuple[Scheme, Scheme] = ("light", "dark")
                for scheme in schemes:
                    take(browser, f"{server.url}/control", token, name, scheme, wish.folder, lat, lon)
            base.close()
        browser.close()


if __name__ == "__main__":
    main()
