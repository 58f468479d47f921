"""What lies at each place, over many samples, as it does over pictures.

A judge looks at one sample at a time and does not mind that the same tree stands in the
same corner of every tenth. Seen at that place over many samples, it is far too common.
So what a pretrained network sees in each cell is compared as a distribution: by the
sliced Wasserstein distance (Eq. 10, arXiv:1804.01947) between samples, remembered ones
among them, and pictures. There is no player here that could win or be fooled.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.networks.perception import measure_channels

CELLS = 7  # a side, at most
REMEMBERED = 256  # samples
PICTURES = 1024  # that samples are compared with, at most
DIRECTIONS = 32  # of features, chosen anew each time


class Places(nn.Module):
    """Remembers what the last samples showed in each cell, in standard units."""

    mean: Tensor
    deviation: Tensor
    pictures: Tensor
    memory: Tensor

    def __init__(self) -> None:
        super().__init__()
        empty = torch.zeros(0, 0, 0)
        for name in ("mean", "deviation", "pictures"):
            # measured at each start
            self.register_buffer(name, empty, persistent=False)
        self.register_buffer("memory", empty)

    @torch.no_grad()
    def settle(self, maps: list[Tensor]) -> None:
        """Learn from maps [N,C_i,h_i,w_i] of pictures what lies where."""
        seen = _arrange(maps)
        mean, deviation = measure_channels(seen.permute(0, 2, 1)[..., None])
        self.mean, self.deviation = mean.view(1, 1, -1), deviation.view(1, 1, -1)
        self.pictures = (seen - self.mean) / self.deviation
        self.memory = self.pictures.new_zeros(REMEMBERED, *seen.shape[1:])

    def forward(self, maps: list[Tensor], chance: torch.Generator) -> Tensor:
        """Give how far samples are from where pictures are, at their rank; a scalar.

        Along each direction the samples of maps [N,C_i,h_i,w_i] and those remembered
        are sorted, as are as many pictures: each sample should be where the picture of
        the same rank is. The mean of the squares over samples, cells and directions.
        """
        seen = (_arrange(maps) - self.mean) / self.deviation  # [N,cells,C]
        known = self.memory[self.memory.any(dim=2).any(dim=1)]
        along = torch.randn(seen.shape[2], DIRECTIONS, generator=chance).to(seen.device)
        along = F.normalize(along, dim=0)
        mine = seen @ along  # [N,cells,directions]
        others = torch.cat([mine.detach(), known @ along])
        wanted = self._choose(len(others), chance) @ along
        with torch.no_grad():
            ranks = others.argsort(dim=0).argsort(dim=0)[: len(mine)]
            goals = wanted.sort(dim=0).values.gather(0, ranks)
            fresh = torch.cat([seen, self.memory])
            self.memory.copy_(fresh[:REMEMBERED])
        return (mine - goals).square().mean()

    def _choose(self, count: int, chance: torch.Generator) -> Tensor:
        """Choose so many pictures, again where there are fewer: [count,cells,C]."""
        rounds = -(-count // len(self.pictures))
        orders = [torch.randperm(len(self.pictures), generator=chance)] * rounds
        return self.pictures[torch.cat(orders)[:count].to(self.pictures.device)]


def _arrange(maps: list[Tensor]) -> Tensor:
    """Bring maps [N,C_i,h_i,w_i] to the same cells: [N,cells,sum of C_i]."""
    height, width = (min(CELLS, *(x.shape[side] for x in maps)) for side in (2, 3))
    cells = [F.adaptive_avg_pool2d(x, (height, width)).flatten(2) for x in maps]
    return torch.cat(cells, dim=1).transpose(1, 2)
