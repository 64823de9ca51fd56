"""Images that feeds bring: the original kept by its content, and a small picture of it without metadata.

The file name of the sender is never asked for. Pixels are decoded here alone, beside the loop and within bounds; an
image that cannot be opened is kept all the same, without a small picture.
"""

import io
import logging
import struct
import warnings
from typing import TYPE_CHECKING

from layers.content import Image
from layers.observation import Observation, idempotency_key
from server import runtime
from server.media import MediaError, MediaStore, media_id, media_url

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from server.situations import Situation

log = logging.getLogger("lagebild.thumbnails")

SIZE_PX = 512
MAX_PIXELS = 120_000_000
"""A larger image gets no small picture: opening it would take too much memory."""
_UNREADABLE = (OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, struct.error)
"""What Pillow raises for damaged images."""


class Thumbnails:
    """Keeps what the decoders of images have named."""

    def __init__(self, media: MediaStore) -> None:
        self.media = media

    def keep(self, situation: "Situation", observations: tuple[Observation, ...], body: bytes) -> None:
        """Keep the body where one of the observations is an image of these bytes, and tell where it can be had."""
        named = [one for one in observations if isinstance(one.content, Image) and isinstance(one.content.media, str)]
        if not named or named[0].content.media != media_id(body):  # type: ignore[union-attr]
            return
        image = named[0]
        content = image.content
        assert isinstance(content, Image)
        try:
            kept = self.media.put(situation.id, body, str(content.media_type), subject=image.subject)
            small = runtime.offload(thumbnail, body)
            shown = None if small is None else self.media.put(situation.id, small, "image/jpeg", subject=image.subject)
        except MediaError as error:
            log.warning("an image of %s is not kept: %s", image.source, error)
            return
        links = (
            Image(url=media_url(kept)) if shown is None else Image(url=media_url(kept), thumbnail_url=media_url(shown))
        )
        told = Observation(
            id=idempotency_key("media", image.id),
            source=image.source,
            subject=image.subject,
            observed_at=image.observed_at,
            reported_at=image.reported_at,
            received_at=image.received_at,
            content=links,
            flags=image.flags,
        )
        situation.desk.submit([told])


def thumbnail(body: bytes) -> bytes | None:
    """A JPEG of at most 512 pixels a side, upright and without metadata; None for what cannot be opened."""
    from PIL import Image as Pillow  # only whoever receives images needs it in memory
    from PIL import ImageFile, ImageOps

    ImageFile.LOAD_TRUNCATED_IMAGES = True  # of one that is broken off, what there is
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(body), formats=("JPEG", "TIFF", "MPO")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                picture.draft("RGB", (SIZE_PX, SIZE_PX))
                small = ImageOps.exif_transpose(_eight_bits(picture))
                small.thumbnail((SIZE_PX, SIZE_PX))
                written = io.BytesIO()
                small.convert("RGB").save(written, "JPEG", quality=80)
                return written.getvalue()
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        KeyError,
        IndexError,
        ZeroDivisionError,
        struct.error,
    ) as error:
        log.info("no thumbnail: %s", error)
        return None
    except Pillow.DecompressionBombError as error:
        log.info("no thumbnail: %s", error)
        return None


def _eight_bits(picture: "Picture") -> "Picture":
    """A picture of 16 bits a pixel (a spectral band, a thermal image) stretched over what it holds."""
    if not picture.mode.startswith("I"):
        return picture
    whole = picture.convert("I")
    low, high = (float(value) for value in whole.getextrema())  # type: ignore[arg-type]
    scale = 255.0 / max(1.0, high - low)
    return whole.point(lambda value: value * scale - low * scale).convert("L")
