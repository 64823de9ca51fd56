"""One situation as its clients see it: the views in use, and which client needs what next.

Plain state behind the lock of `server.sync`; it sends nothing itself. All clients with the same view, cursor and
encoding share one encoded delta.
"""

import zlib
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import Struct

from layers.observation import iso
from layers.picture import Changes, Picture
from layers.views import View
from layers.wire import PROTOCOL, Clock, Feature, Hello
from server.access import Principal
from server.config import LimitSettings
from server.situations import Situation
from server.viewstate import ViewState
from server.visibility import context, resumes_after_load

Encoding = Literal["json", "json+zlib", "whole"]
"""How deltas are told; `whole`: as `Whole`, to who sits in this process."""
MAX_CACHED_DELTAS = 16
ZLIB_LEVEL = 6


class Whole(Struct, frozen=True):
    """A delta for who sits in this process: features are whole, and must not be changed."""

    situation: str
    exercise: bool
    start: int
    to: int
    now: datetime
    full: bool
    upsert: tuple[Feature, ...]
    remove: tuple[str, ...]


class Client:
    """A connected client: a cursor into a view, and what is under way to it."""

    __slots__ = (
        "clock_due", "cursor", "encoding", "epoch", "in_flight", "principal", "sent_at", "sid", "situation", "synced",
        "view"
    )  # fmt: skip

    def __init__(
        self, sid: str, principal: Principal, situation: str, view: View, encoding: Encoding, cursor: int
    ) -> None:
        self.sid = sid
        self.principal = principal
        self.situation = situation
        self.view = view
        self.encoding = encoding
        self.cursor = cursor
        self.epoch: str | None = None
        """Epoch of the hello it was last sent; None before the first."""
        self.synced = False
        """Has it been sent a delta of this epoch?"""
        self.in_flight: int | None = None
        """`to` of the delta it has not acknowledged yet."""
        self.sent_at = 0.0
        self.clock_due = False


class Held:
    """A view state with who uses it and the deltas encoded last."""

    __slots__ = ("context", "deltas", "state", "unused_since", "users")

    def __init__(self, state: ViewState, seen: Any) -> None:
        self.state = state
        self.context = seen
        self.deltas: OrderedDict[tuple[int, int, str], Any] = OrderedDict()
        self.users = 0
        self.unused_since = 0.0


class Channel:
    """A situation with its clients."""

    def __init__(self, situation: Situation, limits: LimitSettings) -> None:
        self.situation = situation
        self.limits = limits
        self.clients: dict[str, Client] = {}
        self.held: dict[View, Held] = {}
        self.epoch = situation.epoch
        self.urgent_rev = 0

    # -- following the picture -----------------------------------------------------------------------------------------

    def follow(self, changes: Changes) -> bool:
        """Take the changes of a batch into every view in use; True when they are urgent and somebody sees them."""
        picture, rev, seen = self.situation.picture, self.situation.picture.rev, False
        for view, held in self.held.items():
            now_seen = context(view, picture)
            if now_seen != held.context:
                # What the view may show has changed, not only the features: look at all of them again.
                held.context = now_seen
                upsert, remove = (
                    list(picture.features.values()),
                    [i for i in held.state.shown if i not in picture.features],
                )
            else:
                upsert, remove = changes.upsert, changes.remove
            seen |= held.state.advance(upsert, remove, rev, partial(_show, view, picture))
            held.deltas.clear()
        if changes.urgent and seen:
            self.urgent_rev = rev
            return True
        return False

    def start_anew(self) -> None:
        """The situation's journal was exchanged: forget every view, greet every client again."""
        self.epoch = self.situation.epoch
        self.urgent_rev = 0
        self.held.clear()
        for client in self.clients.values():
            client.cursor, client.in_flight, client.synced = 0, None, False
            self._hold(client.view).users += 1

    def _hold(self, view: View) -> Held:
        held = self.held.get(view)
        if held is None:
            state = ViewState(self.limits.tombstones)
            with self.situation.desk.lock:
                picture = self.situation.picture
                floor, removed = resumes_after_load(view, picture)
                state.load(picture.features.values(), partial(_show, view, picture), picture.rev, floor, removed)
                held = self.held[view] = Held(state, context(view, picture))
        return held

    # -- clients -------------------------------------------------------------------------------------------------------

    def join(self, client: Client) -> None:
        """A client connected. A cursor from the future is worth nothing."""
        held = self._hold(client.view)
        held.users += 1
        self.clients[client.sid] = client
        if client.cursor > held.state.rev:
            client.cursor = 0

    def leave(self, sid: str, now: float) -> None:
        """A client is gone; its view stays for a while, so that it may return to a small delta."""
        client = self.clients.pop(sid, None)
        held = self.held.get(client.view) if client else None
        if held is not None:
            held.users -= 1
            held.unused_since = now

    def read(self, view: View, layers: tuple[str, ...] | None, now: float) -> tuple[int, list[msgspec.Raw]]:
        """Revision and encoded features of a view, of all its layers or some."""
        held = self._hold(view)
        if not held.users:
            held.unused_since = now
        shown = held.state.shown.values()
        return held.state.rev, [
            s.whole() for s in shown if layers is None or s.feature["properties"]["layer"] in layers
        ]

    def forget_idle(self, now: float) -> None:
        """Drop views that nobody has used for `view_idle_s`, and the longest unused ones when there are too many."""
        idle = sorted(
            (view for view, held in self.held.items() if not held.users), key=lambda v: self.held[v].unused_since
        )
        excess = len(self.held) - self.limits.views
        for place, view in enumerate(idle):
            if place < excess or now - self.held[view].unused_since > self.limits.view_idle_s:
                del self.held[view]

    # -- what to send --------------------------------------------------------------------------------------------------

    def behind(self, client: Client, now: float) -> bool:
        """Is a delta to be sent to the client now?"""
        if client.in_flight is not None:
            return False
        state = self.held[client.view].state
        if not client.synced or state.changed_rev > client.cursor:
            return True
        return state.rev > client.cursor and now - client.sent_at >= self.limits.idle_delta_s

    def groups(self, now: float, everybody: bool = True) -> Iterator[tuple[Held, int, Encoding, list[Client]]]:
        """The clients that are behind (or only the new ones), gathered by what they need: view, cursor and encoding."""
        groups: dict[tuple[View, int, Encoding], list[Client]] = {}
        for client in self.clients.values():
            if client.epoch == self.epoch and (everybody or not client.synced) and self.behind(client, now):
                held = self.held[client.view]
                start = client.cursor if held.state.serves(client.cursor) else 0
                groups.setdefault((client.view, start, client.encoding), []).append(client)
        for (view, start, encoding), clients in groups.items():
            yield self.held[view], start, encoding, clients

    def delta(self, held: Held, start: int, encoding: Encoding) -> msgspec.Raw | bytes | Whole:
        """The encoded delta from `start` (0: full) to the view's revision, from the cache if it was just encoded."""
        key = (start, held.state.rev, encoding)
        if key in held.deltas:
            held.deltas.move_to_end(key)
            return held.deltas[key]  # type: ignore[no-any-return]
        told = self._whole(held, start) if encoding == "whole" else self._encoded(held, start, encoding)
        held.deltas[key] = told
        while len(held.deltas) > MAX_CACHED_DELTAS:
            held.deltas.popitem(last=False)
        return told

    def _whole(self, held: Held, start: int) -> Whole:
        full, upsert, remove = held.state.changed(start)
        return Whole(
            situation=self.situation.id,
            exercise=self.situation.status == "Exercise",
            start=start,
            to=held.state.rev,
            now=self.situation.clock.now(),
            full=full,
            upsert=tuple(upsert),
            remove=tuple(remove),
        )

    def _encoded(self, held: Held, start: int, encoding: Encoding) -> msgspec.Raw | bytes:
        message = {
            "situation": self.situation.id,
            "from": start,
            "to": held.state.rev,
            "now": iso(self.situation.clock.now()),
            **held.state.difference(start),
        }
        data = msgspec.json.encode(message)
        return zlib.compress(data, ZLIB_LEVEL) if encoding == "json+zlib" else msgspec.Raw(data)

    def hello(self, client: Client, lang: str) -> Hello:
        """The first message to a client, and the first of a new epoch."""
        situation = self.situation
        return Hello(
            protocol=PROTOCOL,
            situation=situation.id,
            title=situation.title,
            status=situation.status,
            epoch=self.epoch,
            rev=self.held[client.view].state.rev,
            role=client.principal.role,
            name=client.principal.name,
            unit=client.principal.unit,
            lang=lang,
            now=iso(situation.clock.now()),
            speed=situation.clock.speed,
            state=situation.clock.state,
        )

    def clock(self) -> Clock:
        """The message that the clock was touched."""
        clock = self.situation.clock
        return Clock(situation=self.situation.id, now=iso(clock.now()), speed=clock.speed, state=clock.state)


def _show(view: View, picture: Picture, feature: Feature) -> Feature | None:
    return view.show(feature, picture)
