"""The samples by the transports that the field uses: a broker and a web server of others, and out of our picture.

One Mosquitto with TLS, certificates and passwords, one web server, one Lagebild that connects to both.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.feeds.frames import FRAMES
from tests.server import Server, wait_until
from tests.transports.certificates import Authority
from tests.transports.misbehaviour import HttpServer, Reply, Request
from tests.transports.mosquitto import PASSWORD, USER, Mosquitto, Publisher, free_port

pytestmark = pytest.mark.field
CAPTURE = re.compile(r"message topic= (\S+)\nmessage received  (\{.*\})")
KEY = "Gh3-geheimer-Schluessel"
WARNING = "mow.DE-NW-PDT-SE000-20261121-19-000"
Features = dict[str, dict[str, Any]]


class Page:
    """Answers as servers do that know conditions and cursors."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __call__(self, asked: Request) -> Reply:
        tag = f'"{len(self.body)}"'
        if asked.headers.get("If-None-Match") == tag:
            return Reply(304)
        return Reply(body=b"[]") if "min_id" in asked.query else Reply(body=self.body, headers={"ETag": tag})


class Field:
    """The machines of others, and our server."""

    def __init__(self, folder: Path, samples: Path) -> None:
        self.samples = samples
        authority = Authority(folder / "ca")
        self.certificate, self.key = authority.issue("lagebild")
        certificate, key = authority.issue("broker")
        self.authority = authority.file
        self.tls_port = free_port()
        self.broker = Mosquitto(
            folder / "broker",
            "max_queued_messages 0",
            f"listener {self.tls_port} 127.0.0.1",
            *(f"cafile {authority.file}", f"certfile {certificate}", f"keyfile {key}", "require_certificate true"),
        )
        self.web = HttpServer(authority.issue("web"))
        self.password = folder / "password"
        self.password.write_text(PASSWORD)
        self.folder = folder
        self.server = Server(folder / "data", "--no-demo", LAGEBILD_FEEDS_CONNECTIONS="{}", FIELD_KEY=KEY)

    def connections(self) -> dict[str, Any]:
        """What an administrator would write."""
        open_ = {"transport": "mqtt", "host": "127.0.0.1", "port": self.broker.port, "username": USER}
        open_ |= {"password_file": str(self.password)}
        secured = {**open_, "port": self.tls_port, "version": "5", "tls": True, "ca_file": str(self.authority)}
        secured |= {"cert_file": str(self.certificate), "key_file": str(self.key)}
        asked = {"transport": "poll", "ca_file": str(self.authority), "interval_s": 3_600, "max_bytes": 64_000_000}
        url = self.web.url
        return {
            "lorawan/tts": {**secured, "topics": ["v3/+/devices/+/up"]},
            "lorawan/chirpstack": {**open_, "topics": ["application/+/device/+/event/up"]},
            "zigbee2mqtt/ort": {**open_, "topics": ["zigbee2mqtt/{part}/#"]},
            "sensorthings/lst": {**open_, "topics": ["GOST_LARGE_SCALE_TEST/#"]},
            "sensorthings/hamburg": {**asked, "urls": [f"{url}/v1.0/Things"], "paging": "sensorthings"},
            "cap/dwd": {**asked, "urls": [f"{url}/dwd/"], "files": "*.zip"},
            "nina/bund": {
                **asked,
                "urls": [f"{url}/nina/mapData.json"],
                "details": [f"{url}/nina/warnings/{{id}}.json"],
            },
            "mastodon/ort": {**asked, "urls": [f"{url}/api/v1/timelines/public"], "cursor": "min_id"},
            "rss/blatt": {**asked, "urls": [f"{url}/news.rss"]},
            "hystreet/moers": {**asked, "urls": [f"{url}/hystreet.csv?from={{from}}"]},
            "stac/oam": {**asked, "urls": [f"{url}/stac/item.json", f"{url}/oam/meta"]},
            "seattle/stadt": {**asked, "urls": [f"{url}/seattle.geojson"]},
            "divera/wache": {
                **asked,
                "urls": [f"{url}/api/last-alarm"],
                "auth": "query",
                "auth_name": "accesskey",
                "secret_env": "FIELD_KEY",
            },
        }

    def serve_files(self) -> None:
        """Put the files where they are asked for."""
        samples, frames = self.samples, FRAMES
        recorded = yaml.safe_load((samples / "social" / "mastodon" / "test_public_tl.yaml").read_text(encoding="utf-8"))
        timeline = next(
            each["response"]["body"]["string"]
            for each in recorded["interactions"]
            if "/timelines/public" in each["request"]["uri"]
        )
        files = {
            "/v1.0/Things": samples / "crowd" / "sta_v10_things_hamburg.json",
            "/dwd/Z_CAP_1.zip": samples / "cap" / "dwd" / "Z_CAP_with_test.zip",
            "/nina/mapData.json": frames / "nina" / "map.json",
            f"/nina/warnings/{WARNING}.json": frames / "nina" / "warning.json",
            "/news.rss": frames / "rss" / "news.rss",
            "/hystreet.csv": samples / "crowd" / "hystreet_moers_2022-05_hourly.csv",
            "/stac/item.json": samples / "drone" / "stac_item_oam_uav.json",
            "/oam/meta": samples / "drone" / "oam_meta_api_response10.json",
            "/seattle.geojson": samples / "dispatch" / "seattle" / "Fire911Calls.geojson",
            "/api/last-alarm": frames / "divera" / "answer.json",
        }
        bodies = {path: file.read_bytes() for path, file in files.items()}
        bodies["/dwd/"] = b'<a href="../">..</a> <a href="Z_CAP_1.zip">Z_CAP_1.zip</a>'
        bodies["/api/v1/timelines/public"] = timeline.encode()
        self.web.answers.update({path: [Page(body)] for path, body in bodies.items()})

    def publish(self) -> None:
        """Everything that devices send."""
        crowd, alarm = self.samples / "crowd", self.samples / "alarm"
        with zipfile.ZipFile(crowd / "sta_mqtt_capture_2019-07-16.zip") as archive:
            name = next(one for one in archive.namelist() if "log_subscriber_mosquitto" in one)
            self.captured = CAPTURE.findall(archive.read(name).decode().replace("\r\n", "\n"))
        with Publisher(self.broker.port) as devices:
            for part in ("lorawan_tts3_vs121_regions", "lorawan_tts3_vs133_lines", "lorawan_tts3_ws302_noise"):
                devices.send(f"v3/app/devices/{part}/up", (crowd / f"{part}.json").read_bytes())
            chirpstack = (crowd / "lorawan_chirpstack4_vs121_regions.json").read_bytes()
            devices.send("application/1/device/1000000000000001/event/up", chirpstack)
            for topic, payload in self.captured:
                devices.client.publish(topic, payload, 1)
            smoke = (alarm / "quoted" / "z2m_state_xiaomi_smoke_true.json").read_bytes()
            devices.send("zigbee2mqtt/haus7/sens_smoke1", smoke, retain=True)
            known = (alarm / "z2m_bridge_devices.json").read_bytes()
            devices.send("zigbee2mqtt/haus7/bridge/devices", known, retain=True)

    def picture(self) -> Features:
        """What the control room sees."""
        features = self.server.get("/picture?situation=live", self.control)["features"]
        return {feature["id"]: feature for feature in features}

    def source(self, name: str) -> dict[str, Any]:
        """How a source is; empty before anything is known of it."""
        features = self.server.get("/picture?situation=live&layers=sources", self.control)["features"]
        return next((one["properties"] for one in features if one["id"] == f"source:{name}"), {})

    def links(self, *names: str) -> set[Any]:
        """The states of these connections."""
        return {self.source(name).get("link_state") for name in names}

    def run(self) -> "Field":
        """Start all, send all, and wait until all is in."""
        self.broker.start()
        self.web.__enter__()
        self.serve_files()
        self.server.environment["LAGEBILD_FEEDS_CONNECTIONS"] = json.dumps(self.connections())
        self.server.start()
        self.control = self.server.token("control", "Leitstelle")
        names = self.connections()
        wait_until(lambda: self.links(*names) == {"connected"}, "every connection to stand", 60)
        self.publish()
        return self

    def accepted(self, source: str, number: int) -> None:
        """Wait until so much came from a source, and nothing was refused."""
        wait_until(lambda: self.source(source).get("accepted") == number, source, 60)
        assert self.source(source)["refused"] == 0

    def close(self) -> None:
        """End all."""
        if self.server.process is not None:
            self.server.stop()
        self.web.__exit__()
        self.broker.stop()


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Field]:
    made = Field(tmp_path_factory.mktemp("field"), samples)
    try:
        yield made.run()
    finally:
        made.close()


def test_uplinks_of_two_network_servers(field: Field) -> None:
    """By the reference of ThingsBoard; the two name the same counter, and ChirpStack's word is the newer one."""
    field.accepted("lorawan/tts", 16 + 4 + 2)
    field.accepted("lorawan/chirpstack", 16)
    found = field.picture()
    counter = {key.rpartition(":")[2]: one["properties"] for key, one in found.items() if key.startswith("lorawan:")}
    people = {name: one["people"] for name, one in counter.items() if name.startswith("region_")}
    assert people == {f"region_{number}": {2: 1, 8: 3, 9: 1}.get(number, 0) for number in range(1, 17)}
    assert counter["region_8"]["observed_at"] == "2023-05-22T07:47:05.404Z"
    lines = [(counter[f"line_{n}"]["inbound_total"], counter[f"line_{n}"]["outbound_total"]) for n in (1, 2, 3, 4)]
    assert lines == [(72, 200), (0, 0), (0, 0), (5300, 6797)]
    assert counter["line_4"]["observed_at"] == "2023-05-19T05:33:35.608Z"
    assert counter["noiseLevel"]["value"] == 47.4


def test_a_capture_of_a_broker_played_to_a_broker(field: Field) -> None:
    """193 messages on 10 topics, 34 of them again; the newest of each datastream is where its tag is."""
    assert len(field.captured) == 193
    field.accepted("sensorthings/lst", 159)
    newest = {}
    for topic, payload in field.captured:
        newest[re.findall(r"\((\d+)\)", topic)[0]] = json.loads(payload)
    assert len(newest) == 10
    found = field.picture()
    for stream, said in newest.items():
        tag = found[f"sensorthings:lst:{stream}"]
        assert tag["geometry"]["coordinates"] == [said["result"]["lon"], said["result"]["lat"]]
        assert tag["properties"]["name"] == said["result"]["tagId"]
        assert tag["properties"]["observed_at"][:23] == said["phenomenonTime"][:23]


def test_a_house_behind_a_broker_of_many(field: Field) -> None:
    field.accepted("zigbee2mqtt/ort.haus7", 6)
    found = field.picture()
    smoke = found["zigbee2mqtt:ort.haus7:sens_smoke1:smoke"]["properties"]
    assert (smoke["value"], smoke["state"], smoke["observed_at"]) == (True, "ALARM", "2019-11-10T13:43:09.829Z")
    assert {key.split(":")[2] for key in found if key.startswith("zigbee2mqtt:")} == {
        *("sens_smoke1", "test_light", "test_sensor"),
    }


def test_things_of_a_city_by_poll(field: Field) -> None:
    field.accepted("sensorthings/hamburg", 6)
    found = field.picture()
    assert {found[key]["properties"]["name"] for key in found if key.startswith("sensorthings:hamburg:thing:")} == {
        f"MONICA_HAMBURG_GPS_{number}" for number in range(1, 7)
    }
    assert found["sensorthings:hamburg:thing:3897"]["properties"]["name"] == "MONICA_HAMBURG_GPS_1"


def test_warnings_news_and_posts_by_poll(field: Field) -> None:
    for source, number in (("cap/dwd", 1), ("nina/bund", 3), ("mastodon/ort", 8)):
        field.accepted(source, number)
    found = field.picture()
    warnings = {str(one["properties"]["event"]) for one in found.values() if one["properties"]["layer"] == "warnings"}
    assert "TEST-WARNUNG" in warnings
    assert "nina:mow.DE-NW-PDT-SE000-20261121-19-000" in found
    assert len([key for key in found if key.startswith("mastodon:")]) == 8
    assert [key for key in found if key.startswith("rss:")] != []


def test_pedestrians_images_and_incidents_by_poll(field: Field) -> None:
    for source, number in (("hystreet/moers", 744), ("stac/oam", 11), ("seattle/stadt", 1_000)):
        field.accepted(source, number)
    found = field.picture()
    (street,) = (one["properties"] for key, one in found.items() if key.startswith("hystreet:"))
    assert (street["people"], street["to_at"]) == (13, "2022-05-31T22:00:00.000Z")
    image = found["stac:59e62b903d6412ef7220a02f"]["properties"]
    assert (image["name"], image["observed_at"]) == ("Pisgah Crater Cinder Cone", "2016-05-01T07:00:00.000Z")
    assert len([key for key in found if key.startswith("seattle:")]) == 1_000
    fire = found["seattle:F190051945"]
    assert fire["geometry"]["coordinates"] == [-122.329051, 47.6069]
    assert (fire["properties"]["keyword"], fire["properties"]["observed_at"]) == (
        *("Car Fire", "2019-05-22T19:55:00.000Z"),
    )


def test_alarms_by_poll_and_a_key_that_nobody_sees(field: Field) -> None:
    wait_until(lambda: field.source("divera/wache")["accepted"] == 4)
    assert field.picture()["divera:2026-4711"]["properties"]["keyword"] == "F2Y"
    assert field.web.asked("/api/last-alarm")[0].query == {"accesskey": [KEY]}
    metrics = field.server.request("GET", "/metrics", field.server.token("admin")).text
    assert 'lagebild_connection_up{source="divera/wache",transport="poll"} 1.0' in metrics
    shown = json.dumps(field.picture()) + metrics + "".join(field.server.log)
    kept = b"".join(path.read_bytes() for path in field.server.data.rglob("*") if path.is_file())
    for secret in (KEY, PASSWORD):
        assert secret not in shown
        assert secret.encode() not in kept


def test_a_broker_that_goes_is_told_and_found_again(field: Field) -> None:
    """The last of all: it takes the broker away."""

    mine = ("lorawan/tts", "lorawan/chirpstack", "zigbee2mqtt/ort", "sensorthings/lst")
    field.broker.stop()
    wait_until(lambda: field.links(*mine) == {"lost"}, "the loss of the broker")
    assert all(field.source(name)["link_reason"] and field.source(name)["next_try_at"] for name in mine)
    field.broker.start()
    wait_until(lambda: field.links(*mine) == {"connected"}, "the broker to be found again", 60)
    assert not any(field.source(name)["link_reason"] or field.source(name)["next_try_at"] for name in mine)
    before = field.source("lorawan/tts")["accepted"]
    fresh = (field.samples / "crowd" / "lorawan_tts3_vs121_regions.json").read_bytes().replace(b"10335", b"10336")
    field.broker.publish(("v3/app/devices/vs121/up", fresh))
    field.accepted("lorawan/tts", before + 16)
    assert field.server.stop() == 0
