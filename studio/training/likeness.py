"""How much a folder's pictures are of the kind that a model paints, from glances."""

from __future__ import annotations

import numpy as np
from PIL import Image

from studio.training.outliers import comparable, traits

NEIGHBOUR = 3  # of a work among the works: its ball reaches so far
SIDE = 16  # pixels of a glance


def glance_at(image: Image.Image) -> np.ndarray:
    """Give a picture as 16 x 16 pixels, float [16,16,3], 0..255."""
    small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32)


def likeness(pictures: np.ndarray, works: np.ndarray) -> float:
    """Give the share of pictures [N,16,16,3] that fall among works [M,16,16,3].

    A picture falls among them where it is nearer to some work than that work is to its
    third neighbour (precision, Eq. 1, arXiv:1904.06991), by the colours and the detail
    of sixteen fields in the works' own deviations. Of paintings 0.4 to 0.6 fall among
    a landscape model's works and none of 100 fruit plates, noise or blanks.
    """
    if not len(pictures) or len(works) <= NEIGHBOUR:
        return 0.0
    own = traits(works)
    known, new = comparable(own, own), comparable(traits(pictures), own)
    reach = np.sort(_distances(known, known), axis=1)[:, NEIGHBOUR]  # [M]
    return float((_distances(new, known) < reach).any(axis=1).mean())


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Give distances [N,M] of rows [N,D] from rows [M,D]."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))
