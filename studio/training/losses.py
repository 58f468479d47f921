"""Losses as small pure functions; none knows a network's shape."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """Give the relativistic pairing loss of logits [N] (Eq. 2, arXiv:2501.05441).

    The discriminator calls it with (real, fake), the generator with (fake, real).
    """
    return F.softplus(loser - winner).mean()


def difference_penalty(
    judge: Callable[[Tensor], Tensor], x: Tensor, noise: Tensor, sigma: float
) -> Tensor:
    """Estimate the squared gradient of `judge` at x, mean over samples.

    ((D(x + sigma e) - D(x)) / sigma)^2 for e ~ N(0, 1) has the expectation
    |grad D|^2, the zero-centred R1 and R2 of arXiv:1801.04406, without a second
    backward pass. fp32: the difference of two near logits drowns in bf16.
    """
    with torch.autocast(x.device.type, enabled=False):
        n = len(x)
        x = x.float()
        logits = judge(torch.cat([x, x + sigma * noise])).float()
        return ((logits[n:] - logits[:n]) / sigma).square().mean()


def reconstruction(made: Tensor, real: Tensor, scales: int = 3) -> Tensor:
    """Give L1 at full size plus half of L1 at each coarser scale, pixels [N,3,H,W]."""
    loss = (made - real).abs().mean()
    for _ in range(scales - 1):
        made, real = F.avg_pool2d(made, 2), F.avg_pool2d(real, 2)
        loss = loss + 0.5 * (made - real).abs().mean()
    return loss


def grid(pixels: Tensor, cell: int) -> Tensor:
    """Give how far the cells that pixels [N,3,H,W] were decoded from show in them.

    Fine detail of all cells, each brought to the same strength, is laid one over
    another: a faint mark in a sky shows as much as a strong one in a wood. In a picture
    no place within a cell has a mark of its own, nor more detail than the others: both
    the mean, for each picture, and the unevenness of the variance are near 0.
    """
    detail = pixels - F.avg_pool2d(pixels, 5, 1, 2, count_include_pad=False)
    n, c, h, w = detail.shape
    cells = detail.reshape(n, c, h // cell, cell, w // cell, cell)
    power = cells.square().mean(dim=(1, 3, 5), keepdim=True)
    cells = cells / (power + 1e-5).sqrt()
    marks = cells.mean(dim=(2, 4)).square().mean()
    places = cells.square().mean(dim=(0, 1, 2, 4))  # [cell, cell]
    return marks + (places / (places.mean() + 1e-5) - 1).square().mean()


def optimal_likelihood(made: Tensor, real: Tensor) -> Tensor:
    """Give -log p(real | made) in nats a sample, at the best common deviation.

    D/2 log MSE, up to a constant, D being the numbers of a sample: the deviation
    that fits best replaces a weight that somebody would have to find
    (Eq. 7 and 8, arXiv:2006.13202).
    """
    numbers = made[0].numel()
    return 0.5 * numbers * (made - real).square().mean().clamp_min(1e-8).log()


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Give KL(q || N(0, 1)) in nats per latent number (Eq. 10, arXiv:1312.6114)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
