"""Files of the samples that are no message: tables, schemas, readings of others. We agree with each of them."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from fixtures.library import scenario_path
from server.feeds.sia_dc09.codes import sia
from tests.feeds.dispatch_tools import decoded
from tests.field.test_crowd_lorawan import raw, reference

pytestmark = pytest.mark.field
DISPATCH = "dispatch/berlin/crew_turnout_times"


def rows(path: Path) -> list[dict[str, str]]:
    """A table with a head, with or without a byte order mark."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


WORDS = {
    "alarm": 1, "leak": 1, "on": 1, "open": 1, "AC Power On": 1, "Alarm": 1,
    "normal": 0, "close": 0, "AC Power Off": 0, "Normal": 0, "Class A": 0,
}  # fmt: skip
NAMES = {
    "state": "gas", "ball_status": "vibration", "batteryLevelInPercentage": "battery", "powerEvent": "mains",
    "lowBatteryAlarm": "battery_low", "faultAlarm": "fault", "smokeAlarm": "smoke",
    "interconnectAlarm": "interconnect_smoke", "testButtonPressed": "self_test", "deviceClass": "device_class",
    "hardwareVersion": "hardware_version", "firmwareVersion": "firmware_version", "deviceSerialNumber": "serial",
    "total_counter_in": "line_1_total_in", "total_counter_out": "line_1_total_out",
    "periodic_counter_in": "period_in", "periodic_counter_out": "period_out",
}  # fmt: skip
"""What ThingsBoard's converters call what we call otherwise."""
ENVELOPE = ("fPort", "fCnt", "confirmed")


def ours(name: str, value: Any) -> tuple[str, Any]:
    """A value of a converter under our name and in our words."""
    own = NAMES.get(name, name.replace(".0_", "_"))
    if own in ("hardware_version", "firmware_version"):
        return own, str(value).removeprefix("V")
    return own, str(value) if own == "serial" else WORDS.get(value, value) if isinstance(value, str) else value


def test_uplinks_are_read_as_their_converters_read_them(samples: Path) -> None:
    """The counterpart of every `.decoded.json`: its values, and the time at which the network had the uplink."""
    beside = sorted(samples.glob("*/lorawan_*.decoded.json"))
    assert beside != []
    for path in beside:
        uplink = path.with_name(path.name.replace(".decoded", ""))
        stated = dict(ours(name, value) for name, value in reference(uplink).items() if name not in ENVELOPE)
        found = raw(uplink)
        assert {name: found.get(name) for name in stated} == stated, path.name
        document = json.loads(path.read_bytes())
        telemetry = (document[0] if isinstance(document, list) else document)["telemetry"]
        at = (telemetry[0] if isinstance(telemetry, list) else telemetry)["ts"] / 1_000
        said = {each.reported_at for each in decoded("lorawan", uplink.read_bytes()).observations}
        assert all(abs((each - datetime.fromtimestamp(at, UTC)).total_seconds()) < 0.001 for each in said), path.name


EXCEPTIONS = {
    "AN": "restore", "AS": "trouble", "BV": "alarm", "CD": "other", "CE": "close", "CI": "other", "CM": "alarm",
    "CT": "other", "DC": "other", "DF": "alarm", "DZ": "other", "EZ": "alarm", "GU": "other", "IA": "trouble",
    "JA": "alarm", "LU": "other", "NA": "alarm", "NS": "restore", "OC": "cancel", "OI": "other", "OT": "other",
    "RA": "other", "RC": "other", "RO": "other", "RR": "other", "RT": "trouble", "RU": "other", "XI": "other",
    "DO": "other", "DN": "other", "TP": "test", "UX": "alarm", "VI": "restore", "VO": "trouble", "VY": "restore",
    "VZ": "trouble", "XL": "trouble", "XM": "alarm", "XQ": "trouble", "XS": "alarm", "XW": "bypass", "XX": "trouble",
    "YA": "trouble", "YM": "trouble", "YX": "trouble", "YY": "test", "NF": "close", "NL": "close", "LB": "other",
    "BZ": "trouble", "FZ": "trouble", "OH": "open", "OL": "open", "OR": "open", "CW": "close", "DJ": "trouble",
    "JK": "other", "YK": "restore", "YF": "trouble", "KU": "other", "EX": "other", "L_": "",
}  # fmt: skip
"""Codes whose words follow no rule; what each of them is."""
RULES = (
    (("UNBYP",), "other"),
    (("RESTOR", "RSTRL", "RST", "RESTORE"), "restore"),
    (("BYPASS",), "bypass"),
    (("TROUBLE", "TRBL", "FAIL"), "trouble"),
    (("TEST",), "test"),
    (("CANCEL",), "cancel"),
    (("SUPERV", "SUPRV"), "supervision"),
    (("ALARM", "ALRM"), "alarm"),
    (("CLOSING", "CLOSE"), "close"),
    (("OPENING", "OPEN"), "open"),
)


def by_its_words(code: str, words: str) -> str:
    """What kind of event a description tells of."""
    if code in EXCEPTIONS:
        return EXCEPTIONS[code]
    return next((kind for parts, kind in RULES if any(part in words for part in parts)), "other")


def test_every_sia_code_is_known_and_is_what_its_table_says(samples: Path) -> None:
    table = rows(samples / "alarm" / "sia_event_codes.csv")
    assert len(table) == 280
    found = {row["CODE"]: sia(row["CODE"]) for row in table}
    assert [code for code, event in found.items() if event is None] == ["L_"], "a pattern, no code"
    kinds = {code: event.kind for code, event in found.items() if event is not None}
    stated = {row["CODE"]: by_its_words(row["CODE"], row["DESCRIPTION"]) for row in table if row["CODE"] != "L_"}
    assert {code: (kind, stated[code]) for code, kind in kinds.items() if kind != stated[code]} == {}
    classes = {"BURG": "burglary", "FIRE": "fire", "GAS": "gas", "HEAT": "heat", "MEDIC": "medical", "WATER": "water"}
    classes |= {"PANIC": "panic", "HOLDUP": "panic", "SPRINKLER": "sprinkler", "TAMPER": "tamper", "FREEZE": "freeze"}
    for row in table:
        event, word = found[row["CODE"]], row["DESCRIPTION"].partition(" ")[0]
        measure = next((name for begin, name in classes.items() if word.startswith(begin)), None)
        if event is not None and measure is not None and row["DESCRIPTION"].endswith((" ALARM", " RESTORAL")):
            assert (row["CODE"], event.measure) == (row["CODE"], measure)


def test_every_attribute_of_the_schema_is_read_or_kept(samples: Path) -> None:
    schema = json.loads((samples / "crowd" / "schema_crowdflowobserved.json").read_bytes())
    names = next(part["properties"] for part in schema["allOf"] if "properties" in part)
    entity = {
        "id": "urn:ngsi-ld:CrowdFlowObserved:1", "type": "CrowdFlowObserved", "refRoadSegment": "urn:ngsi-ld:Road:1",
        "dateObserved": "2018-08-07T11:10:00Z", "dateObservedFrom": "2018-08-07T11:10:00Z", "peopleCount": 100,
        "dateObservedTo": "2018-08-07T11:15:00Z", "peopleCountTowards": 60, "peopleCountAway": 40, "occupancy": 0.5,
        "averageCrowdSpeed": 3.6, "congested": True, "averageHeadwayTime": 5, "direction": "outbound",
    }  # fmt: skip
    assert names.keys() <= entity.keys()
    for feed, body in (("ngsi", {"actionType": "append", "entities": [entity]}), ("ngsi_ld", entity)):
        found = decoded(feed, body)
        assert found.refused == ()
        (observation,) = found.observations
        assert entity.keys() - {"id"} <= observation.extra.keys()


def valid(schema: Path, document: bytes) -> bool:
    """By the schema of its makers."""
    return bool(etree.XMLSchema(etree.parse(schema)).validate(etree.fromstring(document)))


def test_the_envelope_is_valid_by_the_schema_of_edxl(samples: Path) -> None:
    folder = samples / "dispatch" / "edxl"
    assert valid(folder / "schema" / "edxlde-1_0.xsd", (folder / "bushfire_valid.edxlde").read_bytes())


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("weather.cap", True),
        ("earthquake.cap", True),
        ("no_optional_fields.cap", True),
        ("noaa_errors.cap", False),
    ],
)
def test_what_the_schema_of_cap_1_1_says_of_the_samples(samples: Path, name: str, sound: bool) -> None:
    """All four are taken; of the last one what is empty is unknown."""
    body = (samples / "cap" / "google-cap-library" / name).read_bytes()
    assert valid(samples / "cap" / "schema" / "cap11.xsd", body) is sound
    assert len(decoded("cap", body).observations) == 1


XSD = {"xs": "http://www.w3.org/2001/XMLSchema"}
READ = {
    "status": "status", "msgType": "msg_type", "scope": "scope", "category": "category", "urgency": "urgency",
    "severity": "severity", "certainty": "certainty", "responseType": "response_types",
}  # fmt: skip


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_every_word_of_the_schemas_of_cap_is_known(samples: Path, version: str) -> None:
    """Each word that an element may have is read as it is; the `Very Likely` of CAP 1.0 became `Likely`."""
    schema = samples / "cap" / "schema" / f"cap{version.replace('.', '')}.xsd"
    tree = etree.parse(schema)
    space = tree.getroot().get("targetNamespace")
    read = 0
    for element, name in READ.items():
        for word in tree.xpath(f"//xs:element[@name='{element}']//xs:enumeration/@value", namespaces=XSD):
            said = {"status": "Actual", "msgType": "Alert", "scope": "Public", "category": "Fire", "responseType": ""}
            said |= {"urgency": "Future", "severity": "Minor", "certainty": "Likely", element: str(word)}
            document = _alert(str(space), version, said)
            assert valid(schema, document), (element, word)
            (observation,) = decoded("cap", document).observations
            found = getattr(observation.content, name)
            assert (found[0] if isinstance(found, tuple) else found) == str(word).replace("Very ", ""), (element, word)
            read += 1
    assert read >= 30


def _alert(space: str, version: str, said: dict[str, str]) -> bytes:
    """The shortest valid alert with these words, its elements in the order of the schema."""
    head = {"identifier": "1", "sender": "a@example.org", "sent": "2026-11-21T18:00:00+01:00"}
    head |= {name: said[name] for name in ("status", "msgType", "scope")}
    info = {"category": said["category"], "event": "Feuer", "responseType": said["responseType"]}
    info |= {name: said[name] for name in ("urgency", "severity", "certainty")}
    if version == "1.0":
        info.pop("responseType")
    told = "".join(f"<{name}>{value}</{name}>" for name, value in info.items() if value)
    top = "".join(f"<{name}>{value}</{name}>" for name, value in head.items())
    return f'<alert xmlns="{space}">{top}<info>{told}</info></alert>'.encode()


def test_every_column_of_the_turnout_times_is_explained(samples: Path) -> None:
    explained = {row["field_name"] for row in rows(samples / f"{DISPATCH}_field_descriptions.csv")}
    assert set(rows(samples / f"{DISPATCH}_current.csv")[0]) - {""} <= explained


def test_crews_of_the_written_exercise_turn_out_as_those_of_a_city(samples: Path) -> None:
    """From the assignment of a vehicle to its status 3, against the means of Berlin's stations for its kind."""
    table = rows(samples / f"{DISPATCH}_current.csv")
    assert len(table) == 72
    assigned: dict[str, float] = {}
    turned_out: dict[str, float] = {}
    for line in scenario_path("hausbrand").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        for entity in (said.get("body") or {}).get("entities", ()):
            if entity.get("type") == "EmergencyVehicle" and "assignedToMission" in entity:
                assigned.setdefault(entity["id"], said["at_s"])
            if entity.get("type") == "EmergencyVehicle" and entity.get("fmsStatus") == 3:
                turned_out.setdefault(entity["id"], said["at_s"])
    kinds = {"hlf": "LHF", "dlk": "DLK", "elw": "ELW", "rtw": "RTW"}
    assert len(turned_out) == 4
    for own, at_s in turned_out.items():
        kind = kinds[own.split("-")[-2]]
        means = [float(row[f"mittlere_ausrueckedauer_{kind}"] or "nan") for row in table]
        known = [mean for mean in means if mean == mean]
        assert min(known) <= at_s - assigned[own] <= max(known), own
