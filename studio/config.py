"""Frozen dataclasses from plain data, unknown keys refused with a suggestion."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from studio.errors import InputError

T = TypeVar("T")
LARGEST = 1e300  # anything beyond is as good as infinite


def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
    """Make a config dataclass from a mapping; lists become tuples.

    Raises InputError for an unknown key (with the nearest known one), for a missing
    value, and for one that is not of its field's type or not finite.
    """
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    known = [field.name for field in fields]
    values = {key: _freeze(value) for key, value in data.items()}
    kinds = get_type_hints(cls)
    for key, value in values.items():
        if key not in known:
            near = get_close_matches(str(key)[:64], known, 1, 0.0)
            raise InputError("config_unknown_key", key=key, nearest=near[0])
        if not _fits(value, kinds[key]):
            raise InputError("config_value", key=key, value=value)
    for field in fields:
        if field.default is dataclasses.MISSING and field.name not in values:
            raise InputError("config_missing", key=field.name)
    try:
        return cls(**values)
    except (TypeError, ValueError) as problem:
        raise InputError("config_bad", problem=str(problem)) from problem


def read_json(text: str) -> Any:
    """Parse JSON. Raises ValueError, also for NaN, for infinities and deep nesting."""
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def to_dict(config: Any) -> dict[str, Any]:
    """Give a config as plain data, ready for JSON."""
    return dataclasses.asdict(config)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _freeze(value: Any) -> Any:
    return tuple(_freeze(item) for item in value) if isinstance(value, list) else value


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type such as `tuple[int, ...]` or `float | None`."""
    inside = get_args(kind)
    if get_origin(kind) is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = inside[:1] * len(value) if inside[-1] is Ellipsis else inside
        return len(kinds) == len(value) and all(map(_fits, value, kinds))
    if inside:
        return any(_fits(value, one) for one in inside)
    if kind is float:
        return type(value) in (int, float) and -LARGEST < value < LARGEST
    return type(value) is kind
