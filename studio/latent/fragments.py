"""Fragments become a picture: pieces on an empty board, completed by the model.

What a piece covers is what is seen of a picture (`reading.py`); the model dreams the
rest in one pass. What it dreams of the pieces themselves is off, and that is put back
as a residual, which fades where a piece ends.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.latent.inversion import encode, read, to_recipe
from studio.latent.reading import Reader
from studio.model import Model
from studio.recipe import Recipe

FAITHFUL = 0.9  # pieces were chosen for what they are
HALF = 0.5  # a cell that is covered by less tells nothing
# Fields a side whose colours run into what is empty, for the autoencoder sees beyond
# a cell's edge: far around roughly, near a piece by what is near.
SPREAD = (2, 4, 16)


def complete(
    model: Model,
    reader: Reader,
    board: np.ndarray,
    chance: int | None = None,
    faithful: float = FAITHFUL,
) -> Recipe:
    """Give the recipe of a work around the pieces of a board.

    `board` uint8 [H,W,4] is at the model's resolution; alpha says what is covered.
    With `chance`, a seed, another work that is as likely.
    """
    cover = torch.from_numpy(board[..., 3].astype(np.float32) / 255)  # [H,W]
    seen = cells_of(cover, model)
    latents = encode(model, _fill(board[..., :3], cover))
    reading = read(model, reader, latents, seen, chance)
    return to_recipe(model, reading, faithful, seen)


def cells_of(cover: Tensor, model: Model) -> Tensor:
    """Tell how much of each cell a cover [H,W], 0 to 1, lets be seen: [h,w], 0 to 1."""
    share = F.adaptive_avg_pool2d(cover[None, None], model.latent_shape[1:])[0, 0]
    return ((share - HALF) / (1 - HALF)).clamp(0, 1)


def _fill(picture: np.ndarray, cover: Tensor) -> np.ndarray:
    """Let the colours of a picture [H,W,3] run into what is not covered."""
    pixels = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    weight = cover[None, None]
    size = pixels.shape[2:]
    filled = (pixels * weight).sum(dim=(2, 3)) / weight.sum().clamp_min(1e-3)
    if not weight.any():
        filled = torch.full_like(filled, 127.5)
    filled = filled[..., None, None].expand_as(pixels)
    for cells in SPREAD:
        around = F.adaptive_avg_pool2d(weight, cells)
        colour = F.adaptive_avg_pool2d(pixels * weight, cells)
        colour = colour / around.clamp_min(1e-3)
        big = F.interpolate(torch.cat([colour, around], 1), size, mode="bilinear")
        near = (4 * big[:, 3:]).clamp(0, 1)
        filled = filled * (1 - near) + big[:, :3] * near
    whole = pixels * weight + filled * (1 - weight)
    return whole[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()
