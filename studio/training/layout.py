"""Gives every sample a layout of its own: z says where what lies, and latents obey.

A generator against judges may answer most z with a few compositions: each is a fair
picture, and no judge of single ones minds. Here the first numbers of z name the layout
outright, and it is read back from what was made, as InfoGAN does (Eq. 5 and 6,
arXiv:1606.03657). What reads it is not learnt, so that it cannot agree with the
generator on marks nobody sees: it is principal components of real latents, coarsely,
each with unit variance. Over pictures these are nearly independent and normal (kurtosis
3.1 to 5 on paintings), as z is: drawing z draws layouts as pictures have them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CELLS = 7  # a side in which a layout is described, at most
NUMBERS = 48  # of z that name it


class Layout(nn.Module):
    """Reads the layout of latents; learns once from those of pictures how."""

    mean: Tensor
    basis: Tensor

    def __init__(self, latents: Tensor, z_dim: int) -> None:
        """Take real latents [N,C,h,w], any float type; `z_dim` bounds the numbers."""
        super().__init__()
        cells = coarsen(latents.float())
        mean = cells.mean(dim=0)
        power, basis = torch.linalg.eigh((cells - mean).T @ (cells - mean) / len(cells))
        numbers = min(NUMBERS, z_dim // 2, basis.shape[1])
        power, basis = power.flip(0)[:numbers], basis.flip(1)[:, :numbers]
        # eigenvectors come with either sign; runs on other machines shall agree
        heaviest = basis.abs().argmax(dim=0, keepdim=True)
        basis = basis * basis.gather(0, heaviest).sign()
        self.register_buffer("mean", mean)
        self.register_buffer("basis", basis / power.clamp_min(1e-8).sqrt())

    def read(self, latents: Tensor) -> Tensor:
        """Give the layouts [N,numbers] of latents [N,C,h,w]: unit variance each."""
        return (coarsen(latents) - self.mean) @ self.basis

    def forward(self, latents: Tensor, z: Tensor) -> Tensor:
        """Give how far each of latents [N,C,h,w] is from the layout of z: [N].

        Mean square over its numbers: about 2 where they are unrelated.
        """
        numbers = self.basis.shape[1]
        z = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        return (self.read(latents) - z[:, :numbers]).square().mean(dim=1)


def coarsen(latents: Tensor) -> Tensor:
    """Average latents [N,C,h,w] to at most CELLS a side, as vectors."""
    height, width = latents.shape[2:]
    cells = min(height, CELLS), min(width, CELLS)
    return F.adaptive_avg_pool2d(latents, cells).flatten(1)
