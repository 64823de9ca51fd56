"""One line about a feature, in the crew's words: for the list of what is near and for the strip below the map."""

from typing import Any

from layers.wire import Feature
from mobile import facts
from mobile.i18n import Words


def title(feature: Feature, words: Words) -> str:
    """What it is called, never empty."""
    properties = feature["properties"]
    address = properties.get("address")
    if properties.get("part") == "building" and isinstance(address, dict) and address.get("street"):
        return str(address["street"])
    if properties.get("part") in ("citizen_report", "post", "note"):
        return words.say(f"part.{properties['part']}")
    if properties.get("layer") == "water":
        name = properties.get("ref") or properties.get("name")
        return " ".join(filter(None, (words.value("water", properties.get("kind")), name)))
    if properties.get("part") == "mark" and not properties.get("name"):
        return words.value("mark", properties.get("mark")) if properties.get("mark") else words.say("part.mark")
    for key in ("call_sign", "headline", "title", "name"):
        if properties.get(key):
            return str(properties[key])
    return words.say(f"part.{properties.get('part')}")


def line(feature: Feature, words: Words) -> str:
    """The state that matters to a crew, "" where the title says all."""
    properties = feature["properties"]
    describe = _LINES.get(str(properties.get("part")).partition("-")[0])
    return describe(properties, words) if describe else ""


def _mission(properties: dict[str, Any], words: Words) -> str:
    address = properties.get("address")
    place = address.get("text") if isinstance(address, dict) else None
    return " · ".join(filter(None, (words.value("category", properties.get("category")), place)))


def _unit(properties: dict[str, Any], words: Words) -> str:
    digit = properties.get("fms_status")
    if digit is None:
        return words.say("fms.none")
    return words.say("unit.status", digit=digit, meaning=words.value("fms_status", digit))


def _region(properties: dict[str, Any], words: Words) -> str:
    people, density = properties.get("people"), properties.get("density_pm2")
    if people is None:
        return words.say("unknown")
    level = properties.get("level_of_service")
    if density is None or level is None:
        text = words.say("crowd.people", people=people)
    else:
        text = words.say("crowd.dense", people=people, density=words.number(density, 1), level=level)
    return f"{text}, {words.say('crowd.over')}" if properties.get("over_threshold") else text


def _drone(properties: dict[str, Any], words: Words) -> str:
    height, status = properties.get("height_m"), properties.get("flight_status")
    parts = [words.value("flight_status", status)] if status else []
    if height is not None:
        parts.append(words.say("drone.at", height=words.number(height)))
    return ", ".join(parts)


def device_value(properties: dict[str, Any], words: Words) -> str:
    """What a device measures and says: "Rauch", "Temperatur 187 °C"."""
    measures = properties.get("measures") or []
    names = ", ".join(words.value("measures", name) for name in measures)
    return " ".join(filter(None, (names, facts.reading(properties.get("value"), measures, words))))


def _device(properties: dict[str, Any], words: Words) -> str:
    state = words.value("state", properties.get("state"))
    return " · ".join(filter(None, (state, device_value(properties, words))))


def _building(properties: dict[str, Any], words: Words) -> str:
    parts = []
    persons, devices = properties.get("persons_probable"), properties.get("devices")
    if persons:
        parts.append(words.say("building.persons", n=persons))
    if isinstance(devices, dict) and devices.get("alarm"):
        parts.append(words.say("building.alarms", n=devices["alarm"]))
    address = properties.get("address")
    if not parts and isinstance(address, dict) and address.get("text"):
        parts.append(str(address["text"]))
    return ", ".join(parts)


def _warning(properties: dict[str, Any], words: Words) -> str:
    return " · ".join(filter(None, (properties.get("event"), words.value("severity", properties.get("severity")))))


def hose(properties: dict[str, Any], words: Words, *, brief: bool = False) -> str:
    """Length of the hose line and B hoses: `80 m Schlauch, 5 B`; `brief` for the map: `80 m · 5 B`. "" unknown."""
    distance, hoses = properties.get("distance_m"), properties.get("b_hoses")
    if not isinstance(distance, int | float) or not isinstance(hoses, int):
        return ""
    return words.say("fact.hose.map" if brief else "fact.hose", distance=words.distance(float(distance)), n=hoses)


def _water(properties: dict[str, Any], words: Words) -> str:
    size = f"DN {properties['diameter_mm']}" if isinstance(properties.get("diameter_mm"), int) else ""
    told = hose(properties, words)
    bank = words.say("fact.bank") if properties.get("access") == "unknown" else ""
    return " · ".join(filter(None, (size, words.say("fact.hose.mission", hose=told) if told else "", bank)))


def _mark(properties: dict[str, Any], words: Words) -> str:
    kind = words.value("mark", properties["mark"]) if properties.get("mark") and properties.get("name") else ""
    return " · ".join(filter(None, (kind, str(properties.get("text") or "")[:200], properties.get("creator"))))


def _texts(properties: dict[str, Any], words: Words) -> str:  # noqa: ARG001  (every line's signature)
    texts = properties.get("texts")
    text = " ".join(texts) if isinstance(texts, list) else properties.get("text") or properties.get("message") or ""
    return str(text)[:200]


_LINES = {
    "mission": _mission,
    "unit": _unit,
    "region": _region,
    "drone": _drone,
    "device": _device,
    "building": _building,
    "warning": _warning,
    "citizen_report": _texts,
    "post": _texts,
    "note": _texts,
    "water": _water,
    "mark": _mark,
}
