"""What a recipe is made of: sources, mixes, masks and residuals.

Each part has its value, the reader that checks it, and its way back to JSON. The
readers raise RecipeError; ``path`` names the field in the sentence.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from studio import recipe_fields as fields
from studio.errors import RecipeError

SEED_MAX = 2**32 - 1
AMOUNT_MAX = 10.0
TAUGHT_MAX = 16  # words


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
Kinds = tuple[tuple[str, float], ...]  # names and weights, 0 to 1
Taught = tuple[tuple[str, bytes], ...]  # names, and what +1 adds to a row of w


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
class Residual:
    """What latents the generator misses: little-endian float16 of ``shape``.

    ``shape`` is (channels, height, width); ``amount`` goes from 0, dreamt, to 1,
    faithful. One that ``yields`` fades where directions and mixes change the work.
    """

    shape: tuple[int, int, int]
    data: bytes
    amount: float
    yields: bool = False


def _read_seed(value: object) -> int:
    if type(value) is not int or not 0 <= value <= SEED_MAX:
        told = value if isinstance(value, str) else fields.as_written(value)
        raise RecipeError("seed_range", value=told, high=SEED_MAX)
    return value


def read_source(value: object, path: str) -> Source:
    """Return the source that ``value`` describes: seed, blend or explicit w."""
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
    # Smaller sums would vanish once squared, and the blend be divided by zero.
    if not sum(weight for _, weight in pairs) > 1e-6:
        raise RecipeError("recipe_empty_blend")
    return Blend(tuple(pairs))


def read_directions(value: object, path: str) -> tuple[tuple[str, float], ...]:
    """Return at most 64 (name, amount) pairs, amounts from -10 to 10."""
    data = fields.an_object(value, path)
    if len(data) > 64:
        raise RecipeError("recipe_list", field=path, low=0, high=64)
    return tuple(
        (fields.a_name(name, path), _read_amount(amount, f"{path}.{name[:32]}"))
        for name, amount in data.items()
    )


def read_kinds(value: object, path: str) -> Kinds:
    """Return at most 16 (name, weight) pairs, weights from 0 to 1, not all 0."""
    data = fields.an_object(value, path)
    if len(data) > 16:
        raise RecipeError("recipe_list", field=path, low=0, high=16)
    pairs = tuple(
        (
            fields.a_name(name, path),
            fields.a_number(weight, f"{path}.{name[:32]}", 0, 1),
        )
        for name, weight in data.items()
    )
    if pairs and not sum(weight for _, weight in pairs) > 1e-6:
        raise RecipeError("recipe_no_kind")
    return pairs


def read_taught(value: object, path: str) -> Taught:
    """Return at most 16 (name, step) pairs: words that somebody taught, with their w.

    A step is what an amount of 1 adds to every row of w: little-endian float16 of at
    most 4,096 finite numbers, in base64.
    """
    data = fields.an_object(value, path)
    if len(data) > TAUGHT_MAX:
        raise RecipeError("recipe_list", field=path, low=0, high=TAUGHT_MAX)
    return tuple(
        (fields.a_name(name, path), read_step(step, f"{path}.{name[:32]}"))
        for name, step in data.items()
    )


def read_step(value: object, path: str) -> bytes:
    """Return the bytes of a step: 1 to 4,096 finite float16 in base64."""
    text = value if isinstance(value, str) else ""
    count = len(text.rstrip("=")) * 3 // 4 // 2
    if not 0 < count <= fields.W_COLUMNS:
        raise RecipeError("recipe_step", field=path, high=fields.W_COLUMNS)
    return fields.some_halves(value, path, count)


def step_to_text(step: bytes) -> str:
    """Return a step as :func:`read_step` takes it."""
    return base64.b64encode(step).decode("ascii")


def _read_amount(value: object, path: str) -> float:
    return fields.a_number(value, path, -AMOUNT_MAX, AMOUNT_MAX)


def read_mix(value: object, path: str) -> Mix:
    """Return one style mix: 1 to 64 different layers, a source, an amount."""
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
    source = read_source(data["source"], f"{path}.source")
    amount = fields.a_number(data.get("amount", 1.0), f"{path}.amount", 0, 1)
    return Mix(layers, source, amount)


def read_mask(value: object, path: str) -> Mask:
    """Return a mask of at most 64 x 64 bytes."""
    data = fields.an_object(value, path)
    fields.check_keys(data, f"{path}.", ("h", "w", "data"), ("h", "w", "data"))
    height = fields.an_integer(data["h"], f"{path}.h", 1, 64)
    width = fields.an_integer(data["w"], f"{path}.w", 1, 64)
    return Mask(
        height, width, fields.some_bytes(data["data"], f"{path}.data", height * width)
    )


def read_residual(value: object, path: str) -> Residual | None:
    """Return a residual of at most 65,536 finite numbers; None for none."""
    if value is None:
        return None
    data = fields.an_object(value, path)
    keys = ("shape", "data", "amount")
    fields.check_keys(data, f"{path}.", (*keys, "yields"), keys)
    sides = fields.a_list(data["shape"], f"{path}.shape", 3, 3)
    depth, height, width = (
        fields.an_integer(side, f"{path}.shape", 1, 128) for side in sides
    )
    content = fields.some_halves(data["data"], f"{path}.data", depth * height * width)
    amount = fields.a_number(data["amount"], f"{path}.amount", 0, 1)
    yields = fields.a_truth(data.get("yields", False), f"{path}.yields")
    return Residual((depth, height, width), content, amount, yields)


def source_to_dict(source: Source) -> dict[str, Any]:
    """Return the JSON object of a source."""
    if isinstance(source, Seed):
        return {"seed": source.seed}
    if isinstance(source, Blend):
        return {"blend": [list(pair) for pair in source.pairs]}
    return {"w": [list(row) for row in source.rows]}


def mix_to_dict(mix: Mix) -> dict[str, Any]:
    """Return the JSON object of a style mix."""
    found: dict[str, Any] = {
        "layers": list(mix.layers),
        "source": source_to_dict(mix.source),
    }
    return found if mix.amount == 1 else {**found, "amount": mix.amount}


def residual_to_dict(residual: Residual) -> dict[str, Any]:
    """Return the JSON object of a residual."""
    found: dict[str, Any] = {
        "shape": list(residual.shape),
        "data": base64.b64encode(residual.data).decode("ascii"),
        "amount": residual.amount,
    }
    return {**found, "yields": True} if residual.yields else found


def mask_to_dict(mask: Mask) -> dict[str, Any]:
    """Return the JSON object of a mask."""
    text = base64.b64encode(mask.data).decode("ascii")
    return {"h": mask.height, "w": mask.width, "data": text}
