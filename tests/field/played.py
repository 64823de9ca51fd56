"""Files that are no message of a feed, played as messages: a track as a vehicle's positions, a table of dispatch codes
as alarms, the metadata of an image as an image that has them.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree
from PIL import ExifTags, Image

SENDER = "Feld"
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
"""When a track without times began; its positions are a second apart."""
AT_ONCE = 500
"""Messages in one request."""


def played(path: Path) -> list[bytes] | None:
    """The messages; None where the file is one itself."""
    if path.suffix == ".gpx":
        return _fe2(_positions(path.stem, _waypoints(path)))
    if path.parent.name == "vehicle_csv":
        return _fe2(_positions(path.stem, _rows(path)))
    if path.name == "missions_by_code.csv":
        return _fe2(_alarms(path))
    return [_image(path)] if path.name.endswith("_metadata.txt") else None


def _fe2(messages: Iterator[dict[str, Any]]) -> list[bytes]:
    lines = [json.dumps(message, ensure_ascii=False) for message in messages]
    return ["\n".join(lines[at : at + AT_ONCE]).encode() for at in range(0, len(lines), AT_ONCE)]


def _positions(name: str, spots: Iterator[tuple[float, float, str]]) -> Iterator[dict[str, Any]]:
    for lat, lon, at in spots:
        data = {"radioName": name, "lat": lat, "lng": lon}
        yield {"type": "POSITION", "timestamp": at, "sender": SENDER, "data": data}


def _waypoints(path: Path) -> Iterator[tuple[float, float, str]]:
    """Of GPX 1.0 and 1.1: points of tracks, and of a file without any its way points. Those without a time are left."""
    root = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False))
    for node in list(root.iter("{*}trkpt")) or root.iter("{*}wpt"):
        at = node.findtext("{*}time")
        if at:
            yield float(node.attrib["lat"]), float(node.attrib["lon"]), at


def _rows(path: Path) -> Iterator[tuple[float, float, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            at = (BEGAN + timedelta(seconds=number)).isoformat()
            yield float(row["latitude"]), float(row["longitude"]), at


def _alarms(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            data = {"externalId": f"B{number}", "keyword": row["dispatchcode_hauptbeschwerde_name"]}
            yield {"type": "ALARM", "timestamp": BEGAN.isoformat(), "sender": SENDER, "data": data}


def _image(path: Path) -> bytes:
    """A grey image of that size with the EXIF and XMP that the file lists."""
    text = path.read_text(encoding="utf-8")
    listed = {(group, name): value for group, name, value in re.findall(r"^\[(.+) - .*?\] (.+?) = (.*)$", text, re.M)}
    ifd0, sub, gps = ("Exif IFD0", "Exif SubIFD", "GPS")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = listed[ifd0, "Make"]
    exif[ExifTags.Base.Model] = listed[ifd0, "Model"]
    taken = exif.get_ifd(ExifTags.IFD.Exif)
    taken[ExifTags.Base.DateTimeOriginal] = listed[sub, "Date/Time Original"]
    taken[ExifTags.Base.FocalLength] = _number(listed[sub, "Focal Length"])
    taken[ExifTags.Base.FocalLengthIn35mmFilm] = int(_number(listed[sub, "Focal Length 35"]))
    placed = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for axis in ("Latitude", "Longitude"):
        placed[ExifTags.GPS[f"GPS{axis}Ref"]] = listed[gps, f"GPS {axis} Ref"]
        parts = re.findall(r"[\d.]+", listed[gps, f"GPS {axis}"])
        placed[ExifTags.GPS[f"GPS{axis}"]] = tuple(float(part) for part in parts)
    placed[ExifTags.GPS.GPSAltitudeRef] = b"\0"
    placed[ExifTags.GPS.GPSAltitude] = _number(listed[gps, "GPS Altitude"])
    attributes = re.findall(r"^\[XMPMeta - .*?\] (drone-dji:\w+) = (.*)$", text, re.M)
    told = " ".join(f'{name}="{value}"' for name, value in attributes)
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" {told}/></rdf:RDF></x:xmpmeta>'
    )
    size = tuple(int(_number(listed[sub, f"Exif Image {side}"])) for side in ("Width", "Height"))
    out = io.BytesIO()
    Image.new("L", (size[0], size[1]), 128).save(out, "JPEG", exif=exif, xmp=xmp.encode())
    return out.getvalue()


def _number(text: str) -> float:
    found = re.search(r"-?[\d.]+", text)
    assert found, text
    return float(found[0])
