"""The document: all that is needed to make a work again, checked at the door.

Values here are frozen and plain: no torch, no numpy. What can be known without a
model is checked by ``Recipe.from_dict``; what depends on the model (a direction it
does not have, the length of a w) is checked by ``Model``.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from studio import recipe_fields as fields
from studio.errors import InputError, RecipeError

FORMAT = 1
SEED_MAX = 2**32 - 1
TEXT_LIMIT = 256 * 1024
DEFAULT_VARIETY = 0.8
VARIETY_MAX = 1.5
AMOUNT_MAX = 10.0
SIZE_RANGE = (16, 4096)

_KEYS = (
    "format",
    "model",
    "fingerprint",
    "source",
    "variety",
    "directions",
    "mix",
    "patches",
    "residual",
    "size",
)
_INNER_KEYS = tuple(key for key in _KEYS if key not in ("patches", "size"))


@dataclass(frozen=True)
class Seed:
    """One point of z: ``seed`` is an integer from 0 to 2^32 - 1."""

    seed: int


@dataclass(frozen=True)
class Blend:
    """Several seeds at once: 1 to 16 pairs of seed and weight (0 to 1, sum > 0)."""

    pairs: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Style:
    """An explicit w: one row of w_dim numbers, or one row a layer."""

    rows: tuple[tuple[float, ...], ...]


Source = Seed | Blend | Style


@dataclass(frozen=True)
class Mix:
    """A style mix: ``layers`` take their w from ``source`` by ``amount`` (0 to 1)."""

    layers: tuple[int, ...]
    source: Source
    amount: float = 1.0


@dataclass(frozen=True)
class Mask:
    """A grey mask of ``height`` x ``width`` (1 to 64); ``data`` is a byte a cell."""

    height: int
    width: int
    data: bytes


@dataclass(frozen=True)
class Patch:
    """Another recipe, blended in latents where ``mask`` is bright."""

    mask: Mask
    recipe: Recipe


@dataclass(frozen=True)
class Residual:
    """What latents the generator misses: little-endian float16 of ``shape``.

    ``shape`` is (channels, height, width); ``amount`` goes from 0, dreamt, to 1,
    faithful.
    """

    shape: tuple[int, int, int]
    data: bytes
    amount: float


@dataclass(frozen=True)
class Recipe:
    """All that is needed to make a work again.

    ``directions`` are (name, amount) pairs sorted by name, without zeros, amounts
    in standard deviations (-10 to 10). ``size`` is (height, width) of the picture
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

    def __post_init__(self) -> None:
        # One order, and no amounts that do nothing: equal works then have equal
        # recipes and add their directions up in the same order, to the last bit.
        pairs = sorted((n, a) for n, a in dict(self.directions).items() if a != 0)
        object.__setattr__(self, "directions", tuple(pairs))

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
            "source": _source_to_dict(self.source),
        }
        if self.variety != DEFAULT_VARIETY:
            found["variety"] = self.variety
        if self.directions:
            found["directions"] = self.amounts
        if self.mix:
            found["mix"] = [_mix_to_dict(mix) for mix in self.mix]
        if self.patches:
            found["patches"] = [_patch_to_dict(patch) for patch in self.patches]
        if self.residual is not None:
            found["residual"] = _residual_to_dict(self.residual)
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
        source=_read_source(data["source"], f"{path}source"),
        variety=fields.a_number(
            data.get("variety", DEFAULT_VARIETY), f"{path}variety", 0, VARIETY_MAX
        ),
        directions=_read_directions(data.get("directions", {}), f"{path}directions"),
        mix=tuple(
            _read_mix(item, f"{path}mix[{index}]")
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
        residual=_read_residual(data.get("residual"), f"{path}residual"),
        size=_read_size(data.get("size")),
    )


def _check_format(data: dict[str, Any]) -> None:
    # First of all, because a newer format may have any other field.
    version = data.get("format")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise RecipeError("recipe_no_format", known=FORMAT)
    if version > FORMAT:
        raise RecipeError("recipe_newer", format=version, known=FORMAT)


def _read_seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RecipeError("seed_range", value=value, high=SEED_MAX)
    if not 0 <= value <= SEED_MAX:
        raise RecipeError("seed_range", value=value, high=SEED_MAX)
    return value


def _read_source(value: object, path: str) -> Source:
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("seed", "blend", "w"), ())
    if len(data) != 1:
        raise RecipeError("recipe_source", field=path)
    if "seed" in data:
        return Seed(_read_seed(data["seed"]))
    if "blend" in data:
        return _read_blend(data["blend"], f"{path}.blend")
    return Style(fields.a_table(data["w"], f"{path}.w"))


def _read_blend(value: object, path: str) -> Blend:
    pairs = []
    for index, item in enumerate(fields.a_list(value, path, 1, 16)):
        seed, weight = fields.a_list(item, f"{path}[{index}]", 2, 2)
        number = fields.a_number(weight, f"{path}[{index}][1]", 0, 1)
        pairs.append((_read_seed(seed), number))
    if not sum(weight for _, weight in pairs) > 0:
        raise RecipeError("recipe_empty_blend")
    return Blend(tuple(pairs))


def _read_directions(value: object, path: str) -> tuple[tuple[str, float], ...]:
    data = fields.an_object(value, path)
    if len(data) > 64:
        raise RecipeError("recipe_list", field=path, low=0, high=64)
    return tuple(
        (fields.a_name(name, path), _read_amount(amount, f"{path}.{name[:32]}"))
        for name, amount in data.items()
    )


def _read_amount(value: object, path: str) -> float:
    return fields.a_number(value, path, -AMOUNT_MAX, AMOUNT_MAX)


def _read_mix(value: object, path: str) -> Mix:
    data = fields.an_object(value, path)
    keys = ("layers", "source", "amount")
    fields.check_keys(data, f"{path}.", keys, ("layers", "source"))
    layers = tuple(
        fields.an_integer(layer, f"{path}.layers", 0, 63)
        for layer in fields.a_list(data["layers"], f"{path}.layers", 1, 64)
    )
    for index, layer in enumerate(layers):
        if layer in layers[:index]:
            raise RecipeError("recipe_twice", field=f"{path}.layers", value=layer)
    source = _read_source(data["source"], f"{path}.source")
    amount = fields.a_number(data.get("amount", 1.0), f"{path}.amount", 0, 1)
    return Mix(layers, source, amount)


def _read_patch(value: object, path: str) -> Patch:
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("mask", "recipe"), ("mask", "recipe"))
    mask = _read_mask(data["mask"], f"{path}.mask")
    inner = fields.an_object(data["recipe"], f"{path}.recipe")
    return Patch(mask, _read_recipe(inner, f"{path}.recipe.", _INNER_KEYS))


def _read_mask(value: object, path: str) -> Mask:
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("h", "w", "data"), ("h", "w", "data"))
    height = fields.an_integer(data["h"], f"{path}.h", 1, 64)
    width = fields.an_integer(data["w"], f"{path}.w", 1, 64)
    return Mask(
        height, width, fields.some_bytes(data["data"], f"{path}.data", height * width)
    )


def _read_residual(value: object, path: str) -> Residual | None:
    if value is None:
        return None
    data = fields.an_object(value, path)
    keys = ("shape", "data", "amount")
    fields.check_keys(data, f"{path}.", keys, keys)
    sides = fields.a_list(data["shape"], f"{path}.shape", 3, 3)
    depth, height, width = (
        fields.an_integer(side, f"{path}.shape", 1, 128) for side in sides
    )
    content = fields.some_halves(data["data"], f"{path}.data", depth * height * width)
    amount = fields.a_number(data["amount"], f"{path}.amount", 0, 1)
    return Residual((depth, height, width), content, amount)


def _read_size(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    height, width = (
        fields.an_integer(side, "size", *SIZE_RANGE)
        for side in fields.a_list(value, "size", 2, 2)
    )
    return height, width


def _source_to_dict(source: Source) -> dict[str, Any]:
    if isinstance(source, Seed):
        return {"seed": source.seed}
    if isinstance(source, Blend):
        return {"blend": [list(pair) for pair in source.pairs]}
    return {"w": [list(row) for row in source.rows]}


def _mix_to_dict(mix: Mix) -> dict[str, Any]:
    found: dict[str, Any] = {
        "layers": list(mix.layers),
        "source": _source_to_dict(mix.source),
    }
    return found if mix.amount == 1 else {**found, "amount": mix.amount}


def _patch_to_dict(patch: Patch) -> dict[str, Any]:
    mask = patch.mask
    text = base64.b64encode(mask.data).decode("ascii")
    return {
        "mask": {"h": mask.height, "w": mask.width, "data": text},
        "recipe": patch.recipe.to_dict(),
    }


def _residual_to_dict(residual: Residual) -> dict[str, Any]:
    return {
        "shape": list(residual.shape),
        "data": base64.b64encode(residual.data).decode("ascii"),
        "amount": residual.amount,
    }
