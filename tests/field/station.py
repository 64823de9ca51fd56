"""One server with every sender around it: a broker, a web server, panels, encoders, folders. It sends the samples.

The first word of a sample's `way` is its transport:

- `push`: POST /feeds/FEED; `hub`: POST to /v2/op/update or /v2/notify, as NGSI clients do
- `mqtt TOPIC`: published to a real Mosquitto; `{part}` in the topic is the sample's name
- `poll`: asked for on a web server; `directory`: found there in a directory
- `folder`: put into a watched folder; `udp`, `tcp`: sent to a port of ours; `panel`: to the receiver for alarm panels
- `tak tcp`, `tak udp`: to our TAK server; `socket`: said by a WebSocket server that we are connected to
"""

import json
import shutil
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.field.ledger import Sample
from tests.field.recordings import documents, messages, published
from tests.server import Server, wait_until
from tests.tak.tools import Tak, bound_token
from tests.transports.misbehaviour import HttpServer, Reply
from tests.transports.mosquitto import PASSWORD, USER, Mosquitto, Publisher
from tests.transports.speakers import Speaker

TOPICS = {
    "home_assistant": ["homeassistant/#", "haus7/#"],
    "lorawan": ["v3/app/devices/{part}/up", "application/1/device/{part}/event/up"],
    "monica": ["monica/{part}"],
    "sensorthings": ["sta/{part}/#"],
    "zigbee2mqtt": ["zigbee2mqtt/{part}/#"],
}
CENTURY_S = 3_000_000_000
"""The samples are years old: the time of an alarm panel is outside of every honest window."""
SHARED = {"push": "feld.", "mqtt": "funk.", "folder": "box."}
"""Connections and tokens that serve several samples; the name of the source goes on with the sample's."""
TAK = "cot/feld"
WAIT_S = 120.0
Features = dict[str, dict[str, Any]]


class Station:
    """The server, the machines of others, and what was seen after each turn."""

    def __init__(self, root: Path, samples: Path, entries: Iterable[Sample]) -> None:
        self.root, self.samples = root, samples
        self.entries = tuple(entries)
        self.answers: dict[str, Any] = {}
        """What the sender got: the status over HTTP, the reply of the receiver for panels."""
        self.replies: dict[str, bytes] = {}
        """What a port wrote back to who sent a sample over TCP."""
        self.pictures: dict[int, Features] = {}
        self.quarantine: list[dict[str, Any]] = []
        self.client: Tak | None = None
        self.stack = ExitStack()

    def source(self, sample: Sample) -> str:
        """The name of its source; what comes by `hub` or `tak` shares one."""
        kind = sample.way.partition(" ")[0]
        if kind in ("hub", "tak"):
            return f"{sample.feed}/{'feld' if kind == 'hub' else 'bound-control'}"
        if kind == "mqtt" and not any("{part}" in topic for topic in TOPICS[sample.feed]):
            return f"{sample.feed}/funk"
        return f"{sample.feed}/{SHARED.get(kind, '')}{sample.part}"

    def start(self) -> "Station":
        """Start everything, send all, turn by turn."""
        self.broker = Mosquitto(self.root / "broker", "max_queued_messages 0").start()
        self.stack.callback(self.broker.stop)
        self.web = self.stack.enter_context(HttpServer())
        data = self.root / "data"
        self.tak_token = bound_token(data, "control")[1]
        connections = {name: one for sample in self.entries for name, one in self._connections(sample).items()}
        panels = [sample.part for sample in self.entries if sample.way == "panel"]
        config = self.root / "lagebild.toml"
        config.write_text("\n".join(f"[feeds.sia.{part}]\ntcp_port = 0" for part in panels))
        environment = {
            "LAGEBILD_FEEDS_CONNECTIONS": json.dumps(connections),
            "LAGEBILD_FEEDS_SOURCES": json.dumps(self._sources()),
            "LAGEBILD_FEEDS_BODY_BYTES": "64000000",
            "LAGEBILD_LIMITS_BODY_BYTES": "64000000",
        }
        self.server = Server(data, "--no-demo", "--config", str(config), **environment)
        self.stack.enter_context(self.server)
        self.control = self.server.token("control", "Leitstelle")
        self.sender = self.server.token("feed", "feld")
        lines = wait_until(lambda: (len(told := self._receivers()) == len(panels) and told) or not panels)
        self.panels = dict(zip(sorted(panels), [] if lines is True else lines, strict=True))
        wait_until(lambda: self._links(connections) <= {"connected"}, "every connection to stand", WAIT_S)
        self.publisher = self.stack.enter_context(Publisher(self.broker.port))
        for turn in sorted({one.turn for one in self.entries}):
            now = [one for one in self.entries if one.turn == turn]
            for sample in now:
                self._send(sample)
            wait_until(partial(self.complete, now), f"turn {turn}", WAIT_S)
            self.pictures[turn] = self.picture()
        self.quarantine = self.server.get("/quarantine?limit=500", self.control)["quarantine"]
        return self

    def close(self) -> None:
        """End all."""
        self.stack.close()

    def picture(self) -> Features:
        """What the control room sees."""
        features = self.server.get("/picture?situation=live", self.control)["features"]
        return {feature["id"]: feature for feature in features}

    def complete(self, entries: list[Sample]) -> bool:
        """Whether all of these are in."""
        return not self.missing(entries)

    def missing(self, entries: list[Sample]) -> list[str]:
        """Samples that are not in yet, by what their sources say and by their features."""
        found = {one["id"]: one for one in self.sources()}
        wanted: dict[str, int] = {}
        for one in self.entries:
            if one.turn <= entries[0].turn:
                wanted[self.source(one)] = wanted.get(self.source(one), 0) + one.accepted + one.refused
        late = []
        for one in entries:
            told = found.get(f"source:{self.source(one)}", {}).get("properties", {})
            if (told.get("accepted") or 0) + (told.get("refused") or 0) < wanted[self.source(one)]:
                late.append(one.path)
        return late

    def _receivers(self) -> list[int]:
        told = [line for line in self.server.lines if "alarm panels" in line]
        return [int(line.rpartition(":")[2]) for line in told]

    def sources(self) -> list[dict[str, Any]]:
        """How the sources are."""
        found: list[dict[str, Any]] = self.server.get("/picture?situation=live&layers=sources", self.control)[
            "features"
        ]
        return found

    def _links(self, names: Iterable[str]) -> set[Any]:
        told = {one["id"]: one["properties"].get("link_state") for one in self.sources()}
        return {told.get(f"source:{name}") for name in names}

    def _sources(self) -> dict[str, dict[str, Any]]:
        """Settings of sources."""
        window = {"behind_s": CENTURY_S, "ahead_s": CENTURY_S}
        own = {self.source(one): (window if one.way == "panel" else {}) | one.options for one in self.entries}
        return {source: options for source, options in own.items() if options}

    def _connections(self, sample: Sample) -> dict[str, dict[str, Any]]:
        """The connections that a sample needs, as an administrator would write them."""
        source, (kind, *words) = self.source(sample), sample.way.split()
        if kind == "mqtt":
            own: dict[str, Any] = {"transport": "mqtt", "host": "127.0.0.1", "port": self.broker.port}
            own |= {"username": USER, "password": PASSWORD, "topics": TOPICS[sample.feed]}
            return {f"{sample.feed}/funk": own}
        if kind == "folder":
            box = self.root / f"box-{sample.feed}"
            box.mkdir(exist_ok=True)
            return {f"{sample.feed}/box": {"transport": "folder", "path": str(box), "poll_s": 0.2, "settle_s": 0.3}}
        if kind in ("poll", "directory"):
            return {source: self._served(sample, kind)}
        if kind in ("udp", "tcp"):
            return {source: {"transport": kind, "port": 0}}
        if kind == "tak":
            own = {"transport": "cot_server", "port": 0, "udp_port": 0, "interval_s": 0.05}
            return {TAK: own | {"peers": {"127.0.0.1": self.tak_token}}}
        if kind == "socket":
            speaker = self.stack.enter_context(Speaker(lambda wire: self._talk(wire, sample)))
            return {source: {"transport": "websocket", "url": f"ws://127.0.0.1:{speaker.port}/{words[0]}"}}
        return {}

    def _served(self, sample: Sample, kind: str) -> dict[str, Any]:
        """Lay the file where it is asked for."""
        bodies = messages(self.samples, sample)
        paths = [f"/{sample.part}/{number}" for number in range(len(bodies))]
        for path, body in zip(paths, bodies, strict=True):
            self.web.answers[path] = [Reply(body=body)]
        own: dict[str, Any] = {"transport": "poll", "interval_s": 3_600, "max_bytes": 64_000_000}
        if kind == "poll":
            for name, path in sample.details.items():
                self.web.answers[f"/{sample.part}/{name}.json"] = [Reply(body=(self.samples / path).read_bytes())]
            own |= {"details": [f"{self.web.url}/{sample.part}/{{id}}.json"]} if sample.details else {}
            return own | {"urls": [self.web.url + path for path in paths]}
        name = Path(sample.path).name
        self.web.answers[f"/{sample.part}/"] = [Reply(body=f'<a href="../">..</a> <a href="{name}">x</a>'.encode())]
        self.web.answers[f"/{sample.part}/{name}"] = [Reply(body=bodies[0])]
        return own | {"urls": [f"{self.web.url}/{sample.part}/"], "files": f"*{Path(name).suffix}"}

    def _talk(self, wire: Any, sample: Sample) -> None:
        """What a Matter server, a Mastodon server and TetraControl say to who connects."""
        (body,) = messages(self.samples, sample)
        if sample.feed == "tetracontrol":
            for message in documents(body):
                wire.send(message)
            wire.receive(timeout=600)
            return
        if sample.feed == "matter":
            wire.send('{"fabric_id": 1, "schema_version": 11, "sdk_version": "x", "wifi_credentials_set": false}')
            asked = json.loads(wire.receive(timeout=60))
            wire.send(json.dumps({"message_id": asked["message_id"], "result": [json.loads(body)]}))
        else:
            lines = [line.removeprefix("data:").strip() for line in body.decode().splitlines() if line[:5] == "data:"]
            for line in lines:
                wire.send(json.dumps({"stream": ["public"], "event": "update", "payload": line}))
        wire.receive(timeout=600)

    def _send(self, sample: Sample) -> None:
        """Send it; what is fetched or connected to is in already."""
        kind = sample.way.partition(" ")[0]
        if kind in ("push", "hub"):
            self.answers[sample.path] = [self._post(sample, body) for body in messages(self.samples, sample)]
        elif kind == "mqtt":
            for topic, payload in published(self.samples, sample):
                self.publisher.client.publish(topic, payload, 1)
        elif kind == "folder":
            box = self.root / f"box-{sample.feed}" / sample.part
            box.mkdir()
            shutil.copy(self.samples / sample.path, box)
        elif kind == "udp":
            self._datagram(sample, self._port(self.source(sample)))
        elif kind == "tcp":
            self.replies[sample.path] = self._call(
                (self.samples / sample.path).read_bytes(), self._port(self.source(sample))
            )
        elif kind == "panel":
            self.answers[sample.path] = self._call((self.samples / sample.path).read_bytes(), self.panels[sample.part])
        elif sample.way == "tak udp":
            self._datagram(sample, self._port(TAK, -1))
        elif sample.way == "tak tcp":
            self._chunks(sample)

    def _post(self, sample: Sample, body: bytes) -> int:
        path, headers = f"/feeds/{sample.feed}/{sample.part}", {"Content-Type": "application/octet-stream"}
        if sample.way == "hub":
            document = json.loads(body)
            path, headers = "/v2/notify", {"Content-Type": "application/json"}
            if "subscriptionId" not in document:
                path = "/v2/op/update"
                entities = document if isinstance(document, list) else [document]
                body = json.dumps({"actionType": "append", "entities": entities}).encode()
        return self.server.request("POST", path, self.sender, data=body, headers=headers).status_code

    def _port(self, source: str, which: int = 0) -> int:
        """Where the server listens for a source; a TAK server's TCP port comes before that for datagrams."""
        peer = next(str(one["properties"]["peer"]) for one in self.sources() if one["id"] == f"source:{source}")
        return int(peer.split(",")[which].rpartition(":")[2])

    def _datagram(self, sample: Sample, port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto((self.samples / sample.path).read_bytes(), ("127.0.0.1", port))

    def _chunks(self, sample: Sample) -> None:
        """One client says it all, as a bad network cuts it: 100 bytes at a time."""
        if self.client is None:
            self.client = self.stack.enter_context(Tak(self._port(TAK)))
        body = (self.samples / sample.path).read_bytes()
        for at in range(0, len(body), 100):
            self.client.send(body[at : at + 100])

    def _call(self, frame: bytes, port: int) -> bytes:
        """What a panel that sends the frame and waits gets."""
        with socket.create_connection(("127.0.0.1", port), timeout=30) as panel:
            panel.sendall(frame)
            panel.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: panel.recv(1_000), b""))
