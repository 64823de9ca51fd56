"""The map with its keys: zoom, follow, north or heading up, everything; a strip at the bottom tells what was
touched.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kivy.uix.floatlayout import FloatLayout
from kivy.uix.gridlayout import GridLayout

from mobile import ages, arrivals, describe, geo, pack_words
from mobile.addresses import Hit
from mobile.cab import Cab
from mobile.map.atlas import Atlas
from mobile.map.camera import Camera, Point
from mobile.map.credit import Credit
from mobile.map.figures import Badge, Scene
from mobile.map.own import lay_under
from mobile.map.symbols import draw
from mobile.map.widget import TownMap
from mobile.mission import own_missions, own_unit
from mobile.own import OwnObject, PlanPlace
from mobile.screens.search import SearchView
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Ground, Key, Text, bold, plain

ZOOM_STEP = 0.75
TOWN_ZOOM = 15.0
HOUSE_ZOOM, STREET_ZOOM = 17.5, 16.5
FOUND = "found"
"""Id of the sign where an address was found."""
OWN_M, OWN_CELL_DEG = 6_000.0, 0.02
"""Own objects are known so far round the middle of the map, looked up again where that is in another cell."""
WIDER = 0.7
"""Zoom steps that a followed map may be wider than it must."""


class MapPane(FloatLayout):
    """Map, keys, strip. Keeps where it looks over a change of theme by `view`."""

    def __init__(self, look: Look, cab: Cab, atlas: Atlas, open_plan: Callable[[PlanPlace], None], **more: Any) -> None:
        super().__init__(**more)
        self._open_plan = open_plan
        self.look, self.cab, self._atlas = look, cab, atlas
        self.follow, self.heading_up = True, False
        self.picked: str | None = None
        self._base: int | None = None
        self._vanished = cab.shelf.vanished
        self._own_at: tuple[int, int, int] | None = None
        self._own: list[OwnObject] = []
        self.map = TownMap(look, atlas, self._pick, self._dragged, size_hint=(1, 1), pos_hint={"x": 0, "y": 0})
        self.add_widget(self.map)
        self.missing = Text(look, bold(look.words.say("map.missing")), halign="center", pos_hint={"center_y": 0.5})
        self.credit = Credit(look)
        self.add_widget(self.credit)
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
            Key(look, look.words.say("map.search"), self.open_search, size=3.2),
        ):
            key.size_hint, key.size = (None, None), (side, side)
            self.keys.add_widget(key)
        self.add_widget(self.keys)
        self.search: SearchView | None = None
        self.found: Hit | None = None
        self.strip = Column(size_hint_x=None, padding=[look.mm(3), look.mm(2)], spacing=look.mm(0.5))
        self.strip_ground = Ground(self.strip, look.colour("panel", 0.0))
        self._strip_texts = [
            Text(look, size=size, colour=colour) for size, colour in ((4.8, "text"), (4.0, "text"), (3.4, "muted"))
        ]
        self._plan_key = Key(look, look.words.say("plan"), self._show_plan, size=4.2)
        self._plan_key.size_hint, self._plan_key.size = (None, None), (look.mm(26), look.mm(TOUCH_MM))
        self.add_widget(self.strip)
        self.bind(pos=self._lay_out, size=self._lay_out)
        self.strip.bind(height=self._lay_out)
        self.keys.bind(size=self._lay_out)
        self.credit.bind(size=self._lay_out)
        self._name_keys()

    def _lay_out(self, *_: Any) -> None:
        gap = self.look.mm(2)
        self.keys.right, self.keys.top = self.right - gap, self.top - gap
        self.credit.fit(self.width - self.keys.width - 3 * gap)
        self.credit.pos = self.x, self.y + (self.strip.height if self.strip.children else 0.0)
        self.map.covered = [
            (one.x - self.x, one.y - self.y, one.width, one.height) for one in (self.keys, self.credit) if one.height
        ]
        if self.search:
            self.search.width = max(1.0, self.width - self.keys.width - 3 * gap)
            self.search.x, self.search.top = self.x + gap, self.top - gap
        self.strip.width = self.width
        self.strip.pos = self.pos

    # what is shown

    def show(self) -> None:
        """Draw the picture anew; aim where it has to look when something new is to be seen."""
        cab = self.cab
        if self._base != cab.shelf.changes:
            self._base = cab.shelf.changes
            self._lay_ground()
        if self._vanished != cab.shelf.vanished:  # what was found may be one of them
            self._vanished, self.found = cab.shelf.vanished, None
            self._close_search()
        scene = Scene(self.map.plane, cab.unit, cab.now(), self.look.words)
        drawing = draw(cab.snapshot.features, scene)
        self._look_up_own()
        lay_under(drawing, self._own, scene)
        if self.found:
            at = self.map.plane.to_metres(*self.found.address.at)
            drawing.badges.append(Badge(FOUND, at, "pin", "A", "accent", "on_accent", size_mm=7.0, rank=0.5))
        self.map.set_drawing(drawing)
        self._aim()
        self._tell()

    def _look_up_own(self) -> None:
        lon, lat = self.map.plane.to_lonlat(self.map.camera.x_m, self.map.camera.y_m)
        cell = (self.cab.shelf.changes, round(lon / OWN_CELL_DEG), round(lat / OWN_CELL_DEG))
        if cell != self._own_at:
            self._own_at, self._own = cell, self.cab.shelf.own((lon, lat), OWN_M)

    def tick(self) -> None:
        """What was fresh a second ago may be old."""
        self.show()

    def _lay_ground(self) -> None:
        cab = self.cab
        box = cab.shelf.bounds()
        if box:
            origin = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        else:
            missions = own_missions(cab.snapshot.features, cab.unit)
            origin = cab.here() or (geo.centre(missions[0]["geometry"]) if missions else None) or (8.78, 51.83)
        plane = geo.Plane(*origin)
        self._atlas.begin(plane, cab.shelf.changes)
        self.map.paper.replaced = cab.shelf.replaced
        camera = replace(self.map.camera, lat=origin[1])
        if plane != self.map.plane:
            camera = replace(camera, zoom=TOWN_ZOOM, x_m=0.0, y_m=0.0)
        self.map.camera = camera
        self.credit.name(pack.info.attribution for pack in cab.shelf.packs)
        covered = [pack.info.bbox for pack in cab.shelf.packs]
        self.map.set_ground(plane, [(plane.to_metres(*part[:2]), plane.to_metres(*part[2:])) for part in covered])
        if box and self.missing.parent:
            self.remove_widget(self.missing)
        elif not box and not self.missing.parent:
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

    # searching

    def open_search(self) -> None:
        """Type an address."""
        if self.search is None:
            self.search = SearchView(self.look, self.cab, self._show_found, self._close_search)
            self.search.bind(height=self._lay_out)
            self.add_widget(self.search)
            self._lay_out()
        self.search.field.focus = True

    def _close_search(self) -> None:
        if self.search is not None:
            self.search.field.focus = False
            self.remove_widget(self.search)
            self.search = None

    def _show_found(self, hit: Hit) -> None:
        self._close_search()
        self.found, self.picked, self.follow = hit, FOUND, False
        self._name_keys()
        x_m, y_m = self.map.plane.to_metres(*hit.address.at)
        zoom = HOUSE_ZOOM if hit.address.housenumber else STREET_ZOOM
        self.map.look_at(replace(self.map.camera, x_m=x_m, y_m=y_m, zoom=zoom))
        self.show()

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
        if name is None and self.picked == FOUND:
            self.found = None
            self.show()
        self.picked = name
        self._tell()

    def _tell(self) -> None:
        """The strip: what was touched, how it is, how old that is."""
        title, line, age = self._told()
        if self._plan_key.parent:
            self.strip.remove_widget(self._plan_key)
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
        one = self._picked_own()
        if one is not None and one.plans:
            self.strip.add_widget(self._plan_key)

    def _told(self) -> tuple[str, str, str]:
        name, words = self.picked, self.look.words
        if name is None:
            return "", "", ""
        if name == FOUND:
            return self._told_of_found()
        if name.startswith("base:"):
            sign = self.map.paper.told(name)
            if sign is None:
                return "", "", ""
            size = f"DN {sign.diameter_mm}" if sign.diameter_mm else ""
            group = "hydrant" if sign.cls == "hydrant" else "poi"
            return f"{words.value(group, sign.kind)} {sign.name or sign.ref}".strip(), size, ""
        if name.startswith("own:"):
            return self._told_of_own()
        feature = self.cab.snapshot.features.get(name)
        if feature is None:
            return "", "", ""
        now = self.cab.now()
        age = words.age(ages.age_s(feature["properties"], now, "position"))
        if ages.position_freshness(feature["properties"], now) is not ages.Freshness.FRESH:
            age = f"{words.say('stale').upper()} · {age}"
        line = arrivals.line(feature, self.cab.snapshot.features, now, words), self.cab.nearest.line(feature, words)
        return (
            describe.title(feature, words),
            " · ".join(filter(None, line)),
            words.say("map.position_age", age=age),
        )

    def _picked_own(self) -> OwnObject | None:
        return next((one for one in self._own if one.id == self.picked), None)

    def _show_plan(self) -> None:
        one = self._picked_own()
        if one is not None and one.plans:
            self._open_plan(PlanPlace(one.title or one.ref, one.plans))

    def _told_of_own(self) -> tuple[str, str, str]:
        words, one = self.look.words, self._picked_own()
        if one is None:
            return "", "", ""
        kind = words.value("hydrant", one.hydrant) if one.hydrant else words.value("own", one.kind)
        line = " · ".join(filter(None, (kind, one.address, one.note)))
        age = words.say("own.data_at", date=pack_words.date(one.data_at, words)) if one.data_at else ""
        return one.title or one.ref or kind, line, age

    def _told_of_found(self) -> tuple[str, str, str]:
        if self.found is None:
            return "", "", ""
        words, here = self.look.words, self.cab.here()
        if here is None:
            return self.found.address.text, "", ""
        far = words.distance(geo.distance_m(here, self.found.address.at))
        return self.found.address.text, f"{far} {words.say('near.crow')}", ""
