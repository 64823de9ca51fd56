"""Images of drones as they come from the field (samples/drone/SOURCES.md, read there by ExifTool)."""

from datetime import UTC, datetime
from math import hypot
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Image
from layers.geo import area_m2, bearing_deg, distance_m
from tests.feeds.dispatch_tools import decoded

BY_NAME: dict[str, dict[str, Any]] = {
    "dji_h20t_oblique.jpg": {
        "place": (-79.7649628055556, 40.5637810833333),
        "camera": "DJI ZH20T",
        "size": (640, 512),
        "pose": (32.5, -10.5, 0.0),
        "height_m": 16.508,
        "altitude_m": 221.404,
        "view": "horizon",
        "at": datetime(2021, 5, 28, 8, 33, 46, tzinfo=UTC),
        "flags": {"tz_assumed"},
    },
    "dji_xtr_ground.jpg": {
        "place": (-43.4913761111111, -20.2327963055556),
        "camera": "DJI FLIR",
        "size": (640, 512),
        "pose": (153.6, -8.3, 0.0),
        "height_m": 1.5,
        "altitude_m": 863.584,
        "view": "horizon",
        "at": datetime(2018, 5, 16, 10, 22, 57, 45_000, UTC),
        "flags": set(),
    },
    "dji_xts_pitch_up_broken_xmp.jpg": {
        "place": (119.843341527778, 36.7296940277778),
        "camera": "DJI XT S",
        "size": (640, 512),
        "pose": (91.3, 19.9, 0.0),
        "height_m": 37.7,
        "altitude_m": -29.44,
        "view": "up",
        "flags": {"looks_up", "no_focal_length", "tz_assumed", "xmp_not_xml"},
    },
    "dji_m30t_no_gps.jpg": {
        "place": None,
        "camera": "DJI M30T",
        "size": (640, 512),
        "view": "unknown",
        "at": datetime(2022, 3, 24, 16, 52, 16, tzinfo=UTC),
        "flags": {"no_gps", "no_height", "no_pose", "tz_assumed"},
    },
    "dji_p4m_nadir_rtk.tif": {
        "place": (57.3188538333333, -20.4405845),
        "camera": "DJI FC6360",
        "size": (1600, 1300),
        "pose": (311.4, -89.9, 0.0),
        "height_m": 120.99,
        "altitude_m": 117.1,
        "view": "nadir",
        "rtk": "fixed",
        "flags": {"tz_assumed"},
    },
    "sensefly_ebee_thumb_1.jpg": {
        "place": (-81.70550109, 41.22636995),
        "camera": "Canon PowerShot S110",
        "size": (48, 36),
        "pose": (274.9312, -82.8993, 6.6989),
        "altitude_m": 438.189,
        "view": "nadir",
        "flags": {"altitude_ref_assumed", "no_focal_length", "no_height", "pose_of_aircraft", "tz_assumed"},
    },
    "micasense_rededge_thumb.tif": {
        "place": (21.4300088, 50.9813956),
        "camera": "MicaSense RedEdge-M",
        "size": (48, 36),
        "altitude_m": 294.816,
        "view": "unknown",
        "flags": {"no_focal_length", "no_height", "no_pose", "tz_assumed"},
    },
    "exiftool_gps_handheld.jpg": {
        "place": (-1.91416666666667, 54.9896666666667),
        "camera": "FUJIFILM FinePixS1Pro",
        "size": (120, 80),
        "view": "photo",
        "flags": {"tz_assumed"},
    },
}


def image(samples: Path, name: str) -> tuple[Image, Any]:
    """The image of a sample and its observation."""
    (observation,) = decoded("drone_image", (samples / "drone" / name).read_bytes()).observations
    assert isinstance(observation.content, Image)
    return observation.content, observation


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_what_exiftool_reads(samples: Path, name: str) -> None:
    expected = BY_NAME[name]
    content, observation = image(samples, name)
    if expected["place"] is None:
        assert observation.geometry is UNSET
    else:
        assert observation.geometry["coordinates"] == pytest.approx(expected["place"], abs=1e-9)
    assert content.camera == expected["camera"]
    assert (content.width_px, content.height_px) == expected["size"]
    assert (content.heading_deg, content.pitch_deg, content.roll_deg) == expected.get("pose", (UNSET, UNSET, UNSET))
    assert content.height_m == expected.get("height_m", UNSET)
    assert content.altitude_m == expected.get("altitude_m", UNSET)
    assert content.view == expected["view"]
    assert set(observation.flags) == expected["flags"]
    if "at" in expected:
        assert observation.observed_at == expected["at"]
    if "rtk" in expected:
        assert content.rtk == expected["rtk"]


def test_the_clean_case_has_the_footprint_of_the_worked_example(samples: Path) -> None:
    content, observation = image(samples, "dji_p4m_nadir_rtk.tif")
    assert isinstance(content.footprint, dict)
    camera = observation.geometry["coordinates"]
    expected = ((-64.483, -10.632), (2.466, 65.307), (64.090, 10.898), (-2.780, -64.950))
    for corner, spot in zip(content.footprint["coordinates"][0], expected, strict=False):
        assert distance_m(*camera, *corner) == pytest.approx(hypot(*spot), abs=0.02)
    assert area_m2(content.footprint) == pytest.approx(101.2 * 82.2, rel=2e-3)
    assert content.gsd_m == pytest.approx(0.0632, abs=1e-4)
    assert (content.truncated, observation.accuracy_m) == (False, 0.0151)


def test_the_oblique_case_is_open_to_the_horizon(samples: Path) -> None:
    content, observation = image(samples, "dji_h20t_oblique.jpg")
    assert isinstance(content.footprint, dict)
    assert isinstance(content.centre, dict)
    assert content.focal_px == 1098.69
    assert content.truncated is True
    camera = observation.geometry["coordinates"]
    ring = content.footprint["coordinates"][0]
    nearest = sorted(distance_m(*camera, *corner) for corner in ring)[:2]
    assert nearest == pytest.approx([hypot(30.14, 25.56), hypot(10.43, 38.12)], abs=0.05)
    assert distance_m(*camera, *content.centre["coordinates"]) == pytest.approx(hypot(47.86, 75.12), abs=0.05)
    assert bearing_deg(*camera, *content.centre["coordinates"]) == pytest.approx(32.5, abs=0.1)
