"""Layouts as pictures have them, for the numbers of z that name where what lies.

A generator against judges may answer most z with a few compositions: each is a fair
picture, and no judge of single ones minds. So the first numbers of z name the layout
outright (as the codes of InfoGAN do, arXiv:1606.03657), and what they name is measured:
principal components of the latents of pictures, coarsely, each with its own strength.
Over pictures these are uncorrelated and nearly normal (kurtosis 3.1 to 5 on
paintings), as z is: drawing z draws layouts as there are.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.networks.generator import Generator, Sketch, normalise
from studio.training.kinds import Kinds

BORROWED = 0.75  # of the samples have the layout of the picture they are judged beside


def count_borrowed(batch: int) -> int:
    """Give how many samples of a batch, its first ones, borrow a layout."""
    return round(BORROWED * batch)


@torch.no_grad()
def measure_layouts(sketch: Sketch, latents: Tensor) -> None:
    """Learn the layouts of real latents [N,C,h,w], any float type."""
    coarse = F.adaptive_avg_pool2d(latents.float(), sketch.shape[1:]).flatten(1)
    mean = coarse.mean(dim=0)
    power, basis = torch.linalg.eigh((coarse - mean).T @ (coarse - mean) / len(coarse))
    numbers = len(sketch.parts)
    power, basis = power.flip(0)[:numbers], basis.flip(1)[:, :numbers]
    # eigenvectors come with either sign; runs on other machines shall agree
    heaviest = basis.abs().argmax(dim=0, keepdim=True)
    basis = basis * basis.gather(0, heaviest).sign()
    sketch.mean.copy_(mean.view_as(sketch.mean))
    parts = (basis * power.clamp_min(0).sqrt()).T
    sketch.parts.copy_(parts.reshape(sketch.parts.shape))


class Layouts:
    """What a generator's samples are asked for, beside real latents; false without.

    What is usual for a kind is taken away before a layout is read: were z to name the
    white plate of one kind and the dark sky of another, asking for a kind would be in
    vain.
    """

    def __init__(
        self, generator: Generator, latents: Tensor, kinds: Kinds | None
    ) -> None:
        """Measure real latents [N,C,h,w], of these kinds, unless that has been done."""
        self.generator = generator
        self.usual: Tensor | None = None  # [kinds+1,C,h,w], the last of those of none
        if self and kinds is not None:
            self.usual = _measure_usual(latents, kinds)
            latents = latents.float() - self.usual[kinds.of]
        if self and not generator.sketch.parts.any():
            measure_layouts(generator.sketch, latents)

    def __bool__(self) -> bool:
        return self.generator.config.layout > 0

    def read(self, latents: Tensor, kinds: Tensor | None) -> Tensor:
        """Give the layouts [N,numbers] of latents [N,C,h,w] of kinds [N,kinds]."""
        if self.usual is not None and kinds is not None:
            none = 1 - kinds.sum(dim=1, keepdim=True)
            shares, usual = torch.cat([kinds, none], dim=1), self.usual.to(kinds.device)
            latents = latents - torch.tensordot(shares, usual, dims=1)
        numbers: Tensor = self.generator.sketch.read(latents)
        return numbers

    @torch.no_grad()
    def borrow(self, z: Tensor, real: Tensor, kinds: Tensor | None) -> Tensor:
        """Give z [N,z_dim] with most layouts those of real latents [N,C,h,w], one each.

        Judges then compare two of one layout, and what tells them apart is how they are
        painted (as those of arXiv:2109.05070 compare two of one instance).
        """
        n = count_borrowed(len(z))
        numbers = self.read(real, kinds)
        z = z.clone()
        z[:n, : numbers.shape[1]] = numbers[:n]
        return z

    def stray(self, latents: Tensor, z: Tensor, kinds: Tensor | None) -> Tensor:
        """Give how far latents [N,C,h,w] are from the layouts of z [N,z_dim]; a scalar.

        Mean square over their numbers: 0 where obeyed, about 2 where not at all.
        """
        wanted = normalise(z)[:, : self.generator.config.layout]
        return (self.read(latents, kinds) - wanted).square().mean()


def _measure_usual(latents: Tensor, kinds: Kinds) -> Tensor:
    """Give how the mean of each kind differs from that of all: [kinds+1,C,h,w]."""
    each = [latents[kinds.of == kind] for kind in range(len(kinds.names))]
    none = latents[kinds.of < 0]
    each.append(none if len(none) else latents)
    means = torch.stack([x.float().mean(dim=0) for x in each])
    return means - latents.float().mean(dim=0)
