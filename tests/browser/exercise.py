"""A server with a running exercise, steered as a planner does, and signed in to as its links say."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from layers.observation import iso
from tests.server import Server, wait_until

PAGES = {"control": "control room", "planner": "planner", "liaison": "police liaison"}


class Exercise:
    """`lagebild serve --demo NAME`; the same port after a restart, so that open pages find it again."""

    def __init__(self, data: Path, scenario: str, *options: str, **environment: str) -> None:
        self.id = f"ex-{scenario}-1"
        self._data, self._options = data, ("--demo", scenario, *options)
        self._environment = environment
        self.server = Server(data, *self._options, **environment)

    def __enter__(self) -> Self:
        self.server.start()
        wait_until(lambda: len(self.server.lines) > 1, "the exercise to start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    def restart(self) -> None:
        """Start again where the old one listened, after `server.stop` or `server.kill`."""
        port = self.server.url.rpartition(":")[2]
        self.server = Server(self._data, *self._options, "--port", port, **self._environment)
        self.server.start()

    @cached_property
    def admin(self) -> str:
        """A token of an administrator, who may do what a planner may."""
        return self.server.token("admin", "Prüfstand")

    def token(self, role: str, name: str = "Pult", **more: Any) -> dict[str, Any]:
        """A new token with its id."""
        response = self.server.request("POST", "/tokens", self.admin, json={"role": role, "name": name, **more})
        assert response.status_code == 201, response.text
        row: dict[str, Any] = response.json()
        return row

    def revoke(self, token_id: str) -> None:
        """Close a token."""
        assert self.server.request("DELETE", f"/tokens/{token_id}", self.admin).status_code == 204

    def link(self, page: str) -> str:
        """The one-time sign-in link that the server printed for a page."""
        lines = wait_until(lambda: [one for one in self.server.lines if one.startswith(PAGES[page])], "the link")
        return str(lines[0].split()[-1])

    @property
    def situation(self) -> dict[str, Any]:
        """The exercise as the server describes it."""
        found = [one for one in self.server.get("/situations", self.admin)["situations"] if one["id"] == self.id]
        assert len(found) == 1
        situation: dict[str, Any] = found[0]
        return situation

    def steer(self, **wish: Any) -> None:
        """Control the clock."""
        response = self.server.request("POST", f"/situations/{self.id}/clock", self.admin, json=wish)
        assert response.status_code == 200, response.text

    def pause(self) -> None:
        """Halt the clock."""
        self.steer(action="pause")

    def speed(self, factor: float) -> None:
        """Seconds of the exercise per second."""
        self.steer(action="speed", speed=factor)

    def jump(self, elapsed_s: float) -> None:
        """Go to a point of the exercise, and wait until everything up to there was played and worked out."""
        to = datetime.fromisoformat(self.situation["starts_at"]).astimezone(UTC) + timedelta(seconds=elapsed_s)
        self.steer(action="jump", to=iso(to))
        wait_until(lambda: datetime.fromisoformat(self.situation["now"]) >= to, "the exercise to get there", 240)

    def features(self, token: str, layer: str) -> list[dict[str, Any]]:
        """A layer as the server would show it to the token."""
        found: list[dict[str, Any]] = self.server.get(f"/picture?situation={self.id}&layers={layer}", token)["features"]
        return found
