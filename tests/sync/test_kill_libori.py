"""Kill -9 in the middle of Libori, on a town with streets, houses and water: the client catches up, and the picture is
that of a run that nothing disturbed.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from layers.wire import Feature
from tests.browser.exercise import Exercise
from tests.server import Client, wait_until
from tests.situations.tools import exercise_of, opened

CROWDED_S, LATER_S = 2350, 2700
"""Shortly before the crowd in front of the stage is too dense, and while it is."""


def shown(features: dict[str, Feature]) -> dict[str, Any]:
    """Features without their revisions: a restart tells them in larger steps."""
    plain: dict[str, Any] = {}
    for identifier, feature in features.items():
        properties = {key: value for key, value in feature["properties"].items() if key != "rev"}
        plain[identifier] = (feature["geometry"], properties)
    return plain


def too_dense(client: Client) -> bool:
    """Whether the client has been told of a region over its threshold."""
    return any(feature["properties"].get("over_threshold") for feature in client.features.values())


def as_of(data: Path, exercise: str, at_s: float) -> dict[str, Any]:
    """What was known and shown at a time of the exercise, and its digest."""
    with opened(data) as situations:
        found = exercise_of(situations, exercise)
        assert found.starts_at is not None
        assert found.journal.check().ok
        picture = situations.as_of(found, found.starts_at + timedelta(seconds=at_s))
        return {"digest": picture.digest(), **shown(picture.features)}


def undisturbed(data: Path, environment: dict[str, str]) -> dict[str, Any]:
    """The same, played in one go."""
    with Exercise(data, "libori", **environment) as exercise:
        exercise.pause()
        exercise.jump(LATER_S)
    return as_of(data, exercise.id, LATER_S)


def test_killed_while_the_crowd_is_too_dense(tmp_path: Path) -> None:
    # Two servers, one town: what is worked out names the version of the base data it was worked out from.
    base = {"LAGEBILD_BASE_FOLDER": str(tmp_path / "base")}
    with Exercise(tmp_path / "killed", "libori", **base) as exercise:
        exercise.pause()
        exercise.jump(CROWDED_S)
        token = exercise.token("control")["token"]
        with Client(exercise.server.url, token, situation=exercise.id) as client:
            exercise.speed(30)
            exercise.steer(action="resume")
            wait_until(lambda: too_dense(client), "the crowd to be too dense", 90)
            assert exercise.server.kill() == -9
            wait_until(client.gone.is_set, "the connection to end")
        exercise.restart()
        epoch = client.hellos[0]["epoch"]
        again = Client(exercise.server.url, token, situation=exercise.id, rev=client.rev, epoch=epoch)
        again.features = client.features
        with again:
            assert (again.hellos[0]["epoch"], again.deltas[0]["full"]) == (epoch, False)
            exercise.pause()
            exercise.jump(LATER_S)
            picture = exercise.server.get(f"/picture?situation={exercise.id}", token)
            wait_until(lambda: again.rev == picture["rev"], "the client to catch up")
            assert shown(again.features) == shown({feature["id"]: feature for feature in picture["features"]})
    found = as_of(tmp_path / "killed", exercise.id, LATER_S)
    assert {"source:base/router", "source:base/geocoder", "source:base/water"} & found.keys(), "nothing was worked out"
    assert found == undisturbed(tmp_path / "calm", base)
