"""Text that wraps, grounds that are painted, keys that are large enough for gloves."""

import re
from collections.abc import Callable
from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Line, Rectangle, RoundedRectangle
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.scrollview import ScrollView
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget
from kivy.utils import escape_markup

from mobile.ui.look import SYMBOLS, TOUCH_MM, Look

MARKUP = re.compile(r"\[/?[a-z]+(?:=[^\]]*)?\]")
SMALLEST_SHARE = 0.6
"""Letters on keys shrink down to this share of their size before they are cut off."""


class Ground:
    """A painted ground below a widget, that follows it and can change its colour."""

    def __init__(self, widget: Widget, colour: Any, radius: float = 0.0) -> None:
        with widget.canvas.before:
            self._colour = Color(*colour)
            self._shape = RoundedRectangle(radius=[radius]) if radius else Rectangle()

        def follow(*_: Any) -> None:  # a function: Kivy holds methods weakly, and nobody else holds this object
            self._shape.pos, self._shape.size = widget.pos, widget.size

        widget.bind(pos=follow, size=follow)
        follow()

    def paint(self, colour: Any) -> None:
        """Change the colour."""
        self._colour.rgba = colour


def frame(widget: Widget, colour: Any, width: float) -> Color:
    """A thin frame round a widget; returns its colour, to be changed."""
    with widget.canvas.after:
        painted = Color(*colour)
        line = Line(width=width)

    def follow(*_: Any) -> None:
        line.rectangle = (*widget.pos, *widget.size)

    widget.bind(pos=follow, size=follow)
    follow()
    return painted


class Text(Label):
    """Words that wrap in the width they are given and take the height they need."""

    def __init__(self, look: Look, text: str = "", *, size: float = 4.6, colour: str = "text", **more: Any) -> None:
        more.setdefault("halign", "left")
        more.setdefault("size_hint_y", None)
        super().__init__(
            text=text, font_size=look.letters(size), color=look.colour(colour), valign="middle", markup=True, **more
        )
        self._look = look
        self.bind(width=self._wrap, texture_size=self._grow)
        self._wrap()

    def _wrap(self, *_: Any) -> None:
        self.text_size = (self.width, None)

    def _grow(self, *_: Any) -> None:
        self.height = self.texture_size[1]

    def paint(self, colour: str) -> None:
        """Change the colour of the letters."""
        self.color = self._look.colour(colour)


class Line1(Label):
    """One line that is cut off with dots where it is too long; for bars of fixed height."""

    def __init__(self, look: Look, text: str = "", *, size: float = 4.2, colour: str = "text", **more: Any) -> None:
        more.setdefault("halign", "left")
        super().__init__(
            text=text,
            font_size=look.letters(size),
            color=look.colour(colour),
            valign="middle",
            shorten=True,
            shorten_from="right",
            markup=True,
            **more,
        )
        self._look = look
        self.bind(size=self._fit)

    def _fit(self, *_: Any) -> None:
        self.text_size = self.size

    def needed(self) -> float:
        """The width in pixels that the text takes uncut."""
        label = CoreLabel(font_size=self.font_size, bold="[b]" in self.text)
        return float(label.get_extents(MARKUP.sub("", self.text))[0]) * 1.04 + self._look.mm(1) if self.text else 0.0

    def paint(self, colour: str) -> None:
        """Change the colour of the letters."""
        self.color = self._look.colour(colour)


def fitting(text: str, size: float, width: float, height: float, heavy: bool = False) -> float:
    """The largest letters up to `size` with which each word fits the width and all lines the height, in pixels."""
    bare = MARKUP.sub("", text)
    smallest = size * SMALLEST_SHARE
    while size > smallest:
        label = CoreLabel(font_size=size, bold=heavy or "[b]" in text)
        widest = max((label.get_extents(word)[0] for word in bare.split()), default=0)
        lines = sum(-(-label.get_extents(line)[0] // max(1, int(width))) for line in bare.split("\n"))
        if widest <= width and lines * size * 1.2 <= height:
            break
        size *= 0.92
    return size


class Key(ButtonBehavior, Label):
    """Something to press. Never smaller than a finger in a glove."""

    def __init__(
        self,
        look: Look,
        text: str,
        on_press_done: Callable[[], None] | None = None,
        *,
        ground: str = "key",
        ink: str = "on_key",
        size: float = 4.6,
        **more: Any,
    ) -> None:
        touch = look.mm(TOUCH_MM)
        super().__init__(
            text=text,
            font_size=look.letters(size),
            color=look.colour(ink),
            halign="center",
            valign="middle",
            markup=True,
            size_hint_min=(touch, touch),
            **more,
        )
        self.look = look
        self._plain = ground
        self._size = look.letters(size)
        self.ground = Ground(self, look.colour(ground), look.mm(1.2))
        self.bind(size=self._fit, text=self._fit, state=self._shade)
        if on_press_done is not None:
            self.bind(on_release=lambda *_: on_press_done())

    def _fit(self, *_: Any) -> None:
        gap = self.look.mm(1.0)
        width = max(1.0, self.width - 2 * gap)
        self.text_size = (width, None)
        self.font_size = fitting(self.text, self._size, width, self.height)

    def _shade(self, *_: Any) -> None:
        name = "chosen" if self.state == "down" else self._plain
        self.ground.paint(self.look.colour(name))

    def dress(self, ground: str, ink: str) -> None:
        """Change ground and letters."""
        if (ground, ink) != (self._plain, getattr(self, "_ink", None)):
            self._plain, self._ink = ground, ink
            self.ground.paint(self.look.colour(ground))
            self.color = self.look.colour(ink)


class Field(TextInput):
    """Where a person types."""

    def __init__(self, look: Look, hint: str, **more: Any) -> None:
        more.setdefault("multiline", False)
        more.setdefault("size_hint_y", None)
        more.setdefault("height", look.mm(TOUCH_MM + 1))
        super().__init__(
            hint_text=hint,
            font_size=look.letters(4.6),
            foreground_color=look.colour("text"),
            hint_text_color=look.colour("muted"),
            background_color=look.colour("panel"),
            background_normal="",
            background_active="",
            cursor_color=look.colour("accent"),
            padding=[look.mm(2.5), look.mm(3.2)],
            size_hint_min=(look.mm(TOUCH_MM), look.mm(TOUCH_MM)),
            **more,
        )
        frame(self, look.colour("muted"), max(1.0, look.mm(0.15)))


class Column(BoxLayout):
    """Things below each other, each as high as it needs."""

    def __init__(self, **more: Any) -> None:
        more.setdefault("orientation", "vertical")
        more.setdefault("size_hint_y", None)
        super().__init__(**more)
        self.bind(minimum_height=self.setter("height"))


class Scroll(ScrollView):
    """A column that scrolls; the bar is wide enough to be seen."""

    def __init__(self, look: Look, **more: Any) -> None:
        super().__init__(
            do_scroll_x=False,
            bar_width=look.mm(1.2),
            bar_color=look.colour("muted"),
            bar_inactive_color=look.colour("line"),
            scroll_distance=look.mm(3),
            **more,
        )
        self.column = Column()
        self.add_widget(self.column)


def symbol(text: str) -> str:
    """Markup for a sign that only the symbol font has."""
    return f"[font={SYMBOLS}]{text}[/font]"


def bold(text: str) -> str:
    """Markup for heavy letters; the text itself is not markup."""
    return f"[b]{escape_markup(text)}[/b]"


def plain(text: str) -> str:
    """Text from outside, made harmless as markup."""
    return str(escape_markup(text))
