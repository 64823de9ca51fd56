"""One CAP alert, in the form of CAP as JSON, becomes a warning; several where its parts warn of different things.

The text is that of the preferred language; other languages repeat the same areas and are left out. The subject is
`<feed>:<sender>:<identifier>`: what the sender sends again under the same identifier is the same warning, newer.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.content import Warning as Alert
from server.feeds import BAD_ENTITY
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._dates import news_time
from server.feeds._secrets import is_secret
from server.feeds.cap.area import Gatherer
from server.feeds.ngsi.values import Reader, Reading, choice, name, text, url, visible, words

REQUIRED = ("identifier", "sender", "sent", "status", "msgType", "scope")
MAX_INFOS = 200
MAX_PARTS = 50
"""Most different warnings in one alert."""
DEFAULT_LANGUAGE = "en-US"
"""What CAP means where an info names none."""
TEXT_CUT = "text_cut"
_BREAK = re.compile(r"<br ?/?>\s?", re.IGNORECASE)
STATUS = choice("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPE = choice("Alert", "Update", "Cancel", "Ack", "Error")
SCOPE = choice("Public", "Restricted", "Private")
URGENCY = choice("Immediate", "Expected", "Future", "Past", unknown="Unknown")
SEVERITY = choice("Extreme", "Severe", "Moderate", "Minor", unknown="Unknown")
CERTAINTY = choice(
    "Observed", "Likely", "Possible", "Unlikely", unknown="Unknown", also={"Very Likely": "Likely"}
)  # CAP 1.0 had Very Likely
KEPT = ("source", "note", "incidents", "code", "restriction")
KEPT_OF_INFO = ("audience", "resource")


class CapOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a source of warnings."""

    languages: tuple[str, ...] = ("de-DE", "de", "en")
    """Languages in the order of preference; a language without a region takes any region."""


def observe(alert: Mapping[str, Any], batch: Batch, of: tuple[str, ...] = (), flags: Sequence[str] = ()) -> None:
    """Claim what an alert says. One without what CAP requires is refused.

    `of`: feed and key of the subject, where these are not `cap`, sender and identifier; it is then told of elsewhere,
    too, and what the alert does not say stays as it is.
    """
    fields = batch.fields(alert)
    identifier, sender = fields.said("identifier", name), fields.said("sender", name)
    sent_at = fields.said("sent", news_time)
    missing = [required for required in REQUIRED if not fields.has(required)]
    if identifier is None or sender is None or sent_at is None or missing:
        lacking = missing or ["a readable identifier, sender and sent"]
        batch.refuse(f"a CAP alert needs {', '.join(lacking)}", shown(alert), kind=BAD_ENTITY)
        return
    key = of or ("cap", sender, identifier)
    fields.of = subject(*key)
    fields.flags.update(flags)
    head = {
        "identifier": identifier,
        "sender": sender,
        "sent_at": sent_at,
        "status": fields.said("status", STATUS),
        "msg_type": fields.said("msgType", MSG_TYPE),
        "scope": fields.said("scope", SCOPE),
        "references": fields.said("references", references) or (),
    }
    extra = {key: fields.raw[key] for key in KEPT if fields.has(key)}
    extra |= _unknown(fields, status=STATUS, msgType=MSG_TYPE, scope=SCOPE)
    infos = fields.each("info")
    chosen = preferred(infos, settings(batch.context, CapOptions).languages)
    if not chosen:
        batch.claim(fields.of, Alert(**head), at=sent_at, flags=fields.flags, geometry=UNSET, extra=extra)
    parts = parted(chosen[:MAX_INFOS])
    if len(parts) > MAX_PARTS:
        batch.refuse(f"{len(parts)} different warnings in one alert, more than {MAX_PARTS}", "", fields.of)
    for number, part in enumerate(parts[:MAX_PARTS], 1):
        name_of = fields.of if number == 1 else subject(*key, str(number))
        _claim(name_of, head, part, fields.flags, extra, batch, partial=bool(of))


def _claim(
    of: str,
    head: dict[str, Any],
    infos: Sequence[Fields],
    flags: set[str],
    extra: dict[str, Any],
    batch: Batch,
    partial: bool,
) -> None:
    """One warning; its areas are those of all its infos, its words those of the first."""
    info = infos[0]
    info.of = of
    gatherer = Gatherer(info)
    for each in infos:
        for area in each.each("area"):
            area.of = of
            gatherer.add(area.raw, area)
    for scheme, codes in administrative(info.raw.get("parameter")):
        gatherer.code(scheme, codes)
    place, sent_at = gatherer.place(), head["sent_at"]
    told = {
        **head,
        **said(info),
        "effective_at": info.said("effective", news_time) or sent_at,
        "area_text": place.text,
        "area_codes": place.codes,
        "altitude_m": place.altitude_m,
        "ceiling_m": place.ceiling_m,
    }
    if partial:
        told = {key: value for key, value in told.items() if value is not None}
    no_shape: None | UnsetType = UNSET if partial else None
    extra = extra | {key: info.raw[key] for key in KEPT_OF_INFO if info.has(key)}
    extra |= {key: pairs(info.raw[key]) for key in ("eventCode", "parameter") if info.has(key)}
    extra |= _unknown(info, urgency=URGENCY, severity=SEVERITY, certainty=CERTAINTY)
    batch.claim(
        of, Alert(**told), at=sent_at, flags=flags | info.flags, geometry=place.geometry or no_shape, extra=extra
    )


def said(info: Fields) -> dict[str, Any]:
    """The words of an info; what it does not say is unknown, for an alert is always whole."""
    return {
        "language": info.said("language", name) or DEFAULT_LANGUAGE,
        "category": info.said("category", words) or (),
        "event": info.said("event", long_text),
        "response_types": info.said("responseType", words) or (),
        "urgency": info.said("urgency", URGENCY) or "Unknown",
        "severity": info.said("severity", SEVERITY) or "Unknown",
        "certainty": info.said("certainty", CERTAINTY) or "Unknown",
        "onset_at": info.said("onset", news_time),
        "ends_at": info.said("expires", news_time),
        "sender_name": info.said("senderName", long_text),
        "headline": info.said("headline", long_text),
        "description": info.said("description", long_text),
        "instruction": info.said("instruction", long_text),
        "web": info.said("web", url),
    }


def preferred(infos: Sequence[Fields], languages: Sequence[str]) -> list[Fields]:
    """The infos of the best language there is: the first preferred one, else that of the first info."""
    if not infos:
        return []
    tagged = [(str(info.said("language", name) or DEFAULT_LANGUAGE).casefold(), info) for info in infos]
    for language in (each.casefold() for each in languages):
        exact = [info for tag, info in tagged if tag == language]
        regional = [tag for tag, _ in tagged if "-" not in language and tag.startswith(f"{language}-")]
        if exact or regional:
            return exact or [info for tag, info in tagged if tag == regional[0]]
    return [info for tag, info in tagged if tag == tagged[0][0]]


def parted(infos: Sequence[Fields]) -> list[list[Fields]]:
    """Infos that say the same of different areas together, in the order of the first of each."""
    same = ("event", "urgency", "severity", "certainty", "responseType", "effective", "onset", "expires", "headline")
    found: dict[str, list[Fields]] = {}
    for info in infos:
        found.setdefault(repr([info.raw.get(key) for key in same]), []).append(info)
    return list(found.values())


def long_text(value: Any, reading: Reading) -> str | None:
    """Text, `<br/>` as a new line; one over the limit is cut (flagged), for its beginning is better than nothing."""
    if not isinstance(value, str):
        return text(value, reading)
    found = _BREAK.sub("\n", visible(value).replace("\r\n", "\n"))
    if len(found) > reading.context.limits.text_chars:
        reading.flags.add(TEXT_CUT)
        found = found[: reading.context.limits.text_chars - 2] + " …"
    return found or None


def references(value: Any, reading: Reading) -> tuple[str, ...]:
    """`sender,identifier,sent` of each message that this one speaks of; objects with these members as well."""
    items = value if isinstance(value, list) else [value]
    found: list[str] = []
    for item in items[: reading.context.limits.items]:
        if isinstance(item, Mapping):
            three = [str(item.get(key) or "").strip() for key in ("sender", "identifier", "sent")]
            found.append(",".join(three))
        else:
            found.extend(part for part in (text(item, reading) or "").split() if part)
    return tuple(part[: reading.context.limits.text_chars] for part in found[: reading.context.limits.items])


def pairs(value: Any) -> dict[str, Any]:
    """Names and values as one object; a name that comes again has a list."""
    found: dict[str, Any] = {}
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and isinstance(item.get("valueName"), str):
            key, one = item["valueName"].strip(), item.get("value")
            known = found.get(key)
            found[key] = one if key not in found else [*known, one] if isinstance(known, list) else [known, one]
    return found


def administrative(parameter: Any) -> list[tuple[str, str]]:
    """Codes of places that MoWaS gives as parameters: administrative units (ARS) and cells of its grid (ZGEM)."""
    told = pairs(parameter if isinstance(parameter, list) else [])
    schemes = (("ARS", told.get("warnVerwaltungsbereiche")), ("ZGEM", told.get("ZGEM")))
    return [(scheme, codes) for scheme, codes in schemes if isinstance(codes, str)]


def shown(alert: Mapping[str, Any]) -> dict[str, Any]:
    """The message's own members, for the quarantine: who sent what, without contacts."""
    return {key: value for key, value in alert.items() if isinstance(value, str) and not is_secret(key)}


def _unknown(fields: Fields, **readers: Reader) -> dict[str, Any]:
    """Words as written that the enumeration does not have."""
    found = {}
    for key, reader in readers.items():
        written = fields.raw.get(key)
        word = visible(written).casefold() if isinstance(written, str) else ""
        if word not in ("", "unknown") and str(fields.said(key, reader)).casefold() == "unknown":
            found[key] = str(written)[:200]
    return found
