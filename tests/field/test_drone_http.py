"""Every drone sample into a running server and out of its picture."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.feeds.gate import Gate
from tests.server import Server

BYTES = {"Content-Type": "application/octet-stream"}
SAMPLES = {
    "dji_h20t_oblique.jpg": ("drone_image", 1),
    "dji_m30t_no_gps.jpg": ("drone_image", 1),
    "dji_p4m_nadir_rtk.tif": ("drone_image", 1),
    "dji_xtr_ground.jpg": ("drone_image", 1),
    "dji_xts_pitch_up_broken_xmp.jpg": ("drone_image", 1),
    "exiftool_gps_handheld.jpg": ("drone_image", 1),
    "micasense_rededge_thumb.tif": ("drone_image", 1),
    "sensefly_ebee_thumb_1.jpg": ("drone_image", 1),
    "dji_agung2_image_metadata.csv": ("drone_csv", 1817),
    "dji_flightlog_2020-12-02.csv": ("dji_flightlog", 92),
    "dji_video_telemetry.srt": ("dji_srt", 3),
    "misb_st0902_dynamic_constant_bad_checksum.klv": ("misb_klv", 2),
    "odid_wifi_nan.pcap": ("remote_id", 28),
    "odid_bt5_longrange.pcapng": ("remote_id", 11),
    "oam_meta_api_response10.json": ("stac", 10),
    "stac_item_oam_uav.json": ("stac", 1),
}


@pytest.fixture(scope="module")
def filled(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A server to which every sample was sent."""
    with Server(tmp_path_factory.mktemp("drones"), "--no-demo") as running:
        gate = Gate(running)
        for name, (feed, accepted) in SAMPLES.items():
            body = (samples / "drone" / name).read_bytes()
            answer = gate.post(
                body, f"/feeds/{feed}", feed="quad", headers={"Content-Type": "application/octet-stream"}
            )
            assert (name, answer.status_code, answer.json()["accepted"]) == (name, 200, accepted)
        yield gate


def test_images_are_placed_and_their_originals_kept(filled: Gate, samples: Path) -> None:
    body = (samples / "drone" / "dji_p4m_nadir_rtk.tif").read_bytes()
    feature = filled.feature("drone_image:df95563988514b55de450fa60f2d6043")
    assert feature["geometry"]["coordinates"] == pytest.approx([57.3188538333, -20.4405845], abs=1e-9)
    assert (feature["properties"]["rtk"], feature["properties"]["height_m"]) == ("fixed", 120.99)
    assert filled.read(feature["properties"]["url"]).content == body
    assert filled.read(feature["properties"]["thumbnail_url"]).content[:2] == b"\xff\xd8"
    footprint = filled.feature("drone_image:df95563988514b55de450fa60f2d6043#footprint")
    assert footprint["properties"]["area_m2"] == pytest.approx(8_319, rel=0.01)


def test_a_picture_of_everything(filled: Gate) -> None:
    features = filled.server.get("/picture?situation=live", filled.tokens["control"])["features"]
    drones = [feature for feature in features if feature["properties"]["layer"] == "drones"]
    parts = [feature["properties"]["part"] for feature in drones]
    assert parts.count("image") == 8 + 1817 + 1 + 11
    assert parts.count("drone") == 5
    assert {feature["id"] for feature in drones if feature["properties"]["part"] == "drone"} == {
        "dji_flightlog:quad",
        "dji_srt:quad",
        "misb_klv:0170f592f02373364af8aa9162c00f2eb2da16b74341000841a0be365b5ab96a3645",
        "remote_id:SSEVTFG93700070",
        "remote_id:mac-84cca8604324",
    }


def test_who_flies_a_drone_reaches_the_control_room_alone(filled: Gate) -> None:
    for role, knows in (("control", True), ("liaison", False), ("admin", False)):
        told = filled.server.request("GET", "/picture?situation=live", filled.tokens[role]).text
        assert ("GBR-OP-123ABCD" in told) is knows, role
