"""Drones: samples/drone."""

from typing import Any

from tests.field.ledger import Reference, Sample

ITEM, OAM = "stac:59e62b903d6412ef7220a02f", "stac:openaerialmap:59e62b863d6412ef72209ae1"
KLV = "misb_klv:0170f592f02373364af8aa9162c00f2eb2da16b74341000841a0be365b5ab96a3645"


def image(name: str, digest: str, place: Any, camera: str, size: tuple[int, int], /, **said: Any) -> Sample:
    """An image; its footprint, where it has one, is a feature of its own. Small picture and image are two entries."""
    width, height = size
    own = {"geometry": place, "camera": camera, "width_px": width, "height_px": height, **said}
    says = {f"drone_image:{digest}": own}
    if "area_m2" in said:
        says[f"drone_image:{digest}#footprint"] = {"area_m2": said["area_m2"], "truncated": said["truncated"]}
    return Sample(path=f"drone/{name}", feed="drone_image", way="push", accepted=2, features=len(says), says=says)


def pose(heading: float, pitch: float, roll: float) -> dict[str, float]:
    """Where a camera looks."""
    return {"heading_deg": heading, "pitch_deg": pitch, "roll_deg": roll}


IMAGES = (
    image(
        "dji_h20t_oblique.jpg", "4d63cae409c7807c73c2d841f298ac5a", [-79.7649628056, 40.5637810833], "DJI ZH20T",
        (640, 512), **pose(32.5, -10.5, 0.0), height_m=16.508, altitude_m=221.404, view="horizon", truncated=True,
        taken_at="2021-05-28T08:33:46.000Z", area_m2=124005.1,
    ),
    image(
        "dji_xtr_ground.jpg", "c2ae58509119695cea72c27a344569e6", [-43.4913761111, -20.2327963056], "DJI FLIR",
        (640, 512), **pose(153.6, -8.3, 0.0), height_m=1.5, altitude_m=863.584, view="horizon", truncated=True,
        taken_at="2018-05-16T10:22:57.045Z", area_m2=73275.7,
    ),
    image(
        "dji_xts_pitch_up_broken_xmp.jpg", "91b8a0c42d9ed7380a936f6deb8fdd1b", [119.8433415278, 36.7296940278],
        "DJI XT S", (640, 512), **pose(91.3, 19.9, 0.0), height_m=37.7, altitude_m=-29.44, view="up", rtk="none",
        flags=["looks_up", "no_focal_length", "tz_assumed", "xmp_not_xml"],
    ),
    image(
        "dji_m30t_no_gps.jpg", "b30bb435a5218e201a04d9a137041a01", None, "DJI M30T", (640, 512), view="unknown",
        taken_at="2022-03-24T16:52:16.000Z", flags=["no_gps", "no_height", "no_pose", "tz_assumed"],
    ),
    image(
        "dji_p4m_nadir_rtk.tif", "df95563988514b55de450fa60f2d6043", [57.3188538333, -20.4405845], "DJI FC6360",
        (1600, 1300), **pose(311.4, -89.9, 0.0), height_m=120.99, altitude_m=117.1, view="nadir", rtk="fixed",
        focal_px=1913.33, accuracy_m=0.0151, truncated=False, area_m2=8317.6, taken_at="2021-07-22T08:18:45.000Z",
    ),
    image(
        "sensefly_ebee_thumb_1.jpg", "383ca4fd8404dcc6110626c5d0d70a36", [-81.70550109, 41.22636995],
        "Canon PowerShot S110", (48, 36), **pose(274.9312, -82.8993, 6.6989), altitude_m=438.189, view="nadir",
        accuracy_m=5.028, taken_at="2015-07-31T12:32:14.000Z",
    ),
    image(
        "micasense_rededge_thumb.tif", "4d4a4613cf3fa3d303ceeae68cd91b7e", [21.4300088, 50.9813956],
        "MicaSense RedEdge-M", (48, 36), altitude_m=294.816, view="unknown", taken_at="2018-08-22T10:11:40.000Z",
    ),
    image(
        "exiftool_gps_handheld.jpg", "4fb0a681632d618a2a35f463127e3e39", [-1.9141666667, 54.9896666667],
        "FUJIFILM FinePixS1Pro", (120, 80), view="photo", taken_at="2002-07-13T13:58:28.000Z",
    ),
)  # fmt: skip
SAMPLES = (
    *IMAGES,
    Sample(
        path="drone/dji_phantom4_fc330_1_metadata.txt", feed="drone_image", way="push", accepted=2, features=2,
        note="an image made with the metadata that it lists",
        says={
            "*": {
                "geometry": [-90.26, 32.4786], "camera": "DJI FC330", "width_px": 4000, "height_px": 3000,
                **pose(346.3, -88.4, 0.0), "height_m": 121.5, "altitude_m": 109.69, "view": "nadir",
                "taken_at": "2017-01-26T07:46:24.000Z",
            }
        },
    ),
    Sample(
        path="drone/dji_agung2_image_metadata.csv", feed="drone_csv", way="folder", accepted=1817, features=1817,
        options={"zone": "Asia/Makassar"}, tally={"pitch_deg": {-80.0: 1816, -64.4: 1}},
        named={
            "DJI_20251002120847_0345_D.JPG": {
                "geometry": [115.4618305556, -8.29425], "taken_at": "2025-10-02T04:08:47.000Z",
                **pose(269.9, -80.0, 0.0), "altitude_m": 1131.876,
            }
        },
    ),
    Sample(
        path="drone/dji_flightlog_2020-12-02.csv", feed="dji_flightlog", way="folder", accepted=92, features=2,
        options={"zone": "Pacific/Auckland", "started_at": "2020-12-02 07:50:31"},
        says={
            "dji_flightlog:box.dji-flightlog-2020-12-02": {
                "geometry": [170.4245683, -44.69008766], "observed_at": "2020-12-01T18:50:41.000Z",
            },
            "dji_flightlog:box.dji-flightlog-2020-12-02#track": {
                "from_at": "2020-12-01T18:50:31.300Z", "first": [170.424565, -44.690094],
            },
        },
    ),
    Sample(
        path="drone/dji_video_telemetry.srt", feed="dji_srt", way="folder", accepted=3,
        options={"started_at": "2020-01-01 12:00:00", "zone": "UTC"},
        says={
            "dji_srt:box.dji-video-telemetry": {
                "geometry": [-82.6669, 27.7716], "height_m": 0.0, "ground_speed_mps": 0.0, "vertical_speed_mps": 0.0,
                "observed_at": "2020-01-01T12:00:02.000Z",
            }
        },
    ),
    Sample(
        path="drone/misb_st0902_dynamic_constant_bad_checksum.klv", feed="misb_klv", way="udp", accepted=2,
        features=2,
        says={
            KLV: {
                "geometry": [128.42675904204452, 60.176822966978335], "observed_at": "2009-01-12T22:08:22.000Z",
                "name": "Predator", "heading_deg": 159.974365, "altitude_m": 14190.719463,
                "flags": ["checksum_failed"],
            },
            f"{KLV}:frame": {
                "name": "Mission 12", "camera": "EO Nose",
                "centre": {"type": "Point", "coordinates": [29.15789012292302, -10.542388633146132]},
            },
        },
    ),
    Sample(
        path="drone/odid_wifi_nan.pcap", feed="remote_id", way="folder", accepted=24, features=2,
        says={
            "remote_id:mac-84cca8604324": {
                "geometry": [-122.9722283, 45.5448998], "ground_speed_mps": 20.5, "altitude_m": 237.0,
                "height_m": 100.0, "operator_id": "GBR-OP-123ABCD", "remark": "Recreational", "heading_deg": 121.0,
                "operator_place": {"type": "Point", "coordinates": [-122.9726866, 45.5443876]},
                "observed_at": "2021-05-12T20:03:39.994Z",
            },
            "remote_id:mac-84cca8604324#track": {"first": [-122.972291, 45.545052]},
        },
    ),
    Sample(
        path="drone/odid_bt5_longrange.pcapng", feed="remote_id", way="folder", accepted=9, features=1, refused=2,
        reason="28 frames with a wrong checksum",
        says={
            "remote_id:SSEVTFG93700070": {
                "registration": "SSEVTFG93700070", "operator_id": "FIN87astrdge12kxyz8", "remark": "Drone ID demo",
                "aircraft_type": "multirotor", "geometry": None,
            }
        },
    ),
    Sample(
        path="drone/stac_item_oam_uav.json", feed="stac", way="poll", features=2,
        says={
            ITEM: {
                "name": "Pisgah Crater Cinder Cone", "camera": "Phantom 3 Pro", "taken_at": "2016-05-01T07:00:00.000Z",
                "gsd_m": 0.03325, "flags": ["gsd_in_degrees"], "view": "map",
            },
            f"{ITEM}#footprint": {
                "box": [-116.38018350872743, 34.74269850450097, -116.37018935527587, 34.750779859363035],
            },
        },
    ),
    Sample(
        path="drone/oam_meta_api_response10.json", feed="stac", way="poll", accepted=10, features=20,
        says={
            f"{OAM}#footprint": {
                "box": [-80.4248105, -0.9801461999990004, -80.418725308, -0.9748216999999999],
            }
        },
    ),
)  # fmt: skip
REFERENCES = (
    Reference(
        path="drone/dji_agung2_aoi.geojson",
        use="the images of the mission lie in this area or within a kilometre of it",
        test="test_drone_flights::test_the_images_of_a_mapping_mission",
    ),
)
