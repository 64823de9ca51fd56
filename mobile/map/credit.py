"""Who made the map: the line that the licence asks for wherever it is shown (ODbL 4.3)."""

from collections.abc import Iterable
from typing import Any

from kivy.uix.label import Label

from mobile.ui.look import Look
from mobile.ui.parts import Ground, plain

LETTERS_MM = 2.6
SOLID = 0.8
"""How much of the map its ground hides: letters have to stand out from houses and woods."""


class Credit(Label):
    """A small line on a ground just large enough; more than one where it is longer than `widest` pixels."""

    def __init__(self, look: Look, **more: Any) -> None:
        super().__init__(
            font_size=look.letters(LETTERS_MM), color=look.colour("text"), markup=True, size_hint=(None, None), **more
        )
        self._widest = 0.0
        self._wrapped: float | None = None
        """The width at which it wraps; None: it is one line."""
        self._ground = Ground(self, look.colour("panel", SOLID))
        self.padding = [look.mm(0.8), look.mm(0.3)]
        self.bind(texture_size=self._grow)

    def name(self, owners: Iterable[str]) -> None:
        """Each owner once, in this order."""
        self.text = " · ".join(plain(owner) for owner in dict.fromkeys(owners) if owner)

    def fit(self, widest: float) -> None:
        """Wrap what is longer."""
        self._widest = max(1.0, widest)
        self._grow()

    def _grow(self, *_: Any) -> None:
        wrapped = None if self._wrapped and self._wrapped != self._widest else self._wrapped
        if not wrapped and self.texture_size[0] > self._widest > 0:
            wrapped = self._widest
        if wrapped != self._wrapped:
            self._wrapped = wrapped
            self.text_size = [wrapped, None]
        self.size = self.texture_size if self.text else (0, 0)
