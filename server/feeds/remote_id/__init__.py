"""Remote identification of drones (ASTM F3411, Open Drone ID): what a receiver captured of Wi-Fi and Bluetooth.

A body is a capture (pcap, pcapng), or the messages themselves, one after another. Who flies a drone and from where is
personal. Messages of one transmitter belong together; its address changes, so the id it sends names the drone.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct

from layers.content import Drone
from server.feeds import INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, subject
from server.feeds._stream import Stream, Whole
from server.feeds.remote_id.capture import MAX_FRAMES, frames, is_capture
from server.feeds.remote_id.messages import SIZE, messages, read
from server.feeds.remote_id.radio import Heard, heard

NAME = "remote_id"
MAX_BYTES = 32_000_000
_EXTRA = (
    *("id_type", "above", "pressure_altitude_m", "description_type", "operator_place_type", "area_count"),
    *("area_radius_m", "area_ceiling_m", "area_floor_m", "eu_category", "eu_class"),
)


class Told(Struct):
    """What one frame tells: by whom, when, what, and the messages it is made of."""

    sender: str
    at: datetime | None
    values: dict[str, Any]
    raw: bytes


def decode(body: bytes, context: Context) -> Decoded:
    """Drones as they say themselves. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the capture has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    batch = Batch(context)
    told = _captured(body, batch) if is_capture(body) else _bare(body)
    if not told and not batch.refused:
        raise DecodeError("no message of remote identification", INVALID)
    _first_heard(told)
    names, standing = _names(told), _standing(told)
    for each in told:
        _claim(each, names.get(each.sender), each.sender in standing and "tenths" in each.values, batch)
    return batch.decoded()


def _captured(body: bytes, batch: Batch) -> list[Told]:
    found: list[Told] = []
    damaged = unreadable = 0
    for number, frame in enumerate(frames(body)):
        if number >= MAX_FRAMES:
            batch.refuse(f"more than {MAX_FRAMES} frames")
            break
        for part in heard(frame):
            if part.damaged:
                damaged += 1
            elif (told := _told(part, frame.at)) is not None:
                found.append(told)
            else:
                unreadable += 1
    if damaged:
        batch.refuse(f"{damaged} frames with a wrong checksum")
    if unreadable:
        batch.refuse(f"{unreadable} frames without a message that says anything")
    return found


def _bare(body: bytes) -> list[Told]:
    """Messages and packs as they follow one another."""
    found: list[Told] = []
    at = 0
    while at < len(body) and len(found) < MAX_FRAMES:
        pack = body[at] >> 4 == 0xF
        size = 3 + SIZE * body[at + 2] if pack and at + 2 < len(body) and body[at + 1] == SIZE else SIZE
        if body[at] & 0x0F > 2 or (not pack and body[at] >> 4 > 5) or at + size > len(body):
            raise DecodeError("neither a capture nor messages of remote identification")
        if (told := _told(Heard("", body[at : at + size]), None)) is not None:
            found.append(told)
        at += size
    return found


def _told(part: Heard, at: datetime | None) -> Told | None:
    values: dict[str, Any] = {}
    for message in messages(part.payload):
        said = read(message)
        if said.get("id_type") == "session" and "id" in values:
            continue  # a drone may send a serial number and a session
        values |= said
    return Told(part.sender, at, values, part.payload) if values else None


def _names(told: list[Told]) -> dict[str, str]:
    """The id that each transmitter sent most often."""
    counts: dict[str, Counter[str]] = {}
    for each in told:
        if "id" in each.values:
            counts.setdefault(each.sender, Counter())[each.values["id"]] += 1
    return {sender: max(sorted(seen), key=lambda name: seen[name]) for sender, seen in counts.items()}


def _standing(told: list[Told]) -> set[str]:
    """Transmitters whose clock stands: the same tenths with every place, though they were heard for a second and more.

    Many leave the field at nought. What such a clock says dates nothing; the capture does.
    """
    clocks: dict[str, set[int]] = {}
    heard_at: dict[str, list[datetime]] = {}
    places: dict[str, set[Any]] = {}
    for each in told:
        if each.at is not None and each.values.get("tenths") is not None and "place" in each.values:
            clocks.setdefault(each.sender, set()).add(each.values["tenths"])
            heard_at.setdefault(each.sender, []).append(each.at)
            places.setdefault(each.sender, set()).add(each.values["place"])
    return {
        sender
        for sender, said in clocks.items()
        if len(said) == 1
        and len(places[sender]) > 1
        and max(heard_at[sender]) - min(heard_at[sender]) >= timedelta(seconds=1)
    }


def _first_heard(told: list[Told]) -> None:
    """Words that come again within a second are those of the first time: a capture has every repeated frame."""
    known: dict[tuple[str, bytes], datetime] = {}
    for each in told:
        if each.at is None:
            continue
        first = known.get((each.sender, each.raw))
        if first is not None and timedelta(0) <= each.at - first < timedelta(seconds=1):
            each.at = first
        known[each.sender, each.raw] = each.at


def _claim(told: Told, name: str | None, standing: bool, batch: Batch) -> None:
    values = told.values
    named = values.get("id") or name
    if named is None and not told.sender:
        batch.refuse("a message of nobody: no id, no transmitter")
        return
    of = subject(NAME, named or f"mac-{told.sender}")
    fields = batch.fields({}, of)
    lon, lat = values.get("place", (None, None))
    operator = values.get("operator_place")
    content = Drone(
        name=named or UNSET,
        registration=named or UNSET,
        aircraft_type=values.get("aircraft", UNSET),
        remark=values.get("description", UNSET),
        operator_id=values.get("operator_id", UNSET),
        operator_place=UNSET if operator is None else {"type": "Point", "coordinates": list(operator)},
        heading_deg=values.get("heading_deg", UNSET),
        ground_speed_mps=values.get("speed_mps", UNSET),
        vertical_speed_mps=values.get("climb_mps", UNSET),
        altitude_m=values.get("altitude_m", UNSET),
        flight_status=values.get("status", UNSET),
    )
    at = told.at if standing else _when(told, batch.context.received_at)
    flags = fields.flags | ({"clock_stands"} if standing else set()) | (set() if named else {"id_assumed"})
    personal = bool({"operator_id", "operator_place", "description"} & set(values))
    batch.claim(
        of,
        content,
        at=at,
        flags=flags,
        geometry=fields.place(lon, lat, values.get("height_m")),
        extra={extra: values[extra] for extra in _EXTRA if extra in values},
        identity=None if at is None else f"{at.isoformat()} {told.raw.hex()}",
        accuracy_m=values.get("accuracy_m"),
        personal=personal,
        repeats_s=3600,
    )


def _when(told: Told, received_at: datetime) -> datetime | None:
    """The time of the position (tenths of a second after the full hour, of the nearest hour), else of capture."""
    near = told.at or received_at
    tenths = told.values.get("tenths")
    if tenths is None:
        said: datetime | None = told.values.get("said_at")
        return told.at or said
    hour = near.replace(minute=0, second=0, microsecond=0)
    try:
        found = hour + timedelta(seconds=tenths / 10.0)
        if found - near > timedelta(minutes=30):
            return found - timedelta(hours=1)
        return found + timedelta(hours=1) if near - found > timedelta(minutes=30) else found
    except OverflowError:
        return told.at


FEED = Feed(
    name=NAME,
    title="Remote identification of drones (ASTM F3411)",
    decode=decode,
    max_bytes=MAX_BYTES,
    stream=Stream(framer=Whole, files=("*.pcap", "*.pcapng", "*.cap", "*.bin")),
)
