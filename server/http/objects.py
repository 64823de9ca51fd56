"""An operator's own objects over HTTP, for their audience alone: layers, objects, plans as pages and as files.

What is bound to a mission (`mission_only`) enters the audit trail whenever it is read. What somebody may not see is
answered as what is not there (404): that it exists is no news for him.
"""

import sqlite3
from typing import Any

from flask import Blueprint, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from layers.assignment import missions_of
from layers.geo import centre
from layers.missions import OPEN, state
from layers.observation import iso
from layers.position import place
from layers.reasons import why
from server import runtime
from server.base.objects.library import LonLat, Objects, Reader, feature
from server.base.objects.same import MapWater
from server.base.objects.store import Box, Stored
from server.house import House
from server.http.body import number
from server.http.errors import Problem
from server.http.guard import caller, house, needs
from server.http.picture import VIEWERS, find
from server.situations import Situation

blueprint = Blueprint("objects", __name__)
MOST = 5_000


def reader(situation: Situation) -> Reader:
    """The caller; a crew with the places of its open missions."""
    return Reader(role=caller().role, missions=tuple(open_missions(situation).values()))


def open_missions(situation: Situation) -> dict[str, LonLat]:
    """The open missions of the calling crew's unit that have a place; none for any other role."""
    who = caller()
    if who.role != "crew" or who.unit is None:
        return {}
    with situation.desk.lock:
        book = situation.picture.book
        if book.now is None:
            return {}  # nothing has happened yet
        records = {mission: book.record(mission, "mission") for mission in missions_of(book, who.unit)}
        now = book.time()
        places = {key: place(one) for key, one in records.items() if one is not None and state(one, now) == OPEN}
    return {mission: centre(one) for mission, one in places.items() if one is not None}


def is_open(situation: str, mission: str) -> bool:
    """Is the mission open? One of a situation that is gone is not."""
    try:
        found = house().situations.get(situation)
    except KeyError:
        return False
    with found.desk.lock:
        record = found.picture.book.record(mission, "mission")
        return record is not None and state(record, found.picture.book.time()) == OPEN


@blueprint.get("/objects")
@needs(*VIEWERS)
def layers() -> ResponseReturnValue:
    """?situation=live: the layers of the caller's role: title, purpose, version, how old, and what is wrong with the
    source.
    """
    now = iso(find(request.args.get("situation")).clock.now())
    return jsonify(layers=runtime.offload(_layers, house().objects, caller().role), now=now)


def _layers(objects: Objects, role: str) -> list[dict[str, Any]]:
    found = []
    for name in objects.names(role):
        one, told = objects.settings[name], objects.state(name)
        everything = not one.mission_only or role == "control"
        found.append(
            {
                "name": name,
                "title": one.title,
                "kind": one.kind,
                "purpose": one.purpose,
                "mission_only": one.mission_only,
                "version": told.version,
                "data_at": told.data_at,
                "checked_at": told.checked_at,
                "failing": told.trouble is not None,
                "count": told.count if everything else None,
                "bbox": objects.box(name) if everything else None,
            }
        )
        if role in ("control", "admin"):
            found[-1] |= {"trouble": told.trouble, "trouble_why": why(told.trouble), "refusals": told.refusals}
            found[-1]["plans_failing"] = objects.plans_failing(name)
    return found


@blueprint.get("/objects/<name>")
@needs(*VIEWERS)
def items(name: str) -> ResponseReturnValue:
    """?bbox=<w,s,e,n>&limit=5000&situation=live: a FeatureCollection, `truncated` where there are more."""
    situation = find(request.args.get("situation"))
    objects, who, box, limit = house().objects, reader(situation), _box(), number("limit", MOST, 1, MOST)
    _check_layer(name)
    rows = runtime.offload(objects.find, name, who, box, limit + 1)
    note(name, situation, count=min(limit, len(rows)))
    one, told = objects.settings[name], runtime.offload(objects.state, name)
    same = runtime.offload(on_map, house(), name) if one.kind == "hydrant" else {}
    found = [feature(name, one, stored, told.data_at, same.get(stored.own.key)) for stored in rows[:limit]]
    answer = jsonify(type="FeatureCollection", version=told.version, truncated=len(rows) > limit, features=found)
    answer.mimetype = "application/geo+json"
    return answer


def on_map(rooms: House, name: str) -> dict[str, dict[str, Any]]:
    """By key, what the map knows of hydrants of the layer that it has, too; nothing without base data."""
    base = rooms.bases.current
    if base is None:
        return {}
    try:
        water = base.get(MapWater)
    except sqlite3.OperationalError:
        return {}  # base data of an older version
    rows = rooms.objects.of_layer(name)
    return {rows[place].own.key: water.rows[row] for place, row in water.same(rows).items()}


@blueprint.get("/objects/<name>/<key>/plans/<int:number>")
@needs(*VIEWERS, basic=True)
def plan(name: str, key: str, number: int) -> ResponseReturnValue:
    """A plan as it was given, to be saved; counted from 1. The OGC API links to it, so that its password holds here."""
    stored = _object(name, key)
    chosen = _chosen(stored, number)
    return _file(house().objects.plans.original(chosen.id), chosen.mime, chosen.name, f"{chosen.id}", True)


@blueprint.get("/objects/<name>/<key>/plans/<int:number>/pages/<int:page>")
@needs(*VIEWERS)
def plan_page(name: str, key: str, number: int, page: int) -> ResponseReturnValue:
    """A page of a plan as a picture; counted from 1."""
    stored = _object(name, key)
    chosen = _chosen(stored, number)
    if not 1 <= page <= chosen.pages:
        raise Problem(404, "There is no such page.")
    path = house().objects.plans.page(chosen.id, page)
    return _file(path, "image/png", f"{chosen.name}-{page}.png", f"{chosen.id}-{page}", False)


def _file(path: Any, mime: str, title: str, tag: str, attached: bool) -> ResponseReturnValue:
    try:
        answer = send_file(
            path.absolute(), mimetype=mime, as_attachment=attached, download_name=title, conditional=True, etag=tag
        )
    except FileNotFoundError:
        raise Problem(404, "There is no such plan.") from None
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _object(name: str, key: str) -> Stored:
    situation = find(request.args.get("situation"))
    _check_layer(name)
    stored = runtime.offload(house().objects.get, name, key, reader(situation))
    if stored is None:
        raise Problem(404, "There is no such object.")
    note(name, situation, key=key, path=request.path[:200])
    return stored


def _chosen(stored: Stored, number: int) -> Any:
    if not 1 <= number <= len(stored.plans):
        raise Problem(404, "There is no such plan.")
    return stored.plans[number - 1]


def _check_layer(name: str) -> None:
    if name not in house().objects.names(caller().role):
        raise Problem(404, "There is no such layer.")


def note(name: str, situation: Situation, **detail: Any) -> None:
    """Objects were told: of a layer that is bound to missions, the audit trail says so."""
    if house().objects.settings[name].mission_only:
        house().audit.append("objects", caller(), situation.id, layer=name, **detail)


def _box() -> Box | None:
    text = request.args.get("bbox")
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text[:200].split(","))
    except ValueError:
        raise Problem(422, "bbox: west,south,east,north in degrees") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Problem(422, "bbox: west,south,east,north in degrees")
    return west, south, east, north
