"""Pictures that are unlike the rest of their folder, told from small glances.

A picture is described by the colours and the detail of sixteen fields and of the
whole; it is unlike the rest where even its nearest neighbours are far. One that is
found deserves a look, not a verdict: it may be the best of them.
"""

from __future__ import annotations

import numpy as np

FEWEST = 12  # pictures, below which nothing is the rule that another could break
FIELDS = 4  # each side
# A handful that strayed in together must not vouch for each other: the neighbours
# are this share of all pictures.
NEIGHBOURS, FEWEST_NEIGHBOURS = 0.15, 3
# Deviations above the median distance. Calibrated by eye on paintings and on fruit
# plates: a folder of one kind gets one or two in a hundred; of ten paintings among
# 400 plates nearly all are found, of plates among paintings, which are more unlike
# each other, about half.
UNLIKE = 2.5
MOST_COMPARED = 2000  # pictures that stand for all
BLOCK = 256
TO_DEVIATION = 1.4826  # of a median or a quartile, for a normal distribution


def find_outliers(stack: np.ndarray) -> list[int]:
    """Give the indices of pictures [N,16,16,3], 0..255, that are unlike the rest."""
    if len(stack) < FEWEST:
        return []
    found = traits(stack)
    distances = np.log(_loneliness(comparable(found, found)) + 1e-6)
    middle, upper = np.percentile(distances, (50, 75))
    unlike = distances - middle > UNLIKE * TO_DEVIATION * (upper - middle) + 1e-3
    return [int(index) for index in np.flatnonzero(unlike)]


def traits(stack: np.ndarray) -> np.ndarray:
    """Describe pictures [N,H,W,3]: mean and deviation of each field [N,D]."""
    n, height, width, _ = stack.shape
    light = stack @ np.array([0.299, 0.587, 0.114], np.float32)
    red = stack[..., 0] - stack[..., 1]  # against green
    warm = stack[..., :2].mean(axis=-1) - stack[..., 2]  # yellow against blue
    found = []
    for plane in (light, red, warm):
        shape = (n, FIELDS, height // FIELDS, FIELDS, width // FIELDS)
        fields = plane.reshape(shape)
        found += [fields.mean(axis=(2, 4)), fields.std(axis=(2, 4))]
        found += [plane.mean(axis=(1, 2)), plane.std(axis=(1, 2))]
    edges = [np.abs(np.diff(light, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    return np.concatenate([part.reshape(n, -1) for part in [*found, *edges]], axis=1)


def comparable(found: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Bring traits [N,D] to the scale that they have among others [M,D].

    Far values count as their logarithm.
    """
    middle = np.median(among, axis=0)
    spread = TO_DEVIATION * np.median(np.abs(among - middle), axis=0)
    # grey levels, below which there is no spread
    scaled = (found - middle) / (spread + 0.5)
    return np.asarray(np.sign(scaled) * np.log1p(np.abs(scaled)))


def _loneliness(traits: np.ndarray) -> np.ndarray:
    """Give the distance [N] of each to the last of its nearest neighbours."""
    every = -(-len(traits) // MOST_COMPARED)
    others = traits[::every]
    wanted = max(FEWEST_NEIGHBOURS, round(NEIGHBOURS * len(others)))
    squares = (others**2).sum(axis=1)
    found = []
    for start in range(0, len(traits), BLOCK):
        rows = traits[start : start + BLOCK]
        square = (rows**2).sum(axis=1)[:, None] + squares - 2 * rows @ others.T
        # the nearest is the picture itself, where it is among them
        found.append(np.partition(square, wanted, axis=1)[:, wanted])
    return np.sqrt(np.maximum(np.concatenate(found), 0))
