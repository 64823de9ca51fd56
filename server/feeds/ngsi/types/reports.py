"""Social media and citizens: posts, searches, rules, rules that fired, and reports sent by messenger."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from layers.content import CitizenReport, Post, SocialEvent, SocialRule, SocialSearch
from server.feeds.ngsi.table import GEOMETRY, EntityType, Joint, Row, each
from server.feeds.ngsi.values import (
    Bad,
    Reading,
    anchor,
    choice,
    flag,
    name,
    not_negative,
    number,
    text,
    time,
    url,
    urls,
    words,
)

SENTIMENTS = {"positive": 1.0, "neutral": 0.0, "negative": -1.0, "no value": None}
SECONDS = {"MINUTE": 60.0, "HOUR": 3_600.0, "DAY": 86_400.0, "WEEK": 604_800.0, "MONTH": 2_592_000.0}
"""A month is 30 days."""
CONDITIONS = ("NUMBER_MENTIONS", "AVERAGE_SENTIMENT", "CHANGE_SENTIMENT", "CHANGE_VOLUME_PERCENTAGE")
OPERATORS = ("CHANGED", "EQUAL_TO", "GREATER_THAN", "SMALLER_THAN")


def sentiment(value: Any, reading: Reading) -> float | None:
    """A number, or one of the words of the specification."""
    if isinstance(value, str) and value.strip().lower() in SENTIMENTS:
        return SENTIMENTS[value.strip().lower()]
    found: float | None = number(value, reading)
    return found


def places(value: Any, reading: Reading) -> tuple[str, ...]:
    """Names of places; a geometry is none."""
    return () if isinstance(value, dict) else words(value, reading)


def place(value: Any, reading: Reading) -> Any:
    """The geometry where `location` is one."""
    return anchor(value, reading) if isinstance(value, dict) or value is None else None


SOCIAL_MEDIA = EntityType(
    names=("SocialMedia",),
    content=Post,
    time=("dateIssued",),
    rows=(
        Row("message", "message", text),
        Row("snippet|snipppet", "snippet", text),
        Row("network", "network", text),
        Row("dateIssued", "issued_at", time),
        Row("createdBy", "author", name, personal=True),
        Row("media.imageUrls", "image_urls", urls),
        Row("media.videoUrls", "video_urls", urls),
        Row("location", "places", places),
        Row("location", GEOMETRY, place),
        Row("searchIds", "search_ids", words),
        Row("sentiment", "sentiment", sentiment),
        Row("viralityTotalScore", "virality", number),
        Row("originalUrl", "url", url),
    ),
)


def phrase(value: Any, reading: Reading) -> str | None:
    """A search phrase, percent-encoded or not."""
    found = text(value, reading)
    return None if found is None else unquote(found)


def running(values: Mapping[str, Any], reading: Reading) -> bool | None:
    """A search that somebody deleted is not active."""
    return False if flag(values.get("deleted"), reading) else flag(values.get("active"), reading)


SOCIAL_MEDIA_SEARCH = EntityType(
    names=("SocialMediaSearch",),
    content=SocialSearch,
    rows=(
        Row("name", "name", text),
        Row("searchPhrase", "query", phrase),
    ),
    joints=(Joint(("active", "deleted"), "active", running),),
)


def span(amount: str, unit: str) -> Joint:
    """A time span in seconds from its number and its unit, which only mean something together."""

    def read(values: Mapping[str, Any], reading: Reading) -> float | None:
        found, word = not_negative(values.get(amount), reading), text(values.get(unit), reading)
        if found is None and word is None:
            return None
        if found is None or word is None or word.upper() not in SECONDS:
            raise Bad(f"a time span has a number and a unit of {', '.join(SECONDS)}")
        span_s: float = found * SECONDS[word.upper()]
        return span_s

    target = {"intervalTimespanValue": "interval_s", "notificationIntervalValue": "notify_every_s"}
    return Joint((amount, unit), target.get(amount, "comparison_s"), read)


SM_ALERT_RULE = EntityType(
    names=("SmAlertRule",),
    content=SocialRule,
    rows=(
        Row("name", "name", text),
        Row("active", "active", flag),
        Row("deleted", "deleted", flag),
        Row("alertConditionType", "condition", choice(*CONDITIONS)),
        Row("alertConditionOperator", "operator", choice(*OPERATORS)),
        Row("alertConditionValue", "value", number),
        Row("searchIds", "search_ids", words),
        Row("dateLastModified", "modified_at", time),
    ),
    joints=(
        span("intervalTimespanValue", "intervalTimespanUnit"),
        span("comparisionTimespanValue", "comparisionTimespanUnit"),
        span("comparisonTimespanValue", "comparisonTimespanUnit"),
        span("notificationIntervalValue", "notificationIntervalUnit"),
    ),
)


def condition(value: Any, reading: Reading) -> str | None:
    """Type, operator and value of the condition that fired, as `CHANGE_VOLUME_PERCENTAGE GREATER_THAN 20`."""
    if not isinstance(value, dict):
        return text(value, reading)
    parts = (value.get(f"alertCondition{part}") for part in ("Type", "Operator", "Value"))
    return " ".join(found for part in parts if (found := text(part, reading))) or None


SOCIAL_MEDIA_EVENT = EntityType(
    names=("SocialMediaEvent",),
    content=SocialEvent,
    time=("dateLastAlerted",),
    rows=(
        Row("alertRuleName", "rule_name", text),
        Row("dateLastAlerted", "alerted_at", time),
        Row("triggeredAlertCondition", "condition", condition),
        Row("searchIds", "search_ids", words),
    ),
)


def texts(value: Any, reading: Reading) -> tuple[str, ...]:
    """The texts among the attachments."""
    return tuple(
        found
        for item in each(value, reading.context.limits.items)
        if _kind(item) == "TEXT" and (found := text(item.get("text"), reading)) is not None
    )


def links(kind: str) -> Any:
    """The links of one kind among the attachments."""

    def read(value: Any, reading: Reading) -> tuple[str, ...]:
        return tuple(
            found
            for item in each(value, reading.context.limits.items)
            if _kind(item) == kind and (found := url(item.get("url"), reading)) is not None
        )

    return read


def _kind(item: Mapping[str, Any]) -> str:
    return str(item.get("attachmentType", "")).strip().upper()


CITIZEN_REPORT = EntityType(
    names=("CitizenReport",),
    content=CitizenReport,
    time=("dateCreated",),
    rows=(
        Row("sender.id", "sender_id", name, personal=True),
        Row("sender.name", "sender_name", text, personal=True),
        Row("attachments", "texts", texts),
        Row("attachments", "image_urls", links("IMAGE")),
        Row("attachments", "video_urls", links("VIDEO")),
        Row("location", GEOMETRY, anchor),
        Row("dateCreated", "issued_at", time),
        Row("answer.text", "answer_text", text),
        Row("answer.dateSent", "answered_at", time),
    ),
)

TABLES = (SOCIAL_MEDIA, SOCIAL_MEDIA_SEARCH, SM_ALERT_RULE, SOCIAL_MEDIA_EVENT, CITIZEN_REPORT)
