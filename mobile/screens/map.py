"""The map with its keys: zoom, follow, north or heading up, everything; a strip at the bottom tells what was
touched.
"""

from dataclasses import replace
from typing import Any

from kivy.uix.floatlayout import FloatLayout
from kivy.uix.gridlayout import GridLayout

from mobile import ages, describe, geo
from mobile.cab import Cab
from mobile.map.camera import Camera, Point
from mobile.map.symbols import Scene, draw
from mobile.map.widget import TownMap
from mobile.mission import own_missions, own_unit
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Ground, Key, Text, bold, plain

ZOOM_STEP = 0.75
TOWN_ZOOM = 15.0
WIDER = 0.7
"""Zoom steps that a followed map may be wider than it must."""


class MapPane(FloatLayout):
    """Map, keys, strip. Keeps where it looks over a change of theme by `view`."""

    def __init__(self, look: Look, cab: Cab, **more: Any) -> None:
        super().__init__(**more)
        self.look, self.cab = look, cab
        self.follow, self.heading_up = True, False
        self.picked: str | None = None
        self._base: list[Any] | None = None
        self._aimed_at: tuple[Any, ...] | None = None
        self.map = TownMap(look, self._pick, self._dragged, size_hint=(1, 1), pos_hint={"x": 0, "y": 0})
        self.add_widget(self.map)
        self.missing = Text(look, bold(look.words.say("map.missing")), halign="center", pos_hint={"center_y": 0.5})
        self.keys = GridLayout(cols=1, spacing=look.mm(2), size_hint=(None, None))
        self.keys.bind(minimum_size=self.keys.setter("size"))
        side = look.mm(TOUCH_MM + 1)
        self._follow_key = Key(look, "", self._toggle_follow, size=3.2)
        self._turn_key = Key(look, "", self._toggle_turn, size=3.2)
        for key in (
            Key(look, "[b]+[/b]", lambda: self._zoom(ZOOM_STEP), size=8),
            Key(look, "[b]–[/b]", lambda: self._zoom(-ZOOM_STEP), size=8),
            self._follow_key,
            self._turn_key,
            Key(look, look.words.say("map.fit"), self.show_all, size=3.2),
        ):
            key.size_hint, key.size = (None, None), (side, side)
            self.keys.add_widget(key)
        self.add_widget(self.keys)
        self.strip = Column(size_hint_x=None, padding=[look.mm(3), look.mm(2)], spacing=look.mm(0.5))
        self.strip_ground = Ground(self.strip, look.colour("panel", 0.0))
        self._strip_texts = [
            Text(look, size=size, colour=colour) for size, colour in ((4.8, "text"), (4.0, "text"), (3.4, "muted"))
        ]
        self.add_widget(self.strip)
        self.bind(pos=self._lay_out, size=self._lay_out)
        self.strip.bind(height=self._lay_out)
        self.keys.bind(size=self._lay_out)
        self._name_keys()

    def _lay_out(self, *_: Any) -> None:
        gap = self.look.mm(2)
        self.keys.right, self.keys.top = self.right - gap, self.top - gap
        self.strip.width = self.width
        self.strip.pos = self.pos

    # what is shown

    def show(self) -> None:
        """Draw the picture anew; aim where it has to look when something new is to be seen."""
        cab = self.cab
        if self._base is not cab.base:
            self._base = cab.base
            self._lay_ground()
        scene = Scene(self.map.plane, cab.unit, cab.now(), self.look.words)
        self.map.set_drawing(draw(cab.snapshot.features, scene))
        self._aim()
        self._tell()

    def tick(self) -> None:
        """What was fresh a second ago may be old."""
        self.show()

    def _lay_ground(self) -> None:
        cab = self.cab
        places = [place for feature in cab.base for place in geo.positions(feature.geometry)]
        if places:
            lons, lats = [lon for lon, _ in places], [lat for _, lat in places]
            origin = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
        else:
            missions = own_missions(cab.snapshot.features, cab.unit)
            origin = cab.here() or (geo.centre(missions[0]["geometry"]) if missions else None) or (8.78, 51.83)
        self.map.set_ground(cab.base, geo.Plane(*origin))
        self.map.camera = replace(self.map.camera, lat=origin[1], zoom=TOWN_ZOOM, x_m=0.0, y_m=0.0)
        self._aimed_at = None
        if places and self.missing.parent:
            self.remove_widget(self.missing)
        elif not places and not self.missing.parent:
            self.add_widget(self.missing)

    def _points(self) -> tuple[Point | None, Point | None]:
        """Own position and the target of the own mission on the plane."""
        cab, plane = self.cab, self.map.plane
        here = cab.here()
        missions = own_missions(cab.snapshot.features, cab.unit)
        target = geo.centre(missions[0]["geometry"]) if missions else None
        return (plane.to_metres(*here) if here else None), (plane.to_metres(*target) if target else None)

    def _aim(self) -> None:
        me, target = self._points()
        mine = own_unit(self.cab.snapshot.features, self.cab.unit)
        heading = mine["properties"].get("heading_deg") if mine else None
        camera = self.map.camera
        if self.heading_up and isinstance(heading, int | float):
            camera = camera.turned(float(heading))
        if self.follow:
            points = [point for point in (me, target) if point]
            wanted = camera.showing(points, self.look.mm(16))
            # A map that zooms with every metre driven cannot be read: it moves when it must, or is far too wide.
            if not all(camera.holds(point, self.look.mm(9)) for point in points) or wanted.zoom - camera.zoom > WIDER:
                camera = wanted
        if camera != self.map.camera:
            self.map.look_at(camera)

    def show_all(self) -> None:
        """Back to the own vehicle and its mission, north up."""
        self.follow, self.heading_up = True, False
        self._name_keys()
        points = [point for point in self._points() if point]
        self.map.look_at(self.map.camera.turned(0.0).showing(points, self.look.mm(16)))

    def restore(self, camera: Camera, follow: bool, heading_up: bool) -> None:
        """Look where an earlier map looked."""
        self.follow, self.heading_up = follow, heading_up
        self.map.look_at(replace(camera, size=self.map.camera.size))
        self._name_keys()

    # keys and fingers

    def _name_keys(self) -> None:
        words = self.look.words
        self._follow_key.text = words.say("map.follow")
        self._follow_key.dress(*(("chosen", "on_chosen") if self.follow else ("key", "on_key")))
        self._turn_key.text = words.say("map.heading" if self.heading_up else "map.north")

    def _zoom(self, step: float) -> None:
        self.follow = False
        self._name_keys()
        self.map.look_at(self.map.camera.zoomed(self.map.camera.zoom + step))

    def _toggle_follow(self) -> None:
        self.follow = not self.follow
        self._name_keys()
        self._aim()

    def _toggle_turn(self) -> None:
        self.heading_up = not self.heading_up
        if not self.heading_up:
            self.map.look_at(self.map.camera.turned(0.0))
        self._name_keys()
        self._aim()

    def _dragged(self) -> None:
        if self.follow:
            self.follow = False
            self._name_keys()

    def _pick(self, name: str | None) -> None:
        self.picked = name
        self._tell()

    def _tell(self) -> None:
        """The strip: what was touched, how it is, how old that is."""
        title, line, age = self._told()
        if not title:
            if self.strip.children:
                self.strip.clear_widgets()
                self.strip_ground.paint(self.look.colour("panel", 0.0))
            return
        if not self.strip.children:
            self.strip_ground.paint(self.look.colour("panel", 0.95))
        for widget, text in zip(self._strip_texts, (bold(title), plain(line), plain(age)), strict=True):
            widget.text = text
            if text and not widget.parent:
                self.strip.add_widget(widget, index=0)
            elif not text and widget.parent:
                self.strip.remove_widget(widget)

    def _told(self) -> tuple[str, str, str]:
        name, words = self.picked, self.look.words
        if name is None:
            return "", "", ""
        if name.startswith("base:"):
            thing = self.cab.base[int(name[5:])]
            size = f"DN {thing.diameter_mm}" if thing.diameter_mm else ""
            return f"{words.value('hydrant', thing.kind)} {thing.ref or thing.name}".strip(), size, ""
        feature = self.cab.snapshot.features.get(name)
        if feature is None:
            return "", "", ""
        now = self.cab.now()
        age = words.age(ages.age_s(feature["properties"], now, "position"))
        if ages.position_freshness(feature["properties"], now) is not ages.Freshness.FRESH:
            age = f"{words.say('stale').upper()} · {age}"
        return describe.title(feature, words), describe.line(feature, words), words.say("map.position_age", age=age)
