"""The samples of Cursor on Target through our own TAK server into the picture; what we send, by MITRE's schema."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from layers.cot import xml
from layers.cot_out import Outlook, deletion
from server.feeds.cot import piece_event
from server.feeds.cot.framing import Framer, datagram, mesh_frame, stream_frame
from server.feeds.cot.protobuf import read_message, write_message
from server.feeds.cot.xml import read_event
from server.tak.guest import control
from tests.server import Server, wait_until
from tests.tak.tools import Tak, bound_token, port_of

pytestmark = pytest.mark.field
Features = dict[str, dict[str, Any]]
LATE = {"literals/node-cot_ellipse_u-d-c-e.xml"}


def files(samples: Path) -> list[Path]:
    """Every sample that holds events."""
    folder = samples / "cot"
    return sorted([*folder.glob("*/*.cot"), *folder.glob("literals/*")])


class Station:
    def __init__(self, server: Server, features: Features, heard: bytes) -> None:
        self.server, self.features, self.heard = server, features, heard


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Station]:
    """A server after half of the samples came over TCP in chunks of 100 bytes, half as datagrams."""
    folder = tmp_path_factory.mktemp("cot")
    _, token = bound_token(folder / "data", "control")
    settings = {"transport": "cot_server", "port": 0, "udp_port": 0, "interval_s": 0.05, "peers": {"127.0.0.1": token}}
    with Server(folder / "data", "--no-demo", LAGEBILD_FEEDS_CONNECTIONS=json.dumps({"cot/feld": settings})) as server:
        control_ = server.token("control", "Leitstelle")
        port = port_of(server, control_, "cot/feld")
        peer = next(
            one["properties"]["peer"]
            for one in server.get("/picture?situation=live", control_)["features"]
            if one["id"] == "source:cot/feld"
        )
        udp = ("127.0.0.1", int(peer.rpartition(":")[2]))
        with Tak(port) as client, Tak(port) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            for number, path in enumerate(files(samples)):
                body = path.read_bytes()
                if number % 2 or path.suffix == ".bin":
                    datagrams.sendto(body, udp)
                else:
                    for at in range(0, len(body), 100):
                        client.send(body[at : at + 100])

            def all_there() -> Features:
                found = {one["id"]: one for one in server.get("/picture?situation=live", control_)["features"]}
                return found if len([name for name in found if name.startswith("cot:")]) == len(files(samples)) else {}

            features = wait_until(all_there, "every sample")
            listener.until(lambda one: one.uid == "ANDROID-deadbeef")
            listener.until(
                lambda one: one.type == "b-m-r" or one.value("contact", "callsign") == "Route 1", "the route"
            )
            yield Station(server, features, listener.raw)


EXPECTED: list[tuple[str, str, Any, dict[str, Any]]] = [
    (
        "a0c524c6-0422-4382-9981-e39d1dc71730",
        "marks",
        [-77.06364199776728, 38.856650047254725],
        {"title": "U.16.135057", "mark": "marker", "cot_type": "a-u-G", "affiliation": "unknown", "dimension": "ground",
         "how": "h-g-i-g-o", "creator": "HOPE", "parent": "cot:ANDROID-589520ccfcd20f01", "archive": True,
         "observed_at": "2020-12-16T19:59:34.910Z", "stale_at": "2021-01-02T20:40:03.838Z",
         "accuracy_m": None, "hae_m": None},
    ),
    (
        "9405e320-9356-41c4-8449-f46990aa17f8",
        "marks",
        [-77.0563755018233, 38.85606343062312],
        {"title": "R 1", "mark": "spot", "color": "#ff0000", "icon": "COT_MAPPING_SPOTMAP/b-m-p-s-m/-65536",
         "stale_at": "2021-01-02T20:40:03.841Z"},
    ),
    (
        "d0be1c6b-4d86-40ec-bf8f-0e94b621eb3b",
        "marks",
        None,
        {"title": "Geo Fence Circle", "mark": "geofence", "radius_m": 297.72, "stale_at": "2020-12-17T19:59:34.919Z",
         "fence": {"trigger": "Entry", "monitor": "All", "tracking": True, "min_hae_m": -33.30720360300985,
                   "max_hae_m": 271.4927963969902}},
    ),
    (
        "9017073e-5658-42e7-baa8-b98f3c9c1622",
        "marks",
        None,
        {"title": "Route 1", "mark": "route", "waypoints": ["Route 1 SP", "CP1", "CP2", "VDO"]},
    ),
    ("6d09b6f6-720a-4eef-a197-183012512316", "marks", None, {"mark": "circle", "radius_m": 226.98412686380018}),
    ("b112202e-dd33-4fc7-8d3d-09a14e296011", "marks", None, {"title": "Shape 1", "mark": "freeform"}),
    ("9655dd2a-a8ee-4ca0-aae4-ac3c0522e5e5", "marks", None, {"title": "R&B Circle 1", "radius_m": 468.29991497750774}),
    (
        "b76cb411-a36d-4308-be55-506729eace92",
        "marks",
        None,
        {"title": "Ellipse 1", "mark": "ellipse", "major_m": 1659.789905685972, "minor_m": 1350.724238139261,
         "angle_deg": 118.71278427072082, "hae_m": 1287.178, "creator": "COTAK Admin Ingalls"},
    ),
    (
        "17eaa1c4-e137-4328-b5e4-294d2a7fd01d",
        "marks",
        [-87.6590334, 41.8838397],
        {"title": "SP-Dev Manual Alert: Gunshot", "mark": "emergency", "emergency": "Manual Alert: Gunshot",
         "accuracy_m": 17.75, "hae_m": 155.50001525878906, "stale_at": "2026-02-04T13:55:15.895Z"},
    ),
    (
        "a7b52383-85be-42a1-a672-c32696029ff9",
        "marks",
        [-121.9, 37.4],
        {"title": "O/Z Entry", "hae_m": -29.1, "stale_at": "2027-02-03T19:54:05.000Z"},
    ),
    (
        "2983J8B001V013",
        "drones",
        [-108.6, 39.1],
        {"title": "UAS-CO DFPC Lawrence", "aircraft_type": "Mavic 2 Enterprise Dual-Visual", "heading_deg": 140.8,
         "ground_speed_mps": 0.0, "battery_pct": 60.3, "hae_m": 1381.333, "accuracy_m": None,
         "observed_at": "2024-04-24T16:37:38.002Z", "stale_at": "2024-04-24T16:37:41.502Z"},
    ),
    (
        "3b758d3c-5b7a-4fba-a0dc-bbde18e895b5",
        "drones",
        [-108.538469, 39.07726],
        {"title": "DFPC Ingalls.2.144535", "part": "image", "view": "photo", "stale_at": "2025-07-03T02:27:03.383Z"},
    ),
    (
        "layer-35-4707",
        "units",
        [-105.1, 39.1],
        {"title": "9T20", "cot_type": "a-f-G", "observed_at": "2024-06-07T15:28:48.000Z",
         "stale_at": "2024-06-07T15:33:48.669Z"},
    ),
    (
        "ANDROID-deadbeef",
        "units",
        [-3.141592, 1.234567],
        {"title": "JENNY", "team": "Cyan", "team_role": "Team Member", "battery_pct": 78.0, "hae_m": -25.7,
         "heading_deg": 80.24833892285461, "speed_mps": 0.0, "accuracy_m": 9.9, "stale_at": "2021-02-27T20:38:39.771Z"},
    ),
    (
        "aa0b0312-b5cd-4c2c-bbbc-9c4c70216261",
        "units",
        [-66.07737696, 43.97957317],
        {"title": "Eliopoli HQ", "team": "Yellow", "team_role": "HQ", "battery_pct": 100.0, "hae_m": 26.767999,
         "heading_deg": 0.0, "speed_mps": 0.0, "accuracy_m": None, "cot_type": "a-f-G-E-V-C",
         "observed_at": "2020-02-08T18:10:44.000Z", "stale_at": "2020-02-08T18:11:11.000Z"},
    ),
    (
        "GeoChat.ANDROID-deadbeef.JOKER%20MAN.563040b9-2ac9-4af3-9e01-4cb2b05d98ea",
        "notes",
        None,
        {"text": "test", "origin": "tak", "sender_id": "cot:ANDROID-deadbeef", "sender_name": "JENNY",
         "receiver": "JOKER MAN", "issued_at": "2021-02-23T22:28:22.191Z"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("uid", "layer", "place", "values"), EXPECTED, ids=[one[0][:20] for one in EXPECTED])
def test_a_sample_comes_out_as_it_is(
    station: Station, uid: str, layer: str, place: Any, values: dict[str, Any]
) -> None:
    feature = station.features[f"cot:{uid}"]
    properties = feature["properties"]
    assert properties["layer"] == layer
    assert {name: properties[name] for name in values} == values
    if place is not None:
        assert feature["geometry"] == {"type": "Point", "coordinates": place}


def test_the_shapes_of_the_samples(station: Station) -> None:
    route = station.features["cot:9017073e-5658-42e7-baa8-b98f3c9c1622"]["geometry"]
    assert (route["type"], len(route["coordinates"])) == ("LineString", 13)
    assert route["coordinates"][0] == [-77.05440032542333, 38.84335305982451]
    assert route["coordinates"][-1] == [-77.0410272520001, 38.84984726157651]
    drawn = station.features["cot:b112202e-dd33-4fc7-8d3d-09a14e296011"]["geometry"]
    assert (drawn["type"], len(drawn["coordinates"][0])) == ("Polygon", 7)
    fence = station.features["cot:d0be1c6b-4d86-40ec-bf8f-0e94b621eb3b"]["geometry"]["coordinates"][0]
    assert len(fence) == 65
    assert fence[0] == [-77.0658669, 38.8335807], "297.72 m north of its centre"


def test_every_sample_is_expected(station: Station, samples: Path) -> None:
    assert {f"cot:{one[0]}" for one in EXPECTED} == {name for name in station.features if name.startswith("cot:")}
    assert len(EXPECTED) == len(files(samples))


def test_the_sample_of_protocol_1_is_written_again(samples: Path) -> None:
    body = (samples / "cot" / "literals" / "takproto_mesh_v1.bin").read_bytes()
    (piece,) = datagram(body)
    event = piece_event(piece)
    assert event is not None
    again = mesh_frame(write_message(event))
    (piece_again,) = datagram(again)
    assert read_message(piece_again.body) == event
    assert (event.lat, event.lon, event.hae, event.ce) == (43.97957317, -66.07737696, 26.767999, None)
    assert event.value("uid", "Droid") == "Eliopoli HQ"
    assert b'<uid Droid="Eliopoli HQ"/>' in again
    assert b"192.168.1.10:4242:tcp" in again


def schema(samples: Path) -> etree.XMLSchema:
    """MITRE's Base-Event schema."""
    return etree.XMLSchema(etree.parse(samples / "cot" / "schema" / "CoT_Base-Event_Schema_PUBLIC_RELEASE.xsd"))


def test_what_we_send_is_valid(station: Station, samples: Path) -> None:
    pieces = [piece for piece in Framer().feed(station.heard) if piece.kind == "xml"]
    checked = schema(samples)
    assert len(pieces) >= 10
    for piece in pieces:
        document = etree.fromstring(piece.body)
        assert checked.validate(document), (checked.error_log, piece.body)
    now = datetime(2026, 11, 21, 20, tzinfo=UTC)
    for event in (deletion("x", Outlook(house="ab12cd34", now=now)), control("t-x-c-t")):
        assert checked.validate(etree.fromstring(xml(event)))


PARTS = ("Contact", "Link", "Remarks", "Shape", "Track")


@pytest.mark.parametrize("part", PARTS)
def test_the_parts_are_those_of_mitre(station: Station, samples: Path, part: str) -> None:
    """By the schemas of the parts, but for what TAK added to them: attributes, corners and styles as links.

    We send no `shape`: there the samples are judged, of which we read it.
    """
    tree = etree.parse(samples / "cot" / "schema" / f"CoT_{part}_Schema_PUBLIC_RELEASE.xsd")
    checked = etree.XMLSchema(tree)
    known = {str(name) for name in tree.xpath("//*[local-name()='attribute']/@name")}
    sent = [piece.body for piece in Framer().feed(station.heard) if piece.kind == "xml"]
    sent.append(xml(deletion("x", Outlook(house="ab12cd34", now=datetime(2026, 11, 21, 20, tzinfo=UTC)))))
    drawn = [path.read_bytes() for path in files(samples) if path.suffix != ".bin"]
    found = [
        etree.fromstring(etree.tostring(node, with_tail=False))
        for body in (drawn if part == "Shape" else sent)
        for node in etree.fromstring(body).iter(part.lower())
        if "point" not in node.attrib
    ]
    for node in found:
        for inner in [one for one in node.iter() if one is not node and one.tag == "link"]:
            parent = inner.getparent()
            assert parent is not None
            parent.remove(inner)
        for one in node.iter():
            for name in set(one.attrib) - known:
                del one.attrib[name]
        assert checked.validate(node), (checked.error_log, etree.tostring(node))
    assert len(found) >= 4 if part in ("Contact", "Shape") else found


def test_the_samples_survive_both_encodings(samples: Path) -> None:
    for path in files(samples):
        for piece in datagram(path.read_bytes()):
            event = piece_event(piece)
            assert event is not None
            (packed,) = Framer().feed(stream_frame(write_message(event)))
            found = read_message(packed.body)
            assert found is not None
            again = read_event(xml(found))
            assert (again.uid, again.type, again.lat, again.lon) == (event.uid, event.type, event.lat, event.lon)
            assert sorted(node.tag for node in again.detail) == sorted(node.tag for node in event.detail)
