"""The facts of the card in words: one small function for each key whose value is more than a word."""

from collections.abc import Callable
from math import ceil
from typing import Any

from mobile import ages
from mobile.i18n import Words

Value = dict[str, Any]
MAX_CHARS = 300


def text(key: str, value: Any, unit: Any, own: str | None, words: Words) -> str:
    """A fact in words; `own` is the subject of the own vehicle."""
    special = _SPECIAL.get(key)
    if special is not None and isinstance(value, dict):
        return special(value, own, words)
    shown = _plain(key, value, unit, words)
    return words.say(f"fact.{key}", value=shown) if words.knows(f"fact.{key}") else shown


def level(key: str, value: Any) -> str:
    """alarm, warn or plain: what is marked with a sign."""
    if key == "address_ambiguous":
        return "warn"
    if not isinstance(value, dict):
        return "plain"
    if (
        key == "persons_probable"
        or value.get("state") == "ALARM"
        or value.get("over_threshold")
        or value.get("emergency")
    ):
        return "alarm"
    return "warn" if key == "warning" or value.get("state") == "WARNING" else "plain"


def _plain(key: str, value: Any, unit: Any, words: Words) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(key, entry, None, words) for entry in value)[:MAX_CHARS]
    if isinstance(value, dict):
        parts = (f"{words.label(name)} {_plain(name, entry, None, words)}" for name, entry in value.items() if entry)
        return str(value.get("text") or ", ".join(parts))[:MAX_CHARS]
    if isinstance(value, bool) or value is None:
        return words.value(key, value)
    if isinstance(value, int | float):
        if unit == "m":
            return words.distance(float(value))
        shown = words.number(float(value), 0 if float(value).is_integer() or abs(value) >= 100 else 1)
        return f"{shown} {unit}" if unit else shown
    moment = ages.moment(value) if key.endswith(("_at", "_from", "_to")) else None
    return words.time(moment, seconds=False) if moment else words.value(key, value)[:MAX_CHARS]


def _unit(value: Value, own: str | None, words: Words) -> str:
    digit = value.get("fms_status")
    name = str(value.get("call_sign") or value.get("id") or "")
    state = words.value("fms_status", digit) if digit is not None else words.say("fms.none")
    told = f"{'?' if digit is None else digit} · {name}: {state}"
    if value.get("id") == own:
        return f"{told} {words.say('fact.us')}"
    distance = value.get("route_length_m") if value.get("eta_at") else value.get("distance_m")
    return f"{told}, {words.distance(float(distance))}" if isinstance(distance, int | float) else told


def driving(value: Value, own: str | None, words: Words) -> str:
    """What stands before the arrival of a unit on its way: `3 · HLF 20`."""
    digit, name = value.get("fms_status"), str(value.get("call_sign") or value.get("id") or "")
    before = f"{'?' if digit is None else digit} · {name}"
    return f"{before} {words.say('fact.us')}" if value.get("id") == own else before


def _water(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    """What it is, how large, and how much hose: `Unterflurhydrant H031, DN 100: 80 m, 4 B`."""
    name = value.get("ref") or value.get("name")
    told = words.value("water", value.get("kind")) + (f" {name}" if name else "")
    if isinstance(value.get("diameter_mm"), int):
        told += f", DN {value['diameter_mm']}"
    distance, hoses = value.get("distance_m"), value.get("b_hoses")
    if isinstance(distance, int | float) and isinstance(hoses, int):
        told += f": {words.say('fact.hose', distance=words.distance(float(distance)), n=hoses)}"
    return f"{told}, {words.say('fact.bank')}" if value.get("access") == "unknown" else told


def _drone(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001  (the same signature for all)
    parts = [words.value("flight_status", value["flight_status"])] if value.get("flight_status") else []
    if value.get("recording"):
        parts.append(words.say("fact.recording"))
    media = value.get("media")
    if isinstance(media, list) and media:
        parts.append(words.say("fact.media", n=len(media)))
    return f"{value.get('name') or words.say('part.drone')}: {', '.join(parts) or words.say('unknown')}"


def reading(value: Any, measures: Any, words: Words) -> str:
    """What a device says, with the unit that its measure has; "" for a mere yes, which its state tells better."""
    measure = measures[0] if isinstance(measures, list) and measures else ""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, int | float):
        if measure == "temperature":
            return f"{words.number(float(value))} °C"
        if measure == "humidity":
            return f"{words.number(float(value))} %"
        return "" if value in (0, 1) else words.number(float(value), 0 if float(value).is_integer() else 1)
    return words.value("value", value)


def _device(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    said = reading(value.get("value"), value.get("measures"), words) or words.value("state", value.get("state"))
    return f"{value.get('name') or words.say('part.device')}: {said}"


def _door(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    said = reading(value.get("value"), None, words) or words.say("unknown")
    status = value.get("action_status")
    told = f"{value.get('name') or words.say('part.device')}: {said}"
    return f"{told} ({words.say('fact.command', status=words.value('action_status', status))})" if status else told


def _persons(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    where = value.get("where")
    told = words.say("fact.persons", n=value.get("number"))
    return f"{told}: {', '.join(map(str, where))}" if isinstance(where, list) and where else told


def _camera(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    return words.say("fact.camera", name=value.get("name") or "")


def _crowd(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    name, people, density = value.get("name") or words.say("part.region"), value.get("people"), value.get("density_pm2")
    if people is None:
        return f"{name}: {words.say('unknown')}"
    told = words.say("crowd.people", people=people)
    if isinstance(density, int | float):
        grade = value.get("level_of_service") or "?"
        told = words.say("crowd.dense", people=people, density=words.number(density, 1), level=grade)
    trend = value.get("trend_pm2_per_min")
    if isinstance(trend, int | float) and abs(trend) >= 0.02:
        told += f", {words.say('crowd.rising' if trend > 0 else 'crowd.falling')}"
    return f"{name}: {told}"


def _warning(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    told = str(value.get("headline") or value.get("event") or words.say("part.warning"))
    return f"{told}. {value['instruction']}" if value.get("instruction") else told


def _report(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    kind = words.say(f"part.{value.get('kind')}")
    told = f"{kind}: {value.get('text') or words.say('unknown')}"
    verdict = value.get("verdict")
    if isinstance(verdict, dict) and verdict.get("decision"):
        told += f" ({words.value('verdict', verdict['decision'])})"
    distance = value.get("distance_m")
    return f"{told} ({words.distance(float(distance))})" if isinstance(distance, int | float) else told


def _position_source(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    """`aus Adresse, ± 15 m`: how far the place on the map can be trusted."""
    source = words.say("fact.placed" if value.get("source") == "control" else "fact.from_address")
    margin = value.get("accuracy_m")
    if not isinstance(margin, int | float):
        return source
    # Never told smaller than it is, as a distance in tens of metres would be.
    return f"{source}, ± {ceil(margin)} m" if margin < 1000 else f"{source}, ± {words.distance(float(margin))}"


def _note(value: Value, own: str | None, words: Words) -> str:  # noqa: ARG001
    told = str(value.get("text") or "")[:MAX_CHARS]
    return f"{words.value('origin', value['origin'])}: {told}" if value.get("origin") in ("crew", "control") else told


_SPECIAL: dict[str, Callable[[Value, str | None, Words], str]] = {
    "unit": _unit,
    "drone": _drone,
    "device": _device,
    "door": _door,
    "persons_probable": _persons,
    "camera": _camera,
    "crowd": _crowd,
    "warning": _warning,
    "water": _water,
    "report": _report,
    "note": _note,
    "position_source": _position_source,
}
