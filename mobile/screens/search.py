"""Search for an address over the map: a field, the hits below it, a place to look at."""

from collections.abc import Callable
from functools import partial

from kivy.clock import Clock
from kivy.uix.boxlayout import BoxLayout

from mobile.addresses import Addresses, Hit
from mobile.cab import Cab
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Field, Ground, Key, Text, plain, symbol

TYPING_S = 0.3
MAX_SHOWN = 5


class SearchView(Column):
    """`on_found(hit)` when a hit is touched; `on_close()` when the crew has done."""

    def __init__(self, look: Look, cab: Cab, on_found: Callable[[Hit], None], on_close: Callable[[], None]) -> None:
        super().__init__(padding=[look.mm(2)] * 4, spacing=look.mm(1.5), size_hint_x=None)
        self.look, self._cab, self._on_found = look, cab, on_found
        self._index: tuple[int, Addresses] | None = None
        Ground(self, look.colour("panel", 0.97))
        bar = BoxLayout(size_hint_y=None, height=look.mm(TOUCH_MM + 1), spacing=look.mm(2))
        self.field = Field(look, look.words.say("packs.search.hint"))
        bar.add_widget(self.field)
        bar.add_widget(Key(look, symbol("✕"), on_close, size_hint_x=None, width=look.mm(TOUCH_MM + 1)))
        self.add_widget(bar)
        self.results = Column(spacing=look.mm(1.5))
        self.add_widget(self.results)
        self._look_up = Clock.create_trigger(lambda _: self._show(), TYPING_S)
        self.field.bind(text=lambda *_: self._look_up())

    def _addresses(self) -> Addresses:
        shelf = self._cab.shelf
        if self._index is None or self._index[0] != shelf.changes:
            self._index = shelf.changes, Addresses(shelf.packs)
        return self._index[1]

    def _show(self) -> None:
        look, words = self.look, self.look.words
        self.results.clear_widgets()
        text = self.field.text.strip()
        addresses = self._addresses()
        if not len(addresses):
            self.results.add_widget(Text(look, words.say("packs.search.nopack"), colour="muted"))
            return
        hits = addresses.find(text)[:MAX_SHOWN]
        if not hits and len(text) > 2:
            self.results.add_widget(Text(look, words.say("packs.search.none"), colour="muted"))
        for hit in hits:
            key = Key(look, plain(hit.address.text), partial(self._on_found, hit), size_hint_y=None)
            key.height = look.mm(TOUCH_MM)
            self.results.add_widget(key)
