"""Deltas as events of Cursor on Target, made and encoded once for all who have the same view at the same place."""

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from layers.cot import Event, xml
from layers.cot_out import Outlook, deletion, events
from server.channel import Whole
from server.feeds.cot.framing import mesh_frame, stream_frame
from server.feeds.cot.protobuf import write_message

Form = Literal["xml", "stream", "mesh"]
MAX_KEPT = 16
MAX_CHATS = 1_000
ZONE = ZoneInfo("Europe/Berlin")
"""In whose time remarks tell when something was so."""


def packed(event: Event, form: Form) -> bytes:
    """The event as it is sent."""
    if form == "xml":
        return xml(event)
    return stream_frame(write_message(event)) if form == "stream" else mesh_frame(write_message(event))


class Drawn(Struct, frozen=True):
    """A feature as events: the uid, type and bytes of each."""

    feature: str
    sources: frozenset[str]
    events: tuple[tuple[str, str, bytes], ...]


class Encoder:
    """Keeps what was encoded last."""

    def __init__(self, house: str) -> None:
        self.house = house
        self._kept: OrderedDict[tuple[int, str], tuple[Whole, list[Drawn]]] = OrderedDict()
        self._lock = threading.Lock()

    def outlook(self, delta: Whole) -> Outlook:
        """Whose events these are."""
        return Outlook(
            house=self.house,
            situation=delta.situation,
            exercise=delta.situation if delta.exercise else None,
            now=delta.now,
            shift=datetime.now(UTC) - delta.now,
            zone=ZONE,
        )

    def drawn(self, delta: Whole, form: Form) -> list[Drawn]:
        """Every feature of a delta that comes or changes; without events where a TAK client is not to have it."""
        key = (id(delta), form)
        with self._lock:
            found = self._kept.get(key)
        if found is not None and found[0] is delta:
            return found[1]
        outlook, made = self.outlook(delta), []
        for feature in delta.upsert:
            sent = tuple((one.uid, one.type, packed(one, form)) for one in events(feature, outlook))
            sources = frozenset(each["id"] for each in feature["properties"]["sources"])
            made.append(Drawn(feature["id"], sources, sent))
        with self._lock:
            self._kept[key] = (delta, made)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return made

    def gone(self, uid: str, delta: Whole, form: Form) -> bytes:
        """What takes an event away."""
        return packed(deletion(uid, self.outlook(delta)), form)
