"""What all screens have in common."""

from typing import Any

from kivy.uix.boxlayout import BoxLayout

from mobile.cab import Cab
from mobile.ui.look import Look


class Pane(BoxLayout):
    """A screen. `show` is called when the picture changed, `tick` every second."""

    def __init__(self, look: Look, cab: Cab, **more: Any) -> None:
        more.setdefault("orientation", "vertical")
        super().__init__(**more)
        self.look, self.cab = look, cab

    def show(self) -> None:
        """Draw what the cab knows now."""

    def tick(self) -> None:
        """A second has passed: ages have grown."""
