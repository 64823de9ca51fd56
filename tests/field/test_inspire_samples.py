"""Every example entity of the INSPIRE data model, sent to a running server by its feed, is what its model says."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

import pytest

from tests.field.inspire import Inspire

pytestmark = pytest.mark.field

ROI = "urn:ngsi-ld:CrowdFlowROI:eb45985a-758f-4ee0-bcc1-7ba10a83490f"
SITE = "urn:ngsi-ld:CrowdFlowSensorSite:3aec9c84-becd-4d64-a3d9-339a0ffdc6fb"
FLOW = "urn:ngsi-ld:CrowdFlowObserved:"
DRONE = "urn:ngsi-ld:UAVStatus:e9c09da2-694f-417d-b786-ff172ad8894d"
STARTED = datetime.now(UTC).isoformat()

Features = dict[str, dict[str, Any]]


features: Features = {}


@pytest.fixture(scope="module")
def sent(inspire: Inspire) -> dict[str, int]:
    """Each file posted in its own way, and the status it got."""
    assert inspire.gate.refusals("leitstelle") == []
    features.update(inspire.features)
    return inspire.status


def shape(name: str, part: str) -> tuple[str, list[Any]]:
    """Geometry of a feature that must be that part."""
    feature = features[name]
    assert feature["properties"]["part"] == part
    return feature["geometry"]["type"], feature["geometry"]["coordinates"]


def says(own: str, /, **expected: Any) -> None:
    """The feature has these properties, exactly."""
    properties = features[own]["properties"]
    assert {key: properties.get(key, "(missing)") for key in expected} == expected


def written(samples: Path, file: str, *path: str | int) -> Any:
    """A value as the sample has it."""
    value = json.loads((samples / "inspire" / file).read_bytes())
    for key in path:
        value = value[key]
    return value


def test_every_sample_is_taken(sent: dict[str, int]) -> None:
    assert len(sent) == 14
    assert set(sent.values()) == {204}


def test_nothing_else_came_of_them(sent: dict[str, int]) -> None:
    layers = {feature["properties"]["layer"] for feature in features.values()}
    assert layers == {
        "missions", "units", "crowd", "drones", "buildings", "devices", "reports", "warnings", "notes", "sources",
        "cards",
    }  # fmt: skip
    subjects = {name.split("#")[0] for name in features if not name.startswith(("card:", "source:"))}
    assert len(subjects) == 18


def test_mission(sent: dict[str, int]) -> None:
    assert shape("urn:ngsi-ld:Alert:100", "mission") == ("Point", [8.799459, 51.694793])
    says(
        "urn:ngsi-ld:Alert:100",
        number="20201.27.2823",
        keyword="Feuer1",
        keyword_short="Fe1C",
        category="fire",
        subcategory="buildingFire",
        description="Brennt Haus",
        severity="medium",
        alert_source="Leitstelle",
        issued_at="2019-07-03T00:00:00.000Z",
        valid_from="2019-07-03T00:00:00.000Z",
        valid_to="2019-07-03T00:10:00.000Z",
        state="ended",
        units=["urn:ngsi-ld:EmergencyVehicle:1234"],
        flags=["time_assumed"],
    )
    address = features["urn:ngsi-ld:Alert:100"]["properties"]["address"]
    assert (address["street"], address["postcode"], address["city"]) == ("Warburger Straße 12", "33100", "Paderborn")


def test_unit(sent: dict[str, int]) -> None:
    name = "urn:ngsi-ld:EmergencyVehicle:508579248"
    assert shape(name, "unit") == ("Point", [8.753842, 51.716858])
    says(
        name,
        name="HLF20",
        call_sign="Florian Paderborn HLF 20 1",
        description="HLF 20 Feuerwehr Paderborn",
        vehicle_type="lorry",
        base_station="urn:ngsi-ld:EmergencyStation:12345",
        fms_status=1,
        state="available_mobile",
        mission="urn:ngsi-ld:Alert:urn:ngsi-ld:Alert:116",
        report_to={"type": "Point", "coordinates": [8.753842, 51.716858]},
    )
    assert features[name]["properties"]["observed_at"] > STARTED[:19]


def test_warning(sent: dict[str, int]) -> None:
    name = "urn:ngsi-ld:CitizenAlert:a2b5254a-9b0d-4e7d-b50e-81a6c00392ff"
    assert features[name]["geometry"] is None
    says(
        name,
        event="Großfeuer",
        headline="Großfeuer in Paderborn",
        description="Ein Großfeuer breitet sich in Paderborn aus. Schließen Sie Fenster und Türen",
        severity="Unknown",
        urgency="Immediate",
        certainty="Observed",
        category=["Fire"],
        msg_type="Alert",
        status="Actual",
        scope="Public",
        sender="Feuerwehr Paderborn in INSPIRE",
        sender_name="INSPIRE.app",
        sent_at="2020-10-13T11:32:35.162Z",
        observed_at="2020-10-13T11:32:35.162Z",
        area_text="Paderborn Südstadt",
        drawn=False,
    )


def test_log_book_entry(sent: dict[str, int]) -> None:
    says(
        "urn:ngsi-ld:LogBookEntry:19ae6d7d-a97f-43e1-8b85-06de67f22de5",
        layer="notes",
        message_type="VEHICLE_STATUS_AT_STATION",
        parameters={"oldValue": 6, "newValue": 2},
        origin="logbook",
        sender_id="urn:ngsi-ld:EmergencyVehicle:1234",
        sender_name="HLF 20",
        receiver="Logbook",
        issued_at="2022-01-06T08:01:38.318Z",
        observed_at="2022-01-06T08:01:38.318Z",
    )


def test_sensor_site(sent: dict[str, int], samples: Path) -> None:
    seen = written(samples, "CrowdFlowSensorSite.json", "fieldOfView", "value", "coordinates")
    blind = written(samples, "CrowdFlowSensorSite.json", "blindspots", "value", "coordinates")
    assert shape(SITE, "site") == ("Polygon", seen)
    assert shape(f"{SITE}#blind_spot", "blind_spot") == ("Polygon", blind)
    says(SITE, status="Alle Sensoren online", sensors=[])


def test_region(sent: dict[str, int], samples: Path) -> None:
    ring = written(samples, "crowdFlowROI.json", "area", "value", "coordinates", 0)
    assert shape(ROI, "region") == ("Polygon", [ring])
    ids = [
        "bd20f647-0c72-42e6-940e-4ece00020b9e",
        "8674bc40-6177-4b81-bacb-90664d22e7db",
        "92421f79-edd9-4c78-bfcf-cade5f8d9f62",
        "5237c7fd-90c3-4495-8b21-449ed5c3ab94",
        "79e551e9-07d2-47b0-ac1c-d06c1f06a139",
    ]
    says(ROI, name="TEST123", active=True, site=SITE, people=None, lines=[FLOW + rest for rest in ids])
    # On the local tangent plane; over 80 m it differs from the ellipsoid by less than half a per cent.
    east, north = 111_320 * cos(radians(51.7067)), 111_250
    plane = [((lon - 8.7728) * east, (lat - 51.7067) * north) for lon, lat in ring]
    area = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(plane))) / 2
    assert features[ROI]["properties"]["area_m2"] == pytest.approx(area, rel=0.005)


def test_density_alert(sent: dict[str, int], samples: Path) -> None:
    name = "urn:ngsi-ld:CrowdCountDensityAlert:eb45985a-758f-4ee0-bcc1-7ba10a83490f"
    ring = written(samples, "crowdFlowCountDensityAlert.json", "area", "value", "coordinates")
    assert shape(name, "alert") == ("Polygon", ring)
    says(
        name,
        alert="density",
        density_pm2=3.0,
        threshold_pm2=2.0,
        observed_at="2021-03-26T09:04:09.000Z",
        flags=["tz_assumed"],
    )


@pytest.mark.parametrize(
    ("rest", "people", "direction", "day", "from_to", "name"),
    [
        ("bd20f647-0c72-42e6-940e-4ece00020b9e", 0, "outbound", "2020-04-24", ("10:37:13", "14:36:33"), "Weg Eingang"),
        ("8674bc40-6177-4b81-bacb-90664d22e7db", 10, "outbound", "2020-05-01", ("10:37:13", "14:36:33"), "Weg 3"),
        ("92421f79-edd9-4c78-bfcf-cade5f8d9f62", 20, "inbound", "2020-05-03", ("10:37:13", "14:36:33"), "Test"),
        ("5237c7fd-90c3-4495-8b21-449ed5c3ab94", 5, "outbound", "2020-07-01", ("06:01:00", "07:10:00"), None),
        ("79e551e9-07d2-47b0-ac1c-d06c1f06a139", 3, "inbound", "2020-06-05", ("09:00:00", "09:10:00"), None),
    ],
)
def test_counting_lines(
    sent: dict[str, int], rest: str, people: int, direction: str, day: str, from_to: tuple[str, str], name: str | None
) -> None:
    assert shape(FLOW + rest, "line") == ("LineString", [[8.70988, 51.731185], [8.70998, 51.731285]])
    from_at, to_at = (f"{day}T{time}.000Z" for time in from_to)
    says(
        FLOW + rest,
        people=people,
        direction=direction,
        headway_s=0.0,
        congested=False,
        speed_mps=None,
        from_at=from_at,
        to_at=to_at,
        observed_at=to_at,
        name=name,
    )


def test_drone(sent: dict[str, int]) -> None:
    assert shape(DRONE, "drone") == ("Point", [6.394719, 51.59921])
    says(
        DRONE,
        name="Iron Man",
        height_m=70.0,
        heading_deg=90.0,
        ground_speed_mps=27.9,
        vertical_speed_mps=12.3,
        flight_status="MISSION",
        recording=True,
        armed=True,
        battery_pct=60.0,
        next_waypoint=2,
        home={"type": "Point", "coordinates": [8.741234, 51.704621]},
        media=[
            {"type": "VIDEOSTREAM", "url": "https://example.com/video"},
            {"type": "IMAGE", "url": "https://placekitten.com/200/300"},
        ],
    )


def test_flight_path(sent: dict[str, int]) -> None:
    points = [[6.394719, 51.59921], [8.761793, 51.690885], [8.754732, 51.691876], [8.743122, 51.688799]]
    assert shape(f"{DRONE}#path", "path") == ("LineString", points)
    waypoints = features[f"{DRONE}#path"]["properties"]["waypoints"]
    assert [(one["number"], one["height_m"]) for one in waypoints] == [(0, 112.0), (1, 27.0), (2, 80.0), (3, 56.0)]


def test_geofences(sent: dict[str, int], samples: Path) -> None:
    fences = written(samples, "uavstatus.json", "geoFence", "value")
    drawn = [feature for name, feature in sorted(features.items()) if name.startswith(f"{DRONE}#fence")]
    assert [feature["geometry"]["coordinates"] for feature in drawn] == [f["geometry"]["coordinates"] for f in fences]
    assert [feature["properties"]["inclusion"] for feature in drawn] == [True, False]


def test_building(sent: dict[str, int]) -> None:
    name = "urn:ngsi-ld:Building:cffeb999-0977-4447-9805-6562ecca0cfd"
    assert shape(name, "building") == ("Point", [8.7786549, 51.7349909])
    says(
        name,
        permission="GRANTED",
        description="IRIS SmartHome",
        categories=["house"],
        source_url="http://www.inspireprojekt.de",
        floor_plan_url="https://storage.inspireprojekt.de/smarthome/",
    )
    address = features[name]["properties"]["address"]
    assert (address["street"], address["postcode"], address["city"]) == ("Steubenstraße 47a", "33100", "Paderborn")


def test_device(sent: dict[str, int]) -> None:
    name = "urn:ngsi-ld:Device:Actuator1234"
    assert shape(name, "device") == ("Point", [10.7485, 54.0508])
    says(
        name,
        name="Haustür Test",
        description="Test Actuator1234",
        measures=["door"],
        categories=["actuator"],
        value="OPEN",
        state="OK",
        desired_value="CLOSE",
        action_status="PENDING",
        building="urn:ngsi-ld:Building:660635b2-eac7-464d-41d9-5d9820daaefb",
        consent="unknown",
        observed_at="2021-04-19T15:31:32.000Z",
    )


def test_post(sent: dict[str, int]) -> None:
    text = "Meteorologen warnen vor #Unwetter mit #Orkanböen am #Wochenende in #Berlin. pic.twitter.com/MGYcr6TQjL"
    says(
        "urn:ngsi-ld:SocialMedia:AgB_nAcAa-VC",
        part="post",
        message=text,
        snippet=text,
        network="twitter",
        issued_at="2020-02-07T08:36:00.000Z",
        observed_at="2020-02-07T08:36:00.000Z",
        author="urn:ngsi-ld:SocialMediaUser:1234567",
        image_urls=["https://pbs.twimg.com/media/EQHpLbcWAAE69D3.jpg"],
        video_urls=[],
        search_ids=["12"],
        sentiment=0.0,
        virality=1.0,
        url="https://twitter.com/rbbabendschau/status/1225699719797669888",
    )


def test_alert_rule(sent: dict[str, int]) -> None:
    says(
        "urn:ngsi-ld:SmAlertRule:39fb9cf5-36c2-433e-8d8d-44b6b1697c05",
        part="social_rule",
        name="Paderborn Alarm2",
        condition="NUMBER_MENTIONS",
        operator="GREATER_THAN",
        value=10.0,
        interval_s=10_800.0,
        comparison_s=10_800.0,
        notify_every_s=10_800.0,
        active=True,
        deleted=False,
        search_ids=["306"],
        modified_at="2022-05-04T07:19:32.082Z",
    )


def test_citizen_report(sent: dict[str, int]) -> None:
    name = "urn:ngsi-ld:CitizenReport:508578829"
    assert shape(name, "citizen_report") == ("Point", [13.404954, 52.520008])
    says(
        name,
        sender_id="124456",
        sender_name="Vorname Nachname",
        texts=["Test"],
        image_urls=["https://example.com/0354c27d-1161-4367-bb81-3dc9b50c34c3_file_79.jpg"],
        issued_at="2020-06-04T14:13:34.000Z",
        observed_at="2020-06-04T14:13:34.000Z",
        answer_text="Bitte noch ein Foto zusätzlich schicken",
        answered_at="2020-06-04T14:18:34.000Z",
    )


def test_source(sent: dict[str, int]) -> None:
    says("source:ngsi/leitstelle", state="live", accepted=18, refused=0, last_refusal=None)
