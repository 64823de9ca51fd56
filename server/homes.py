"""Smart homes that are registered here: who is connected, whom was consent asked for, commands and their answers.

A home shows nothing before its owner consents, consent belongs to one open mission of the live situation and ends with
it. What is asked and ordered here is an observation like any other, durable before the home hears of it; what the
home answers comes through the NGSI intake. Nothing of an exercise ever reaches a home: there are no homes but those of
the live situation.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from layers.content import Address, Building, Content, Device
from layers.missions import OPEN, state
from layers.observation import Observation, idempotency_key
from server import runtime
from server.access import Principal
from server.desk import Busy, Closed
from server.durable import replace_file
from server.edge import Bug, contained
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
NONE, GRANTED, PENDING, DENIED = "NONE", "GRANTED", "PENDING", "DENIED"
SUCCESS, ERROR, TIMEOUT = "SUCCESS", "ERROR", "TIMEOUT"
"""What an owner answers, and what becomes of a command (also PENDING and DENIED)."""


class Refused(ValueError):
    """What was asked of a home cannot be done; the message says why."""


class Waiting(Struct, frozen=True):
    """A command under way: the device, and until when its answer counts."""

    device: str
    building: str
    until: float
    by: Principal | None = None


Send = Callable[[str], None]
"""Sends one text frame to a home; raises OSError where it has gone."""


class Direct(Protocol):
    """What some buildings can besides; each word says what became of the order. Only while consent holds."""

    def knows(self, device: str) -> bool:
        """Whether a device can be commanded."""

    def mark(self, room: str, marked: bool) -> str:
        """Have the light of a room blink. Raises Refused."""

    def reset_alarm(self) -> str:
        """Reset the building's alarm."""

    def image(self, thing: str) -> tuple[bytes, str]:
        """The picture of a person or object, and its type. Raises Refused."""

    def maps(self) -> list[dict[str, Any]]:
        """The maps of its floors."""


class Homes:
    """See the module. `consents` (building to mission) outlives a restart in a file."""

    def __init__(self, path: Path, situations: Situations, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._path = path
        self._situations = situations
        self._answer_within_s = answer_within_s
        self._lock = threading.Lock()
        self._connected: dict[str, Send] = {}
        self._direct: dict[str, Direct] = {}
        self._consents, self._damaged = _read(path)
        self._waiting: list[Waiting] = []
        self.settled: Callable[[Waiting, str | None], None] = lambda _command, _outcome: None
        """Hears what became of each command."""
        self.ended: Callable[[str], None] = lambda _building: None
        """Hears whose consent has ended."""
        self.looked_after: Callable[[], None] = lambda: None
        """Called after each round."""
        self._stopped = threading.Event()

    # -- connections --------------------------------------------------------------------------------------------------

    def connect(self, building: str, send: Send, direct: Direct | None = None) -> None:
        """A home's gateway is there; a second one takes the first one's place. What was asked is asked again."""
        with self._lock:
            self._connected[building] = send
            if direct is not None:
                self._direct[building] = direct
            else:
                self._direct.pop(building, None)
            asked = self._consents.get(building)
        if asked is not None and self._permission(building) == "REQUEST":
            self._tell(building, {"id": building, "type": "Building", "permission": "REQUEST"})

    def disconnect(self, building: str, send: Send) -> None:
        """It has gone."""
        with self._lock:
            if self._connected.get(building) is send:
                del self._connected[building]
                self._direct.pop(building, None)

    def connected(self) -> list[str]:
        """Buildings whose gateway is there."""
        with self._lock:
            return sorted(self._connected)

    def listed(self) -> list[dict[str, Any]]:
        """The same, with the mission that each was asked for."""
        with self._lock:
            return [
                {"building": building, "mission": self._consents.get(building), "direct": building in self._direct}
                for building in sorted(self._connected)
            ]

    # -- what control may do ------------------------------------------------------------------------------------------

    def ask(self, building: str, mission: str) -> None:
        """Ask the owner for access during a mission. Raises Refused, Busy, Closed."""
        self._must_be_connected(building)
        self._must_be_open(mission)
        # First what was consented to before is void: otherwise it would count for this mission if we got no further.
        self._observe(building, Building(permission="REQUEST"))
        with self._lock:
            self._keep({**self._consents, building: mission})
        self._tell(building, {"id": building, "type": "Building", "permission": "REQUEST"})

    def end(self, building: str) -> None:
        """Give back what the owner consented to. Raises Busy, Closed."""
        with self._lock:
            if building not in self._consents:
                raise Refused("this home was not asked")
        # First durable, then forgotten: where it cannot be written down now, the next round ends it.
        if self._permission(building) != NONE:
            self._observe(building, Building(permission=NONE))
        with self._lock:
            self._keep({name: mission for name, mission in self._consents.items() if name != building})
        self._tell(building, {"id": building, "type": "Building", "permission": "NONE"})
        self.ended(building)

    def command(self, building: str, device: str, desired: str | float | bool, by: Principal | None = None) -> None:
        """Have an actuator do something. Raises Refused, Busy, Closed."""
        self._must_be_connected(building)
        self._must_be_granted(building)
        direct = self._direct.get(building)
        if direct is None:
            device = device_here(building, device)
        elif not direct.knows(device):
            raise Refused("this home has no such device")
        if self._building_of(device, "device") != building:
            raise Refused("this home has no such device")
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                raise Refused("too many commands wait for an answer")
        self._observe(device, Device(desired_value=desired, action_status=PENDING))
        # Only now: until it is PENDING in the picture, the outcome of the order before it would count as its own.
        with self._lock:
            self._waiting.append(Waiting(device, building, time.monotonic() + self._answer_within_s, by))
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

    def direct(self, building: str) -> Direct:
        """What such a building can besides, while its owner consents. Raises Refused."""
        self._must_be_connected(building)
        self._must_be_granted(building)
        found = self._direct.get(building)
        if found is None:
            raise Refused("this home takes no such order")
        return found

    # -- for a building that is asked by the server itself -------------------------------------------------------------

    def introduce(self, building: str, content: Building, place: Any, address: Any) -> None:
        """That it is there. What is known of it already stays as it is, consent included. Raises Busy, Closed."""
        if self._permission(building) is not None:
            content = msgspec.structs.replace(content, permission=msgspec.UNSET)
        if isinstance(address, Address):
            content = msgspec.structs.replace(content, address=address)
        self._observe(building, content, msgspec.UNSET if place is None else place)

    def permit(self, building: str, permission: str) -> None:
        """The owner's answer, where the server knows it. Raises Busy, Closed."""
        self._observe(building, Building(permission=permission))

    def answered(self, device: str, status: str) -> None:
        """What became of a command. Raises Busy, Closed."""
        self._observe(device, Device(action_status=status))

    def granted(self, building: str) -> bool:
        """Whether the owner consents now, for a mission that is open."""
        with self._lock:
            mission = self._consents.get(building)
        return mission is not None and self._permission(building) == GRANTED and self._is_open(mission)

    def must_be_granted(self, building: str) -> None:
        """Raises Refused where the owner does not consent now, for a mission that is open."""
        if not self.granted(building):
            raise Refused("the owner has not consented")

    def images(self, building: str) -> dict[str, str]:
        """Under which address the building says that its plan is (its own subject) and its cameras' pictures are."""
        with self._live.desk.lock:
            book = self._live.picture.book
            record = book.record(building, "building")
            said = {building: None if record is None else record.get("floor_plan_url")}
            for device in book.referring(building, "device"):
                value = device.get("value")
                said[device.subject] = value.get("url") if isinstance(value, dict) else None
        return {subject: url for subject, url in said.items() if isinstance(url, str)}

    # -- what ends of itself ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look after consents and commands."""
        runtime.spawn(self._run, name="homes")

    def stop(self) -> None:
        """End after the round under way."""
        self._stopped.set()

    def look_after(self) -> None:
        """End consents whose mission is over or that nobody asked for, and commands that nobody answered."""
        if self._damaged:
            self._forget_all()
        with self._lock:
            consents, connected = dict(self._consents), list(self._connected)
        for building, mission in consents.items():
            if not self._is_open(mission):
                log.info("consent ends with its mission", extra={"building": building, "mission": mission})
                with contextlib.suppress(Refused):  # somebody else ended it this moment
                    self.end(building)
        for building in connected:
            if building not in consents and self._permission(building) == GRANTED:
                # Granted without a mission that asked: the owner consents to a purpose, not for ever.
                self._observe(building, Building(permission="NONE"))
        self._expire()
        if not self._stopped.is_set():
            self.looked_after()

    def _forget_all(self) -> None:
        """Nobody knows any more for which mission a home consented: no consent holds."""
        with self._live.desk.lock:
            shown = [
                feature["id"]
                for feature in self._live.picture.features.values()
                if feature["properties"]["part"] == "building" and feature["properties"]["permission"] == GRANTED
            ]
        for building in shown:
            self._observe(building, Building(permission=NONE))
        with self._lock:
            self._keep(self._consents)
        self._damaged = False

    def _expire(self) -> None:
        now = time.monotonic()
        with self._lock:
            waiting = list(self._waiting)
        done: list[Waiting] = []
        for command in waiting:
            with self._live.desk.lock:
                record = self._live.picture.book.record(command.device, "device")
                status = record.get("action_status") if record is not None else None
            if status == PENDING and command.until <= now:
                status = TIMEOUT
                self._observe(command.device, Device(action_status=TIMEOUT))
            if status != PENDING:
                done.append(command)
                self.settled(command, status)
        if done:
            with self._lock:
                self._waiting = [command for command in self._waiting if command not in done]

    def _run(self) -> None:
        while not self._stopped.wait(ROUND_S):
            try:
                contained(self.look_after)
            except Bug as bug:
                if isinstance(bug.__cause__, Closed):
                    return
                if not isinstance(bug.__cause__, Busy):
                    log.exception("homes were not looked after; the next round tries again")

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

    def _building_of(self, subject: str, kind: str) -> str | None:
        with self._live.desk.lock:
            record = self._live.picture.book.record(subject, kind)
            return None if record is None else record.get("building")

    def _observe(self, subject: str, content: Content, geometry: Any = msgspec.UNSET) -> None:
        """Durable on return: whoever is told of it can rely on it."""
        now = self._live.clock.now()
        said = msgspec.json.encode((content, None if geometry is msgspec.UNSET else geometry), order="deterministic")
        observation = Observation(
            id=idempotency_key(SOURCE, subject, now.isoformat(), said),
            source=SOURCE,
            subject=subject,
            observed_at=now,
            reported_at=now,
            received_at=now,
            content=content,
            geometry=geometry,
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

    def _keep(self, consents: dict[str, str]) -> None:
        """With the lock held. On disk first: what cannot be written down does not count. Raises OSError."""
        runtime.offload(replace_file, self._path, msgspec.json.encode(consents))
        self._consents = consents


def _read(path: Path) -> tuple[dict[str, str], bool]:
    """What was asked for which mission, and whether the file is damaged: then nobody knows, and nothing holds."""
    try:
        return (msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}), False
    except msgspec.DecodeError as error:
        log.error("the consents of homes cannot be read: each has to be asked again", extra={"reason": str(error)})
        return {}, True
