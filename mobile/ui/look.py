"""How things look: colours, words and sizes in millimetres. One object, handed to every widget."""

from dataclasses import dataclass

from kivy.metrics import mm

from mobile.i18n import Words
from mobile.themes import FMS, Rgba, Theme, rgba

TOUCH_MM = 12.0
"""Smallest side of anything that is touched: a finger in a glove."""
PLAIN_DPI = 150.0
"""Dots per inch of the tablets the map was drawn for: ten inches with 1280 pixels."""
SYMBOLS = "data/fonts/DejaVuSans.ttf"
"""Comes with Kivy; has the signs that Roboto lacks."""


@dataclass(frozen=True)
class Look:
    """Theme, words, and how large letters are (1 normal, 1.25 large)."""

    theme: Theme
    words: Words
    scale: float = 1.0

    def colour(self, name: str, alpha: float = 1.0) -> Rgba:
        """A colour of the theme by name, or #rrggbb."""
        return rgba(name if name.startswith("#") else getattr(self.theme, name), alpha)

    def hex(self, name: str) -> str:
        """The same as text, for markup."""
        return name if name.startswith("#") else str(getattr(self.theme, name))

    def mm(self, size: float) -> float:
        """Millimetres on the glass in pixels."""
        return float(mm(size))

    def letters(self, size: float) -> float:
        """Height of letters: millimetres, scaled by what the crew has chosen."""
        return float(mm(size)) * self.scale

    @property
    def density(self) -> float:
        """How much finer the screen is than that of a plain tablet; at least 1."""
        return max(1.0, self.mm(25.4) / PLAIN_DPI)

    def fms(self, digit: int | None) -> tuple[str, str]:
        """Ground and letter of a status."""
        return FMS.get(-1 if digit is None else digit, (self.theme.quiet, self.theme.on_quiet))
