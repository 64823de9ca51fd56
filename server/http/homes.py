"""Smart homes: registration of a gateway; asking for access, commands and alerts by the control room."""

import hmac
import secrets
import uuid
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from msgspec import Meta, Struct, json

from server.access import Role
from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.home_names import PREFIX, TOKEN
from server.home_pictures import place_of
from server.homes import MAX_DESIRED_CHARS, Refused
from server.http.body import read
from server.http.errors import Problem
from server.http.guard import address, anybody, caller, house, needs

blueprint = Blueprint("homes", __name__)

T = TypeVar("T")
Id = Annotated[str, Meta(min_length=1, max_length=256)]


class Access(Struct, kw_only=True, forbid_unknown_fields=True):
    """For which mission a home is to be asked."""

    mission: Id


class Command(Struct, kw_only=True, forbid_unknown_fields=True):
    """What an actuator is to do: OPEN, CLOSE, a number or on and off."""

    device: Id
    value: Annotated[str, Meta(max_length=MAX_DESIRED_CHARS)] | float | bool


class Alert(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be shown in the home."""

    text: Annotated[str, Meta(min_length=1, max_length=1_000)]


class Mark(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which room is to be marked."""

    room: Id
    marked: bool


class Registration(Struct, kw_only=True):
    """What a gateway says of itself; its other members are taken as they are."""

    name: Annotated[str, Meta(max_length=200)] = ""
    email: Annotated[str, Meta(max_length=200)] = ""
    description: Annotated[str, Meta(max_length=1_000)] = ""
    address: Any = None
    location: Any = None


@blueprint.post("/smarthome/<code>")
@anybody
def register(code: str) -> ResponseReturnValue:
    """Register a home: its gateway gets a token of its own and learns where to connect."""
    expected = house().settings.feeds.home_code
    if not expected or not hmac.compare_digest(code.encode(), expected.encode()):
        wait_s = house().failures.take(address())
        if wait_s:
            raise Problem(429, "Too many wrong codes from this address.", {"Retry-After": str(int(wait_s) + 1)})
        raise Problem(404, "There is no registration here.")
    said = read(Registration)
    number = str(uuid.uuid4())
    building = PREFIX + number
    token, row = house().access.create(Role.FEED, TOKEN + number)
    entity = {
        "id": building,
        "type": "Building",
        "category": ["house"],
        "name": said.name,
        "email": said.email,
        "description": said.description,
        "address": said.address,
        "location": said.location,
        "permission": "NONE",
    }
    body = json.encode({"actionType": "append", "entities": [{k: v for k, v in entity.items() if v not in (None, "")}]})
    try:
        house().intake.take(house().situations.live, "ngsi", row.name, body, f"registration from {address()}")
    except (DecodeError, Busy, Closed) as error:
        house().access.revoke(row.id)
        raise Problem(503 if isinstance(error, Busy) else 422, f"The home was not registered: {error}") from error
    url = (house().settings.server.public_url or request.host_url).rstrip("/")
    keys = house().home_keys.of(row.id)
    return jsonify(
        contextBrokerUrl=f"{url}/v2/op/update",
        websocketUrl=url.replace("http", "ws", 1),
        authToken=token,
        buildingId=building,
        storage={"username": keys.username, "password": keys.password, "bucket": place_of(building), "url": url},
    )


@blueprint.get("/homes")
@needs(Role.CONTROL)
def homes() -> ResponseReturnValue:
    """The buildings that can be asked: for which mission each was, and whether it takes orders of its own kind."""
    return jsonify(homes=house().homes.listed())


@blueprint.post("/homes/<building>/access")
@needs(Role.CONTROL)
def ask(building: str) -> ResponseReturnValue:
    """Ask the owner for access during a mission."""
    asked = read(Access)
    do(lambda: house().homes.ask(building, asked.mission))
    house().audit.append("home-asked", caller(), "live", building=building, mission=asked.mission)
    return jsonify(permission="REQUEST"), 202


@blueprint.delete("/homes/<building>/access")
@needs(Role.CONTROL)
def end(building: str) -> ResponseReturnValue:
    """Give the access back before its mission ends."""
    do(lambda: house().homes.end(building))
    house().audit.append("home-left", caller(), "live", building=building)
    return jsonify(permission="NONE")


@blueprint.post("/homes/<building>/command")
@needs(Role.CONTROL)
def command(building: str) -> ResponseReturnValue:
    """Have an actuator do something."""
    asked = read(Command)
    do(lambda: house().homes.command(building, asked.device, asked.value, caller()))
    house().audit.append("home-command", caller(), "live", building=building, device=asked.device, value=asked.value)
    return jsonify(status="PENDING"), 202


@blueprint.post("/homes/<building>/alert")
@needs(Role.CONTROL)
def alert(building: str) -> ResponseReturnValue:
    """Show a text in the home."""
    asked = read(Alert)
    do(lambda: house().homes.alert(building, asked.text))
    house().audit.append("home-alert", caller(), "live", building=building, reference=secrets.token_hex(4))
    return jsonify(sent=True), 202


@blueprint.post("/homes/<building>/room")
@needs(Role.CONTROL)
def room(building: str) -> ResponseReturnValue:
    """Have the light of a room blink, or end it: {status} is what the building answered."""
    asked = read(Mark)
    status = do(lambda: house().homes.direct(building).mark(asked.room, asked.marked))
    house().audit.append(
        "home-room", caller(), "live", building=building, room=asked.room, marked=asked.marked, outcome=status
    )
    return jsonify(status=status)


@blueprint.post("/homes/<building>/reset")
@needs(Role.CONTROL)
def reset(building: str) -> ResponseReturnValue:
    """Reset the alarm of a building: {status} is what it answered."""
    status = do(lambda: house().homes.direct(building).reset_alarm())
    house().audit.append("home-reset", caller(), "live", building=building, outcome=status)
    return jsonify(status=status)


@blueprint.get("/homes/<building>/maps")
@needs(Role.CONTROL)
def maps(building: str) -> ResponseReturnValue:
    """The maps of a building's floors, with the places of devices on them (px)."""
    found = do(lambda: house().homes.direct(building).maps())
    house().audit.append("home-maps", caller(), "live", building=building, maps=len(found))
    return jsonify(maps=found)


@blueprint.get("/homes/<building>/image/<path:thing>")
@needs(Role.CONTROL)
def image(building: str, thing: str) -> ResponseReturnValue:
    """The picture of a person or object, asked of the building now and kept nowhere."""
    body, mime = do(lambda: house().homes.direct(building).image(thing))
    house().audit.append("home-image", caller(), "live", building=building, subject=thing)
    response = Response(body, content_type=mime)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def do(action: Callable[[], T]) -> T:
    """An exercise has no homes: whoever may not enter live may not speak to one."""
    if request.args.get("situation", "live") != "live" or not caller().may_enter("live"):
        raise Problem(403, "Nothing of an exercise reaches a real home.")
    try:
        return action()
    except Refused as refused:
        raise Problem(409, f"{refused}.".capitalize()) from refused
    except Busy as busy:
        raise Problem(503, "The server is busy.", {"Retry-After": str(busy.retry_after_s)}) from busy
    except Closed as closed:
        raise Problem(409, "The situation has ended.") from closed
