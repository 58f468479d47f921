"""A picture as the critic is shown it: moved, cut, recoloured, maybe mirrored.

The same arithmetic as `augment.py`, for one picture and without torch, so that a page
can show it. A test holds the two together.
"""

from __future__ import annotations

import numpy as np

from studio.training.dataset import take_view

MOST_SHIFT = 0.125  # of each side
CUT = 0.5  # of each side


def glimpse(
    image: np.ndarray,
    resolution: tuple[int, int],
    rng: np.random.Generator,
    family: str = "gan",
    mirror: bool = True,
) -> np.ndarray:
    """Give one look at a framed image: uint8 [h,w,3] at a resolution (h, w).

    A `vae` has no critic and sees only the crop, mirrored or not.
    """
    view = take_view(image, resolution, rng, mirror)
    if family == "vae":
        return view
    light, colour, contrast = rng.random(3) - 0.5
    pixels = recolour(view.astype(np.float32) / 127.5 - 1, light, colour, contrast)
    height, width = resolution
    rows, columns = (_offset(side, rng) for side in resolution)
    pixels = shift(pixels, rows, columns)
    pixels = cut_out(
        pixels, int(rng.integers(height + 1)), int(rng.integers(width + 1))
    )
    return ((pixels + 1) * 127.5).round().clip(0, 255).astype(np.uint8)


def recolour(
    pixels: np.ndarray, light: float, colour: float, contrast: float
) -> np.ndarray:
    """Change brightness, saturation and contrast of pixels [H,W,3] in [-1,1]."""
    grey = pixels.mean(axis=2, keepdims=True)
    pixels = grey + (pixels - grey) * (1 + colour)
    middle = pixels.mean()
    return middle + (pixels - middle) * (1 + 0.5 * contrast) + 0.5 * light


def shift(pixels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Move pixels [H,W,3] up by `rows` and left by `columns`; zeros come in."""
    height, width = pixels.shape[:2]
    moved = np.zeros_like(pixels)
    top, left = max(0, -rows), max(0, -columns)
    part = pixels[max(0, rows) : height + rows, max(0, columns) : width + columns]
    moved[top : top + part.shape[0], left : left + part.shape[1]] = part
    return moved


def cut_out(pixels: np.ndarray, row: int, column: int) -> np.ndarray:
    """Blank the box of half of each side around a place in pixels [H,W,3]."""
    cut = pixels.copy()
    height, width = (max(1, round(side * CUT)) for side in pixels.shape[:2])
    top, left = row - height // 2, column - width // 2
    rows = slice(max(0, top), max(0, top + height))
    cut[rows, max(0, left) : max(0, left + width)] = 0
    return cut


def _offset(side: int, rng: np.random.Generator) -> int:
    most = max(1, round(side * MOST_SHIFT))
    return int(rng.integers(-most, most + 1))
