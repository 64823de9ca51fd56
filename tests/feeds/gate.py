"""A running server with a token of each role that matters to a feed."""

from typing import Any

import requests

from tests.server import Server


class Gate:
    """A running server as a sender and as the control room sees it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens = {role: server.token(role) for role in ("control", "admin", "liaison")}
        self.feeds: dict[str, str] = {}

    def feed(self, name: str) -> str:
        """The token of a feed."""
        if name not in self.feeds:
            self.feeds[name] = self.server.token("feed", name)
        return self.feeds[name]

    def post(
        self, body: Any, path: str = "/v2/op/update", feed: str = "leitstelle", **options: Any
    ) -> requests.Response:
        """Send bytes, or a document as JSON, as NGSI clients do."""
        data = {"data": body} if isinstance(body, bytes) else {"json": body}
        headers = {"X-Auth-Token": self.feed(feed), "Content-Type": "application/json"} | options.pop("headers", {})
        return self.server.request("POST", path, headers=headers, **data, **options)

    def update(self, *entities: Any, action: str = "append", **options: Any) -> requests.Response:
        """Send an update."""
        return self.post({"actionType": action, "entities": list(entities)}, **options)

    def read(self, path: str, role: str = "control") -> requests.Response:
        """A GET with the token of a role, or of a feed by its name."""
        return self.server.request("GET", path, self.tokens.get(role) or self.feed(role))

    def feature(self, name: str) -> dict[str, Any]:
        """A feature as the control room gets it; empty where there is none."""
        features = self.server.get("/picture?situation=live", self.tokens["control"])["features"]
        return next((feature for feature in features if feature["id"] == name), {})

    def refusals(self, feed: str) -> list[dict[str, Any]]:
        """What the quarantine keeps of an NGSI sender, newest first."""
        rows = self.server.get("/quarantine?limit=500", self.tokens["control"])["quarantine"]
        return [row for row in rows if row["instance"] == feed]
