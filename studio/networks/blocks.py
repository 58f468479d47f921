"""Pieces shared by the networks."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

M = TypeVar("M", bound=nn.Module)
SLOPE = 0.2  # of every leaky ReLU here
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the variance through a leaky ReLU


def leaky(x: Tensor) -> Tensor:
    """Apply the leaky ReLU that all networks share."""
    return F.leaky_relu(x, SLOPE)


def leaky_(x: Tensor) -> Tensor:
    """Apply it in place, to a tensor that nobody else needs."""
    return F.leaky_relu_(x, SLOPE)


def he_linear(inputs: int, outputs: int, gain: float = GAIN) -> nn.Linear:
    """Make a linear layer of unit output variance (He et al., arXiv:1502.01852).

    PyTorch's default makes a stack of layers shrink its input: a mapping network
    then sends every z to nearly the same w, and every sample looks alike.
    """
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(inputs))
    nn.init.zeros_(layer.bias)
    return layer


def he_conv(
    inputs: int, outputs: int, kernel: int = 3, gain: float = GAIN
) -> nn.Conv2d:
    """Make a same-size convolution of unit output variance."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(inputs * kernel**2))
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class ResidualBlock(nn.Module):
    """Pre-activation residual block without normalisation.

    The last convolution starts at zero, so that a deep stack starts as the
    identity and needs no normalisation to be stable (arXiv:1901.09321).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = he_conv(width, width)
        self.second = he_conv(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(leaky_(self.first(leaky(x)))).add_(x)


def freeze(module: M) -> M:
    """Put a module into inference: no gradients, evaluation mode."""
    return module.eval().requires_grad_(False)


def place(module: M, device: torch.device) -> M:
    """Move a module to a device, in the layout that convolutions run fastest in."""
    module.to(device)
    # in place; measured a third faster than the default layout on CPUs
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module


@torch.no_grad()
def count_parameters(module: nn.Module) -> int:
    """Count a module's parameters."""
    return sum(p.numel() for p in module.parameters())
