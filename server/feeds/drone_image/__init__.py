"""Images of drones (and of cameras in a hand) with what their metadata tell of time, place and pose: JPEG, TIFF, DNG,
PNG, WebP, HEIF.

The file is the message. Its metadata alone are read: EXIF, XMP of DJI, Parrot, Autel, Skydio, Pix4D, senseFly. Where
pose, height and focal length are known, the footprint on flat ground is computed (`layers.footprint`). The subject is
the SHA-256 of the file, so the same file is the same image, whoever sends it and how often.
"""

import hashlib

from server.feeds import INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, settings, subject
from server.feeds._shots import MAX_PIXELS, ShotOptions, shot
from server.feeds._stream import Stream, Whole
from server.feeds._tags import number
from server.feeds.drone_image import exif, flir, xmp

NAME = "drone_image"
MAX_BYTES = 64_000_000
FOREVER_S = 10**10
"""The file itself is the identity: it is the same at any time."""


def decode(body: bytes, context: Context) -> Decoded:
    """The image as one observation. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the image has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    options = settings(context, ShotOptions)
    raw = exif.read(body)
    pixels = (number(raw.tags, "ImageWidth") or 0.0) * (number(raw.tags, "ImageHeight") or 0.0)
    if pixels > MAX_PIXELS:
        raise DecodeError(f"the image has {pixels:.0f} pixels, more than {MAX_PIXELS}", TOO_LARGE)
    words, flags = xmp.words(raw.xmp)
    tags = {**xmp.words(exif.extended_xmp(raw.more_xmp))[0], **words, **raw.tags}
    if (by_flir := flir.taken_at(raw.flir)) is not None:
        tags["DateTimeOriginal"] = by_flir
    if not tags:
        raise DecodeError("an image without metadata", INVALID)
    digest = hashlib.sha256(body).hexdigest()
    found = shot(tags, context.zone, options, media=digest, media_type=raw.media_type)
    batch = Batch(context)
    batch.claim(
        subject(NAME, digest[:32]),
        found.content,
        at=found.at,
        geometry=found.geometry,
        flags=found.flags | flags,
        extra=found.extra,
        accuracy_m=found.accuracy_m,
        every_s=FOREVER_S,
        repeats_s=FOREVER_S,
        identity=digest,
    )
    return batch.decoded()


FEED = Feed(
    name=NAME,
    title="Images of drones: JPEG, TIFF and others with EXIF and XMP",
    decode=decode,
    max_bytes=MAX_BYTES,
    zone="Europe/Berlin",
    options=ShotOptions,
    stream=Stream(framer=Whole, files=("*.jpg", "*.jpeg", "*.tif", "*.tiff", "*.heic")),
)
