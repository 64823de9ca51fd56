"""What the formats of control rooms have in common: the keyword table as a setting, the radio status, lines of text."""

import re
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.call_signs import normalised
from layers.keywords import Catalogue, Keyword, catalogue
from server.feeds._batch import Fields, subject
from server.feeds._secrets import MASK
from server.feeds._times import moment
from server.feeds.ngsi.values import Bad, Reading, text, whole, words

BERLIN = "Europe/Berlin"
_LOCAL = re.compile(r"(\d\d?)\.(\d\d?)\.(\d\d|\d{4})[& T]+(\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)


class DispatchOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may set for a control room's feed. `keywords`: its own entries, before the default table."""

    keywords: tuple[Keyword, ...] = ()

    @property
    def catalogue(self) -> Catalogue:
        """The table to look keywords up in."""
        return catalogue(self.keywords)


def category(options: DispatchOptions, keyword: Any) -> str | UnsetType:
    """The category of a keyword, `unknown` where the table does not know it; UNSET without a keyword."""
    return options.catalogue.category(keyword) if isinstance(keyword, str) else UNSET


def lines(value: Any, reading: Reading) -> str | None:
    """A text, or a list of texts as its lines."""
    found = "\n".join(words(value, reading))
    if len(found) > reading.context.limits.text_chars:
        raise Bad(f"text of more than {reading.context.limits.text_chars} characters")
    return found or None


def person(value: Any, reading: Reading) -> str | None:
    """A name, without what is left of a telephone number behind it."""
    found = text(value, reading)
    return None if found is None else found.replace(MASK, "").strip(" ,;:/-()") or None


def fms_status(fields: Fields, names: str, low: int = 0, high: int = 9) -> int | UnsetType:
    """The radio status 0 to 9. Another value is refused: the unit keeps the status it had."""
    found = fields.get(names, whole(low, high))
    return UNSET if found is UNSET else int(found)


def local_time(value: Any, reading: Reading) -> datetime | None:
    """`DD.MM.YY HH:MM[:SS]` (`&` may divide) in the source's zone (flag `tz_assumed`), or a time as any other."""
    written = text(value, reading)
    found = _LOCAL.fullmatch(written) if written is not None else None
    if found is not None:
        day, month, year, hour, minute, second = found.groups(default="0")
        century = "20" if len(year) == 2 else ""
        written = f"{century}{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}:{second:0>2}"
    if written is None:
        return None
    try:
        at, assumed = moment(written, reading.context.zone)
    except ValueError as error:
        raise Bad(str(error)) from error
    if assumed:
        reading.flags.add("tz_assumed")
    return at


def unit_subject(feed: str, sender: str, radio_name: str | None, key: str | None = None) -> str | None:
    """The subject of a unit: by its radio name in the form of all spellings, else by the sender's key for it.

    None where there is neither.
    """
    form = normalised(radio_name or "")
    scope = (sender, "unit") if sender else ("unit",)
    if form:
        return subject(feed, *scope, form)
    return subject(feed, *scope, key) if key else None
