"""The FMS pad: nine large keys, each with its meaning; nothing leaves by one touch; what became of it stands below."""

import time
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.gridlayout import GridLayout
from kivy.uix.label import Label

from mobile.cab import Cab, ReportError
from mobile.fms import PAD, Pad, Press
from mobile.screens.pane import Pane
from mobile.screens.sent import SentList
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Ground, Line1, bold, fitting, frame


class FmsKey(BoxLayout):
    """One status: the digit, its meaning, and a bar that fills while it is held."""

    def __init__(self, look: Look, digit: int, pad: Pad, **more: Any) -> None:
        touch = look.mm(TOUCH_MM)
        gap = look.mm(1.2)
        super().__init__(orientation="vertical", padding=[gap, gap], size_hint_min=(touch, touch), **more)
        self.touch_target = True
        self.look, self.digit, self.pad = look, digit, pad
        self._drawn: tuple[Any, ...] = ()
        self._ground = Ground(self, look.colour("key"), look.mm(1.5))
        with self.canvas.before:
            self._fill_colour = Color(*look.colour("accent", 0.0))
            self._fill = Rectangle()
        self._frame = frame(self, look.colour("accent", 0.0), look.mm(0.45))
        self._number = Label(text=f"[b]{digit}[/b]", markup=True, font_size=look.mm(9.5), size_hint_y=0.58)
        self._name = Label(halign="center", valign="middle", size_hint_y=0.42, markup=True)
        self._name.bind(size=self._fit, text=self._fit)
        self.add_widget(self._number)
        self.add_widget(self._name)

    def _fit(self, *_: Any) -> None:
        self._number.font_size = max(self.look.mm(9.5), min(self.look.mm(18), self.height * 0.36))
        name = self._name
        name.text_size = (name.width, None)
        name.font_size = fitting(name.text, self.look.letters(3.9), name.width, name.height)

    def on_touch_down(self, touch: Any) -> bool:
        """A finger comes down."""
        if not self.collide_point(*touch.pos) or touch.is_mouse_scrolling:
            return False
        touch.grab(self)
        self.pad.down(self.digit, time.monotonic())
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """A finger that slides off means nothing."""
        if touch.grab_current is self and not self.collide_point(*touch.pos):
            self.pad.cancel()
        return touch.grab_current is self

    def on_touch_up(self, touch: Any) -> bool:
        """The finger leaves: the pane asks the pad what that means."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self.parent.released()
        return True

    def draw(self, now_s: float, current: int | None, waiting: int | None) -> None:
        """Show whether this key is armed, held, current or under way."""
        held = self.pad.held(now_s)
        share = held[1] if held and held[0] == self.digit else 0.0
        armed = self.pad.is_armed(self.digit, now_s)
        state = (share, armed, current, waiting, tuple(self.size), tuple(self.pos))
        if state == self._drawn:
            return  # every change makes the whole window be drawn
        self._drawn = state
        look, words = self.look, self.look.words
        ground, ink = look.fms(self.digit) if self.digit == current or self.digit == 0 else ("key", "on_key")
        if armed and self.digit != 0:
            ground, ink = "chosen", "on_chosen"
        self._ground.paint(look.colour(ground))
        self._number.color = self._name.color = look.colour(ink)
        self._frame.rgba = look.colour(
            "text" if self.digit == current else "accent", float(self.digit in (current, waiting))
        )
        self._fill_colour.rgba = look.colour("accent", 0.55 if share else 0.0)
        self._fill.pos, self._fill.size = self.pos, (self.width * share, self.height)
        if share:
            text = words.say("fms.holding")
        elif armed:
            text = words.say("fms.hold" if self.digit == 0 else "fms.again")
        else:
            text = words.say(f"fms.short.{self.digit}")
        self._name.text = bold(text) if armed else text


class PadGrid(GridLayout):
    """The nine keys."""

    def __init__(self, look: Look, pad: Pad, on_released: Any) -> None:
        super().__init__(cols=3, spacing=look.mm(2.0))
        self.released = on_released
        self.keys = [FmsKey(look, digit, pad) for digit in PAD]
        for key in self.keys:
            self.add_widget(key)


class FmsPane(Pane):
    """The pad and what was sent."""

    def __init__(self, look: Look, cab: Cab, **more: Any) -> None:
        super().__init__(look, cab, padding=[look.mm(3)] * 4, spacing=look.mm(2), **more)
        self.pad = Pad()
        self.problem = ""
        self.now_line = Line1(look, size=5.2, size_hint_y=None, height=look.mm(8))
        self.grid = PadGrid(look, self.pad, self._released)
        self.sent = SentList(look, cab, size_hint_y=None, height=look.mm(27))
        for part in (self.now_line, self.grid, self.sent):
            self.add_widget(part)
        self._event = Clock.schedule_interval(self._animate, 1 / 12)

    def close(self) -> None:
        """No more animation."""
        self._event.cancel()

    def show(self) -> None:
        """Draw the status that the picture has, and what is under way."""
        words = self.look.words
        digit = self.cab.status()
        if self.cab.unit is None:
            self.now_line.text = words.say("fms.nounit")
        elif digit is None:
            self.now_line.text = words.say("fms.none")
        else:
            self.now_line.text = bold(words.say("fms.now", digit=digit, meaning=words.value("fms_status", digit)))
        self.sent.show(self.problem)
        self._animate(0)

    def tick(self) -> None:
        """What was sent may have been answered."""
        self.show()

    def _released(self) -> None:
        press, digit = self.pad.up(time.monotonic())
        if press is Press.SEND and digit is not None and self.cab.unit is not None:
            try:
                self.cab.press(digit)
                self.problem = ""
            except ReportError as problem:
                self.problem = f"report.{problem.reason}"
        self.show()

    def _animate(self, _: float) -> None:
        if self.get_root_window() is None:
            return
        now_s = time.monotonic()
        self.pad.expire(now_s)
        self.pad.drawn()
        waiting = self.cab.pressed()
        current = self.cab.status()
        for key in self.grid.keys:
            key.draw(now_s, current, waiting)
