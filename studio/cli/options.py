"""What a person types after an option, read strictly; no model is needed for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import recipe_fields as fields
from studio.errors import InputError
from studio.recipe import (
    AMOUNT_MAX,
    SIZE_RANGE,
    TEXT_LIMIT,
    VARIETY_MAX,
    Recipe,
    read_json,
)

if TYPE_CHECKING:
    from studio.export.metadata import Credit
    from studio.export.saved import Form

SEEDS_LIMIT = 10_000
CREDIT_LIMIT = 300  # characters


def parse_seeds(text: str) -> range:
    """Return the seeds of ``"A-B"``, both ends included, at most 10,000.

    Raises InputError.
    """
    ends = re.fullmatch(r"\s*([0-9]+)\s*-\s*([0-9]+)\s*", text)
    if ends is None:
        raise InputError("seeds_range", value=text)
    first, last = (Recipe.parse_seed(end) for end in ends.groups())
    if last < first:
        raise InputError("seeds_range", value=text)
    count = last - first + 1
    if count > SEEDS_LIMIT:
        raise InputError("seeds_many", value=text, count=count, limit=SEEDS_LIMIT)
    return range(first, last + 1)


def parse_setting(text: str) -> tuple[str, float]:
    """Return (direction, amount) of ``"name=+1.5"``. Raises InputError."""
    name, sign, typed = text.partition("=")
    name = name.strip()
    if not sign or not name:
        raise InputError("set_form", value=text)
    fields.a_name(name, "directions")
    amount = _parse_number(typed, -AMOUNT_MAX, AMOUNT_MAX)
    if amount is None:
        raise InputError(
            "set_number", name=name, value=typed, low=-AMOUNT_MAX, high=AMOUNT_MAX
        )
    return name, amount


def parse_variety(text: str) -> float:
    """Return the variety that ``text`` spells, 0 to 1.5. Raises InputError."""
    variety = _parse_number(text, 0, VARIETY_MAX)
    if variety is None:
        raise InputError("variety_range", value=text, low=0, high=VARIETY_MAX)
    return variety


def parse_size(text: str) -> tuple[int] | tuple[int, int]:
    """Return (longer side,) of ``"512"`` or (height, width) of ``"384x512"``.

    Raises InputError.
    """
    low, high = SIZE_RANGE
    sides = re.fullmatch(r"\s*([0-9]{1,5})(?:\s*[xX×]\s*([0-9]{1,5}))?\s*", text)
    numbers = [int(side) for side in sides.groups() if side] if sides else []
    if not numbers or not all(low <= number <= high for number in numbers):
        raise InputError("size_form", value=text, low=low, high=high)
    if len(numbers) == 1:
        return (numbers[0],)
    return numbers[0], numbers[1]


def fit_size(
    wanted: tuple[int] | tuple[int, int], resolution: tuple[int, int]
) -> tuple[int, int]:
    """Return (height, width): ``wanted``, in the proportions of ``resolution``."""
    if len(wanted) == 2:
        return wanted
    low, _ = SIZE_RANGE
    longer = max(resolution)
    height, width = (max(low, round(side * wanted[0] / longer)) for side in resolution)
    return height, width


def parse_whole(text: str, option: str, low: int, high: int) -> int:
    """Return the whole number that ``text`` spells. Raises InputError."""
    number = _parse_number(text, low, high)
    if number is None or number != int(number):
        raise InputError("option_number", option=option, low=low, high=high, value=text)
    return int(number)


def parse_seconds(text: str, low: float, high: float) -> float:
    """Return the length of a film that ``text`` spells. Raises InputError."""
    seconds = _parse_number(text, low, high)
    if seconds is None:
        place = {"option": "--seconds", "low": low, "high": high}
        raise InputError("option_number", **place, value=text)
    return seconds


def parse_drive(text: str) -> dict[str, object]:
    """Return the drive that ``"loudness=warmth:1.5"`` spells, yet to be checked.

    Raises InputError.
    """
    found = re.fullmatch(r"\s*(\w+)\s*=\s*(.+?)\s*:\s*([+-]?[0-9.]+)\s*", text)
    amount = _parse_number(found[3], -AMOUNT_MAX, AMOUNT_MAX) if found else None
    if found is None or amount is None:
        raise InputError("drive_form", value=text)
    return {"hears": found[1], "word": found[2], "amount": amount}


def parse_form(
    path: Path, scale: str | None = None, quality: str | None = None
) -> Form:
    """Return how a work is written to ``path``, enlarged as in ``"4x"``.

    Raises InputError.
    """
    from studio.export.saved import QUALITY, SUFFIXES, Form

    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError("output_not_picture", path=path)
    times = (scale or "1x").strip().lower().removesuffix("x")
    coarse = QUALITY if quality is None else _whole(quality)
    return Form.read(kind, _whole(times), coarse)


def parse_credit(creator: str | None, rights: str | None) -> Credit:
    """Return whom a file names. Raises InputError."""
    from studio.export.metadata import Credit

    for given in (creator, rights):
        if given is not None and len(given) > CREDIT_LIMIT:
            raise InputError("credit_long", limit=CREDIT_LIMIT)
    return Credit(creator or "", rights or "")


def _whole(text: str) -> int | str:
    """Return a whole number; what is none is left for a sentence to name."""
    small = text.isascii() and text.isdecimal() and len(text) < 6
    return int(text) if small else text


def load_recipe(text: str) -> dict[str, Any]:
    """Return the recipe data of JSON text, of a JSON file or of a saved picture.

    The data is not checked yet, so that a hand-written recipe may leave out what
    the model on the command line says. Raises InputError.
    """
    if text.lstrip().startswith(("{", "[")):
        return fields.an_object(read_json(text), "recipe")
    path = Path(text)
    from studio.export.saved import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        from studio.export.work import read_work

        return read_work(path).recipe.to_dict()
    try:
        with path.open("rb") as file:
            content = file.read(TEXT_LIMIT + 1)
    except (OSError, ValueError):
        raise InputError("not_a_recipe_source", value=text) from None
    return fields.an_object(read_json(content), "recipe")


def _parse_number(text: str, low: float, high: float) -> float | None:
    # float() would also take nan, inf, 1_0 and digits of other scripts.
    if len(text) > 64 or not re.fullmatch(
        r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*", text
    ):
        return None
    number = float(text)
    return number if low <= number <= high else None
