"""The demo: one exercise that runs, and a sign-in link for each person who takes part."""

import logging
from pathlib import Path

from fixtures.library import town_osm_path
from server.access import Role
from server.audit import OPERATOR
from server.durable import replace_file
from server.house import House
from server.links import sign_in_link

log = logging.getLogger("lagebild.demo")

APP_LINK = "app-link"
"""File in the data folder with the crew's link; `make app` reads it."""


def lay_the_ground(house: House) -> None:
    """Build the exercise town's base data where there is none yet, so that the demo knows streets, houses and water."""
    if house.bases.current is not None:
        return
    from server.base.build import build

    try:
        build(town_osm_path(), house.bases.folder, name="Padertopia", attribution="Padertopia, fiktiver Übungsort")
    except OSError as error:
        log.warning("no base data", extra={"reason": str(error)})


def unknown(house: House, scenario: str) -> str | None:
    """What is wrong with the name of a scenario; None when it can be played."""
    names = [known["name"] for known in house.situations.scenarios()]
    return None if scenario in names else f"there is no scenario {scenario!r}; there are {', '.join(names) or 'none'}"


def prepare(house: House, scenario: str, base: str) -> list[str]:
    """Go on with the exercise of this scenario, or start one; the lines to print."""
    situation = house.situations.exercise_of(scenario)
    if situation is None:
        situation = house.situations.start_exercise(scenario)
        house.audit.append("exercise-started", OPERATOR, situation.id, scenario=scenario)
    units = next((known["units"] for known in house.situations.scenarios() if known["name"] == scenario), ())
    access, settings = house.access, house.settings.access

    def link(role: Role, name: str, unit: str | None = None) -> str:
        return sign_in_link(access, settings, base, role, name, unit, situation.id)

    lines = [
        f"exercise {situation.id}: {situation.title} (ÜBUNG)",
        f"control room    {link(Role.CONTROL, 'Leitstelle')}",
        f"planner         {link(Role.PLANNER, 'Übungsleitung')}",
        f"police liaison  {link(Role.LIAISON, 'Verbindung Polizei')}",
    ]
    if house.citizens.open_for_exercise(situation.id):
        lines.append(f"citizens        {base}/melden")
    if units:
        crew = link(Role.CREW, "Gruppenführer", units[0])
        _write_private(house.data_dir / APP_LINK, crew)
        lines += [f"crew            {crew}", "start the crew app with:  make app"]
    return lines


def _write_private(path: Path, text: str) -> None:
    replace_file(path, text.encode() + b"\n")
