"""A source's settings reach its decoder, its zone and its secrets are its own."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from layers.content import Mission
from server.config import ConfigError, load
from server.intake import Intake
from server.journal import Draft
from server.quarantine import Quarantine

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
SETTINGS = """
[feeds.sources.alamos_fe2]
keywords = [{abbreviation = "X", category = "cbrn"}]
[feeds.sources."alamos_fe2/wache1"]
keywords = [{abbreviation = "X", category = "medical"}]
zone = "Europe/London"
"""
ALARM = {"type": "ALARM", "timestamp": "2026-11-21T19:05:11", "sender": "LS", "authorization": "geheim"}


def written(folder: Path, text: str) -> Path:
    path = folder / "lagebild.toml"
    path.write_text(text, encoding="utf-8")
    return path


def drafts(folder: Path, instance: str, data: dict[str, Any]) -> list[Draft]:
    settings = load(written(folder, SETTINGS), {})
    quarantine = Quarantine(folder / "quarantine.db")
    try:
        intake = Intake(quarantine, zone=settings.feeds.zone, sources=settings.feeds.sources)
        body = json.dumps({**ALARM, "data": data}).encode()
        return intake.prepare("live", "alamos_fe2", instance, body, "test", NOW)
    finally:
        quarantine.close()


@pytest.mark.parametrize(("instance", "category", "hour"), [("other", "cbrn", 18), ("wache1", "medical", 19)])
def test_settings_of_a_feed_and_of_one_source_of_it(tmp_path: Path, instance: str, category: str, hour: int) -> None:
    (draft,) = drafts(tmp_path, instance, {"externalId": "1", "keyword": "X 1"})
    content = draft.observation.content
    assert isinstance(content, Mission)
    assert content.category == category
    assert draft.observation.observed_at == datetime(2026, 11, 21, hour, 5, 11, tzinfo=UTC)


def test_what_is_kept_of_a_message_holds_no_secret(tmp_path: Path) -> None:
    (draft,) = drafts(tmp_path, "other", {"externalId": "1", "caller": {"name": "N", "contact": "0171 1234567"}})
    assert draft.raw is not None
    assert b"geheim" not in draft.raw.body
    assert b"0171" not in draft.raw.body
    assert b"geheim" not in (tmp_path / "quarantine.db").read_bytes()


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("[feeds.sources.alamos]\n", "there is no feed alamos"),
        ("[feeds.sources.divera]\nbound = [1, 2, 3, 4]\n", "bound"),
        ("[feeds.sources.divera]\nbounds = [1]\n", "bounds"),
        ('[feeds.sources.divera]\nzone = "Europe/Padertopia"\n', "time zone"),
        ("[feeds.sources.report]\nx = 1\n", "no settings of its own"),
    ],
)
def test_a_setting_that_cannot_be_is_found_at_the_start(tmp_path: Path, section: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load(written(tmp_path, section), {})
