"""The connection to the server, in a thread of its own: reconnects by itself, keeps the replica, empties the outbox.

One thread owns the replica; what the socket hears reaches it through a bounded queue, what it makes of it leaves
through the mailbox. A cut connection is noticed within about 20 seconds by TCP keep-alive, or by the server's
missing ping.
"""

import logging
import queue
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import socketio

from layers.wire import PROTOCOL
from mobile.clock import SituationClock, iso, parse
from mobile.mailbox import Connection, Mailbox, Snapshot
from mobile.ordered import OrderedClient
from mobile.outbox import Outbox, fields_on_the_wire
from mobile.sender import Sender
from mobile.session import Session
from mobile.store import Store, StoredPicture
from mobile.sync import CursorMismatch, Replica, decode_delta

log = logging.getLogger(__name__)

BACKOFF_FIRST_S, BACKOFF_LIMIT_S = 0.5, 15.0
REFUSED_RETRY_S = 60.0
CONNECT_TIMEOUT_S = 10
HELLO_TIMEOUT_S = 15.0
SAVE_EVERY_S = 2.0
INBOX_LIMIT = 256
Event = tuple[str, Any]


def keep_alive_options() -> list[tuple[int, int, int]]:
    """Socket options that notice a dead connection in about 20 s; those this platform has."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    wanted = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}
    return options + [
        (socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in wanted.items() if hasattr(socket, name)
    ]


class Link:
    """Start it once per session; `mailbox` always holds the newest state, also before the first connection."""

    def __init__(self, session: Session, store: Store, outbox: Outbox, clock: SituationClock) -> None:
        self.mailbox: Mailbox[Snapshot] = Mailbox()
        self._session, self._store, self._outbox, self._clock = session, store, outbox, clock
        stored = store.load_picture(session.situation)
        self._replica = Replica.of(stored) if stored else Replica(session.situation)
        self._heard_at = parse(stored.heard_at) if stored and stored.heard_at else None
        self._picture_at = parse(stored.picture_at) if stored and stored.picture_at else None
        if stored:
            clock.restore(stored.clock)
        self._inbox: queue.Queue[Event] = queue.Queue(INBOX_LIMIT)
        self._overflow = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._connection, self._refusal = Connection.CONNECTING, ""
        self._offline_since: datetime | None = None
        self._version, self._greetings = 1, 0
        self._notices: set[str] = set()
        self._greeted, self._mismatches, self._failures = False, 0, 0
        self._ever_greeted = False
        self._sender = Sender(outbox)
        self._save_due = 0.0
        self._post()

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Keep what is not kept yet and end the connection."""
        self._stopping.set()
        self._tell("wake")
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._tell("wake")

    # the thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause_s = BACKOFF_LIMIT_S
            try:
                pause_s = self._one_connection()
            except Exception:  # the edge: whatever went wrong, the crew must not sit before a dead line
                log.exception("connection ended unexpectedly")
                self._note("link")
            self._went_offline()
            self._wait(pause_s)

    def _one_connection(self) -> float:
        """Connect, serve until the connection ends, and say how many seconds to wait before the next try."""
        self._greeted = False
        self._sender.reset()
        inbox: queue.Queue[Event] = queue.Queue(INBOX_LIMIT)
        self._inbox = inbox
        self._overflow.clear()
        client = self._client(inbox)
        replica = self._replica
        auth = {
            "token": self._session.token,
            "situation": replica.situation,
            "layers": None,
            "mission": None,
            "rev": replica.rev,
            "epoch": replica.epoch or None,
            "protocol": PROTOCOL,
            "encoding": "json+zlib",
        }
        try:
            client.connect(
                self._session.server, auth=auth, transports=["websocket"], wait=True, wait_timeout=CONNECT_TIMEOUT_S
            )
            self._serve(client, inbox)
        except socketio.exceptions.SocketIOError as problem:
            log.info("no connection: %s", problem)
            refusal = self._refusal_heard(inbox)
            if refusal:
                self._connection, self._refusal = Connection.REFUSED, refusal
                return REFUSED_RETRY_S
        finally:
            client.shutdown()
            self._save(force=True)
        if self._greeted:
            self._failures = 0
        self._failures += 1
        limit_s = min(BACKOFF_LIMIT_S, BACKOFF_FIRST_S * 2.0 ** min(self._failures, 10))
        return limit_s * random.uniform(0.5, 1.0)  # jitter: a fleet must not return as one

    def _client(self, inbox: "queue.Queue[Event]") -> Any:
        client = OrderedClient(
            reconnection=False,
            handle_sigint=False,
            request_timeout=CONNECT_TIMEOUT_S,
            websocket_extra_options={"sockopt": keep_alive_options()},
        )
        for name in ("hello", "delta", "clock", "connect_error", "disconnect"):
            client.on(name, self._listener(inbox, name))
        return client

    def _listener(self, inbox: "queue.Queue[Event]", name: str) -> Callable[..., None]:
        def listen(*values: Any) -> None:
            try:
                inbox.put_nowait((name, values[0] if values else None))
            except queue.Full:
                self._overflow.set()  # the server goes on from our cursor when we come back

        return listen

    def _serve(self, client: Any, inbox: "queue.Queue[Event]") -> None:
        hello_due = time.monotonic() + HELLO_TIMEOUT_S
        while not self._stopping.is_set() and not self._overflow.is_set():
            self._pump(client, inbox)
            self._save()
            try:
                name, value = inbox.get(timeout=0.25)
            except queue.Empty:
                if not self._greeted and time.monotonic() > hello_due:
                    log.info("no hello")
                    return
                continue
            if name in ("disconnect", "connect_error"):
                return
            if not self._hear(client, name, value):
                return

    def _hear(self, client: Any, name: str, value: Any) -> bool:
        """Take one message of the server. False: connect anew."""
        if name == "hello":
            self._hello(value)
        elif name == "clock":
            self._clock.set(value["now"], float(value["speed"]), value["state"])
        elif name == "delta":
            try:
                delta = decode_delta(value)
                self._replica.apply(delta)
            except (CursorMismatch, ValueError) as problem:
                log.warning("delta refused: %s", problem)
                self._mismatches += 1
                if self._mismatches > 1:
                    self._replica.restart()
                return False
            self._mismatches = 0
            self._version += 1
            self._clock.heard(delta["now"])
            client.emit("applied", {"to": self._replica.rev})
        elif name == "answer":
            self._sender.answered(*value, ended=self._clock.state == "ended")
        if name != "wake":
            self._heard_at, self._picture_at = datetime.now(UTC), self._clock.now()
            self._post()
        return True

    def _hello(self, hello: dict[str, Any]) -> None:
        if hello["protocol"] != PROTOCOL:
            raise ValueError(f"protocol {hello['protocol']}")
        anew = self._replica.greet(hello)
        if anew:
            self._version += 1
            if hello["status"] == "Exercise":
                now = iso(datetime.now(UTC))
                self._outbox.refuse_other_epochs(self._replica.situation, self._replica.epoch, "epoch", now)
        self._clock.set(hello["now"], float(hello["speed"]), hello["state"])
        self._ever_greeted = True
        self._greeted, self._connection, self._refusal, self._offline_since = True, Connection.CONNECTED, "", None
        self._notices.discard("link")
        self._greetings += 1

    def _pump(self, client: Any, inbox: "queue.Queue[Event]") -> None:
        item = self._sender.due(self._replica.situation) if self._greeted else None
        if item is None:
            return
        listen, client_seq = self._listener(inbox, "answer"), item.client_seq
        client.emit(
            "report",
            fields_on_the_wire(item, self._outbox.client_id),
            callback=lambda *reply: listen((client_seq, reply[0] if reply else None)),
        )

    # what is kept and shown

    def _save(self, *, force: bool = False) -> None:
        now_s = time.monotonic()
        if not self._replica.epoch or not (force or (now_s >= self._save_due and self._replica.unsaved())):
            return
        self._save_due = now_s + SAVE_EVERY_S
        replica = self._replica
        heard_at, picture_at = (iso(moment) if moment else "" for moment in (self._heard_at, self._picture_at))
        picture = StoredPicture(
            replica.situation,
            replica.epoch,
            replica.rev,
            replica.hello,
            self._clock.dump(),
            heard_at,
            picture_at,
            replica.features,
        )
        try:
            self._store.save_picture(picture, replica.changed, full=replica.all_changed)
        except sqlite3.Error as problem:
            log.warning("picture not kept: %s", problem)
            self._note("store")
            return
        replica.saved()
        self._notices.discard("store")

    def _went_offline(self) -> None:
        if self._connection is not Connection.REFUSED:
            self._connection = Connection.OFFLINE
        if self._offline_since is None:
            # Never connected since this start: without a network since the store last heard the server.
            self._offline_since = datetime.now(UTC) if self._ever_greeted else self._heard_at or datetime.now(UTC)
        self._post()

    def _wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _refusal_heard(self, inbox: "queue.Queue[Event]") -> str:
        """The server's reason for refusing the connection, "" where the network was the reason."""
        while True:
            try:
                name, value = inbox.get_nowait()
            except queue.Empty:
                return ""
            if name == "connect_error" and isinstance(value, dict) and "message" in value:
                return str(value["message"])

    def _tell(self, name: str) -> None:
        self._listener(self._inbox, name)(None)

    def _note(self, notice: str) -> None:
        self._notices.add(notice)
        self._post()

    def _post(self) -> None:
        replica = self._replica
        self.mailbox.put(
            Snapshot(
                situation=replica.situation,
                epoch=replica.epoch,
                rev=replica.rev,
                hello=dict(replica.hello),
                features=dict(replica.features),
                version=self._version,
                connection=self._connection,
                refusal=self._refusal,
                offline_since=self._offline_since,
                heard_at=self._heard_at,
                picture_at=self._picture_at,
                greetings=self._greetings,
                notices=frozenset(self._notices),
            )
        )
