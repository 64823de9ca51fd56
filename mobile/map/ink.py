"""Letters and signs as textures and instructions: what the overlay of the map is painted with."""

from collections import OrderedDict
from typing import Any

from kivy.core.text import Label as CoreLabel
from kivy.graphics import (
    Color,
    Ellipse,
    InstructionGroup,
    Line,
    Mesh,
    PopMatrix,
    PushMatrix,
    Rectangle,
    Rotate,
    RoundedRectangle,
    Translate,
    Triangle,
)

from mobile.map.cut import tesselate
from mobile.map.figures import Area, Badge, Stroke
from mobile.map.shapes import Point, dashes
from mobile.ui.look import Look

MAX_TEXTURES = 1200
EDGE_MM = 0.45
"""Width of the border of a line that has one."""
STYLES = {
    "main": (3.0, True, "label"),
    "street": (2.8, False, "label"),
    "town": (4.2, True, "label"),
    "place": (2.8, True, "label"),
    "number": (2.3, False, "muted"),
    "caption": (3.0, True, "label"),
    "stale": (2.8, False, "stale"),
}
"""Height of letters in mm, heavy or not, colour; all with a halo."""


class Letters:
    """Textures of words, kept as long as they are used."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._kept: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def texture(self, text: str, style: str) -> Any:
        """The texture of a text in a style of STYLES, or "sign:colour:mm" for letters inside a badge."""
        key = (text, style)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        look = self._look
        if style.startswith("sign:"):
            _, colour, size = style.split(":")
            label = CoreLabel(text=text, font_size=look.mm(float(size)), bold=True, color=look.colour(colour))
        else:
            size_mm, heavy, colour = STYLES[style]
            halo = max(1, round(look.mm(0.32)))
            label = CoreLabel(
                text=text,
                font_size=look.letters(size_mm),
                bold=heavy,
                color=look.colour(colour),
                outline_width=halo,
                outline_color=look.colour("label_halo"),
            )
        label.refresh()
        self._kept[key] = label.texture
        while len(self._kept) > MAX_TEXTURES:
            self._kept.popitem(last=False)
        return label.texture

    def measure(self, text: str, style: str) -> tuple[float, float]:
        """Width and height in pixels."""
        width, height = self.texture(text, style).size
        return float(width), float(height)


def write(group: InstructionGroup, letters: Letters, text: str, style: str, at: Point, angle_deg: float = 0.0) -> None:
    """Write a text round a middle point."""
    texture = letters.texture(text, style)
    width, height = texture.size
    group.add(Color(1, 1, 1, 1))
    if angle_deg == 0.0:
        group.add(
            Rectangle(texture=texture, pos=(round(at[0] - width / 2), round(at[1] - height / 2)), size=texture.size)
        )
        return
    group.add(PushMatrix())
    group.add(Translate(at[0], at[1], 0))
    group.add(Rotate(angle=angle_deg, axis=(0, 0, 1), origin=(0, 0)))
    group.add(Rectangle(texture=texture, pos=(-width / 2, -height / 2), size=texture.size))
    group.add(PopMatrix())


def area(group: InstructionGroup, look: Look, item: Area, rings: list[list[Point]]) -> None:
    """Fill and outline a polygon whose rings are in pixels."""
    if item.alpha > 0:
        cut = tesselate(rings)
        if cut.indices:
            group.add(Color(*look.colour(item.fill, item.alpha)))
            group.add(Mesh(vertices=cut.vertices, indices=cut.indices, mode="triangles"))
    for ring in rings:
        stroke(group, look, Stroke(tuple(ring), item.line, item.width_mm, item.dashed), ring)


def stroke(group: InstructionGroup, look: Look, item: Stroke, line: list[Point]) -> None:
    """Draw a line whose points are in pixels."""
    if item.edge:
        stroke(group, look, Stroke(item.line, item.edge, item.width_mm + 2 * EDGE_MM), line)
    group.add(Color(*look.colour(item.colour)))
    pieces = dashes(line, look.mm(1.6), look.mm(1.1)) if item.dashed else [line]
    width = max(1.0, look.mm(item.width_mm) / 2)
    for piece in pieces:
        if len(piece) > 1:
            flat = [value for point in piece for value in point]
            group.add(Line(points=flat, width=width, joint="round", cap="round"))


def badge(group: InstructionGroup, look: Look, letters: Letters, item: Badge, at: Point, turn_deg: float) -> None:
    """Draw a sign at a pixel; `turn_deg` is the direction that points up on the map."""
    x, y = round(at[0]), round(at[1])
    size = look.mm(item.size_mm)
    half = size / 2
    if item.heading_deg is not None:
        _nose(group, look, item, (x, y), half, item.heading_deg - turn_deg)
    edge = look.mm(0.55 if item.ring else 0.3)
    around = look.colour(item.ring or "label_halo")
    group.add(Color(*around))
    _shape(group, item.shape, x, y, half + edge)
    group.add(Color(*look.colour(item.ground, 1.0)))
    _shape(group, item.shape, x, y, half)
    if item.text:
        share = 0.72 if len(item.text) == 1 else (0.5 if len(item.text) == 2 else 0.36)
        drop = -half * 0.22 if item.shape in ("triangle", "house") else 0.0
        write(group, letters, item.text, f"sign:{item.ink}:{item.size_mm * share:.2f}", (x, y + drop))


def _nose(group: InstructionGroup, look: Look, item: Badge, at: Point, half: float, angle_deg: float) -> None:
    group.add(Color(*look.colour(item.ring or item.ground)))
    group.add(PushMatrix())
    group.add(Translate(at[0], at[1], 0))
    group.add(Rotate(angle=-angle_deg, axis=(0, 0, 1), origin=(0, 0)))
    group.add(Triangle(points=[-half * 0.85, half * 0.6, half * 0.85, half * 0.6, 0, half * 2.1]))
    group.add(PopMatrix())


def _shape(group: InstructionGroup, shape: str, x: float, y: float, half: float) -> None:
    if shape == "circle":
        group.add(Ellipse(pos=(x - half, y - half), size=(2 * half, 2 * half), segments=40))
    elif shape == "drone":
        for dx, dy in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            rotor = half * 0.42
            cx, cy = x + dx * half * 0.7, y + dy * half * 0.7
            group.add(Ellipse(pos=(cx - rotor, cy - rotor), size=(2 * rotor, 2 * rotor), segments=24))
            group.add(Line(points=[x, y, cx, cy], width=max(1.0, half * 0.16)))
        group.add(Ellipse(pos=(x - half * 0.4, y - half * 0.4), size=(half * 0.8, half * 0.8), segments=24))
    elif shape == "box":
        group.add(RoundedRectangle(pos=(x - half * 1.1, y - half), size=(2.2 * half, 2 * half), radius=[half * 0.35]))
    else:
        corners = {
            "pin": [(0, -1.3), (1.0, 0.1), (1.0, 0.9), (0.55, 1.25), (-0.55, 1.25), (-1.0, 0.9), (-1.0, 0.1)],
            "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
            "triangle": [(-1.15, -0.9), (1.15, -0.9), (0, 1.15)],
            "house": [(-0.95, -0.95), (0.95, -0.95), (0.95, 0.35), (0, 1.2), (-0.95, 0.35)],
        }[shape]
        vertices = [value for cx, cy in corners for value in (x + cx * half, y + cy * half, 0.0, 0.0)]
        group.add(Mesh(vertices=vertices, indices=list(range(len(corners))), mode="triangle_fan"))
