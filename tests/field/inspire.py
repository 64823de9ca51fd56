"""A server to which every example entity of the INSPIRE data model was sent by its feed."""

import json
from pathlib import Path
from typing import Any

from tests.feeds.gate import Gate
from tests.server import Server


class Inspire:
    """See the module."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.gate = Gate(server)
        self.status = {path.name: self._post(path) for path in sorted(folder.glob("*.json"))}
        """The answer to each file."""
        document = server.get("/picture?situation=live", self.gate.tokens["control"])
        self.features: dict[str, dict[str, Any]] = {feature["id"]: feature for feature in document["features"]}

    def _post(self, path: Path) -> int:
        """A notification goes to the URL of notifications, entities in an update."""
        document = json.loads(path.read_bytes())
        if "subscriptionId" in document:
            return self.gate.post(path.read_bytes(), "/v2/notify").status_code
        return self.gate.update(*(document if isinstance(document, list) else [document])).status_code
