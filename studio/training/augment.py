"""Differentiable augmentation of latents and pixels (DiffAugment, arXiv:2006.10738)."""

from __future__ import annotations

import torch
from torch import Tensor


def shift(x: Tensor, generator: torch.Generator, share: float = 0.125) -> Tensor:
    """Move each of x [N,C,H,W] by up to `share` of its sides; zeros come in."""
    n, _, h, w = x.shape
    rows = _offsets(n, max(1, round(h * share)), generator, x.device)
    columns = _offsets(n, max(1, round(w * share)), generator, x.device)
    row = torch.arange(h, device=x.device) + rows[:, None]  # [N,H]
    column = torch.arange(w, device=x.device) + columns[:, None]  # [N,W]
    inside = ((row >= 0) & (row < h))[:, :, None] & ((column >= 0) & (column < w))[
        :, None, :
    ]
    sample = torch.arange(n, device=x.device)[:, None, None]
    picked = x.permute(0, 2, 3, 1)[
        sample, row.clamp(0, h - 1)[:, :, None], column.clamp(0, w - 1)[:, None, :]
    ]
    return (picked * inside[..., None]).permute(0, 3, 1, 2)


def cut_out(x: Tensor, generator: torch.Generator, share: float = 0.5) -> Tensor:
    """Blank a box of `share` of each side somewhere in each of x [N,C,H,W]."""
    n, _, h, w = x.shape
    keep_rows = _outside(n, h, share, generator, x.device)
    keep_columns = _outside(n, w, share, generator, x.device)
    keep = keep_rows[:, None, :, None] | keep_columns[:, None, None, :]
    return x * keep


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Move and cut x [N,C,H,W]; gradients flow through."""
    return cut_out(shift(x, generator), generator)


def recolour(x: Tensor, generator: torch.Generator) -> Tensor:
    """Change brightness, saturation and contrast of each of pixels x [N,3,H,W]."""
    light, colour, contrast = (
        torch.rand(3, len(x), 1, 1, 1, generator=generator).to(x.device) - 0.5
    )
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * (1 + colour)
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    return middle + (x - middle) * (1 + 0.5 * contrast) + 0.5 * light


def _offsets(
    n: int, most: int, generator: torch.Generator, device: torch.device
) -> Tensor:
    return torch.randint(-most, most + 1, (n,), generator=generator).to(device)


def _outside(
    n: int, side: int, share: float, generator: torch.Generator, device: torch.device
) -> Tensor:
    length = max(1, round(side * share))
    centre = torch.randint(0, side + 1, (n, 1), generator=generator).to(device)
    place = torch.arange(side, device=device)[None]
    start = centre - length // 2
    return (place < start) | (place >= start + length)  # [N, side]
