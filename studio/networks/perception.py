"""Judges of a pretrained network's feature maps (projected GANs, arXiv:2111.01007)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.blocks import freeze, he_conv, leaky_
from studio.networks.discriminator import batch_deviation

SMALLEST = 8  # cells a side: larger maps are halved before they are judged


def measure_channels(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and deviation of each channel of maps [N,C,h,w], both [1,C,1,1].

    A channel that is almost always silent must not become the loudest, so that no
    deviation is given as less than a tenth of their mean.
    """
    deviation = maps.std(dim=(0, 2, 3), keepdim=True)
    least = 0.1 * deviation.mean()
    return maps.mean(dim=(0, 2, 3), keepdim=True), deviation.clamp_min(least)


class Mixing(nn.Module):
    """Random and never trained: mixes channels, then scales from coarse to fine.

    Differentiable random projections (Sec. 3.2, arXiv:2111.01007): they keep a judge
    from resting on the few features that tell most. `settle` first: features of
    different channels are made comparable.
    """

    def __init__(self, channels: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.across = nn.ModuleList(he_conv(n, width, 1, gain=1.0) for n in channels)
        self.along = nn.ModuleList(he_conv(width, width, gain=1.0) for _ in channels)
        for i, count in enumerate(channels):
            self.register_buffer(f"mean{i}", torch.zeros(1, count, 1, 1))
            self.register_buffer(f"deviation{i}", torch.ones(1, count, 1, 1))
        freeze(self)

    @torch.no_grad()
    def settle(self, maps: list[Tensor]) -> None:
        """Take mean and deviation of each channel from maps of real pictures."""
        for i, x in enumerate(maps):
            mean, deviation = measure_channels(x)
            self.get_buffer(f"mean{i}").copy_(mean)
            self.get_buffer(f"deviation{i}").copy_(deviation)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Mix maps [N,C_i,h_i,w_i], fine to coarse, into maps [N,width,h_i,w_i]."""
        mixed: list[Tensor] = []
        for i in reversed(range(len(maps))):
            mean, deviation = (
                self.get_buffer(f"mean{i}"),
                self.get_buffer(f"deviation{i}"),
            )
            x = self.across[i]((maps[i] - mean) / deviation)
            if mixed:
                coarse = F.interpolate(mixed[0], size=x.shape[2:], mode="bilinear")
                x = (x + coarse) / math.sqrt(2)
            mixed.insert(0, self.along[i](x))
        return mixed


class MapJudge(nn.Module):
    """Mixed feature maps [N,C,h,w] to a logit for each place, [N,1,h',w']."""

    def __init__(self, width: int, halvings: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(halvings):
            layers += [he_conv_halving(width), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        # samples are compared too: without it all of them became one picture
        self.last = he_conv(width + 1, width)
        self.verdict = he_conv(width, 1, gain=1.0)

    def forward(self, x: Tensor) -> Tensor:
        x = batch_deviation(self.layers(x))
        return self.verdict(leaky_(self.last(x)))


def he_conv_halving(width: int) -> nn.Conv2d:
    """Make a convolution of unit output variance that halves height and width."""
    layer = nn.Conv2d(width, width, 4, stride=2, padding=1)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / (16 * width)))
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class FeatureJudge(nn.Module):
    """One judge for each scale of feature maps, behind random projections."""

    def __init__(
        self, channels: tuple[int, ...], sides: tuple[int, ...], width: int = 64
    ) -> None:
        """Take the channels and the side in cells of each map, fine to coarse."""
        super().__init__()
        self.mixing = Mixing(channels, width)
        halvings = (max(0, math.ceil(math.log2(s / SMALLEST))) for s in sides)
        self.judges = nn.ModuleList(MapJudge(width, n) for n in halvings)

    def forward(self, mixed: list[Tensor]) -> list[Tensor]:
        """Give the logits of mixed maps, one tensor a scale."""
        return [judge(x) for judge, x in zip(self.judges, mixed, strict=True)]
