"""What a work keeps of a picture: latents beside those that the generator makes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.recipe import Recipe, Residual

YIELD = 1.0  # half is left where latents changed by 0.7 of their variance


def numbers_of(residual: Residual) -> Tensor:
    """Give the latents [C,h,w] that a residual adds, as much as its amount says."""
    numbers = np.frombuffer(residual.data, dtype="<f2").astype(np.float32)
    return residual.amount * torch.from_numpy(numbers.reshape(residual.shape))


def moves(recipe: Recipe) -> bool:
    """Tell whether what a recipe keeps of a picture shall yield to what it asks for."""
    asked = recipe.mix or any(recipe.amounts.values())
    return recipe.residual is not None and recipe.residual.yields and bool(asked)


def unmoved(recipe: Recipe) -> Recipe:
    """Give the recipe without directions and mixes."""
    return replace(recipe, directions=(), mix=())


def alike(made: Tensor, before: Tensor) -> Tensor:
    """Tell where latents [C,h,w] are as they were: [1,h,w], 1 where nothing changed.

    What changes everywhere alike, as brighter light does, leaves forms in their places
    and is not counted.
    """
    change = made - before
    change = change - change.mean(dim=(1, 2), keepdim=True)
    share = change.square().mean(dim=0, keepdim=True) / before.var().clamp_min(1e-6)
    around = F.avg_pool2d(share[None], 3, 1, padding=1, count_include_pad=False)[0]
    return torch.exp(-YIELD * around)
