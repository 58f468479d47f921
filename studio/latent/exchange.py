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


TOGETHER = 16  # works that are synthesised in one go


@torch.no_grad()
def exchange(
    model: Model, reader: Reader, form: np.ndarray, paint: np.ndarray
) -> np.ndarray:
    """Give the w [layers,D] with the composition of one w and the paint of another.

    Several at once where either is [N,layers,D].
    """
    form, paint = form.astype(np.float32), paint.astype(np.float32)
    placed, painted = (_synthesise(model, w) for w in (form, paint))
    shift = reader.turn(_repaint(placed, painted) - placed).numpy()
    coarse = np.arange(model.layers) < (model.layers + 1) // 2
    return np.where(coarse[:, None], form + shift[..., None, :], paint)


def _repaint(latents: Tensor, like: Tensor) -> Tensor:
    """Give latents [...,C,h,w] the mean and spread each channel has in others."""
    mean, spread = _measure(latents)
    other, width = _measure(like)
    return (latents - mean) / spread.clamp_min(LEAST) * width + other


def _measure(latents: Tensor) -> tuple[Tensor, Tensor]:
    return (
        latents.mean(dim=(-2, -1), keepdim=True),
        latents.std(dim=(-2, -1), keepdim=True),
    )


def _synthesise(model: Model, w: np.ndarray) -> Tensor:
    """Give the latents [...,C,h,w] of w [...,layers,D]."""
    styles = torch.from_numpy(w.reshape(-1, *w.shape[-2:]))
    made = [model.generator.synthesise(part) for part in styles.split(TOGETHER)]
    latents = torch.cat(made)
    return latents.view(*w.shape[:-2], *latents.shape[1:])
