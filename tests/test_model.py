"""From a recipe to pixels: the same ones, for every way to ask."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.errors import RecipeError
from studio.model import Model
from studio.recipe import Blend, Mask, Mix, Patch, Recipe, Residual, Seed, Source, Style
from studio.seeds import blend_z, seeds_to_z


def gap(one: np.ndarray, other: np.ndarray) -> int:
    """The largest difference of two pictures, in bytes."""
    assert one.shape == other.shape and one.dtype == other.dtype == np.uint8
    return int(np.abs(one.astype(int) - other).max())


def full(value: int, height: int = 4, width: int = 4) -> Mask:
    return Mask(height, width, bytes([value]) * (height * width))


def residual(model: Model, amount: float, scale: float = 1.0) -> Residual:
    shape = model.latent_shape
    numbers = np.random.default_rng(0).normal(0, scale, shape).astype("<f2")
    return Residual(shape, numbers.tobytes(), amount)


def rich(model: Model) -> Recipe:
    """A recipe with everything that a recipe can have, but for a size."""
    inner = replace(model.recipe(12), residual=residual(model, 0.3))
    return Recipe(
        model.name,
        model.fingerprint,
        Blend(((7, 0.25), (8, 0.75))),
        variety=0.9,
        directions=((model.directions[0].name, 1.5), (model.directions[1].name, -0.5)),
        mix=(Mix((1,), Seed(9), 0.5),),
        patches=(Patch(Mask(1, 2, bytes([0, 255])), inner),),
        residual=residual(model, 0.5),
    )


# -- the same pixels --------------------------------------------------------------


def test_canonical_pixels_are_the_same_for_every_opening(
    tiny_checkpoint: Path,
) -> None:
    names = ("tiny", str(tiny_checkpoint), "tiny")
    models = [Model.open(name) for name in names]
    for make in (lambda m: m.recipe(7), rich):
        pictures = [model.render_canonical(make(model)) for model in models]
        assert pictures[0].shape == (32, 32, 3) and pictures[0].dtype == np.uint8
        assert all(np.array_equal(pictures[0], other) for other in pictures)


def test_canonical_pixels_hang_on_nothing_rendered_before(tiny_model: Model) -> None:
    fresh = Model.open("tiny").render_canonical(rich(tiny_model))
    tiny_model.render([tiny_model.recipe(seed) for seed in (7, 8, 12, 9)])
    tiny_model.style(rich(tiny_model))
    tiny_model.render_canonical(tiny_model.recipe(8).with_variety(1.5))
    assert np.array_equal(tiny_model.render_canonical(rich(tiny_model)), fresh)


def test_canonical_pixels_hang_on_no_number_of_threads(tiny_model: Model) -> None:
    alone = tiny_model.render_canonical(rich(tiny_model))
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        shared = Model.open("tiny").render_canonical(rich(tiny_model))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(alone, shared)


def test_the_cache_of_styles_forgets_without_a_trace(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.model.CACHED_STYLES", 2)
    first = [tiny_model.render_canonical(tiny_model.recipe(i)) for i in range(5)]
    again = [tiny_model.render_canonical(tiny_model.recipe(i)) for i in range(5)]
    assert all(map(np.array_equal, first, again))


def test_a_batch_is_within_one_byte_of_the_canonical_pixels(
    tiny_model: Model,
) -> None:
    recipes = [tiny_model.recipe(seed) for seed in range(6)]
    recipes.insert(3, rich(tiny_model))
    recipes.append(replace(tiny_model.recipe(4), patches=rich(tiny_model).patches))
    together = tiny_model.render(recipes)
    assert together.shape == (8, 32, 32, 3)
    for picture, recipe in zip(together, recipes, strict=True):
        assert gap(picture, tiny_model.render_canonical(recipe)) <= 1


def test_spare_threads_are_left_and_given_back(tiny_model: Model) -> None:
    recipes = [tiny_model.recipe(seed) for seed in range(9)]
    before = torch.get_num_threads()
    frugal = tiny_model.render(recipes, spare_threads=64)
    assert torch.get_num_threads() == before
    assert abs(frugal.astype(int) - tiny_model.render(recipes)).max() <= 1


def test_rendering_leaves_the_weights_as_they_are(tiny_model: Model) -> None:
    before = {k: v.clone() for k, v in tiny_model.generator.state_dict().items()}
    tiny_model.render_canonical(rich(tiny_model))
    after = tiny_model.generator.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


# -- sources and variety ----------------------------------------------------------


def test_sixteen_seeds_are_sixteen_pictures(tiny_model: Model) -> None:
    pictures = tiny_model.render([tiny_model.recipe(seed) for seed in range(16)])
    for one, other in itertools.combinations(pictures, 2):
        assert gap(one, other) > 8


def test_without_variety_all_seeds_are_the_average_work(tiny_model: Model) -> None:
    pictures = [
        tiny_model.render_canonical(tiny_model.recipe(seed).with_variety(0))
        for seed in (0, 7, 2**32 - 1)
    ]
    assert all(np.array_equal(pictures[0], other) for other in pictures)


def test_variety_scales_the_way_from_the_average(tiny_model: Model) -> None:
    mean = tiny_model.generator.w_mean.numpy()
    full = tiny_model.style(tiny_model.recipe(7).with_variety(1)) - mean
    for variety in (0.0, 0.5, 1.5):
        style = tiny_model.style(tiny_model.recipe(7).with_variety(variety))
        np.testing.assert_allclose(style - mean, variety * full, atol=1e-5)


def test_a_blend_of_one_seed_is_that_seed(tiny_model: Model) -> None:
    plain = tiny_model.recipe(7)
    for weight in (1.0, 0.3):
        blended = replace(plain, source=Blend(((7, weight),)))
        assert np.array_equal(
            tiny_model.render_canonical(blended), tiny_model.render_canonical(plain)
        )


def test_a_blend_maps_the_blended_z(tiny_model: Model) -> None:
    pairs = ((7, 0.25), (8, 0.5), (9, 0.25))
    z = blend_z(pairs, tiny_model.z_dim)
    ratio = np.linalg.norm(z) / np.linalg.norm(seeds_to_z([7], tiny_model.z_dim))
    assert 0.5 < ratio < 2  # as long as one seed's, where a mean would be 0.6 of it
    w = tiny_model.generator.mapping(torch.from_numpy(z)[None]).detach().numpy()
    recipe = replace(tiny_model.recipe(0), source=Blend(pairs), variety=1.0)
    np.testing.assert_allclose(tiny_model.style(recipe)[0], w[0], atol=1e-5)


@pytest.mark.parametrize("make", [lambda m: m.recipe(7), rich])
def test_the_final_w_fed_back_makes_the_same_picture(
    tiny_model: Model, make: Callable[[Model], Recipe]
) -> None:
    recipe = replace(make(tiny_model), patches=(), residual=None)
    style = tiny_model.style(recipe)
    assert style.shape == (tiny_model.layers, tiny_model.w_dim)
    assert style.dtype == np.float32
    rows = tuple(map(tuple, style.tolist()))
    again = Recipe(tiny_model.name, tiny_model.fingerprint, Style(rows), variety=1.0)
    one, other = map(tiny_model.render_canonical, (recipe, again))
    assert gap(one, other) <= 1


def test_one_row_of_w_serves_every_layer(tiny_model: Model) -> None:
    row = tuple(tiny_model.map_seeds([7])[0].tolist())
    plain = tiny_model.recipe(7)
    for rows in ((row,), (row,) * tiny_model.layers):
        recipe = replace(plain, source=Style(rows))
        assert gap(*map(tiny_model.render_canonical, (plain, recipe))) <= 1


# -- directions and mixes ---------------------------------------------------------


def test_every_direction_moves_the_picture_both_ways(tiny_model: Model) -> None:
    plain = tiny_model.recipe(7)
    base = tiny_model.render_canonical(plain)
    for direction in tiny_model.directions:
        ways = [
            tiny_model.render_canonical(plain.with_direction(direction.name, amount))
            for amount in (-3, 3)
        ]
        assert gap(ways[0], base) > 2 and gap(ways[1], base) > 2
        assert gap(*ways) > 2


def test_an_amount_of_zero_does_nothing(tiny_model: Model) -> None:
    plain = tiny_model.recipe(7)
    name = tiny_model.directions[0].name
    moved = plain.with_direction(name, 2.0)
    back = moved.with_direction(name, 0.0)
    assert back == plain
    explicit = replace(plain, directions=((name, 1e-12),))
    base = tiny_model.render_canonical(plain)
    assert np.array_equal(tiny_model.render_canonical(back), base)
    assert np.array_equal(tiny_model.render_canonical(explicit), base)


def test_an_amount_is_in_standard_deviations(tiny_model: Model) -> None:
    plain, direction = tiny_model.recipe(7), tiny_model.directions[0]
    moved = tiny_model.style(plain.with_direction(direction.name, 2.0))
    expected = tiny_model.style(plain) + 2 * direction.sigma * direction.rows
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_a_mix_takes_its_layers_and_no_others(tiny_model: Model) -> None:
    one, other = tiny_model.recipe(7), tiny_model.recipe(8)
    mixed = replace(one, mix=(Mix((1,), Seed(8)),))
    style = tiny_model.style(mixed)
    np.testing.assert_array_equal(style[0], tiny_model.style(one)[0])
    np.testing.assert_allclose(style[1], tiny_model.style(other)[1], atol=1e-6)
    half = tiny_model.style(replace(one, mix=(Mix((1,), Seed(8), 0.5),)))
    between = (tiny_model.style(one)[1] + tiny_model.style(other)[1]) / 2
    np.testing.assert_allclose(half[1], between, atol=1e-5)


def test_a_mix_of_all_layers_is_the_other_work(tiny_model: Model) -> None:
    layers = tuple(range(tiny_model.layers))
    mixed = replace(tiny_model.recipe(7), mix=(Mix(layers, Seed(8)),))
    other = tiny_model.recipe(8)
    assert gap(*map(tiny_model.render_canonical, (mixed, other))) <= 1


def test_later_mixes_win(tiny_model: Model) -> None:
    plain = tiny_model.recipe(7)
    both = replace(plain, mix=(Mix((0,), Seed(8)), Mix((0,), Seed(9))))
    last = replace(plain, mix=(Mix((0,), Seed(9)),))
    np.testing.assert_allclose(tiny_model.style(both), tiny_model.style(last))


# -- patches, residuals, size -----------------------------------------------------


def test_a_full_mask_is_the_other_work_and_an_empty_one_is_none(
    tiny_model: Model,
) -> None:
    base, other = tiny_model.recipe(7), tiny_model.recipe(8)
    for value, expected in ((0, base), (255, other)):
        patched = replace(base, patches=(Patch(full(value), other),))
        assert gap(*map(tiny_model.render_canonical, (patched, expected))) <= 1


def test_a_patch_changes_most_where_its_mask_is_bright(tiny_model: Model) -> None:
    base, other = tiny_model.recipe(7), tiny_model.recipe(8)
    theirs = tiny_model.render_canonical(base).astype(int)
    cells = bytes([255] * 4 + [0] * 12)  # the uppermost row of cells, or the lowest
    for mask, bright, dark in (
        (Mask(4, 4, cells), slice(0, 6), slice(26, 32)),
        (Mask(4, 4, cells[::-1]), slice(26, 32), slice(0, 6)),
    ):
        patched = replace(base, patches=(Patch(mask, other),))
        change = np.abs(tiny_model.render_canonical(patched) - theirs)
        assert change[bright].mean() > 2 * change[dark].mean()


def test_later_patches_lie_on_earlier_ones(tiny_model: Model) -> None:
    base = tiny_model.recipe(7)
    under, over = tiny_model.recipe(8), tiny_model.recipe(9)
    patched = replace(base, patches=(Patch(full(255), under), Patch(full(255), over)))
    assert gap(*map(tiny_model.render_canonical, (patched, over))) <= 1


def test_patches_in_a_batch_stay_with_their_works(tiny_model: Model) -> None:
    base = tiny_model.recipe(7)

    def patched(*seeds: int) -> Recipe:
        patches = tuple(Patch(full(128), tiny_model.recipe(seed)) for seed in seeds)
        return replace(base, patches=patches)

    recipes = [patched(1), base, patched(2, 3), patched(), patched(4)]
    for picture, recipe in zip(tiny_model.render(recipes), recipes, strict=True):
        assert gap(picture, tiny_model.render_canonical(recipe)) <= 1


def test_masks_of_any_size_are_fitted_to_the_latents(tiny_model: Model) -> None:
    base, other = tiny_model.recipe(7), tiny_model.recipe(8)
    for height, width in ((1, 1), (64, 64), (3, 50)):
        patched = replace(base, patches=(Patch(full(255, height, width), other),))
        assert gap(*map(tiny_model.render_canonical, (patched, other))) <= 1


def test_a_residual_is_added_by_its_amount(tiny_model: Model) -> None:
    plain = tiny_model.recipe(7)
    base = tiny_model.render_canonical(plain)
    steps = []
    for amount in (0.0, 0.5, 1.0):
        recipe = replace(plain, residual=residual(tiny_model, amount, scale=0.3))
        steps.append(gap(tiny_model.render_canonical(recipe), base))
    assert steps[0] == 0 < steps[1] < steps[2]


def test_a_residual_can_carry_any_latents(tiny_model: Model) -> None:
    with torch.inference_mode():
        ours, theirs = (
            tiny_model.generator.synthesise(torch.from_numpy(tiny_model.style(r))[None])
            for r in (tiny_model.recipe(7), tiny_model.recipe(8))
        )
    numbers = (theirs - ours)[0].numpy().astype("<f2")
    carried = Residual(tiny_model.latent_shape, numbers.tobytes(), 1.0)
    recipe = replace(tiny_model.recipe(7), residual=carried)
    assert gap(*map(tiny_model.render_canonical, (recipe, tiny_model.recipe(8)))) <= 2


@pytest.mark.parametrize("size", [(64, 64), (16, 16), (48, 20), (32, 32)])
def test_size_is_resampling_alone(tiny_model: Model, size: tuple[int, int]) -> None:
    plain = tiny_model.recipe(7)
    own = tiny_model.render_canonical(plain)
    sized = tiny_model.render_canonical(plain.with_size(size))
    assert sized.shape == (*size, 3)
    expected = Image.fromarray(own).resize(size[::-1], Image.Resampling.LANCZOS)
    assert np.array_equal(sized, np.asarray(expected))
    assert tiny_model.render([plain.with_size(size)]).shape == (1, 32, 32, 3)


# -- what does not fit ------------------------------------------------------------


def test_a_recipe_for_another_model_or_state_is_refused(tiny_model: Model) -> None:
    plain = tiny_model.recipe(7)
    for other in (replace(plain, model="else"), replace(plain, fingerprint="0" * 16)):
        patched = replace(plain, patches=(Patch(full(9), other),))
        for recipe in (other, patched):
            with pytest.raises(RecipeError) as caught:
                tiny_model.render_canonical(recipe)
            assert caught.value.code == "recipe_model_changed"


def wrong_style(rows: int, length: int) -> Style:
    return Style(((0.5,) * length,) * rows)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"directions": (("warmth", 1.0),)}, "recipe_direction"),
        ({"mix": (Mix((0, 2), Seed(1)),)}, "recipe_layer"),
        ({"mix": (Mix((0,), wrong_style(1, 3)),)}, "recipe_style"),
        ({"source": wrong_style(1, 15)}, "recipe_style"),
        ({"source": wrong_style(2, 17)}, "recipe_style"),
        ({"source": wrong_style(3, 16)}, "recipe_style"),
        ({"residual": Residual((4, 4, 5), bytes(160), 0.5)}, "recipe_residual"),
        ({"residual": Residual((1, 4, 4), bytes(32), 0.0)}, "recipe_residual"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(
    tiny_model: Model, change: dict[str, object], code: str
) -> None:
    recipe = replace(tiny_model.recipe(7), **change)
    inside = replace(tiny_model.recipe(7), patches=(Patch(full(9), recipe),))
    for attempt in (recipe, inside):
        for ask in (
            tiny_model.check,
            tiny_model.style,
            tiny_model.render_canonical,
            lambda r: tiny_model.render([tiny_model.recipe(1), r]),
        ):
            with pytest.raises(RecipeError) as caught:
                ask(attempt)
            assert caught.value.code == code


def test_a_recipe_survives_json_and_renders_the_same(tiny_model: Model) -> None:
    recipe = rich(tiny_model)
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert np.array_equal(*map(tiny_model.render_canonical, (recipe, again)))


@pytest.mark.parametrize(
    "source",
    [Style(((1e6,) * 16,)), Style(((-1e6,) * 16,) * 2), Style(((0.0,) * 16,))],
)
def test_extreme_numbers_still_make_a_picture(
    tiny_model: Model, source: Source
) -> None:
    recipe = replace(tiny_model.recipe(7), source=source, variety=1.5)
    assert tiny_model.render_canonical(recipe).shape == (32, 32, 3)
