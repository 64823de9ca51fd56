"""An orderly stop: what had come before it is in the journal, gathered or not yet read."""

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server, lagebild, wait_until
from tests.transports.certificates import Authority
from tests.transports.links import Desk, running, stands

MOST = 40


def event(uid: str) -> bytes:
    """A position of a unit, as a TAK client says it."""
    return (
        f'<event version="2.0" uid="{uid}" type="a-f-G-U-C" how="m-g" time="2026-11-29T19:00:00Z" '
        f'start="2026-11-29T19:00:00Z" stale="2036-11-29T19:00:00Z">'
        f'<point lat="51.83" lon="8.78" hae="0" ce="5" le="5"/><detail><contact callsign="{uid}"/></detail></event>'
    ).encode()


class Place:
    """A server with listeners that gather."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "ca")
        certificate, key = map(str, self.authority.issue("server"))
        (folder / "lagebild.toml").write_text(
            f"""
            [feeds.connections."cot/tcp"]
            transport = "tcp"
            port = 0
            [feeds.connections."cot/tls"]
            transport = "tcp"
            port = 0
            cert_file = "{certificate}"
            key_file = "{key}"
            [feeds.connections."cot/udp"]
            transport = "udp"
            port = 0
            gather_s = 5
            """
        )
        self.server = Server(folder)

    def port(self, token: str, name: str) -> int:
        """Where a listener listens."""

        def peer() -> Any:
            found = self.server.get("/picture?situation=live&layers=sources", token)["features"]
            return next((one["properties"]["peer"] for one in found if one["id"] == f"source:{name}"), None)

        return int(str(wait_until(peer, name)).rpartition(":")[2])

    def units(self) -> set[str]:
        """Units in the journal, when no server runs."""
        done = lagebild("export", "--data", self.server.data, "--role", "control")
        assert done.returncode == 0, done.stderr
        return {one["id"] for one in json.loads(done.stdout)["features"] if one["properties"]["layer"] == "units"}


def test_what_had_come_before_the_signal_is_in_the_journal(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.server as server:
        token = server.token("control", "Pult")
        ports = {name: place.port(token, f"cot/{name}") for name in ("tcp", "tls", "udp")}
        plain = socket.create_connection(("127.0.0.1", ports["tcp"]))
        secured = ssl.create_default_context(cafile=place.authority.file).wrap_socket(
            socket.create_connection(("127.0.0.1", ports["tls"])), server_hostname="localhost"
        )
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with plain, secured, datagrams:
            for number in range(MOST):
                plain.sendall(event(f"tcp-{number}"))
                secured.sendall(event(f"tls-{number}"))
                datagrams.sendto(event(f"udp-{number}"), ("127.0.0.1", ports["udp"]))
            assert server.stop() == 0
    assert "a connection does not end" not in "".join(server.log)
    assert place.units() == {f"cot:{kind}-{number}" for kind in ("tcp", "tls", "udp") for number in range(MOST)}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_busy_desk_is_waited_for_at_the_end(transport: str) -> None:
    """The last message finds the desk busy: it is taken as soon as there is room."""
    desk = Desk()
    settings: dict[str, Any] = {"gather_s": 1.0} if transport == "udp" else {}
    with running("cot/x", desk, transport=transport, port=0, **settings) as runner:
        stands(runner)
        port = int((runner.state.peer or "").rpartition(":")[2])
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as sender:
            sender.connect(("127.0.0.1", port))
            sender.sendall(event("first"))
            wait_until(lambda: desk.bodies == [event("first")], "the first")
            desk.busy = 3
            sender.sendall(event("last"))
            runner.stop()
            wait_until(runner.ended.is_set, "the end")
    assert desk.bodies == [event("first"), event("last")]
    assert (runner.stats.messages, runner.stats.busy, runner.stats.dropped) == (2, 3, 0)
