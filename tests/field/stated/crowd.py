"""People flow and sensors in public places: samples/crowd."""

from typing import Any

from tests.field.ledger import Reference, Sample, decoded_beside

EUI, AT = "lorawan:1000000000000001", "2023-05-19T05:33:35.608Z"
TTS, CHIRPSTACK = "mqtt v3/app/devices/{part}/up", "mqtt application/1/device/{part}/event/up"
VALLADOLID = {
    "urn:ngsi-ld:CrowdFlowObserved:Valladolid_1": {
        "people": 100, "people_towards": 50, "people_away": 50, "direction": "inbound", "congested": False,
        "headway_s": 5.0, "from_at": "2018-08-07T11:10:00.000Z", "to_at": "2018-08-07T11:15:00.000Z",
        "observed_at": "2018-08-07T11:15:00.000Z",
        "geometry": [
            [-4.73735395519672, 41.6538181849672], [-4.73414858659993, 41.6600594193478],
            [-4.73447575302641, 41.659585195093],
        ],
    }
}  # fmt: skip


def uplink(name: str, says: dict[str, Any], way: str = TTS, at: str = AT, **more: Any) -> Sample:
    """Counts and readings of one device."""
    told = {f"{EUI}:{key}": {"observed_at": at, **said} for key, said in says.items()}
    path, number = f"crowd/lorawan_{name}.json", len(told)
    return Sample(path=path, feed="lorawan", way=way, says=told, accepted=number, features=number, **more)


def regions() -> dict[str, Any]:
    """The sixteen regions of the VS121: 1 in the second, 3 in the eighth, 1 in the ninth."""
    return {f"region_{number}": {"people": {2: 1, 8: 3, 9: 1}.get(number, 0)} for number in range(1, 17)}


def totals(inbound: int, outbound: int) -> dict[str, Any]:
    """A line since its counter began."""
    return {"inbound_total": inbound, "outbound_total": outbound}


def month(name: str, place: str, turn: int, /, **said: Any) -> Sample:
    """744 hours of a street; the last one is what the picture shows."""
    path = f"crowd/hystreet_moers_{name}_hourly.csv"
    says = {f"hystreet:{place}": said}
    return Sample(path=path, feed="hystreet", way="folder", accepted=744, says=says, turn=turn)


def busiest(name: str, lines: int, place: str, people: int, from_at: str, to_at: str) -> Sample:
    """The same export as it was when the busiest hour of the month had just passed."""
    says = {f"hystreet:{place}": {"people": people, "from_at": from_at, "to_at": to_at}}
    path = f"crowd/hystreet_moers_{name}_hourly.csv"
    return Sample(path=path, feed="hystreet", way="push", accepted=lines - 1, says=says, lines=lines)


def monica(name: str, subject: str, /, **said: Any) -> Sample:
    """A message of a camera or its analysis."""
    return Sample(path=f"crowd/{name}.json", feed="monica", way="mqtt monica/{part}", says={subject: said})


THINGS = "sensorthings:sta-v10-things-hamburg:thing"
CAPTURE = "sensorthings:funk.sta-mqtt-capture-2019-07-16"
STATION = "lorawan:elji-lorawan-1:eui-2cf7f1c044300279"
SAMPLES = (
    busiest(
        "2022-05", 1 + 26 * 24 + 13, "Steinstra%EF%BF%BDe,%20Moers", 2_794, "2022-05-27T10:00:00.000Z",
        "2022-05-27T11:00:00.000Z",
    ),
    busiest(
        "2022-07", 1 + 16 * 24 + 13, "Steinstraße,%20Moers", 3_809, "2022-07-17T10:00:00.000Z",
        "2022-07-17T11:00:00.000Z",
    ),
    month(
        "2022-05", "Steinstra%EF%BF%BDe,%20Moers", 1, people=13, people_towards=10, people_away=3,
        from_at="2022-05-31T21:00:00.000Z", to_at="2022-05-31T22:00:00.000Z",
    ),
    month(
        "2022-07", "Steinstraße,%20Moers", 1, people=31, people_towards=14, people_away=17,
        from_at="2022-07-31T21:00:00.000Z", to_at="2022-07-31T22:00:00.000Z", name="Steinstraße, Moers",
    ),
    uplink("tts3_vs121_regions", regions()),
    uplink("loriot_vs121_regions", regions(), "push", "2023-05-19T06:46:41.936Z", turn=1),
    uplink("chirpstack4_vs121_regions", regions(), CHIRPSTACK, "2023-05-22T07:47:05.404Z", turn=2),
    uplink(
        "tts3_vs121_join_info",
        {"connection": {"value": True, "description": "serial 6600b0940976, hardware 1.0, firmware 31.7.0.75"}},
        turn=1,
    ),
    uplink(
        "tti3_vs132_lines",
        {
            "line_1": totals(190, 305),
            "line_1:in": {"people": 0, "direction": "inbound"},
            "line_1:out": {"people": 0, "direction": "outbound"},
            "connection": {"description": "serial 6614c39694870000, hardware 1.2, firmware 132.1.0.1"},
        },
        at="2023-05-18T08:25:25.885Z",
    ),
    uplink(
        "tts3_vs133_lines",
        {"line_1": totals(72, 200), "line_2": totals(0, 0), "line_3": totals(0, 0), "line_4": totals(5300, 6797)},
        turn=1,
    ),
    uplink("tts3_ws302_noise", {"noiseLevel": {"value": 47.4}, "battery": {"value": 100}}),
    uplink(
        "tts3_ers2_sound",
        {
            "temperature": {"value": 22.6}, "humidity": {"value": 41}, "light": {"value": 39},
            "motion": {"value": True}, "noiseLevel": {"value": 16},
        },
        turn=1,
    ),
    Sample(
        path="crowd/lorawan_tts3_event_decoded.json", feed="lorawan", way="push",
        says={
            "lorawan:22d11357891cb769:connection": {
                "value": True, "geometry": None, "flags": ["payload_unknown"],
                "observed_at": "2024-07-06T09:19:21.154Z",
            }
        },
    ),
    Sample(
        path="crowd/lorawan_tts3_event_sensecap.json", feed="lorawan", way="push", accepted=4, features=4,
        says={
            f"{STATION}:{key}": {"value": value, "geometry": [11.5839771760278, 58.01392692747555]}
            for key, value in (("temperature", 13.3), ("humidity", 77), ("light", 3911), ("pressure", 996.6))
        },
    ),
    monica(
        "monica_crowd_density_global_rif", "monica:c6ced472-2351-51a6-88a2-7a0385ffbd05_crowd_density_global",
        people=220, geometry=[7.140554, 50.712528], observed_at="2018-06-12T09:49:14.491Z",
    ),
    monica(
        "monica_crowd_density_local_leeds", "monica:435ae19f-0eab-5561-b11a-9ead485180d6_crowd_density_local",
        people=1, geometry=[-1.58338257, 53.8175451], observed_at="2019-03-27T10:34:00.357Z",
    ),
    monica(
        "monica_camera_registration", "monica:camera:TESTING-CAMERA", name="CarPark", status="active",
        geometry=[-0.30261, 51.40185], sensors=["crowd_density_local", "flow_analysis", "fight_detection"],
    ),
    Sample(
        path="crowd/ngsild_crowdflowobserved_normalized.jsonld", feed="ngsi_ld", way="push", says=VALLADOLID,
    ),
    Sample(
        path="crowd/ngsiv2_crowdflowobserved_normalized.json", feed="ngsi", way="hub", says=VALLADOLID, turn=1,
    ),
    Sample(
        path="crowd/ngsiv2_crowdflowobserved_keyvalues.json", feed="ngsi", way="hub", says=VALLADOLID, turn=2,
    ),
    Sample(
        path="crowd/sta_mqtt_capture_2019-07-16.zip", feed="sensorthings", way="mqtt sta/{part}", accepted=159,
        features=10,
        says={
            f"{CAPTURE}:4175": {
                "name": "GeoTag09", "observed_at": "2019-07-16T08:12:46.686Z",
                "geometry": [12.571244167871363, 55.672731210391824],
            },
            f"{CAPTURE}:4157": {
                "name": "GeoTag00", "observed_at": "2019-07-16T08:13:29.030Z",
                "geometry": [12.567770339716581, 55.67519182340951],
            },
        },
    ),
    Sample(
        path="crowd/sta_mqtt_observation_complex_result.json", feed="sensorthings",
        way="mqtt sta/{part}/Datastreams(89)/Observations",
        says={
            "sensorthings:funk.sta-mqtt-observation-complex-result:89": {
                "geometry": [-1.5816384, 53.8176907], "observed_at": "2019-04-04T12:08:08.899Z",
                "measures": ["position"], "categories": ["tracker"],
            }
        },
    ),
    Sample(
        path="crowd/sta_v10_things_hamburg.json", feed="sensorthings", way="poll", accepted=6, features=6,
        says={
            f"{THINGS}:{number}": {"name": f"MONICA_HAMBURG_GPS_{which}", "geometry": None}
            for which, number in enumerate((3897, 12292, 12293, 12294, 12295, 12296), 1)
        },
    ),
)  # fmt: skip
REFERENCES = (
    *(
        decoded_beside(f"crowd/lorawan_{name}")
        for name in (
            *("tts3_vs121_regions", "tts3_vs121_join_info", "loriot_vs121_regions", "chirpstack4_vs121_regions"),
            *("tti3_vs132_lines", "tts3_vs133_lines", "tts3_ws302_noise", "tts3_ers2_sound"),
        )
    ),
    Reference(
        path="crowd/schema_crowdflowobserved.json",
        use="every attribute that it names is read or kept by `ngsi` and `ngsi_ld`",
        test="test_reference_files::test_every_attribute_of_the_schema_is_read_or_kept",
    ),
)
