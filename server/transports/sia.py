"""Receiver for alarm panels: SIA DC-09 over TCP and UDP. A panel is acknowledged once its event is durable, not before.

Wrong checksum or length: no answer, the panel repeats. A time outside the window, a key that does not fit, an account
that is not known where it must be: NAK with our time, and nothing of the frame is taken. A repeat is answered again and
not taken again. What cannot be used lies in the quarantine with its reason.
"""

import logging
import secrets
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from server import runtime
from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.feeds.sia_dc09 import Frame, SiaOptions, Telegram, answer, building_of, read, split
from server.feeds.sia_dc09.frame import MAX_FRAME_BYTES
from server.feeds.sia_dc09.replies import outside_window
from server.feeds.sia_dc09.telegram import BAD_FRAME, LINK_TEST
from server.transports.listener import ListenerSettings

if TYPE_CHECKING:
    from server.house import House
    from server.intake import Intake
    from server.situations import Situation

log = logging.getLogger("lagebild.sia")

FEED = "sia_dc09"
REPEATS_S = 600.0
"""So long a frame of the same number and data is a repeat."""
MAX_REMEMBERED = 10_000
"""Frames remembered for that; the oldest give way."""
RECEIVE_BYTES = 4_096
DATAGRAM_BYTES = 65_535
LF, CR = 0x0A, 0x0D


class ReceiverStats(Struct):
    """Counters since the start."""

    connections: int = 0
    open: int = 0
    turned_away: int = 0
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
        self.stats = ReceiverStats()
        self.tcp_port: int | None = None
        self.udp_port: int | None = None
        self._known: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._stopped = False

    def start(self) -> None:
        """Begin to listen. Raises OSError where a port is taken."""
        host = self.settings.host
        if self.settings.tcp_port is not None:
            listener = runtime.listen(host, self.settings.tcp_port)
            self.tcp_port = listener.getsockname()[1]
            self._hold(listener)
            runtime.spawn(self._accept, listener, name=f"sia-tcp-{self.instance}")
        if self.settings.udp_port is not None:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            datagrams = socket.socket(family, socket.SOCK_DGRAM)
            datagrams.bind((host, self.settings.udp_port))
            self.udp_port = datagrams.getsockname()[1]
            self._hold(datagrams)
            runtime.spawn(self._datagrams, datagrams, name=f"sia-udp-{self.instance}")

    def stop(self) -> None:
        """End every connection and listen no more."""
        self._stopped = True
        with self._lock:
            held = list(self._sockets)
        for one in held:
            _close(one)

    @property
    def where(self) -> str:
        """The source and its ports, for the operator."""
        ports = (("tcp", self.tcp_port), ("udp", self.udp_port))
        told = ", ".join(f"{kind} {self.settings.host}:{port}" for kind, port in ports if port is not None)
        return f"{FEED}/{self.instance} on {told or 'no port'}"

    def handle(self, piece: bytes, peer: str) -> bytes:
        """Take the frames of a piece; what the panel is answered, empty for nothing."""
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

    def _hold(self, one: socket.socket) -> None:
        with self._lock:
            self._sockets.add(one)

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped:
            try:
                panel, address = listener.accept()
            except OSError:
                return
            self.stats.connections += 1
            if self.stats.open >= self.settings.connections:
                self.stats.turned_away += 1
                _close(panel)
                continue
            self.stats.open += 1
            self._hold(panel)
            runtime.spawn(self._serve, panel, f"{address[0]}:{address[1]}", name=f"sia-{self.instance}")

    def _serve(self, panel: socket.socket, peer: str) -> None:
        framer = Framer()
        panel.settimeout(self.settings.idle_s)
        try:
            while chunk := panel.recv(RECEIVE_BYTES):
                for piece in framer.feed(chunk):
                    if reply := self.handle(piece, peer):
                        panel.sendall(reply)
        except (OSError, OverflowError) as error:
            log.info("panel gone", extra={"peer": peer, "instance": self.instance, "reason": str(error)[:200]})
        finally:
            if rest := framer.rest():
                self.handle(rest[:MAX_FRAME_BYTES], peer)
            with self._lock:
                self._sockets.discard(panel)
                self.stats.open -= 1
            _close(panel)

    def _datagrams(self, datagrams: socket.socket) -> None:
        while not self._stopped:
            try:
                body, address = datagrams.recvfrom(DATAGRAM_BYTES)
                if address is None:
                    return  # shut down
                if reply := self.handle(body, f"{address[0]}:{address[1]}"):
                    datagrams.sendto(reply, address)
            except ConnectionError:
                continue  # the panel of the last answer has gone
            except OSError:
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


def _close(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        one.close()
