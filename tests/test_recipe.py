"""Recipes: what is kept, what is refused, and in which words."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import struct
from typing import Any

import pytest

from studio.errors import InputError, RecipeError
from studio.recipe import (
    Blend,
    Mask,
    Mix,
    Patch,
    Recipe,
    Residual,
    Seed,
    Style,
)

FINGERPRINT = "0123456789abcdef"


def plain(**changes: Any) -> dict[str, Any]:
    """Return the smallest recipe as JSON data, with changes."""
    data: dict[str, Any] = {
        "format": 1,
        "model": "landscapes",
        "fingerprint": FINGERPRINT,
        "source": {"seed": 7},
    }
    return {**data, **changes}


def halves(*values: float) -> str:
    """Return numbers as base64 of little-endian float16."""
    return base64.b64encode(struct.pack(f"<{len(values)}e", *values)).decode()


def full() -> dict[str, Any]:
    """Return a recipe that uses every field."""
    mask = {"h": 2, "w": 2, "data": base64.b64encode(bytes([0, 1, 128, 255])).decode()}
    return plain(
        source={"blend": [[7, 0.25], [8, 0.75]]},
        variety=0.5,
        directions={"pca-02": -1.0, "pca-01": 1.5},
        mix=[
            {"layers": [3, 4], "source": {"seed": 9}},
            {"layers": [0], "source": {"w": [[0.5, -0.5]]}, "amount": 0.25},
        ],
        patches=[{"mask": mask, "recipe": plain(directions={"日落": 2})}],
        residual={"shape": [1, 1, 2], "data": halves(0.5, -2), "amount": 0.5}
        | {"yields": True},
        size=[512, 384],
    )


def refusal(data: object) -> RecipeError:
    """Return the error that ``data`` is refused with."""
    with pytest.raises(RecipeError) as caught:
        Recipe.from_dict(data)
    sentence = str(caught.value)
    assert "\n" not in sentence and not re.search(r"\{\w+\}", sentence)
    assert len(sentence) < 500
    assert caught.value.say("zh") != sentence
    json.dumps(caught.value.as_dict(), allow_nan=False).encode()
    return caught.value


def test_a_recipe_survives_json_and_back() -> None:
    recipe = Recipe.from_dict(full())
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Recipe.from_json(recipe.to_json().encode()) == recipe
    assert hash(Recipe.from_json(recipe.to_json())) == hash(recipe)


def test_every_field_is_read() -> None:
    recipe = Recipe.from_dict(full())
    assert recipe.source == Blend(((7, 0.25), (8, 0.75)))
    assert recipe.variety == 0.5
    assert recipe.amounts == {"pca-01": 1.5, "pca-02": -1.0}
    assert recipe.mix == (
        Mix((3, 4), Seed(9), 1.0),
        Mix((0,), Style(((0.5, -0.5),)), 0.25),
    )
    inner = Recipe("landscapes", FINGERPRINT, Seed(7), directions=(("日落", 2.0),))
    assert recipe.patches == (Patch(Mask(2, 2, bytes([0, 1, 128, 255])), inner),)
    data = struct.pack("<2e", 0.5, -2)
    assert recipe.residual == Residual((1, 1, 2), data, 0.5, yields=True)
    assert recipe.size == (512, 384)


def test_only_what_differs_from_the_default_is_written() -> None:
    assert Recipe.from_dict(plain()).to_dict() == plain()
    assert Recipe.from_dict(plain(variety=0.8, mix=[])).to_dict() == plain()


def test_equal_works_have_equal_recipes() -> None:
    one = Recipe.from_dict(plain(directions={"a": 1, "b": 2, "c": 0}))
    other = Recipe.from_dict(plain(directions={"b": 2.0, "c": -0.0, "a": 1.0}))
    assert one == other and one.to_json() == other.to_json()


def test_a_recipe_cannot_be_changed_in_place() -> None:
    recipe = Recipe.from_dict(plain())
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.model = "other"  # type: ignore[misc]


def test_changes_give_new_recipes() -> None:
    recipe = Recipe.from_dict(plain())
    changed = recipe.with_seed(9).with_direction("a", 1).with_direction("b", 2)
    changed = changed.with_direction("a", 0).with_variety(1).with_size((32, 64))
    assert recipe == Recipe.from_dict(plain())
    assert changed == Recipe.from_dict(
        plain(source={"seed": 9}, directions={"b": 2}, variety=1, size=[32, 64])
    )


@pytest.mark.parametrize(
    "seed",
    [-1, 2**32, 2**64, 10**400, 1e308, 7.0, True, None, "x", "", "7", [7], {"a": 1}],
)
def test_a_seed_is_refused_and_never_wrapped(seed: object) -> None:
    assert refusal(plain(source={"seed": seed})).code == "seed_range"
    assert refusal(plain(source={"blend": [[seed, 1]]})).code == "seed_range"


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_all_whole_seeds_are_accepted(seed: int) -> None:
    assert Recipe.from_dict(plain(source={"seed": seed})).source == Seed(seed)
    assert Recipe.parse_seed(f" {seed} ") == seed


@pytest.mark.parametrize(
    "text",
    [
        *("-1", "4294967296", str(2**64), "1e308", "x", "", " ", "7.0", "٧", "1_0"),
        *("+7", "0x10", "1 2", "7\n8", "9" * 1_000_000, "x" * 1_000_000),
    ],
    ids=lambda text: text[:12],
)
def test_seed_text_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Recipe.parse_seed(text)
    assert caught.value.code == "seed_range"
    assert len(str(caught.value)) < 200 and "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    "field",
    ['"variety": %s', '"directions": {"a": %s}', '"source": {"w": [[0, %s]]}'],
)
def test_numbers_that_are_not_finite_are_refused(field: str, word: str) -> None:
    data = plain()
    if "source" in field:
        del data["source"]
    text = json.dumps(data)[:-1] + ", " + field % word + "}"
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(text)
    assert caught.value.code in ("recipe_not_finite", "recipe_number")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    "change",
    [
        lambda n: {"variety": n},
        lambda n: {"directions": {"a": n}},
        lambda n: {"source": {"blend": [[1, n]]}},
        lambda n: {"source": {"w": [[n]]}},
        lambda n: {"mix": [{"layers": [0], "source": {"seed": 1}, "amount": n}]},
        lambda n: {
            "residual": {"shape": [1, 1, 1], "data": halves(1), "amount": n},
        },
    ],
)
def test_nan_is_refused_in_every_field(change: Any, number: float) -> None:
    assert refusal(plain(**change(number))).code == "recipe_number"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_nan_in_a_residual_is_refused(number: float) -> None:
    residual = {"shape": [1, 1, 2], "data": halves(1, number), "amount": 1}
    assert refusal(plain(residual=residual)).code == "recipe_residual_nan"


MIX = {"layers": [0], "source": {"seed": 1}}
MASK = {"h": 1, "w": 1, "data": "AA=="}
WRONG = [
    ("variety", ["0.8", True, [1], -0.01, 1.51, 10**400, {}], "recipe_number"),
    ("directions", ["x", [], 7, [["a", 1]]], "recipe_object"),
    ("directions", [{"a": "1"}, {"a": None}, {"a": 10.01}], "recipe_number"),
    ("directions", [{"": 1}, {"a" * 65: 1}, {"a\n": 1}], "recipe_text"),
    ("directions", [{f"d{i}": 1 for i in range(65)}], "recipe_list"),
    ("source", [7, "seed", None, [], [{"seed": 7}]], "recipe_object"),
    ("source", [{}, {"seed": 7, "w": [[0.0]]}], "recipe_source"),
    (
        "source",
        [{"blend": []}, {"blend": [[7]]}, {"blend": [[7, 1, 1]]}],
        "recipe_list",
    ),
    ("source", [{"blend": [[i, 1] for i in range(17)]}], "recipe_list"),
    ("source", [{"blend": [[7, -0.1]]}, {"blend": [[7, 1.1]]}], "recipe_number"),
    (
        "source",
        [{"blend": [[7, 0], [8, 0]]}, {"blend": [[7, 1e-300]]}],
        "recipe_empty_blend",
    ),
    ("source", [{"w": []}, {"w": [[]]}, {"w": [0.5]}, {"w": "AAAA"}], "recipe_list"),
    ("source", [{"w": [[0.0], [0.0, 1.0]]}], "recipe_rows"),
    ("source", [{"w": [[0.0]] * 65}, {"w": [[0.0] * 4097]}], "recipe_list"),
    ("source", [{"w": [["0"]]}, {"w": [[True]]}, {"w": [[1e7]]}], "recipe_number"),
    ("mix", [{}, "x", 1, [MIX] * 9], "recipe_list"),
    ("mix", [["x"], [None]], "recipe_object"),
    ("mix", [[{**MIX, "layers": []}], [{**MIX, "layers": 3}]], "recipe_list"),
    ("mix", [[{**MIX, "layers": [-1]}], [{**MIX, "layers": [1.0]}]], "recipe_integer"),
    ("mix", [[{**MIX, "layers": [2, 2]}]], "recipe_twice"),
    ("mix", [[{**MIX, "amount": 1.01}], [{**MIX, "amount": "1"}]], "recipe_number"),
    ("mix", [[{"layers": [1]}]], "recipe_missing_field"),
    ("patches", [{}, [{"mask": MASK, "recipe": plain()}] * 9], "recipe_list"),
    ("patches", [[{"mask": MASK}], [{"recipe": plain()}]], "recipe_missing_field"),
    (
        "patches",
        [
            [{"mask": {**MASK, "data": data}, "recipe": plain()}]
            for data in ["", "AAA=", "====", "AAAA", "日日日日", 7, None, "A" * 10**6]
        ],
        "recipe_bytes",
    ),
    (
        "patches",
        [
            [{"mask": {**MASK, "h": side}, "recipe": plain()}]
            for side in [0, 65, -1, 10**400, 1.0, "1", True]
        ],
        "recipe_integer",
    ),
    (
        "patches",
        [
            [{"mask": MASK, "recipe": plain(patches=[])}],
            [{"mask": MASK, "recipe": plain(size=[64, 64])}],
        ],
        "recipe_patch_field",
    ),
    ("residual", [7, [], "x"], "recipe_object"),
    (
        "residual",
        [{"shape": [1, 1, 1], "data": halves(1), "amount": 1, "yields": 1}],
        "recipe_truth",
    ),
    (
        "residual",
        [{"shape": [1, 1], "data": halves(1), "amount": 1}],
        "recipe_list",
    ),
    (
        "residual",
        [{"shape": [1, 1, 2], "data": halves(1), "amount": 1}],
        "recipe_bytes",
    ),
    (
        "residual",
        [{"shape": [64, 128, 128], "data": halves(1), "amount": 1}],
        "recipe_residual_large",
    ),
    ("size", [[512], [512, 512, 3], "512x512", 512], "recipe_list"),
    ("size", [[15, 512], [512, 4097], [5e2, 512], [True, 64]], "recipe_integer"),
    ("model", ["", 7, None, "a" * 65, "a\nb", "\ud800", ["a"]], "recipe_text"),
    (
        "model",
        ["../x", "/etc", "a/b", "a\\b", "C:", ".", "..", ".x"],
        "recipe_model_name",
    ),
    (
        "fingerprint",
        ["", 7, None, "0" * 15, "0" * 17, "G" * 16, "0" * 15 + "\n", "x" * 10**6],
        "recipe_fingerprint",
    ),
]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [(field, value, code) for field, values, code in WRONG for value in values],
    ids=lambda part: str(part)[:40],
)
def test_wrong_types_lengths_and_ranges(field: str, value: object, code: str) -> None:
    assert refusal(plain(**{field: value})).code == code


@pytest.mark.parametrize("data", [None, 7, "x", [], [plain()], True])
def test_a_recipe_is_an_object(data: object) -> None:
    assert refusal(data).code == "recipe_object"


@pytest.mark.parametrize("field", ["model", "fingerprint", "source"])
def test_missing_fields_are_named(field: str) -> None:
    data = plain()
    del data[field]
    error = refusal(data)
    assert error.code == "recipe_missing_field" and field in str(error)


@pytest.mark.parametrize("version", [2, 3, 10**400])
def test_a_newer_format_is_refused_politely_before_anything_else(version: int) -> None:
    error = refusal({"format": version, "soul": "yes"})
    assert error.code == "recipe_newer" and "update" in str(error)


@pytest.mark.parametrize("version", [0, -1, "1", 1.0, True, None])
def test_a_recipe_without_a_real_format_is_refused(version: object) -> None:
    assert refusal(plain(format=version)).code == "recipe_no_format"


def test_unknown_fields_are_refused_with_the_nearest() -> None:
    error = refusal(plain(varity=1))
    assert error.code == "recipe_unknown_field_near"
    assert error.params == {"field": "varity", "near": "variety"}
    assert refusal(plain(zzz=1)).code == "recipe_unknown_field"
    error = refusal(plain(mix=[{**MIX, "layer": 1}]))
    assert error.params == {"field": "mix[0].layer", "near": "layers"}


@pytest.mark.parametrize(
    "change",
    [
        lambda big: {"model": big},
        lambda big: {"variety": big},
        lambda big: {"size": big},
        lambda big: {"fingerprint": big},
        lambda big: {"directions": {big: 1}},
        lambda big: {"source": {"seed": big}},
        lambda big: {"source": {big: 1}},
        lambda big: {big: 1},
    ],
)
def test_a_megabyte_never_comes_back(change: Any) -> None:
    big = "日" * 1_000_000
    refusal(plain(**change(big)))
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(json.dumps(plain(**change(big))))
    assert caught.value.code == "recipe_too_long"


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "{", "[" * 100_000, '{"a":' * 20_000, "9" * 10_000, "nul"),
        *('{"format": 1,}', b"\x80abc", b"\xff\xfe\x00{"),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_text_that_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(text)
    assert caught.value.code in (
        "recipe_not_json",
        "recipe_not_json_at",
        "recipe_object",
    )
