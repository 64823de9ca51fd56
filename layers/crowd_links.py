"""Which count and which alarms belong to which region.

Either side may name the other, or neither: the pilot's alarms carry region ids of their own, so an alarm whose region
is not known belongs to the region that it covers best.
"""

from layers.book import Book, extent
from layers.geo import overlap
from layers.records import GEOMETRY, Claim, Record

LEAST_OVERLAP = 0.5
"""Share of the smaller area that an alarm and a region must have in common."""


def counts_of(book: Book, region: Record) -> list[Record]:
    """Every known count of a region: the one it names, those that name it, those among its lines."""
    named = [region.get("count") or "", *(region.get("lines") or ())]
    found = {name: record for name in named if (record := book.record(name, "crowd_count")) is not None}
    found.update((record.subject, record) for record in book.referring(region.subject, "crowd_count"))
    return [found[subject] for subject in sorted(found)]


def count_of(book: Book, region: Record) -> Record | None:
    """The count that spoke last."""
    counts = counts_of(book, region)
    return max(counts, key=lambda count: (count.claim("people") or count.lead, count.subject)) if counts else None


def regions_of_count(book: Book, count: Record) -> list[str]:
    """Known regions that a count belongs to."""
    found = {region.subject for region in book.referring(count.subject, "crowd_region")}
    if book.record(count.get("region") or "", "crowd_region") is not None:
        found.add(count.get("region"))
    return sorted(found)


def region_of(book: Book, alert: Record) -> str | None:
    """The region an alarm speaks of: the known one it names, else the one its area shares most with."""
    if book.record(alert.get("region") or "", "crowd_region") is not None:
        return str(alert.get("region"))
    shares = [
        (_overlap(alert, region), region.subject) for region in book.around(book.box(alert.subject), "crowd_region")
    ]
    share, subject = max(shares, key=lambda entry: (entry[0], entry[1]), default=(0.0, None))
    return subject if share >= LEAST_OVERLAP else None


def alerts_of(book: Book, region: Record) -> list[Record]:
    """Alarms that belong to a region, oldest first."""
    found = {alert.subject: alert for alert in book.referring(region.subject, "crowd_alert")}
    for alert in book.around(book.box(region.subject), "crowd_alert"):
        if alert.subject not in found and region_of(book, alert) == region.subject:
            found[alert.subject] = alert
    return sorted(found.values(), key=lambda alert: (alert.lead, alert.subject))


def _overlap(alert: Record, region: Record) -> float:
    claims = (_claim(alert), _claim(region))
    known = alert.memo.get(region.subject)
    if known is None or known[0] != claims:
        one, other = extent(alert), extent(region)
        share = overlap(one, other) if one is not None and other is not None else 0.0
        known = alert.memo[region.subject] = (claims, share)
    return float(known[1])


def _claim(record: Record) -> Claim | None:
    return record.claim("area") if record.get("area") is not None else record.claim(GEOMETRY)
