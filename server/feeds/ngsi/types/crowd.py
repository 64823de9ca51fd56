"""People-flow measurement: sites, regions of interest, counts, counting lines and the counters' own alarms."""

from typing import Any

from layers.content import CrowdAlert, CrowdCount, CrowdLine, CrowdRegion, CrowdSite
from server.feeds.ngsi.table import GEOMETRY, EntityType, Row
from server.feeds.ngsi.values import (
    Bad,
    Reading,
    area,
    choice,
    count,
    end_time,
    flag,
    kmh,
    mps,
    name,
    not_negative,
    number,
    seconds,
    shape,
    share,
    start_time,
    text,
    words,
)

SENSOR_SITE = EntityType(
    names=("CrowdFlowSensorSite",),
    content=CrowdSite,
    rows=(
        Row("displayName", "name", text),
        Row("fieldOfView", "field_of_view", area),
        Row("blindspots", "blind_spots", area),
        Row("sensors", "sensors", words),
        Row("status", "status", text),
    ),
)


def names_by_id(value: Any, reading: Reading) -> dict[str, str]:
    """An object of names by id."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Bad("an object of names is expected")
    named = ((key, text(item, reading)) for key, item in value.items())
    return {key: item for key, item in named if item is not None}


def rule(value: Any, reading: Reading) -> dict[str, Any] | None:
    """An alert configuration: numbers and booleans become such, lists of words stay, everything else is refused."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Bad("an object is expected")
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key == "active":
            found[key] = flag(item, reading)
        elif key == "pattern":
            found[key] = list(words(item, reading))
        elif isinstance(item, dict | list):
            raise Bad(f"{key} is neither number nor text")
        else:
            found[key] = _scalar(item, reading)
    return found


def _scalar(value: Any, reading: Reading) -> Any:
    try:
        return number(value, reading)
    except Bad:
        return value


ROI = EntityType(
    names=("CrowdFlowROI",),
    content=CrowdRegion,
    rows=(
        Row("displayName", "name", text),
        Row("active", "active", flag),
        Row("area", "area", area),
        Row("sensorSiteId", "site", name),
        Row("crowdCountObservedId", "count", name),
        Row("edgeIds", "lines", words),
        Row("edgeNames", "line_names", names_by_id),
        Row("crowdFlowVelocityAlertConfig", "velocity_rule", rule),
        Row("crowdFlowMotionChangeAlertConfig", "motion_change_rule", rule),
        Row("crowdFlowMotionPatternAlertConfig", "motion_pattern_rule", rule),
        Row("crowdCountDensityAlertConfig", "density_rule", rule),
    ),
)

COUNT = EntityType(
    names=("CrowdCountObserved",),
    content=CrowdCount,
    time=("dateObserved",),
    rows=(
        Row("peopleCount", "people", count),
        Row("totalInbound", "inbound_total", count),
        Row("totalOutbound", "outbound_total", count),
        Row("quality", "quality", share),
        Row("crowdFlowRoiId", "region", name),
        Row("location", GEOMETRY, shape()),
    ),
)

FLOW = EntityType(
    names=("CrowdFlowObserved",),
    content=CrowdLine,
    time=("dateObservedTo", "dateObserved"),
    rows=(
        Row("name", "name", text),
        Row("location", GEOMETRY, shape("LineString", "MultiLineString", "Point")),
        Row("peopleCount", "people", count),
        Row("peopleCountTowards", "people_towards", count),
        Row("peopleCountAway", "people_away", count),
        Row("direction", "direction", choice("inbound", "outbound")),
        Row("averageCrowdSpeed", "speed_mps", kmh),
        Row("averageHeadwayTime", "headway_s", seconds),
        Row("occupancy", "occupancy", share),
        Row("congested", "congested", flag),
        Row("dateObservedFrom", "from_at", end_time),
        Row("dateObserved", "from_at", start_time),
        Row("dateObservedTo|dateObserved", "to_at", end_time),
    ),
)


def alert(kind: str, *names: str, extra: tuple[Row, ...] = ()) -> EntityType:
    """The four alarms differ in a few attributes only."""
    return EntityType(
        names=names,
        content=CrowdAlert,
        time=("dateObserved",),
        constants={"alert": kind},
        rows=(Row("area", "area", area), Row("crowdFlowRoiId", "region", name), *extra),
    )


DENSITY_ALERT = alert(
    "density",
    "CrowdFlowCountDensityAlert",
    "CrowdCountDensityAlert",
    extra=(
        Row("peopleDensity", "density_pm2", not_negative),
        Row("peopleDensityThreshold", "threshold_pm2", not_negative),
    ),
)

VELOCITY_ALERT = alert(
    "velocity",
    "CrowdFlowVelocityAlert",
    extra=(
        Row("peopleCount", "people", count),
        Row("velocityChange", "velocity_change_mps", mps),
        Row("reasonAlert", "reason", choice("velocitySlowerThanMinValue", "velocityFasterThanMaxValue")),
    ),
)

MOTION_CHANGE_ALERT = alert(
    "motion_change",
    "CrowdFlowMotionChangeAlert",
    extra=(Row("motionChangeSeverity", "reason", text),),
)

MOTION_PATTERN_ALERT = alert(
    "motion_pattern",
    "CrowdFlowMotionPatternAlert",
    extra=(
        Row("peopleCount", "people", count),
        Row("motionPatternChangeTo", "pattern", choice("LAMINAR", "TURBULENT", "STELLAR", "CIRCULAR")),
        Row("motionPatternChangeFrom", "reason", text),
    ),
)

TABLES = (SENSOR_SITE, ROI, COUNT, FLOW, DENSITY_ALERT, VELOCITY_ALERT, MOTION_CHANGE_ALERT, MOTION_PATTERN_ALERT)
