"""Maps and data: what is on this tablet, how old, what is missing or outdated, what is being loaded."""

from collections.abc import Callable
from typing import Any

from mobile import pack_words
from mobile.cab import Cab
from mobile.keeper import PackState
from mobile.screens.pane import Pane
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Ground, Key, Scroll, Text, bold, plain, symbol


class PackRow(Column):
    """One pack: its name, how it stands, what is in it."""

    def __init__(self, look: Look, sign: str, colour: str, lines: tuple[str, ...]) -> None:
        super().__init__(padding=[look.mm(3.5), look.mm(2)], spacing=look.mm(0.6))
        Ground(self, look.colour("panel"))
        self.add_widget(Text(look, f"{symbol(sign)} {bold(lines[0])}", size=5.0, colour=colour))
        for line in lines[1:]:
            self.add_widget(Text(look, plain(line), size=4.2))


class PacksPane(Pane):
    """The list, and a key to look again."""

    def __init__(self, look: Look, cab: Cab, on_back: Callable[[], None], **more: Any) -> None:
        super().__init__(look, cab, **more)
        words = look.words
        self._drawn: tuple[Any, ...] | None = None
        self.scroll = Scroll(look)
        column = self.scroll.column
        column.padding, column.spacing = [look.mm(4)] * 4, look.mm(2.5)
        column.add_widget(Text(look, bold(words.say("packs.title")), size=5.4, colour="accent"))
        self.rows = Column(spacing=look.mm(1.5))
        column.add_widget(self.rows)
        for name, done in (("packs.look", cab.fetch_packs), ("packs.back", on_back)):
            key = Key(look, words.say(name), done, size_hint_y=None)
            key.height = look.mm(TOUCH_MM + 2)
            column.add_widget(key)
        self.add_widget(self.scroll)

    def tick(self) -> None:
        """Downloads go on."""
        self.show()

    def show(self) -> None:
        """Draw the list if it changed."""
        look, words, state = self.look, self.look.words, self.cab.packs()
        key = (state, self.cab.shelf.changes)
        if key == self._drawn:
            return
        self._drawn = key
        self.rows.clear_widgets()
        for pack in state.packs:
            sign, colour = pack_words.SIGNS[pack.phase]
            self.rows.add_widget(PackRow(look, sign, colour, self._lines(pack)))
        if state.building:
            self.rows.add_widget(Text(look, words.say("packs.building"), colour="muted"))
        elif not state.packs:
            self.rows.add_widget(Text(look, words.say("packs.none" if state.asked else "packs.none.asked")))

    def _lines(self, pack: PackState) -> tuple[str, ...]:
        words = self.look.words
        lines = [pack.title, pack_words.standing(pack, words)]
        if pack.problem and not pack.loading:
            lines.append(words.say(f"packs.problem.{pack.problem}", size=pack_words.size(pack.bytes, words)))
        held = self.cab.shelf.get(pack.id)
        if held is not None:
            parts = {name: held.info.parts.get(name, 0) for name in ("tiles", "addresses", "water", "objects")}
            key = "packs.parts" if parts["tiles"] else "packs.parts.objects"
            lines += [words.say(key, **parts), *filter(None, [held.info.attribution])]
        return tuple(lines)
