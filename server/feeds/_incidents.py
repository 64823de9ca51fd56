"""English call types of American fire departments: which category one means, and how large a replay file may be."""

import re

from layers.keywords import CBRN, FIRE, MEDICAL, TECHNICAL, UNKNOWN, Catalogue
from server.feeds._dispatch import DispatchOptions

REPLAY_BYTES = 32_000_000
REPLAY_RECORDS = 50_000
REPLAY_OBSERVATIONS = 100_000

_CALLS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (category, re.compile(pattern, re.IGNORECASE))
    for category, pattern in (
        (
            CBRN,
            r"haz-?\s?mat|gas (?:leak|odor)|\bodor\b|\b(?:fuel|oil) spill|\bCO detector|chemical|suspicious package",
        ),
        (MEDICAL, r"\bmedic(?:al)?\b|^aid\b|, aid$|life sup|trans to amr|casualt|low acuity|violence|assault"),
        (FIRE, r"\bfire\b|\bburn\b|\balarms?\b|^afa\d|smoke|explosion"),
        (TECHNICAL, r"rescue|\bmvi\b|motor vehicle|traffic|collision|water job|wires down|electric|extrication|entrap"),
        (TECHNICAL, r"collapse|\belevator|\btrain\b|watercraft|aircraft|citizen assist|service call"),
    )
)
"""What Seattle and San Francisco call their incidents; the first pattern that fits decides."""


def category(call_type: str, options: DispatchOptions) -> str:
    """The category of a call type: by the source's own keywords, else by the table; else `unknown`."""
    own = Catalogue(options.keywords).find(call_type) if options.keywords else None
    if own is not None:
        return options.catalogue.category(call_type)
    return next((category for category, pattern in _CALLS if pattern.search(call_type)), UNKNOWN)
