"""Takes the pictures of the screens for the documentation: `python -m tests.browser.shots [FOLDER]`.

Real servers, the two scenarios halted at fixed points of their time, so the pictures are the same each time.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import CHROMIUM, FLAGS, ROOT
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise
from tests.server import wait_until

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Shot:
    """One picture: whose screen, when in the exercise, in which colours and size, after doing what."""

    name: str
    role: str
    elapsed_s: float
    scheme: Scheme
    act: Callable[[Desk], None]
    size: tuple[int, int] = (1760, 990)


def mission(desk: Desk) -> None:
    """Choose the first mission and bring it close."""
    desk.choose(desk.missions.first)
    desk.detail.get_by_role("button", name="Auf der Karte zeigen").click()
    desk.tab("sources")


def region(desk: Desk) -> None:
    """Choose the region that is over its threshold."""
    over = [one for one in desk.features("crowd") if one["properties"].get("over_threshold")]
    desk.part("alarms").get_by_role("button", name=over[0]["properties"]["name"]).click()
    desk.detail.get_by_role("button", name="Auf der Karte zeigen").click()


def overview(desk: Desk) -> None:
    """Everything in view, the youngest mission chosen."""
    desk.choose(desk.missions.first)
    desk.page.get_by_role("button", name="Ganze Lage zeigen").click()


def inject(desk: Desk) -> None:
    """The planner about to inject."""
    desk.tab("inject")
    desk.part("inject").locator("select").select_option(index=1)


SHOTS = {
    "hausbrand": (
        Shot("control-room-light", "control", 390, "light", mission),
        Shot("planner", "planner", 390, "light", inject),
    ),
    "libori": (
        Shot("control-room-dark", "control", 3120, "dark", region),
        Shot("liaison", "liaison", 3120, "light", overview),
    ),
}
EXTRA = {
    "hausbrand": (
        Shot("extra-small", "control", 390, "light", mission, (1280, 800)),
        Shot("extra-large", "control", 390, "dark", mission, (2560, 1440)),
    ),
    "libori": (
        Shot("extra-small-liaison", "liaison", 3120, "dark", overview, (1280, 800)),
        Shot("extra-planner-dark", "planner", 3120, "dark", overview, (1280, 800)),
    ),
}


def stands_still(desk: Desk) -> None:
    """Wait for two pictures of the map in a row that are alike: signs and texts have found their places."""
    seen = [b""]
    canvas = desk.page.locator("canvas.maplibregl-canvas")

    def alike() -> bool:
        seen.append(canvas.screenshot())
        return seen[-1] == seen[-2]

    wait_until(alike, "the map to stand still")


def take(browser: Browser, exercise: Exercise, shot: Shot, folder: Path) -> Path:
    """Take one picture and return where it is."""
    url = f"{exercise.server.url}/{shot.role}"
    token = exercise.token(shot.role, "Pult 1")["token"]
    desk = Desk(browser, url, token=token, role=shot.role, scheme=shot.scheme, size=shot.size).is_in()
    shot.act(desk)
    desk.is_in()
    stands_still(desk)
    path = folder / f"{shot.name}.png"
    desk.page.screenshot(path=path)
    desk.close()
    return path


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "images")
    parser.add_argument("--extra", action="store_true", help="other sizes and colours, only to look at")
    wish = parser.parse_args()
    wish.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as data:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for scenario, shots in (EXTRA if wish.extra else SHOTS).items():
            with Exercise(Path(data) / scenario, scenario) as exercise:
                exercise.pause()
                exercise.jump(shots[0].elapsed_s)
                for shot in shots:
                    path = take(browser, exercise, shot, wish.folder)
                    print(f"{path} {path.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    main()
