"""One TAK client as the synchronisation sees it: a cursor with one delta under way, written out event by event.

While a delta is written, changes gather in the view, so the next carries the newest state of each feature only; one
that takes too long to write is cut like any other client. What leaves the view is taken away from the client, too.
"""

import queue
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from layers.cot_types import CHAT
from layers.views import View, layers_for
from server.access import PERSONAL_ROLES, Principal
from server.channel import Whole
from server.situations import Situation
from server.sync import Full
from server.tak.encoder import MAX_CHATS, Encoder, Form
from server.tak.rooms import Rooms

GATHER_BYTES = 32_768
"""So much is written at once."""
MAX_WAITING = 8
"""Messages of the synchronisation that wait: a delta, greetings, clocks."""
MAX_OWN = 500


class Outlet:
    """See the module. `write` sends bytes and raises OSError; `gone` is called when the client is cut."""

    def __init__(
        self,
        rooms: Rooms,
        encoder: Encoder,
        who: Principal,
        situation: Situation,
        write: Callable[[bytes], None],
        *,
        layers: tuple[str, ...] | None = None,
        interval_s: float = 1.0,
        each: bool = False,
        not_from: str | None = None,
        gone: Callable[[], None],
    ) -> None:
        self.sid = f"tak-{secrets.token_hex(8)}"
        self.form: Form = "xml"
        self.own: OrderedDict[str, None] = OrderedDict()
        """Uids that the client sent itself: it knows them."""
        self._rooms, self._encoder, self._who, self._situation = rooms, encoder, who, situation
        self._write, self._gone = write, gone
        self._layers, self._interval_s, self._each, self._not_from = layers, interval_s, each, not_from
        self._waiting: queue.Queue[Whole | None] = queue.Queue(MAX_WAITING)
        self._sent: dict[str, tuple[str, ...]] = {}
        self._chats: OrderedDict[str, None] = OrderedDict()
        self._stopped = threading.Event()
        self._telling = threading.Lock()
        self._going = threading.Event()
        self._going.set()

    def run(self) -> None:
        """Write until the client is gone. Raises OSError; Full where there is no room."""
        wanted = layers_for(self._who.role)
        layers = wanted if self._layers is None else tuple(name for name in wanted if name in self._layers)
        view = View(role=self._who.role, unit=self._who.unit, layers=layers)
        if self._who.role in PERSONAL_ROLES:
            self._rooms.audit.append("connected", self._who, self._situation.id, unit=self._who.unit)
        self._rooms.sync.join(self.sid, self._who, self._situation, view, "whole", seat=self)
        try:
            while (delta := self._waiting.get()) is not None:
                began = time.monotonic()
                self._tell_in_turn(delta)
                if self._stopped.wait(max(0.0, self._interval_s - (time.monotonic() - began))):
                    return
                self._rooms.sync.applied(self.sid, delta.to)
        finally:
            self._rooms.sync.leave(self.sid)

    def stop(self) -> None:
        """End `run`."""
        self._stopped.set()
        self._going.set()
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            self.drop()

    # -- for the synchronisation, on its own task ----------------------------------------------------------------------

    def hear(self, event: str, data: object) -> None:
        """A message; greetings and clocks need no answer here."""
        if event == "delta" and isinstance(data, Whole):
            try:
                self._waiting.put_nowait(data)
            except queue.Full:
                self.drop()

    def drop(self) -> None:
        """The client is cut."""
        self._stopped.set()
        self._going.set()
        self._gone()

    # -- writing -------------------------------------------------------------------------------------------------------

    def switch(self, answer: bytes) -> None:
        """Send the answer, and speak protocol 1 from then on."""
        with self._telling:
            self._write(answer)
            self.form = "stream"

    def hold(self, question: Callable[[], None]) -> None:
        """Ask something, and say nothing until `go_on`. Raises what the question raises."""
        with self._telling:
            self._going.clear()
            question()

    def go_on(self, form: Form) -> None:
        """Go on in this form."""
        with self._telling:
            self.form = form
        self._going.set()

    def remember(self, uid: str) -> None:
        """The client sent this itself."""
        self.own[uid] = None
        while len(self.own) > MAX_OWN:
            self.own.popitem(last=False)

    def _tell_in_turn(self, delta: Whole) -> None:
        while not self._stopped.is_set():
            self._going.wait()
            with self._telling:
                if self._going.is_set():
                    self._tell(delta)
                    return

    def _tell(self, delta: Whole) -> None:
        form, batch = self.form, bytearray()
        kept: set[str] = set()
        for drawn in self._encoder.drawn(delta, form):
            skipped = self._not_from is not None and drawn.sources == {self._not_from}
            now = [] if skipped else [one for one in drawn.events if one[0] not in self.own]
            kept.add(drawn.feature)
            lasting = tuple(uid for uid, kind, _ in now if kind != CHAT)
            self._take_away(drawn.feature, lasting, delta, form, batch)
            for uid, kind, body in now:
                if kind != CHAT or self._is_news(uid):
                    self._put(batch, body)
            if lasting:
                self._sent[drawn.feature] = lasting
        left = [name for name in self._sent if name not in kept] if delta.full else delta.remove
        for name in left:
            self._take_away(name, (), delta, form, batch)
        if batch:
            self._write(bytes(batch))

    def _take_away(self, name: str, stays: tuple[str, ...], delta: Whole, form: Form, batch: bytearray) -> None:
        for uid in self._sent.pop(name, ()):
            if uid not in stays and uid not in self.own:
                self._put(batch, self._encoder.gone(uid, delta, form))

    def _is_news(self, uid: str) -> bool:
        known = uid in self._chats
        self._chats[uid] = None
        while len(self._chats) > MAX_CHATS:
            self._chats.popitem(last=False)
        return not known

    def _put(self, batch: bytearray, body: bytes) -> None:
        if self._stopped.is_set():
            raise ConnectionAbortedError("it was cut")
        batch += body
        if self._each or len(batch) >= GATHER_BYTES:
            self._write(bytes(batch))
            batch.clear()


__all__ = ["Full", "Outlet"]
