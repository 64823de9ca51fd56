"""Warnings: samples/cap."""

from typing import Any

from tests.field.ledger import Reference, Sample

DWD, NWS = "cap:opendata@dwd.de:", "cap:w-nws.webmaster@noaa.gov:"
PVW = "2.49.0.0.276.0.DWD.PVW."
USGS = "cap:http%3A%2F%2Fearthquake.usgs.gov%2Fresearch%2Fmonitoring%2Fanss%2Fneic%2F:USGS-earthquakes-us2010apcd.6."
ALASKA = "cap:http%3A%2F%2Fnewwcatwc.arh.noaa.gov%2FtsuPortal%2F:"
UPDATED = f"opendata@dwd.de,{PVW}1687503060000.fc4f7fd9-80e7-4d71-969a-254be3e27e83.MUL,2023-06-23T08:51:00+02:00"
ARIZONA = f"{NWS}https%3A%2F%2Falerts.weather.gov%2Fcap%2Fwwacapget.php%3Fx%3D"
OLDER = f"{NWS}http%3A%2F%2Fwww.weather.gov%2Falerts-beta%2Fwwacapget.php%3Fx%3D"


def warning(name: str, subject: str, way: str = "folder", turn: int = 0, **said: Any) -> Sample:
    """One warning. All of them are of the past: none is in force, none is drawn."""
    says = {subject: {"in_force": False, "geometry": None, **said}}
    return Sample(path=f"cap/{name}", feed="cap", way=way, says=says, turn=turn)


def several(name: str, way: str, says: dict[str, Any], events: dict[Any, int]) -> Sample:
    """Several warnings in one file."""
    number = sum(events.values())
    return Sample(
        path=f"cap/{name}", feed="cap", way=way, says=says, accepted=number, features=number, tally={"event": events}
    )


def refused(name: str, reason: str) -> Sample:
    """What must be rejected."""
    path = f"cap/google-cap-library/{name}"
    return Sample(path=path, feed="cap", way="folder", accepted=0, refused=1, features=0, reason=reason)


SAMPLES = (
    warning(
        f"dwd/{PVW}1687470000000.fe90b61b-3755-4efb-8eda-b161251da9f7.MUL.xml",
        f"{DWD}{PVW}1687470000000.fe90b61b-3755-4efb-8eda-b161251da9f7.MUL", "poll", event="WINDBÖEN",
        severity="Minor", msg_type="Alert", status="Actual", sent_at="2023-06-22T21:40:00.000Z",
        ends_at="2023-06-23T14:00:00.000Z", sender_name="Deutscher Wetterdienst", actual=True,
    ),
    warning(
        f"dwd/{PVW}1687511640000.0d1a4fb5-251a-46fc-aae3-a688d2021e71.MUL.xml",
        f"{DWD}{PVW}1687511640000.0d1a4fb5-251a-46fc-aae3-a688d2021e71.MUL", "poll", event="STARKREGEN",
        severity="Moderate", msg_type="Update", sent_at="2023-06-23T09:14:00.000Z", references=[UPDATED],
        ends_at="2023-06-23T13:00:00.000Z",
        area_codes={"WARNCELLID": ["812069270", "812063189", "812069018"]},
    ),
    warning(
        "dwd/Z_CAP_with_test.zip", f"{DWD}{PVW}1713860460000.8f3f6cfd-f3bd-4fff-9583-5c2eb408a1b9.MUL", "directory",
        event="TEST-WARNUNG", status="Test", actual=False, sent_at="2024-04-23T08:21:00.000Z",
    ),
    warning(
        "google-cap-library/australia.cap",
        "cap:webmaster@rfs.nsw.gov.au:tag%3Awww.rfs.nsw.gov.au2011-10-06%3A40184", event="Fire", severity="Minor",
        sender_name="NSW Rural Fire Service", headline="Yerong Creek Structure Fire", category=["Fire", "Met"],
        sent_at="2011-10-05T13:04:00.000Z",
    ),
    warning(
        "google-cap-library/canada.cap", "cap:cap@ec.gc.ca:2.49.0.1.124.6bddbc91.2012", msg_type="Update",
        event="thunderstorm", urgency="Past", sent_at="2012-05-02T23:21:04.000Z",
        area_text="Windsor - Leamington - Essex County, Chatham-Kent - Rondeau Park",
    ),
    warning(
        "google-cap-library/canada_signed.cap", "cap:cap-pac@ec.gc.ca:2.49.0.1.124.f2c83f5f.2013", event="snowfall",
        severity="Moderate", sent_at="2013-01-24T21:26:00.000Z",
    ),
    warning(
        "google-cap-library/weather.cap",
        f"{NWS}NOAA-NWS-ALERTS-MT20100830100700TFXFlashFloodWatchTFX20100830180000MT", event="Flash Flood Watch",
        severity="Severe", sent_at="2010-08-30T10:07:00.000Z", area_codes={"FIPS6": ["030049"], "UGC": ["MTZ014"]},
    ),
    warning(
        "google-cap-library/wcatwc-warning.cap", f"{ALASKA}PAAQ-2-lqw6d6", event="Tsunami Warning",
        severity="Extreme", msg_type="Update", sent_at="2011-09-02T11:36:50.000Z",
        references=["PAAQ,PAAQ-1-lqw6d6,2011-09-02T10:55:55-00:00"],
    ),
    warning(
        "google-cap-library/earthquake.cap", f"{USGS}20100831T000925.496Z", event="Earthquake", severity="Unknown",
        urgency="Past", sent_at="2010-08-31T05:09:25.000Z",
    ),
    warning(
        "google-cap-library/no_optional_fields.cap", f"{USGS}20100831T000925.496Z", turn=1, status="Actual",
        msg_type="Alert", sent_at="2010-08-31T05:09:25.000Z",
    ),
    warning(
        "google-cap-library/noaa_errors.cap",
        f"{NWS}NOAA-NWS-ALERTS-NV20110710035200FloodWarning20110812031500NV.LKNFLWLKN.b246748c7bbfa7c65ae9b960569510dd",
        event="Flood Warning", urgency="Unknown", severity="Unknown", certainty="Unknown",
        ends_at="2011-08-12T03:15:00.000Z",
    ),
    warning(
        "google-cap-library/amber.atom", "cap:KARO@CLETS.DOJ.DC.GOV:http%3A%2F%2Fdoj.dc.gov%2Famber12345",
        event="Child Abduction", severity="Severe", sent_at="2010-06-04T00:15:00.000Z",
        area_codes={"FIPS6": ["006037"]},
    ),
    refused("invalid.cap", "a CAP alert needs scope"),
    refused("xee.cap", "a document type (DOCTYPE) is not accepted"),
    several(
        "google-cap-library/weather_index.atom", "folder",
        {
            f"{OLDER}CT20100831030400OKXAirQualityAlertOKX20100901031500CT": {"sent_at": "2010-08-31T03:04:00.000Z"},
            f"{OLDER}DC20100830203300LWXAirQualityAlertLWX20100901040000DC": {"sent_at": "2010-08-30T20:33:00.000Z"},
        },
        {"Air Quality Alert": 2},
    ),
    several(
        "nws/cap.2020-05-07T14_12_00.xml", "poll",
        {
            f"{ARIZONA}AZ125F4C0CD204.ExcessiveHeatWarning.125F4C1AFC30AZ.TWCNPWTWC.39e6a6d0dcf50eade8723c8705e618c6": {
                "event": "Excessive Heat Warning", "severity": "Moderate", "sent_at": "2020-05-07T10:17:00.000Z",
                "effective_at": "2020-05-07T17:00:00.000Z", "ends_at": "2020-05-08T03:00:00.000Z",
            }
        },
        {"Excessive Heat Warning": 3, "Air Quality Alert": 1},
    ),
    several(
        "meteoalarm/meteoalarm_de.json", "poll",
        {
            f"{DWD}{PVW}1776668100000.cdf81e0a-b6f1-45c3-808e-9d729efb2aa0.MUL": {
                "event": "STURMBÖEN", "severity": "Moderate", "sent_at": "2026-04-20T06:55:00.000Z",
                "area_codes": {"EMMA_ID": ["DE343"], "WARNCELLID": ["114521000"]}, "area_text": "Erzgebirgskreis",
                "ends_at": "2026-04-20T16:00:00.000Z", "onset_at": "2026-04-20T07:00:00.000Z",
            },
            f"{DWD}{PVW}1776681300000.a43e3802-c848-4594-a9ec-e390609e0c0b.MUL": {
                "event": "FROST", "severity": "Minor",
            },
            f"{DWD}{PVW}1776719760000.41581055-631c-4f00-81f1-6e0fe7071e8b.MUL": {
                "event": "BÖEN", "msg_type": "Update", "ends_at": "2026-04-20T21:16:00.000Z",
                "sent_at": "2026-04-20T21:16:00.000Z",
            },
            f"{DWD}TEST-IDENTIFIER-XYZ": {"status": "Test", "actual": False},
        },
        {"STURMBÖEN": 1, "FROST": 1, "BÖEN": 1, "Test Hazard": 1},
    ),
)  # fmt: skip
REFERENCES = (
    Reference(
        path="cap/schema/cap12.xsd",
        use="every warning that we publish is valid by it, and each of its words is known to `cap`",
        test="test_warnings_out::test_whatever_agencies_sent_can_be_passed_on",
    ),
    Reference(
        path="cap/schema/cap11.xsd",
        use="says of the samples in CAP 1.1 which are valid; each of its words is known to `cap`",
        test="test_reference_files::test_what_the_schema_of_cap_1_1_says_of_the_samples",
    ),
    Reference(
        path="cap/schema/cap10.xsd",
        use="each of its words is known to `cap`",
        test="test_reference_files::test_every_word_of_the_schemas_of_cap_is_known",
    ),
)
