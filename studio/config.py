"""Frozen dataclasses from plain data, unknown keys refused with a suggestion."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from studio.errors import InputError

T = TypeVar("T")


def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
    """Make a config dataclass from a mapping; lists become tuples.

    Raises InputError for an unknown key (with the nearest known one) and for a
    missing or impossible value.
    """
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            near = get_close_matches(str(key), known, 1, 0.0)
            raise InputError("config_unknown_key", key=key, nearest=near[0])
    try:
        return cls(**{key: _freeze(value) for key, value in data.items()})
    except (TypeError, ValueError) as problem:
        raise InputError("config_bad", problem=str(problem)) from problem


def to_dict(config: Any) -> dict[str, Any]:
    """Give a config as plain data, ready for JSON."""
    return dataclasses.asdict(config)


def _freeze(value: Any) -> Any:
    return tuple(_freeze(item) for item in value) if isinstance(value, list) else value
