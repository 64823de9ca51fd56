"""The example entities of the INSPIRE data model: samples/inspire. More of each is held in test_inspire_samples."""

from typing import Any

from tests.field.ledger import Reference, Sample

URN = "urn:ngsi-ld:"
ROI, SITE = "eb45985a-758f-4ee0-bcc1-7ba10a83490f", "3aec9c84-becd-4d64-a3d9-339a0ffdc6fb"
DRONE = "UAVStatus:e9c09da2-694f-417d-b786-ff172ad8894d"


def entity(name: str, says: dict[str, Any], features: int = 1) -> Sample:
    """An entity, or several, as a client of the hub sends them."""
    told = {f"{URN}{key}": said for key, said in says.items()}
    number = len({key.partition("#")[0] for key in says})
    return Sample(path=f"inspire/{name}.json", feed="ngsi", way="hub", says=told, accepted=number, features=features)


def line(people: int, direction: str, from_at: str, to_at: str, **more: Any) -> dict[str, Any]:
    """A counting line."""
    place = [[8.70988, 51.731185], [8.70998, 51.731285]]
    said = {"people": people, "direction": direction, "geometry": place, "headway_s": 0.0, "congested": False, **more}
    return {**said, "from_at": f"{from_at}.000Z", "to_at": f"{to_at}.000Z"}


SAMPLES = (
    entity(
        "Mission",
        {
            "Alert:100": {
                "geometry": [8.799459, 51.694793], "number": "20201.27.2823", "keyword": "Feuer1",
                "keyword_short": "Fe1C", "category": "fire", "subcategory": "buildingFire",
                "description": "Brennt Haus", "severity": "medium", "alert_source": "Leitstelle",
                "issued_at": "2019-07-03T00:00:00.000Z", "valid_to": "2019-07-03T00:10:00.000Z", "state": "ended",
                "units": ["urn:ngsi-ld:EmergencyVehicle:1234"],
            }
        },
    ),
    entity(
        "EmergencyVehicle",
        {
            "EmergencyVehicle:508579248": {
                "geometry": [8.753842, 51.716858], "name": "HLF20", "call_sign": "Florian Paderborn HLF 20 1",
                "vehicle_type": "lorry", "fms_status": 1, "base_station": "urn:ngsi-ld:EmergencyStation:12345",
            }
        },
    ),
    entity(
        "CitizenAlert",
        {
            "CitizenAlert:a2b5254a-9b0d-4e7d-b50e-81a6c00392ff": {
                "event": "Großfeuer", "headline": "Großfeuer in Paderborn", "severity": "Unknown",
                "urgency": "Immediate", "certainty": "Observed", "category": ["Fire"], "status": "Actual",
                "sent_at": "2020-10-13T11:32:35.162Z", "area_text": "Paderborn Südstadt",
                "sender": "Feuerwehr Paderborn in INSPIRE",
            }
        },
    ),
    entity(
        "LogBookEntry",
        {
            "LogBookEntry:19ae6d7d-a97f-43e1-8b85-06de67f22de5": {
                "message_type": "VEHICLE_STATUS_AT_STATION", "parameters": {"oldValue": 6, "newValue": 2},
                "sender_name": "HLF 20", "receiver": "Logbook", "issued_at": "2022-01-06T08:01:38.318Z",
            }
        },
    ),
    entity("CrowdFlowSensorSite", {f"CrowdFlowSensorSite:{SITE}": {"status": "Alle Sensoren online"}}, 2),
    entity(
        "crowdFlowROI",
        {f"CrowdFlowROI:{ROI}": {"name": "TEST123", "active": True, "site": f"{URN}CrowdFlowSensorSite:{SITE}"}},
    ),
    entity(
        "crowdFlowCountDensityAlert",
        {
            f"CrowdCountDensityAlert:{ROI}": {
                "alert": "density", "density_pm2": 3.0, "threshold_pm2": 2.0,
                "observed_at": "2021-03-26T09:04:09.000Z",
            }
        },
    ),
    entity(
        "CrowdFlowObserved",
        {
            "CrowdFlowObserved:bd20f647-0c72-42e6-940e-4ece00020b9e": line(
                0, "outbound", "2020-04-24T10:37:13", "2020-04-24T14:36:33", name="Weg Eingang"
            ),
            "CrowdFlowObserved:8674bc40-6177-4b81-bacb-90664d22e7db": line(
                10, "outbound", "2020-05-01T10:37:13", "2020-05-01T14:36:33", name="Weg 3"
            ),
            "CrowdFlowObserved:92421f79-edd9-4c78-bfcf-cade5f8d9f62": line(
                20, "inbound", "2020-05-03T10:37:13", "2020-05-03T14:36:33", name="Test"
            ),
            "CrowdFlowObserved:5237c7fd-90c3-4495-8b21-449ed5c3ab94": line(
                5, "outbound", "2020-07-01T06:01:00", "2020-07-01T07:10:00"
            ),
            "CrowdFlowObserved:79e551e9-07d2-47b0-ac1c-d06c1f06a139": line(
                3, "inbound", "2020-06-05T09:00:00", "2020-06-05T09:10:00"
            ),
        },
        5,
    ),
    entity(
        "uavstatus",
        {
            DRONE: {
                "geometry": [6.394719, 51.59921], "name": "Iron Man", "height_m": 70.0, "heading_deg": 90.0,
                "ground_speed_mps": 27.9, "vertical_speed_mps": 12.3, "flight_status": "MISSION", "armed": True,
                "recording": True, "battery_pct": 60.0, "next_waypoint": 2,
                "home": {"type": "Point", "coordinates": [8.741234, 51.704621]},
            },
            f"{DRONE}#path": {
                "geometry": [
                    [6.394719, 51.59921], [8.761793, 51.690885], [8.754732, 51.691876], [8.743122, 51.688799],
                ]
            },
        },
        4,
    ),
    entity(
        "building",
        {
            "Building:cffeb999-0977-4447-9805-6562ecca0cfd": {
                "geometry": [8.7786549, 51.7349909], "permission": "GRANTED", "description": "IRIS SmartHome",
                "categories": ["house"],
            }
        },
    ),
    entity(
        "Subscription",
        {
            "Device:Actuator1234": {
                "geometry": [10.7485, 54.0508], "name": "Haustür Test", "measures": ["door"],
                "categories": ["actuator"], "value": "OPEN", "state": "OK", "desired_value": "CLOSE",
                "action_status": "PENDING", "observed_at": "2021-04-19T15:31:32.000Z",
            }
        },
    ),
    entity(
        "SocialMedia",
        {
            "SocialMedia:AgB_nAcAa-VC": {
                "network": "twitter", "issued_at": "2020-02-07T08:36:00.000Z", "sentiment": 0.0, "virality": 1.0,
                "author": "urn:ngsi-ld:SocialMediaUser:1234567", "search_ids": ["12"],
                "url": "https://twitter.com/rbbabendschau/status/1225699719797669888",
            }
        },
    ),
    entity(
        "SmAlertRule",
        {
            "SmAlertRule:39fb9cf5-36c2-433e-8d8d-44b6b1697c05": {
                "name": "Paderborn Alarm2", "condition": "NUMBER_MENTIONS", "operator": "GREATER_THAN",
                "value": 10.0, "interval_s": 10_800.0, "active": True, "search_ids": ["306"],
            }
        },
    ),
    entity(
        "CitizenReport",
        {
            "CitizenReport:508578829": {
                "geometry": [13.404954, 52.520008], "sender_id": "124456", "sender_name": "Vorname Nachname",
                "texts": ["Test"], "issued_at": "2020-06-04T14:13:34.000Z",
                "answer_text": "Bitte noch ein Foto zusätzlich schicken",
            }
        },
    ),
)  # fmt: skip
REFERENCES: tuple[Reference, ...] = ()
