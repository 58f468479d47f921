"""One work's composition in another work's palette and brush.

Layers alone do not part them: a generator that plans its coarsest cells has colours
and places in the same layer. So a palette is moved as what it is, the mean and the
spread of each channel over the cells (adaptive instance normalisation, Eq. 8,
arXiv:1703.06868), here of latents, and then read back as a w. The finer half of the
layers, which paints, is the other work's own.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.latent.reading import Reader
from studio.model import Model

LEAST = 1e-3  # of a channel's spread


@torch.no_grad()
def exchange(
    model: Model, reader: Reader, form: np.ndarray, paint: np.ndarray
) -> np.ndarray:
    """Give the w [layers,D] with the composition of one w and the paint of another."""
    placed, painted = (_synthesise(model, w) for w in (form, paint))
    wanted = _repaint(placed, painted)
    shift = reader.read(wanted) - reader.read(placed)
    made = paint.copy()
    coarse = (model.layers + 1) // 2
    made[:coarse] = form[:coarse] + shift.numpy()
    return made


def _repaint(latents: Tensor, like: Tensor) -> Tensor:
    """Give latents [C,h,w] the mean and spread that each channel has in others."""
    mean, spread = _measure(latents)
    other, width = _measure(like)
    return (latents - mean) / spread.clamp_min(LEAST) * width + other


def _measure(latents: Tensor) -> tuple[Tensor, Tensor]:
    return (
        latents.mean(dim=(1, 2), keepdim=True),
        latents.std(dim=(1, 2), keepdim=True),
    )


def _synthesise(model: Model, w: np.ndarray) -> Tensor:
    made: Tensor = model.generator.synthesise(torch.from_numpy(w)[None])[0]
    return made
