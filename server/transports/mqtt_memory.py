"""What was last taken of each topic, so that a message which the broker kept is not taken for news again.

After every new subscription the broker sends its retained messages. One that we had already, live or retained, says
nothing new; taken again it would make the state of a device that died long ago look fresh. Kept over a restart.
"""

import hashlib
import json
import logging
from collections import OrderedDict
from pathlib import Path

from server import runtime
from server.durable import replace_file

MAX_TOPICS = 10_000

log = logging.getLogger("lagebild.connections")


class Memory:
    """Digests by topic, the oldest giving way. `folder` None: nothing outlasts the process."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._path = None if folder is None else folder / f"{name}.retained.json"
        self._known: OrderedDict[str, str] = OrderedDict()
        self._saved = True
        if self._path is not None and self._path.is_file():
            try:
                self._known.update(json.loads(self._path.read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                log.warning(
                    "what was retained is not remembered", extra={"file": self._path.name, "reason": str(error)}
                )

    def knows(self, topic: str, payload: bytes) -> bool:
        """Whether this was the last that was taken of the topic."""
        return self._known.get(topic) == _digest(payload)

    def note(self, topic: str, payload: bytes) -> None:
        """This was taken."""
        self._known[topic] = _digest(payload)
        self._known.move_to_end(topic)
        self._saved = False
        while len(self._known) > MAX_TOPICS:
            self._known.popitem(last=False)

    def save(self) -> None:
        """Write it down, if there is where."""
        if self._path is None or self._saved:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            runtime.offload(replace_file, self._path, json.dumps(self._known).encode())
            self._saved = True
        except OSError as error:
            log.warning("what was retained is not written down", extra={"file": self._path.name, "reason": str(error)})


def _digest(payload: bytes) -> str:
    return hashlib.blake2b(payload, digest_size=12).hexdigest()
