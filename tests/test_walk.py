"""Walks: evenly from work to work, closed where they loop, whatever a work holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.errors import InputError, RecipeError
from studio.latent.walk import (
    MOST,
    Keyframe,
    Walk,
    ease,
    measured,
    walk_along,
    walk_around,
    walk_through,
)
from studio.model import Model
from studio.recipe import Mask, Patch, Recipe, Residual


def frames(model: Model, walk: Walk, count: int) -> np.ndarray:
    recipes = [walk.recipe_at(walk.seconds * i / count) for i in range(count)]
    return model.render(recipes).astype(float)


def steps(pictures: np.ndarray) -> np.ndarray:
    """How much each picture differs from the next, the last from the first."""
    return np.abs(np.roll(pictures, -1, axis=0) - pictures).mean(axis=(1, 2, 3))


def keyframes(model: Model, *seeds: int, easing: str = "smooth") -> list[Keyframe]:
    return [Keyframe(model.recipe(seed), 2.0, easing) for seed in seeds]


def test_a_walk_passes_its_works_at_their_times(tiny_model: Model) -> None:
    first = tiny_model.recipe(1).with_direction(tiny_model.directions[0].name, 1.5)
    works = [Keyframe(first, 2.0), *keyframes(tiny_model, 5, 9)]
    walk = walk_through(tiny_model, works, loop=False)
    assert walk.seconds == 4.0 and walk.starts == [0.0, 2.0, 4.0]
    for time, keyframe in zip(walk.starts, works, strict=True):
        there = tiny_model.style(walk.recipe_at(time))
        assert np.allclose(there, tiny_model.style(keyframe.recipe), atol=1e-5)
    assert walk.recipe_at(99.0) == walk.recipe_at(4.0)


def test_a_loop_has_no_seam_and_no_walk_jumps(tiny_model: Model) -> None:
    walk = measured(
        tiny_model, walk_through(tiny_model, keyframes(tiny_model, 1, 5, 9, 12), True)
    ).paced(8)
    gone = steps(frames(tiny_model, walk, 96))
    assert gone.max() < 3 * np.median(gone)
    assert gone[-1] < 1.5 * max(gone[-2], gone[0])


def test_a_drift_around_a_work_is_even_closed_and_begins_in_it(
    tiny_model: Model,
) -> None:
    recipe = tiny_model.recipe(3)
    walk = measured(tiny_model, walk_around(tiny_model, recipe, 10)).paced(10)
    start = tiny_model.style(walk.recipe_at(0))
    assert np.allclose(start, tiny_model.style(recipe), atol=1e-5)
    gone = steps(frames(tiny_model, walk, 64))
    assert gone.min() > 0 and gone.max() < 2 * np.median(gone)


def test_a_way_along_a_word_goes_to_both_sides(tiny_model: Model) -> None:
    direction = tiny_model.directions[0]
    recipe = tiny_model.recipe(3).with_direction(direction.name, 0.5)
    walk = walk_along(tiny_model, recipe, {direction.name: 2.0}, 8)
    here = tiny_model.style(recipe)
    unit = direction.rows / np.linalg.norm(direction.rows)
    way = [
        float(((tiny_model.style(walk.recipe_at(t)) - here) * unit).sum())
        for t in (0, 4)
    ]
    assert way[0] < 0 < way[1]
    with pytest.raises(RecipeError):
        walk_along(tiny_model, recipe, {"nothing": 1.0}, 8)


def test_steps_are_evened_out_by_what_is_seen_to_change(tiny_model: Model) -> None:
    plain = walk_through(
        tiny_model, keyframes(tiny_model, 1, 5, easing="linear"), False
    )
    linear = measured(tiny_model, plain)

    def spread(walk: Walk) -> float:
        gone = steps(frames(tiny_model, walk, 48))[:-1]
        return float(gone.max() / gone.min())

    assert spread(linear) < spread(plain)


def test_works_far_apart_get_more_time(tiny_model: Model) -> None:
    near = tiny_model.recipe(1)
    close = near.with_direction(tiny_model.directions[0].name, 0.1)
    works = [Keyframe(recipe, 2.0) for recipe in (near, close, tiny_model.recipe(9))]
    walk = measured(tiny_model, walk_through(tiny_model, works, True))
    short, *longer = (stop.keyframe.seconds for stop in walk.paced(9).stops)
    assert short < min(longer) and walk.paced(9).seconds == pytest.approx(9)
    calm = [stop.keyframe.seconds for stop in walk.calmed().stops]
    assert min(calm) == 2.0 and calm[0] == 2.0


def test_easings_begin_and_end_where_they_should() -> None:
    for easing in ("linear", "smooth", "hold"):
        gone = [ease(share, easing) for share in np.linspace(0, 1, 21)]
        assert gone[0] == 0 and gone[-1] == 1 and gone == sorted(gone)
    assert ease(0.5, "hold") == 0 and ease(0.5, "smooth") == 0.5


def test_patches_and_residuals_melt_into_each_other(tiny_model: Model) -> None:
    mask = Mask(1, 2, bytes([0, 255]))
    plain = tiny_model.recipe(1)
    grafted = replace(plain, patches=(Patch(mask, tiny_model.recipe(2)),))
    numbers = np.full(tiny_model.latent_shape, 0.5, "<f2").tobytes()
    faithful = replace(plain, residual=Residual(tiny_model.latent_shape, numbers, 0.8))
    works = [Keyframe(recipe, 1.0) for recipe in (plain, grafted, faithful)]
    walk = walk_through(tiny_model, works, loop=True)
    for time, recipe in zip(walk.starts, (plain, grafted, faithful), strict=True):
        shown = tiny_model.render([walk.recipe_at(time)])[0].astype(int)
        assert np.abs(shown - tiny_model.render([recipe])[0]).max() <= 2
    gone = steps(frames(tiny_model, walk, 60))
    assert gone.max() < 4 * gone.mean()
    same = walk_through(tiny_model, [Keyframe(grafted, 1.0)] * 2, True)
    assert same.recipe_at(0.5).patches == grafted.patches


def test_one_work_is_drifted_around_and_many_are_a_walk(tiny_model: Model) -> None:
    alone = walk_through(tiny_model, keyframes(tiny_model, 4), False)
    assert alone.loop and alone.seconds == pytest.approx(2.0)
    many = [Keyframe(tiny_model.recipe(seed), 0.5) for seed in range(MOST)]
    walk = walk_through(tiny_model, many, True)
    assert walk.seconds == pytest.approx(MOST / 2)


@pytest.mark.parametrize(
    ("count", "code"), [(0, "film_empty"), (MOST + 1, "film_long")]
)
def test_none_and_too_many_are_refused(
    tiny_model: Model, count: int, code: str
) -> None:
    with pytest.raises(InputError) as refused:
        walk_through(tiny_model, keyframes(tiny_model, *[1] * count), True)
    assert refused.value.code == code


def test_works_of_two_models_are_refused(tiny_model: Model) -> None:
    other: Recipe = replace(tiny_model.recipe(1), model="elsewhere")
    with pytest.raises(InputError) as refused:
        works = [*keyframes(tiny_model, 1), Keyframe(other)]
        walk_through(tiny_model, works, True)
    assert refused.value.code == "film_models"
