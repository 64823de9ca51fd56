"""NGSI v2: forms of an entity, actions, times, limits, and that nobody takes a neighbour down."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from layers.content import Removal, Unit
from server.feeds import (
    BAD_ATTRIBUTE,
    BAD_ENTITY,
    Precondition,
)
from server.feeds.ngsi import FEED
from server.feeds.ngsi.types import TYPES
from tests.feeds.frames import RECEIVED, all_frames, context
from tests.feeds.ngsi_tools import COUNT, VEHICLE, decode, one, reasons


def test_every_type_of_the_interface_is_known() -> None:
    assert set(TYPES) == {
        "Alert", "EmergencyVehicle", "LogBookEntry", "NotificationMessage", "CitizenAlert",
        "CrowdFlowSensorSite", "CrowdFlowROI", "CrowdCountObserved", "CrowdFlowObserved",
        "CrowdFlowCountDensityAlert", "CrowdCountDensityAlert", "CrowdFlowVelocityAlert",
        "CrowdFlowMotionChangeAlert", "CrowdFlowMotionPatternAlert", "UAVStatus", "Building", "Device",
        "SocialMedia", "SocialMediaSearch", "SmAlertRule", "SocialMediaEvent", "CitizenReport",
    }  # fmt: skip


def test_every_type_has_a_frame() -> None:
    seen = set()
    for frame in all_frames():
        if frame.parent.name == "ngsi":
            seen |= {one.extra["type"] for one in FEED.decode(frame.read_bytes(), context()).observations if one.extra}
    assert seen == set(TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_table_names_fields_that_its_content_has(name: str) -> None:
    table = TYPES[name]
    fields = set(table.content.__struct_fields__)
    targets = {row.target for row in table.rows} | {joint.target for joint in table.joints} | set(table.constants)
    assert targets - {"@geometry"} <= fields
    # Whatever a row gives for "nothing" must fit the field: None, an empty tuple, an empty object.
    cleared = table.cleared(table.attributes(), _reading())
    cleared.pop("@geometry", None)
    content = table.content(**{**table.constants, **cleared})
    assert msgspec.json.decode(msgspec.json.encode(content), type=table.content) == content


def _reading() -> Any:
    from server.feeds.ngsi.values import Reading

    return Reading(context(), set())


@pytest.mark.parametrize(
    "written",
    [
        3,
        "3",
        3.0,
        {"value": 3},
        {"type": "Number", "value": 3, "metadata": {}},
        {"value:": 3},
        {"type": "Number", "value:": "3"},
        {"type": "Property", "value": 3, "observedAt": None},
    ],
    ids=repr,
)
def test_an_attribute_in_each_of_its_forms(written: Any) -> None:
    assert one({**VEHICLE, "fmsStatus": written}).content == Unit(fms_status=3)


@pytest.mark.parametrize(
    "written", [None, {}, {"type": "Number"}, {"value": None}, "", {"type": "Text", "value": " "}], ids=repr
)
def test_null_is_said_and_means_unknown(written: Any) -> None:
    assert one({**VEHICLE, "fmsStatus": written, "name": "x"}).content == Unit(fms_status=None, name="x")


def test_what_is_not_said_stays_unsaid() -> None:
    observation = one({**VEHICLE, "name": "x"})
    assert observation.content == Unit(name="x")
    assert observation.geometry is msgspec.UNSET


@pytest.mark.parametrize("name", ["fmsStatus:", "fmsStatus\u200b", "\ufefffmsStatus"])
def test_slips_in_an_attributes_name(name: str) -> None:
    observation = one({**VEHICLE, name: 3})
    assert observation.content == Unit(fms_status=3)
    assert "fmsStatus" in observation.extra


@pytest.mark.parametrize("kind", ["EmergencyVehicle\u200b", " EmergencyVehicle ", "\ufeffEmergencyVehicle"])
def test_slips_in_a_type(kind: str) -> None:
    assert one({**VEHICLE, "type": kind, "fmsStatus": 3}).extra["type"] == "EmergencyVehicle"


@pytest.mark.parametrize(
    "message",
    [
        {**VEHICLE, "fmsStatus": 3},
        [{**VEHICLE, "fmsStatus": 3}],
        {"subscriptionId": "x", "data": [{**VEHICLE, "fmsStatus": 3}]},
        {"actionType": "append", "entities": [{**VEHICLE, "fmsStatus": 3}]},
        {"actionType": "APPEND", "entities": [{**VEHICLE, "fmsStatus": 3}]},
        {"entities": [{**VEHICLE, "fmsStatus": 3}]},
    ],
    ids=["entity", "list", "notification", "update", "ngsi-v1-word", "no-action"],
)
def test_each_envelope_gives_the_same_claim(message: Any) -> None:
    (observation,) = decode(message).observations
    assert observation == one({**VEHICLE, "fmsStatus": 3})


def test_a_type_that_is_missing_is_read_from_the_urn() -> None:
    assert one({"id": VEHICLE["id"], "fmsStatus": 3}).content == Unit(fms_status=3)


def test_the_senders_attributes_are_kept_normalized() -> None:
    extra = one(
        {**VEHICLE, "fmsStatus": 3, "foo": {"a": [1]}, "name": {"type": "Text", "value": "x", "metadata": {"m": 1}}}
    ).extra
    assert extra == {
        "type": "EmergencyVehicle",
        "fmsStatus": {"type": "Number", "value": 3, "metadata": {}},
        "foo": {"type": "StructuredValue", "value": {"a": [1]}, "metadata": {}},
        "name": {"type": "Text", "value": "x", "metadata": {"m": 1}},
    }


def test_a_structured_attribute_replaces_its_members_but_an_action_is_merged() -> None:
    alert = one({"id": "a", "type": "Alert", "data": {"alertKeyWord": "Feuer1"}})
    assert (alert.content.keyword, alert.content.reporter) == ("Feuer1", None)  # type: ignore[union-attr]
    device = one({"id": "d", "type": "Device", "action": {"status": "SUCCESS"}})
    assert device.content.desired_value is msgspec.UNSET  # type: ignore[union-attr]


# -- times -------------------------------------------------------------------------------------------------------------


def test_own_time_where_the_type_has_one() -> None:
    observation = one({**COUNT, "dateObserved": "2026-11-21T19:59:00+0000", "peopleCount": 5})
    assert observation.observed_at == datetime(2026, 11, 21, 19, 59, tzinfo=UTC)
    assert observation.received_at == RECEIVED
    assert observation.flags == ()


def test_the_time_of_receipt_where_it_has_none() -> None:
    observation = one({**VEHICLE, "fmsStatus": 3})
    assert observation.observed_at == RECEIVED
    assert observation.flags == ("time_assumed",)


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        ("1970-01-01T00:00:00Z", ("clock_implausible",)),
        ("2100-01-01T00:00:00Z", ("clock_ahead",)),
        ("9999-12-31T23:59:59Z", ("clock_ahead",)),
    ],
)
def test_a_clock_that_cannot_be_right_is_replaced_and_flagged(written: str, flags: tuple[str, ...]) -> None:
    observation = one({**COUNT, "dateObserved": written, "peopleCount": 5})
    assert (observation.observed_at, observation.flags) == (RECEIVED, flags)


def test_an_old_time_is_kept() -> None:
    assert one({**COUNT, "dateObserved": "2019-07-03T00:00:00.00Z"}).observed_at == datetime(2019, 7, 3, tzinfo=UTC)


def test_a_time_that_cannot_be_read_is_refused_alone() -> None:
    decoded = decode({**COUNT, "dateObserved": "gestern", "dateIssued": 1, "peopleCount": 5})
    (observation,) = decoded.observations
    assert observation.observed_at == RECEIVED
    assert observation.content.people == 5  # type: ignore[union-attr]
    assert reasons(decoded) == [(BAD_ATTRIBUTE, "dateObserved: no time: 'gestern'")]


def test_attributes_measured_at_other_times_are_claims_of_their_own() -> None:
    decoded = decode(
        {
            **VEHICLE,
            "fmsStatus": 3,
            "location": {
                "value": {"type": "Point", "coordinates": [8.7, 51.7]},
                "metadata": {"TimeInstant": {"type": "DateTime", "value": "2026-11-21T19:58:00Z"}},
            },
        }
    )
    assert [(o.observed_at, o.content, o.geometry is msgspec.UNSET) for o in decoded.observations] == [
        (RECEIVED, Unit(fms_status=3), True),
        (datetime(2026, 11, 21, 19, 58, tzinfo=UTC), Unit(), False),
    ]


def test_an_iot_agents_time_instant_is_the_time_of_the_entity() -> None:
    assert one({**VEHICLE, "fmsStatus": 3, "TimeInstant": "2026-11-21T19:00:00Z"}).observed_at.hour == 19


def test_more_times_than_attributes_could_have() -> None:
    many = {f"a{n}": {"value": n, "metadata": {"TimeInstant": f"2026-11-21T19:00:{n:02d}Z"}} for n in range(30)}
    assert reasons(decode({**VEHICLE, **many})) == [(BAD_ENTITY, "more than 20 times in one entity")]


# -- identity ----------------------------------------------------------------------------------------------------------


def test_a_measurement_that_is_sent_again_later_is_the_same_claim() -> None:
    entity = {**COUNT, "dateObserved": "2026-11-21T19:59:00Z", "peopleCount": 5}
    later = FEED.decode(
        json.dumps(entity).encode(), msgspec.structs.replace(context(), received_at=RECEIVED + timedelta(hours=1))
    )
    assert later.observations[0].id == one(entity).id


def test_a_state_that_is_said_again_later_is_news() -> None:
    entity = {**VEHICLE, "fmsStatus": 3}
    later = FEED.decode(
        json.dumps(entity).encode(), msgspec.structs.replace(context(), received_at=RECEIVED + timedelta(seconds=1))
    )
    assert later.observations[0].id != one(entity).id


def test_another_source_or_another_value_is_another_claim() -> None:
    entity = {**COUNT, "dateObserved": "2026-11-21T19:59:00Z", "peopleCount": 5}
    other = FEED.decode(json.dumps(entity).encode(), msgspec.structs.replace(context(), source="ngsi/other"))
    ids = {one(entity).id, one({**entity, "peopleCount": 6}).id, other.observations[0].id}
    assert len(ids) == 3


def test_order_and_form_of_the_attributes_do_not_matter() -> None:
    dated = {**COUNT, "dateObserved": "2026-11-21T19:59:00Z"}
    assert one({**dated, "peopleCount": 5, "quality": 1}).id == one({**dated, "quality": 1, "peopleCount": 5}).id


def test_what_a_message_says_again_wins() -> None:
    assert one({**VEHICLE, "fmsStatus": 3, "name": "a"}, {**VEHICLE, "fmsStatus": 4}).content == Unit(
        fms_status=4, name="a"
    )


def test_several_measurements_of_one_counter_in_one_message_stay_apart() -> None:
    series = [{**COUNT, "dateObserved": f"2026-11-21T19:5{n}:00Z", "peopleCount": n} for n in (1, 3, 2)]
    assert [o.content.people for o in decode(series).observations] == [1, 3, 2]  # type: ignore[union-attr]


# -- actions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("append", None),
        ("appendStrict", Precondition(absent=("fmsStatus", "name"))),
        ("APPEND_STRICT", Precondition(absent=("fmsStatus", "name"))),
        ("update", Precondition(exists=True, present=("fmsStatus", "name"))),
        ("replace", Precondition(exists=True, exclusive=True)),
        ("delete", Precondition(exists=True, present=("fmsStatus", "name"))),
    ],
)
def test_the_condition_of_each_action(action: str, condition: Precondition | None) -> None:
    decoded = decode({"actionType": action, "entities": [{**VEHICLE, "fmsStatus": 3, "name": "x"}]})
    (observation,) = decoded.observations
    assert decoded.conditions.get(observation.id) == condition


def test_delete_withdraws_the_entity_or_the_attributes_named() -> None:
    decoded = decode(
        {"actionType": "delete", "entities": [VEHICLE, {**VEHICLE, "id": "v2", "fmsStatus": 1, "location": 1}]}
    )
    whole, part = decoded.observations
    assert (whole.content, whole.extra) == (Removal(), {})
    assert (part.content, part.geometry) == (Unit(fms_status=None), None)
    assert part.extra == {"type": "EmergencyVehicle", "fmsStatus": None, "location": None}


def test_replace_clears_what_it_does_not_name() -> None:
    decoded = decode({"actionType": "replace", "entities": [{**VEHICLE, "fmsStatus": 3}]})
    (observation,) = decoded.observations
    assert observation.content == Unit(
        fms_status=3, name=None, call_sign=None, description=None, vehicle_type=None, categories=(), base_station=None,
        mission=None, report_to=None, heading_deg=None, speed_mps=None,
    )  # fmt: skip
    assert observation.geometry is None
