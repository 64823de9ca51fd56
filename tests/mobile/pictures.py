"""Takes the pictures of docs/app.md: `python tests/mobile/pictures.py docs/images`, about a minute.

The real server with the demo exercise, the real app as on a ten-inch tablet (150 dots per inch).
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.mobile.exercise import SITUATION, UNIT, Exercise
from tests.mobile.glass import App, display
from tests.mobile.network import Network
from tests.server import Server, wait_until

MOMENT = "2026-09-12T19:43:05Z"


def take(folder: Path, work: Path) -> None:
    """One round through the screens."""
    with Server(work / "server", "--demo", "hausbrand") as server, display() as screen, Network(server.url) as network:
        wait_until(lambda: any("crew app" in line for line in server.lines), "the demo to be ready")
        exercise = Exercise(server)

        def app(name: str, *options: str) -> App:
            exercise.play(MOMENT)
            session = ("--server", network.url, "--token", exercise.crew(), "--situation", SITUATION)
            started = App(screen, work / name, *session, *options)
            started.until(alarm=True)
            started.press("Verstanden")
            started.until(alarm=False, waiting=0)
            wait_until(lambda: started.state()["packs"] and started.state()["resting"], "the map")
            exercise.clock("resume")
            wait_until(lambda: f"{UNIT}#route" in exercise.picture(), "the way")
            wait_until(lambda: started.state()["now"] > MOMENT.replace("Z", "") and drawn(started), "the map")
            return started

        with app("day", "--day", "--size", "1280x800") as day:
            day.photograph(folder / "app-day.png")
            day.press("Karte")
            day.press("Alles zeigen")
            wait_until(lambda: drawn(day), "the whole map")
            day.photograph(folder / "app-map.png")
            day.ask("look", zoom=18)
            wait_until(lambda: day.state()["resting"], "the houses")
            day.photograph(folder / "app-map-18.png")
            day.press("Einsatz")
            network.cut()
            day.until(connection="offline")
            day.press("Status")
            day.status(7)
            day.shows("1 Meldung wartet")
            day.photograph(folder / "app-fms.png")
            network.restore()
        with app("night", "--night", "--size", "1280x800") as night:
            night.photograph(folder / "app-night.png")
            night.press("Karte")
            night.ask("look", zoom=16)
            wait_until(lambda: night.state()["resting"], "the map")
            night.photograph(folder / "app-map-night.png")
        with app("portrait-night", "--night", "--size", "800x1280") as upright:
            upright.press("Karte")
            wait_until(lambda: way(upright), "the way")
            upright.photograph(folder / "app-portrait-night.png")
        with app("portrait", "--day", "--size", "800x1280") as portrait:
            portrait.photograph(folder / "app-portrait.png")


def drawn(app: App) -> bool:
    """Whether signs and names stand on the map."""
    state = app.state()
    return (state["resting"] and len(state["words"]) > 10 and way(app)) or state["landscape"] is False


def way(app: App) -> bool:
    """Whether the water of the mission is drawn; the ways come with it."""
    return any("#water-1" in name for name in app.state()["badges"])


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        take(target, Path(temporary))
