"""The document: all that is needed to make a work again, checked at the door.

Values here are frozen and plain: no torch, no numpy. What can be known without a
model is checked by ``Recipe.from_dict``; what depends on the model (a direction it
does not have, the length of a w) is checked by ``Model``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from studio import recipe_fields as fields
from studio import recipe_parts as parts
from studio.errors import InputError, RecipeError
from studio.recipe_parts import (
    AMOUNT_MAX,
    SEED_MAX,
    Blend,
    Kinds,
    Mask,
    Mix,
    Residual,
    Seed,
    Source,
    Style,
    Taught,
)

__all__ = [
    "AMOUNT_MAX",
    "SEED_MAX",
    "Blend",
    "Kinds",
    "Mask",
    "Mix",
    "Patch",
    "Recipe",
    "Residual",
    "Seed",
    "Source",
    "Style",
    "Taught",
    "read_json",
]

FORMAT = 1
TEXT_LIMIT = 256 * 1024
DEFAULT_VARIETY = 0.8
VARIETY_MAX = 1.5
SIZE_RANGE = (16, 4096)

_KEYS = (
    "format",
    "model",
    "fingerprint",
    "source",
    "variety",
    "kinds",
    "directions",
    "taught",
    "mix",
    "patches",
    "residual",
    "size",
)
_INNER_KEYS = tuple(key for key in _KEYS if key not in ("patches", "size"))


@dataclass(frozen=True)
class Patch:
    """Another recipe, blended in latents where ``mask`` is bright."""

    mask: Mask
    recipe: Recipe


@dataclass(frozen=True)
class Recipe:
    """All that is needed to make a work again.

    ``kinds`` are what its seeds shall be, (name, weight) pairs sorted by name,
    without zeros; where there are none, each seed is of its own kind. ``directions``
    are (name, amount) pairs sorted by name, without zeros, amounts
    in standard deviations (-10 to 10). ``taught`` are the steps of those among them
    that are no words of the model but were taught by a person: the work carries them,
    so that it can be made again anywhere. ``size`` is (height, width) of the picture
    to deliver, None for the model's own.
    """

    model: str
    fingerprint: str
    source: Source
    variety: float = DEFAULT_VARIETY
    directions: tuple[tuple[str, float], ...] = ()
    mix: tuple[Mix, ...] = ()
    patches: tuple[Patch, ...] = ()
    residual: Residual | None = None
    size: tuple[int, int] | None = None
    kinds: Kinds = ()
    taught: Taught = ()

    def __post_init__(self) -> None:
        # One order, and no amounts that do nothing: equal works then have equal
        # recipes and add their directions up in the same order, to the last bit.
        for name in ("directions", "kinds"):
            amounts = dict(getattr(self, name))
            pairs = sorted((n, a) for n, a in amounts.items() if a != 0)
            object.__setattr__(self, name, tuple(pairs))
        used = sorted((n, s) for n, s in dict(self.taught).items() if n in self.amounts)
        object.__setattr__(self, "taught", tuple(used))

    @property
    def amounts(self) -> dict[str, float]:
        """The amounts along directions by name, in standard deviations."""
        return dict(self.directions)

    @classmethod
    def from_json(cls, text: str | bytes) -> Recipe:
        """Read a recipe from at most 256 KiB of JSON. Raises RecipeError."""
        return cls.from_dict(read_json(text))

    @classmethod
    def from_dict(cls, data: object) -> Recipe:
        """Check ``data`` (parsed JSON) and return its recipe. Raises RecipeError."""
        return _read_recipe(fields.an_object(data, "recipe"), "", _KEYS)

    @staticmethod
    def parse_seed(text: str) -> int:
        """Return the seed that a person typed: decimal digits, 0 to 2^32 - 1.

        Raises InputError for anything else; a seed is never rounded or wrapped.
        """
        digits = text.strip()
        # Far too many digits would be refused by int itself with another error.
        if not re.fullmatch(r"[0-9]{1,20}", digits) or int(digits) > SEED_MAX:
            raise InputError("seed_range", value=text, high=SEED_MAX)
        return int(digits)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this recipe, without what is at its default."""
        found: dict[str, Any] = {
            "format": FORMAT,
            "model": self.model,
            "fingerprint": self.fingerprint,
            "source": parts.source_to_dict(self.source),
        }
        if self.variety != DEFAULT_VARIETY:
            found["variety"] = self.variety
        if self.kinds:
            found["kinds"] = dict(self.kinds)
        if self.directions:
            found["directions"] = self.amounts
        if self.taught:
            steps = {name: parts.step_to_text(step) for name, step in self.taught}
            found["taught"] = steps
        if self.mix:
            found["mix"] = [parts.mix_to_dict(mix) for mix in self.mix]
        if self.patches:
            found["patches"] = [_patch_to_dict(patch) for patch in self.patches]
        if self.residual is not None:
            found["residual"] = parts.residual_to_dict(self.residual)
        if self.size is not None:
            found["size"] = list(self.size)
        return found

    def to_json(self) -> str:
        """Return this recipe as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def with_seed(self, seed: int) -> Recipe:
        """Return this recipe grown from another seed."""
        return replace(self, source=Seed(seed))

    def with_direction(self, name: str, amount: float) -> Recipe:
        """Return this recipe with ``amount`` along the direction ``name``."""
        amounts = {**self.amounts, name: amount}
        return replace(self, directions=tuple(amounts.items()))

    def with_taught(self, name: str, amount: float, step: bytes) -> Recipe:
        """Return this recipe with ``amount`` of a taught word, in place of another."""
        amounts, taught = {**self.amounts, name: amount}, {**dict(self.taught)}
        taught[name] = step
        pairs = tuple(amounts.items()), tuple(taught.items())
        return replace(self, directions=pairs[0], taught=pairs[1])

    def with_variety(self, variety: float) -> Recipe:
        """Return this recipe with another variety (0 to 1.5)."""
        return replace(self, variety=variety)

    def with_size(self, size: tuple[int, int] | None) -> Recipe:
        """Return this recipe delivered at ``size`` (height, width), None: its own."""
        return replace(self, size=size)


def read_json(text: str | bytes, limit: int = TEXT_LIMIT) -> object:
    """Parse JSON of at most ``limit`` characters, without NaN or Infinity.

    Raises RecipeError.
    """
    if len(text) > limit:
        raise RecipeError("recipe_too_long", limit=limit // 1024)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise RecipeError("recipe_not_json_at", **place) from None
    except (ValueError, RecursionError):
        # Bytes that are not UTF-8, integers of thousands of digits, deep nesting.
        raise RecipeError("recipe_not_json") from None


def _refuse_constant(name: str) -> float:
    raise RecipeError("recipe_not_finite", value=name)


def _read_recipe(data: dict[str, Any], path: str, keys: tuple[str, ...]) -> Recipe:
    _check_format(data)
    for name in data:
        if name in _KEYS and name not in keys:
            raise RecipeError("recipe_patch_field", field=name)
    fields.check_keys(data, path, keys, ("format", "model", "fingerprint", "source"))
    return Recipe(
        model=fields.a_model_name(data["model"]),
        fingerprint=fields.a_fingerprint(data["fingerprint"]),
        source=parts.read_source(data["source"], f"{path}source"),
        variety=fields.a_number(
            data.get("variety", DEFAULT_VARIETY), f"{path}variety", 0, VARIETY_MAX
        ),
        kinds=parts.read_kinds(data.get("kinds", {}), f"{path}kinds"),
        directions=parts.read_directions(
            data.get("directions", {}), f"{path}directions"
        ),
        taught=parts.read_taught(data.get("taught", {}), f"{path}taught"),
        mix=tuple(
            parts.read_mix(item, f"{path}mix[{index}]")
            for index, item in enumerate(
                fields.a_list(data.get("mix", []), f"{path}mix", 0, 8)
            )
        ),
        patches=tuple(
            _read_patch(item, f"patches[{index}]")
            for index, item in enumerate(
                fields.a_list(data.get("patches", []), "patches", 0, 8)
            )
        ),
        residual=parts.read_residual(data.get("residual"), f"{path}residual"),
        size=_read_size(data.get("size")),
    )


def _check_format(data: dict[str, Any]) -> None:
    # First of all, because a newer format may have any other field.
    version = data.get("format")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise RecipeError("recipe_no_format", known=FORMAT)
    if version > FORMAT:
        raise RecipeError("recipe_newer", format=version, known=FORMAT)


def _read_patch(value: object, path: str) -> Patch:
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("mask", "recipe"), ("mask", "recipe"))
    mask = parts.read_mask(data["mask"], f"{path}.mask")
    inner = fields.an_object(data["recipe"], f"{path}.recipe")
    return Patch(mask, _read_recipe(inner, f"{path}.recipe.", _INNER_KEYS))


def _read_size(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    height, width = (
        fields.an_integer(side, "size", *SIZE_RANGE)
        for side in fields.a_list(value, "size", 2, 2)
    )
    return height, width


def _patch_to_dict(patch: Patch) -> dict[str, Any]:
    return {
        "mask": parts.mask_to_dict(patch.mask),
        "recipe": patch.recipe.to_dict(),
    }
