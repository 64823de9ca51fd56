"""Signing in: a link from the control room, or server and token."""

import threading
from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.boxlayout import BoxLayout

from mobile.session import Session, SignInError, parse_link, sign_in_by_link, sign_in_by_token
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Field, Ground, Key, Scroll, Text, bold, plain


class SignIn(BoxLayout):
    """Asks the server in a thread of its own; `on_session` is called on the screen's thread."""

    def __init__(self, look: Look, on_session: Callable[[Session], None], problem: SignInError | None = None) -> None:
        super().__init__(orientation="vertical")
        self.look, self._on_session = look, on_session
        self._working = False
        words = look.words
        Ground(self, look.colour("ground"))
        head = Column(padding=[look.mm(8), look.mm(4), look.mm(8), 0], spacing=look.mm(2))
        head.add_widget(Text(look, f"{bold(words.say('title'))}  {words.say('signin.title')}", size=7.0))
        self.problem = Text(look, words.say("signin.intro"), size=4.6, colour="muted")
        head.add_widget(self.problem)
        self.add_widget(head)
        scroll = Scroll(look)
        beside = Window.width > Window.height
        both = BoxLayout(
            orientation="horizontal" if beside else "vertical",
            spacing=look.mm(8),
            padding=[look.mm(8), look.mm(5)],
            size_hint_y=None,
        )
        both.bind(minimum_height=both.setter("height"))
        self.link = Field(look, words.say("signin.link.hint"))
        paste = Key(look, words.say("signin.paste"), self._paste, size_hint_y=None, height=look.mm(TOUCH_MM))
        self.server = Field(look, words.say("signin.server.hint"))
        self.token = Field(look, words.say("signin.token.hint"), password=True)
        by_link = self._wide(words.say("signin.link.go"), self.by_link)
        by_token = self._wide(words.say("signin.token.go"), self.by_token)
        both.add_widget(self._block((("signin.link", self.link), ("", paste), ("", by_link))))
        both.add_widget(self._block((("signin.server", self.server), ("signin.token", self.token), ("", by_token))))
        scroll.column.add_widget(both)
        self.add_widget(scroll)
        if problem is not None:
            self._failed(problem)

    def _block(self, parts: tuple[tuple[str, Any], ...]) -> Column:
        column = Column(spacing=self.look.mm(2.5), pos_hint={"top": 1})
        for name, part in parts:
            if name:
                column.add_widget(Text(self.look, bold(self.look.words.say(name)), size=4.4))
            column.add_widget(part)
        return column

    def _wide(self, text: str, go: Callable[[], None]) -> Key:
        height = self.look.mm(TOUCH_MM + 3)
        return Key(self.look, bold(text), go, ground="accent", ink="on_accent", size_hint_y=None, height=height)

    def _paste(self) -> None:
        from kivy.core.clipboard import Clipboard  # looks for helper programs when it is imported

        self.link.text = str(Clipboard.paste() or "").strip()

    def by_link(self) -> None:
        """Sign in with the link in the field."""
        text = self.link.text
        self._ask(lambda: sign_in_by_link(parse_link(text)))

    def by_token(self) -> None:
        """Sign in with server and token in the fields."""
        server, token = self.server.text, self.token.text.strip()
        self._ask(lambda: sign_in_by_token(server, token))

    def _ask(self, ask: Callable[[], Session]) -> None:
        if self._working:
            return
        self._working = True
        self.problem.paint("muted")
        self.problem.text = self.look.words.say("signin.working")

        def work() -> None:
            try:
                session = ask()
            except SignInError as problem:
                failed = problem
                Clock.schedule_once(lambda _: self._failed(failed))
            else:
                Clock.schedule_once(lambda _: self._on_session(session))

        threading.Thread(target=work, name="sign-in", daemon=True).start()

    def _failed(self, problem: SignInError) -> None:
        self._working = False
        self.problem.paint("alarm")
        self.problem.text = plain(self.look.words.say(f"signin.{problem.reason}.wrong"))
