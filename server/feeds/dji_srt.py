"""Subtitles that DJI drones write beside their videos: one line of telemetry for each second or frame.

Forms: `F/2.8, SS 206, ISO 150, GPS (8.78, 51.83, 10), D 2.80m, H 0.00m, H.S 0.00m/s, V.S 0.00m/s` with longitude,
latitude and satellites, distance to home, height and speeds; and `[latitude: 51.83] [longitude: 8.78] [rel_alt: 1.300
abs_alt: 170.2]`, of which some models write `longtitude`. Autel's drones write `GPS(E: 8.78, N: 51.83, 123.40m)`.
"""

import re
from datetime import datetime
from typing import Any

from server.feeds import INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, settings
from server.feeds._flight import FlightOptions, Sample, claim
from server.feeds._stream import Stream, Whole
from server.feeds._times import moment

NAME = "dji_srt"
MAX_BYTES = 32_000_000
MAX_SUBTITLES = 200_000
_N = r"([+-]?\d{1,9}(?:\.\d{1,12})?)"
_CODE = re.compile(r"^\ufeff?(\d{1,3}):(\d\d):(\d\d)[,.](\d{1,3})[ \t]*-->", re.MULTILINE | re.ASCII)
_GPS = re.compile(rf"\bGPS\s?\(\s?{_N}\s?,\s?{_N}\s?(?:,\s?{_N}(M?)\s?)?\)", re.ASCII)
_SIDED = re.compile(rf"\bGPS\s?\(\s?([EW]):\s?{_N}\s?,\s?([NS]):\s?{_N}\s?(?:,\s?{_N}\s?m\s?)?\)", re.ASCII)
_PAIR = re.compile(rf"\b([A-Za-z_]{{2,20}})\s{{0,2}}:\s{{0,2}}{_N}", re.ASCII)
_SHORT = re.compile(rf"(?:^|[,\s])(D|H|H\.S|V\.S|ISO|EV|BAROMETER)[\s:]\s?{_N}", re.ASCII)
_TIME = re.compile(r"\b(\d{4})[-.](\d\d)[-.](\d\d) (\d\d:\d\d:\d\d)(?:[.,](\d{1,3}))?", re.ASCII)
_TAG = re.compile(r"<[^<>]{0,100}>")
_KEPT = frozenset(
    {
        "iso",
        "fnum",
        "ev",
        "ct",
        "focal_len",
        "dzoom_ratio",
        "gb_yaw",
        "gb_pitch",
        "gb_roll",
        "drone_pitch",
        "drone_roll",
    }
)


def decode(body: bytes, context: Context) -> Decoded:
    """Where the drone was at each subtitle. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the file has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    batch, options = Batch(context), settings(context, FlightOptions)
    text = body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    codes = list(_CODE.finditer(text))[:MAX_SUBTITLES]
    samples: list[Sample] = []
    silent = 0
    ends = [*(code.start() for code in codes), len(text)][1:]
    for code, end in zip(codes, ends, strict=True):
        hours, minutes, seconds, thousandths = (int(part) for part in code.groups())
        offset_s = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
        sample = _sample(offset_s, _TAG.sub("", text[code.end() : min(end, code.end() + 2_000)]), context.zone)
        if sample is None:
            silent += 1
        else:
            samples.append(sample)
    if not samples:
        raise DecodeError("no subtitle with the telemetry of a drone", INVALID)
    if silent:
        batch.refuse(f"{silent} subtitles without a position")
    claim(NAME, samples, context, options, batch)
    return batch.decoded()


def _sample(offset_s: float, text: str, zone: str) -> Sample | None:
    named = {name.lower(): float(value) for name, value in _PAIR.findall(text)}
    short = {name: float(value) for name, value in _SHORT.findall(text)}
    lon, lat = named.get("longitude", named.get("longtitude")), named.get("latitude")
    extra: dict[str, Any] = {name: value for name, value in named.items() if name in _KEPT}
    if found := _GPS.search(text):
        lon, lat = float(found[1]), float(found[2])
        if found[3] is not None:
            extra["gps_altitude_m" if found[4] else "satellites"] = float(found[3])
    elif sided := _SIDED.search(text):
        lon, lat = (float(sided[at + 1]) * (-1 if sided[at] in "WS" else 1) for at in (1, 3))
        if sided[5] is not None:
            named.setdefault("altitude", float(sided[5]))
    if lon is None or lat is None:
        return None
    if "D" in short:
        extra["home_distance_m"] = short["D"]
    at, flags = _time(text, zone)
    heights = (named.get("rel_alt"), short.get("H"), named.get("altitude"), short.get("BAROMETER"))
    height_m = next((value for value in heights if value is not None), None)
    speeds = {"ground_speed_mps": short.get("H.S"), "vertical_speed_mps": short.get("V.S")}
    yaw = named.get("drone_yaw")
    heading = None if yaw is None or abs(yaw) > 360 else yaw % 360.0
    content = {**speeds, "altitude_m": named.get("abs_alt"), "heading_deg": heading}
    said = {name: value for name, value in content.items() if value is not None}
    height_m = height_m if height_m is None or abs(height_m) < 100_000 else None
    return Sample(offset_s, lon, lat, said, extra, at, height_m, flags)


def _time(text: str, zone: str) -> tuple[datetime | None, frozenset[str]]:
    found = _TIME.search(text)
    if found is None:
        return None, frozenset()
    year, month, day, clock, thousandths = found.groups()
    try:
        at, _ = moment(f"{year}-{month}-{day}T{clock}.{(thousandths or '0').ljust(3, '0')}", zone)
    except ValueError:
        return None, frozenset()
    return at, frozenset({"tz_assumed"})


FEED = Feed(
    name=NAME,
    title="DJI subtitles: telemetry of a video (SRT)",
    decode=decode,
    max_bytes=MAX_BYTES,
    zone="Europe/Berlin",
    options=FlightOptions,
    stream=Stream(framer=Whole, files=("*.srt",)),
)
