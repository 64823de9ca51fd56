"""Receiver for alarm panels: SIA DC-09 over TCP and UDP. A panel is acknowledged once its event is durable, not before.

Wrong checksum or length: no answer, the panel repeats. A time outside the window, a key that does not fit, an account
that is not known where it must be: NAK with our time, and nothing of the frame is taken. A repeat is answered again and
not taken again. What cannot be used lies in the quarantine with its reason.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.feeds.sia_dc09 import Frame, SiaOptions, Telegram, answer, building_of, read, split
from server.feeds.sia_dc09.frame import MAX_FRAME_BYTES
from server.feeds.sia_dc09.replies import outside_window
from server.feeds.sia_dc09.telegram import BAD_FRAME, LINK_TEST
from server.transports.datagrams import DatagramServer
from server.transports.listener import ListenerSettings
from server.transports.serving import Peers, ServingStats, StreamServer, told

if TYPE_CHECKING:
    from server.house import House
    from server.intake import Intake
    from server.situations import Situation

FEED = "sia_dc09"
REPEATS_S = 600.0
"""So long a frame of the same number and data is a repeat."""
MAX_REMEMBERED = 10_000
"""Frames remembered for that; the oldest give way."""
LF, CR = 0x0A, 0x0D


class ReceiverStats(ServingStats):
    """Counters since the start."""

    frames: int = 0
    repeats: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    noise_bytes: int = 0


class Framer:
    """Cuts a stream into frames whatever its chunks are: a frame ends with CR, which its content never holds."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The pieces that are complete now, each up to its CR. Raises OverflowError when one never ends."""
        self._buffer += chunk
        pieces: list[bytes] = []
        start = searched = 0
        while (end := self._buffer.find(CR, searched)) >= 0:
            searched = end + 1
            line = self._buffer.rfind(LF, start, end)
            if line >= 0 and end - line <= 2:
                continue  # one of the two bytes of a binary CRC
            pieces.append(bytes(self._buffer[start : end + 1]))
            start = searched
        del self._buffer[:start]
        if len(self._buffer) > MAX_FRAME_BYTES:
            raise OverflowError("a frame without an end")
        return pieces

    def rest(self) -> bytes:
        """What is left when the panel has gone."""
        return bytes(self._buffer).strip(b"\0\r\n ")


class Receiver:
    """Listens for panels of one source, `sia_dc09/<instance>`, and answers them."""

    def __init__(
        self,
        intake: "Intake",
        situation: "Situation",
        instance: str,
        settings: ListenerSettings,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.intake = intake
        self.situation = situation
        self.instance = instance
        self.settings = settings
        self.options = msgspec.convert(dict(options or {}), SiaOptions)
        self.exercise: Callable[[], Situation | None] | None = None
        """Where it listens for an exercise: the one that runs now. What it hears never goes into live then."""
        self.stats = ReceiverStats()
        self.turned_away: Callable[[str], None] = _nobody
        """Hears of each panel that was not let in, and why."""
        self.tcp_port: int | None = None
        self.udp_port: int | None = None
        self._known: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._lock = threading.Lock()
        self._servers: list[StreamServer | DatagramServer] = []

    def start(self) -> None:
        """Begin to listen. Raises OSError where a port is taken."""
        settings = self.settings
        peers = Peers(settings.peers)
        if settings.tcp_port is not None:
            streams = StreamServer(
                settings.host,
                settings.tcp_port,
                lambda peer: PanelSession(self, peer),
                connections=settings.connections,
                per_address=settings.per_address,
                idle_s=settings.idle_s,
                peers=peers,
                stats=self.stats,
                turned_away=self.turned_away,
                name=f"sia-tcp-{self.instance}",
            )
            streams.start()
            self._servers.append(streams)
            self.tcp_port = streams.port
        if settings.udp_port is not None:

            def datagram(body: bytes, address: tuple[str, int]) -> bytes:
                if address[0] in peers:
                    return self.handle(body, told(address))
                self.stats.turned_away += 1
                self.turned_away(f"{address[0]} is not among the peers")
                return b""

            datagrams = DatagramServer(settings.host, settings.udp_port, datagram, name=f"sia-udp-{self.instance}")
            datagrams.start()
            self._servers.append(datagrams)
            self.udp_port = datagrams.port

    def stop(self) -> None:
        """End every connection and listen no more."""
        for server in self._servers:
            server.stop()

    @property
    def where(self) -> str:
        """The source and its ports, for the operator."""
        ports = (("tcp", self.tcp_port), ("udp", self.udp_port))
        told = ", ".join(f"{kind} {self.settings.host}:{port}" for kind, port in ports if port is not None)
        return f"{FEED}/{self.instance} on {told or 'no port'}"

    def handle(self, piece: bytes, peer: str) -> bytes:
        """Take the frames of a piece; what the panel is answered, empty for nothing."""
        if self.exercise is not None:
            running = self.exercise()
            if running is None:
                return b""  # nothing is durable, so nothing is acknowledged: the panel repeats
            self.situation = running
        parts = list(split(piece))
        frames = [part for part in parts if isinstance(part, Frame)]
        self.stats.noise_bytes += sum(len(part) for part in parts if not isinstance(part, Frame))
        if parts and not frames:
            self._refuse(piece, peer, "no SIA DC-09 frame")
        answers = [self._frame(frame, peer) for frame in frames]
        return b"".join(found for found in answers if found is not None)

    def _frame(self, frame: Frame, peer: str) -> bytes | None:
        self.stats.frames += 1
        now = self.situation.clock.now()
        raw = b"\n%04X%04X%b\r" % (frame.crc_stated, frame.length_stated, frame.content)
        try:
            telegram = read(frame, self.options)
            reply = answer(telegram, self.options, now, secrets.token_hex(8))
        except DecodeError as error:
            self._refuse(raw, peer, error.reason)
            return None
        key = _key(telegram)
        if key is not None and self._is_repeat(key):
            # It is durable already. Its time may have left the window meanwhile; what counts is that it is known.
            self.stats.repeats += 1
            return answer(
                telegram, msgspec.structs.replace(self.options, behind_s=REPEATS_S * 2), now, secrets.token_hex(8)
            )
        reason = self._not_taken(telegram)
        if reason is not None:
            self._refuse(raw, peer, reason)
            return reply
        try:
            self.intake.take(self.situation, FEED, self.instance, raw, peer)
        except (Busy, Closed, DecodeError):
            self.stats.unanswered += 1
            return None
        if key is not None and telegram.fault is None:
            self._remember(key)
        if reply is not None:
            self.stats.acknowledged += 1
        return reply

    def _not_taken(self, telegram: Telegram) -> str | None:
        """Why a frame that can be read is not taken all the same."""
        if telegram.fault is not None:
            return None if telegram.fault != BAD_FRAME else telegram.reason
        if outside_window(telegram, self.options, self.situation.clock.now()):
            return "the time at the end of the frame is outside the window"
        if self.options.known_only and self.options.account(telegram.account) is None:
            return f"account {telegram.account or 'unknown'} is not in the table"
        return None

    def _refuse(self, body: bytes, peer: str, reason: str) -> None:
        source = f"{FEED}/{self.instance}"
        self.intake.refuse(self.situation, source, peer, DecodeError(reason), body)

    def _is_repeat(self, key: tuple[str, ...]) -> bool:
        with self._lock:
            heard = self._known.get(key)
        return heard is not None and time.monotonic() - heard < REPEATS_S

    def _remember(self, key: tuple[str, ...]) -> None:
        with self._lock:
            self._known[key] = time.monotonic()
            self._known.move_to_end(key)
            while len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)


class PanelSession:
    """A panel's connection."""

    def __init__(self, receiver: Receiver, peer: str) -> None:
        self._receiver, self._peer = receiver, peer
        self._framer = Framer()
        self._pieces = 0

    def received(self, chunk: bytes) -> bytes:
        """See Session. Raises OverflowError where a frame never ends."""
        pieces = self._framer.feed(chunk)
        self._pieces += len(pieces)
        return b"".join(self._receiver.handle(piece, self._peer) for piece in pieces)

    def pause_s(self) -> float | None:
        """See Session: a panel is answered at once."""
        return None

    def due(self) -> bytes:
        """See Session."""
        return b""

    def progress(self) -> int:
        """See Session."""
        return self._pieces

    def ended(self) -> None:
        """See Session."""
        if rest := self._framer.rest():
            self._receiver.handle(rest[:MAX_FRAME_BYTES], self._peer)


def _nobody(_reason: str) -> None:
    return


def listen(house: "House") -> list[Receiver]:
    """A running receiver for each instance of the settings. Raises OSError where a port is taken: then none runs."""
    started: list[Receiver] = []
    sources = house.intake.sources
    try:
        for instance, settings in sorted(house.settings.feeds.sia.items()):
            options = {**sources.get(FEED, {}), **sources.get(f"{FEED}/{instance}", {})}
            options.pop("zone", None)
            receiver = Receiver(house.intake, house.situations.live, instance, settings, options)
            counter = house.metrics.turned_away.labels(f"{FEED}/{instance}")
            receiver.turned_away = lambda _reason, counter=counter: counter.inc()  # type: ignore[misc]
            if settings.exercise is not None:
                receiver.exercise = partial(house.situations.exercise_of, settings.exercise)
            receiver.start()
            started.append(receiver)
    except OSError:
        for receiver in started:
            receiver.stop()
        raise
    return started


def _key(telegram: Telegram) -> tuple[str, ...] | None:
    """What makes two frames one: account, receiver, prefix, token, number, data and time, deciphered. A link test says
    every time anew that the line is alive: it has none.
    """
    head, data = telegram.head, telegram.data
    if head is None or data is None or head.token == LINK_TEST:
        return None
    account = building_of(telegram.account, head.prefix)
    blocks = "".join(f"[{name}{value}]" for name, value in data.blocks.items())
    return account, head.receiver or "", head.token, head.sequence, data.text, blocks, data.rest
