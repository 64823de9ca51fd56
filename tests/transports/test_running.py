"""Listeners and clients in a running server, where sockets are green: TLS both ways, acknowledgements, long polling."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server, wait_until
from tests.transports.certificates import Authority
from tests.transports.speakers import Alarms, Speaker

PACKET = (
    "{'mode': 'fms', 'fms': '69371412', 'status': '3', 'direction': '0', 'directionText': '(FZG->LST)', "
    "'serverName': 'Wäche', 'timestamp': '1795284311'}"
)


class Place:
    """The server, a control room, and what speaks to it."""

    def __init__(self, server: Server, authority: Authority, alarms: Alarms) -> None:
        self.server = server
        self.authority = authority
        self.alarms = alarms
        self.token = server.token("control", "Leitstelle")

    def features(self) -> dict[str, Any]:
        found = self.server.get("/picture?situation=live", self.token)["features"]
        return {feature["id"]: feature["properties"] for feature in found}

    def source(self, name: str) -> dict[str, Any]:
        return dict(self.features().get(f"source:{name}", {}))

    def port(self, name: str) -> int:
        wait_until(lambda: self.source(name).get("link_state") == "connected", f"{name} to stand")
        return int(str(self.source(name)["peer"]).rpartition(":")[2])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("running")
    authority = Authority(folder / "ca")
    certificate, key = map(str, authority.issue("server"))

    def talk(wire: Any) -> None:
        wire.send(
            '{"type": "status", "status": "4", "srcSSI": "4711", "srcName": "HLF 1", "ts": "/Date(1795284311000)/"}'
        )
        wire.receive(timeout=600)

    with Speaker(talk, (certificate, key)) as radio, Alarms() as alarms:
        config = folder / "lagebild.toml"
        config.write_text(
            f"""
            [feeds.connections."boswatch/funk"]
            transport = "tcp"
            port = 0
            idle_s = 60
            cert_file = "{certificate}"
            key_file = "{key}"
            client_ca_file = "{authority.file}"
            [feeds.connections."tetracontrol/wache"]
            transport = "websocket"
            url = "wss://127.0.0.1:{radio.port}/live.json?MaxAlter=0"
            ca_file = "{authority.file}"
            auth = "basic"
            username = "wehr"
            secret = "geheim"
            [feeds.connections."waip/wache"]
            transport = "socketio"
            url = "http://127.0.0.1:{alarms.port}"
            namespace = "/waip"
            join = [["WAIP", "7"]]
            polling = true
            [feeds.connections."waip/funk"]
            transport = "udp"
            port = 0
            """,
            encoding="utf-8",
        )
        with Server(folder / "data", "--no-demo", "--config", str(config)) as server:
            yield Place(server, authority, alarms)


def acknowledgement(place: Place) -> bytes:
    """What a receiver with a certificate hears after a packet; empty where it was not let in."""
    context = ssl.create_default_context(cafile=place.authority.file)
    context.load_cert_chain(*map(str, place.authority.issue("receiver")))
    packet = f"7         <alive>{len(PACKET):<10}{PACKET}".encode()
    plain = socket.create_connection(("127.0.0.1", place.port("boswatch/funk")), timeout=30)
    answer = b""
    try:
        with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as sender:
            for octet in packet[:60]:
                sender.sendall(bytes([octet]))
            sender.sendall(packet[60:])
            while len(answer) < 16 and (more := sender.recv(16)):
                answer += more
    except (ssl.SSLError, ConnectionError):
        return b""
    return answer


def test_a_packet_over_tls_is_acknowledged_when_it_is_in_the_picture(place: Place) -> None:
    assert acknowledgement(place) == b"6         [ack-]"
    assert place.features()["boswatch:unit:69371412"]["fms_status"] == 3


def test_who_has_no_certificate_is_not_heard(place: Place) -> None:
    context = ssl.create_default_context(cafile=place.authority.file)
    with socket.create_connection(("127.0.0.1", place.port("boswatch/funk")), timeout=30) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as sender:
                sender.sendall(b"69371499 4\n")
                assert sender.recv(1) == b""
        except (ssl.SSLError, ConnectionError):
            pass
    assert "boswatch:unit:69371499" not in place.features()


def test_a_hundred_connections_that_do_not_finish_their_handshake_hold_nobody_up(place: Place) -> None:
    port = place.port("boswatch/funk")
    silent = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(100)]
    wait_until(lambda: "connections are open already" in str(place.source("boswatch/funk")["link_reason"]))
    for one in silent:
        one.close()
    wait_until(lambda: acknowledgement(place) == b"6         [ack-]", "a place that is free again")


def test_a_status_over_a_websocket_with_tls_and_sign_in(place: Place) -> None:
    wait_until(lambda: place.features().get("tetracontrol:unit:4711", {}).get("fms_status") == 4, "the status")
    assert place.source("tetracontrol/wache")["peer"].endswith("/live.json")
    assert "geheim" not in "".join(place.server.log)


def test_an_alarm_over_socketio_that_begins_with_long_polling(place: Place) -> None:
    wait_until(lambda: place.alarms.joined == [("7",)], "the room")
    data = {"einsatzdaten": {"nummer": "0817", "alarmzeit": "21.11.26&19:07", "stichwort": "B:Wohnung"}}
    place.alarms.say("io.new_waip", {"data": data, "app_id": "x"}, room="7")
    wait_until(lambda: place.features().get("waip:0817", {}).get("keyword") == "B:Wohnung", "the alarm")


def test_noise_by_udp_is_in_the_quarantine_with_its_sender(place: Place) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"noise", ("127.0.0.1", place.port("waip/funk")))
        mine = f"udp 127.0.0.1:{sender.getsockname()[1]}"
        wait_until(
            lambda: any(
                row["sender"] == mine for row in place.server.get("/quarantine?limit=50", place.token)["quarantine"]
            ),
            "the row",
        )
    wait_until(lambda: place.source("waip/funk")["refused"] == 1)
