"""Words of the screens. German is written first; a test keeps the two tables alike, key by key, placeholder by
placeholder.
"""

from datetime import datetime
from typing import Any

from mobile.ages import clock_text, duration
from mobile.i18n import de, en

LANGUAGES = {"de": de, "en": en}


class Words:
    """Texts in one language. `say` for the app's own keys, `value` for the enumerations of the wire."""

    def __init__(self, lang: str = "de") -> None:
        self.lang = lang if lang in LANGUAGES else "de"
        table = LANGUAGES[self.lang]
        self._texts: dict[str, str] = table.TEXTS
        self._labels: dict[str, str] = table.LABELS
        self._values: dict[str, str] = table.VALUES

    def say(self, key: str, **numbers: Any) -> str:
        """The text of a key, with its numbers filled in. An unknown key is shown as it is, so that nothing vanishes."""
        text = self._texts.get(key)
        return text.format(**numbers) if text is not None else key

    def knows(self, key: str) -> bool:
        """Whether there is a text for the key."""
        return key in self._texts

    def label(self, key: str) -> str:
        """What a fact or property is called."""
        return self._labels.get(key, key.replace("_", " "))

    def value(self, group: str, value: Any) -> str:
        """A value of an enumeration: `group` is the property's name; an unknown one is shown as it came."""
        if value is None:
            return self.say("unknown")
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        return self._values.get(f"{group}.{value}", str(value))

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's decimal sign."""
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.lang == "de" else text

    def distance(self, metres: float) -> str:
        """A distance as crews say it: tens of metres below a kilometre, then kilometres with one digit."""
        if metres < 995:
            return f"{max(0, round(metres / 10) * 10):d} m"
        return f"{self.number(metres / 1000, 1)} km"

    def age(self, seconds: float | None) -> str:
        """How long ago: "gerade eben", "vor 3 min"; a time ahead of our clock and an unknown one are named as such."""
        if seconds is None:
            return self.say("age.unknown")
        if seconds < -30:
            key, numbers = duration(-seconds)
            return self.say("age.ahead", span=self.say(key, **numbers))
        if seconds < 10:
            return self.say("age.now")
        key, numbers = duration(seconds)
        return self.say("age.ago", span=self.say(key, **numbers))

    def time(self, moment: datetime | None, *, seconds: bool = True) -> str:
        """A time of day, 24 hours."""
        return clock_text(moment, seconds=seconds)

    def date(self, day: datetime) -> str:
        """A day: 3. Mai 2026."""
        return self.say("date", day=day.day, month=self.say("months").split()[day.month - 1], year=day.year)
