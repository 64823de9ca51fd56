"""The one edge where every exception is caught: between loops that must go on and code that may have a bug."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Bug(Exception):
    """Something raised what it never should; `__cause__` is what it was."""


def contained(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the function. Raises Bug, from whatever it raised, and nothing else."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        raise Bug(f"{type(error).__name__}: {error}") from error
