"""Texts of strangers: without the signs that turn the order of what stands beside them on a screen.

Embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX 9) are not seen themselves, and hold to the
end of the paragraph: a name with one of them would write the number of persons or the age behind it backwards. Letters
of right-to-left scripts need none of them and stay.
"""

import re
from typing import Any

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


def plain(text: str) -> str:
    """The text without them."""
    return text if text.isascii() else _TURNING.sub("", text)


def plainly(value: Any) -> Any:
    """The same of every text in lists and objects as JSON has them, names of members included."""
    cls = type(value)
    if cls is str:
        return plain(value)
    if cls is dict:
        return {plainly(name): plainly(one) for name, one in value.items()}
    if cls is list or cls is tuple:
        return cls(plainly(one) for one in value)
    return value
