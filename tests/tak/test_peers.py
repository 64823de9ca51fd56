"""Real peers: pytak connects to us, and we connect to taky."""

from pathlib import Path

from layers.cot import xml
from server.feeds.cot import piece_event
from server.feeds.cot.framing import Framer
from server.tak.guest import control
from tests.server import wait_until
from tests.tak.conftest import UNIT, Station
from tests.tak.peers import pytak
from tests.tak.tools import Tak


def test_pytak_hears_us_and_we_hear_pytak(station: Station, tmp_path: Path) -> None:
    with pytak(tmp_path, f"tcp://127.0.0.1:{station.ports['lan']}") as received:
        seen = wait_until(lambda: station.feature("cot:pytak-1"), "pytak's unit", 60)
        assert seen["geometry"]["coordinates"] == [8.8, 51.85]
        assert (seen["properties"]["title"], seen["properties"]["accuracy_m"]) == ("Drehleiter 1", 7.0)
        assert [one["id"] for one in seen["properties"]["sources"]] == ["cot/bound-crew"]

        def heard() -> list[str | None]:
            pieces = Framer().feed(received.read_bytes())
            events = [piece_event(piece) for piece in pieces if piece.kind != "junk"]
            return [event.value("contact", "callsign") for event in events if event is not None]

        wait_until(lambda: "HLF 20 1" in heard(), "our unit in pytak", 60)
        assert "Drehleiter 1" not in heard(), "nobody is told what he sent himself"


def test_we_connect_to_taky_both_ways(station: Station) -> None:
    with Tak(station.neighbour) as neighbour:
        event = xml(control("a-f-G-U-C", uid="NACHBAR-1"))
        event = event.replace(b'lat="0.0" lon="0.0"', b'lat="51.86" lon="8.81"')

        def arrived() -> object:
            neighbour.send(event)
            neighbour.read()
            return station.feature("cot:NACHBAR-1")

        seen = wait_until(arrived, "the neighbour", 60)
        assert seen["geometry"]["coordinates"] == [8.81, 51.86]
        assert [one["id"] for one in seen["properties"]["sources"]] == ["cot/nachbar"]
        station.vehicle(UNIT, name="HLF 20 neu")
        try:
            ours = neighbour.named("HLF 20 neu")
        finally:
            station.vehicle(UNIT, name="HLF 20 1")
        assert (ours.lat, ours.lon) == (51.83, 8.78)
        assert not [one for one in neighbour.events if one.uid == "NACHBAR-1"], "it does not go back"
    features = station.server.get("/picture?situation=live", station.tokens["control"])["features"]
    assert not [one["id"] for one in features if one["id"].startswith("cot:Lagebild-")]
    source = next(one["properties"] for one in features if one["id"] == "source:cot/nachbar")
    assert (source["link_state"], source["peer"]) == ("connected", f"tcp 127.0.0.1:{station.neighbour}")
