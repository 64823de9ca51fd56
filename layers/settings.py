"""What of the picture an operator may change, with the defaults and why they are what they are.

Frozen and hashable by value: the same journal with the same settings gives the same picture.
"""

from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct

from layers.clock import Limits
from layers.fms import Status

NEVER = 0.0
"""As a silence limit: this source may be quiet for ever."""


class Age(Struct, frozen=True):
    """How long a claim of a kind is fresh, and how long its subject stays on screen since it was last heard of."""

    stale_after_s: float
    expire_after_s: float


MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

DEFAULT_AGES: dict[str, Age] = {
    "mission": Age(HOUR, DAY),
    # A unit at its station reports only changes, so it is kept for a day; on the road it reports once a minute.
    "unit": Age(5 * MINUTE, DAY),
    # Sites and regions are configuration, sent when they change.
    "crowd_site": Age(DAY, 7 * DAY),
    "crowd_region": Age(DAY, 7 * DAY),
    # Counters report every 10 to 60 s; two missed minutes are a blind region.
    "crowd_count": Age(2 * MINUTE, HOUR),
    "crowd_line": Age(10 * MINUTE, 2 * HOUR),
    "crowd_alert": Age(5 * MINUTE, 30 * MINUTE),
    "drone": Age(15.0, 30 * MINUTE),
    # Fences and planned path: they hold until the next plan, and go with the drone.
    "drone_plan": Age(30 * MINUTE, 30 * MINUTE),
    # A picture of the ground is of its moment: a fire is elsewhere half an hour later.
    "image": Age(30 * MINUTE, DAY),
    "building": Age(DAY, 7 * DAY),
    # Gateways send changes and a keep-alive at best every quarter of an hour.
    "device": Age(30 * MINUTE, DAY),
    # Asked again and again while a mission holds the owner's consent, and not kept after.
    "room": Age(5 * MINUTE, DAY),
    "occupant": Age(5 * MINUTE, HOUR),
    "post": Age(HOUR, 12 * HOUR),
    "citizen_report": Age(HOUR, DAY),
    "social_event": Age(30 * MINUTE, 12 * HOUR),
    "social_rule": Age(7 * DAY, 30 * DAY),
    "social_search": Age(7 * DAY, 30 * DAY),
    "warning": Age(6 * HOUR, DAY),
    "note": Age(12 * HOUR, DAY),
    # Drawn by hand, and mostly with an end of its own.
    "mark": Age(DAY, 7 * DAY),
    # Not drawn themselves: how long they are remembered.
    "source": Age(5 * MINUTE, 7 * DAY),
    "removal": Age(DAY, 7 * DAY),
    "seen": Age(DAY, 2 * DAY),
    "verdict": Age(DAY, 7 * DAY),
}
"""Ages by kind. Where settings leave a kind out, its default holds."""

DEFAULT_SILENCE: dict[str, float] = {
    "*": 5 * MINUTE,
    # What the server works out by itself follows others; it has no beat of its own.
    "base/*": NEVER,
    # People speak when they have something to say.
    "app/*": NEVER,
    "crew/*": NEVER,
    "control/*": NEVER,
    "report/*": NEVER,
    "citizen/*": NEVER,
    "cot/*": NEVER,
    "cap/*": NEVER,
    "nina/*": NEVER,
    "mastodon/*": NEVER,
    "rss/*": NEVER,
    "iris/*": NEVER,
    "*/citizens*": NEVER,
    "*/social*": NEVER,
    "*/warnings*": NEVER,
}
"""Seconds without an observation after which a source counts as silent, by pattern of its id (`fnmatch`)."""


class PictureSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that shapes a picture besides its journal. Times in seconds, densities in persons per m2."""

    exercise: bool = False
    """True in an exercise: there a warning with CAP status Exercise counts as in force."""
    ages: dict[str, Age] = {}
    """Overrides of `DEFAULT_AGES`."""
    silence_after_s: dict[str, float] = {}
    """Overrides and additions to `DEFAULT_SILENCE`; the longest matching pattern decides, 0 means never silent."""
    fms: dict[str, Status] = {}
    """Overrides of the table in `layers.fms`, by the digit of the status: regions differ in 7, 8 and 9."""
    clock_ahead_limit_s: float = 300.0
    density_threshold_pm2: float = 4.0
    """Alarm density where neither region nor alert names one: from about 4 persons per m2 a standing crowd loses free
    movement (G. K. Still, Introduction to Crowd Science, 2014)."""
    trend_window_s: float = 600.0
    trend_points: int = 120
    track_window_s: float = 600.0
    track_points: int = 600
    track_step_s: float = 3.0
    """A track keeps the first point of each step: enough for the eye, and not sent anew with every position."""
    stale_grace_s: float = 600.0
    """How long what named the end of its validity stays on screen after it (greyed)."""
    card_step_s: float = 10.0
    """A card tells one position of each unit per step: a card is not sent anew with every position."""
    max_features: int = 50_000
    """Most subjects kept; the one that would expire first gives way (counted)."""
    max_removed: int = 10_000
    """Most ids of removed features remembered for clients that return; older cursors get a full delta."""
    max_sources: int = 1_000
    max_text_chars: int = 8_000
    max_items: int = 500
    """Longest list in a content (units, URLs, waypoints ...)."""
    max_vertices: int = 5_000
    """Most positions of one geometry."""
    max_value_bytes: int = 16_384
    """Largest free-form value (a device's value, a rule, a sender's attribute) as JSON."""
    max_extra: int = 200
    """Most sender's attributes kept per subject."""
    max_seen: int = 50
    """Most readers remembered per target."""

    def age(self, kind: str) -> Age:
        """The age of a kind; KeyError for a word that is no kind."""
        return self.ages.get(kind) or DEFAULT_AGES[kind]

    def silence(self, source: str) -> float | None:
        """Seconds after which the source counts as silent, None for never."""
        patterns = {**DEFAULT_SILENCE, **self.silence_after_s}
        matching = [pattern for pattern in patterns if fnmatchcase(source, pattern)]
        if not matching:
            return None
        seconds = patterns[max(matching, key=lambda pattern: (len(pattern), pattern))]
        return seconds if seconds > NEVER else None

    @property
    def limits(self) -> Limits:
        """The clock limits for `layers.clock.honest`."""
        return Limits(clock_ahead_s=self.clock_ahead_limit_s)

    def fingerprint(self) -> str:
        """Canonical text of the settings: a snapshot made under others is not used."""
        return msgspec.json.encode(self, order="deterministic").decode()
