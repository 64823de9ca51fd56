"""Photographs from strangers: opened with care, turned upright, and drawn anew so that nothing hidden goes along.

What comes out is a JPEG of pixels alone: no EXIF (position, device, owner), no comment, no XMP, no second picture.
"""

import io
import struct
import warnings
import zlib

from msgspec import Struct
from PIL import Image, ImageOps

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MAX_PIXELS = 50_000_000
MAX_EDGE_PX = 2_048
QUALITY = 85
JPEG = "image/jpeg"
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError),
    *(EOFError, MemoryError, RuntimeError, struct.error, zlib.error),
)
"""What Pillow and its codecs raise for files that are damaged or made to do harm."""


class BadPhotograph(ValueError):
    """The file is not taken. The message is one of the words below."""


NO_PHOTOGRAPH, TOO_MANY_PIXELS = "no_photograph", "too_many_pixels"


class Photograph(Struct, frozen=True, kw_only=True):
    """The picture to show, and the type of what came."""

    display: bytes
    mime: str
    width_px: int
    height_px: int


def prepare(body: bytes) -> Photograph:
    """The photograph drawn anew, at most 2,048 pixels long. Pure; takes up to a second. Raises BadPhotograph."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a damaged EXIF block is thrown away anyway
            with Image.open(io.BytesIO(body), formats=tuple(FORMATS)) as image:
                return _drawn(image)
    except BadPhotograph:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPhotograph(TOO_MANY_PIXELS) from error
    except _DAMAGED as error:
        raise BadPhotograph(NO_PHOTOGRAPH) from error


def _drawn(image: Image.Image) -> Photograph:
    if image.width * image.height > MAX_PIXELS:
        raise BadPhotograph(TOO_MANY_PIXELS)
    mime = FORMATS[str(image.format)]
    image.draft("RGB", (MAX_EDGE_PX, MAX_EDGE_PX))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((MAX_EDGE_PX, MAX_EDGE_PX))
    # Pasted on a new sheet: an image carries its comments and profiles along, a sheet has none.
    sheet = Image.new("RGB", upright.size, "white")
    layer = upright.convert("RGBA")
    sheet.paste(layer, mask=layer.getchannel("A"))
    target = io.BytesIO()
    sheet.save(target, "JPEG", quality=QUALITY)
    return Photograph(display=target.getvalue(), mime=mime, width_px=sheet.width, height_px=sheet.height)
