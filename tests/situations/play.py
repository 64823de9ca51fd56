"""A player process for tests: goes on with the exercise in DATA or starts it, jumps if told to, says every new rev."""

import sys
import threading
from datetime import timedelta
from pathlib import Path

from layers.picture import Changes
from server import runtime

runtime.patch()

from server.situation import Situation  # noqa: E402  (patched first)
from tests.situations.tools import exercise_of, opened  # noqa: E402


def main(data: Path, scenario: str, speed: float, jump_s: float) -> None:
    """Play until killed."""
    with opened(data) as situations:
        said = threading.Lock()

        def say(situation: Situation, changes: Changes | None) -> None:
            if situation.status == "Exercise" and changes is not None:
                with said:
                    print(situation.picture.rev, flush=True)

        situations.subscribe(say)
        running = [situation for situation in situations.list() if situation.scenario == scenario]
        exercise = exercise_of(situations, (running or [situations.start_exercise(scenario, speed=speed)])[0].id)
        print("ready", exercise.picture.rev, flush=True)
        assert exercise.starts_at is not None
        target = exercise.starts_at + timedelta(seconds=jump_s)
        if jump_s and exercise.clock.target() < target:
            situations.control(exercise.id, "jump", to=target)
        print("played", exercise.picture.digest(), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
