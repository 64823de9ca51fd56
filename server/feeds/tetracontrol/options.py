"""What differs from fire brigade to fire brigade: codes of pagers and sirens, patterns of plain-text callouts."""

import re

from msgspec import field

from server.feeds import INVALID, DecodeError
from server.feeds._dispatch import DispatchOptions

COMING, NOT_COMING, AVAILABLE, NOT_AVAILABLE = 57345, 57344, 15, 0

PATTERNS = {
    "number": r"^Nummer:[ \t]*(.*)$",
    "keyword": r"^Stichwort:[ \t]*(.*)$",
    "description": r"^Meldebild:[ \t]*(.*)$",
    "street": r"^Stra(?:ss|ß)e:[ \t]*(.*)$",
    "house": r"^Hnr:[ \t]*(.*)$",
    "postcode": r"^PLZ:[ \t]*(.*)$",
    "city": r"^Ort:[ \t]*(.*)$",
    "district": r"^Ortsteil:[ \t]*(.*)$",
    "detail": r"^Hinweis:[ \t]*(.*)$",
    "ric": r"^RIC:[ \t]*(.*)$",
}
"""A callout as lines; the first group of each is the field's value. A line that no pattern fits is kept as it is."""

SIRENS = {"2000": "population_warning", "2001": "all_clear", "2002": "fire_alarm", "2003": "test"}


class TetraOptions(DispatchOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a TetraControl source."""

    coming: tuple[int, ...] = (COMING,)
    """Codes by which a pager says that its bearer comes; `not_coming` likewise."""
    not_coming: tuple[int, ...] = (NOT_COMING,)
    available: tuple[int, ...] = (AVAILABLE,)
    """Codes of tactical availability."""
    not_available: tuple[int, ...] = (NOT_AVAILABLE,)
    sirens: dict[str, str] = field(default_factory=lambda: dict(SIRENS))
    """Meaning of the code behind `$` in a siren alarm."""
    siren_states: dict[str, str] = field(default_factory=dict)
    """State (OK, WARNING, ALARM, ERROR) of a siren's status code `E...`."""
    severities: dict[str, str] = field(default_factory=dict)
    """Keyword of a callout without one of its own, by the severity in its remark."""
    ignored_statuses: tuple[int, ...] = ()
    """Vehicle statuses that are not taken; some fire brigades leave out 0, 5 and 9."""
    patterns: dict[str, str] = field(default_factory=dict)
    """Overrides of `PATTERNS`, by field; an empty one leaves the field out."""

    def compiled(self) -> dict[str, re.Pattern[str]]:
        """The patterns. Raises DecodeError for one that is none."""
        try:
            given = {name: pattern for name, pattern in {**PATTERNS, **self.patterns}.items() if pattern}
            return {name: re.compile(pattern, re.MULTILINE) for name, pattern in given.items()}
        except re.error as error:
            raise DecodeError(f"the settings of this source: no pattern: {error}", INVALID) from error
