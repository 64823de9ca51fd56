"""Socket.IO synchronisation: every client is a cursor, not a queue.

The desk's loop hands over the changes of each batch (`changed`); one sending loop greets, sends deltas and clock
messages and cuts who has fallen silent. At most one delta is under way per client; while it is, changes gather in the
view, so a slow client costs nothing. Only the sending loop emits: an emit from another real thread would be lost.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, ParamSpec, Protocol, TypeVar

import msgspec

from layers.picture import Changes
from layers.views import View
from server import runtime
from server.access import Principal
from server.channel import Channel, Client, Encoding, Whole
from server.config import Settings
from server.edge import Bug, contained
from server.metrics import Metrics
from server.situations import Situation

log = logging.getLogger("lagebild.sync")

HOUSEKEEPING_S = 1.0
GREETING_RETRY_S = 0.02

P = ParamSpec("P")
T = TypeVar("T")
Message = tuple[str, Any, list[str]]
"""Event, data and sids."""
Emit = Callable[[str, Any, list[str]], None]
"""emit(event, data, sids): encode once, queue for each."""


class Seat(Protocol):
    """A client that sits in this process. Called on the sending loop: must not wait."""

    def hear(self, event: str, data: Any) -> None:
        """A message."""

    def drop(self) -> None:
        """It is cut."""


class Full(RuntimeError):
    """No room for another client."""


class Sync:
    """All clients of all situations, and the loop that keeps them in step."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._limits = settings.limits
        self._lang = settings.server.lang
        self._metrics = metrics
        self._channels: dict[str, Channel] = {}
        self._clients: dict[str, Channel] = {}
        self._seats: dict[str, Seat] = {}
        self._ready = threading.Condition()
        self._send_at: float | None = None
        self._greet_at: float | None = None
        self._stopping = False
        self._emit: Emit
        self._drop: Callable[[str], None]
        self._connected: Callable[[str], bool]

    def start(self, emit: Emit, drop: Callable[[str], None], connected: Callable[[str], bool]) -> None:
        """Begin to send. `drop(sid)` disconnects; `connected(sid)`: has the connection been confirmed to the client?"""
        self._emit, self._drop, self._connected = emit, drop, connected
        runtime.spawn(self._run, name="sync")

    def stop(self) -> None:
        """End the sending loop."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()

    # -- events from the situations ------------------------------------------------------------------------------------

    def changed(self, situation: Situation, changes: Changes | None) -> None:
        """A batch was applied (`changes`), or the situation started anew or its clock was touched (None)."""
        with self._ready:
            channel = self._channels.get(situation.id)
            if channel is None:
                return
            if situation.epoch != channel.epoch:
                channel.start_anew()
            elif changes is None:
                for client in channel.clients.values():
                    client.clock_due = True
            else:
                try:
                    urgent = contained(channel.follow, changes)
                except Bug:
                    # Nobody knows now what the views have missed: everybody gets everything once more.
                    self._metrics.sync_errors.inc()
                    log.exception("a bug while following", extra={"situation": situation.id})
                    channel.start_anew()
                    urgent = True
                if not urgent:
                    self._wake(self._limits.gather_ms / 1000)
                    return
            self._wake(0)

    # -- events from the clients ---------------------------------------------------------------------------------------

    def join(
        self,
        sid: str,
        principal: Principal,
        situation: Situation,
        view: View,
        encoding: Encoding = "json",
        cursor: int = 0,
        epoch: str | None = None,
        seat: Seat | None = None,
    ) -> None:
        """A client connected with a cursor of `epoch` (None: it does not say; then the cursor is believed). Raises
        Full. With a `seat` it is told there, not over a socket.
        """
        with self._ready:
            if len(self._clients) >= self._limits.clients:
                self._metrics.clients_refused.inc()
                raise Full
            channel = self._channel(situation)
            known = epoch is None or epoch == channel.epoch
            channel.join(Client(sid, principal, situation.id, view, encoding, cursor if known else 0))
            self._clients[sid] = channel
            if seat is not None:
                self._seats[sid] = seat
            self._metrics.clients.labels(principal.role).inc()
            self._greet()

    def leave(self, sid: str) -> None:
        """A client is gone."""
        with self._ready:
            channel = self._clients.pop(sid, None)
            self._seats.pop(sid, None)
            if channel is not None:
                self._metrics.clients.labels(channel.clients[sid].principal.role).dec()
                channel.leave(sid, time.monotonic())

    def applied(self, sid: str, to: int) -> None:
        """A client has applied the delta that ended at `to`; anything else it says is ignored."""
        with self._ready:
            channel = self._clients.get(sid)
            client = channel.clients[sid] if channel else None
            if channel is None or client is None or client.in_flight != to:
                return
            now = time.monotonic()
            self._metrics.delta_age_seconds.observe(now - client.sent_at)
            client.cursor, client.in_flight = to, None
            if channel.behind(client, now):
                self._wake(0 if channel.urgent_rev > to else self._limits.gather_ms / 1000)

    def read(self, situation: Situation, view: View, layers: tuple[str, ...] | None) -> tuple[int, list[msgspec.Raw]]:
        """Revision and encoded features of a view now, of all its layers or some: what a client with this view would
        have.
        """
        with self._ready:
            return self._channel(situation).read(view, layers, time.monotonic())

    def _channel(self, situation: Situation) -> Channel:
        channel = self._channels.get(situation.id)
        if channel is None:
            channel = self._channels[situation.id] = Channel(situation, self._limits)
        return channel

    def principals(self) -> dict[str, Principal]:
        """Who is connected, by sid."""
        with self._ready:
            return {sid: channel.clients[sid].principal for sid, channel in self._clients.items()}

    # -- the sending loop ----------------------------------------------------------------------------------------------

    def _wake(self, delay_s: float) -> None:
        """Send to everybody who is behind, at the latest after the delay."""
        at = time.monotonic() + delay_s
        if self._send_at is None or at < self._send_at:
            self._send_at = at
            self._ready.notify()

    def _greet(self, delay_s: float = 0.0) -> None:
        """Serve who has just come; for the others changes go on gathering."""
        at = time.monotonic() + delay_s
        if self._greet_at is None or at < self._greet_at:
            self._greet_at = at
            self._ready.notify()

    def _run(self) -> None:
        kept_at = time.monotonic()
        while True:
            with self._ready:
                if self._stopping:
                    return
                now = time.monotonic()
                due = min(at for at in (self._send_at, self._greet_at, kept_at + HOUSEKEEPING_S) if at is not None)
                if due > now:
                    self._ready.wait(due - now)
                    continue
                batch = self._due(now)
            for event, data, sids in batch:
                self._contained("sending", self._hand_out, event, data, sids)
            if now - kept_at >= HOUSEKEEPING_S:
                kept_at = now
                self._contained("housekeeping", self._keep_house, now)

    def _contained(self, doing: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """A bug met with one client or situation must not silence all others."""
        try:
            return contained(work, *args, **kwargs)
        except Bug:
            self._metrics.sync_errors.inc()
            log.exception("a bug while %s", doing)
            return None

    def _hand_out(self, event: str, data: Any, sids: list[str]) -> None:
        seated = [(sid, seat) for sid in sids if (seat := self._seats.get(sid)) is not None]
        for _, seat in seated:
            seat.hear(event, data)
        there = {sid for sid, _ in seated}
        if isinstance(data, Whole) or len(there) == len(sids):
            return
        self._emit(event, data, [sid for sid in sids if sid not in there])

    def _due(self, now: float) -> list[Message]:
        everybody = self._send_at is not None and self._send_at <= now
        self._greet_at = None
        if everybody:
            self._send_at = None
        batch: list[Message] = []
        for channel in self._channels.values():
            batch += self._contained("gathering", self._round, channel, now, everybody) or []
        return batch

    def _round(self, channel: Channel, now: float, everybody: bool) -> list[Message]:
        batch: list[Message] = []
        ticking = []
        for client in channel.clients.values():
            if client.epoch != channel.epoch:
                if client.sid not in self._seats and not self._connected(client.sid):
                    # The answer to its connect is not out yet; a hello before it would be lost.
                    self._greet(GREETING_RETRY_S)
                    continue
                batch.append(("hello", channel.hello(client, self._lang), [client.sid]))
                client.epoch, client.clock_due = channel.epoch, False
            elif client.clock_due:
                ticking.append(client.sid)
                client.clock_due = False
        if ticking:
            batch.append(("clock", channel.clock(), ticking))
        for held, start, encoding, clients in channel.groups(now, everybody):
            data = channel.delta(held, start, encoding)
            for client in clients:
                client.in_flight, client.sent_at, client.synced = held.state.rev, now, True
            size = 0 if isinstance(data, Whole) else memoryview(data).nbytes
            self._metrics.count_delta(encoding, size, len(clients))
            batch.append(("delta", data, [client.sid for client in clients]))
        return batch

    def _keep_house(self, now: float) -> None:
        with self._ready:
            late = [
                sid
                for channel in self._channels.values()
                for sid, client in channel.clients.items()
                if client.in_flight is not None and now - client.sent_at > self._limits.ack_timeout_s
            ]
            for name, channel in list(self._channels.items()):
                channel.forget_idle(now)
                if not channel.clients and not channel.held:
                    del self._channels[name]
            self._wake(0)  # cursors that are behind although nothing is to be seen
        self.cut(late, "acknowledged nothing")

    def cut(self, sids: Collection[str], reason: str) -> None:
        """Disconnect clients, counted."""
        for sid in sids:
            self._metrics.clients_cut.labels(reason).inc()
            log.info("client cut", extra={"reason": reason})
            seat = self._seats.get(sid)
            self.leave(sid)
            if seat is not None:
                seat.drop()
            else:
                self._drop(sid)
