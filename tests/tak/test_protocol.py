"""Protocol 1 with somebody else's TAK server: asked for where it is offered, spoken once it is granted, else XML.

The server is another Lagebild, in a process of its own, behind a line that notes every byte and cuts them anywhere;
taky, which offers nothing; and a script, for what no server of ours does: refuse, keep silent, speak out of turn.
"""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from layers.cot import Event, xml
from layers.reasons import why
from server.feeds.cot import piece_event
from server.feeds.cot.framing import AUTH, Framer, stream_frame
from server.feeds.cot.protobuf import write_message
from server.tak.guest import control
from tests.server import Server, wait_until
from tests.tak.conftest import UNIT, Station
from tests.tak.tools import Tak, bound_token, feature
from tests.transports.links import Desk, running

PIECE_BYTES = 7
OFFER = xml(control("t-x-takp-v", "TakProtocolSupport", "offer-1", version="1"))
EVENT = control("a-f-G-U-C", uid="FREMD-1")


def events(raw: bytes) -> list[Event]:
    """What was said."""
    pieces = [piece for piece in Framer().feed(raw) if piece.kind != AUTH]
    return [event for piece in pieces if (event := piece_event(piece)) is not None]


class Line:
    """Between a client and a server: notes what each connection said, and hands it on in pieces of 7 bytes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.said: list[tuple[bytearray, bytearray]] = []
        """Of each connection what the client said, and the server."""
        self._made: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            notes = bytearray(), bytearray()
            self.said.append(notes)
            self._made += [client, server]
            for ends in ((client, server, notes[0]), (server, client, notes[1])):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket, note: bytearray) -> None:
        with suppress(OSError):
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while chunk := source.recv(65_536):
                note += chunk
                for at in range(0, len(chunk), PIECE_BYTES):
                    target.sendall(chunk[at : at + PIECE_BYTES])
            target.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """End what is open."""
        for one in self._made:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The end."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join(30)
        self.cut()
        for one in (self._listening, *self._made):
            one.close()


class Neighbour:
    """Another house, connected to the station by the line; its own units go there."""

    def __init__(self, server: Server, line: Line) -> None:
        self.server, self.line = server, line
        self.control, self.feed = server.token("control"), server.token("feed", "leitstelle")

    def vehicle(self, subject: str, name: str) -> None:
        place = {"type": "Point", "coordinates": [8.79, 51.84]}
        entity = {"id": subject, "type": "EmergencyVehicle", "name": name, "location": place}
        body = {"actionType": "append", "entities": [entity]}
        assert self.server.request("POST", "/v2/op/update", self.feed, json=body).status_code == 204

    def peer(self) -> str:
        """Whom the connection speaks with, as the screen tells."""
        found = feature(self.server, self.control, "source:cot/haupt")
        return str(found["properties"]["peer"]) if found and found["properties"]["link_state"] == "connected" else ""

    def named(self, name: str) -> bool:
        """Whether a unit of this name came from the station."""
        document = self.server.get("/picture?situation=live&layers=units", self.control)
        return any(
            one["properties"].get("name") == name and one["id"].startswith("cot:") for one in document["features"]
        )


@pytest.fixture(scope="module")
def neighbour(station: Station, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbour]:
    data: Path = tmp_path_factory.mktemp("neighbour") / "data"
    _, liaison = bound_token(data, "liaison")
    line = Line(station.ports["tak"])
    connections = {
        "cot/haupt": {
            "transport": "cot_client",
            "host": "127.0.0.1",
            "port": line.port,
            "username": "nachbar",
            "password": station.tokens["control"],
            "publish_token": liaison,
            "layers": ["units"],
            "interval_s": 0.05,
            "keepalive_s": 0.2,
            "retry_max_s": 0.2,
        }
    }
    with Server(data, "--no-demo", LAGEBILD_FEEDS_CONNECTIONS=json.dumps(connections)) as server:
        yield Neighbour(server, line)
        server.kill()  # it has nothing to save
    line.close()


def switched(said: bytes) -> bytes:
    """What was said behind the last XML, where protocol 1 followed."""
    return said.rpartition(b"</event>")[2]


def test_two_houses_speak_protocol_1_both_ways_however_the_bytes_are_cut(
    station: Station, neighbour: Neighbour
) -> None:
    for number, name in enumerate(("HLF Nachbar", "HLF wieder")):
        wait_until(lambda: neighbour.peer().endswith(f"{neighbour.line.port}, protocol 1"), "protocol 1")
        theirs, ours = neighbour.line.said[number]
        # the unit of each house reaches the other, now as protobuf
        neighbour.vehicle("urn:ngsi-ld:EmergencyVehicle:nachbar", name)
        with Tak(station.ports["tak"], station.tokens["control"]) as onlooker:
            there = onlooker.named(name)
        assert (there.lat, there.lon) == (51.84, 8.79)
        station.vehicle(UNIT, name=f"HLF 20 {name}")
        wait_until(partial(neighbour.named, f"HLF 20 {name}"), "the unit of the station")
        for said in (theirs, ours):
            rest = switched(bytes(said))
            assert rest[:1] == b"\xbf"
            assert any(event.value("contact", "callsign") in (name, f"HLF 20 {name}") for event in events(rest))
        # a connection begins with XML, and behind the question stands no XML any more
        assert theirs.startswith(b"<auth>")
        assert [event.type for event in events(bytes(theirs[: theirs.index(b"\xbf")]))][-1] == "t-x-takp-q"
        assert [event.uid for event in events(bytes(ours)) if event.type.startswith("t-x-takp")] == ["protouid"] * 2
        neighbour.line.cut()
        wait_until(lambda: len(neighbour.line.said) > number + 1, "the next connection")  # noqa: B023
    station.vehicle(UNIT, name="HLF 20 1")


def test_taky_offers_nothing_and_hears_xml(station: Station) -> None:
    with Tak(station.neighbour) as onlooker:
        station.vehicle(UNIT, name="HLF 20 in XML")
        onlooker.named("HLF 20 in XML")
        assert b"\xbf" not in onlooker.raw
    station.vehicle(UNIT, name="HLF 20 1")
    assert station.feature("source:cot/nachbar")["properties"]["peer"] == f"tcp 127.0.0.1:{station.neighbour}"


def test_who_gets_nothing_of_the_picture_is_answered_in_protocol_1_too(station: Station) -> None:
    with station.connect("feed") as client:
        client.send(xml(control("t-x-takp-q", "TakRequest", version="1")))
        client.until(lambda one: one.type == "t-x-takp-r")
        before = len(client.raw)
        client.send(stream_frame(write_message(control("t-x-c-t", uid="P"))))
        client.until(lambda one: one.type == "t-x-c-t-r")
        assert client.raw[before] == 0xBF


# -- what no server of ours does ---------------------------------------------------------------------------------------


class Script:
    """A TAK server that says what a test wants."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(60)

    @contextmanager
    def connected(self) -> Iterator[Tak]:
        """The next client."""
        tak = Tak.__new__(Tak)
        tak.socket = self.listening.accept()[0]
        tak.framer, tak.events, tak.raw, tak.closed = Framer(), [], b"", False
        try:
            tak.until(of("t-x-c-t"), "the greeting")
            yield tak
        finally:
            tak.close()

    def settings(self, **more: Any) -> dict[str, Any]:
        """How we connect to it."""
        port = self.listening.getsockname()[1]
        return {"transport": "cot_client", "host": "127.0.0.1", "port": port, "keepalive_s": 0.02, **more}


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    yield made
    made.listening.close()


def of(kind: str) -> Callable[[Event], bool]:
    """Whether an event is of the type."""
    return lambda event: event.type == kind


def pings(tak: Tak) -> int:
    """How often we were asked whether we are there."""
    return sum(event.type == "t-x-c-t" for event in tak.events)


def answer(status: str) -> bytes:
    return xml(control("t-x-takp-r", "TakResponse", "offer-1", status=status))


def test_between_question_and_answer_nothing_is_said_and_everything_is_heard(script: Script) -> None:
    desk = Desk()
    with running("cot/fremd", desk, **script.settings()), script.connected() as server:
        server.send(OFFER)
        assert server.until(of("t-x-takp-q")).uid == "offer-1"
        before = pings(server)
        server.send(xml(EVENT))
        wait_until(lambda: desk.bodies, "the event")
        server.read(0.3)  # fifteen times the pause between two pings
        assert pings(server) == before
        assert server.events[-1].type == "t-x-takp-q"
        server.send(answer("true") + stream_frame(write_message(EVENT)))
        end = len(server.raw)
        wait_until(lambda: server.read(0.05) or pings(server) > before, "a ping in protocol 1")
        assert server.raw[end] == 0xBF
        wait_until(lambda: len(desk.bodies) == 2, "the event in protocol 1")


@pytest.mark.parametrize(
    ("offer", "asks", "reply"),
    [
        (OFFER, True, answer("false")),
        (xml(control("t-x-takp-v", "TakProtocolSupport", version="2")), False, answer("true")),
        (b"", False, answer("true")),
    ],
    ids=["refused", "another version", "an answer that nobody asked for"],
)
def test_xml_goes_on_where_protocol_1_was_not_granted(script: Script, offer: bytes, asks: bool, reply: bytes) -> None:
    with running("cot/fremd", Desk(), **script.settings()), script.connected() as server:
        server.send(offer)
        if asks:
            server.until(of("t-x-takp-q"))
        server.send(reply)
        before = pings(server)
        wait_until(lambda: server.read(0.05) or pings(server) > before + 2, "pings")
        assert b"\xbf" not in server.raw
        assert sum(event.type == "t-x-takp-q" for event in server.events) == asks


def test_not_even_asked_where_the_settings_say_so(script: Script) -> None:
    with running("cot/fremd", Desk(), **script.settings(protobuf=False)), script.connected() as server:
        server.send(OFFER)
        before = pings(server)
        wait_until(lambda: server.read(0.05) or pings(server) > before + 2, "pings")
        assert not [event for event in server.events if event.type == "t-x-takp-q"]


def test_a_server_that_does_not_answer_is_connected_anew_and_left_with_xml(script: Script) -> None:
    with running("cot/fremd", Desk(), **script.settings(answer_s=0.2)) as runner:
        with script.connected() as server:
            server.send(OFFER)
            server.until(of("t-x-takp-q"))
            server.until_closed()
        wait_until(lambda: runner.stats.losses == 1, "the loss")
        assert re.search("did not answer", runner.state.reason or "") or runner.state.state == "connected"
        assert why("the server did not answer whether it speaks protocol 1; XML is next") != {"code": "other"}
        with script.connected() as server:
            server.send(OFFER)
            before = pings(server)
            wait_until(lambda: server.read(0.05) or pings(server) > before + 2, "pings")
            assert {event.type for event in server.events} == {"t-x-c-t"}
