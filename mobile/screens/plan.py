"""A plan of an object, page by page: turned over, zoomed with keys or two fingers, dimmed by night; from the pack."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kivy.core.image import Image as CoreImage
from kivy.graphics.transformation import Matrix
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.image import Image
from kivy.uix.label import Label
from kivy.uix.scatter import Scatter
from kivy.uix.stencilview import StencilView

from mobile.cab import Cab
from mobile.own import PlanPlace, is_whole_png
from mobile.screens.pane import Pane
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Ground, Key, Line1, bold, symbol

STEP = 1.5
MAX_SCALE = 10.0
DIM = {"day": (1.0, 1.0, 1.0, 1.0), "night": (0.46, 0.40, 0.33, 1.0)}
"""Tint of the paper: white paper would take the eyes their night."""


class Paper(StencilView):
    """A page that fits, until a finger moves it or two zoom it; it cannot be lost beyond the edge."""

    def __init__(self, look: Look, **more: Any) -> None:
        super().__init__(**more)
        Ground(self, look.colour("void"))
        self.scatter = Scatter(do_rotation=False, size_hint=(None, None), scale_min=1.0, scale_max=MAX_SCALE,
                               auto_bring_to_front=False)  # fmt: skip
        self.image = Image(size_hint=(None, None), fit_mode="fill", color=DIM.get(look.theme.name, DIM["day"]))
        self.scatter.add_widget(self.image)
        self.says = Label(font_size=look.letters(4.8), color=look.colour("text"), halign="center", valign="middle")
        self._shape = (1.0, 1.0)
        self.bind(pos=self.fit, size=self.fit)

    def show(self, png: bytes | None, otherwise: str) -> None:
        """Show a page, or say why there is none."""
        self.clear_widgets()
        if png is None or not is_whole_png(png):  # Kivy would raise no more than an Exception
            self.says.text = otherwise
            self.add_widget(self.says)
        else:
            # With mipmaps thin lines stay whole where the page is drawn smaller than it is.
            texture = CoreImage(io.BytesIO(png), ext="png", nocache=True, mipmap=True).texture
            self.image.texture, self._shape = texture, texture.size
            self.add_widget(self.scatter)
        self.fit()

    def fit(self, *_: Any) -> None:
        """The whole page, in the middle."""
        width, height = self._shape
        share = min(self.width / width, self.height / height)
        self.scatter.transform = Matrix()
        self.scatter.size = self.image.size = (max(1.0, width * share), max(1.0, height * share))
        self.scatter.center = self.center
        self.says.pos, self.says.size, self.says.text_size = self.pos, self.size, (self.width * 0.9, None)

    def zoom(self, factor: float) -> None:
        """Larger or smaller round what is in the middle."""
        scale = self.scatter.scale
        factor = max(1.0, min(MAX_SCALE, scale * factor)) / scale
        self.scatter.apply_transform(Matrix().scale(factor, factor, factor), anchor=self.center)
        self._keep()

    @property
    def middle(self) -> tuple[float, float]:
        """What of the page is in the middle of the glass, in shares of its width and height, from below left."""
        x, y = self.scatter.to_local(*self.center)
        return x / self.scatter.width, y / self.scatter.height

    def _keep(self) -> None:
        """No gap beside a page that is larger than the glass; a smaller one stands in the middle."""
        (x, y), (width, height) = self.scatter.bbox
        dx = _push(x, width, self.x, self.width)
        dy = _push(y, height, self.y, self.height)
        self.scatter.pos = (self.scatter.x + dx, self.scatter.y + dy)

    def on_touch_down(self, touch: Any) -> bool:
        """Fingers beside the paper are not for it, however far the page goes below the keys; the wheel zooms."""
        if not self.collide_point(*touch.pos):
            return False
        if touch.is_mouse_scrolling:
            self.zoom(STEP if touch.button == "scrolldown" else 1 / STEP)
            return True
        return bool(super().on_touch_down(touch))

    def on_touch_up(self, touch: Any) -> bool:
        """A page that was pushed too far comes back."""
        done = bool(super().on_touch_up(touch))
        if self.scatter.parent:
            self._keep()
        return done


def _push(at: float, length: float, edge: float, room: float) -> float:
    if length <= room:
        return edge + (room - length) / 2 - at
    return min(0.0, edge - at) if at > edge else max(0.0, edge + room - (at + length))


class PlanView(Pane):
    """The page, its number, the keys."""

    def __init__(self, look: Look, cab: Cab, place: PlanPlace, on_back: Callable[[], None], **more: Any) -> None:
        super().__init__(look, cab, spacing=look.mm(1), padding=[look.mm(1)] * 4, **more)
        self.place = place
        self._changes, self._was_there = cab.shelf.changes, False
        Ground(self, look.colour("ground"))
        words, high = look.words, look.mm(TOUCH_MM)
        top = BoxLayout(size_hint_y=None, height=high, spacing=look.mm(2), padding=[0, 0, look.mm(2), 0])
        self.title = Line1(look, size=4.6)
        self.number = Line1(look, size=4.6, halign="right", size_hint_x=None)
        top.add_widget(Key(look, words.say("plan.back"), on_back, size_hint_x=None, width=look.mm(26)))
        top.add_widget(self.title)
        top.add_widget(self.number)
        self.paper = Paper(look)
        bottom = BoxLayout(size_hint_y=None, height=high, spacing=look.mm(1))
        self.previous = Key(look, f"{symbol('◀')} {words.say('plan.previous')}", lambda: self.turn(-1), size=4.2)
        self.next = Key(look, f"{words.say('plan.next')} {symbol('▶')}", lambda: self.turn(1), size=4.2)
        for key in (
            self.previous,
            Key(look, "[b]–[/b]", lambda: self.paper.zoom(1 / STEP), size=7),
            Key(look, words.say("plan.fit"), self.paper.fit, size=4.2),
            Key(look, "[b]+[/b]", lambda: self.paper.zoom(STEP), size=7),
            self.next,
        ):
            bottom.add_widget(key)
        for key in (self.previous, self.next):
            key.disabled_color = look.colour("muted", 0.7)
        for part in (top, self.paper, bottom):
            self.add_widget(part)
        self.turn(0)

    def is_gone(self) -> bool:
        """Whether the pack that the page was in is there no more: its mission has ended."""
        plan, number = self.place.leaves[self.place.page]
        if not self._was_there or self._changes == self.cab.shelf.changes:
            return False
        self._changes = self.cab.shelf.changes
        return self.cab.shelf.plan_page(plan.id, number) is None

    def turn(self, step: int) -> None:
        """Go on or back by pages; not beyond the first and the last."""
        leaves, words = self.place.leaves, self.look.words
        page = max(0, min(len(leaves) - 1, self.place.page + step))
        if step and page == self.place.page:
            return
        self.place = replace(self.place, page=page)
        self._changes = self.cab.shelf.changes
        plan, number = leaves[page]
        self.title.text = " · ".join((bold(self.place.title), bold(plan.name)))
        self.number.text = words.say("plan.page", page=page + 1, pages=len(leaves))
        self.number.width = self.number.needed()
        self.previous.disabled, self.next.disabled = page == 0, page == len(leaves) - 1
        self._was_there = bool(number)
        png = self.cab.shelf.plan_page(plan.id, number) if number else None
        self.paper.show(png, words.say("plan.unreadable" if number else "plan.not_here"))
