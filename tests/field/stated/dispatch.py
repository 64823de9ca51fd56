"""Dispatch: samples/dispatch."""

from tests.field.ledger import Reference, Sample

RFS = "cap:webmaster@rfs.nsw.gov.au:tag%3Awww.rfs.nsw.gov.au2011-10-18%3A"
PARKER = "200 Block of PARKER AVE"
BERLIN = "alamos_fe2:Feld:B"
SAMPLES = (
    Sample(
        path="dispatch/berlin/missions_by_code.csv", feed="alamos_fe2", way="push", accepted=34, features=34,
        note="each dispatch code as an alarm",
        says={
            f"{BERLIN}0": {"keyword": "Sturz / Absturz"},
            f"{BERLIN}9": {"keyword": "Herzbeschwerden / Implantierter Defibrillator"},
            f"{BERLIN}16": {"keyword": "Allergie (Überreaktion) / Kontakt mit giftigen Tieren (Stiche, Bisse)"},
            f"{BERLIN}17": {"keyword": "Verkehrsunfall", "category": "technical"},
            f"{BERLIN}21": {"keyword": "Kreislauf-, Atemstillstand / Tote Person"},
        },
    ),
    Sample(
        path="dispatch/waip/testalarm_literal.json", feed="waip", way="udp", accepted=2, features=2,
        says={
            "waip:0815": {
                "number": "0815", "keyword": "S:Testeinsatz", "category": "unknown", "subcategory": "Sonstiges",
                "description": "DEMO Wachalarm-IP-Web - Testeinsatz", "location_detail": "Biehla",
                "geometry": [13.502943, 52.471244], "observed_at": "2019-01-01T00:00:00.000Z",
                "units": ["waip:unit:florian-ee-2-14-1"],
            },
            "waip:unit:florian-ee-2-14-1": {
                "call_sign": "FL EE 02/14-01", "base_station": "EE FW Elsterwerda", "mission": "waip:0815",
            },
        },
    ),
    Sample(
        path="dispatch/edxl/bushfire_valid.edxlde", feed="edxl_de", way="folder", accepted=7, features=7,
        tally={"status": {"Actual": 7}},
        says={
            f"{RFS}40444": {
                "event": "Grassfire", "headline": "Quinambyie", "severity": "Moderate",
                "sent_at": "2011-10-17T05:34:00.000Z", "ends_at": "2011-10-18T05:34:00.000Z", "in_force": False,
            },
            f"{RFS}40435": {
                "event": "Fire", "headline": "Old Mill Bush Fire", "observed_at": "2011-10-17T02:30:00.000Z",
            },
        },
    ),
    Sample(
        path="dispatch/seattle/Fire911Calls.geojson", feed="seattle", way="poll", accepted=1000, features=1000,
        tally={
            "keyword": {"Aid Response": 441, "Medic Response": 188, "Trans to AMR": 53, "Auto Fire Alarm": 47},
            "geometry": {None: 5},
        },
        says={
            "seattle:F190051945": {
                "number": "F190051945", "keyword": "Car Fire", "category": "fire",
                "geometry": [-122.329051, 47.6069], "observed_at": "2019-05-22T19:55:00.000Z",
                "issued_at": "2019-05-22T19:55:00.000Z",
            }
        },
    ),
    Sample(
        path="dispatch/sanfrancisco/Fire_Department_Calls_for_Service.csv", feed="sanfrancisco", way="poll",
        accepted=5205, features=241,
        tally={"layer": {"missions": 173, "units": 68}, "fms_status": {1: 68}, "state": {"ended": 173}},
        says={
            "sanfrancisco:18060627": {
                "number": "18060627", "keyword": "Structure Fire", "category": "fire", "state": "ended",
                "geometry": [-122.45394528089803, 37.780929787135314], "issued_at": "2018-05-23T23:26:10.000Z",
                "observed_at": "2018-05-24T05:38:35.000Z",
                "address": {
                    "street": PARKER, "postcode": "94118", "city": "San Francisco",
                    "text": f"{PARKER}, 94118 San Francisco",
                },
            }
        },
    ),
)  # fmt: skip
REFERENCES = (
    Reference(
        path="dispatch/edxl/schema/edxlde-1_0.xsd",
        use="the sample that `edxl_de` takes whole is valid by it",
        test="test_reference_files::test_the_envelope_is_valid_by_the_schema_of_edxl",
    ),
    Reference(
        path="dispatch/berlin/crew_turnout_times_current.csv",
        use="turnout times of the written exercises lie within those of Berlin's stations",
        test="test_reference_files::test_crews_of_the_written_exercise_turn_out_as_those_of_a_city",
    ),
    Reference(
        path="dispatch/berlin/crew_turnout_times_field_descriptions.csv",
        use="explains the columns of the table beside it; every column is explained",
        test="test_reference_files::test_every_column_of_the_turnout_times_is_explained",
    ),
)
