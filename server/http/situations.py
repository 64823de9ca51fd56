"""Situations and their clocks: what there is, starting an exercise, pausing, jumping, ending it, adding an inject."""

from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from msgspec import Meta, Struct

from layers.observation import iso
from layers.reasons import why
from server.access import Role
from server.clock import MAX_SPEED, MIN_SPEED
from server.feeds import DecodeError
from server.http.body import read
from server.http.errors import Problem
from server.http.guard import caller, entered, house, needs
from server.http.picture import VIEWERS, find
from server.inbox import Busy, Closed
from server.scenario import ScenarioError
from server.situations import Situation, TooMany

blueprint = Blueprint("situations", __name__)

Speed = Annotated[float, Meta(ge=MIN_SPEED, le=MAX_SPEED)]


class Start(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which scenario to play, how fast, under which title."""

    scenario: str
    speed: Speed = 1.0
    title: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class ClockControl(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to do with the clock of an exercise."""

    action: Literal["pause", "resume", "speed", "jump", "end"]
    speed: Speed | None = None
    to: Annotated[datetime, Meta(tz=True)] | None = None


class Inject(Struct, kw_only=True, forbid_unknown_fields=True):
    """A message as feed and instance would send it; `body` as text, or as JSON."""

    feed: Annotated[str, Meta(max_length=64)]
    instance: Annotated[str, Meta(min_length=1, max_length=128)]
    body: Any


def described(situation: Situation) -> dict[str, Any]:
    """The situation object of the API."""
    clock = situation.clock
    return {
        "id": situation.id,
        "title": situation.title,
        "status": situation.status,
        "state": clock.state,
        "speed": clock.speed,
        "now": iso(clock.now()),
        "scenario": situation.scenario,
        "starts_at": None if situation.starts_at is None else iso(situation.starts_at),
        "ends_at": None if situation.ends_at is None else iso(situation.ends_at),
        "epoch": situation.epoch,
        "rev": situation.picture.rev,
    }


@blueprint.get("/situations")
@needs(*VIEWERS)
def situations() -> ResponseReturnValue:
    """Every situation that is open to the caller."""
    return jsonify(situations=[described(s) for s in house().situations.list() if caller().may_enter(s.id)])


@blueprint.get("/scenarios")
@needs(Role.PLANNER, Role.ADMIN, Role.CONTROL)
def scenarios() -> ResponseReturnValue:
    """What can be played."""
    return jsonify(scenarios=list(house().situations.scenarios()))


@blueprint.post("/situations")
@needs(Role.PLANNER, Role.ADMIN)
def start() -> ResponseReturnValue:
    """Start an exercise."""
    wish = read(Start)
    entered("ex-" + wish.scenario)
    try:
        situation = house().situations.start_exercise(wish.scenario, speed=wish.speed, title=wish.title)
    except KeyError:
        raise Problem(404, f"There is no scenario {wish.scenario!r}.") from None
    except TooMany as error:
        raise Problem(409, str(error)) from error
    except ScenarioError as error:
        raise Problem(422, str(error)) from error
    house().audit.append("exercise-started", caller(), situation.id, scenario=wish.scenario, speed=wish.speed)
    return jsonify(described(situation)), 201


@blueprint.post("/situations/<name>/clock")
@needs(Role.PLANNER, Role.ADMIN)
def clock(name: str) -> ResponseReturnValue:
    """Control the clock of an exercise."""
    wish, situation = read(ClockControl), _exercise(name)
    given: dict[str, Any] = {}
    if wish.action == "speed":
        given["speed"] = _given("speed", wish.speed)
    if wish.action == "jump":
        given["to"] = _given("to", wish.to)
    try:
        situation = house().situations.control(situation.id, wish.action, **given)
    except ValueError as error:
        raise Problem(409, str(error)) from error
    # A jump told its clock before everything up to it was played: now it stands where it was sent.
    house().sync.changed(situation, None)
    detail = {key: iso(value) if isinstance(value, datetime) else value for key, value in given.items()}
    house().audit.append(
        "exercise-ended" if wish.action == "end" else "clock", caller(), situation.id, do=wish.action, **detail
    )
    return jsonify(described(situation))


@blueprint.post("/situations/<name>/inject")
@needs(Role.PLANNER, Role.ADMIN)
def inject(name: str) -> ResponseReturnValue:
    """Add a message to a running exercise, as if a feed had sent it."""
    wish, situation = read(Inject), _exercise(name)
    try:
        taken = house().situations.inject(situation.id, wish.feed, wish.instance, wish.body)
    except KeyError:
        raise Problem(404, f"There is no feed {wish.feed!r}.") from None
    except DecodeError as error:
        raise Problem(422, error.reason) from error
    except Closed as closed:
        raise Problem(409, str(closed)) from closed
    except Busy as busy:
        raise Problem(503, str(busy), {"Retry-After": str(busy.retry_after_s)}) from busy
    house().audit.append("inject", caller(), situation.id, feed=wish.feed, instance=wish.instance)
    refused = [{"reason": item.reason, "why": why(item.reason), "subject": item.subject} for item in taken.refused]
    return jsonify(accepted=taken.receipt.accepted, duplicates=taken.receipt.duplicates, refused=refused)


def _exercise(name: str) -> Situation:
    situation = find(name)
    if situation.status != "Exercise":
        raise Problem(409, "The clock of the live situation is the clock on the wall; only exercises are controlled.")
    return situation


def _given(name: str, value: Any) -> Any:
    if value is None:
        raise Problem(422, f"This action needs {name}.")
    return value
