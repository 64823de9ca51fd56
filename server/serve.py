"""`lagebild serve`: start everything, say where, wait for the end, and leave nothing half done."""

import gc
import logging
import os
import signal
import socket
import sqlite3
import sys
import time
from pathlib import Path

from server import logs, runtime
from server.app import build, create_app
from server.caretaker import Caretaker
from server.config import Settings
from server.demo import lay_the_ground, prepare, unknown
from server.house import House
from server.journal import JournalError
from server.links import base_url
from server.scenario import ScenarioError
from server.situations import TooMany
from server.transports import sia

log = logging.getLogger("lagebild")

DRAIN_S = 5.0
"""How long requests under way may take to finish after the signal to stop."""


def run(data_dir: Path, settings: Settings, host: str | None, port: int | None, demo: str | None) -> int:
    """Serve until SIGTERM or SIGINT. The exit code: 0 after a clean stop, 1 when it could not start."""
    logs.setup(settings.log.level, settings.log.format)
    host = settings.server.host if host is None else host
    port = settings.server.port if port is None else port
    try:
        house = build(data_dir, settings)
    except (JournalError, OSError, sqlite3.Error) as error:
        print(f"lagebild: {data_dir} cannot be used: {error}", file=sys.stderr)
        return 1
    if demo is not None and (wrong := unknown(house, demo)):
        print(f"lagebild: {wrong}", file=sys.stderr)
        return 1
    if demo is not None:
        lay_the_ground(house)
    try:
        listener = runtime.listen(host, port)
    except OSError as error:
        print(f"lagebild: cannot listen on {host}:{port}: {error.strerror}", file=sys.stderr)
        return 1
    return _serve(house, listener, host, demo)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _serve(house: House, listener: socket.socket, host: str, demo: str | None) -> int:
    signals = runtime.Signals(signal.SIGTERM, signal.SIGINT)
    app, socketio = create_app(house)
    caretaker = Caretaker(house, socketio)
    house.situations.start()
    try:
        receivers = sia.listen(house)
    except OSError as error:
        print(f"lagebild: cannot listen for alarm panels: {error.strerror}", file=sys.stderr)
        house.situations.stop()
        return 1
    house.situations.resume()
    house.derivations.start()
    caretaker.start()
    house.homes.start()
    house.objects.start()
    house.packs.start()
    house.retry.start()
    house.connections.start()
    web = runtime.WebServer(listener, app)
    web.start()
    # What was loaded stays for good: the garbage collector need not look at it again.
    gc.collect()
    gc.freeze()
    port = listener.getsockname()[1]
    print(f"listening on {_address(host, port)}", flush=True)
    for receiver in receivers:
        print(f"listening for alarm panels: {receiver.where}", flush=True)
    log.info("started", extra={"host": host, "port": port, "pid": os.getpid(), "async_mode": runtime.mode()})
    if demo is not None:
        for line in _demonstrate(house, demo, base_url(house.settings.server, host, port)):
            print(line, flush=True)
    number = signals.wait()
    log.info("stopping", extra={"signal": number.name})
    web.stop()
    for receiver in receivers:
        receiver.stop()
    house.connections.stop()
    _wait_for_requests(house)
    house.homes.stop()
    house.objects.stop()
    house.packs.stop()
    house.retry.stop()
    house.derivations.stop()
    caretaker.stop()
    house.sync.stop()
    house.situations.stop()
    house.access.close()
    house.home_pictures.close()
    house.media.close()
    log.info("stopped")
    return 0


def _demonstrate(house: House, demo: str, base: str) -> list[str]:
    try:
        return prepare(house, demo, base)
    except (TooMany, ScenarioError, JournalError, OSError) as error:
        return [f"the exercise {demo} cannot be started: {error}"]


def _wait_for_requests(house: House) -> None:
    until = time.monotonic() + DRAIN_S
    while house.metrics.under_way > 0 and time.monotonic() < until:
        time.sleep(0.01)
