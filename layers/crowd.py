"""Layer crowd: people counters, their regions with density and level of service, counting lines and alarms.

A region is what a person looks at; what is known of it comes in pieces: the region itself, a count, the site, alarms.
Where counting fails the region is `blind`, which is not the same as empty.
"""

from collections.abc import Iterable
from datetime import datetime

from layers.book import ALL, Book, Change, extent
from layers.crowd_links import alerts_of, count_of, counts_of, region_of, regions_of_count
from layers.density import flow_per_min, level_of_service, trend_per_min
from layers.draw import Properties, common, feature, flat, listed, only, stale_at, stamp, values
from layers.geo import Box, area_m2
from layers.observation import Geometry
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"crowd_site", "crowd_region", "crowd_count", "crowd_line", "crowd_alert"})
LISTENS = KINDS | {"source"}

THRESHOLD_KEYS = ("threshold_pm2", "peopleDensityThreshold", "densityThreshold", "threshold")
"""Under which a region's density rule may name its threshold, persons per m2."""


def affected(change: Change, book: Book) -> Iterable[str]:
    """The subject and what shows it: the regions of a count, the lines of a region, the regions of a silent source."""
    subject = change.subject
    match change.kind:
        case "source":
            return _of_source(book, subject.partition(":")[2]) if change.fields is ALL else ()
        case "crowd_site":
            return [subject, *(region.subject for region in book.referring(subject, "crowd_region"))]
        case "crowd_count":
            record = book.record(subject)
            return [subject, *(regions_of_count(book, record) if record is not None else ())]
        case "crowd_region":
            return [subject, *_around_region(book, subject, change.was)]
        case "crowd_alert":
            was = [region.subject for region in book.around(change.was, "crowd_region")]
            return [subject, *was, *_around_alert(book, subject)]
    return (subject,)


def _of_source(book: Book, source: str) -> list[str]:
    regions = []
    for region in book.of_kind("crowd_region"):
        rests_on = [*counts_of(book, region), book.record(region.get("site") or "", "crowd_site")]
        if any(record is not None and record.lead.source == source for record in rests_on):
            regions.append(region.subject)
    return regions


def _around_region(book: Book, subject: str, was: Box | None) -> list[str]:
    """Counts and lines of the region, alarms at it, and the regions that such an alarm belongs to instead."""
    record = book.records[subject]
    alerts = {
        alert.subject
        for box in (was, book.box(subject))
        for alert in (*book.around(box, "crowd_alert"), *book.referring(subject, "crowd_alert"))
    }
    found = [record.get("count") or "", *(record.get("lines") or ()), *sorted(alerts)]
    found += [count.subject for count in book.referring(subject, "crowd_count")]
    for alert in sorted(alerts):
        found += _around_alert(book, alert)
    return found


def _around_alert(book: Book, subject: str) -> list[str]:
    named = book.records[subject].get("region")
    regions = [region.subject for region in book.around(book.box(subject), "crowd_region")]
    return [*regions, named] if named else regions


def due(subject: str, book: Book) -> datetime | None:
    """When a region becomes blind because what it rests on grows stale."""
    record = book.records[subject]
    if record.kind != "crowd_region":
        return None
    moments = [stale for _, stale in _rests_on(book, record) if stale > book.time()]
    return min(moments, default=None)


def _rests_on(book: Book, region: Record) -> list[tuple[str, datetime]]:
    """Source and staleness of the count and of the site of a region, as far as they are known."""
    found = []
    count, site = count_of(book, region), book.record(region.get("site") or "", "crowd_site")
    if count is not None:
        claim = count.claim("people") or count.lead
        found.append((claim.source, stale_at(book, "crowd_count", claim.observed_at)))
    if site is not None:
        found.append((site.lead.source, stale_at(book, "crowd_site", site.lead.observed_at)))
    return found


def is_blind(book: Book, region: Record) -> bool:
    """Whether nobody counts there now: no count, or count or site are stale or their source is silent."""
    count = count_of(book, region)
    if count is None or count.get("people") is None:
        return True
    return any(stale <= book.time() or book.is_silent(source) for source, stale in _rests_on(book, region))


def draw(subject: str, book: Book) -> list[Feature]:
    """The parts of a crowd subject, by its kind."""
    record = book.records[subject]
    match record.kind:
        case "crowd_region":
            return [_draw_region(book, record)]
        case "crowd_line":
            return [_draw_line(book, record)]
        case "crowd_site":
            return _draw_site(book, record)
        case "crowd_alert":
            return [_draw_alert(book, record)]
    return [] if regions_of_count(book, record) else [_draw_count(book, record)]


def region_area_m2(region: Record) -> float | None:
    """Geodesic area of a region in m2; None without a shape."""
    area = extent(region)
    claim = region.claim("area") or region.claim(GEOMETRY)
    known = region.memo.get("area_m2")
    if known is None or known[0] != claim:
        known = region.memo["area_m2"] = (claim, None if area is None else area_m2(area) or None)
    size: float | None = known[1]
    return size


def threshold_pm2(book: Book, region: Record, alerts: list[Record]) -> float:
    """The density that is too much: by the region's own rule, else the newest alarm's threshold, else the setting."""
    rule = region.get("density_rule") or {}
    for key in THRESHOLD_KEYS:
        if isinstance(rule.get(key), (int, float)) and not isinstance(rule[key], bool):
            return float(rule[key])
    named = [alert.get("threshold_pm2") for alert in alerts if alert.get("threshold_pm2") is not None]
    return float(named[-1]) if named else book.settings.density_threshold_pm2


def _draw_region(book: Book, record: Record) -> Feature:
    count, alerts = count_of(book, record), alerts_of(book, record)
    area = region_area_m2(record)
    people = count.get("people") if count is not None else None
    density = people / area if people is not None and area else None
    limit = threshold_pm2(book, record, alerts)
    properties = _age_of_region(book, record, count, alerts)
    history = count.history if count is not None else []
    samples = [(at.observed_at, value / area) for at, value in history if not isinstance(value, list)] if area else []
    trend = trend_per_min(samples)
    properties.update(
        name=record.get("name"),
        people=people,
        area_m2=None if area is None else round(area, 1),
        density_pm2=None if density is None else round(density, 3),
        level_of_service=level_of_service(density),
        threshold_pm2=limit,
        over_threshold=_over(density, count, alerts, limit),
        alert=_alert(alerts[-1]) if alerts else None,
        trend_pm2_per_min=None if trend is None else round(trend, 4),
        site=record.get("site"),
        count=None if count is None else count.subject,
        inbound_total=count.get("inbound_total") if count is not None else None,
        outbound_total=count.get("outbound_total") if count is not None else None,
        quality=count.get("quality") if count is not None else None,
        **_flows(count),
        active=record.get("active"),
        blind=is_blind(book, record),
        **listed(record, "lines"),
    )
    return feature(record.subject, extent(record), properties)


def _age_of_region(book: Book, region: Record, count: Record | None, alerts: list[Record]) -> Properties:
    """The common properties, as old as the newest evidence: a count or a density alarm, not the region's own shape."""
    name, pieces = region.get("name"), (region, *((count,) if count is not None else ()))
    told = [(claim, count, "people") for count in pieces[1:] if (claim := count.claim("people")) is not None]
    told += [(claim, alert, "density_pm2") for alert in alerts if (claim := alert.claim("density_pm2")) is not None]
    if not told:
        return common(book, region, "crowd", "region", name)
    _, evidence, attribute = max(told, key=lambda entry: entry[0])
    held = only(evidence, attribute)
    properties = common(book, evidence, "crowd", "region", name, held=held, also=pieces, expires_at=region.expires_at)
    ages = {"area": region.claim("area") or region.claim(GEOMETRY), "people": count.claim("people") if count else None}
    properties["times"] = {
        key: stamp(claim.observed_at)
        for key, claim in ages.items()
        if claim is not None and stamp(claim.observed_at) != properties["observed_at"]
    }
    return properties


def _over(density: float | None, count: Record | None, alerts: list[Record], limit: float) -> bool | None:
    """Whether it is too full, by the newest evidence: the count or a density alarm. None when nobody knows."""
    newest = count.claim("people") if count is not None else None
    verdict = None if density is None else density >= limit
    for alert in alerts:
        claim, value = alert.claim("density_pm2"), alert.get("density_pm2")
        if value is not None and claim is not None and (verdict is None or newest is None or claim > newest):
            verdict, newest = value >= limit, claim
    return verdict


def _alert(record: Record) -> Properties:
    return {
        "id": record.subject,
        **values(record, "alert", "density_pm2", "threshold_pm2", "velocity_change_mps", "people", "reason", "pattern"),
        "observed_at": stamp(record.lead.observed_at),
    }


def _draw_line(book: Book, record: Record) -> Feature:
    name = record.get("name") or _name_from_region(book, record.subject)
    from_at, to_at, people = record.get("from_at"), record.get("to_at"), record.get("people")
    minutes = (to_at - from_at).total_seconds() / 60.0 if from_at is not None and to_at is not None else 0.0
    properties = common(book, record, "crowd", "line", name)
    properties.update(
        values(record, "people", "direction", "speed_mps", "headway_s", "occupancy", "congested", "from_at", "to_at"),
        **values(record, "people_towards", "people_away"),
        name=name,
        flow_per_min=round(people / minutes, 2) if people is not None and minutes > 0.0 else None,
    )
    return feature(record.subject, record.get(GEOMETRY), properties)


def _name_from_region(book: Book, line: str) -> str | None:
    names = [(region.get("line_names") or {}).get(line) for region in book.referring(line, "crowd_region")]
    return next((name for name in names if name), None)


def _draw_site(book: Book, record: Record) -> list[Feature]:
    view: Geometry | None = record.get("field_of_view") or record.get(GEOMETRY)
    properties = common(book, record, "crowd", "site", record.get("name"))
    properties.update(values(record, "name", "status"), **listed(record, "sensors"))
    drawn = [feature(record.subject, view, properties)]
    if record.get("blind_spots") is not None:
        hidden = common(book, record, "crowd", "blind_spot", record.get("name"), held=only(record, "blind_spots"))
        hidden.update(site=record.subject)
        drawn.append(feature(f"{record.subject}#blind_spot", record.get("blind_spots"), hidden))
    return drawn


def _draw_alert(book: Book, record: Record) -> Feature:
    properties = common(book, record, "crowd", "alert", record.get("alert"))
    properties.update(
        values(record, "alert", "density_pm2", "threshold_pm2", "velocity_change_mps", "people", "reason", "pattern"),
        region=region_of(book, record),
    )
    return feature(record.subject, extent(record), properties)


def _draw_count(book: Book, record: Record) -> Feature:
    properties = common(book, record, "crowd", "count", None)
    properties.update(values(record, "people", "inbound_total", "outbound_total", "quality", "region"))
    properties.update(_flows(record))
    return feature(record.subject, flat(record.get(GEOMETRY)), properties)


def _flows(count: Record | None) -> Properties:
    """Persons per minute each way, by the totals of the last minutes."""
    found: Properties = {}
    for index, name in enumerate(("inbound_per_min", "outbound_per_min")):
        history = count.history if count is not None else []
        totals = [(at.observed_at, value[index]) for at, value in history if isinstance(value, list)]
        flow = flow_per_min([(at, total) for at, total in totals if total is not None])
        found[name] = None if flow is None else round(flow, 2)
    return found


def urgent(before: Feature | None, after: Feature) -> bool:
    """A new alarm, and a region that passes its threshold."""
    properties = after["properties"]
    if properties["part"] == "alert":
        return before is None
    over = properties["part"] == "region" and properties["over_threshold"]
    return bool(over) and not (before is not None and before["properties"]["over_threshold"])
