"""A small scenario of our own, houses to play it in, and a player process that can be killed."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.exercise import Exercise
from server.intake import Intake
from server.quarantine import Quarantine
from server.situations import Situations, SituationSettings
from tests.desk.tools import eventually

ROOT = Path(__file__).parents[2]
STARTS_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
DURATION_S = 1200


def vehicle(number: int, step: int) -> dict[str, Any]:
    """Unit `number` at its `step`-th position."""
    return {
        "id": f"urn:ngsi-ld:EmergencyVehicle:test-{number}",
        "type": "EmergencyVehicle",
        "name": {"type": "Text", "value": f"Florian {number}"},
        "vehicleStatus": {"type": "Text", "value": str(1 + step % 8)},
        "position": {"type": "geo:json", "value": {"type": "Point", "coordinates": [8.78 + step / 1e5, 51.83]}},
    }


def alert(number: int) -> dict[str, Any]:
    """A mission."""
    return {
        "id": f"urn:ngsi-ld:Alert:test-{number}",
        "type": "Alert",
        "category": {"type": "Text", "value": "security"},
        "subCategory": {"type": "Text", "value": "fire"},
        "description": {"type": "Text", "value": f"Feuer {number}"},
        "location": {"type": "geo:json", "value": {"type": "Point", "coordinates": [8.781, 51.831]}},
    }


def update(*entities: dict[str, Any]) -> dict[str, Any]:
    """An NGSI update."""
    return {"actionType": "append", "entities": list(entities)}


def header(name: str = "small", duration_s: float = DURATION_S) -> dict[str, Any]:
    """The first line."""
    return {
        "lagebild": "scenario",
        "version": 1,
        "name": name,
        "title": {"de": "Klein", "en": "Small"},
        "starts_at": STARTS_AT.isoformat().replace("+00:00", "Z"),
        "duration_s": duration_s,
    }


def small_lines() -> list[dict[str, Any]]:
    """Twenty minutes: units that move, missions, a sender that falls silent, odd times, and lines that are refused."""
    lines: list[dict[str, Any]] = [header()]
    for step in range(600):
        at_s = round(step * 1.9 + 0.001 * (step % 7), 3)
        instance = "leitstelle" if step < 200 or step > 550 else "fahrzeuge"
        entities = [vehicle(step % 5, step)]
        if step % 100 == 0:
            entities.append(alert(step // 100))
        lines.append({"at_s": at_s, "feed": "ngsi", "instance": instance, "body": update(*entities)})
        if step % 150 == 75:
            broken = {"id": "urn:ngsi-ld:Nonsense:1", "type": "Nonsense"}
            lines.append({"at_s": at_s, "feed": "ngsi", "instance": "kaputt", "body": update(broken, vehicle(9, step))})
            lines.append({"at_s": at_s, "feed": "ngsi", "instance": "kaputt", "body": "{not JSON"})
    return lines


def write_scenario(data: Path, lines: list[dict[str, Any]], name: str = "small") -> Path:
    """Put a scenario into a data folder."""
    (data / "scenarios").mkdir(parents=True, exist_ok=True)
    path = data / "scenarios" / f"{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@contextlib.contextmanager
def opened(data: Path, settings: SituationSettings | None = None) -> Iterator[Situations]:
    """Every situation of a data folder, running."""
    data.mkdir(parents=True, exist_ok=True)
    situations = Situations(data, settings, Intake(Quarantine(data / "quarantine.db")))
    try:
        situations.start()
        situations.resume()
        yield situations
    finally:
        situations.stop()


def exercise_of(situations: Situations, name: str) -> Exercise:
    """The exercise, as one."""
    found = situations.get(name)
    assert isinstance(found, Exercise)
    return found


def begin(situations: Situations, scenario: str = "small") -> Exercise:
    """Start a scenario and pause it at once: from there tests say what time it is."""
    exercise = exercise_of(situations, situations.start_exercise(scenario).id)
    situations.control(exercise.id, "pause")
    return exercise


def go_to(situations: Situations, exercise: Exercise, at_s: float) -> None:
    """Jump, and wait until everything that was due has happened."""
    assert exercise.starts_at is not None
    situations.control(exercise.id, "jump", to=exercise.starts_at + timedelta(seconds=at_s))
    settle(exercise)


def settle(exercise: Exercise) -> None:
    """Wait until every line and every tick that is due is in the picture."""

    def quiet() -> bool:
        due, target = exercise.picture.next_due(), exercise.clock.target()
        return exercise.clock.now() >= target and (due is None or due > target)

    eventually(quiet, "everything that was due")


def undisturbed(data: Path, scenario: str = "small", at_s: float = DURATION_S) -> str:
    """Digest of the picture after playing in one go."""
    with opened(data) as situations:
        exercise = begin(situations, scenario)
        go_to(situations, exercise, at_s)
        return exercise.picture.digest()


class PlayerProcess:
    """`python -m tests.situations.play` on a data folder; killed by its own pid."""

    def __init__(self, data: Path, scenario: str, speed: float, jump_s: float) -> None:
        words = [sys.executable, "-m", "tests.situations.play", str(data), scenario, str(speed), str(jump_s)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def line(self) -> str:
        """The next line it prints; empty at its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.communicate()
