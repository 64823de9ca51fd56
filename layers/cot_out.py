"""What a feature of a view is to a TAK client: events of Cursor on Target, made of what that view shows and of no more.

Pure. Times of a situation are moved to the wall clock (`Outlook.shift`), because TAK clients judge age by their own.
What came from a TAK client goes out under the uid that it came with; everything else under one that nobody else uses,
and that differs between live and each exercise. An exercise is marked in `opex`, in every call sign and every remark.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from msgspec import Struct

from layers import fms
from layers.cot import Event, Node, moment, node
from layers.cot_kinds import argb, incident_type, severity_argb, status_argb, unit_type
from layers.cot_types import CHAT, DELETE
from layers.draw import later
from layers.observation import Geometry, idempotency_key
from layers.wire import Feature

PREFIX = "Lagebild-"
"""How our uids begin; the house's own id follows."""
MARK = "ÜBUNG"
OWN_SUBJECT = "cot:"
RELAYED, TOLD = "m-r", "h-t"
"""`how`: imported from another system; transcribed by a person."""
DELETION_VALID_S = 20.0
CHAT_AGE = timedelta(minutes=15)
"""Older notes are no news: a client that comes back does not hear them all again."""
MAX_CORNERS = 400
MAX_AREAS = 20
MAX_REMARK_CHARS = 2_000
_ESCAPED = re.compile(r"%([0-9A-F]{2})")


class Outlook(Struct, frozen=True, kw_only=True):
    """For whom events are made: the house, the situation, its time now, and how far that is behind the wall clock."""

    house: str
    situation: str = "live"
    exercise: str | None = None
    now: datetime
    shift: timedelta = timedelta()
    zone: tzinfo = UTC

    def wall(self, at: datetime) -> datetime:
        """The moment of the situation on the wall clock."""
        try:
            return at + self.shift
        except OverflowError:
            return at


def own_prefix(house: str) -> str:
    """How the uids of a house begin."""
    return f"{PREFIX}{house}."


def uid_of(feature_id: str, outlook: Outlook) -> str:
    """The uid of a feature."""
    if outlook.exercise is None and feature_id.startswith(OWN_SUBJECT) and "~" not in feature_id:
        return _unescaped(feature_id.removeprefix(OWN_SUBJECT))
    return own_prefix(outlook.house) + idempotency_key(outlook.situation, feature_id)[:16]


def events(feature: Feature, outlook: Outlook) -> list[Event]:
    """The events of a feature; none for what a map of a TAK client has no place for."""
    told = feature["properties"]
    make = _BY_PART.get((told["layer"], told["part"]))
    return [] if make is None else make(feature, outlook)


def deletion(uid: str, outlook: Outlook) -> Event:
    """The event that takes another away."""
    now = outlook.wall(outlook.now)
    gone = node("link", uid=uid, relation="p-p", type="a-u-G")
    return Event(
        type=DELETE,
        uid=f"{own_prefix(outlook.house)}del-{idempotency_key(uid)[:16]}",
        how="h-g-i-g-o",
        time=now,
        start=now,
        stale=later(now, DELETION_VALID_S),
        lat=0.0,
        lon=0.0,
        opex=_opex(outlook),
        detail=(gone, node("__forcedelete")),
    )


def _opex(outlook: Outlook) -> str:
    return "" if outlook.exercise is None else f"e-{outlook.exercise}"[:100]


def _marked(text: str, outlook: Outlook) -> str:
    return text if outlook.exercise is None else f"{MARK} {text}".strip()


def _event(
    feature: Feature,
    outlook: Outlook,
    kind: str,
    place: tuple[float, float],
    name: str,
    remarks: Iterable[str | None],
    detail: Iterable[Node] = (),
    *,
    how: str = RELAYED,
    suffix: str = "",
    qos: str = "1-r-c",
    hae: float | None = None,
) -> Event:
    told = feature["properties"]
    observed = _time(told["times"].get("position") or told["observed_at"])
    known = f"Stand {observed.astimezone(outlook.zone):%d.%m. %H:%M:%S} Uhr"
    said = "\n".join(line for line in (*remarks, known) if line)
    now, start = outlook.wall(outlook.now), outlook.wall(observed)
    stale = max(outlook.wall(_time(told["stale_at"])), later(start, 1.0))
    return Event(
        type=kind,
        uid=uid_of(feature["id"], outlook) + suffix,
        how=how,
        time=now,
        start=start,
        stale=stale,
        lat=place[1],
        lon=place[0],
        hae=hae,
        ce=told["accuracy_m"] or None,
        qos=qos,
        opex=_opex(outlook),
        detail=(
            node("contact", callsign=_marked(name, outlook)[:200]),
            node("remarks", _marked(said, outlook)[:MAX_REMARK_CHARS]),
            *detail,
            Node("_flow-tags_", ((f"{PREFIX}{outlook.house}", moment(now)),)),
        ),
    )


def _unit(feature: Feature, outlook: Outlook) -> list[Event]:
    place = _point(feature["geometry"])
    if place is None:
        return []
    told = feature["properties"]
    name = told["call_sign"] or told["name"] or told["title"] or "Fahrzeug"
    status = told["fms_status"]
    meaning = f"Status {status}: {fms.meaning(status).meaning_de}" if status in fms.FMS else None
    detail = [node("color", argb=status_argb(status))]
    if told["heading_deg"] is not None or told["speed_mps"] is not None:
        detail.append(node("track", course=told["heading_deg"] or 0.0, speed=told["speed_mps"] or 0.0))
    if told.get("team"):
        detail.append(node("__group", name=told.get("team"), role=told.get("team_role") or "Team Member"))
    if told.get("battery_pct") is not None:
        detail.append(node("status", battery=int(told.get("battery_pct"))))
    kind = told.get("cot_type") or unit_type(told["vehicle_type"], name)
    lines = (meaning, told["vehicle_type"], told["description"], "NOTRUF" if told["emergency"] else None)
    made = [_event(feature, outlook, kind, place, name, lines, detail, hae=told.get("hae_m"))]
    if told["emergency"]:
        call = [node("emergency", _marked(name, outlook), type="911 Alert"), _made_by(made[0])]
        title = f"{name} NOTRUF"
        made.append(
            _event(feature, outlook, "b-a-o-tbl", place, title, lines, call, suffix="-9-1-1", qos="9-r-g", how=TOLD)
        )
    return made


def _made_by(event: Event) -> Node:
    return node("link", uid=event.uid, type=event.type, relation="p-p")


def _mission(feature: Feature, outlook: Outlook) -> list[Event]:
    """As the view shows it: of somebody else's mission a crew gets place, kind and state."""
    told, place = feature["properties"], _point(feature["geometry"])
    if place is None or told["state"] != "open":
        return []
    address = (told.get("address") or {}).get("text")
    units = [each["call_sign"] for each in told.get("unit_states", ()) if each["call_sign"]]
    lines = (
        told.get("keyword"),
        told.get("description"),
        address,
        told.get("location_detail"),
        f"Kräfte: {', '.join(units)}" if units else None,
        f"Einsatznummer {told['number']}" if told.get("number") else None,
    )
    name = told.get("keyword_short") or told.get("keyword") or told["title"] or "Einsatz"
    return [_event(feature, outlook, incident_type(told["category"]), place, name, lines, _spot("#e1000f"), how=TOLD)]


def _drone(feature: Feature, outlook: Outlook) -> list[Event]:
    told, place = feature["properties"], _point(feature["geometry"])
    if place is None:
        return []
    height = f"{told['height_m']:.0f} m über Grund" if told["height_m"] is not None else None
    track = node("track", course=told["heading_deg"] or 0.0, speed=told["ground_speed_mps"] or 0.0)
    name = told["name"] or told["title"] or "Drohne"
    lines = (told["aircraft_type"], told["flight_status"], height)
    return [_event(feature, outlook, "a-f-A-M-H-Q", place, name, lines, [track], hae=told.get("hae_m"))]


def _warning(feature: Feature, outlook: Outlook) -> list[Event]:
    told = feature["properties"]
    if not told["in_force"]:
        return []
    name = told["event"] or told["headline"] or "Warnung"
    lines = (told["headline"], told["area_text"], told["description"], told["instruction"], told["sender_name"])
    return _areas(feature, outlook, f"⚠ {name}", lines, severity_argb(told["severity"]))


def _region(feature: Feature, outlook: Outlook) -> list[Event]:
    told = feature["properties"]
    if not told.get("over_threshold"):
        return []
    density = f"{told['density_pm2']:.1f} Personen je m²" if told["density_pm2"] is not None else None
    name = f"Gedränge {told['name'] or ''}".strip()
    return _areas(feature, outlook, name, (density,), argb("#e1000f"))


def _report(feature: Feature, outlook: Outlook) -> list[Event]:
    told, place = feature["properties"], _point(feature["geometry"])
    if place is None:
        return []
    lines = (*(told.get("texts") or ()), told.get("message"))
    return [_event(feature, outlook, "b-m-p-s-m", place, "Meldung", lines, _spot("#8a5a00"), how=TOLD)]


def _device(feature: Feature, outlook: Outlook) -> list[Event]:
    told, place = feature["properties"], _point(feature["geometry"])
    if place is None or told["state"] != "ALARM":
        return []
    name = f"ALARM {told['name'] or told['title'] or 'Melder'}"
    lines = (", ".join(told["measures"]), told["description"])
    return [_event(feature, outlook, "b-m-p-s-m", place, name, lines, _spot("#e1000f"))]


def _mark(feature: Feature, outlook: Outlook) -> list[Event]:
    told, geometry = feature["properties"], feature["geometry"]
    name = told["name"] or told["title"] or "Markierung"
    lines = (told["text"], told["emergency"])
    if geometry is None or told.get("cot_type") is None:
        return []
    place = _point(geometry)
    if place is None:
        return _areas(feature, outlook, name, lines, argb(told["color"]))
    detail = [] if told["color"] is None else [node("color", argb=argb(told["color"]))]
    if told["icon"]:
        detail.append(node("usericon", iconsetpath=told["icon"]))
    if told["emergency"]:
        detail.append(node("emergency", _marked(name, outlook), type=told["emergency"]))
    if told["archive"]:
        detail.append(node("archive"))
    how = told["how"] or TOLD
    return [_event(feature, outlook, told.get("cot_type"), place, name, lines, detail, how=how, hae=told.get("hae_m"))]


def _area(feature: Feature, outlook: Outlook) -> list[Event]:
    """A danger or a closure, whatever its shape is."""
    told = feature["properties"]
    name, lines = str(told["title"] or told["part"]), (told.get("description"), told.get("text"))
    return _areas(feature, outlook, name, lines, argb("#e1000f"))


def _note(feature: Feature, outlook: Outlook) -> list[Event]:
    """A message to all, as a line of chat. What came as chat has been heard there."""
    told = feature["properties"]
    fresh = outlook.now - _time(told["observed_at"]) <= CHAT_AGE
    if told["origin"] not in ("control", "logbook") or not told["text"] or not fresh:
        return []
    who, now = _marked("Lagebild", outlook), outlook.wall(outlook.now)
    place = _point(feature["geometry"]) or (0.0, 0.0)
    uid = uid_of(feature["id"], outlook)
    desk = own_prefix(outlook.house) + "desk"
    chat = node(
        "__chat",
        "",
        (node("chatgrp", uid0=desk, uid1="All Chat Rooms", id="All Chat Rooms"),),
        parent="RootContactGroup",
        groupOwner="false",
        chatroom="All Chat Rooms",
        id="All Chat Rooms",
        senderCallsign=who,
    )
    said = node("remarks", _marked(told["text"], outlook)[:MAX_REMARK_CHARS], source=desk, time=moment(now))
    return [
        Event(
            type=CHAT,
            uid=f"GeoChat.{uid}",
            how="h-g-i-g-o",
            time=now,
            start=now,
            stale=now + timedelta(days=1),
            lat=place[1],
            lon=place[0],
            opex=_opex(outlook),
            detail=(chat, node("link", uid=desk, type="a-f-G-I", relation="p-p"), said),
        )
    ]


def _areas(feature: Feature, outlook: Outlook, name: str, lines: Iterable[str | None], colour: int) -> list[Event]:
    """A drawn shape for each polygon or line; a point becomes a spot."""
    said, made = tuple(lines), []
    for number, outline in enumerate(_outlines(feature["geometry"])[:MAX_AREAS]):
        corners = _thinned(outline)
        suffix = f".{number}" if number else ""
        middle = _middle(corners)
        if len(corners) == 1:
            detail = [node("color", argb=colour)]
            made.append(_event(feature, outlook, "b-m-p-s-m", middle, name, said, detail, how=TOLD, suffix=suffix))
            continue
        detail = [
            *(node("link", point=f"{round(lat, 7)!r},{round(lon, 7)!r}") for lon, lat in corners),
            node("strokeColor", value=colour),
            node("strokeWeight", value=3.0),
            node("fillColor", value=_faint(colour)),
            node("labels_on", value="true"),
        ]
        made.append(_event(feature, outlook, "u-d-f", middle, name, said, detail, how=TOLD, suffix=suffix))
    return made


def _spot(colour: str) -> list[Node]:
    value = argb(colour)
    return [node("color", argb=value), node("usericon", iconsetpath=f"COT_MAPPING_SPOTMAP/b-m-p-s-m/{value}")]


def _faint(colour: int) -> int:
    """The colour, a quarter opaque."""
    value = (0x40 << 24) | (colour & 0xFFFFFF)
    return value - (1 << 32) if value >= 1 << 31 else value


def _point(geometry: Geometry | None) -> tuple[float, float] | None:
    if geometry is None or geometry["type"] != "Point":
        return None
    return float(geometry["coordinates"][0]), float(geometry["coordinates"][1])


def _outlines(geometry: Geometry | None) -> list[list[list[float]]]:
    if geometry is None:
        return []
    coordinates: Any = geometry["coordinates"]
    match geometry["type"]:
        case "Point":
            return [[coordinates]]
        case "LineString":
            return [coordinates]
        case "MultiLineString" | "Polygon":
            return list(coordinates) if geometry["type"] == "MultiLineString" else [coordinates[0]]
        case "MultiPolygon":
            return [polygon[0] for polygon in coordinates]
        case _:
            return [[each] for each in coordinates]


def _thinned(corners: list[list[float]]) -> list[tuple[float, float]]:
    """At most `MAX_CORNERS`, evenly left out; the last one stays, so that what was closed is closed."""
    step = -(-len(corners) // MAX_CORNERS)
    kept = [(float(one[0]), float(one[1])) for one in corners[::step]]
    last = (float(corners[-1][0]), float(corners[-1][1]))
    return kept if kept[-1] == last else [*kept, last]


def _middle(corners: list[tuple[float, float]]) -> tuple[float, float]:
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    return (min(lons) + max(lons)) / 2.0, (min(lats) + max(lats)) / 2.0


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _unescaped(text: str) -> str:
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    try:
        return raw.encode("latin-1").decode() if raw != text else text
    except UnicodeError:
        return raw


_BY_PART: dict[tuple[str, str], Callable[[Feature, Outlook], list[Event]]] = {
    ("units", "unit"): _unit,
    ("missions", "mission"): _mission,
    ("drones", "drone"): _drone,
    ("warnings", "warning"): _warning,
    ("crowd", "region"): _region,
    ("reports", "citizen_report"): _report,
    ("devices", "device"): _device,
    ("marks", "mark"): _mark,
    ("notes", "note"): _note,
    ("hazards", "hazard"): _area,
    ("hazards", "closure"): _area,
    ("closures", "closure"): _area,
}
"""What makes the events of a part of a layer. Sources, cards, homes, persons, tracks, footprints stay in the house."""
