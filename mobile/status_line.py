"""What the line at the top says: are we connected, since when not, how old is the picture, is the clock to be
trusted.
"""

from dataclasses import dataclass
from datetime import datetime

from mobile.ages import stopwatch
from mobile.clock import SituationClock
from mobile.i18n import Words
from mobile.mailbox import Connection, Snapshot


@dataclass(frozen=True)
class StatusLine:
    """`level` is good, warn, alarm or quiet; `symbol` says the same without colour."""

    text: str
    level: str
    symbol: str


def connection(snapshot: Snapshot, wall: datetime, words: Words) -> StatusLine:
    """The state of the connection in words."""
    last = words.time(snapshot.picture_at) if snapshot.picture_at else ""
    picture = words.say("link.last", time=last) if last else words.say("link.never")
    if snapshot.connection is Connection.CONNECTED:
        return StatusLine(words.say("link.connected"), "good", "●")
    if snapshot.connection is Connection.REFUSED:
        key = f"refused.{snapshot.refusal}"
        reason = words.say(key if words.knows(key) else "refused.other")
        return StatusLine(f"{words.say('link.refused', reason=reason)} – {picture}", "alarm", "✕")
    if snapshot.connection is Connection.OFFLINE and snapshot.offline_since:
        passed_s = (wall - snapshot.offline_since).total_seconds()
        return StatusLine(f"{words.say('link.offline', span=stopwatch(passed_s))} – {picture}", "warn", "✕")
    return StatusLine(f"{words.say('link.connecting')} – {picture}", "quiet", "○")


def clock(situation: SituationClock, words: Words) -> StatusLine:
    """The situation's time of day and what is to be known about it."""
    shown = words.time(situation.now())
    if not situation.confirmed:
        return StatusLine(f"{shown} {words.say('clock.unconfirmed')}", "warn", "?")
    if situation.state in ("paused", "ended"):
        return StatusLine(f"{shown} {words.say(f'clock.{situation.state}')}", "quiet", "Ⅱ")
    return StatusLine(shown, "good", "")


def exercise(snapshot: Snapshot, situation: SituationClock, words: Words) -> str:
    """What the magenta banner says."""
    text = words.say("exercise.line", title=snapshot.hello.get("title", ""))
    speed = situation.speed
    if speed not in (0.0, 1.0):
        text += f" – {words.say('exercise.speed', speed=words.number(speed, 0 if speed >= 1 else 1))}"
    return text


def waiting(count: int, words: Words) -> str:
    """How many reports wait, "" for none."""
    if count == 0:
        return ""
    return words.say("link.waiting.one") if count == 1 else words.say("link.waiting", n=count)
