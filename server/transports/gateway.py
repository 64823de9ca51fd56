"""The WebSocket that a smart home's gateway opens: `/?type=smartHome&componentId=<token>`, RFC 6455, JSON text frames.

It only listens: what a home has to say it sends to the NGSI intake. Frames of it are read so that pings and the close
are answered, counted and dropped.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import simple_websocket
from simple_websocket import ConnectionClosed, Server

from server import runtime
from server.access import Access
from server.home_names import building_of
from server.homes import Homes
from server.places import Places

log = logging.getLogger("lagebild.gateway")

PING_S = 20
LOOK_S = 10.0
"""How often we look whether a socket still stands: the library does not always wake who waits for it when it ends."""
MAX_MESSAGE_BYTES = 65_536
MAX_CONNECTIONS = 2_000
MAX_PER_ADDRESS = 1_000
"""Of these from one address (IPv6: from one /64); behind a reverse proxy that we do not trust all have the same."""
MAX_PER_HOME = 8
"""Sockets of one home: some that broke off may not have been noticed yet, but no home takes the places of others."""


class GatewaySocket:
    """WSGI middleware: takes the handshakes of gateways, everything else goes on."""

    def __init__(
        self, application: Any, homes: Homes, access: Access, turned_away: Callable[[], None] | None = None
    ) -> None:
        self._application = application
        self._homes = homes
        self._access = access
        self._turned_away = turned_away
        self._places = Places(MAX_CONNECTIONS, MAX_PER_ADDRESS)
        self.open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("PATH_INFO") != "/" or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            return self._application(environ, start_response)
        query = parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=20)
        if query.get("type") != ["smartHome"]:
            return self._application(environ, start_response)
        who = self._access.check((query.get("componentId") or [""])[0])
        building = building_of(who.name) if who is not None and who.role == "feed" else None
        address = environ.get("REMOTE_ADDR") or "unknown"
        if building is None or (full := self._take(building, address)) is not None:
            status = "401 Unauthorized" if building is None else full
            if building is not None and self._turned_away is not None:
                self._turned_away()
            start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        try:
            return self._welcome(environ, start_response, building)
        finally:
            self._leave(building, address)

    def _welcome(self, environ: dict[str, Any], start_response: Any, building: str) -> Any:
        try:
            socket = Server.accept(environ, ping_interval=PING_S, max_message_size=MAX_MESSAGE_BYTES)
        except (simple_websocket.ConnectionError, OSError):
            start_response("400 Bad Request", [("Content-Length", "0")])
            return [b""]
        self._serve(socket, building)
        return runtime.answered(environ)

    def _take(self, building: str, address: str) -> str | None:
        """Take a place before the handshake is answered, or many at once would all find it free; the status for a home
        that finds none.
        """
        with self._lock:
            if self.open[building] >= MAX_PER_HOME:
                return "429 Too Many Requests"
            full = self._places.open >= self._places.total
            if self._places.take(address) is not None:
                return "503 Service Unavailable" if full else "429 Too Many Requests"
            self.open[building] += 1
            return None

    def _leave(self, building: str, address: str) -> None:
        with self._lock:
            self._places.leave(address)
            self.open[building] -= 1
            self.open += Counter()  # forgets homes without a socket

    def _serve(self, socket: Server, building: str) -> None:
        def send(text: str) -> None:
            try:
                socket.send(text)
            except ConnectionClosed as closed:
                raise OSError("the gateway has gone") from closed

        self._homes.connect(building, send)
        log.info("home connected", extra={"building": building})
        try:
            while True:
                socket.receive(timeout=LOOK_S)
        except (ConnectionClosed, OSError):
            log.info("home gone", extra={"building": building})
        finally:
            self._homes.disconnect(building, send)
