"""The network that enlarges a print four times: RRDBNet.

Wang et al., ESRGAN (arXiv:1809.00219), section 3.1, in the sizes of Real-ESRGAN x4plus
(arXiv:2107.10833).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, GROWTH, BLOCKS = 64, 32, 23
SCALE = 4
_SHARE = 0.2  # of a branch that is added to what it branched from


class _Dense(nn.Module):
    """Five convolutions, each of which sees all before it."""

    def __init__(self) -> None:
        super().__init__()
        ends = [GROWTH] * 4 + [WIDTH]
        self.layers = nn.ModuleList(
            nn.Conv2d(WIDTH + GROWTH * i, end, 3, padding=1)
            for i, end in enumerate(ends)
        )

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for layer in self.layers[:-1]:
            seen.append(F.leaky_relu(layer(torch.cat(seen, 1)), 0.2))
        return x + _SHARE * self.layers[-1](torch.cat(seen, 1))


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.Sequential(*(_Dense() for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return x + _SHARE * self.parts(x)


class Enlarger(nn.Module):
    """RGB in 0..1 [N, 3, h, w] to about the same range [N, 3, 4h, 4w].

    Its convolutions in the order of ``modules()`` are those of the published weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.blocks = nn.Sequential(*(_Block() for _ in range(BLOCKS)))
        self.middle = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.doublings = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(2)
        )
        self.fine = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.last = nn.Conv2d(WIDTH, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x + self.middle(self.blocks(x))
        for layer in self.doublings:
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=2)), 0.2)
        return self.last(F.leaky_relu(self.fine(x), 0.2))
