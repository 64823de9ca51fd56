"""Smart homes that are registered here: who is connected, whom was consent asked for, commands and their answers.

A home shows nothing before its owner consents, consent belongs to one open mission of the live situation and ends with
it. What is asked and ordered here is an observation like any other, durable before the home hears of it; what the
home answers comes through the NGSI intake. Nothing of an exercise ever reaches a home: there are no homes but those of
the live situation.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from layers.content import Building, Content, Device
from layers.missions import OPEN, state
from layers.observation import Observation, idempotency_key
from server import runtime
from server.desk import Busy, Closed
from server.home_names import device_here, device_there
from server.situations import Situation, Situations

log = logging.getLogger("lagebild.homes")

SOURCE = "homes/consent"
ANSWER_WITHIN_S = 15.0
"""A command that is not answered for so long gets the status TIMEOUT."""
ROUND_S = 0.5
MAX_WAITING = 1_000
"""Commands that wait for an answer at once."""
MAX_DESIRED_CHARS = 100
GRANTED = "GRANTED"


class Refused(ValueError):
    """What was asked of a home cannot be done; the message says why."""


class Waiting(Struct, frozen=True):
    """A command under way: the device, and until when its answer counts."""

    device: str
    building: str
    until: float


Send = Callable[[str], None]
"""Sends one text frame to a home; raises OSError where it has gone."""


class Homes:
    """See the module. `consents` (building to mission) outlives a restart in a file."""

    def __init__(self, path: Path, situations: Situations, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._path = path
        self._situations = situations
        self._answer_within_s = answer_within_s
        self._lock = threading.Lock()
        self._connected: dict[str, Send] = {}
        self._consents: dict[str, str] = _read(path)
        self._waiting: list[Waiting] = []
        self._stopped = threading.Event()

    # -- connections --------------------------------------------------------------------------------------------------

    def connect(self, building: str, send: Send) -> None:
        """A home's gateway is there; a second one takes the first one's place. What was asked is asked again."""
        with self._lock:
            self._connected[building] = send
            asked = self._consents.get(building)
        if asked is not None and self._permission(building) == "REQUEST":
            self._tell(building, {"id": building, "type": "Building", "permission": "REQUEST"})

    def disconnect(self, building: str, send: Send) -> None:
        """It has gone."""
        with self._lock:
            if self._connected.get(building) is send:
                del self._connected[building]

    def connected(self) -> list[str]:
        """Buildings whose gateway is there."""
        with self._lock:
            return sorted(self._connected)

    # -- what control may do ------------------------------------------------------------------------------------------

    def ask(self, building: str, mission: str) -> None:
        """Ask the owner for access during a mission. Raises Refused, Busy, Closed."""
        self._must_be_connected(building)
        self._must_be_open(mission)
        with self._lock:
            self._consents[building] = mission
            self._keep()
        self._observe(building, Building(permission="REQUEST"))
        self._tell(building, {"id": building, "type": "Building", "permission": "REQUEST"})

    def end(self, building: str) -> None:
        """Give back what the owner consented to. Raises Busy, Closed."""
        with self._lock:
            if self._consents.pop(building, None) is None:
                raise Refused("this home was not asked")
            self._keep()
        self._observe(building, Building(permission="NONE"))
        self._tell(building, {"id": building, "type": "Building", "permission": "NONE"})

    def command(self, building: str, device: str, desired: str | float | bool) -> None:
        """Have an actuator do something. Raises Refused, Busy, Closed."""
        self._must_be_connected(building)
        self._must_be_granted(building)
        device, picture = device_here(building, device), self._live.picture
        with self._live.desk.lock:
            known = picture.book.record(device, "device")
            of = known.get("building") if known is not None else None
        if of != building:
            raise Refused("this home has no such device")
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                raise Refused("too many commands wait for an answer")
            self._waiting.append(Waiting(device, building, time.monotonic() + self._answer_within_s))
        self._observe(device, Device(desired_value=desired, action_status="PENDING"))
        action = {"desiredValue": desired, "status": "PENDING"}
        attached = {"attachedToType": "Building", "attachedToId": building}
        self._tell(
            building, {"id": device_there(building, device), "type": "Device", "action": action, "attachedTo": attached}
        )

    def alert(self, building: str, text: str) -> None:
        """Show a text in the home. Raises Refused where its gateway is not there."""
        self._must_be_connected(building)
        alert_id = f"urn:ngsi-ld:CitizenAlert:{idempotency_key(building, text, str(time.time_ns()))}"
        self._tell(building, {"id": alert_id, "type": "CitizenAlert", "info": {"description": text}})

    # -- what ends of itself ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look after consents and commands."""
        runtime.spawn(self._run, name="homes")

    def stop(self) -> None:
        """End after the round under way."""
        self._stopped.set()

    def look_after(self) -> None:
        """End consents whose mission is over or that nobody asked for, and commands that nobody answered."""
        with self._lock:
            consents, connected = dict(self._consents), list(self._connected)
        for building, mission in consents.items():
            if not self._is_open(mission):
                log.info("consent ends with its mission", extra={"building": building, "mission": mission})
                self.end(building)
        for building in connected:
            if building not in consents and self._permission(building) == GRANTED:
                # Granted without a mission that asked: the owner consents to a purpose, not for ever.
                self._observe(building, Building(permission="NONE"))
        self._expire()

    def _expire(self) -> None:
        now = time.monotonic()
        with self._lock:
            waiting = list(self._waiting)
        done: list[Waiting] = []
        for command in waiting:
            with self._live.desk.lock:
                record = self._live.picture.book.record(command.device, "device")
                status = record.get("action_status") if record is not None else None
            if status != "PENDING":
                done.append(command)
            elif command.until <= now:
                self._observe(command.device, Device(action_status="TIMEOUT"))
                done.append(command)
        if done:
            with self._lock:
                self._waiting = [command for command in self._waiting if command not in done]

    def _run(self) -> None:
        while not self._stopped.wait(ROUND_S):
            try:
                self.look_after()
            except (Busy, Refused):
                continue  # the next round tries again
            except Closed:
                return

    # -- helpers ------------------------------------------------------------------------------------------------------

    @property
    def _live(self) -> Situation:
        return self._situations.live

    def _permission(self, building: str) -> str | None:
        with self._live.desk.lock:
            record = self._live.picture.book.record(building, "building")
            return None if record is None else record.get("permission")

    def _is_open(self, mission: str) -> bool:
        with self._live.desk.lock:
            record = self._live.picture.book.record(mission, "mission")
            return record is not None and state(record, self._live.clock.now()) == OPEN

    def _must_be_open(self, mission: str) -> None:
        if not self._is_open(mission):
            raise Refused("consent is asked for an open mission of the live situation")

    def _must_be_connected(self, building: str) -> None:
        with self._lock:
            if building not in self._connected:
                raise Refused("this home is not connected")

    def _must_be_granted(self, building: str) -> None:
        with self._lock:
            asked = building in self._consents
        if not asked or self._permission(building) != GRANTED:
            raise Refused("the owner has not consented")

    def _observe(self, subject: str, content: Content) -> None:
        """Durable on return: whoever is told of it can rely on it."""
        now = self._live.clock.now()
        said = msgspec.json.encode(content, order="deterministic")
        observation = Observation(
            id=idempotency_key(SOURCE, subject, now.isoformat(), said),
            source=SOURCE,
            subject=subject,
            observed_at=now,
            reported_at=now,
            received_at=now,
            content=content,
        )
        self._live.desk.submit([observation])

    def _tell(self, building: str, entity: dict[str, Any]) -> None:
        """Send an entity as the hub's notification; a home that has gone is connected no more."""
        with self._lock:
            send = self._connected.get(building)
        if send is None:
            return
        try:
            send(json.dumps({"subscriptionId": "lagebild", "data": [entity]}, ensure_ascii=False))
        except OSError:
            self.disconnect(building, send)

    def _keep(self) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(self._consents))
        beside.replace(self._path)


def _read(path: Path) -> dict[str, str]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
