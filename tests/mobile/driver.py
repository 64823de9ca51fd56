"""Runs the real app and takes orders on standard input: what a test (or a person trying things) wants touched and told.

`python tests/mobile/driver.py ARGUMENTS OF lagebild-app`. One JSON object a line in, one out. Touches go the whole way
of a finger on the glass: down, move and up events of the window.
"""

import faulthandler
import json
import math
import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mobile.__main__ import build

MARKUP = re.compile(r"\[/?(?:b|i|font|size|color|ref)(?:=[^\]]*)?\]")
MM_PER_INCH = 25.4
LAST_WORDS_S = 10.0


def plain(text: str) -> str:
    """Text without markup."""
    return MARKUP.sub("", text).replace("&bl;", "[").replace("&br;", "]").replace("&amp;", "&")


def _after(seconds: float) -> Callable[[], bool]:
    until_s = time.monotonic() + seconds
    return lambda: time.monotonic() >= until_s


class Driver:
    """Obeys on the screen's thread."""

    def __init__(self, app: Any) -> None:
        from kivy.clock import Clock

        self.app = app
        self.orders: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        Clock.schedule_interval(self._obey, 0.02)
        self.finger: tuple[Any, Callable[[], bool]] | None = None

    def _listen(self) -> None:
        for line in sys.stdin:
            self.orders.put(json.loads(line))
        # Whoever gave the orders is gone. If the app does not close by itself, it must not run on for ever.
        self.orders.put({"do": "quit"})
        time.sleep(LAST_WORDS_S)
        os._exit(1)

    def _obey(self, _: float) -> None:
        if self.finger:
            touch, is_enough = self.finger
            if not is_enough():
                return
            self.finger = None
            touch.touch_up()
            self._say({"ok": True})
            return
        try:
            order = self.orders.get_nowait()
        except queue.Empty:
            return
        try:
            answer = getattr(self, f"do_{order.pop('do')}")(**order)
        except LookupError as problem:
            answer = {"ok": False, "error": repr(problem)}
        if answer is not None:
            self._say(answer)

    def _say(self, answer: dict[str, Any]) -> None:
        print(json.dumps(answer), flush=True)

    # looking

    def widgets(self) -> Iterator[Any]:
        """Every widget that is in the window."""
        stack = [self.app.root_box]
        while stack:
            widget = stack.pop()
            yield widget
            stack.extend(widget.children)

    def seen(self, widget: Any) -> bool:
        """Whether any of it lies in the window, and in every scroll view round it."""
        from kivy.core.window import Window
        from kivy.uix.scrollview import ScrollView

        x, y = widget.to_window(*widget.center)
        if not (0 <= x <= Window.width and 0 <= y <= Window.height and widget.width > 0 and widget.height > 0):
            return False
        parent = widget.parent
        while parent is not None and parent is not Window:
            if isinstance(parent, ScrollView):
                left, bottom = parent.parent.to_window(*parent.pos)
                if not (left <= x <= left + parent.width and bottom <= y <= bottom + parent.height):
                    return False
            parent = parent.parent
        return True

    def do_texts(self, all: bool = False) -> dict[str, Any]:  # noqa: A002  (the word of the order)
        """Every text; only those in sight unless `all`."""
        found = [
            plain(widget.text)
            for widget in self.widgets()
            if getattr(widget, "text", "") and (all or self.seen(widget))
        ]
        return {"ok": True, "texts": found}

    def do_state(self) -> dict[str, Any]:
        """What the app knows."""
        cab, frame = self.app.cab, self.app.frame
        snapshot = cab.snapshot
        now = cab.now()
        state = {
            "connection": str(snapshot.connection),
            "rev": snapshot.rev,
            "epoch": snapshot.epoch,
            "features": len(snapshot.features),
            "confirmed": cab.clock.confirmed,
            "now": now.isoformat() if now else None,
            "waiting": cab.outbox.waiting(),
            "packs": {pack.info.id: pack.info.version for pack in cab.shelf.packs},
            "status": cab.status(),
            "theme": self.app.look.theme.name,
            "strokes": self.app.gong.strokes,
        }
        if frame:
            camera = frame.map.map.camera
            state |= {"tab": frame.tab, "alarm": frame.alarm is not None, "words": frame.map.map.placed_words}
            state |= {"zoom": camera.zoom, "centre": [camera.x_m, camera.y_m], "turn": camera.rotation_deg}
            state |= {"resting": frame.map.map.resting, "tiles": self.app.atlas.made, "bad": self.app.atlas.bad}
            state |= {"drawings": frame.map.map.drawings, "density": camera.density}
            if frame.plan:
                paper = frame.plan.paper
                shown = paper.image.texture.size if paper.scatter.parent else None
                state |= {"plan_scale": round(paper.scatter.scale, 3), "plan_page": frame.plan.place.page + 1}
                state |= {"plan_middle": [round(share, 3) for share in paper.middle], "plan_size": paper.size}
                state |= {"plan_pixels": list(shown) if shown else None}
            state |= {"badges": [name for _, _, name in frame.map.map._hits], "landscape": frame.landscape}
            parts = {"credit": frame.map.credit, "keys": frame.map.keys, "strip": frame.map.strip}
            state["boxes"] = {name: [*part.to_window(*part.pos), *part.size] for name, part in parts.items()}
        return {"ok": True, **state}

    def do_targets(self) -> dict[str, Any]:
        """Size in millimetres of everything that can be touched."""
        from kivy.metrics import Metrics
        from kivy.uix.behaviors import ButtonBehavior
        from kivy.uix.textinput import TextInput

        inch = Metrics.dpi / MM_PER_INCH
        found = [
            {
                "text": plain(getattr(w, "text", "") or str(getattr(w, "digit", ""))),
                "width": w.width / inch,
                "height": w.height / inch,
            }
            for w in self.widgets()
            if isinstance(w, ButtonBehavior | TextInput) or getattr(w, "touch_target", False)
        ]
        return {"ok": True, "targets": found}

    def do_ages(self) -> dict[str, Any]:
        """The rows of the card: words, age, colour of the words."""
        rows = self.app.frame.panes["mission"].rows
        return {"ok": True, "rows": [[plain(r.words.text), plain(r.age.text), list(r.words.color)] for r in rows]}

    def do_screenshot(self, path: str) -> dict[str, Any]:
        """Write a picture of the window, its map as a good graphics card would draw it."""
        if self.app.frame:
            self.app.frame.map.map.draw_finely()
        self.app.root_box.export_to_png(path)
        return {"ok": True}

    # touching

    def find(self, text: str) -> Any:
        """The key that shows this text (whole), else one that contains it."""
        from kivy.uix.behaviors import ButtonBehavior

        keys = [
            (plain(getattr(w, "text", "") or f"FMS {getattr(w, 'digit', '')}"), w)
            for w in self.widgets()
            if isinstance(w, ButtonBehavior) or getattr(w, "touch_target", False)
        ]
        for name, key in keys:
            if name == text:
                return key
        for name, key in keys:
            if text in name:
                return key
        raise LookupError(f"no key {text!r} among {[name for name, _ in keys]}")

    def do_press(self, text: str, hold_s: float = 0.05) -> None:
        """Press a key and leave it after a time."""
        key = self.find(text)
        self._reveal(key)
        x, y = key.to_window(*key.center)
        self._touch(x, y, _after(hold_s))

    def _reveal(self, key: Any) -> None:
        """Scroll to a key that is out of sight, as a crew would."""
        from kivy.uix.scrollview import ScrollView

        parent = key.parent
        while parent is not None and parent is not parent.parent:
            if isinstance(parent, ScrollView) and not self.seen(key):
                parent.scroll_to(key, animate=False)
                parent.update_from_scroll()  # else it moves with the next frame, and the finger comes down elsewhere
            parent = parent.parent

    def do_hold(self, text: str) -> None:
        """Hold a key of the pad until its bar is full, as a crew does."""
        key = self.find(text)
        x, y = key.to_window(*key.center)
        self._touch(x, y, lambda: (key.pad.held(time.monotonic()) or (0, 1.0))[1] >= 1.0)

    def do_tap(self, x: float, y: float) -> None:
        """Touch a pixel of the window."""
        self._touch(x, y, _after(0.05))

    def _touch(self, x: float, y: float, is_enough: Callable[[], bool]) -> None:
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(x, y)
        touch.touch_down()
        self.finger = touch, is_enough

    def do_drag(self, x: float, y: float, dx: float, dy: float, steps: int = 20) -> dict[str, Any]:
        """Draw a finger over the glass; answers how long each step took to handle."""
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(x, y)
        touch.touch_down()
        took = []
        for step in range(1, steps + 1):
            begun = time.perf_counter()
            touch.touch_move(x + dx * step / steps, y + dy * step / steps)
            took.append(time.perf_counter() - begun)
        touch.touch_up()
        return {"ok": True, "seconds": took}

    def do_sign(self, name: str) -> dict[str, Any]:
        """Where in the window a sign of the map stands, by the beginning of its id."""
        town = self.app.frame.map.map
        x, y = next((x, y) for x, y, found in town._hits if found.startswith(name))
        return {"ok": True, "at": town.to_window(town.x + x, town.y + y)}

    def do_pinch(self, x: float, y: float, apart: float, then: float) -> dict[str, Any]:
        """Two fingers beside a pixel of the window, so far apart, then so far."""
        from kivy.tests.common import UnitTestTouch

        fingers = [(UnitTestTouch(x + side * apart / 2, y), side) for side in (-1, 1)]
        for touch, _ in fingers:
            touch.touch_down()
        for touch, side in fingers:
            touch.touch_move(x + side * then / 2, y)
        for touch, _ in fingers:
            touch.touch_up()
        return {"ok": True}

    def do_type(self, hint: str, text: str) -> dict[str, Any]:
        """Type into the field that has this hint."""
        from kivy.uix.textinput import TextInput

        for widget in self.widgets():
            if isinstance(widget, TextInput) and widget.hint_text == hint:
                widget.focus = True
                widget.text = text  # insert_text does nothing before the field was drawn once
                widget.focus = False
                return {"ok": True}
        raise LookupError(hint)

    def do_frames(self, seconds: float = 2.0) -> dict[str, Any]:
        """How many frames a second while the map is dragged to and fro, and the longest gap between two."""
        from kivy.base import EventLoop
        from kivy.core.window import Window
        from kivy.tests.common import UnitTestTouch

        x, y = Window.width * 0.75, Window.height * 0.5
        touch, begun, gaps = UnitTestTouch(x, y), time.monotonic(), []
        touch.touch_down()
        drawings = self.app.frame.map.map.drawings
        before, cpu_s = begun, time.process_time()
        while before < begun + seconds:
            step = math.sin((before - begun) * 3) * Window.height * 0.04
            touch.touch_move(x + step / 2, y + step)
            EventLoop.idle()
            now = time.monotonic()
            gaps.append(now - before)
            before = now
        drawings = self.app.frame.map.map.drawings - drawings
        touch.touch_up()
        cpu_s = (time.process_time() - cpu_s) / len(gaps)
        return {"ok": True, "per_s": len(gaps) / seconds, "longest_s": max(gaps), "cpu_s": cpu_s, "drawings": drawings}

    def do_scroll(self, share: float) -> dict[str, Any]:
        """Scroll the card: 1 is its top, 0 its end."""
        self.app.frame.panes["mission"].scroll.scroll_y = share
        return {"ok": True}

    def do_size(self, width: int, height: int) -> dict[str, Any]:
        """Another window, as when the tablet is turned."""
        from kivy.core.window import Window

        Window.size = (width, height)
        return {"ok": True}

    def do_look(self, zoom: float, lon: float | None = None, lat: float | None = None) -> dict[str, Any]:
        """Look at a place, as after dragging and zooming."""
        from dataclasses import replace

        pane = self.app.frame.map
        pane.follow = False
        x_m, y_m = pane.map.plane.to_metres(lon, lat) if lon is not None else (pane.map.camera.x_m, pane.map.camera.y_m)
        pane.map.look_at(replace(pane.map.camera, zoom=zoom, x_m=x_m, y_m=y_m))
        return {"ok": True}

    def do_quit(self) -> dict[str, Any]:
        """End the app as its window's cross does."""
        self.app.stop()
        return {"ok": True}


def main() -> None:
    """Build the app, drive it, run it. A crash, or SIGUSR1, writes every thread's stack to standard error."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    app = build(sys.argv[1:])
    Driver(app)
    app.run()


if __name__ == "__main__":
    main()
