"""What stands in the brackets of a SIA DC-09 frame: Contact ID, SIA, extended blocks, the time at the end."""

import json
import re
from datetime import datetime

import msgspec
from msgspec import Struct

from server.feeds.sia_dc09 import codes
from server.feeds.sia_dc09.codes import Event
from server.feeds.sia_dc09.frame import timestamp

MAX_EVENTS = 50
"""Events in one block."""
_ACCOUNT = re.compile(r"#?(?P<account>[0-9A-Za-z]{0,16})\|")
_CONTACT = re.compile(
    r"\s*(?P<qualifier>[136ER])(?P<code>[0-9A-Fa-f]{3})\s*(?P<group>[0-9A-Fa-f]{2})\s*(?P<zone>[0-9A-Fa-f]{3})\s*"
)
_QUALIFIERS = {"E": "1", "R": "3"}
_TOKEN = re.compile(
    r"ti(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r"|da(?P<month>\d\d?)-(?P<day>\d\d?)-(?P<year>\d\d(?:\d\d)?)"
    r"|(?P<modifier>[a-z]{2})(?P<number>[0-9A-Fa-f]+(?=/)|\d*)"
    r"|(?P<code>[A-Z]{2})(?P<zone>[0-9A-F]{1,8}(?![0-9A-Za-z:])|\d*)(?:\^(?P<text>[^^]*)\^?|\*(?P<starred>[^*]*)\*?)?"
    r"|\|A(?P<ascii>[^|]*)|(?P<loose>[\^*][^^*]*[\^*])|(?P<between>[/ |]+)"
)
_BARE = re.compile(r"[A-MP-Z][A-Z](?![A-Z])")
_DATA = re.compile(r"\[((?:[^\]^]|\^[^^]*\^)*)\]")
_PLAIN = re.compile(r"\[([^\]]*)\]")
_DEGREES = re.compile(r"(?P<degrees>\d{1,3})(?P<side>[NSEW])(?P<minutes>\d{1,2}(?:\.\d{1,8})?)", re.IGNORECASE)
_METRES = re.compile(r"(?P<metres>-?\d{1,5}(?:\.\d{1,4})?)M", re.IGNORECASE)


class Reported(Struct, frozen=True, kw_only=True):
    """One event of a frame. `event` is None for a code that no table knows; `raw` is the event as written.

    `zone` may be a user. `date` (year, month, day) and `clock` (hour, minute, second) are the panel's local time.
    """

    raw: str
    code: str
    zone: str
    event: Event | None
    qualifier: str = ""
    area: str = ""
    text: str = ""
    modifiers: dict[str, str] = {}
    date: tuple[int, int, int] | None = None
    clock: tuple[int, int, int] | None = None
    old: bool = False


class Data(Struct, frozen=True, kw_only=True):
    """The inside of a frame: its data block, extended blocks by letter, and the time at its end."""

    account: str | None
    text: str
    blocks: dict[str, str]
    time: datetime | None
    rest: str = ""


def read(rest: str) -> Data | None:
    """From the bracket of the data on; None where there is no closing bracket."""
    found = _DATA.match(rest) or _PLAIN.match(rest)
    if found is None:
        return None
    text = found[1]
    account = _ACCOUNT.match(text)
    blocks, at = _blocks(rest, found.end())
    tail = rest[at:].strip("\0\r\n ").lstrip("]")  # some panels close the last bracket twice
    return Data(
        account=account["account"].upper() or None if account else None,
        text=text[account.end() :] if account else text,
        blocks=blocks,
        time=timestamp(tail),
        rest=tail,
    )


def contact_id(text: str) -> list[Reported] | None:
    """The events of an ADM-CID block, `1110 00 129`; None where it is none."""
    events: list[Reported] = []
    at = 0
    while at < len(text):
        found = _CONTACT.match(text, at)
        if found is None or len(events) >= MAX_EVENTS:
            return None
        qualifier = _QUALIFIERS.get(found["qualifier"], found["qualifier"])
        code = found["code"]
        event = codes.contact_id(qualifier, int(code)) if code.isdecimal() else None
        events.append(
            Reported(
                raw=found[0].strip(),
                code=code,
                zone=found["zone"].upper(),
                event=event,
                qualifier=qualifier,
                area=found["group"].upper(),
            )
        )
        at = found.end()
    return events or None


def sia_dcs(text: str) -> list[Reported] | None:
    """The events of a SIA-DCS block, `Nri1/FA129/BA4^Tür^`, with or without a block of words `|ATür`; None where it is
    none. Some panels leave the N out.
    """
    bare = _BARE.match(text) is not None
    if not bare and text[:1] not in ("N", "O"):
        return None
    old = text[0] == "O"
    events: list[Reported] = []
    modifiers: dict[str, str] = {}
    date: tuple[int, int, int] | None = None
    clock: tuple[int, int, int] | None = None
    at = 0 if bare else 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.end() == at or len(events) >= MAX_EVENTS:
            return events or None
        if found["hour"]:
            clock = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
        elif found["month"]:
            year = int(found["year"])
            date = year if year > 99 else 2000 + year, int(found["month"]), int(found["day"])
        elif found["ascii"] and events and not events[-1].text:
            events[-1] = msgspec.structs.replace(events[-1], text=" ".join(found["ascii"].split()))
        elif found["modifier"]:
            modifiers = {**modifiers, found["modifier"]: found["number"]}
        elif found["code"] and events and codes.sia(found["code"]) is None and text[at - 1] != "/":
            pass  # `OP001NM`: letters right behind a zone are no event, unless a table knows them
        elif found["code"]:
            events.append(
                Reported(
                    raw=found[0],
                    code=found["code"],
                    zone=found["zone"],
                    event=codes.sia(found["code"]),
                    area=modifiers.get("ri", ""),
                    text=" ".join((found["text"] or found["starred"] or "").split()),
                    modifiers=modifiers,
                    date=date,
                    clock=clock,
                    old=old,
                )
            )
        at = found.end()
    return events or None


def position(blocks: dict[str, str]) -> tuple[float, float, float | None] | None:
    """Longitude, latitude and height of the blocks X, Y and Z; None where they say none."""
    lon, lat = (_angle(blocks.get(name, "")) for name in ("X", "Y"))
    if lon is None or lat is None:
        return None
    height = _METRES.fullmatch(blocks.get("Z", "").strip())
    return lon, lat, float(height["metres"]) if height else None


def _angle(written: str) -> float | None:
    """Degrees, hemisphere and decimal minutes: `093W23.456` is 93° 23.456' west."""
    found = _DEGREES.fullmatch(written.strip())
    if found is None:
        return None
    angle = int(found["degrees"]) + float(found["minutes"]) / 60
    return round(-angle if found["side"].upper() in "SW" else angle, 7)


def _blocks(rest: str, at: int) -> tuple[dict[str, str], int]:
    """The extended blocks `[Xvalue]` from a place on, and where they end. One of JSON may hold brackets."""
    blocks: dict[str, str] = {}
    while rest[at : at + 1] == "[":
        letter, end = rest[at + 1 : at + 2], rest.find("]", at)
        if letter == "J":
            try:
                _, after = json.JSONDecoder().raw_decode(rest, at + 2)
            except (ValueError, RecursionError):
                after = -1
            end = after if after > 0 and rest[after : after + 1] == "]" else end
        if end < 0:
            break
        if letter.isalpha():
            blocks.setdefault(letter.upper(), rest[at + 2 : end])
        at = end + 1
    return blocks, at
