"""Own objects that are bound to a mission, on the tablet: there while it runs, network or not, and gone afterwards."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from mobile import session
from mobile.cab import Cab
from mobile.clock import iso
from mobile.keeper import HOLD, LOOKED, Phase
from mobile.mission import is_ended
from mobile.session import Session
from mobile.store import Store
from server.base.base import Base
from tests.mobile.exercise import DRIVING, MISSION, SITUATION, UNIT, Exercise
from tests.mobile.glass import App, display
from tests.mobile.network import Network
from tests.mobile.test_cab import cab_in, connected
from tests.objects.samples import pdf
from tests.server import Server, wait_until

FIRE = (8.77781, 51.83143)
"""Lon, lat of the house that burns."""
ENDED = "2026-09-12T19:55:30Z"
"""The mission named its end before."""


@pytest.fixture(scope="module")
def server(town_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo with the town's map, a key safe and its plan that are bound to missions."""
    data = tmp_path_factory.mktemp("server")
    shutil.copytree(town_base.folder, data / "base")
    source = data / "source"
    (source / "plans").mkdir(parents=True)
    (source / "plans" / "K7.pdf").write_bytes(pdf(2))
    table = f"ref,title,lon,lat,note\nK7,Hoftor Kettengasse,{FIRE[0]},{FIRE[1]},Code 4711\nK8,Fern,8.9,51.9,Code 9\n"
    (source / "safes.csv").write_text(table)
    settings = (
        f'[base.objects.safes]\nsource = "{source / "safes.csv"}"\ntitle = "Depots"\npurpose = "Zugang"\n'
        'kind = "key_safe"\naudience = ["crew", "control"]\nmission_only = true\n'
    )
    (data / "lagebild.toml").write_text(settings)
    with Server(data, "--config", str(data / "lagebild.toml"), "--demo", "hausbrand") as server:
        wait_until(lambda: any("crew app" in line for line in server.lines), "the demo to be ready")
        control = server.token("control", "Leitstelle")
        wait_until(
            lambda: server.get("/objects", control)["layers"][0]["count"] == 2, "the key safes to have been imported"
        )
        yield server


@pytest.fixture
def driving(exercise: Exercise) -> Exercise:
    exercise.play(DRIVING)
    return exercise


def signed_in(exercise: Exercise, network: Network) -> Session:
    return session.sign_in_by_token(network.url, exercise.crew(), SITUATION)


def safes(cab: Cab) -> list[str]:
    cab.poll()
    return [one.note for one in cab.shelf.own(FIRE, 1_000.0)]


def _tells(cab: Cab, told: list[str]) -> bool:
    return safes(cab) == told


def files(folder: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in (folder / "packs").iterdir())


def test_they_come_with_the_mission_stay_without_a_network_and_go_when_it_ends(
    driving: Exercise, network: Network, folder: Path
) -> None:
    with cab_in(folder, signed_in(driving, network)) as cab:
        wait_until(lambda: safes(cab) == ["Code 4711"], "the key safe at the fire")
        (safe,) = cab.shelf.own(FIRE, 1_000.0)
        wait_until(lambda: all(one.phase is Phase.CURRENT for one in cab.packs().packs), "the pack to be checked")
    network.cut()
    with cab_in(folder) as cab:
        assert safes(cab) == ["Code 4711"], "after a start without a network"
        (plan,) = safe.plans
        assert [bool(cab.shelf.plan_page(plan.id, page)) for page in (1, 2, 3)] == [True, True, False]
        network.restore()
        connected(cab)
        driving.clock("jump", to=ENDED)
        wait_until(lambda: safes(cab) == [], "the key safe to be forgotten")
        wait_until(lambda: not cab.poll() and is_ended(cab.snapshot.features[MISSION]), "the end")
        wait_until(lambda: files(folder) == ["gebiet.pack"], "the files to be deleted")
        assert all(not one.mission for one in cab.packs().packs)


def test_they_go_when_the_crew_signs_out_and_when_the_unit_is_another(
    driving: Exercise, network: Network, folder: Path
) -> None:
    with cab_in(folder, signed_in(driving, network)) as cab:
        wait_until(lambda: safes(cab) == ["Code 4711"], "the key safe at the fire")
        cab.sign_out()
        assert cab.shelf.own(FIRE, 1_000.0) == []
        assert "einsatz" not in files(folder)
        assert MISSION not in cab.store.setting("packs_offered", "")
        other = driving.server.token("crew", "RTW", "--unit", "urn:x:rtw", "--situation", "exercises")
        cab.sign_in(session.sign_in_by_token(network.url, other, SITUATION))
        connected(cab)
        wait_until(lambda: cab.packs().asked and not cab.packs().worst, "the packs of the other unit")
        assert safes(cab) == []


def test_a_tablet_that_hears_nothing_does_not_keep_them_for_ever(
    driving: Exercise, network: Network, folder: Path
) -> None:
    with cab_in(folder, signed_in(driving, network)) as cab:
        wait_until(lambda: safes(cab) == ["Code 4711"], "the key safe at the fire")
    network.cut()
    for age, kept in ((HOLD - timedelta(minutes=5), True), (HOLD + timedelta(minutes=5), False)):
        store = Store(folder / "tablet.db")
        store.set_setting(LOOKED, iso(datetime.now(UTC) - age))
        store.close()
        with cab_in(folder) as cab:
            assert MISSION in cab.snapshot.features, "for all that it knows, the mission goes on"
            told = ["Code 4711"] if kept else []
            wait_until(partial(_tells, cab, told), f"key safes after {age}: {told}")


@pytest.mark.kivy
@pytest.mark.timeout(300)
def test_the_crew_reads_the_plan_at_the_fire_and_it_leaves_the_screen_with_the_mission(
    driving: Exercise, network: Network, folder: Path, tmp_path: Path
) -> None:
    told = ["--server", network.url, "--token", driving.crew(), "--situation", SITUATION, "--day", "--size", "800x1280"]
    with display() as screen, App(screen, folder, *told) as app:
        app.until(alarm=True)
        app.press("Verstanden")
        app.until(alarm=False, tab="mission")
        app.wait(lambda: any(name.startswith("einsatz-") for name in app.state()["packs"]), "the mission's objects")
        app.press("Umkreis")
        app.press("Vom Einsatz")
        app.shows("Hoftor Kettengasse")
        app.shows("Schlüsseldepot · Code 4711")
        app.photograph(tmp_path / "near.png")
        app.press("Plan")
        app.shows("Seite 1 von 2")
        driving.clock("jump", to=ENDED)
        app.wait(lambda: not any("Seite 1 von 2" in text for text in app.texts()), "the plan to be taken away")
        app.wait(lambda: not [name for name in app.state()["packs"] if name.startswith("einsatz-")], "the pack to go")
        assert "Hoftor Kettengasse" not in json.dumps(app.texts(everything=True))
        app.close()
    assert UNIT in driving.picture()
