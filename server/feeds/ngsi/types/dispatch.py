"""Dispatch and units: Alert (a mission), EmergencyVehicle, CitizenAlert (CAP 1.2 as JSON), the log book."""

from typing import Any

from layers import content
from layers.content import Mission, Note, Unit
from layers.observation import Geometry
from server.feeds._geometry import BadGeometry, cap_circle, cap_polygon, geojson, polygons
from server.feeds.ngsi.table import GEOMETRY, EntityType, Row, each
from server.feeds.ngsi.values import (
    Bad,
    Reading,
    anchor,
    choice,
    degrees,
    end_time,
    kmh,
    name,
    point,
    postal,
    text,
    time,
    visible,
    whole,
    words,
)

META_CATEGORIES = {
    "FIREFIGHTING": "fire",
    "CBRN_PROTECTION": "cbrn",
    "MEDICAL_EMERGENCY": "medical",
    "TECHNICAL_SUPPORT": "technical",
}

ALERT = EntityType(
    names=("Alert",),
    content=Mission,
    rows=(
        Row("externalId", "number", text),
        Row("data.alertKeyWord", "keyword", text),
        Row("data.alertKeyWordShort", "keyword_short", text),
        Row("data.metaCategory", "category", choice(also=META_CATEGORIES)),
        Row("data.reporter", "reporter", text, personal=True),
        Row("data.addtionalLocationDetail|data.additionalLocationDetail", "location_detail", text),
        Row("data.socialMediaSearchIds", "search_ids", words),
        Row("subCategory", "subcategory", text),
        Row("description", "description", text),
        Row("severity", "severity", choice("informational", "low", "medium", "high", "critical")),
        Row("address", "address", postal),
        Row("location", GEOMETRY, anchor),
        Row("alertSource", "alert_source", text),
        Row("dateIssued", "issued_at", time),
        Row("validFrom", "valid_from", time),
        Row("validTo", "valid_to", time),
        Row("emergencyVehicles", "units", words),
    ),
)

EMERGENCY_VEHICLE = EntityType(
    names=("EmergencyVehicle",),
    content=Unit,
    rows=(
        Row("name", "name", text),
        Row("fleetVehicleId", "call_sign", text),
        Row("description", "description", text),
        Row("vehicleType", "vehicle_type", text),
        Row("category", "categories", words),
        Row("baseStation", "base_station", name),
        Row("fmsStatus", "fms_status", whole(0, 9)),
        Row("assignedToMission", "mission", name),
        Row("location", GEOMETRY, point),
        Row("reportToLocation", "report_to", point),
        Row("heading|bearing", "heading_deg", degrees),
        Row("speed", "speed_mps", kmh),  # Smart Data Models Vehicle: kilometres per hour
    ),
)


def cap_area(value: Any, reading: Reading) -> Geometry | None:
    """CAP `area`, one or several: `polygon` and `circle` as CAP writes them, or a GeoJSON polygon. Empty: no shape."""
    limits = reading.context.limits
    parts: list[Geometry] = []
    try:
        for block in each(value, limits.items):
            for key, cap in (("polygon", cap_polygon), ("circle", lambda written, _: cap_circle(written))):
                written = block.get(key)
                for item in written if isinstance(written, list) else [written]:
                    found = cap(item, limits.points) if isinstance(item, str) else geojson(item, limits.points)
                    if found is not None:
                        parts.append(found)
    except BadGeometry as error:
        raise Bad(str(error)) from error
    return polygons(parts)


def area_text(value: Any, reading: Reading) -> str | None:
    """The `areaDesc` of each area."""
    found = (text(block.get("areaDesc"), reading) for block in each(value, reading.context.limits.items))
    return ", ".join(part for part in found if part) or None


def references(value: Any, reading: Reading) -> tuple[str, ...]:
    """CAP `references`: blank-separated `sender,identifier,sent`; the identifiers count."""
    found = (part for item in words(value, reading) for part in item.split())
    return tuple(part.split(",")[1] if part.count(",") == 2 else part for part in found)


CITIZEN_ALERT = EntityType(
    names=("CitizenAlert",),
    content=content.Warning,
    time=("sent",),
    rows=(
        Row("sender", "sender", text),
        Row("sent", "sent_at", time),
        Row("status", "status", choice("Actual", "Exercise", "System", "Test", "Draft")),
        Row("msgType", "msg_type", choice("Alert", "Update", "Cancel", "Ack", "Error")),
        Row("scope", "scope", choice("Public", "Restricted", "Private")),
        Row("references", "references", references),
        Row("info.senderName", "sender_name", text),
        Row("info.category", "category", words),
        Row("info.event", "event", text),
        Row("info.urgency", "urgency", choice("Immediate", "Expected", "Future", "Past", unknown="Unknown")),
        Row("info.severity", "severity", choice("Extreme", "Severe", "Moderate", "Minor", unknown="Unknown")),
        Row("info.certainty", "certainty", choice("Observed", "Likely", "Possible", "Unlikely", unknown="Unknown")),
        Row("info.headline", "headline", text),
        Row("info.description", "description", text),
        Row("info.instruction", "instruction", text),
        Row("info.effective", "effective_at", time),
        Row("info.onset", "onset_at", time),
        Row("info.expires", "ends_at", time),
        Row("info.area", "area_text", area_text),
        Row("info.area", GEOMETRY, cap_area),
    ),
)


def parameters(value: Any, reading: Reading) -> dict[str, Any]:
    """A list of `{name, value}` as one object."""
    found = {}
    for item in each(value, reading.context.limits.items):
        key = text(item.get("name"), reading)
        if key is None:
            raise Bad("a parameter without a name")
        found[visible(key)] = item.get("value")
    return found


def headline(value: Any, reading: Reading) -> dict[str, Any]:
    """The headline of a message becomes a parameter of the note."""
    found = text(value, reading)
    return {} if found is None else {"headline": found}


LOG_BOOK_ENTRY = EntityType(
    names=("LogBookEntry",),
    content=Note,
    time=("dateIssued",),
    constants={"origin": "logbook"},
    rows=(
        Row("dateIssued", "issued_at", time),
        Row("messageType", "message_type", text),
        Row("parameter", "parameters", parameters),
        Row("receiver", "receiver", name),
        Row("sender.id", "sender_id", name),
        Row("sender.friendlyName", "sender_name", text, personal=True),
        Row("text", "text", text),
        Row("missionId", "mission", name),
        Row("location", GEOMETRY, anchor),
    ),
)

NOTIFICATION_MESSAGE = EntityType(
    names=("NotificationMessage",),
    content=Note,
    time=("dateSent", "dateIssued"),
    constants={"origin": "logbook", "message_type": "MESSAGE"},
    rows=(
        Row("dateSent|dateIssued", "issued_at", end_time),
        Row("headline", "parameters", headline),
        Row("text", "text", text),
        Row("sender.id", "sender_id", name),
        Row("sender.friendlyName", "sender_name", text, personal=True),
        Row("missionId", "mission", name),
        Row("location", GEOMETRY, anchor),
    ),
)

TABLES = (ALERT, EMERGENCY_VEHICLE, CITIZEN_ALERT, LOG_BOOK_ENTRY, NOTIFICATION_MESSAGE)
