"""Encryption of SIA DC-09: AES in CBC with a zero start, the content as hexadecimal digits behind the first bracket.

The standard has neither a fresh start nor an authentication code: over the open net a line needs TLS or a tunnel.
"""

import re
from binascii import unhexlify

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 16
_ZERO = bytes(BLOCK)
_READABLE = re.compile(r"(?P<pad>[^|\]]*\|)?(?P<data>.*\].*_\d\d:\d\d:\d\d,\d\d-\d\d-\d{4}\W*)", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]+")


class BadKey(ValueError):
    """A key that is neither 16, 24 or 32 characters nor 32, 48 or 64 hexadecimal digits."""


def key_of(written: str) -> bytes:
    """The key as panels take it: text of 16, 24 or 32 characters, or 32, 48 or 64 hexadecimal digits.

    32 hexadecimal digits are 128 bits. Raises BadKey.
    """
    text = written.strip()
    if len(text) in (32, 48, 64) and _HEX.fullmatch(text):
        return unhexlify(text)
    if text.isascii() and len(text) in (16, 24, 32):
        return text.encode()
    raise BadKey("a key has 16, 24 or 32 characters, or 32, 48 or 64 hexadecimal digits")


def decrypt(rest: str, key: bytes) -> str | None:
    """What stands in an encrypted frame behind its first bracket, that bracket put before it, without the padding.

    None where the key is another. The padding ends with the first bar; a link test may have none.
    """
    digits = rest.removeprefix("[").strip().removesuffix("]")
    if not _HEX.fullmatch(digits) or len(digits) % (2 * BLOCK):
        return None
    decryptor = Cipher(AES(key), CBC(_ZERO)).decryptor()
    clear = (decryptor.update(unhexlify(digits)) + decryptor.finalize()).decode("latin-1")
    found = _READABLE.fullmatch(clear)
    if found is None:
        return None
    data = found["data"]
    return f"[{data}" if found["pad"] else f"[{data[data.index(']') :]}"


def encrypt(clear: str, key: bytes, padding: str) -> str:
    """The digits for a frame: enough of `padding` (no bar, no bracket), a bar, and the clear text. `]` begins it."""
    length = -(len(clear) + 1) % BLOCK
    pad = (padding * BLOCK)[:length]
    encryptor = Cipher(AES(key), CBC(_ZERO)).encryptor()
    return (encryptor.update(f"{pad}|{clear}".encode("latin-1", "replace")) + encryptor.finalize()).hex()
