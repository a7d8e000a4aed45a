"""Parameters refused at the door: which one, what was expected, what was got."""

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any


def is_int(value: Any, low: int, high: float = math.inf) -> bool:
    """Whether a value is a whole number between two limits, both allowed."""
    return isinstance(value, Integral) and low <= int(value) <= high


def check_int(name: str, value: object, low: int) -> None:
    """Refuse what is no whole number from `low` on."""
    if not is_int(value, low):
        raise ValueError(f"`{name}` must be an int >= {low}, got {value!r}.")


def check_share(name: str, value: Any) -> None:
    """Refuse what is no finite number from 0 on."""
    if not (isinstance(value, Real) and 0 <= float(value) < math.inf):
        raise ValueError(f"`{name}` must be a finite number >= 0, got {value!r}.")


def check_choice(name: str, value: object, allowed: Collection[object]) -> None:
    """Refuse what is not among the allowed values."""
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {tuple(allowed)}, got {value!r}.")
