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
    """Pictures `rgb` float32 [N,H,W,3] in 0..1, and what several properties need."""

    rgb: np.ndarray

    @cached_property
    def light(self) -> np.ndarray:
        """Give the luma of each pixel (ITU-R BT.601), [N,H,W]."""
        return self.rgb @ np.array([0.299, 0.587, 0.114], np.float32)

    @cached_property
    def chroma(self) -> np.ndarray:
        """Give the strongest less the weakest channel, [N,H,W]."""
        return self.rgb.max(axis=3) - self.rgb.min(axis=3)

    @cached_property
    def hue(self) -> np.ndarray:
        """Give the angle on the wheel of hues in degrees, [N,H,W]; 0 for grey."""
        red, green, blue = np.moveaxis(self.rgb, 3, 0)
        top, span = self.rgb.max(axis=3), np.maximum(self.chroma, 1e-6)
        turns = np.where(
            top == red,
            (green - blue) / span % 6,
            np.where(top == green, (blue - red) / span + 2, (red - green) / span + 4),
        )
        return np.where(self.chroma > 1e-6, 60 * turns, 0)

    @cached_property
    def cells(self) -> np.ndarray:
        """Give the mean colour of each cell, [N,h,w,3]."""
        rows, columns = (_edges(side) for side in self.rgb.shape[1:3])
        sums = np.add.reduceat(self.rgb, rows[:-1], axis=1)
        sums = np.add.reduceat(sums, columns[:-1], axis=2)
        sizes = np.diff(rows)[:, None] * np.diff(columns)
        return np.asarray(sums / sizes[:, :, None].astype(np.float32))

    @cached_property
    def cell_light(self) -> np.ndarray:
        """Give the luma of each cell, [N,h,w]."""
        return self.cells @ np.array([0.299, 0.587, 0.114], np.float32)


def _brightness(look: Look) -> np.ndarray:
    """Mean luma, 0 (black) to 1 (white)."""
    return look.light.mean(axis=(1, 2))


def _contrast(look: Look) -> np.ndarray:
    """Standard deviation of luma over the picture, 0 to 0.5."""
    return look.light.std(axis=(1, 2))


def _warmth(look: Look) -> np.ndarray:
    """Mean of red less blue, -1 to 1."""
    return (look.rgb[..., 0] - look.rgb[..., 2]).mean(axis=(1, 2))


def _saturation(look: Look) -> np.ndarray:
    """Mean of the strongest less the weakest channel, 0 (grey) to 1."""
    return look.chroma.mean(axis=(1, 2))


def _family(name: str, look: Look) -> np.ndarray:
    """Mean chroma of the pixels, each as far as its hue is of the family; 0 to 1."""
    names, middles = list(HUES), [*HUES.values(), 360.0]
    share = np.zeros(len(middles))
    share[names.index(name)] = 1
    share[-1] = share[0]
    member = np.interp(look.hue, middles, share)
    return np.asarray((look.chroma * member).mean(axis=(1, 2)))


def _softness(look: Look) -> np.ndarray:
    """Minus the logarithm of how much neighbours differ, against the contrast.

    The mean step of luma from pixel to pixel over its standard deviation: a blurred
    picture is softer than itself, a darker or fainter copy is as soft.
    """
    return -np.log((_steps(look.light) + 1e-3) / (_contrast(look) + FAINT))


def _busyness(look: Look) -> np.ndarray:
    """Mean step of luma from cell to cell, across and down: how much there is."""
    return _steps(look.cell_light)


def _symmetry(look: Look) -> np.ndarray:
    """1 where left mirrors right, about 0 where they have nothing in common.

    One less the mean difference of cells from their mirror images, over what it is
    for cells in any order.
    """
    light = look.cell_light
    apart = np.abs(light - light[:, :, ::-1]).mean(axis=(1, 2))
    spread = light.std(axis=(1, 2))
    # the mean difference of two draws of a normal distribution: 2 / sqrt(pi) sigma
    return np.asarray(1 - apart / (1.128 * spread + FAINT))


def _horizon(look: Look) -> np.ndarray:
    """Height of the level line that parts the picture best, 0 (bottom) to 1 (top).

    Each line between two rows of cells is weighed by the variance of the rows'
    colours that it explains (Otsu's criterion); the result is their weighted mean.
    """
    rows = look.cells.mean(axis=2)  # [N,h,3]
    count = rows.shape[1]
    above = np.cumsum(rows, axis=1)[:, :-1]  # [N,h-1,3]
    n = np.arange(1, count)[:, None]
    whole = rows.sum(axis=1, keepdims=True)
    gap = above / n - (whole - above) / (count - n)
    score = (n[:, 0] * (count - n[:, 0])) * (gap**2).sum(axis=2)
    score = score / np.maximum(score.max(axis=1, keepdims=True), 1e-9)
    weights = score**SHARP + 1e-9
    heights = 1 - np.arange(1, count) / count
    return np.asarray((weights * heights).sum(axis=1) / weights.sum(axis=1))


def _openness(look: Look) -> np.ndarray:
    """How far one sees down from the upper edge before things come between, 0 to 1.

    The mean over all cells of exp(-m / 0.3), m being all steps of luma met on the way
    down to the cell, with those to its neighbours at each side.
    """
    light = look.cell_light
    down = np.abs(np.diff(light, axis=1, prepend=light[:, :1]))
    aside = np.abs(np.diff(light, axis=2, append=light[:, :, -1:]))
    met = np.cumsum(np.maximum(down + aside - FAINT, 0), axis=1)
    return np.asarray(np.exp(-met / DEEP).mean(axis=(1, 2)))


_MEASURES: dict[str, Callable[[Look], np.ndarray]] = {
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
PROPERTIES = tuple(_MEASURES)


def measure_pictures(pictures: np.ndarray) -> np.ndarray:
    """Measure uint8 pictures [N,H,W,3]: float64 [N, len(PROPERTIES)], in that order."""
    parts = [np.zeros((0, len(PROPERTIES)))]
    for start in range(0, len(pictures), TOGETHER):
        look = Look(pictures[start : start + TOGETHER].astype(np.float32) / 255)
        columns = [measure(look) for measure in _MEASURES.values()]
        parts.append(np.stack(columns, axis=1).astype(np.float64))
    return np.concatenate(parts)


def _edges(side: int) -> np.ndarray:
    """Give where cells begin along a side, and its end."""
    return np.linspace(0, side, min(CELLS, side) + 1).round().astype(int)


def _steps(light: np.ndarray) -> np.ndarray:
    """Give the mean step to the next one across plus that down, of [N,h,w]: [N]."""
    across = np.abs(np.diff(light, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(light, axis=1)).mean(axis=(1, 2))
    return np.asarray(across + down)
