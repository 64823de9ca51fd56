"""The app without its screens: who we are, what we know, what we say. The screens call this and draw what it holds."""

import json
import logging
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mobile import geo, near, session
from mobile.clock import SituationClock, iso, parse
from mobile.keeper import OFFERED, Keeper, PacksState
from mobile.link import Link
from mobile.mailbox import Snapshot
from mobile.mission import Alarms, is_ended, own_missions, own_unit
from mobile.nearest import Nearest
from mobile.outbox import Item, Outbox, OutboxFull, State
from mobile.session import Session
from mobile.shelf import Shelf
from mobile.store import Store
from mobile.water_finder import WaterFinder

log = logging.getLogger(__name__)

SAME_MOMENT = timedelta(seconds=10)
"""A last report further ahead than this was made before the clock jumped."""
POSITION_EVERY_S = 10.0
POSITION_KEEPALIVE_S = 60.0
POSITION_MOVED_M = 10.0


class ReportError(RuntimeError):
    """A report could not be kept; the crew has to use the radio. `reason`: full, disk or noclock."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Cab:
    """Everything the app knows. Lives on the screen's thread; the link has a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "tablet.db")
        self.outbox = Outbox(self.store)
        self.clock = SituationClock()
        self.session: Session | None = session.load(folder)
        self.snapshot = Snapshot("")
        self.alarms = Alarms()
        self.position: geo.LonLat | None = None
        self.shelf = Shelf(folder / "packs")
        self.nearest = Nearest(self.shelf)
        self.water = WaterFinder(self.shelf, near.WATER_LIMIT)
        self.water.start()
        self._keeper: Keeper | None = None
        self._link: Link | None = None
        self._greetings = 0
        self._sent_position: tuple[float, geo.LonLat] | None = None

    # signing in and out

    def sign_in(self, new: Session) -> None:
        """Become this session. What somebody else has seen on this tablet is erased, what they said is not sent."""
        self.stop()
        identity = json.dumps([new.server, new.role, new.unit, new.name])
        if self.store.setting("identity", identity) != identity:
            # What one crew said must not go out under another crew's name.
            self.outbox.refuse_waiting("identity", iso(datetime.now(UTC)))
            self.store.forget_pictures()
        self._forget_packs()
        self.store.set_setting("identity", identity)
        session.save(self.folder, new)
        self.session = new
        self.start()

    def sign_out(self) -> None:
        """Forget the session and what it has seen. Reports that wait stay in the outbox of this tablet."""
        self.stop()
        session.forget(self.folder)
        self.store.forget_pictures()
        self._forget_packs()
        self.session, self.snapshot = None, Snapshot("")

    def _forget_packs(self) -> None:
        """Erase what is bound to missions, and that it was offered."""
        self.shelf.keep_missions(())
        self.store.set_setting(OFFERED, "")

    def start(self) -> None:
        """Show the last picture and begin to connect."""
        if self.session is None:
            return
        self.clock = SituationClock()
        self.alarms = Alarms(set(json.loads(self.store.setting("confirmed", "[]"))))
        self._link = Link(self.session, self.store, self.outbox, self.clock)
        self._keeper = Keeper(self.session, self.store, self.shelf)
        self._greetings = 0
        self.poll()
        self._link.start()
        self._keeper.start()

    def stop(self) -> None:
        """End the connection; everything is kept."""
        if self._link is not None:
            self._link.stop()
            self._link = None
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None

    def close(self) -> None:
        """The app ends."""
        self.stop()
        self.water.stop()
        self.shelf.close()
        self.store.close()

    # what we know

    def poll(self) -> bool:
        """Take what the link has handed over; True if there was something."""
        news = self._link.mailbox.take() if self._link else None
        if news is None:
            return False
        self.snapshot = news
        if self._keeper is not None and news.epoch:
            own = own_missions(news.features, self.unit)
            self._keeper.follow(frozenset(str(one["id"]) for one in own if not is_ended(one)))
        if news.greetings != self._greetings:
            self._greetings = news.greetings
            self.fetch_packs()  # the network is back
        return True

    def packs(self) -> PacksState:
        """The packs on this tablet, and what the server has."""
        return self._keeper.state if self._keeper else PacksState()

    def fetch_packs(self) -> None:
        """Look for packs now."""
        if self._keeper is not None:
            self._keeper.wake()

    def now(self) -> datetime | None:
        """The situation's time."""
        return self.clock.now()

    @property
    def unit(self) -> str | None:
        """The own vehicle's subject."""
        return self.session.unit if self.session else None

    def here(self) -> geo.LonLat | None:
        """The own position: the tablet's, else the one the picture has of the own vehicle."""
        mine = own_unit(self.snapshot.features, self.unit)
        return self.position or (geo.centre(mine["geometry"]) if mine else None)

    def status(self) -> int | None:
        """The FMS status that the picture has of the own vehicle."""
        mine = own_unit(self.snapshot.features, self.unit)
        digit = mine["properties"].get("fms_status") if mine else None
        return digit if isinstance(digit, int) else None

    def pressed(self) -> int | None:
        """The FMS status that was pressed last and is not confirmed yet."""
        for item in self.outbox.recent(5):
            if item.kind == "unit_status":
                return int(item.body["fms_status"]) if item.state is State.WAITING else None
        return None

    # what we say

    def press(self, digit: int) -> Item:
        """Report an FMS status. Raises ReportError."""
        return self._report("unit_status", unit=self.unit, fms_status=digit)

    def note(self, text: str) -> Item:
        """Send words to the control room, with the own mission if there is one. Raises ReportError."""
        missions = own_missions(self.snapshot.features, self.unit)
        about = {"mission": str(missions[0]["id"])} if missions else {}
        return self._report("note", text=text, **about)

    def confirm(self, mission_id: str) -> None:
        """Somebody has read a new mission: its alarm ends here, and the control room hears of it."""
        self.alarms.confirm(mission_id)
        kept = {name for name in self.alarms.confirmed if name in self.snapshot.features} | {mission_id}
        try:
            self.store.set_setting("confirmed", json.dumps(sorted(kept)))
            self._report("seen", target=mission_id)
        except (ReportError, sqlite3.Error) as problem:
            # The alarm must not come back for it; the control room sees the mission as unread, and asks by radio.
            log.warning("not said that the mission was seen: %s", problem)

    def at(self, position: geo.LonLat) -> Item | None:
        """The tablet's position; reported when it has moved, or once a minute. Raises ReportError."""
        self.position = position
        now_s, last = time.monotonic(), self._sent_position
        if self.unit is None or self.now() is None:
            return None
        if last is not None:
            waited_s = now_s - last[0]
            moved = geo.distance_m(last[1], position) >= POSITION_MOVED_M
            if waited_s < (POSITION_EVERY_S if moved else POSITION_KEEPALIVE_S):
                return None
        self._sent_position = now_s, position
        return self._report("position", unit=self.unit, lon=position[0], lat=position[1])

    def _after_the_last(self, now: datetime) -> datetime:
        """Of two presses, the later one counts: never the same time twice, not even while an exercise is paused."""
        last = self.outbox.recent(1)
        before = parse(str(last[0].body["at"])) if last else now - timedelta(days=1)
        return before + timedelta(milliseconds=1) if timedelta() <= before - now < SAME_MOMENT else now

    def _report(self, kind: str, **fields: Any) -> Item:
        now = self.now()
        if now is None:
            raise ReportError("noclock")
        now = self._after_the_last(now)
        made_at = iso(datetime.now(UTC))
        try:
            item = self.outbox.put(kind, self.snapshot.situation, self.snapshot.epoch, iso(now), made_at, **fields)
        except OutboxFull as problem:
            raise ReportError("full") from problem
        except sqlite3.Error as problem:
            raise ReportError("disk") from problem
        if self._link is not None:
            self._link.wake()
        return item
