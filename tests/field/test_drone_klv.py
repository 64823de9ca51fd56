"""The packet of ST 0902 with a checksum that is wrong as published (samples/drone/SOURCES.md)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers.content import Drone, Image
from tests.feeds.dispatch_tools import decoded


def test_the_published_packet(samples: Path) -> None:
    body = (samples / "drone" / "misb_st0902_dynamic_constant_bad_checksum.klv").read_bytes()
    found = decoded("misb_klv", body)
    assert found.refused == ()
    drone, frame = found.observations
    assert isinstance(drone.content, Drone)
    assert isinstance(frame.content, Image)
    assert drone.observed_at == frame.observed_at == datetime(2009, 1, 12, 22, 8, 22, tzinfo=UTC)
    assert drone.flags == frame.flags == ("checksum_failed",)
    assert isinstance(drone.geometry, dict)
    assert drone.geometry["coordinates"] == pytest.approx([128.42675904204452, 60.176822966978335], abs=1e-12)
    assert (drone.content.name, drone.content.heading_deg) == ("Predator", 159.974365)
    assert drone.content.altitude_m == pytest.approx(14190.719462882427, abs=1e-6)
    assert (frame.content.name, frame.content.camera) == ("Mission 12", "EO Nose")
    assert isinstance(frame.content.centre, dict)
    assert frame.content.centre["coordinates"] == pytest.approx([29.15789012292302, -10.542388633146132], abs=1e-12)
    assert frame.extra["checksum_ok"] is False
    expected = {
        "platform_pitch_deg": -0.4315317239905987,
        "platform_roll_deg": 3.4058656575212893,
        "hfov_deg": 144.5712977798123,
        "vfov_deg": 152.64362554360267,
        "sensor_azimuth_deg": 160.71921143697557,
        "sensor_elevation_deg": -168.79232483394085,
        "sensor_roll_deg": 176.86543764939194,
        "slant_range_m": 68590.98329874477,
        "target_width_m": 722.8198672465096,
        "centre_elevation_m": 3216.0372320134275,
        "version": 6,
        "classification": "UNCLASSIFIED",
    }
    for name, value in expected.items():
        assert frame.extra[name] == (value if isinstance(value, str) else pytest.approx(value, abs=1e-8)), name
