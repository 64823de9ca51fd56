"""Samples by UDP, TCP, WebSocket, Socket.IO and watched folders into one running server, and out of its picture."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.feeds.klv_tools import transport
from tests.server import Server, wait_until
from tests.transports.speakers import Alarms, Speaker

pytestmark = pytest.mark.field

FOLDERS = {
    "drone_image/quad": "drone/dji_h20t_oblique.jpg drone/dji_p4m_nadir_rtk.tif drone/dji_m30t_no_gps.jpg",
    "cap/dwd": "cap/dwd/Z_CAP_with_test.zip",
    "edxl_de/nsw": "dispatch/edxl/bushfire_valid.edxlde",
    "hystreet/moers": "crowd/hystreet_moers_2022-05_hourly.csv crowd/hystreet_moers_2022-07_hourly.csv",
    "dji_srt/film": "drone/dji_video_telemetry.srt",
    "remote_id/funk": "drone/odid_wifi_nan.pcap drone/odid_bt5_longrange.pcapng",
    "misb_klv/archiv": "drone/misb_st0902_dynamic_constant_bad_checksum.klv",
}
KLV_PLACE = [128.42675904204452, 60.176822966978335]


class House:
    """The server with every sender around it."""

    def __init__(self, server: Server, boxes: Path) -> None:
        self.server = server
        self.boxes = boxes
        self.token = server.token("control", "Leitstelle")

    def features(self) -> dict[str, dict[str, Any]]:
        """The picture by id."""
        found = self.server.get("/picture?situation=live", self.token)["features"]
        return {feature["id"]: feature for feature in found}

    def source(self, name: str) -> dict[str, Any]:
        """The health of a source."""
        found = self.features().get(f"source:{name}", {"properties": {}})["properties"]
        return dict(found)

    def accepts(self, name: str, number: int) -> None:
        """Wait until so many observations of the source were accepted."""
        wait_until(lambda: self.source(name).get("accepted") == number, f"{number} observations of {name}", 90)

    def port(self, name: str) -> int:
        """Where the server listens for a source."""
        wait_until(lambda: self.source(name).get("link_state") == "connected", f"{name} to stand")
        return int(str(self.source(name)["peer"]).rpartition(":")[2])


def settings(boxes: Path, matter: Speaker, mastodon: Speaker, waip: Alarms) -> str:
    """The settings file."""
    lines = ["[server]", "lang = 'de'"]
    for source in FOLDERS:
        folder = boxes / source.replace("/", "-")
        folder.mkdir(parents=True)
        lines += [f'[feeds.connections."{source}"]', 'transport = "folder"', f'path = "{folder}"']
        lines += ["poll_s = 0.1", "settle_s = 0.2"]
    for source, kind in (("misb_klv/heli", "udp"), ("waip/udp", "udp"), ("misb_klv/tcp", "tcp")):
        lines += [f'[feeds.connections."{source}"]', f'transport = "{kind}"', "port = 0"]
    lines += [
        '[feeds.connections."matter/haus"]',
        'transport = "websocket"',
        f'url = "ws://127.0.0.1:{matter.port}/ws"',
    ]
    lines += ['[feeds.connections."mastodon/strom"]', 'transport = "websocket"', 'auth = "bearer"', 'secret = "abc"']
    lines += [f'url = "ws://127.0.0.1:{mastodon.port}/api/v1/streaming?stream=public"']
    lines += ['[feeds.connections."waip/web"]', 'transport = "socketio"', f'url = "http://127.0.0.1:{waip.port}"']
    lines += ['namespace = "/waip"', 'join = [["WAIP", "611302"]]']
    return "\n".join(lines)


@pytest.fixture(scope="module")
def house(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Everything is running, and every folder has its files."""
    node = json.loads((samples / "alarm" / "matter_heiman_smoke_detector.json").read_bytes())
    recorded = yaml.safe_load((samples / "social" / "mastodon" / "test_stream_user_local.yaml").read_bytes())
    (stream,) = [each for each in recorded["interactions"] if "streaming" in each["request"]["uri"]]
    (said,) = [line for line in stream["response"]["body"]["string"].splitlines() if line.startswith("data:")]

    def matter(wire: Any) -> None:
        wire.send('{"fabric_id": 1, "schema_version": 11, "sdk_version": "x", "wifi_credentials_set": false}')
        asked = json.loads(wire.receive(timeout=60))
        assert asked["command"] == "start_listening"
        wire.send(json.dumps({"message_id": asked["message_id"], "result": [node]}))
        wire.send('{"event": "attribute_updated", "data": [11, "1/92/1", 2]}')
        wire.receive(timeout=600)

    def mastodon(wire: Any) -> None:
        payload = said.removeprefix("data:").strip()
        wire.send(json.dumps({"stream": ["public"], "event": "update", "payload": payload}))
        wire.receive(timeout=600)

    boxes = tmp_path_factory.mktemp("boxes")
    config = boxes / "lagebild.toml"
    alarm = json.loads((samples / "dispatch" / "waip" / "testalarm_literal.json").read_bytes())
    with Speaker(matter) as home, Speaker(mastodon) as posts, Alarms() as alarms:
        config.write_text(settings(boxes, home, posts, alarms), encoding="utf-8")
        with Server(tmp_path_factory.mktemp("data"), "--no-demo", "--config", str(config)) as server:
            for source, names in FOLDERS.items():
                for name in names.split():
                    shutil.copy(samples / name, boxes / source.replace("/", "-"))
            wait_until(lambda: alarms.joined == [("611302",)])
            alarm["einsatzdaten"]["nummer"] = "0816"
            alarms.say("from_server_to_client_new_waip", {"data": alarm, "app_id": "x"}, room="611302")
            yield House(server, boxes)


def test_video_by_udp_and_tcp_and_its_packets_as_a_file(house: House, samples: Path) -> None:
    body = (samples / "drone" / "misb_st0902_dynamic_constant_bad_checksum.klv").read_bytes()
    video = transport([body])
    house.accepts("misb_klv/archiv", 2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as encoder:
        for at in range(0, len(video), 100):
            encoder.sendto(video[at : at + 100], ("127.0.0.1", house.port("misb_klv/heli")))
    with socket.create_connection(("127.0.0.1", house.port("misb_klv/tcp")), timeout=30) as encoder:
        encoder.sendall(body[:100])
        encoder.sendall(body[100:])
    house.accepts("misb_klv/heli", 2)
    house.accepts("misb_klv/tcp", 2)
    features = house.features()
    (drone,) = [one for name, one in features.items() if name.startswith("misb_klv:") and not name.endswith(":frame")]
    assert drone["geometry"]["coordinates"] == pytest.approx(KLV_PLACE, abs=1e-9)
    seen = drone["properties"]
    assert (seen["name"], seen["observed_at"]) == ("Predator", "2009-01-12T22:08:22.000Z")
    assert seen["heading_deg"] == pytest.approx(159.974365, abs=1e-5)
    assert "checksum_failed" in seen["flags"]


def test_images_by_folder(house: House, samples: Path) -> None:
    wait_until(lambda: sum("#footprint" in name for name in house.features()) == 2, "both footprints", 90)
    features = house.features()
    nadir = features["drone_image:df95563988514b55de450fa60f2d6043"]
    assert nadir["geometry"]["coordinates"] == pytest.approx([57.3188538333, -20.4405845], abs=1e-9)
    seen = nadir["properties"]
    assert (seen["rtk"], seen["height_m"], seen["pitch_deg"]) == ("fixed", 120.99, -89.9)
    kept = house.server.request("GET", seen["url"], house.token).content
    assert kept == (samples / "drone" / "dji_p4m_nadir_rtk.tif").read_bytes()
    oblique = features["drone_image:4d63cae409c7807c73c2d841f298ac5a"]
    assert oblique["geometry"]["coordinates"] == pytest.approx([-79.7649628056, 40.5637810833], abs=1e-9)
    assert (oblique["properties"]["pitch_deg"], oblique["properties"]["truncated"]) == (-10.5, True)
    nowhere = wait_until(lambda: house.features().get("drone_image:b30bb435a5218e201a04d9a137041a01"))
    assert nowhere["geometry"] is None
    box = house.boxes / "drone_image-quad"
    wait_until(lambda: len(list((box / "done").iterdir())) == 3)
    assert [path.name for path in box.iterdir()] == ["done"]


def test_warnings_by_folder(house: House) -> None:
    house.accepts("cap/dwd", 1)
    house.accepts("edxl_de/nsw", 7)
    told = [one["properties"] for one in house.features().values() if one["properties"]["layer"] == "warnings"]
    (test,) = [one for one in told if one["event"] == "TEST-WARNUNG"]
    assert (test["actual"], test["in_force"], test["sent_at"]) == (False, False, "2024-04-23T08:21:00.000Z")
    assert {"One Tree MVA (Unmapped Incident)", "Quinambyie"} <= {one["headline"] for one in told}
    assert len(told) == 8


def test_tables_subtitles_and_captures_by_folder(house: House) -> None:
    house.accepts("hystreet/moers", 2 * 744)
    house.accepts("dji_srt/film", 3)
    house.accepts("remote_id/funk", 33)
    features = house.features()
    assert features["dji_srt:film"]["geometry"]["coordinates"][:2] == [-82.6669, 27.7716]
    # The clock of this drone stands at the full hour: the capture dates its places.
    assert features["remote_id:mac-84cca8604324"]["geometry"]["coordinates"][:2] == [-122.9722283, 45.5448998]
    assert features["remote_id:mac-84cca8604324"]["properties"]["operator_id"] == "GBR-OP-123ABCD"
    assert features["remote_id:SSEVTFG93700070"]["properties"]["operator_id"] == "FIN87astrdge12kxyz8"


def test_the_test_alarm_by_udp_and_by_socketio(house: House, samples: Path) -> None:
    body = (samples / "dispatch" / "waip" / "testalarm_literal.json").read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"noise", ("127.0.0.1", house.port("waip/udp")))
        sender.sendto(body, ("127.0.0.1", house.port("waip/udp")))
    house.accepts("waip/udp", 2)
    house.accepts("waip/web", 2)
    wait_until(lambda: house.source("waip/udp")["refused"] == 1, "the noise to be told")
    for number in ("0815", "0816"):
        alarm = house.features()[f"waip:{number}"]
        assert alarm["geometry"]["coordinates"] == [13.502943, 52.471244]
        assert (alarm["properties"]["number"], alarm["properties"]["keyword"]) == (number, "S:Testeinsatz")
        assert alarm["properties"]["observed_at"] == "2019-01-01T00:00:00.000Z"
    rows = house.server.get("/quarantine?limit=50", house.token)["quarantine"]
    assert any(row["sender"].startswith("udp 127.0.0.1:") for row in rows if row["feed"] == "waip")


def test_a_smoke_detector_and_its_alarm_by_websocket(house: House) -> None:
    house.accepts("matter/haus", 7)
    features = house.features()
    assert features["matter:haus:11:1:battery"]["properties"]["value"] == 94.0
    smoke = features["matter:haus:11:1:smoke"]["properties"]
    assert (smoke["value"], smoke["state"], smoke["description"]) == (True, "ALARM", "HEIMAN Smoke sensor")


def test_a_post_by_a_stream(house: House) -> None:
    house.accepts("mastodon/strom", 1)
    post = house.features()["mastodon:117440838331817220"]["properties"]
    assert post["message"] == "it's cool guy"
    assert house.source("mastodon/strom")["peer"].endswith("/api/v1/streaming")


def test_every_connection_stands_and_nothing_was_lost(house: House) -> None:
    for source in (*FOLDERS, "misb_klv/heli", "waip/udp", "misb_klv/tcp", "matter/haus", "mastodon/strom", "waip/web"):
        link = house.source(source)
        assert (source, link["link_state"], link["link_reason"]) == (source, "connected", None)
    told = house.server.request("GET", "/metrics", house.server.token("admin")).text
    dropped = [line for line in told.splitlines() if line.startswith("lagebild_connection_dropped_total{")]
    assert len(dropped) == len(FOLDERS) + 6
    assert {line.rpartition(" ")[2] for line in dropped} == {"0.0"}
