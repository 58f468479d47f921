"""The space that works are bred in: w along its own principal components.

A *place* is a work's w in this space: one number a component, in standard deviations
of the works that the model makes at its default variety. The first components change
the picture most, so a few of them are enough to learn somebody's taste from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.direction import step_of
from studio.recipe import Recipe, Style

if TYPE_CHECKING:
    from studio.model import Model

SAMPLES = 2048
DIGITS = 4  # decimals of w in a child's recipe: far below what a pixel shows
LEAST_VARIETY = 0.05
# Components with hardly any spread would blow up rounding errors when divided by it.
LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class Space:
    """Principal components of a model's w.

    ``centre`` [D] is its average w, ``vectors`` [D, D] unit components as rows, the
    widest first, ``spreads`` [D] their standard deviations at the default variety,
    ``layers`` how many rows a style has.
    """

    centre: np.ndarray
    vectors: np.ndarray
    spreads: np.ndarray
    layers: int

    @classmethod
    def of(cls, model: Model) -> Space:
        """Measure the space of ``model`` on 2,048 seeds, the same ones every time."""
        w = model.map_seeds(range(SAMPLES)).astype(np.float64)
        centre = model.truncated(np.zeros_like(w[:1]), 0.0)[0, 0].astype(np.float64)
        variances, columns = np.linalg.eigh(np.cov(w.T))
        vectors = columns.T[::-1]
        # The sign of an eigenvector is arbitrary; saved tastes need the same one.
        largest = np.abs(vectors).argmax(axis=1)
        signs = np.sign(vectors[np.arange(len(vectors)), largest])
        spreads = np.sqrt(np.maximum(variances[::-1], 0))
        spreads = np.maximum(spreads, LEAST_SPREAD * spreads[0])
        near = float(model.card["default_variety"]) or 1.0
        return cls(centre, vectors * signs[:, None], near * spreads, model.layers)

    def place(self, style: np.ndarray) -> np.ndarray:
        """Give the place [D] of a style [layers, D]: of its layers' mean."""
        mean = style.mean(axis=0, dtype=np.float64)
        return self.vectors @ (mean - self.centre) / self.spreads

    def step(self, change: np.ndarray) -> np.ndarray:
        """Give the change of w [D] that a change of place [D] is."""
        return (change * self.spreads) @ self.vectors


def grow(base: Recipe, style: np.ndarray, model: Model) -> Recipe:
    """Give the recipe whose final w is ``style`` [layers, D], grown from ``base``.

    Variety and amounts along directions stay as they are, so that every slider goes
    on from where the hand left it; the source takes up the difference. A variety
    near 0 cannot be divided by and becomes 1.
    """
    near = style.astype(np.float64)
    steps = dict(base.taught)
    for name, amount in base.amounts.items():
        if name in steps:
            near = near - amount * step_of(steps[name])
        else:
            direction = model.by_name[name]
            near = near - amount * direction.sigma * direction.rows
    variety = base.variety if base.variety >= LEAST_VARIETY else 1.0
    centre = model.truncated(np.zeros((1, near.shape[1]), np.float32), 0.0)[0]
    source = np.round(centre + (near - centre) / variety, DIGITS)
    rows = source[:1] if np.ptp(source, axis=0).max() == 0 else source
    table = tuple(tuple(float(number) for number in row) for row in rows)
    return replace(base, source=Style(table), mix=(), variety=variety)
