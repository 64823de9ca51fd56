"""Secrets of connections: given in the settings, in a file or in the environment; never printed, logged or compared.

A setting `password` of type `Secret` may be written `password = "..."`, `password_file = "/etc/lagebild/mqtt"` or
`password_env = "MQTT_PASSWORD"`. File and environment are read whenever a connection is made: a new password needs no
restart.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import msgspec
from msgspec import Struct

MAX_SECRET_BYTES = 16_384


class SecretError(ValueError):
    """The secret cannot be had; the message says where it was looked for, and nothing else."""


class Secret:
    """A word that shows itself to nobody but `read`."""

    __slots__ = ("_from", "_word")

    def __init__(self, word: str = "", *, kind: str = "settings") -> None:
        self._word = word
        self._from = kind

    def read(self) -> str:
        """The secret now. Raises SecretError."""
        if self._from == "settings":
            return self._word
        if self._from == "environment":
            found = os.environ.get(self._word)
            if found is None:
                raise SecretError(f"there is no {self._word} in the environment")
            return found
        try:
            with Path(self._word).open("rb") as file:
                return file.read(MAX_SECRET_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SecretError(f"{self._word} cannot be read: {reason}") from None

    def __repr__(self) -> str:
        where = "" if self._from == "settings" else f" from {self._word}"
        return f"<secret{where}>"


def hook(kind: type, value: Any) -> Any:
    """What msgspec asks for a type that is not its own."""
    if kind is not Secret:
        raise NotImplementedError(kind)
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("a secret is a text")
    return Secret(value)


def is_secret(kind: Any) -> bool:
    """Whether a field of this type holds a secret."""
    return kind is Secret or (isinstance(kind, UnionType) and Secret in get_args(kind))


def gathered(raw: Mapping[str, Any], struct: type[Struct]) -> dict[str, Any]:
    """The settings with `x_file` and `x_env` taken together to `x` for every secret `x`.

    Raises ValueError where one is given twice or is no text.
    """
    found = dict(raw)
    for field in msgspec.structs.fields(struct):
        if not is_secret(field.type):
            continue
        forms = {f"{field.name}_file": "file", f"{field.name}_env": "environment"}
        given = [name for name in (field.name, *forms) if name in found]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} cannot both be set")
        for name, kind in forms.items():
            if name in found:
                word = found.pop(name)
                if not isinstance(word, str) or not word:
                    raise ValueError(f"{name} is a text")
                found[field.name] = Secret(word, kind=kind)
    return found
