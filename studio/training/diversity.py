"""Keeps samples apart: no two shall look more alike than two pictures do.

Judges ask whether a sample could be a picture, and a generator may answer with a few
compositions in many colours. So samples are also compared with each other: in grey,
by where a pretrained network sees what. Spreading by the nearest neighbour is that of
arXiv:1806.03198 (Eq. 2), with a limit that the pictures themselves set.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.perception import measure_channels

LEVEL = 1  # of the network's maps: 1/8 of the size, forms rather than things
GRID = 4  # cells a side in which a composition is compared
MOST = 256  # samples remembered, and pictures that set the limit
NEAREST = 4  # neighbours that a sample is pushed away from


class Diversity(nn.Module):
    """Remembers the compositions of the last samples; tells how much new ones repeat.

    Compositions are unit vectors: their product is 1 for the same one.
    """

    mean: Tensor
    deviation: Tensor
    limit: Tensor
    memory: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("deviation", torch.ones(1, channels, 1, 1))
        self.register_buffer("limit", torch.ones(()))
        self.register_buffer("memory", torch.zeros(MOST, channels * GRID**2))

    @torch.no_grad()
    def settle(self, maps: Tensor) -> None:
        """Learn from maps [N,C,h,w] of pictures, in grey, how alike is too much.

        The limit is the median likeness of a picture to the one most like it.
        """
        mean, deviation = measure_channels(maps)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)
        self.limit.copy_(_without_self(self.compose(maps)).amax(dim=1).median())

    def compose(self, maps: Tensor) -> Tensor:
        """Give the compositions [N,C*GRID^2] of maps [N,C,h,w]."""
        cells = F.adaptive_avg_pool2d((maps - self.mean) / self.deviation, GRID)
        return F.normalize(cells.flatten(1))

    def forward(self, maps: Tensor) -> Tensor:
        """Give how far beyond the limit samples' likeness goes, squared; remember them.

        Each is compared with its batch and with those remembered. Squared, because
        the same composition again is what must go, not some likeness.
        """
        mine = self.compose(maps)
        before = self.memory.clone()
        known = torch.cat([_without_self(mine), mine @ before.T], dim=1)
        nearest = known.topk(min(NEAREST, known.shape[1]), dim=1).values
        with torch.no_grad():
            self.memory.copy_(torch.cat([mine, before])[:MOST])
        return F.relu(nearest - self.limit).square().mean()


def grey(pixels: Tensor) -> Tensor:
    """Take the colour from pixels [N,3,H,W]: a composition is not new for its hues."""
    return pixels.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)


def _without_self(compositions: Tensor) -> Tensor:
    """Give the likeness of each of N to every other one: [N,N], -1 to itself."""
    alike = compositions @ compositions.T
    return alike.masked_fill(torch.eye(len(alike), device=alike.device).bool(), -1.0)
