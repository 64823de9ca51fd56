"""The words of the screens: two tables alike, nothing missing, nothing left over."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from mobile.clock import SituationClock
from mobile.fms import PAD
from mobile.i18n import LANGUAGES, Words, de, en
from mobile.mailbox import Connection, Snapshot
from mobile.status_line import clock, connection, exercise, waiting

MOBILE = Path(__file__).resolve().parents[2] / "mobile"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_tables_have_the_same_keys_and_the_same_placeholders() -> None:
    for german, english in ((de.TEXTS, en.TEXTS), (de.VALUES, en.VALUES), (de.LABELS, en.LABELS)):
        assert german.keys() == english.keys()
        assert {key for key in german if placeholders(german[key]) != placeholders(english[key])} == set()


def test_no_key_is_missing_and_none_is_left_over() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in MOBILE.rglob("*.py") if path.parent.name != "i18n")
    code += (MOBILE / "i18n" / "__init__.py").read_text(encoding="utf-8")
    said = set(re.findall(r"say\(\s*f?\"([a-z_.]+)\"", code))
    assert said - de.TEXTS.keys() == set()
    stems = tuple(set(re.findall(r"[\"']([a-z_]+\.(?:[a-z_]+\.)*)\{", code)))
    used = {key for key in de.TEXTS if f'"{key}"' in code or f"'{key}'" in code or key.startswith(stems)}
    assert de.TEXTS.keys() - used == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_of_the_pad_has_its_meaning(lang: str) -> None:
    words = Words(lang)
    for digit in PAD:
        assert words.say(f"fms.short.{digit}") != f"fms.short.{digit}"
        assert words.value("fms_status", digit) != str(digit)


def test_ages_distances_and_unknown_things_in_german() -> None:
    words = Words()
    said = [words.age(seconds) for seconds in (None, -120, -3, 4, 42, 200, 4000, 200_000)]
    assert said == [
        "Alter unbekannt",
        "2 min in der Zukunft",
        "gerade eben",
        "gerade eben",
        "vor 40 s",
        "vor 3 min",
        "vor 1 h 06 min",
        "vor 2 Tagen 7 h",
    ]
    assert [words.distance(metres) for metres in (3, 96, 994, 996, 12_340)] == [
        "0 m",
        "100 m",
        "990 m",
        "1,0 km",
        "12,3 km",
    ]
    assert words.value("category", "earthquake") == "earthquake"
    assert (words.value("x", True), words.value("x", None)) == ("ja", "unbekannt")
    assert Words("fr").lang == "de"


WALL = datetime(2026, 11, 21, 20, 17, 19, tzinfo=UTC)


def test_the_connection_line_says_since_when_and_how_old() -> None:
    words, heard = Words(), datetime(2026, 11, 21, 20, 14, 7, tzinfo=UTC)
    at = words.time(heard)
    kept = Snapshot("live", picture_at=heard, offline_since=heard, connection=Connection.OFFLINE)
    assert connection(kept, WALL, words).text == f"Kein Netz seit 03:12 min – letzter Stand {at}"
    never = Snapshot("live", offline_since=heard, connection=Connection.OFFLINE)
    assert connection(never, WALL, words).text == "Kein Netz seit 03:12 min – noch nie verbunden"
    there = Snapshot("live", connection=Connection.CONNECTED)
    assert (connection(there, WALL, words).text, connection(there, WALL, words).level) == ("Verbunden", "good")
    closed = Snapshot("live", connection=Connection.REFUSED, refusal="unauthorized", picture_at=heard)
    assert connection(closed, WALL, words).text.startswith("Server lehnt ab: Anmeldung abgelaufen oder gesperrt – ")
    strange = Snapshot("live", connection=Connection.REFUSED, refusal="full moon")
    assert connection(strange, WALL, words).text.startswith("Server lehnt ab: Grund im Protokoll des Servers – ")
    lines = [connection(shown, WALL, words) for shown in (kept, there, closed)]
    assert len({line.symbol + line.level for line in lines}) == 3


def test_the_clock_says_when_it_is_not_to_be_trusted() -> None:
    words, own = Words(), SituationClock()
    assert clock(own, words).text == "--:-- Uhr nicht bestätigt"
    own.set("2026-11-21T20:14:07Z", 2.5, "running")
    assert clock(own, words).text == words.time(own.now())
    shown = Snapshot("ex-1", hello={"status": "Exercise", "title": "Hausbrand"})
    assert exercise(shown, own, words) == "ÜBUNG – Hausbrand – Zeit läuft 2-fach"
    own.set("2026-11-21T20:14:07Z", 0.0, "paused")
    assert clock(own, words).text.endswith("Übung angehalten")
    assert [waiting(count, words) for count in (0, 1, 7)] == ["", "1 Meldung wartet", "7 Meldungen warten"]
