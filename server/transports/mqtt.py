"""MQTT 3.1.1 and 5: subscribes at a broker and hands each message to its feed, in order, one after the other.

The loop over the socket is ours (paho's documented way for programs with a loop of their own): paho starts no thread,
and under eventlet everything stays green. A message of QoS 1 is acknowledged after it is durable; what was not is sent
again by the broker when the session goes on. When the desk is slow we stop reading, so the broker waits.
"""

import queue
import re
import secrets
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from server import runtime
from server.feeds import feeds
from server.feeds._mqtt import wrap
from server.transports.connection import Link, Lost, Stopped, Transport, refusal
from server.transports.mqtt_descriptions import Descriptions
from server.transports.mqtt_memory import Memory
from server.transports.mqtt_settings import PART, MqttSettings, filters
from server.transports.secret import SecretError

TICK_S = 1.0
"""How often the keep-alive is looked after."""
MIN_INFLIGHT, MAX_INFLIGHT = 20, 65_535
NOT_IN_A_PART = re.compile(r"[^A-Za-z0-9_.-]")


class Got(Struct, frozen=True):
    """One message that waits for the desk; `mid` is None where nothing is to be acknowledged."""

    topic: str
    payload: bytes
    retained: bool
    mid: int | None


class _Client(paho.Client):
    """Shakes hands as the standard library does: one that fails leaves no socket open, as paho's own does."""

    secured: ssl.SSLContext
    expected: str

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        tcp_sock.settimeout(self.connect_timeout)
        return self.secured.wrap_socket(tcp_sock, server_hostname=self.expected)


class Mqtt(Transport[MqttSettings]):
    """See the module."""

    def __init__(self, settings: MqttSettings) -> None:
        super().__init__(settings)
        self._session: _Session | None = None

    def where(self) -> str:
        """Host and port."""
        return f"{self.settings.host}:{self.settings.port_in_use}"

    def plan(self) -> list[str]:
        """What is subscribed, and how."""
        one = self.settings
        session = "new each time" if one.clean_start else "kept by the broker"
        secured = "TLS" if one.tls else "without TLS"
        return [
            f"MQTT {one.version}, {secured}, {'as ' + one.username if one.username else 'without a user'}",
            f"session {session}",
            f"QoS {one.qos}, retained messages: {one.retained}",
            *(f"topic {topic}" for topic in one.topics),
        ]

    def run(self, link: Link) -> None:
        """See Transport."""
        self._session = _Session(self.settings, link, self.where())
        try:
            self._session.run()
        finally:
            self._session = None

    def stop(self) -> None:
        """See Transport."""
        if (session := self._session) is not None:
            session.wake()


class _Session:
    """One connection to the broker, from its beginning to its end."""

    def __init__(self, settings: MqttSettings, link: Link, where: str) -> None:
        self.settings = settings
        self.link = link
        self.where = where
        feed = feeds()[link.feed]
        self.topical, self.describes = feed.topical, feed.describes
        self.descriptions = Descriptions(feed.explains)
        self.memory = Memory(None if link.probing else link.folder, f"{link.feed}_{link.instance}")
        self.filters = filters(settings.topics)
        self.waiting: queue.Queue[Got | None] = queue.Queue()
        self.settled: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.trouble: Lost | None = None
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_writer.setblocking(False)
        self._wake_reader.setblocking(False)
        self._subscribed: dict[int, list[str]] = {}
        self._worked = threading.Event()
        self.client: paho.Client

    # -- making ----------------------------------------------------------------------------------------------------

    def _make(self) -> paho.Client:
        one = self.settings
        five = one.version == "5"
        name = one.client_id or f"lagebild-{self.link.feed}-{self.link.instance}"
        if self.link.probing:
            name = f"{name[:40]}-check-{secrets.token_hex(4)}"
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=name[:65],
            clean_session=None if five else self._clean,
            protocol=paho.MQTTv5 if five else paho.MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = one.connect_timeout_s
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        if one.username is not None:
            client.username_pw_set(one.username, one.password.read() if one.password is not None else None)
        if one.tls:
            context = ssl.create_default_context(cafile=one.ca_file)
            if one.cert_file is not None:
                context.load_cert_chain(one.cert_file, one.key_file)
            client.tls_set_context(context)
            client.secured, client.expected = context, one.host
        return client

    @property
    def _clean(self) -> bool:
        return self.settings.clean_start or self.link.probing

    def _connect(self) -> None:
        one = self.settings
        more: dict[str, Any] = {}
        if one.version == "5":
            asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            asked.SessionExpiryInterval = 0 if self._clean else one.session_expiry_s
            asked.ReceiveMaximum = max(MIN_INFLIGHT, min(one.queue, MAX_INFLIGHT))
            asked.MaximumPacketSize = one.message_bytes + 70_000  # the topic and the header are not the message
            more = {"clean_start": self._clean, "properties": asked}
        self.client.connect(one.host, one.port_in_use, one.keepalive_s, **more)

    # -- the loop --------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until the end. Raises Lost, Stopped."""
        runtime.spawn(self._work, name=f"mqtt {self.where}")
        try:
            self.client = self._make()
            self._connect()
            self._loop()
        except ssl.SSLCertVerificationError as error:
            raise Lost(f"the broker's certificate: {error.verify_message}") from error
        except (OSError, SecretError) as error:
            raise Lost(refusal(error)) from error
        finally:
            self.waiting.put(None)
            self._worked.wait()
            self._say_goodbye()
            self.memory.save()
            self._wake_reader.close()
            self._wake_writer.close()

    def _loop(self) -> None:
        began = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_reader, selectors.EVENT_READ)
            watched: tuple[Any, int] = (None, 0)
            while not self.link.stopping.is_set():
                self._acknowledge()
                watched = self._watch(selector, watched)
                self._step(selector, watched[0])
                if self.trouble is not None:
                    raise self.trouble
                if not self.client.is_connected() and time.monotonic() - began > self.settings.connect_timeout_s:
                    raise Lost("the broker does not answer")

    def _watch(self, selector: selectors.BaseSelector, watched: tuple[Any, int]) -> tuple[Any, int]:
        """Wait for what can be done: for reading only while there is room. Raises Lost when there is no socket."""
        wire = self.client.socket()
        if wire is None:
            raise self.trouble or Lost("the broker closed the connection")
        room = self.waiting.qsize() < self.settings.queue
        wanted = (selectors.EVENT_READ if room else 0) | (selectors.EVENT_WRITE if self.client.want_write() else 0)
        if watched != (wire, wanted):
            if watched[0] is not None and watched[1]:
                selector.unregister(watched[0])
            if wanted:
                selector.register(wire, wanted)
        return wire, wanted

    def _step(self, selector: selectors.BaseSelector, wire: Any) -> None:
        pending = getattr(wire, "pending", lambda: 0)() > 0 and self.waiting.qsize() < self.settings.queue
        ready = {key.fileobj: events for key, events in selector.select(0 if pending else TICK_S)}
        if self._wake_reader in ready:
            self._wake_reader.recv(65_536)
        events = ready.get(wire, 0)
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        if pending or events & selectors.EVENT_READ:
            code = self.client.loop_read()
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS and events & selectors.EVENT_WRITE:
            code = self.client.loop_write()
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            code = self.client.loop_misc()
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and self.trouble is None:
            self.trouble = Lost(paho.error_string(code).rstrip("."))

    def _acknowledge(self) -> None:
        """Tell the broker what is durable, in the order in which it came."""
        while not self.settled.empty():
            self.client.ack(self.settled.get(), 1)

    def _say_goodbye(self) -> None:
        client = getattr(self, "client", None)
        if client is None:
            return
        self._acknowledge()
        client.disconnect()
        if (wire := client.socket()) is not None:
            wire.close()

    def wake(self) -> None:
        """Let the loop look at once."""
        try:
            self._wake_writer.send(b"\0")
        except OSError:
            return  # full: it is awake; closed: it is over

    # -- what paho calls -------------------------------------------------------------------------------------------

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self.trouble = Lost(f"the broker refuses: {code}")
            return
        qos = 0 if self.link.probing else self.settings.qos
        names = [name for name, _ in self.filters]
        wanted: Any = [(name, qos) for name in names]
        if self.settings.version == "5":
            handling = 2 if self.settings.retained == "skip" else 0
            wanted = [(name, SubscribeOptions(qos=qos, retainHandling=handling)) for name in names]
        _, mid = client.subscribe(wanted)
        self._subscribed[mid or 0] = names

    def _on_subscribe(self, _client: paho.Client, _data: Any, mid: int, codes: Any, _properties: Any) -> None:
        names = self._subscribed.pop(mid, [])
        refused = [name for name, code in zip(names, codes, strict=False) if code.is_failure]
        if refused and len(refused) == len(names):
            self.trouble = Lost(f"the broker lets us subscribe nothing: {', '.join(refused)}"[:300])
            return
        self.link.up(self.where, f"the broker refuses {', '.join(refused)}"[:300] if refused else None)

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if self.trouble is None:
            self.trouble = Lost(f"the broker ended the connection: {code}")

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        got = Got(
            message.topic, bytes(message.payload), bool(message.retain), message.mid if message.qos == 1 else None
        )
        self.waiting.put(got)

    # -- the other task --------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Hand over what waits, one after the other."""
        try:
            while (got := self.waiting.get()) is not None:
                if self.trouble is not None and got.mid is not None and not self._clean:
                    continue  # the broker sends it again
                self._hand_over(got)
                if got.mid is not None:
                    self.settled.put(got.mid)
                self.wake()
        except Stopped:
            pass
        finally:
            self._worked.set()
            self.wake()

    def _hand_over(self, got: Got) -> None:
        if got.retained and (self.settings.retained == "skip" or self._is_old(got)):
            return
        part, topic = self._parted(got.topic)
        body = wrap(topic, got.payload, got.retained) if self.topical else got.payload
        if self._describes(got.topic):
            self.descriptions.note(part, topic, got.payload, wrap(topic, got.payload, known=True))
        elif self.topical:
            body = self.descriptions.together(part, topic, body)
        # What came without an id nobody sends again: it is taken even while the server ends.
        self.link.take(body, f"{self.where} {got.topic}"[:200], part, last=got.mid is None)
        self.memory.note(got.topic, got.payload)

    def _is_old(self, got: Got) -> bool:
        """Whether it says how something was, and we had it. What there is may be told again: names do not age."""
        return not self._describes(got.topic) and self.memory.knows(got.topic, got.payload)

    def _describes(self, topic: str) -> bool:
        return self.describes is not None and self.describes.fullmatch(topic) is not None

    def _parted(self, topic: str) -> tuple[str | None, str]:
        """The part of the source that the topic names, and the topic without it, as the sender alone would call it."""
        for _, pattern in self.filters:
            found = pattern.fullmatch(topic)
            if found is not None and PART in pattern.groupindex:
                start, end = found.span(PART)
                rest = topic[:start] + topic[end + 1 :] if end < len(topic) else topic[: max(0, start - 1)]
                return NOT_IN_A_PART.sub("_", found[PART])[:64].lstrip(".") or None, rest
        return None, topic


TRANSPORT: Callable[[MqttSettings], Mqtt] = Mqtt
