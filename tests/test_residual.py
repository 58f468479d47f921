"""What a work keeps of a picture gives way where it is asked for something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from studio.model import Model
from studio.recipe import Recipe, Residual
from studio.residual import alike


def residual(model: Model, amount: float) -> Residual:
    shape = model.latent_shape
    numbers = np.random.default_rng(0).normal(0, 1, shape).astype("<f2")
    return Residual(shape, numbers.tobytes(), amount)


def test_a_residual_yields_where_a_move_changes_the_work(tiny_model: Model) -> None:
    kept = replace(residual(tiny_model, 0.7), yields=True)
    plain = tiny_model.recipe(7)
    name = tiny_model.directions[0].name

    def latents(recipe: Recipe) -> torch.Tensor:
        with torch.no_grad():
            return tiny_model._latents([recipe])[0]

    def shown(asked: Recipe, rest: Residual) -> torch.Tensor:
        """What is seen of the residual in a work that is asked for."""
        return latents(replace(asked, residual=rest)) - latents(asked)

    whole = shown(plain, replace(kept, yields=False))
    assert torch.allclose(shown(plain, kept), whole, atol=1e-5)
    little, much = (plain.with_direction(name, by) for by in (0.5, 3.0))
    sizes = [float(shown(asked, kept).norm()) for asked in (plain, little, much)]
    assert sizes == sorted(sizes, reverse=True) and sizes[2] < 0.9 * sizes[0]
    # as it was before, for works that were saved then
    assert torch.allclose(shown(much, replace(kept, yields=False)), whole, atol=1e-5)


def test_light_that_changes_everywhere_leaves_a_residual_whole() -> None:
    before = torch.randn(4, 6, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(alike(before + 5, before), torch.ones(1, 6, 8), atol=1e-4)
    moved = before.clone()
    moved[:, :, :3] += torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(1))
    left = alike(moved, before)[0]
    assert left[:, 0].max() < 0.6 and left[:, 5:].min() > 0.9
