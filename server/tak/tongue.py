"""What is spoken with somebody else's TAK server: XML, until it has offered protocol 1 and granted it.

The protocol's own rules: behind our question no XML follows; the answer is waited for, for a minute at least; with a
yes both sides go on in protocol 1, with a no in XML. Who gets no answer must end the connection: nobody can know then
what the other listens for. What comes is cut by its own framing, whatever was agreed.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal

from layers.cot import Event, xml
from layers.cot_types import OFFER, REQUEST, RESPONSE
from server import runtime
from server.tak.encoder import Form, packed
from server.tak.guest import PROTOCOL, control
from server.tak.outlet import Outlet
from server.tak.wire import Wire

State = Literal["free", "asked", "settled"]


class Tongue:
    """See the module. One for each connection. `wanted`: whether protocol 1 is asked for where it is offered;
    `agreed` is called once it is spoken.
    """

    def __init__(self, wire: Wire, *, wanted: bool, answer_s: float, agreed: Callable[[], None]) -> None:
        self.form: Form = "xml"
        self.outlet: Outlet | None = None
        """What goes out besides `say`."""
        self._wire, self._wanted, self._answer_s, self._agreed = wire, wanted, answer_s, agreed
        self._state: State = "free"
        self._asked_at = 0.0
        self._lock = threading.Lock()
        self._answered = threading.Event()

    def say(self, event: Event) -> None:
        """Send an event; nothing while our question is open. Raises OSError."""
        with self._lock:
            if self._state != "asked":
                self._wire.send(packed(event, self.form))

    def hear(self, event: Event) -> None:
        """Take note of an offer or an answer; other events are none of ours."""
        if event.type == OFFER and self._wanted and PROTOCOL in _told(event, "TakProtocolSupport", "version"):
            self._wanted = False  # once in a connection
            runtime.spawn(self._ask, event.uid, name="tak protocol")
        elif event.type == RESPONSE:
            self._settle("true" in _told(event, "TakResponse", "status"))

    @property
    def unanswered(self) -> bool:
        """Our question has been open for long: whoever ends the connection now, gave up."""
        with self._lock:
            return self._state == "asked" and time.monotonic() - self._asked_at >= self._answer_s / 2

    def end(self) -> None:
        """Nothing is said any more."""
        self._answered.set()
        if self.outlet is not None:
            self.outlet.stop()

    def _ask(self, uid: str) -> None:
        question = xml(control(REQUEST, "TakRequest", uid, version=PROTOCOL))

        def send() -> None:
            with self._lock:
                self._wire.send(question)
                self._state, self._asked_at = "asked", time.monotonic()

        try:
            if self.outlet is None:
                send()
            else:
                self.outlet.hold(send)
        except OSError:
            self._wire.close()
            return
        if not self._answered.wait(self._answer_s):
            self._wire.close()

    def _settle(self, granted: bool) -> None:
        with self._lock:
            if self._state != "asked":
                return
            self._state, self.form = "settled", "stream" if granted else "xml"
        self._answered.set()
        if self.outlet is not None:
            self.outlet.go_on(self.form)
        if granted:
            self._agreed()


def _told(event: Event, name: str, attribute: str) -> set[str | None]:
    """An attribute of the elements with this name in TakControl."""
    return {one.get(attribute) for each in event.find("TakControl") for one in each.find(name)}
