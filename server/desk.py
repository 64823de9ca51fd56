"""The desk of a situation: one loop that takes what waits, makes it durable, applies it and tells who listens.

`submit` returns after the append is on disk and in the picture. Whatever waits in the inbox goes into one append (group
commit), so the cost of a disk flush is shared by everybody who came meanwhile. When nobody speaks the desk lets time
pass: a tick enters the journal when something in the picture is due. Works in both async modes; SQLite runs in
`runtime.offload`.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from msgspec import Struct

from layers.content import Tick
from layers.observation import Entry, Observation, idempotency_key, iso
from layers.picture import Changes, Picture
from layers.settings import PictureSettings
from server import runtime
from server.clock import Clock
from server.desk_stats import DeskSettings, DeskStats
from server.edge import Bug, contained
from server.inbox import Busy, Closed, Inbox, Ticket, Unavailable, share_out
from server.journal import Appended, Draft, Journal, JournalError, RawRef
from server.journal.moments import to_us
from server.picture_store import fingerprint, restore, take_snapshot

__all__ = ["Busy", "Closed", "Desk", "DeskSettings", "DeskStats", "Receipt", "Unavailable"]

log = logging.getLogger("lagebild.desk")

SLICE = 64
"""Entries applied before other tasks of the loop get their turn."""
TICK_LAG = timedelta(seconds=10)
"""After a long stop many things are due at once: one tick settles all that was due earlier than this before now."""
STUCK_S = 1.0
"""A tick that changed nothing is a bug of ours: no tick for so long, so that it cannot fill the loop."""
UNAVAILABLE_RETRY_S = 5


class Receipt(Struct, frozen=True):
    """What became of a submission: durable and in the picture, at or before `last_seq`."""

    accepted: int
    duplicates: int
    last_seq: int


class Desk:
    """The one writer of a situation. `name` is for the log; `listener` hears every change on the loop side."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        clock: Clock,
        picture_settings: PictureSettings,
        settings: DeskSettings | None = None,
    ) -> None:
        self.name = name
        self.journal = journal
        self.clock = clock
        self.settings = settings or DeskSettings()
        self.stats = DeskStats()
        self.lock = threading.RLock()
        """Held while the picture changes; hold it to read several things of the picture from another thread."""
        self.listener: Callable[[Changes], None] = _nobody
        self.ticking = False
        """True while listeners hear of what nothing but time has changed."""
        self._picture_settings = picture_settings
        self._inbox = Inbox(self.settings.inbox_observations, self.settings.inbox_bytes)
        self._task: threading.Thread | None = None
        self._stopped = threading.Event()
        self._snapshot_seq = 0
        self._no_tick_before = 0.0
        self.picture: Picture = self._restore()

    # -- for everybody -------------------------------------------------------------------------------------------------

    def submit(self, observations: Sequence[Observation], raw: RawRef | None = None) -> Receipt:
        """Write the observations of one message down, all or none; returns when they are durable and in the picture.

        Raises Busy (the inbox is full) or Unavailable (the journal cannot be written), both with `retry_after_s`;
        Closed; BadObservation for one that cannot be kept. After any of these nothing of the submission was kept.
        """
        return self.submit_drafts([Draft(observation, raw) for observation in observations])

    def submit_drafts(self, drafts: Sequence[Draft]) -> Receipt:
        """As `submit`, for drafts of several messages."""
        if not drafts and not self._inbox.closed:
            return Receipt(0, 0, self.picture.rev)
        ticket = Ticket(drafts)
        if not self._inbox.put(ticket):
            self.stats.busy += 1
            raise Busy(f"{self._inbox.depth} observations wait already", self._retry_after_s())
        ticket.wait()
        return Receipt(ticket.accepted, ticket.duplicates, ticket.last_seq)

    @property
    def ready(self) -> bool:
        """The loop runs, and the last append succeeded."""
        return self._task is not None and not self._stopped.is_set() and not self.stats.failing

    @property
    def inbox_depth(self) -> int:
        """Observations that wait."""
        return self._inbox.depth

    def start(self) -> None:
        """Begin to work."""
        self._task = runtime.spawn(self._run, name=f"desk {self.name}")

    def wake(self) -> None:
        """The clock was touched: look again when the next tick is due."""
        self._inbox.wake()

    def stop(self) -> None:
        """Finish what waits, take a snapshot, end the loop. The journal stays open. Safe to call twice."""
        self._inbox.close()
        if self._task is not None:
            self._stopped.wait()
            self._task = None

    # -- the loop ------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not (self._inbox.closed and self._inbox.depth == 0):
                if self.picture.rev - self._snapshot_seq >= self.settings.snapshot_every:
                    self._snapshot()
                tickets = self._inbox.take(self.settings.batch_observations, self._patience_s())
                if tickets:
                    self._settle(tickets)
                elif not self._inbox.closed:
                    self._tick()
            if self.picture.rev > self._snapshot_seq:
                self._snapshot()
        except Exception:
            log.critical("desk stopped by a bug", exc_info=True, extra={"situation": self.name})
            raise
        finally:
            self._inbox.close()
            for ticket in self._inbox.take(self._inbox.limit, 0):
                ticket.settle(Closed("the desk has stopped"))
            self._stopped.set()

    def _patience_s(self) -> float | None:
        due = self.picture.next_due()
        wait_s = None if due is None else self.clock.wait_s(due)
        return None if wait_s is None else max(wait_s, self._no_tick_before - time.monotonic())

    def _settle(self, tickets: list[Ticket]) -> None:
        drafts = [draft for ticket in tickets for draft in ticket.drafts]
        try:
            appended = self._append(drafts)
        except JournalError as error:
            self.stats.unavailable += len(tickets)
            for ticket in tickets:
                ticket.settle(Unavailable(str(error), UNAVAILABLE_RETRY_S))
            return
        share_out(tickets, appended, self.picture.rev)
        try:
            self._apply(appended.entries)
        finally:
            for ticket in tickets:
                ticket.settle()

    def _append(self, drafts: Sequence[Draft]) -> Appended:
        began = time.perf_counter()
        try:
            appended = runtime.offload(self.journal.append, drafts)
        except JournalError as error:
            if not self.stats.failing:
                log.error("journal cannot be written", extra={"situation": self.name, "reason": str(error)})
            self.stats.failing = str(error)
            raise
        if self.stats.failing:
            log.warning("journal can be written again", extra={"situation": self.name})
            self.stats.failing = ""
        self.stats.append_seconds += time.perf_counter() - began
        self.stats.count_batch(len(drafts))
        self.stats.accepted += len(appended.entries)
        self.stats.duplicates += appended.duplicates
        return appended

    def _apply(self, entries: Sequence[Entry]) -> None:
        for start in range(0, len(entries), SLICE):
            if start:
                time.sleep(0)
            began = time.perf_counter()
            part = entries[start : start + SLICE]
            try:
                with self.lock:
                    changes = contained(self.picture.apply_many, part)
            except Bug as bug:
                self._recover(part[0].seq - 1, bug)
                return
            self.stats.apply_seconds += time.perf_counter() - began
            self._tell(changes)

    def _tell(self, changes: Changes) -> None:
        try:
            contained(self.listener, changes)
        except Bug:
            self.stats.listener_errors += 1
            log.exception("a listener failed", extra={"situation": self.name})

    def _tick(self) -> None:
        due, now = self.picture.next_due(), self.clock.now()
        if due is None or due > now or time.monotonic() < self._no_tick_before:
            return
        at = max(due, now - TICK_LAG)
        tick = Observation(
            id=idempotency_key("desk", "tick", str(to_us(at))),
            source="desk",
            subject="tick",
            observed_at=at,
            reported_at=at,
            received_at=at,
            content=Tick(),
        )
        try:
            appended = self._append([Draft(tick)])
        except JournalError:
            self._no_tick_before = time.monotonic() + UNAVAILABLE_RETRY_S
            return
        self.stats.ticks += 1
        self.ticking = True
        self._apply(appended.entries)
        self.ticking = False
        if self.picture.next_due() == due:
            log.error("a tick changed nothing", extra={"situation": self.name, "due": iso(due)})
            self._no_tick_before = time.monotonic() + STUCK_S

    # -- the picture ---------------------------------------------------------------------------------------------------

    def _restore(self) -> Picture:
        picture, omitted = runtime.offload(restore, self.journal, self._picture_settings)
        for line in omitted:
            self.stats.omitted += 1
            log.error("left out of the picture", extra={"situation": self.name, "entry": line})
        newest = self.journal.snapshot(fingerprint(self._picture_settings), picture.rev)
        self._snapshot_seq = 0 if newest is None else newest.seq
        return picture

    def _recover(self, before: int, error: Bug) -> None:
        """The picture raised half way: fold a new one from the journal, without the entry at fault."""
        log.error("the picture could not take an entry", exc_info=error, extra={"situation": self.name})
        picture = self._restore()
        with self.lock:
            self.picture = picture
        self._snapshot()  # should the next entry be as bad, getting past it is quick
        upsert = [feature for feature in picture.features.values() if feature["properties"]["rev"] > before]
        remove = [name for name, rev in picture.removed.items() if rev > before]
        self._tell(Changes(upsert=upsert, remove=remove, urgent=True))

    def _snapshot(self) -> None:
        began = time.perf_counter()
        self._snapshot_seq = self.picture.rev
        try:
            runtime.offload(self._save_snapshot)
        except JournalError as error:
            self.stats.snapshot_failures += 1
            log.warning("no snapshot", extra={"situation": self.name, "reason": str(error)})
        else:
            self.stats.snapshots += 1
        self.stats.snapshot_seconds += time.perf_counter() - began

    def _save_snapshot(self) -> None:
        self.journal.save_snapshot(take_snapshot(self.picture, self._picture_settings))

    def _retry_after_s(self) -> int:
        spent = self.stats.append_seconds + self.stats.apply_seconds
        rate = self.stats.accepted / spent if spent else 0.0
        return max(1, min(30, round(self._inbox.depth / rate))) if rate else 1


def _nobody(_: Changes) -> None:
    """The listener of a desk that nobody listens to."""
