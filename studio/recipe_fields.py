"""One checker a kind of field in a recipe; each returns the value or refuses it.

``path`` names the field in the sentence, such as ``mix[0].layers``. All of them
raise RecipeError and nothing else, whatever they are given.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import json
import math
import re
import struct
from typing import Any

from studio.errors import RecipeError

NAME_LIMIT = 64
# Beyond this a w says nothing, and sums of it in float32 would overflow.
W_MAX = 1e6
W_ROWS = 64
W_COLUMNS = 4096
RESIDUAL_LIMIT = 65536


def an_object(value: object, path: str) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise RecipeError("recipe_object", field=path)
    return value


def check_keys(
    data: dict[str, Any], path: str, known: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    """Refuse keys that are not ``known``, with the nearest, and missing ones."""
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key[:NAME_LIMIT], known, 1)
            if near:
                raise RecipeError(
                    "recipe_unknown_field_near", field=path + key, near=near[0]
                )
            raise RecipeError("recipe_unknown_field", field=path + key)
    for key in needed:
        if key not in data:
            raise RecipeError("recipe_missing_field", field=path + key)


def a_list(value: object, path: str, low: int, high: int) -> list[Any]:
    """Return ``value`` as a list if it is one of ``low`` to ``high`` items."""
    if not isinstance(value, (list, tuple)) or not low <= len(value) <= high:
        raise RecipeError("recipe_list", field=path, low=low, high=high)
    return list(value)


def a_number(value: object, path: str, low: float, high: float) -> float:
    """Return ``value`` as a float if it is a number from ``low`` to ``high``.

    NaN compares false with everything, so it is refused like any other outsider.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # type: ignore[operator]
        told = as_written(value)
        raise RecipeError("recipe_number", field=path, low=low, high=high, value=told)
    # Adding 0 turns -0.0 into 0.0: the same work, so the same text.
    return float(value) + 0.0  # type: ignore[arg-type]


def an_integer(value: object, path: str, low: int, high: int) -> int:
    """Return ``value`` if it is an integer (no bool, no float) in the range."""
    if type(value) is not int or not low <= value <= high:
        told = as_written(value)
        raise RecipeError("recipe_integer", field=path, low=low, high=high, value=told)
    return value


def as_written(value: object) -> object:
    """Give a scalar as JSON spells it: the text "7" and 7.0 are not the number 7."""
    if isinstance(value, str):
        return json.dumps(value[: 4 * NAME_LIMIT], ensure_ascii=False)
    return repr(value) if isinstance(value, float) else value


def a_name(value: object, path: str) -> str:
    """Return ``value`` if it is a text of 1 to 64 printable characters."""
    if not isinstance(value, str) or not 0 < len(value) <= NAME_LIMIT:
        raise RecipeError("recipe_text", field=path, limit=NAME_LIMIT)
    if not value.isprintable():
        raise RecipeError("recipe_text", field=path, limit=NAME_LIMIT)
    return value


def a_truth(value: object, path: str) -> bool:
    """Return ``value`` if it is true or false."""
    if not isinstance(value, bool):
        raise RecipeError("recipe_truth", field=path, value=as_written(value))
    return value


def a_model_name(value: object) -> str:
    """Return ``value`` if it can be the name of a folder, and never a path.

    A recipe comes from strangers: it may choose a model, not a place on the disk.
    """
    name = a_name(value, "model")
    if name.startswith(".") or re.search(r'[/\\:*?"<>|]', name):
        raise RecipeError("recipe_model_name", value=name)
    return name


def a_fingerprint(value: object) -> str:
    """Return ``value`` if it is 16 hexadecimal digits in lower case."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{16}", value):
        raise RecipeError("recipe_fingerprint", value=value)
    return value


def a_table(value: object, path: str) -> tuple[tuple[float, ...], ...]:
    """Return ``value`` as rows of numbers, all of one length, at most 64 x 4096."""
    rows = []
    for index, row in enumerate(a_list(value, path, 1, W_ROWS)):
        place = f"{path}[{index}]"
        numbers = a_list(row, place, 1, W_COLUMNS)
        rows.append(tuple(a_number(item, place, -W_MAX, W_MAX) for item in numbers))
    if len({len(row) for row in rows}) != 1:
        raise RecipeError("recipe_rows", field=path)
    return tuple(rows)


def some_bytes(value: object, path: str, count: int) -> bytes:
    """Return the ``count`` bytes that ``value`` spells in base64."""
    # The length is compared first: a megabyte of text is not decoded to be refused.
    if isinstance(value, str) and len(value) == 4 * math.ceil(count / 3):
        try:
            found = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            found = b""
        if len(found) == count:
            return found
    raise RecipeError("recipe_bytes", field=path, expected=count)


def some_halves(value: object, path: str, count: int) -> bytes:
    """Return the bytes of ``count`` finite little-endian float16 in base64."""
    if count > RESIDUAL_LIMIT:
        raise RecipeError("recipe_residual_large", limit=RESIDUAL_LIMIT)
    found = some_bytes(value, path, 2 * count)
    if not all(map(math.isfinite, struct.unpack(f"<{count}e", found))):
        raise RecipeError("recipe_residual_nan")
    return found
