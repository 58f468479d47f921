"""What can be seen in a picture and said in a word, as numbers: warmth, horizon, ...

Each function takes a `Look` at pictures and its docstring is the definition of its
property. Where a definition speaks of cells, the picture is first averaged down to
about 32 of them a side, so that a brush stroke is no horizon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.direction import PROPERTIES
from studio.model import to_pixels

CELLS = 32  # about so many a side
FAINT = 0.02  # of full scale: contrasts below this are none
TOGETHER = 64  # pictures looked at in one go
# Where each family of hues has its middle on the wheel, in degrees; between two of
# them a hue belongs to both, more to the nearer.
HUES = {
    "red": 0.0,
    "orange": 30.0,
    "yellow": 60.0,
    "green": 120.0,
    "blue": 220.0,
    "purple": 290.0,
}
DEEP = 0.3  # contrast met on the way down after which a third of the sky is left
SHARP = 24  # how much the best place for a horizon counts more than the second best


@dataclass(frozen=True)
class Look:
    """Pictures `rgb` float32 [N,3,H,W] in 0..1, and what several properties need."""

    rgb: Tensor

    @cached_property
    def light(self) -> Tensor:
        """Give the luma of each pixel (ITU-R BT.601), [N,H,W]."""
        return _luma(self.rgb)

    @cached_property
    def chroma(self) -> Tensor:
        """Give the strongest less the weakest channel, [N,H,W]."""
        return self.rgb.amax(dim=1) - self.rgb.amin(dim=1)

    @cached_property
    def hue(self) -> Tensor:
        """Give the angle on the wheel of hues in degrees, [N,H,W]; 0 for grey."""
        red, green, blue = self.rgb.unbind(1)
        top, span = self.rgb.amax(dim=1), self.chroma.clamp_min(1e-3)
        turns = torch.where(
            top == red,
            (green - blue) / span % 6,
            torch.where(
                top == green, (blue - red) / span + 2, (red - green) / span + 4
            ),
        )
        return 60 * turns

    @cached_property
    def cells(self) -> Tensor:
        """Give the mean colour of each cell, [N,3,h,w]."""
        height, width = (min(CELLS, side) for side in self.rgb.shape[2:])
        return F.adaptive_avg_pool2d(self.rgb, (height, width))

    @cached_property
    def cell_light(self) -> Tensor:
        """Give the luma of each cell, [N,h,w]."""
        return _luma(self.cells)


def _brightness(look: Look) -> Tensor:
    """Mean luma, 0 (black) to 1 (white)."""
    return look.light.mean(dim=(1, 2))


def _contrast(look: Look) -> Tensor:
    """Standard deviation of luma over the picture, 0 to 0.5."""
    return _deviation(look.light)


def _warmth(look: Look) -> Tensor:
    """Mean of red less blue, -1 to 1."""
    return (look.rgb[:, 0] - look.rgb[:, 2]).mean(dim=(1, 2))


def _saturation(look: Look) -> Tensor:
    """Mean of the strongest less the weakest channel, 0 (grey) to 1."""
    return look.chroma.mean(dim=(1, 2))


def _family(name: str, look: Look) -> Tensor:
    """Mean chroma of the pixels, each as far as its hue is of the family; 0 to 1."""
    names, middles = list(HUES), list(HUES.values())
    place, middle = names.index(name), HUES[name]
    before = (middle - middles[place - 1]) % 360
    after = (middles[(place + 1) % len(middles)] - middle) % 360
    apart = (look.hue - middle + 180) % 360 - 180  # -180..180
    reach = torch.where(apart < 0, -apart / before, apart / after)
    return (look.chroma * (1 - reach).clamp_min(0)).mean(dim=(1, 2))


def _softness(look: Look) -> Tensor:
    """Minus the logarithm of how much neighbours differ, against the contrast.

    The mean step of luma from pixel to pixel over its standard deviation: a blurred
    picture is softer than itself, a darker or fainter copy is as soft.
    """
    return -torch.log((_steps(look.light) + 1e-3) / (_contrast(look) + FAINT))


def _busyness(look: Look) -> Tensor:
    """Mean step of luma from cell to cell, across and down: how much there is."""
    return _steps(look.cell_light)


def _symmetry(look: Look) -> Tensor:
    """1 where left mirrors right, about 0 where they have nothing in common.

    One less the mean difference of cells from their mirror images, over what it is
    for cells in any order.
    """
    light = look.cell_light
    apart = (light - light.flip(2)).abs().mean(dim=(1, 2))
    # the mean difference of two draws of a normal distribution: 2 / sqrt(pi) sigma
    return 1 - apart / (1.128 * _deviation(light) + FAINT)


def _horizon(look: Look) -> Tensor:
    """Height of the level line that parts the picture best, 0 (bottom) to 1 (top).

    Each line between two rows of cells is weighed by the variance of the rows'
    colours that it explains (Otsu's criterion); the result is their weighted mean.
    """
    rows = look.cells.mean(dim=3)  # [N,3,h]
    count = rows.shape[2]
    above = rows.cumsum(dim=2)[:, :, :-1]  # [N,3,h-1]
    n = torch.arange(1, count, dtype=rows.dtype)
    gap = above / n - (rows.sum(dim=2, keepdim=True) - above) / (count - n)
    score = n * (count - n) * gap.square().sum(dim=1)  # [N,h-1]
    score = score / score.amax(dim=1, keepdim=True).clamp_min(1e-9)
    weights = score**SHARP + 1e-9
    return (weights * (1 - n / count)).sum(dim=1) / weights.sum(dim=1)


def _openness(look: Look) -> Tensor:
    """How far one sees down from the upper edge before things come between, 0 to 1.

    The mean over all cells of exp(-m / 0.3), m being all steps of luma met on the way
    down to the cell, with those to its neighbours at each side.
    """
    light = look.cell_light
    down = F.pad(light.diff(dim=1).abs(), (0, 0, 1, 0))
    aside = F.pad(light.diff(dim=2).abs(), (0, 1))
    met = (down + aside - FAINT).clamp_min(0).cumsum(dim=1)
    return torch.exp(-met / DEEP).mean(dim=(1, 2))


_MEASURES: dict[str, Callable[[Look], Tensor]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "warmth": _warmth,
    "saturation": _saturation,
    **{name: partial(_family, name) for name in HUES},
    "softness": _softness,
    "busyness": _busyness,
    "symmetry": _symmetry,
    "horizon": _horizon,
    "openness": _openness,
}


def measure_pixels(pixels: Tensor) -> Tensor:
    """Measure pixels [N,3,H,W] in [-1,1]: [N, len(PROPERTIES)], in that order.

    Gradients reach the pixels.
    """
    look = Look(((pixels + 1) / 2).clamp(0, 1))
    return torch.stack([_MEASURES[name](look) for name in PROPERTIES], dim=1)


@torch.no_grad()
def measure_pictures(pictures: np.ndarray) -> np.ndarray:
    """Measure uint8 pictures [N,H,W,3]: float32 [N, len(PROPERTIES)]."""
    parts = [np.zeros((0, len(PROPERTIES)), np.float32)]
    for start in range(0, len(pictures), TOGETHER):
        pixels = to_pixels(pictures[start : start + TOGETHER])
        parts.append(measure_pixels(pixels).numpy())
    return np.concatenate(parts)


def _luma(rgb: Tensor) -> Tensor:
    red, green, blue = rgb.unbind(1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _deviation(light: Tensor) -> Tensor:
    # the root of nothing has no slope
    return (light.var(dim=(1, 2), correction=0) + 1e-10).sqrt()


def _steps(light: Tensor) -> Tensor:
    """Give the mean step to the next one across plus that down, of [N,h,w]: [N]."""
    across = light.diff(dim=2).abs().mean(dim=(1, 2))
    return across + light.diff(dim=1).abs().mean(dim=(1, 2))
