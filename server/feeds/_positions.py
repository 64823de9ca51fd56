"""Positions inside texts, as control rooms write them into short messages for navigation devices."""

import re

_DIGITS = re.compile(r"#K01;(?P<ns>[NS])(?P<lat>\d{8})(?P<ew>[EW])(?P<lon>\d{8});?")
"""LARDIS #K01: hemisphere and eight digits, of which six are decimals: N50547537 is 50.547537."""
_DECIMAL = re.compile(r"#MKX=(?P<lon>-?\d{1,3}[,.]\d{1,12})Y=(?P<lat>-?\d{1,2}[,.]\d{1,12})#?")
"""LARDIS #MK: X is the longitude, decimal comma."""
_MINUTES = re.compile(
    r"(?P<ns>[NS]) ?(?P<lat>\d{1,3})° ?(?P<lat_min>\d{1,2}[.,]\d{1,6})['′]?[ ,;/]{1,3}"
    r"(?P<ew>[EWO]) ?(?P<lon>\d{1,3})° ?(?P<lon_min>\d{1,2}[.,]\d{1,6})['′]?"
)
"""Degrees and decimal minutes: N052°58.37 E008°23.69."""


def in_text(text: str) -> tuple[float, float, str] | None:
    """Longitude, latitude (not checked yet) and the text without them; None where the text holds no position."""
    if found := _DIGITS.search(text):
        lon, lat = int(found["lon"]) / 1e6, int(found["lat"]) / 1e6
    elif found := _DECIMAL.search(text):
        lon, lat = float(found["lon"].replace(",", ".")), float(found["lat"].replace(",", "."))
        return lon, lat, _without(text, found)
    elif found := _MINUTES.search(text):
        lon = int(found["lon"]) + float(found["lon_min"].replace(",", ".")) / 60
        lat = int(found["lat"]) + float(found["lat_min"].replace(",", ".")) / 60
    else:
        return None
    west, south = found["ew"] == "W", found["ns"] == "S"
    return round(-lon if west else lon, 7), round(-lat if south else lat, 7), _without(text, found)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
