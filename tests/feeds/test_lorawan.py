"""LoRaWAN. The frames are in fixtures/frames/lorawan."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import CrowdCount, CrowdLine, Device
from server.feeds import DecodeError
from server.feeds.lorawan.meaning import flat
from server.feeds.lorawan.models import PORTS, family_of, read, understand
from tests.feeds.dispatch_tools import decoded, never_said, of, reasons
from tests.feeds.fuzz import mutations

NAME = "lorawan"
EUI = "24e124fffe0000aa"


def uplink(payload: str = "", port: int = 85, **more: Any) -> dict[str, Any]:
    message = {
        "session_key_id": "s",
        "f_port": port,
        "f_cnt": 1,
        "frm_payload": base64.b64encode(bytes.fromhex(payload)).decode(),
        "received_at": "2026-11-21T19:00:00Z",
        **more,
    }
    ids = {"device_id": "a", "application_ids": {"application_id": "b"}, "dev_eui": EUI.upper()}
    return {"end_device_ids": ids, "received_at": "2026-11-21T19:00:01Z", "uplink_message": message}


def values(payload: str, port: int = 85, model: str | None = None) -> dict[str, Any]:
    found = understand((model,), port, bytes.fromhex(payload))
    assert found is not None
    return found.values


@pytest.mark.parametrize(
    ("payload", "port", "expected"),
    [
        ("04c91e040b00", 85, {"people_count_all": 30, "region_count": 4, **dict.fromkeys(["region_1"], 0)}),
        ("05cc03000400", 85, {"period_in": 3, "period_out": 4}),
        ("06cd09", 85, {"people_count_max": 9}),
        ("0fe301020304", 85, {"region_1_count": 1, "region_2_count": 2, "region_3_count": 3, "region_4_count": 4}),
        ("10e4020a001400", 85, {"region_2_avg_dwell": 10, "region_2_max_dwell": 20}),
        ("08cc05000600", 85, {"line_2_period_in": 5, "line_2_period_out": 6}),
        ("0cd2ffffffff", 85, {"line_4_total_in": 4294967295}),
        ("84cc0100020001", 85, {"total_in": 1, "total_out": 2, "total_count_alarm": 1}),
        ("0367f6ff", 85, {"temperature": -1.0}),
        ("055b0a9001c8010002", 85, {"LCS": 40.0, "LCeq": 45.6, "LCSmax": 51.2}),
        ("058e01", 85, {"gas": 1}),
        ("0890 10270000", 85, {"life_remain_s": 10000}),
        ("ff3f02", 85, {"fault": 1}),
        ("01ffce0228", 5, {"temperature": -5.0, "humidity": 40}),
        ("12ff", 5, {"water_leak": 255}),
        ("020b00", 8, {"mains": 0}),
        ("011a0124000000000000 00", 6, {"battery_voltage": 3.6, "battery_low": 0, "vibration": 0}),
    ],
)
def test_payloads(payload: str, port: int, expected: dict[str, Any]) -> None:
    found = values(payload, port)
    assert {name: found[name] for name in expected} == expected


def test_the_bits_of_the_regions_are_in_the_last_byte_first() -> None:
    found = values("04c91e040005")
    assert [found[f"region_{n}"] for n in (1, 2, 3, 4)] == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("VS133", "milesight"),
        ("milesight-vs132", "milesight"),
        ("ERS2 Sound", "elsys"),
        ("SD-1001", "yobiiq"),
        ("r718da", "netvox"),
        ("sensecaps2120-8-in-1", None),
        ("flowers", None),
        (None, None),
    ],
)
def test_families(model: str | None, family: str | None) -> None:
    assert family_of(model) == family


def test_the_model_that_is_set_decides() -> None:
    body = uplink("0100e2", port=2)
    (plain,) = decoded(NAME, body).observations
    assert plain.flags == ("payload_unknown",)
    (told,) = decoded(NAME, body, options={"devices": {EUI: {"model": "ERS2"}}}).observations
    assert isinstance(told.content, Device)
    assert (told.content.value, told.flags) == (22.6, ())


def test_a_layout_is_guessed_on_another_port_only_where_it_explains_every_byte() -> None:
    ers = "0100e202290400270506070d62150710"
    found = decoded(NAME, uplink(ers, port=207)).observations
    assert {item.flags for item in found} == {("model_guessed",)}
    assert [item.content.value for item in found if isinstance(item.content, Device)] == [22.6, 41, 39, True, 16]
    for other in (ers + "c0", "0100e2", "c0ffee00c0ffee00c0"):
        (plain,) = decoded(NAME, uplink(other, port=207)).observations
        assert plain.flags == ("payload_unknown",)


def test_a_payload_that_ends_early_says_what_it_says() -> None:
    found = decoded(NAME, uplink("01756403d2480000"))
    (observation,) = found.observations
    assert (observation.subject, observation.flags) == (f"lorawan:{EUI}:battery", ("payload_partial",))
    assert observation.extra["unread"] == "03d2480000"


def test_regions_and_lines_belong_to_what_is_set() -> None:
    entry = {
        "name": "Tor",
        "regions": {"1": "urn:r1"},
        "lines": {"2": "urn:r2"},
        "period_s": 600,
        "lon": 8.7,
        "lat": 51.7,
    }
    found = decoded(NAME, uplink("0fe30102030406d20500000008cc01000200"), options={"devices": {"a": entry}})
    contents = {each.subject.partition(f"{EUI}:")[2]: each.content for each in found.observations}
    assert contents["region_1"] == CrowdCount(people=1, region="urn:r1")
    assert contents["region_2"] == CrowdCount(people=2)
    assert contents["line_2"] == CrowdCount(inbound_total=5, region="urn:r2")
    line = contents["line_2:in"]
    assert isinstance(line, CrowdLine)
    assert line.to_at is not UNSET and line.from_at is not UNSET
    assert line.to_at is not None and line.from_at is not None
    assert (line.to_at - line.from_at).total_seconds() == 600
    assert found.observations[0].geometry == {"type": "Point", "coordinates": [8.7, 51.7]}


def test_an_event_with_a_probability_is_mapped() -> None:
    fields = [{"path": "events.0.detected", "measure": "glass_break", "probability": "events.0.p"}]
    body = uplink("00", port=3, decoded_payload={"events": [{"detected": True, "p": 0.85}]})
    (observation,) = decoded(NAME, body, options={"devices": {"a": {"fields": fields}}}).observations
    assert isinstance(observation.content, Device)
    assert (observation.content.state, observation.content.probability) == ("ALARM", 0.85)
    body["simulated"] = True
    (observation,) = decoded(NAME, body, options={"devices": {"a": {"fields": fields}}}).observations
    assert isinstance(observation.content, Device)
    assert (observation.content.state, observation.flags) == ("WARNING", ("payload_unknown", "test"))


@pytest.mark.parametrize(
    ("locations", "expected"),
    [
        ({"user": {"latitude": 51.7, "longitude": 8.7}}, [8.7, 51.7]),
        ({"frm-payload": {"latitude": 51.7, "longitude": 8.7}}, [8.7, 51.7]),
        ({"user": {"longitude": 8.7}}, [8.7, 0.0]),
        ({"user": {"source": "SOURCE_REGISTRY"}}, None),
        ({"user": {"latitude": 0, "longitude": 0}}, None),
        ({"gateway": {"latitude": 51.7, "longitude": 8.7}}, None),
    ],
)
def test_where_a_device_is(locations: Any, expected: Any) -> None:
    (observation,) = decoded(NAME, uplink("017564", locations=locations)).observations
    assert (observation.geometry or {"coordinates": None})["coordinates"] == expected if expected else True
    assert (observation.geometry is UNSET) == (expected is None)


def test_its_clock() -> None:
    body = uplink("017564", settings={"time": "2026-11-21T18:59:59.123456789Z"})
    (observation,) = decoded(NAME, body).observations
    assert observation.observed_at.isoformat() == "2026-11-21T18:59:59.123456+00:00"
    assert observation.reported_at.isoformat() == "2026-11-21T19:00:00+00:00"


def test_a_repeat_is_the_same_and_another_count_is_not() -> None:
    body = uplink("017564")
    again = json.loads(json.dumps(body))
    again["received_at"] = "2026-11-21T19:00:09Z"
    other = uplink("017564", f_cnt=2)
    assert len(decoded(NAME, [body, again]).observations) == 1
    assert len(decoded(NAME, [body, other]).observations) == 2


def test_a_count_of_zero_may_be_left_out() -> None:
    bare = uplink("017564")
    del bare["uplink_message"]["f_cnt"]
    (left_out,), (said,) = decoded(NAME, bare).observations, decoded(NAME, uplink("017564", f_cnt=0)).observations
    assert left_out.id == said.id


@pytest.mark.parametrize("kind", ["join_accept", "downlink_ack", "downlink_failed", "service_data"])
def test_messages_that_are_not_of_the_field(kind: str) -> None:
    body = uplink()
    del body["uplink_message"]
    found = decoded(NAME, body | {kind: {}})
    assert (found.observations, found.refused) == ((), ())


def test_where_a_device_was_located() -> None:
    body = uplink()
    del body["uplink_message"]
    found = decoded(NAME, body | {"location_solved": {"location": {"latitude": 51.7, "longitude": 8.7}}})
    assert of(found, f"{EUI}:connection")[0].geometry == {"type": "Point", "coordinates": [8.7, 51.7]}


@pytest.mark.parametrize("body", [{"a": 1}, [], 5, {"end_device_ids": {}}, {"cmd": "rx", "EUI": 5}, {"result": []}])
def test_what_is_refused(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert reasons(found)


def test_settings_that_are_none() -> None:
    for wrong in ({"devices": 5}, {"devices": {"a": {"lon": 500, "lat": 1}}}, {"what": 1}):
        with pytest.raises(DecodeError):
            decoded(NAME, uplink("017564"), options=wrong)


def test_what_is_secret_stays_out() -> None:
    body = uplink("00", port=9, decoded_payload={"alarm_phone": "+49 5251 881234", "api_key": "geheim", "x": 1})
    never_said(decoded(NAME, body), "881234", "geheim")


@given(st.binary(max_size=60), st.sampled_from(sorted(PORTS)))
def test_any_payload_is_read(data: bytes, port: int) -> None:
    for family in ("milesight", "elsys", "yobiiq", "netvox"):
        found = read(family, port, data)
        assert data.endswith(found.unread)
    decoded(NAME, uplink(data.hex(), port))


def test_damaged_frames() -> None:
    mutations(NAME, 20261121, 200)


def test_a_device_that_starts_says_what_it_is_and_whether_it_has_mains() -> None:
    found = decoded(NAME, uplink("ff090102ff0a0203ff161234567890ff0f00ff0b00", port=50)).observations
    told = {each.subject.rpartition(":")[2]: each.content for each in found}
    assert set(told) == {"connection", "mains"}
    connection, mains = told["connection"], told["mains"]
    assert isinstance(connection, Device)
    assert connection.description == "serial 1234567890, hardware 1.2, firmware 2.3"
    assert isinstance(mains, Device)
    assert (mains.value, mains.state) == (False, "WARNING")


def test_a_pressure_beyond_all_measure_is_no_end() -> None:
    assert flat({"messages": [{"type": "Barometric Pressure", "measurementValue": 10**400}]})
    assert flat({"messages": [{"type": "Barometric Pressure", "measurementValue": 101_370}]}) == {"pressure": 1013.7}
