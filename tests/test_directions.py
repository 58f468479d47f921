"""Directions found in a model mean what their numbers say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.direction import Direction
from studio.evaluation.properties import PROPERTIES, measure_properties
from studio.latent.directions import candidates, discover, principal_components
from studio.model import Model


@pytest.fixture(scope="module")
def found(tiny_checkpoint: Path) -> tuple[Direction, ...]:
    return discover(Model.open(str(tiny_checkpoint)), count=6, samples=512, probes=16)


def test_directions_are_named_in_the_order_of_their_change(
    found: tuple[Direction, ...],
) -> None:
    assert [d.name for d in found] == [f"pca-{i:02d}" for i in range(1, 7)]
    changes = [d.change for d in found]
    assert changes == sorted(changes, reverse=True) and changes[-1] > 0


def test_rows_are_of_unit_length_and_at_right_angles(
    found: tuple[Direction, ...], tiny_model: Model
) -> None:
    for direction in found:
        assert direction.rows.shape == (tiny_model.layers, tiny_model.w_dim)
        assert direction.rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(direction.rows, axis=1), 1, rtol=1e-5)
        assert direction.sigma > 0 and set(direction.effects) == set(PROPERTIES)
    vectors = np.stack([direction.rows[0] for direction in found])
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(6), atol=1e-5)


def test_sigma_is_the_spread_of_w_along_the_direction(
    found: tuple[Direction, ...], tiny_model: Model
) -> None:
    w = tiny_model.map_seeds(range(512))
    for direction in found:
        along = w @ direction.rows[0]
        assert along.std() == pytest.approx(direction.sigma, rel=0.01)


def test_the_same_model_has_the_same_directions(
    found: tuple[Direction, ...], tiny_model: Model
) -> None:
    again = discover(tiny_model, count=6, samples=512, probes=16)
    for one, other in zip(found, again, strict=True):
        assert replace(one, rows=None) == replace(other, rows=None)
        np.testing.assert_array_equal(one.rows, other.rows)


def test_a_model_made_of_them_renders_their_effects(
    tiny_model: Model, tmp_path: Path
) -> None:
    # on seeds that were not measured on, each clear effect has its sign and size
    tiny_model.write(tmp_path / "measured", discover(tiny_model, 6, 512, probes=48))
    model = Model.open(str(tmp_path / "measured"))
    recipes = [model.recipe(seed) for seed in range(1000, 1048)]
    base = measure_properties(model.render(recipes))
    checked = 0
    for direction in model.directions:
        ends = []
        for amount in (1.0, -1.0):
            moved = [r.with_direction(direction.name, amount) for r in recipes]
            ends.append(measure_properties(model.render(moved)))
        for name, effect in direction.effects.items():
            seen = (ends[0][name] - ends[1][name]).mean() / (2 * base[name].std())
            if abs(effect) > 0.3:
                assert 0.3 < seen / effect < 3, (direction.name, name, seen, effect)
                checked += 1
    assert checked >= 4


def test_more_directions_than_dimensions_are_not_invented(tiny_model: Model) -> None:
    found = discover(tiny_model, count=99, samples=64, probes=2)
    assert len(found) == tiny_model.w_dim


def test_numbers_that_name_a_layout_are_directions_as_they_are() -> None:
    rng = np.random.default_rng(0)
    w = rng.normal(size=(500, 10)) * ([1.0] * 4 + [3.0, 0.1, 2.0, 0.1, 0.1, 0.1])
    vectors, sigmas = candidates(w, 4, layout=4)
    np.testing.assert_array_equal(vectors[:2], np.eye(10)[:2])
    assert np.abs(vectors[2]).argmax() == 4 and np.abs(vectors[3]).argmax() == 6
    np.testing.assert_allclose(vectors[2:, :4], 0, atol=1e-6)
    np.testing.assert_allclose(sigmas, [1, 1, 3, 2], rtol=0.1)


def test_principal_components_find_the_axes_of_a_cloud() -> None:
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    cloud = rng.normal(size=(4000, 5)) * [5, 3, 1, 0.1, 0.01] @ axes + 7
    vectors, sigmas = principal_components(cloud, 3)
    np.testing.assert_allclose(sigmas, [5, 3, 1], rtol=0.05)
    np.testing.assert_allclose(np.abs(np.sum(vectors * axes[:3], axis=1)), 1, atol=0.01)
    largest = np.abs(vectors).argmax(axis=1)
    assert (vectors[range(3), largest] > 0).all()


def test_the_sign_of_a_component_does_not_hang_on_the_order_of_samples() -> None:
    cloud = np.random.default_rng(1).normal(size=(300, 4)) * [4, 3, 2, 1]
    one, _ = principal_components(cloud, 4)
    other, _ = principal_components(cloud[::-1], 4)
    np.testing.assert_allclose(one, other, atol=1e-6)
