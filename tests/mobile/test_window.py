"""The real app in a real window, touched and read like by a crew, against the real server with the demo exercise."""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mobile.exercise import DRIVING, MISSION, SITUATION, UNIT, Exercise, app_link
from tests.mobile.glass import ROOT, App, display
from tests.mobile.network import Network
from tests.server import Server, wait_until

pytestmark = [
    pytest.mark.kivy,
    pytest.mark.timeout(300),
]

LANDSCAPE, PORTRAIT = "1280x800", "800x1280"
TABS = ("Einsatz", "Karte", "Umkreis", "Status", "Meldung", "Mehr")
SECTIONS = ("WAS", "WO", "WER", "WANN", "DETAILS", "KONTEXT")
TOUCH_MM = 12.0
STALE_GREY = 0.42
"""No part of the grey of stale facts by day is brighter or darker than this by much; fresh words are nearly black."""


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    with display() as name:
        yield name


def arguments(exercise: Exercise, network: Network, *more: str) -> list[str]:
    """Signed in as the crew of the HLF, by day."""
    return ["--server", network.url, "--token", exercise.crew(), "--situation", SITUATION, "--day", *more]


def confirmed(app: App) -> App:
    """The new mission is confirmed, its card lies open, the map is there."""
    app.until(alarm=True)
    app.press("Verstanden")
    app.until(alarm=False, tab="mission")
    app.wait(lambda: app.state()["packs"] and app.state()["resting"], "the map")
    return app


def test_a_link_a_mission_an_alarm_a_card(server: Server, exercise: Exercise, screen: str, folder: Path) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, app_link(server.data), "--day", "--size", LANDSCAPE, traced=True) as app:
        app.until(alarm=True)
        for text in ("NEUER EINSATZ", "Menschenleben in Gefahr", "Kettengasse 9", "ÜBUNG", "alarmiert 21:40"):
            app.shows(text)
        app.wait(lambda: app.state()["strokes"], "the gong")
        assert MISSION not in str(exercise.reports())
        app.press("Verstanden")
        app.until(alarm=False, waiting=0)
        assert exercise.reports() == {f"seen {MISSION}": 1}
        assert [entry["by"] for entry in exercise.picture()[MISSION]["properties"]["seen_by"]] == [UNIT]
        texts = app.texts(everything=True)
        sections = [text for text in reversed(texts) if text in SECTIONS]
        assert sorted(sections, key=SECTIONS.index) == list(SECTIONS)
        rows = {words: age for words, age, _ in app.ask("ages")["rows"]}
        assert rows["Feuer 3 – Menschenleben in Gefahr"] == "vor 10 s"
        assert rows["Kettengasse 9, 33199 Padertopia"] == "vor 2 min"
        ours = "3 · Florian Padertopia 1 HLF20 1 (wir) in "
        found = app.wait(lambda: [row for row in app.ask("ages")["rows"] if row[0].startswith(ours)], "our own arrival")
        assert [age for _, age, _ in found] == ["vor 1 min"]
        assert any(words.startswith("▲ 2 Personen vermutet") for words in rows)
        assert rows["▲ Rauchmelder Küche EG: Alarm"] == "vor 3 min"
        assert any("Kind und Großvater schlafen im 1. OG" in words for words in rows)
        assert all(age for age in rows.values()), "a fact without an age"
        for text in ("ÜBUNG – Hausbrand in der Kettengasse", "Verbunden", "21:43:30", "HLF20"):
            app.shows(text)
        app.close()
    # The link is burnt; the tablet is signed in all the same.
    with App(screen, folder, app_link(server.data), "--day") as app:
        app.until(connection="connected", alarm=False)


def test_a_status_needs_two_presses_and_is_acknowledged(
    exercise: Exercise, network: Network, screen: str, folder: Path
) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, *arguments(exercise, network, "--size", LANDSCAPE)) as app:
        confirmed(app)
        app.press("Status")
        app.shows("Status 3 Einsatz übernommen")
        app.press("FMS 4")
        app.shows("Nochmal drücken")
        assert app.state()["waiting"] == 0
        app.press("FMS 4")
        app.until(status=4, waiting=0)
        app.shows("Status 4 am Einsatzort")
        app.shows("von der Leitstelle bestätigt")
        assert exercise.unit()["fms_status"] == 4
        for _ in range(2):  # no number of touches calls for help
            app.press("FMS 0")
            app.shows("2 s halten")
        app.status(7)
        app.until(status=7, waiting=0)
        app.status(0)
        app.until(status=0, waiting=0)
        assert exercise.unit()["emergency"] is True
        assert {name: count for name, count in exercise.reports().items() if "status" in name} == {
            "unit_status 4": 1,
            "unit_status 7": 1,
            "unit_status 0": 1,
        }
        app.press("Meldung")
        app.press("Zufahrt blockiert")
        app.press("Senden")
        app.until(waiting=0)
        app.ask("type", hint="Text der Meldung", text="Straße nass, Öl läuft aus")
        app.press("Senden")
        app.shows("Meldung: Straße nass, Öl läuft aus")
        app.until(waiting=0)
        notes = [f["properties"] for f in exercise.picture().values() if f["properties"]["layer"] == "notes"]
        said = {note["text"]: note["mission"] for note in notes if note["origin"] == "crew"}
        assert said == {"Zufahrt blockiert": MISSION, "Straße nass, Öl läuft aus": MISSION}


def test_a_tunnel_a_dead_battery_and_back(exercise: Exercise, network: Network, screen: str, folder: Path) -> None:
    """Ages run on and grey out, presses wait, the app is killed; afterwards everything is there once."""
    exercise.play("2026-09-12T19:44:50Z")
    with App(screen, folder, *arguments(exercise, network, "--size", LANDSCAPE)) as app:
        confirmed(app)
        row = next(row for row in app.ask("ages")["rows"] if "HLF20" in row[0])
        assert row[1] == "vor 20 s"
        exercise.clock("speed", speed=60.0)
        exercise.clock("resume")
        app.wait(lambda: app.state()["now"] > "2026-09-12T19:45:10", "the clock to run")
        network.cut()
        app.until(connection="offline")
        told = re.search(r"Kein Netz seit \d\d:\d\d min – letzter Stand (\d\d:\d\d:\d\d)", app.shows("Kein Netz seit"))
        assert told and told[1] >= "21:44:50", "what was heard last, however long the tunnel is by now"
        app.press("Status")
        for digit in (7, 8):
            app.status(digit)
        app.shows("wartet im Ausgang")
        app.shows("2 Meldungen warten")
        app.press("Einsatz")

        def greyed() -> bool:
            words, age, colour = next(row for row in app.ask("ages")["rows"] if "HLF20" in row[0])
            return (
                age.startswith("VERALTET") and "vor" in age and max(colour[:3]) - min(colour[:3]) < 0.1 and words != ""
            )

        app.wait(greyed, "the fact to grow old without a network")
        app.kill()
    with App(screen, folder, "--day", "--size", LANDSCAPE, traced=True) as app:
        app.until(waiting=2, confirmed=False)
        app.shows("Feuer 3 – Menschenleben in Gefahr")
        app.shows("Uhr nicht bestätigt")
        app.shows("ÜBUNG")
        app.wait(greyed, "the fact is still old")
        app.wait(lambda: app.state()["packs"] and app.state()["resting"], "the map")
        app.press("Status")
        app.status(4)
        app.until(waiting=3)
        network.restore()
        app.until(connection="connected", waiting=0, confirmed=True)
        app.shows("Verbunden")
        app.close()
    reports = {name: count for name, count in exercise.reports().items() if "status" in name}
    assert reports == {"unit_status 7": 1, "unit_status 8": 1, "unit_status 4": 1}


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
@pytest.mark.parametrize("dpi", [96, 150])
def test_everything_that_is_touched_is_large_enough(
    exercise: Exercise, network: Network, screen: str, folder: Path, size: str, dpi: int
) -> None:
    exercise.play(DRIVING)
    with App(screen, folder.with_name("new"), "--size", size, dpi=dpi) as app:
        app.shows("Anmeldung")
        measured = app.ask("targets")["targets"]
        assert len(measured) >= 6
        assert [entry for entry in measured if min(entry["width"], entry["height"]) < TOUCH_MM - 0.01] == []
    with App(screen, folder, *arguments(exercise, network, "--size", size), dpi=dpi) as app:
        app.until(alarm=True)
        measured = app.ask("targets")["targets"]
        confirmed(app)
        for tab in TABS:
            app.press(tab)
            measured += app.ask("targets")["targets"]
        assert len(measured) > 60
        assert [entry for entry in measured if min(entry["width"], entry["height"]) < TOUCH_MM - 0.01] == []


def test_the_map_is_drawn_from_the_tablet_and_moves(
    exercise: Exercise, network: Network, screen: str, folder: Path
) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, *arguments(exercise, network, "--size", LANDSCAPE)) as app:
        confirmed(app)
        app.press("Karte")
        app.press("Alles zeigen")
        state = app.wait(lambda: app.state() if streets() & set(app.state()["words"]) else {}, "the streets' names")
        assert len(streets() & set(state["words"])) >= 2
        assert {"F3 MiG", "Drohne 1 · 45 m"} <= set(state["words"])
        assert any(word.startswith("HLF20") for word in state["words"])  # with its arrival once that is known
        assert {UNIT, MISSION} <= set(state["badges"])
        assert any(name.startswith("base:") for name in state["badges"]), "no hydrant"
        app.ask("drag", x=700, y=400, dx=-300, dy=100)
        moved = app.state()
        assert moved["centre"][0] > state["centre"][0] + 20
        assert moved["centre"][1] < state["centre"][1] - 5
        app.press("+")
        app.wait(lambda: app.state()["zoom"] == pytest.approx(moved["zoom"] + 0.75), "nearer")
        assert any(re.fullmatch(r"\d{1,3}[a-z]?", word) for word in app.state()["words"]), "no house numbers"
        for _ in range(12):
            app.press("–")
        assert app.state()["zoom"] == 12.0
        app.press("Alles zeigen")
        app.press("Nord oben")
        heading = exercise.unit()["heading_deg"]
        app.wait(lambda: app.state()["turn"] == pytest.approx(heading), "the way to drive up")
        app.press("Fahrt oben")
        app.until(turn=0.0)
        assert other_addresses(app.process.pid, network.port) == set()
        network.cut()
        app.until(connection="offline")
        assert streets() & set(app.state()["words"])


def streets() -> set[str]:
    """Names of the town's streets that have an umlaut or a sharp s: letters that a font may lack."""
    town = json.loads((ROOT / "fixtures/town/padertopia.geojson").read_text(encoding="utf-8"))
    names = {feature["properties"].get("name", "") for feature in town["features"]}
    return {name for name in names if re.search("[äöüß]", name) and re.search("(straße|gasse|wall|weg)$", name)}


def other_addresses(pid: int, port: int) -> set[str]:
    """Remote ends of the app's TCP connections other than the server's, from /proc."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and int(fields[2].split(":")[1], 16) != port:
                found.add(fields[2])
    return found


def test_what_is_near_nearest_first(exercise: Exercise, network: Network, screen: str, folder: Path) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, *arguments(exercise, network, "--size", PORTRAIT)) as app:
        confirmed(app)
        app.press("Umkreis")
        app.shows("Entfernung vom Fahrzeug")
        shown = app.texts(everything=True)
        assert "▲ Kettengasse 9" in shown
        assert any("Personen vermutet" in text and "Melder ausgelöst" in text for text in shown)
        assert "Florian Padertopia 1 DLK23 1" in shown
        assert any(text.startswith("Unterflurhydrant H") for text in shown)
        assert any(re.search(r" · (bei|\d+ m von) \S.* \d", text) for text in shown), "the nearest address of a unit"
        by_hose = re.compile(r"(DN \d+ · )?\d+ m Schlauch, \d+ B")  # from the vehicle, worked out on the tablet
        app.wait(lambda: any(map(by_hose.fullmatch, app.texts(everything=True))), "the length of hose")
        assert not any("Luftlinie" in text for text in app.texts(everything=True))
        app.press("Vom Einsatz")
        app.shows("Entfernung vom Einsatz")
        app.shows("Florian Padertopia 1 HLF20 1" if "(wir)" in shown else "Drohne 1")


def test_day_night_language_letters_and_turning_the_tablet(
    exercise: Exercise, network: Network, screen: str, folder: Path
) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, *arguments(exercise, network, "--size", LANDSCAPE), traced=True) as app:
        confirmed(app)
        pictures = {}
        for size, width, height in ((LANDSCAPE, 1280, 800), (PORTRAIT, 800, 1280)):
            app.ask("size", width=width, height=height)
            app.until(landscape=width > height)
            for theme, name in (("day", "Tag"), ("night", "Nacht")):
                app.press("Mehr")
                app.press(name)
                app.until(theme=theme)
                app.press("Einsatz")
                app.shows("ÜBUNG")
                path = app.photograph(folder / f"{theme}-{size}.png")
                pictures[theme, size] = path
                assert struct.unpack(">II", path.read_bytes()[16:24]) == (width, height)
                assert path.stat().st_size > 20_000
        app.press("Mehr")
        app.press("English")
        app.shows("More")
        app.press("Mission")
        app.shows("WHAT")
        app.close()
    # What was chosen stays chosen.
    with App(screen, folder) as app:
        app.until(theme="night")
        app.shows("EXERCISE")


def test_a_broken_store_is_said_and_costs_no_sign_in(
    exercise: Exercise, network: Network, screen: str, folder: Path
) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, *arguments(exercise, network), traced=True) as app:
        confirmed(app).close()
    (folder / "tablet.db").write_bytes(b"worn-out memory" * 500)
    for suffix in ("-wal", "-shm"):
        (folder / f"tablet.db{suffix}").unlink(missing_ok=True)
    with App(screen, folder, "--day") as app:
        app.shows("beiseitegelegt")
        app.until(connection="connected")
        wait_until(lambda: app.state()["features"] > 10, "the picture")


def test_wrong_sign_ins_are_told_in_words(exercise: Exercise, network: Network, screen: str, folder: Path) -> None:
    exercise.play(DRIVING)
    with App(screen, folder, f"{network.url}/app#code=spent&situation={SITUATION}", "--day") as app:
        app.shows("Dieser Link gilt nicht mehr")
        app.ask("type", hint="http://server:8080/app#code=…", text="kein Link")
        app.press("Mit Link anmelden")
        app.shows("Das ist kein Anmelde-Link")
        app.ask("type", hint="server:8080", text=network.url.removeprefix("http://"))
        app.ask("type", hint="Zugangstoken", text="falsch")
        app.press("Mit Token anmelden")
        app.shows("kennt der Server nicht")
        app.ask("type", hint="Zugangstoken", text=exercise.server.token("crew", "HLF", "--unit", UNIT))
        app.press("Mit Token anmelden")
        app.until(connection="connected")
        app.shows("Kein Einsatz")
        assert "ÜBUNG" not in " ".join(app.texts(everything=True))
        app.press("Mehr")
        app.press("Abmelden")
        app.press("Nochmal drücken")
        app.shows("Anmelde-Link")
        assert not (folder / "session.json").exists()
