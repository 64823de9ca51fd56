"""What of a sample file goes over the wire: all of it, but of a recording what was said in it."""

import json
import re
import zipfile
from pathlib import Path

import yaml

from tests.field.ledger import Sample
from tests.field.played import played

CAPTURE = re.compile(r"message topic= (\S+)\nmessage received  (\{.*\})")
"""How the subscriber wrote it whose log a sample is."""


def messages(folder: Path, sample: Sample) -> list[bytes]:
    """The messages of a file."""
    path = folder / sample.path
    made = played(path)
    if made is not None:
        return made
    if path.suffix != ".yaml":
        return [b"".join(path.read_bytes().splitlines(keepends=True)[: sample.lines])]
    recorded = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    streams = [each for each in recorded if "/streaming/" in each["request"]["uri"]]
    told = streams or [each for each in recorded if _of_statuses(each["request"]["uri"])]
    return [each["response"]["body"]["string"].encode() for each in told]


def _of_statuses(uri: str) -> bool:
    """Statuses and time lines: not the history of an edit nor what the server says of itself."""
    return re.search(r"/(timelines/public|statuses|statuses/\d+)$", uri) is not None


def documents(body: bytes) -> list[str]:
    """JSON documents that follow one another, each as it is written; what is broken off is left."""
    text, found, at = body.decode(), [], 0
    while (start := text.find("{", at)) >= 0:
        try:
            _, at = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            break
        found.append(text[start:at])
    return found


def published(folder: Path, sample: Sample) -> list[tuple[str, bytes]]:
    """Topics and payloads of a sample: those of a capture (`lines` of both), else the file on its topic."""
    topic = sample.way.partition(" ")[2].replace("{part}", sample.part)
    path = folder / sample.path
    if topic == "lines":
        lines = [line.partition(b" ") for line in path.read_bytes().splitlines()]
        return [(name.decode(), payload) for name, gap, payload in lines if gap]
    if path.suffix != ".zip":
        return [(topic, path.read_bytes())]
    with zipfile.ZipFile(path) as archive:
        name = next(one for one in archive.namelist() if "log_subscriber" in one)
        told = CAPTURE.findall(archive.read(name).decode().replace("\r\n", "\n"))
    return [(f"{topic}/{own.partition('/')[2]}", payload.encode()) for own, payload in told]
