"""Feeds of which no message of the field was to be had: our captured frames by their own transports into a running
server, and out of its picture.

The frames are written to the documents of the interfaces. `citizen` has its form (tests/http/test_citizen.py), `iris`
its building (tests/transports/test_iris.py), `report` the clients (tests/sync).
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.feeds.frames import FRAMES
from tests.field.holding import holds, nothing_is_lost
from tests.field.ledger import Sample
from tests.field.station import Station

SMOKE = "mow.DE-NW-PDT-SE000-20261121-19-000"
FE2, UCRI2 = "alamos_fe2:Leitstelle%20Padertopia", "ucri2:550e8400-0000-4000-8000-00000000471a"
HEIDEBLICK = {
    "keyword": "F2Y", "category": "fire", "number": "2026-4711", "geometry": [8.78125, 51.83042],
    "address": {"street": "Birkenweg 7", "postcode": "33999", "city": "Padertopia"},
    "issued_at": "2026-11-21T18:05:11.000Z",
}  # fmt: skip


def frame(path: str, way: str, accepted: int, features: int, says: dict[str, Any], **more: Any) -> Sample:
    """A frame; its feed is its folder, its features those of the feed."""
    feed = path.partition("/")[0]
    told = {key if key.startswith(f"{feed}:") else f"{feed}:{key}": said for key, said in says.items()}
    return Sample(path=path, feed=feed, way=way, accepted=accepted, features=features, says=told, **more)


ENTRIES = (
    frame(
        "alamos_fe2/alarm.json", "push", 4, 4,
        {
            f"{FE2}:2026-4711": {
                **HEIDEBLICK, "state": "open", "subcategory": "Feuer 2, Menschenleben in Gefahr",
                "location_detail": "Haus Heideblick, Heide, Hinterhaus", "reporter": "Erika Muster",
            },
            f"{FE2}:unit:florian-padertopia-1-hlf-20-1": {
                "call_sign": "Florian Padertopia 01/HLF20-01", "vehicle_type": "HLF 20", "base_station": "Wache 1",
                "mission": f"{FE2}:2026-4711",
            },
        },
        refused=2, reason="a vehicle without id and name",
    ),
    frame(
        "alamos_fe2/stream.json", "push", 7, 5,
        {
            f"{FE2}:2026-4711": {"state": "ended", "observed_at": "2026-11-21T19:31:00.000Z"},
            f"{FE2}:unit:florian-padertopia-1-hlf-20-1": {
                "fms_status": 3, "state": "en_route", "geometry": [8.7801, 51.831], "heading_deg": 75.0,
            },
            f"{FE2}:unit:DLK1": {"fms_status": 2, "state": "available_station", "geometry": None},
            f"{FE2}:note:09277b9b00b7795cb22e056292efd1c1": {
                "text": "Feuer in Gewalt", "mission": f"{FE2}:2026-4711", "issued_at": "2026-11-21T18:20:00.000Z",
            },
        },
        refused=4, reason="unknown type 'WEATHER'", turn=1,
    ),
    frame(
        "boswatch/packets.json", "tcp", 9, 6,
        {
            "unit:69371412": {"fms_status": 5, "speech_request": True, "observed_at": "2026-11-21T18:06:11.250Z"},
            "page:2026-11-21:2cd89cbdd55a53d8d3254d75d9e8fe07": {
                "keyword": "F2Y", "category": "fire", "description": "Rauch aus Dachgeschoss\nBirkenweg 7\n2 Personen",
            },
            "zvei:22877": {"message_type": "ZVEI", "parameters": {"tone": "22877"}},
            "call:69371412": {"text": "Sprechaufforderung", "parameters": {"code": "J"}},
        },
        refused=2, reason="unknown mode 'lora'",
    ),
    frame(
        "boswatch/receiver.log", "tcp", 12, 8,
        {
            "unit:93257141": {"fms_status": 4, "state": "on_scene", "flags": ["time_assumed"]},
            "unit:69371413": {"fms_status": 2, "state": "available_station"},
            "unit:69371414": {"fms_status": 6, "observed_at": "2026-11-21T18:07:00.000Z"},
            "page:2026-11-21:a6919ff2eff5754ecf95820ec98fb9e2": {
                "keyword": "TH 1", "category": "technical", "description": "Baum auf Fahrbahn",
            },
        },
        refused=2,
    ),
    frame(
        "connect/operation.json", "push", 1, 1,
        {
            "2026-4712": {
                "number": "2026-4712", "keyword": "H1Y", "category": "technical", "geometry": [8.7799, 51.8311],
                "description": "Person unter Baum", "state": "open", "location_detail": "Heide",
                "issued_at": "2026-11-21T18:05:20.000Z", "reporter": "Erika Muster",
            }
        },
    ),
    frame(
        "connect/requests.http", "push", 7, 5,
        {
            "2026-4712": {"state": "ended", "observed_at": "2026-11-21T19:40:00.000Z"},
            "unit:1234567": {"fms_status": 4, "geometry": [8.7799, 51.8311], "call_sign": "Florian Padertopia 1 RW 1"},
            "answer:7654321": {"message_type": "RESPONSE", "parameters": {"answer": "coming", "written": "Coming"}},
            "answer:7654322": {"parameters": {"answer": "not_coming", "written": "NotComing"}},
        },
        refused=2, reason="a vehicle without a radio id", turn=1,
    ),
    frame(
        "divera/answer.json", "poll", 4, 3,
        {
            "2026-4711": {**HEIDEBLICK, "state": "ended", "units": ["divera:unit:1120", "divera:unit:1121"]},
            "id:10002": {"keyword": "Probealarm", "state": "open", "geometry": None, "flags": ["no_position"]},
        },
        refused=2, reason="position: outside the bounds of this source", gone=("divera:id:10003",),
    ),
    frame(
        "divera/vehicles.json", "poll", 3, 3,
        {
            "unit:1120": {
                "fms_status": 4, "state": "on_scene", "geometry": [8.7811, 51.8304], "vehicle_type": "HLF",
                "name": "Florian Padertopia 1 HLF20 1", "observed_at": "2026-11-21T18:13:20.000Z",
            },
            "unit:1121": {"fms_status": 0, "emergency": True, "geometry": None},
        },
        refused=3, reason="fmsstatus: 12 is not within 0 to 9",
    ),
    frame(
        "divera/push_v2.json", "push", 1, 1,
        {"2026-4711": {**HEIDEBLICK, "state": "open", "location_detail": "Haus Heideblick"}},
        turn=1,
    ),
    frame(
        "home_assistant/webhook.json", "push", 1, 1,
        {
            "feld.webhook:binary_sensor.rauch_flur": {
                "name": "Rauch Flur", "value": True, "state": "ALARM", "measures": ["smoke"],
                "geometry": [8.78125, 51.83042], "observed_at": "2026-11-21T18:58:12.123Z", "consent": "unknown",
            }
        },
    ),
    frame(
        "home_assistant/states.json", "push", 6, 6,
        {
            "feld.states:binary_sensor.haustuer": {"name": "Haustür", "value": "OPEN", "measures": ["door"]},
            "feld.states:binary_sensor.gas_keller": {"value": None, "state": "UNKNOWN", "measures": ["gas"]},
            "feld.states:sensor.temperatur": {"value": 21.5},
            "feld.states:alarm_control_panel.haus": {"value": "triggered", "state": "ALARM"},
        },
        refused=2, reason="person: where people are is not taken",
    ),
    frame(
        "home_assistant/discovery.txt", "mqtt lines", 10, 6,
        {
            # Each message alone, as a broker hands it over: what a state means was told by another one before it.
            "funk:haus7%2Frauch%2Fstate:smoke": {
                "name": "Rauch Flur", "description": "Muster RM-1", "value": True, "state": "ALARM",
            },
            "funk:haus7%2Ftuer": {"name": "Haustür", "value": "OPEN", "measures": ["door"]},
            "funk:haus7%2Fkeller:leck": {"value": "ON", "state": "ALARM", "measures": ["water"]},
            "funk:haus7%2Fkeller:klima:t": {"value": 8.5, "measures": ["temperature"]},
        },
        refused=2, reason="value_template: only value_json.x is understood, nothing is executed",
    ),
    frame(
        "nina/map.json", "poll", 3, 2,
        {
            SMOKE: {
                "event": "Gefahreninformation", "headline": "Rauchentwicklung in Padertopia", "severity": "Severe",
                "sender_name": "Feuerwehr Padertopia", "sent_at": "2026-11-21T18:05:00.000Z", "status": "Actual",
                "category": ["Fire", "Health"],
            },
            "dwd.2.49.0.0.276.0.PDT.PVW.7.MUL": {
                "headline": "Amtliche WARNUNG vor GLÄTTE", "severity": "Moderate", "msg_type": "Update",
                "onset_at": "2026-11-22T02:00:00.000Z", "ends_at": "2026-11-22T08:00:00.000Z",
            },
        },
        details={SMOKE: "nina/warning.json"},
    ),
    frame(
        "rss/news.rss", "poll", 3, 3,
        {
            "news.example:a-1": {
                "snippet": "Großbrand am Marktplatz", "geometry": [8.7544, 51.7189], "author": "R. Porter",
                "issued_at": "2026-11-21T19:05:11.000Z", "url": "https://news.example/a/1",
                "image_urls": ["https://news.example/1.jpg"],
            }
        },
        refused=3, reason="an item has a title, a text or a link",
    ),
    frame(
        "rss/atom.xml", "poll", 1, 1,
        {
            "urn%3Auuid%3A1": {
                "message": "Sperrung & Umleitung\n\nDie Brücke ist gesperrt.", "geometry": [8.75, 51.72],
                "issued_at": "2026-11-21T17:00:00.000Z", "author": "Straßenamt",
            }
        },
    ),
    frame(
        "tetracontrol/messages.json", "socket live.json", 12, 12,
        {
            "2026-11-21-124": {"keyword": "F BMA", "category": "fire", "description": "Haus Heideblick"},
            "2026-11-21-125": {
                "keyword": "B BMA", "geometry": [8.78125, 51.83042], "issued_at": "2026-11-21T18:05:41.000Z",
                "address": {"street": "Birkenweg 7", "postcode": "33999", "city": "Padertopia"},
            },
            "2026-4713": {"number": "2026-4713", "keyword": "H1", "category": "technical"},
            "answer:7000001": {"parameters": {"answer": "coming", "code": 57345, "callout_reference": "124"}},
        },
    ),
    frame(
        "tetracontrol/units.jsonl", "socket live.json", 8, 4,
        {
            "unit:1234567": {
                "fms_status": 3, "geometry": [8.7795, 51.8313], "call_sign": "NW FW PT 01 HLF20 1",
                "observed_at": "2026-11-21T18:05:22.000Z",
            },
            "unit:1234568": {"fms_status": 4, "state": "on_scene", "geometry": [8.7811, 51.8304]},
            "siren:7654321": {"value": "E003", "name": "Sirene Heide", "categories": ["siren"]},
        },
        refused=3, reason="unknown status 'E'",
    ),
    frame(
        "ucri2/incident.json", "push", 2, 2,
        {
            UCRI2: {**HEIDEBLICK, "keyword": "A1 F2Y", "state": "open", "reporter": "Erika Muster"},
            "note:b09d31ae499da758abbe1a6d4c8cbdd5": {"text": "Zwei Personen vermisst", "mission": UCRI2},
        },
        refused=1, reason="a message without text",
    ),
    frame(
        "ucri2/queue.json", "push", 4, 4,
        {
            UCRI2: {"state": "ended", "observed_at": "2026-11-21T19:31:00.000Z"},
            "handover:550e8400-0000-4000-8000-00000000471a": {"parameters": {"status": "accepted"}},
            "unit:4711": {"name": "RTW-1", "vehicle_type": "RTW"},
        },
        refused=3, reason="an encrypted payload", turn=1,
    ),
    frame(
        "mavlink/frames.bin", "udp", 1, 1,
        {
            "frames:7": {
                "geometry": [8.78, 51.83], "height_m": 100.0, "altitude_m": 220.0, "heading_deg": 270.0,
                "ground_speed_mps": 5.0, "vertical_speed_mps": 0.5,
            }
        },
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Everything was sent."""
    made = Station(tmp_path_factory.mktemp("frames"), FRAMES, ENTRIES)
    try:
        yield made.start()
    finally:
        made.close()


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.path for entry in ENTRIES])
def test_a_frame_comes_out_as_written(station: Station, entry: Sample) -> None:
    holds(station, entry)
    nothing_is_lost(station, entry)


def test_a_receiver_that_frames_its_packets_gets_its_acknowledgement(station: Station) -> None:
    assert station.replies["boswatch/receiver.log"] == b"6         [ack-]"
