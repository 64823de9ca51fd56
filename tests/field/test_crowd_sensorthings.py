"""SensorThings as servers and brokers really sent it (samples/crowd/SOURCES.md)."""

from pathlib import Path

from layers.content import Device
from tests.feeds.dispatch_tools import decoded


def test_things_of_a_city(samples: Path) -> None:
    found = decoded("sensorthings", (samples / "crowd" / "sta_v10_things_hamburg.json").read_bytes())
    assert (len(found.observations), found.refused) == (6, ())
    first = found.observations[0]
    assert first.subject == "sensorthings:frame:thing:3897"
    assert isinstance(first.content, Device)
    assert first.content.name == "MONICA_HAMBURG_GPS_1"


def test_the_position_of_glasses(samples: Path) -> None:
    body = (samples / "crowd" / "sta_mqtt_observation_complex_result.json").read_bytes()
    (found,) = decoded("sensorthings", body).observations
    assert found.subject == "sensorthings:frame:89"
    assert found.observed_at.isoformat() == "2019-04-04T12:08:08.899920+00:00"
    assert found.geometry == {"type": "Point", "coordinates": [-1.5816384, 53.8176907]}


def test_a_capture_of_a_broker(samples: Path) -> None:
    """193 messages on 10 topics; 34 of them say again what was said of the same datastream and time."""
    found = decoded("sensorthings", (samples / "crowd" / "sta_mqtt_capture_2019-07-16.zip").read_bytes())
    assert (len(found.observations), found.refused) == (159, ())
    assert len({each.subject for each in found.observations}) == 10
    first = found.observations[0]
    assert first.subject == "sensorthings:frame:4157"
    assert first.observed_at.isoformat() == "2019-07-16T08:02:11.773000+00:00"
    assert (first.observed_at - first.reported_at).total_seconds() == 7.933917
    assert first.geometry == {"type": "Point", "coordinates": [12.570241159842377, 55.67629652747107]}
