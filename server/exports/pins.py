"""Pins for maps of others: a drop in the colour of the layer with its letter, as PNG; its tip is the place."""

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

SIDE_PX = 64
FINER = 4
"""Drawn so many times as large and made smaller: smooth edges."""
TIP = (0.5, 0.0)
"""Where in the picture the place is, as shares of its width and height from below, as KML has it."""
LETTERS = {
    "missions": "E", "units": "K", "crowd": "P", "drones": "D", "buildings": "G", "devices": "M", "reports": "B",
    "warnings": "!", "marks": "Z", "notes": "N", "sources": "Q", "cards": "i", "routes": "A", "water": "W",
}  # fmt: skip
"""German as on the screens: Einsatz, Kräfte, Personen, Drohne, Gebäude, Melder, Bürger, Zeichen, Notiz, Quelle,
Anfahrt, Wasser."""


@cache
def pin(layer: str, colour: str) -> bytes:
    """The picture of a layer; `colour` is red green blue in hexadecimal."""
    side = SIDE_PX * FINER
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for inset, fill in ((0, "white"), (3 * FINER, f"#{colour}")):
        _drop(pen, inset, side, fill)
    letter, middle = LETTERS.get(layer, "?"), (side / 2, side * 0.40)
    font = ImageFont.load_default(30 * FINER)
    pen.text(middle, letter, fill="white", font=font, anchor="mm", stroke_width=FINER, stroke_fill="white")
    out = BytesIO()
    picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _drop(pen: ImageDraw.ImageDraw, inset: int, side: int, fill: str) -> None:
    """A circle, and a tip at the middle of the lower edge."""
    radius, x, y = side * 0.39 - inset, side / 2, side * 0.40
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    # The tangents from the tip touch the circle about there.
    left, right, low = x - radius * 0.76, x + radius * 0.76, y + radius * 0.65
    pen.polygon(((left, low), (right, low), (x, side - 1.4 * inset)), fill=fill)
