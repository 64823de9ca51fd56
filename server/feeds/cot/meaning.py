"""What an event means for the picture: units, drones, marks, images, notes and withdrawals, by its type."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers import content as kinds
from layers.content import Content
from layers.cot import Event
from layers.cot_types import (
    AFFILIATIONS,
    CANCEL,
    CHAT,
    DELETE,
    DIMENSIONS,
    DRONE,
    EMERGENCIES,
    MARKS,
    OWN,
    PICTURES,
    SILENT,
    atom_name,
    longest,
)
from layers.observation import Geometry
from server.feeds import UNKNOWN_TYPE
from server.feeds._batch import Batch, subject
from server.feeds._secrets import without
from server.feeds.cot.options import CotOptions
from server.feeds.cot.shapes import colour, drawn, number, point
from server.feeds.ngsi.values import LINK_SCHEMES

NAME = "cot"
STALE_IMPLAUSIBLE = "stale_implausible"
"""Flag: the event is stale before it begins, or absurdly late; the age of its kind counts."""
NO_POSITION = "no_position"
BROADCAST = frozenset({"All Chat Rooms", "All Groups", "All Streaming"})
TRUE = ("true", "True", "TRUE", "1")
MAX_WAYPOINTS = 200
PATIENTS = ("urgent", "urgent_surgical", "priority", "routine", "convenience", "litter", "ambulatory")
"""Numbers of patients in a request for their transport, as they are told: by urgency, lying, walking."""
TEXT_CHARS = 8_000


class Reading(Struct):
    """What is read into: the batch, the source's settings, and the ids of subjects that are of an exercise."""

    batch: Batch
    options: CotOptions

    def id_of(self, uid: str) -> str:
        """The subject that a uid names."""
        return self.options.units.get(uid) or subject(NAME, uid)

    def claim(self, event: Event, content: Content, geometry: Geometry | None | UnsetType = UNSET, **more: Any) -> None:
        """One observation of an event."""
        flags = set(more.pop("flags", ()))
        if geometry is UNSET and not isinstance(content, kinds.Removal | kinds.Note):
            flags.add(NO_POSITION)
        if getattr(content, "stale_at", UNSET) is None:
            flags.add(STALE_IMPLAUSIBLE)
        accuracy = event.ce if event.ce is not None and event.ce > 0 and geometry is not UNSET else None
        of = more.pop("of", None) or self.id_of(event.uid)
        extra = {name: value for name, value in _extra(event).items() if value}
        self.batch.claim(
            of,
            content,
            at=event.time,
            said=event.time,
            geometry=geometry,
            accuracy_m=accuracy,
            flags=flags,
            extra=extra,
            **more,
        )

    def stale_at(self, event: Event) -> datetime | None:
        """The end of validity on our clock; None where what the sender says of it cannot be."""
        start = max(event.time, event.start)
        if event.stale <= start or event.stale - start > timedelta(days=self.options.max_validity_days):
            return None
        received, limit = self.batch.context.received_at, self.batch.context.limits.clock.clock_ahead_s
        if event.time - received > timedelta(seconds=limit):
            # The clock that is too far ahead counts for both of its times.
            return received + (event.stale - event.time)
        return event.stale


def read(event: Event, reading: Reading) -> None:
    """Put what the event says into the batch; what is no object says nothing, an unknown type is refused."""
    kind = event.type
    if kind == DELETE or kind.startswith(DELETE + "-"):
        _delete(event, reading)
    elif kind == CHAT:
        _chat(event, reading)
    elif kind.startswith(SILENT):
        return
    elif kind == CANCEL or (event.first("emergency") is not None and event.value("emergency", "cancel") in TRUE):
        reading.claim(event, kinds.Removal())
    elif kind.startswith("a-"):
        _atom(event, reading)
    elif kind.startswith(PICTURES):
        _picture(event, reading)
    elif (mark := longest(kind, MARKS)) is not None:
        _mark(event, reading, mark)
    else:
        reading.batch.refuse(f"events of the type {kind or '(none)'} are not read", "", event.uid, UNKNOWN_TYPE)


def name_of(event: Event) -> str | UnsetType:
    """The call sign on one line."""
    return " ".join((event.value("contact", "callsign") or "").split())[:256] or UNSET


def _words(written: str | None) -> str | UnsetType:
    return (written or "").strip()[:TEXT_CHARS] or UNSET


def _number(written: str | None, low: float = -1e9, high: float = 1e9) -> float | UnsetType:
    found = number(written)
    return UNSET if found is None or not low <= found <= high else found


def _degrees(written: str | None) -> float | UnsetType:
    found = _number(written)
    return UNSET if found is UNSET else found % 360.0


def _atom(event: Event, reading: Reading) -> None:
    parts = event.type.split("-")
    affiliation = AFFILIATIONS.get(parts[1] if len(parts) > 1 else "", "other")
    if DRONE.fullmatch(event.type) or event.first("_uastool") is not None:
        _drone(event, reading)
    elif affiliation in OWN and not event.type[3:].startswith(("-X", "-G-I")) and not _is_drawn(event):
        _unit(event, reading)
    else:
        _mark(event, reading, _atom_mark(event))


def _is_drawn(event: Event) -> bool:
    """A marker that somebody set: by hand, with a link to who made it, and no device behind it."""
    device = any(event.first(tag) is not None for tag in ("takv", "__group"))
    return event.how.startswith("h") and not device and _parent(event) is not None


def _atom_mark(event: Event) -> str:
    if event.type[3:].startswith("-X-i"):
        return "incident"
    if event.type[3:].startswith("-G-I"):
        return "place"
    return "track" if event.how.startswith("m") else "marker"


def _unit(event: Event, reading: Reading) -> None:
    content = kinds.Unit(
        name=name_of(event),
        call_sign=name_of(event),
        description=_remarks(event),
        vehicle_type=atom_name(event.type) or UNSET,
        categories=(event.type,),
        heading_deg=_degrees(event.value("track", "course")),
        speed_mps=_number(event.value("track", "speed"), 0, 1_000),
        team=_words(event.value("__group", "name")),
        team_role=_words(event.value("__group", "role")),
        battery_pct=_number(event.value("status", "battery"), 0, 100),
        hae_m=UNSET if event.hae is None else event.hae,
        cot_type=event.type,
        stale_at=reading.stale_at(event),
    )
    reading.claim(event, content, point(event))


def _drone(event: Event, reading: Reading) -> None:
    left, most = (
        _number(event.value("vehicle", "batteryRemainingCapacity")),
        _number(event.value("vehicle", "batteryMaxCapacity")),
    )
    battery = _number(event.value("status", "battery"), 0, 100)
    if battery is UNSET and left is not UNSET and most is not UNSET and 0 <= left <= most and most > 0:
        battery = round(100 * left / most, 1)
    content = kinds.Drone(
        name=_first(name_of(event), _words(event.value("__video", "sensor"))),
        aircraft_type=_first(_words(event.value("sensor", "model")), _words(event.value("vehicle", "type"))),
        heading_deg=_degrees(event.value("track", "course")),
        ground_speed_mps=_number(event.value("track", "speed"), 0, 1_000),
        battery_pct=battery,
        hae_m=UNSET if event.hae is None else event.hae,
        media=_videos(event),
        stale_at=reading.stale_at(event),
    )
    reading.claim(event, content, point(event))


def _first(*values: str | UnsetType) -> str | UnsetType:
    return next((value for value in values if value is not UNSET), UNSET)


def _videos(event: Event) -> tuple[kinds.Media, ...] | UnsetType:
    """Where a video can be seen. Never opened by us; an address that names a user is not told."""
    address = event.value("__video", "url") or ""
    scheme, found, rest = address.partition("://")
    if not found or scheme.lower() not in LINK_SCHEMES or "@" in rest or len(address) > 2_000 or " " in address:
        return UNSET
    return (kinds.Media(type="VIDEOSTREAM", url=address),)


def _mark(event: Event, reading: Reading, mark: str) -> None:
    limit = reading.batch.context.limits.points
    geometry, measures = drawn(event, mark, limit)
    if sum(1 for link in event.find("link") if link.get("point")) > limit:
        reading.batch.refuse(f"more than {limit} positions: those after them are left out", "", event.uid)
    if event.first("__geofence") is not None:
        mark = "geofence"
    if mark == "sensor":
        measures |= {
            "bearing_deg": _degrees(event.value("sensor", "azimuth")),
            "fov_deg": _degrees(event.value("sensor", "fov")),
            "range_m": _number(event.value("sensor", "range"), 0, 1e6),
        }
    parts = event.type.split("-")
    atom = event.type.startswith("a-")
    content = kinds.Mark(
        mark=mark,
        name=name_of(event),
        text=_remarks(event),
        cot_type=event.type,
        affiliation=AFFILIATIONS.get(parts[1], "other") if atom and len(parts) > 1 else UNSET,
        dimension=DIMENSIONS.get(parts[2], "other") if atom and len(parts) > 2 else UNSET,
        how=event.how or UNSET,
        icon=_words(event.value("usericon", "iconsetpath")),
        color=colour(event, "color", "strokeColor"),
        fill=colour(event, "fillColor"),
        heading_deg=_degrees(event.value("track", "course")),
        speed_mps=_number(event.value("track", "speed"), 0, 1_000),
        hae_m=UNSET if event.hae is None else event.hae,
        waypoints=_waypoints(event) if mark == "route" else UNSET,
        fence=_fence(event),
        emergency=_call(event),
        parent=reading.id_of(made_by) if (made_by := _parent(event)) is not None else UNSET,
        creator=_words(_creator(event)),
        archive=event.first("archive") is not None,
        stale_at=reading.stale_at(event),
        **measures,
    )
    reading.claim(event, content, geometry)


def _call(event: Event) -> str | UnsetType:
    if (known := longest(event.type, EMERGENCIES)) is None:
        return UNSET
    return " ".join((event.value("emergency", "type") or known).split())[:256]


def _waypoints(event: Event) -> tuple[str, ...] | UnsetType:
    names = [" ".join((link.get("callsign") or "").split())[:256] for link in event.find("link") if link.get("point")]
    return tuple(name for name in names if name)[:MAX_WAYPOINTS] or UNSET


def _fence(event: Event) -> dict[str, Any] | UnsetType:
    told = event.first("__geofence")
    if told is None:
        return UNSET
    heights = {"min_hae_m": number(told.get("minElevation")), "max_hae_m": number(told.get("maxElevation"))}
    words = {name: (told.get(name) or "")[:40] or None for name in ("trigger", "monitor")}
    return {**words, "tracking": told.get("tracking") == "true", **heights}


def _parent(event: Event) -> str | None:
    """Uid of who made it."""
    for link in event.find("link"):
        if link.get("relation") == "p-p" and link.get("uid"):
            return (link.get("uid") or "")[:256]
    return (event.value("creator", "uid") or "")[:256] or None


def _creator(event: Event) -> str | None:
    return event.value("link", "parent_callsign") or event.value("creator", "callsign")


def _remarks(event: Event) -> str | UnsetType:
    said = next((one.text.strip() for one in event.find("remarks") if one.text.strip()), "")
    return _words("\n".join(filter(None, (said, _patients(event)))))


def _patients(event: Event) -> str:
    """How many patients there are, by the words of the request."""
    numbers = {name: event.value("_medevac_", name) or "" for name in PATIENTS}
    told = {name: value for name, value in numbers.items() if value.isascii() and value.isdecimal() and int(value) > 0}
    return ", ".join(f"{name}: {value[:6]}" for name, value in told.items())


def _picture(event: Event, reading: Reading) -> None:
    content = kinds.Image(
        name=name_of(event),
        view="photo",
        taken_at=event.time,
        stale_at=reading.stale_at(event),
    )
    reading.claim(event, content, point(event))


def _chat(event: Event, reading: Reading) -> None:
    chat = event.first("__chat")
    text = _remarks(event)
    if chat is None or text is UNSET:
        reading.batch.refuse("a chat message without a text", "", event.uid)
        return
    room = (chat.get("chatroom") or "").strip()[:256]
    direct = _is_direct(event, room)
    if not reading.options.chat or (direct and not reading.options.direct_messages):
        return
    sender = _parent(event)
    content = kinds.Note(
        text=text,
        origin="tak",
        message_type="chat",
        sender_id=reading.id_of(sender) if sender is not None else UNSET,
        sender_name=_words(chat.get("senderCallsign")),
        receiver=None if room in BROADCAST or not room else room,
        issued_at=event.time,
    )
    reading.claim(event, content, UNSET if direct else point(event), personal=direct)


def _is_direct(event: Event, room: str) -> bool:
    """Whether it is meant for a person, not for all or a team."""
    if any(one.get("callsign") for marti in event.find("marti") for one in marti.find("dest")):
        return True
    chat = event.first("__chat")
    return chat is not None and chat.get("parent") == "RootContactGroup" and bool(room) and room not in BROADCAST


def _delete(event: Event, reading: Reading) -> None:
    victims = [uid for link in event.find("link") if (uid := link.get("uid"))]
    if not victims:
        reading.batch.refuse("a deletion that names nothing", "", event.uid)
    for uid in victims[: reading.batch.context.limits.items]:
        # A unit of ours is not withdrawn by a device that goes.
        if uid not in reading.options.units:
            reading.claim(event, kinds.Removal(), of=subject(NAME, uid[:1_000]))


def _extra(event: Event) -> dict[str, Any]:
    """What is kept as written: how, access, priority, client and origin of the position. Unknown elements are not."""
    found: dict[str, Any] = {
        name: value for name in ("type", "how", "access", "qos", "opex") if (value := getattr(event, name))
    }
    found.update(_kept(event, ("takv", "precisionlocation", "sensor", "status")))
    if event.le is not None and event.le > 0:
        found["le"] = event.le
    if (videos := _videos(event)) is not UNSET:
        found["video"] = videos[0].url
    return found


def _kept(event: Event, tags: Iterable[str]) -> dict[str, Any]:
    found = {}
    for tag in tags:
        if (element := event.first(tag)) is not None:
            given = {name: value[:200] for name, value in element.attributes[:20] if value}
            found[tag] = without(given)
    return found
