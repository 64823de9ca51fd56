"""The demo exercise on a real server, as the crew app meets it: sign-in, clock, what the server has written down."""

import json
import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from tests.server import Server

SITUATION = "ex-hausbrand-1"
UNIT = "urn:ngsi-ld:EmergencyVehicle:padertopia-hlf-1"
MISSION = "urn:ngsi-ld:Alert:padertopia-hausbrand-1"
DRIVING = "2026-09-12T19:43:30Z"
"""Alarmed, on the way, homes and drone report."""


class Exercise:
    """The running demo."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.planner = server.token("planner", "Übungsleitung")
        self.control = server.token("control", "Leitstelle")
        self._crews = 0

    def crew(self) -> str:
        """A token of the crew of the HLF, each time another."""
        self._crews += 1
        return self.server.token("crew", f"HLF {self._crews}", "--unit", UNIT, "--situation", "exercises")

    def clock(self, action: str, **more: Any) -> None:
        """Pause, resume, speed up, jump."""
        path = f"/situations/{SITUATION}/clock"
        answer = self.server.request("POST", path, self.planner, json={"action": action, **more})
        assert answer.status_code == 200, answer.text

    def play(self, to: str, *, running: bool = False) -> None:
        """Begin anew and go to a moment; the clock stands still there, to the second, unless `running`."""
        self.clock("pause")
        self.clock("speed", speed=1.0)
        self.clock("jump", to="2026-09-12T19:40:01Z")
        self.clock("jump", to=to)
        if running:
            self.clock("resume")

    def picture(self) -> dict[str, Any]:
        """What the control room sees, by id."""
        collection = self.server.get(f"/picture?situation={SITUATION}", self.control)
        return {feature["id"]: feature for feature in collection["features"]}

    def unit(self) -> dict[str, Any]:
        """The own vehicle's properties."""
        properties: dict[str, Any] = self.picture()[UNIT]["properties"]
        return properties

    def reports(self) -> Counter[str]:
        """How often each report stands in the journal of the newest take: "unit_status 4", "note Feuer aus"."""
        takes = (self.server.data / "exercises" / SITUATION).glob("take-*.db")
        return Counter(_reports(max(takes, key=lambda take: int(take.stem.removeprefix("take-")))))


def _reports(take: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{take}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT raws.body FROM entries JOIN raws ON entries.raw = raws.id WHERE raws.feed = 'report'"
        ).fetchall()
    finally:
        connection.close()
    bodies = [json.loads(row[0]) for row in rows]
    return [f"{body['kind']} {body.get('fms_status', body.get('text', body.get('target')))}" for body in bodies]


def app_link(data: Path) -> str:
    """The crew's one-time link that the demo leaves in the data folder."""
    link = (data / "app-link").read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/app#code=[\w-]+&situation=ex-hausbrand-1", link)
    return link
