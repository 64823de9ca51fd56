"""Passwords, tokens, keys and telephone numbers in the messages of any feed reach neither log, picture nor quarantine.

Each frame of each feed is sent with secrets planted into it, whole and broken, through a real intake; a new feed is in
by being there.
"""

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from layers.views import View
from server.feeds import DecodeError, feeds
from server.feeds._secrets import clean
from server.intake import Intake
from server.quarantine import Quarantine
from server.quarantined import Choice
from server.situations import Situations
from tests.feeds.frames import all_frames

WORD = "hUnter2-geheim-"
PHONE = "+49 5251 4711 0815"
PLANTED: dict[str, str] = {
    "password": WORD + "a",
    "authToken": WORD + "b",
    "apiKey": WORD + "c",
    "client_secret": WORD + "d",
    "X-Auth-Token": WORD + "e",
    "phone": PHONE,
    "Rückrufnummer": PHONE,
}
DEPTH = 12
TEXT = re.compile(rb"^[\x09\x0a\x0d\x20-\xff]*$")


def planted_json(node: Any, depth: int = 0) -> Any:
    """Secrets in every object, also in the forms that NGSI and key-value lists have."""
    if isinstance(node, list):
        return [planted_json(item, depth + 1) for item in node]
    if not isinstance(node, dict) or depth > DEPTH:
        return node
    found = {key: planted_json(value, depth + 1) for key, value in node.items()}
    extra: dict[str, Any] = {**PLANTED, "x_password": {"type": "Text", "value": WORD + "f"}}
    extra["more"] = {"accessToken": WORD + "g", "url": f"https://x.example.org/?access_token={WORD}h"}
    return {**found, **{key: value for key, value in extra.items() if key not in found}}


def planted_xml(text: str) -> str:
    """Secrets as elements and attributes within every element."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in PLANTED.items() if name.isascii() and name[0] != "X")
    named = f"<parameter><valueName>authToken</valueName><value>{WORD}i</value></parameter>"
    text = re.sub(
        r"(<(?:\w+:)?(?:alert|info|item|entry|channel|feed|EDXLDistribution|contentObject|event|detail)\b[^>/]*>)",
        rf"\1{named}{inner}",
        text,
    )
    return re.sub(
        r"<(?:\w+:)?(alert|info|item|entry|event|detail)\b",
        lambda found: f"{found[0]} password={quoteattr(WORD + 'j')}",
        text,
    )


def planted_text(text: str) -> str:
    """Secrets as headers of requests, in addresses and beside their name."""
    text = re.sub(r"(?m)^(POST|GET|PUT) (\S+) HTTP", rf"\1 \2?access_token={WORD}k HTTP", text)
    return re.sub(r"(?m)^(Content-Type: .*)$", rf"\1\nAuthorization: Bearer {WORD}l\nX-Api-Key: {WORD}m", text)


def planted(body: bytes) -> list[bytes]:
    """The frame with secrets, in each way that its form allows; nothing for pictures and telegrams."""
    if b"\x00" in body[:1_000] or not TEXT.match(body[:4_000]) or body[:2] == b"PK":
        return []
    text = body.decode("utf-8", "replace")
    try:
        return [json.dumps(planted_json(json.loads(text)), ensure_ascii=escaped).encode() for escaped in (True, False)]
    except ValueError:
        pass
    if text.lstrip().startswith("<"):
        return [planted_xml(text).encode()]
    lines = [_line(line) for line in planted_text(text).splitlines(keepends=True)]
    return ["".join(lines).encode()]


def _line(line: str) -> str:
    """A line that holds JSON, perhaps behind a topic or an event."""
    begin = min((at for at in (line.find("{"), line.find("[")) if at >= 0), default=-1)
    if begin < 0:
        return line
    try:
        return line[:begin] + json.dumps(planted_json(json.loads(line[begin:]))) + "\n"
    except ValueError:
        return line


class Room:
    """A live situation that everything goes into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.quarantine = Quarantine(folder / "quarantine.db")
        self.intake = Intake(self.quarantine)
        self.situations = Situations(folder, intake=self.intake)
        self.situations.start()

    def send(self, feed: str, body: bytes) -> None:
        """As a sender would."""
        try:
            self.intake.take(self.situations.live, feed, "probe", body, "probe (1)", datetime.now(UTC))
        except DecodeError as error:
            self.said += error.reason

    said = ""

    def shown(self) -> Iterator[tuple[str, str]]:
        """Everything that anybody is shown, and where."""
        live = self.situations.live
        with live.desk.lock:
            for role in ("control", "crew", "liaison", "planner", "admin"):
                seen = [View(role=role).show(one, live.picture) for one in live.picture.features.values()]
                yield f"picture of {role}", json.dumps(seen, ensure_ascii=False)
            subjects = list(live.picture.features)
            extras = [live.picture.extras(subject) for subject in subjects]
            yield "extras, as NGSI reads them", repr(extras)
        yield "answer to the sender", self.said
        yield "quarantine view", repr(self.quarantine.list(1_000))
        kept = [self.quarantine.messages.get(number) for number in self.quarantine.messages.chosen(Choice())]
        yield "whole messages", "\n".join(one.body.decode("utf-8", "replace") for one in kept if one is not None)

    def close(self) -> None:
        """End everything."""
        self.situations.stop()
        self.quarantine.close()


@pytest.mark.parametrize("feed", sorted(feeds()))
def test_no_secret_is_shown(feed: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    room = Room(tmp_path)
    sent = 0
    with caplog.at_level(logging.DEBUG):
        for frame in all_frames():
            if frame.parent.name == feed:
                for body in planted(frame.read_bytes()):
                    assert WORD.encode() in body or b"HTTP" not in body
                    room.send(feed, body)
                    room.send(feed, body[: len(body) * 2 // 3])
                    sent += WORD.encode() in body
        found = dict([*room.shown(), ("log", caplog.text)])
    room.close()
    leaks = {where: text[max(0, at - 80) : at + 60] for where, text in found.items() if (at := leak(text)) >= 0}
    assert leaks == {}
    assert sent or feed in WITHOUT_WORDS, "nothing was planted: the feed has no frame that a secret fits into"


def leak(text: str) -> int:
    """Where a secret begins, -1 for nowhere."""
    return max(text.find(WORD), text.find("5251 4711"), text.find("52514711"))


WITHOUT_WORDS = {
    "boswatch", "dji_flightlog", "dji_srt", "drone_csv", "drone_image", "mavlink", "misb_klv", "remote_id",
    "sanfrancisco", "sia_dc09",
}  # fmt: skip
"""Pictures, telegrams and tables of fixed columns."""


@pytest.mark.parametrize(
    "listed", ['["a"]', '["a", "b"]', '["a", ["b"]]', '[1,{"x": 1}]', '["a", {"password": "b"}, 5]', "[ ]"]
)
def test_a_list_of_secrets_stays_a_list(listed: str) -> None:
    found = clean(f'{{"password": {listed}, "rest": 1}}'.encode())
    assert '"a"' not in found.decode()
    assert json.loads(found)["rest"] == 1
    assert clean(found) == found
