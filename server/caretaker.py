"""What is looked after: connections of revoked tokens, connections that never signed in, when tokens were used, files
that are kept no longer.
"""

import logging
import threading
import time

from flask_socketio import SocketIO

from server import runtime
from server.house import House
from server.sockets import close, engine_of

log = logging.getLogger("lagebild.caretaker")

ROUND_S = 1.0
FLUSH_EVERY_S = 60.0
SIGN_IN_WITHIN_S = 15.0
"""A transport that was opened and not signed in for so long is closed: refused clients would otherwise keep theirs."""


class Caretaker:
    """A background task; one per server."""

    def __init__(self, house: House, socketio: SocketIO) -> None:
        self._house = house
        self._server = engine_of(socketio)
        self._stopped = threading.Event()
        self._strangers: dict[str, float] = {}
        self._flushed_at = time.monotonic()

    def start(self) -> None:
        """Begin to look after things."""
        runtime.spawn(self._run, name="caretaker")

    def stop(self) -> None:
        """End after the round under way."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(ROUND_S):
            self.close_revoked()
            self.close_strangers(time.monotonic())
            if time.monotonic() - self._flushed_at > FLUSH_EVERY_S:
                self._flushed_at = time.monotonic()
                self._house.access.flush_used()
                self._house.media.expire()

    def close_revoked(self) -> None:
        """Disconnect whoever came with a token that has been revoked or has expired."""
        connected = self._house.sync.principals()
        if not connected:
            return
        valid = self._house.access.valid_ids()
        gone = [sid for sid, who in connected.items() if who.token_id not in valid]
        self._house.sync.cut(gone, "token revoked")

    def close_strangers(self, now: float) -> None:
        """Close transports on which nobody signed in."""
        engines = dict(self._server.eio.sockets)
        signed_in = {self._server.manager.eio_sid_from_sid(sid, "/") for sid in self._house.sync.principals()}
        self._strangers = {sid: self._strangers.get(sid, now) for sid in engines if sid not in signed_in}
        for sid, since in self._strangers.items():
            if now - since > SIGN_IN_WITHIN_S:
                self._house.metrics.clients_cut.labels("never signed in").inc()
                close(self._server, sid)
