"""Messages of MONICA's pilots (samples/crowd and samples/alarm, SOURCES.md)."""

from pathlib import Path

import pytest

from layers.content import CrowdCount, CrowdSite, Device
from layers.observation import Observation
from tests.feeds.dispatch_tools import decoded


def only(samples: Path, name: str) -> Observation:
    found = decoded("monica", (samples / name).read_bytes())
    assert found.refused == ()
    (observation,) = found.observations
    return observation


def test_the_density_of_a_festival(samples: Path) -> None:
    found = only(samples, "crowd/monica_crowd_density_global_rif.json")
    assert found.content == CrowdCount(people=220)
    assert found.observed_at.isoformat() == "2018-06-12T09:49:14.491978+00:00"
    assert found.geometry == {"type": "Point", "coordinates": [7.140554, 50.712528]}
    assert (found.extra["rows"], found.extra["columns"]) == (86, 124)
    assert found.extra["map_sum"] == pytest.approx(143.00024772512134, abs=1e-9)
    assert found.extra["map_max"] == 1.5260635161201428


def test_the_density_of_a_camera(samples: Path) -> None:
    found = only(samples, "crowd/monica_crowd_density_local_leeds.json")
    assert found.content == CrowdCount(people=1)
    assert found.geometry == {"type": "Point", "coordinates": [-1.58338257, 53.8175451]}
    told = {name: found.extra[name] for name in ("rows", "columns", "map_sum", "camera_bearing_deg")}
    assert told == {"rows": 18, "columns": 8, "map_sum": 0.0, "camera_bearing_deg": 172}


def test_a_camera(samples: Path) -> None:
    found = only(samples, "crowd/monica_camera_registration.json")
    assert found.subject == "monica:camera:TESTING-CAMERA"
    assert isinstance(found.content, CrowdSite)
    assert (found.content.name, found.content.status) == ("CarPark", "active")
    assert found.geometry == {"type": "Point", "coordinates": [-0.30261, 51.40185]}
    assert found.extra["ground_plane_size"] == [20, 10]


def test_events(samples: Path) -> None:
    shot = only(samples, "alarm/monica_sound_event_gunshot.json")
    assert isinstance(shot.content, Device)
    assert (shot.content.measures, shot.content.state, shot.content.probability) == (("gunshot",), "ALARM", 0.85)
    assert (shot.observed_at.isoformat(), shot.flags) == ("2018-03-09T14:33:00.760000+00:00", ("end_before_start",))
    fight = only(samples, "alarm/monica_fight_detection.json")
    assert isinstance(fight.content, Device)
    assert (fight.content.measures, fight.content.state) == (("fight",), "ALARM")
    sos = only(samples, "alarm/monica_gps_tracker_sos.json")
    assert isinstance(sos.content, Device)
    assert (sos.content.measures, sos.observed_at.isoformat()) == (("panic",), "2018-10-08T17:08:25.160497+00:00")
