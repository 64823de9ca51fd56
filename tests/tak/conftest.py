"""One server for all tests of TAK: open to tokens, bound by address, bound by certificate, and connected to taky."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server
from tests.tak.peers import Taky
from tests.tak.tools import Certificates, Tak, bound_token, feature, port_of

UNIT = "urn:ngsi-ld:EmergencyVehicle:hlf1"
MISSION = "urn:ngsi-ld:Alert:1"
GROUP = "239.2.3.1"


class Station:
    """A server with three TAK servers: open to tokens, bound by address, bound by certificate."""

    def __init__(
        self, server: Server, certificates: Certificates, files: tuple[Path, Path, str], neighbour: int
    ) -> None:
        self.server, self.certificates, self.files, self.neighbour = server, certificates, files, neighbour
        self.group: socket.socket
        self.secured: Taky
        """taky behind TLS, to which the server sends units."""
        self.tokens = {role: server.token(role) for role in ("control", "planner", "liaison", "admin")}
        self.tokens["crew"] = server.token("crew", "HLF", "--unit", UNIT)
        self.tokens["feed"] = server.token("feed", "leitstelle")
        self.ports = {
            name: port_of(server, self.tokens["control"], f"cot/{name}") for name in ("tak", "lan", "tls", "voll")
        }

    def connect(self, role: str, port: str = "tak") -> Tak:
        return Tak(self.ports[port], self.tokens[role])

    def say(self, *entities: dict[str, Any], action: str = "append") -> None:
        body = {"actionType": action, "entities": list(entities)}
        answer = self.server.request("POST", "/v2/op/update", self.tokens["feed"], json=body)
        assert answer.status_code == 204, answer.text

    def vehicle(self, subject: str, **more: Any) -> None:
        self.say({"id": subject, "type": "EmergencyVehicle", **more})

    def link(self, name: str) -> Any:
        """The state of a connection."""
        found = self.feature(f"source:{name}")
        return found and found["properties"]["link_state"]

    def feature(self, name: str) -> Any:
        return feature(self.server, self.tokens["control"], name)


@pytest.fixture(scope="session")
def stack() -> Iterator[ExitStack]:
    """What is ended at the end."""
    with ExitStack() as found:
        yield found


@pytest.fixture(scope="session")
def station(tmp_path_factory: pytest.TempPathFactory, stack: ExitStack) -> Iterator[Station]:
    """See the module."""
    folder: Path = tmp_path_factory.mktemp("tak")
    certificates = Certificates(folder)
    served, client = certificates.make("server"), certificates.make("tablet")
    _, liaison = bound_token(folder / "data", "liaison")
    _, crew = bound_token(folder / "data", "crew", "--unit", UNIT)
    neighbour = stack.enter_context(Taky(folder / "taky")).port
    secured = stack.enter_context(Taky(folder / "taky-tls", (certificates.ca, *served[:2])))
    group = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    group.bind((GROUP, 0))
    group.setsockopt(
        socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
    )
    group.settimeout(60)
    group_port = group.getsockname()[1]
    common = {"transport": "cot_server", "port": 0, "interval_s": 0.05, "sign_in_s": 20}
    tls = {"cert_file": str(served[0]), "key_file": str(served[1]), "client_ca_file": str(certificates.ca)}
    connections = {
        "cot/tak": common,
        "cot/lan": common | {"peers": {"127.0.0.1": crew}, "udp_port": 0, "protobuf": False, "layers": ["units"]},
        "cot/nachbar": {
            "transport": "cot_client",
            "host": "127.0.0.1",
            "port": neighbour,
            "interval_s": 0.05,
            "publish_token": liaison,
            "layers": ["units"],
            "retry_max_s": 1,
        },
        "cot/sicher": {
            "transport": "cot_client",
            "host": "127.0.0.1",
            "port": secured.port,
            "tls": True,
            "ca_file": str(certificates.ca),
            "cert_file": str(client[0]),
            "key_file": str(client[1]),
            "server_name": "localhost",
            "interval_s": 0.05,
            "publish_token": liaison,
            "layers": ["units"],
            "retry_max_s": 1,
        },
        "cot/mesh": common
        | {"multicast": f"{GROUP}:{group_port}", "multicast_token": liaison}
        | {"multicast_interface": "127.0.0.1", "layers": ["missions"], "announce_s": 2},
        "cot/voll": common | {"connections": 3},
        "cot/tls": common | tls | {"certificates": {client[2]: liaison}},
    }
    with Server(folder / "data", "--no-demo", LAGEBILD_FEEDS_CONNECTIONS=json.dumps(connections)) as server:
        found = Station(server, certificates, client, neighbour)
        found.group, found.secured = group, secured
        place = {"type": "Point", "coordinates": [8.78, 51.83]}
        found.vehicle(UNIT, name="HLF 20 1", vehicleType="HLF20", fmsStatus=3, location=place)
        data = {"alertKeyWord": "B3 Wohnungsbrand", "metaCategory": "FIREFIGHTING", "reporter": "Anna Muster"}
        address = {"streetAddress": "Rosenweg 3"}
        found.say({"id": MISSION, "type": "Alert", "data": data, "address": address, "location": place})
        yield found
