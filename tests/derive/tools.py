"""A deriver that is easily followed, and the rooms it works in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from layers.content import Content, Mission
from layers.observation import Observation, idempotency_key
from layers.picture import Picture
from layers.wire import Feature
from server.derive import LIMIT, Derivations
from server.deriver import Deriver, Question
from server.intake import Intake
from server.metrics import Metrics
from server.quarantine import Quarantine
from server.situations import Situations
from tests.desk.tools import DEADLINE_S

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Shouter:
    """Works out the description in capitals, as the location detail. `gate` holds answers back; `asked` counts."""

    source = "base/shouter"
    ready = True

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.asked: list[str] = []

    def concerns(self, feature: Feature) -> Iterator[str]:
        if feature["properties"]["part"] == "mission":
            yield feature["id"]

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        return None

    def ask(self, picture: Picture, subject: str) -> Question | None:
        record = picture.records.get(subject)
        said = None if record is None else record.claim("description")
        if record is None or said is None or record.get("location_detail") == record.get("description").upper():
            return None
        text = record.get("description")
        if text == "raise when asked":
            raise ZeroDivisionError
        return Question(subject=subject, basis=said.id, observed_at=said.observed_at, data=text)

    def answer(self, question: Question) -> Content | None:
        self.asked.append(question.data)
        self.entered.set()
        assert self.gate.wait(DEADLINE_S)
        if question.data == "raise":
            raise ZeroDivisionError
        return None if question.data == "nothing" else Mission(location_detail=question.data.upper())


@contextmanager
def house(data: Path, deriver: Deriver, limit: int = LIMIT) -> Iterator[tuple[Situations, Derivations, Metrics]]:
    """Situations with one deriver, started in the order of the server."""
    data.mkdir(parents=True, exist_ok=True)
    situations = Situations(data, None, Intake(Quarantine(data / "quarantine.db")))
    metrics = Metrics()
    derivations = Derivations(situations, metrics, [deriver], limit)
    try:
        situations.start()
        situations.resume()
        derivations.start()
        yield situations, derivations, metrics
    finally:
        derivations.stop()
        situations.stop()


def mission(name: str, text: str, second: int = 0) -> Observation:
    at = AT + timedelta(seconds=second)
    return Observation(
        id=idempotency_key(name, text, str(second)),
        source="test/dispatch",
        subject=name,
        observed_at=at,
        reported_at=at,
        received_at=datetime.now(UTC),
        content=Mission(description=text),
    )


def detail(picture: Picture, name: str) -> str | None:
    feature = picture.features.get(name)
    return None if feature is None else feature["properties"]["location_detail"]


def shouted(picture: Picture, name: str, text: str) -> bool:
    return detail(picture, name) == text


def count(metrics: Metrics, outcome: str) -> float:
    return (
        metrics.registry.get_sample_value("lagebild_derived_total", {"source": "base/shouter", "outcome": outcome})
        or 0.0
    )
