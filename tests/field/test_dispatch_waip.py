"""The test alarm of Wachalarm IP as its software has it (samples/dispatch/waip/SOURCES.md)."""

from datetime import UTC, datetime
from pathlib import Path

from layers.content import Address
from tests.feeds.dispatch_tools import decoded, mission, units


def test_the_test_alarm(samples: Path) -> None:
    found = decoded("waip", (samples / "dispatch" / "waip" / "testalarm_literal.json").read_bytes())
    assert found.refused == ()
    alarm, vehicle = found.observations
    assert alarm.subject == "waip:0815"
    assert alarm.geometry == {"type": "Point", "coordinates": [13.502943, 52.471244]}
    assert alarm.observed_at == datetime(2019, 1, 1, 0, 0, tzinfo=UTC)
    content = mission(found)
    assert (content.number, content.keyword, content.category) == ("0815", "S:Testeinsatz", "unknown")
    assert content.description == "DEMO Wachalarm-IP-Web - Testeinsatz"
    assert content.address == Address(street="Haidaer Str. 47A", city="Elsterwerda")
    assert content.location_detail == "Biehla"
    assert alarm.extra == {"sondersignal": True, "wachfolge": "611302"}
    assert vehicle.subject == "waip:unit:florian-ee-2-14-1"
    assert [(unit.call_sign, unit.base_station, unit.mission) for unit in units(found)] == [
        ("FL EE 02/14-01", "EE FW Elsterwerda", "waip:0815")
    ]
    assert vehicle.observed_at == datetime(2019, 1, 1, 17, 41, tzinfo=UTC)
