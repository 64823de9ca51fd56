"""A smart building that speaks IRiS, as a home of ours: asked only while a mission holds its owner's consent.

Towards `server.homes` it is a gateway within the server: it hears the request for access, the end of it and commands,
and answers. What the building says goes through the intake as everything else. Each question looks again whether
consent still holds; an answer that comes after its end is thrown away.
"""

import json
import logging
import threading
import time
from typing import Any

from msgspec import Struct

from layers.content import Building
from layers.observation import Sensitivity
from server import runtime
from server.desk import Busy, Closed
from server.feeds._addresses import one_line
from server.feeds._batch import subject
from server.feeds.iris import NAME
from server.home_names import DEVICE
from server.homes import DENIED, ERROR, GRANTED, PENDING, SUCCESS, TIMEOUT, Homes, Refused
from server.media import MediaError, MediaStore, media_url
from server.transports.connection import Link, Lost, Stopped, Transport
from server.transports.iris_client import Fault, IrisClient, picture
from server.transports.iris_settings import IrisSettings

log = logging.getLogger("lagebild.iris")

FIRST = ("getGeneralInformation", "getObjectList", "getMaps", "isAlarm", "getStatus")
AGAIN = ("isAlarm", "getStatus")
MAX_MAPS = 30
MAP_BYTES = 5_000_000
OPEN_WORDS = frozenset({"OPEN", "ON", "TRUE", "1", "AUF", "EIN"})


class Objects(Struct):
    """What the building calls its things, by what they are called here."""

    ids: dict[str, str | int] = {}
    types: dict[str, str] = {}
    places: dict[str, tuple[str, float, float]] = {}
    """Device: room's floor, x and y on its map (px)."""
    floors: dict[str, tuple[str, float | None]] = {}
    """Floor: name and level."""


class Iris(Transport[IrisSettings]):
    """See the module. `attach` comes before `run`."""

    def __init__(self, settings: IrisSettings) -> None:
        super().__init__(settings)
        self._client = IrisClient(settings)
        self._wake = threading.Event()
        self._stopped = False
        self._homes: Homes | None = None
        self._media: MediaStore | None = None
        self._options: dict[str, Any] = {}
        self._building = ""
        self._instance = ""
        self._objects = Objects()
        self._known = False
        self._maps: list[dict[str, Any]] = []
        self._lacking: set[str] = set()

    def attach(self, source: str, homes: Homes, media: MediaStore, options: dict[str, Any]) -> None:
        """Whose consent it needs, where its maps are kept, and the decoder's settings of the source."""
        self._instance = source.partition("/")[2]
        self._homes, self._media, self._options = homes, media, options
        self._building = options.get("building") or subject(NAME, self._instance, "building")

    def where(self) -> str:
        """See Transport."""
        return self._client.where

    def plan(self) -> list[str]:
        """See Transport."""
        return [
            f"asks {self._client.url} every {self.settings.every_s:g} s, only while a mission holds consent",
            "consent is given beforehand" if self.settings.consent == "given" else "the owner is asked each time",
        ]

    # -- asking --------------------------------------------------------------------------------------------------------

    def run(self, link: Link) -> None:
        """See Transport. Without a house around it (a check) nothing is asked: there is no consent."""
        if self._homes is None:
            link.up(trouble="it is asked only by the running server, while a mission holds consent")
            while not link.stopping.is_set():
                link.wait(1.0)
            return
        self._introduce(self._homes)
        self._homes.connect(self._building, self._hear, self)
        try:
            while not link.stopping.is_set():
                link.up(self.where() if self._granted() else f"{self.where()} (waits for consent)")
                if self._granted():
                    self._during(link)
                self._pause(link, self.settings.every_s)
        finally:
            self._homes.disconnect(self._building, self._hear)
            self._forget()

    def stop(self) -> None:
        """See Transport."""
        self._wake.set()

    def _during(self, link: Link) -> None:
        """From consent to its end. Raises Lost."""
        self._lacking.clear()
        try:
            self._round(link, FIRST)
            listed = time.monotonic()
            while self._granted():
                self._pause(link, self.settings.every_s)
                if not self._known and "getObjectList" not in self._lacking:
                    # Consent ended and was given again between two looks: what it has was forgotten meanwhile.
                    self._lacking.clear()
                    self._round(link, FIRST)
                    listed = time.monotonic()
                elif time.monotonic() - listed > self.settings.objects_every_s:
                    self._round(link, ("getObjectList",))
                    listed = time.monotonic()
                self._round(link, AGAIN)
        finally:
            if not self._granted():
                self._forget()

    def _round(self, link: Link, methods: tuple[str, ...]) -> None:
        for method in methods:
            if method not in self._lacking and self._granted():
                self._one(link, method)

    def _one(self, link: Link, method: str, **parameters: Any) -> None:
        try:
            body, result = self._client.ask(method, **parameters)
        except Fault as fault:
            # What it does not have, it need not be asked again in this mission.
            self._lacking.add(method)
            link.up(self.where(), f"{method}: {fault.reason}")
            log.warning("building refuses", extra={"building": self._building, "method": method, "code": fault.code})
            return
        if not self._granted() or result is True:
            return
        if method == "getObjectList":
            self._objects, self._known = _objects(self._instance, result), True
        elif method == "getMaps":
            self._keep_maps(result)
        link.take(body, self._client.where)

    def _pause(self, link: Link, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0 and not self._wake.wait(min(left_s, 1.0)):
            if link.stopping.is_set():
                break
        self._wake.clear()
        if link.stopping.is_set():
            raise Stopped

    def _granted(self) -> bool:
        return self._homes is not None and self._homes.granted(self._building)

    # -- as a home -----------------------------------------------------------------------------------------------------

    def _introduce(self, homes: Homes) -> None:
        """That it is there, and where: so that it can be asked. Nothing else is told before consent."""
        lon, lat = self._options.get("lon"), self._options.get("lat")
        place = None if lon is None or lat is None else {"type": "Point", "coordinates": [float(lon), float(lat)]}
        address = one_line(self.settings.address) if self.settings.address else None
        try:
            homes.introduce(self._building, Building(permission="NONE", categories=("iris",)), place, address)
        except Busy as busy:
            raise Lost("the desk is busy", busy.retry_after_s) from busy
        except Closed as closed:
            raise Stopped from closed

    def _hear(self, text: str) -> None:
        assert self._homes is not None
        for entity in json.loads(text)["data"]:
            if entity["type"] == "Building" and entity["permission"] == "REQUEST":
                self._homes.permit(self._building, GRANTED if self.settings.consent == "given" else PENDING)
            elif entity["type"] == "Building":
                self._forget()
            elif entity["type"] == "Device":
                device = str(entity["id"]).removeprefix(DEVICE)
                runtime.spawn(self._switch, device, entity["action"]["desiredValue"], name="iris command")
            else:
                raise OSError("this building shows no texts")
            self._wake.set()

    def _switch(self, device: str, desired: Any) -> None:
        assert self._homes is not None
        outcome = self._ordered("switchDevice", id=self._objects.ids[device], value=self._value(device, desired))
        if outcome != TIMEOUT:  # else the homes find out in time
            self._homes.answered(device, outcome)
        self._wake.set()

    def _value(self, device: str, desired: Any) -> dict[str, Any]:
        """What a device of its type is sent: the member that its status has."""
        on = desired if isinstance(desired, bool) else str(desired).upper() in OPEN_WORDS
        number = float(desired) if isinstance(desired, int | float) and not isinstance(desired, bool) else None
        match self._objects.types.get(device):
            case "Door" | "Window":
                return {"open": on}
            case "Light":
                return {"on": on if number is None else number > 0}
            case "Shutter":
                position = number if number is not None else 0.0 if on else 100.0
                return {"shutterPosition": max(0.0, min(1.0, position / 100))}
            case _:
                return {"active": on if number is None else number > 0}

    def _ordered(self, method: str, **parameters: Any) -> str:
        """Give an order; what became of it."""
        if not self._granted():
            return DENIED
        try:
            _, result = self._client.ask(method, **parameters)
        except Fault as fault:
            return DENIED if fault.denied else ERROR
        except Lost:
            return TIMEOUT
        return ERROR if result is False else SUCCESS

    # -- what only such a building can (server.homes.Direct) -----------------------------------------------------------

    def knows(self, device: str) -> bool:
        """Whether a device can be commanded."""
        return device in self._objects.ids

    def mark(self, room: str, marked: bool) -> str:
        """Have the light of a room blink. Raises Refused for a room that is none of the building's."""
        outcome = self._ordered("setRoomMarked", id=self._id(room), marked=marked)
        self._wake.set()
        return outcome

    def reset_alarm(self) -> str:
        """Reset the building's alarm."""
        outcome = self._ordered("resetAlarm")
        self._wake.set()
        return outcome

    def image(self, thing: str) -> tuple[bytes, str]:
        """The picture of a person or object, and its type; it is kept nowhere. Raises Refused."""
        key = self._id(thing)
        if not self._granted():
            raise Refused("the owner has not consented")
        try:
            _, result = self._client.ask("getObjectImage", id=key)
        except (Fault, Lost) as error:
            raise Refused(f"the building gives no picture: {error.reason}") from error
        found = picture(
            result.get("image", result.get("objectImage")) if isinstance(result, dict) else result, MAP_BYTES
        )
        if found is None:
            raise Refused("the building gives no picture")
        return found

    def maps(self) -> list[dict[str, Any]]:
        """The maps of its floors, lowest first, with the devices on each; none without consent."""
        if not self._granted():
            return []
        on_floor: dict[str, list[dict[str, Any]]] = {}
        for device, (floor, x, y) in self._objects.places.items():
            on_floor.setdefault(floor, []).append({"id": device, "x_px": x, "y_px": y})
        told = [{**one, "devices": on_floor.get(one["floor"], [])} for one in self._maps]
        for one in told:
            one["name"], one["level"] = self._objects.floors.get(one["floor"], (one["floor"], None))
        return sorted(told, key=lambda one: (one["level"] is None, one["level"] or 0))

    def _id(self, thing: str) -> str | int:
        found = self._objects.ids.get(thing)
        if found is None:
            raise Refused("this building has no such room, person or device")
        return found

    def _keep_maps(self, result: Any) -> None:
        assert self._media is not None
        maps = result.get("maps") if isinstance(result, dict) else result
        kept = []
        for one in maps[:MAX_MAPS] if isinstance(maps, list) else ():
            found = picture(one.get("map"), MAP_BYTES) if isinstance(one, dict) else None
            if found is None:
                continue
            try:
                key = self._media.put("live", *found, Sensitivity.PERSONAL, self._building)
            except MediaError:
                continue
            scale, north = one.get("pixelsPerMeter"), one.get("north")
            kept.append(
                {
                    "floor": str(one.get("floor", ""))[:100],
                    "url": media_url(key),
                    "media": key,
                    "pixels_per_m": scale if isinstance(scale, int | float) else None,
                    "north_deg": north if isinstance(north, int | float) else None,
                }
            )
        self._maps = kept

    def _forget(self) -> None:
        """Consent has ended: nothing of the inside stays with us."""
        maps, self._maps, self._objects, self._known = self._maps, [], Objects(), False
        for one in maps:
            if self._media is not None:
                self._media.drop("live", one["media"])


def _objects(instance: str, result: Any) -> Objects:
    """Names of everything in an answer to getObjectList; what has none is left out."""
    found = Objects()
    if not isinstance(result, dict):
        return found
    floor_of: dict[str, str] = {}
    for kind, name in (("floors", ""), ("rooms", "room"), ("persons", "person"), ("devices", "device")):
        listed = result.get(kind)
        for one in listed[:500] if isinstance(listed, list) else ():
            key = one.get("id") if isinstance(one, dict) else None
            if not isinstance(key, str | int) or isinstance(key, bool):
                continue
            if kind == "floors":
                level = one.get("level")
                title = str(one.get("name") or one.get("type") or key)[:100]
                found.floors[str(key)] = (title, float(level) if isinstance(level, int | float) else None)
                continue
            here = subject(NAME, instance, name, str(key))
            found.ids[here] = key
            if kind == "rooms":
                floor_of[str(key)] = str(one.get("floor", ""))
            if kind == "devices":
                found.types[here] = str(one.get("type", ""))
                place = one.get("position")
                x, y = (place.get("x"), place.get("y")) if isinstance(place, dict) else (None, None)
                if isinstance(x, int | float) and isinstance(y, int | float):
                    found.places[here] = (floor_of.get(str(one.get("room")), ""), float(x), float(y))
    return found


TRANSPORT = Iris
