"""Residual discriminator on latents, without normalisation (arXiv:2501.05441)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.blocks import he_conv, he_linear, leaky, leaky_


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Shape of a discriminator; it halves down to `base` with these widths."""

    latent_channels: int = 16
    base: tuple[int, int] = (4, 4)
    widths: tuple[int, ...] = (128, 192, 256)  # fine to coarse, one a level
    kinds: int = 0  # labels that it is told


def halve(x: Tensor) -> Tensor:
    """Halve height and width, rounding up."""
    return F.avg_pool2d(x, 2, ceil_mode=True)


class Halving(nn.Module):
    """Residual block that halves height and width, rounding up."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = he_conv(inputs, inputs)
        self.second = he_conv(inputs, outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)
        nn.init.normal_(self.skip.weight, std=1 / math.sqrt(inputs))

    def forward(self, x: Tensor) -> Tensor:
        y = halve(leaky_(self.second(leaky_(self.first(x)))))
        return (y + self.skip(halve(x))) / math.sqrt(2)


def batch_deviation(x: Tensor, group: int = 4) -> Tensor:
    """Append one channel: how much samples of a group differ (arXiv:1710.10196)."""
    n, _, h, w = x.shape
    group = math.gcd(n, group)
    # neighbours form a group, so that reals and fakes judged together never mix
    grouped = x.reshape(n // group, group, *x.shape[1:])
    deviation = (grouped.var(dim=1, unbiased=False) + 1e-8).sqrt()
    mean = deviation.mean(dim=(1, 2, 3)).repeat_interleave(group)  # [N]
    return torch.cat([x, mean[:, None, None, None].expand(n, 1, h, w)], dim=1)


class Discriminator(nn.Module):
    """Latents [N,C,h,w], and of what kinds [N,kinds] they are, to a logit each, [N].

    A kind is judged by a projection of its own (Eq. 3, arXiv:1802.05637). What the
    last layer hears is multiplied by ``loud`` [N,W], if given: dropout.
    """

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = he_conv(config.latent_channels, widths[0], 1)
        self.halvings = nn.Sequential(
            *(Halving(a, b) for a, b in itertools.pairwise(widths))
        )
        self.last = he_conv(widths[-1] + 1, widths[-1])
        cells = config.base[0] * config.base[1]
        self.hidden = he_linear(widths[-1] * cells, widths[-1])
        self.judge = he_linear(widths[-1], 1, gain=1.0)
        if config.kinds:
            self.kinds = nn.Linear(config.kinds, widths[-1], bias=False)
            nn.init.normal_(self.kinds.weight, std=1 / math.sqrt(widths[-1]))

    def forward(
        self,
        latents: Tensor,
        kinds: Tensor | None = None,
        loud: Tensor | None = None,
    ) -> Tensor:
        x = self.halvings(leaky(self.stem(latents)))
        x = leaky(self.last(batch_deviation(x)))
        x = leaky(self.hidden(x.flatten(1)))
        x = x if loud is None else x * loud
        logits = self.judge(x).squeeze(1)
        return logits if kinds is None else logits + (x * self.kinds(kinds)).sum(dim=1)
