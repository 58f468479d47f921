"""Finding the way in w that changes one thing that is measured, and little else.

A first guess comes from samples alone: what is measured, regressed on w
(arXiv:1907.10786). It tells how samples differ, not what happens to a work that is
moved, so it is corrected by moving works and following the gradient of what is
measured back to w, each layer on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.direction import PROPERTIES
from studio.latent.properties import measure_pixels
from studio.model import Model, to_pixels

RIDGE = 0.3  # of the mean variance of w
GUESS = 0.3  # how far the first guess leaves other measures alone, 0 entirely
STEPS, WORKS, RATE = 24, 6, 0.06
OTHERS = 0.3  # weight of what else changes, each measure beside the one meant
NEARNESS = 0.5  # weight of how much the picture changes
FARTHEST = 8.0  # a correction ends where the move is so many deviations of w long
TOGETHER = 16  # works rendered in one go


@dataclass(frozen=True)
class Sense:
    """What is measured of pictures, in standard deviations of the model's samples.

    `names` are the properties and then words; `mean` and `deviation` [K] are what
    samples gave. Words are read by `readers` [K - properties, features] from features
    of `network` (pixels to [N, features]).
    """

    names: tuple[str, ...]
    mean: Tensor
    deviation: Tensor
    readers: Tensor | None = None
    network: torch.nn.Module | None = None

    def raw(self, pixels: Tensor, *, words: bool = True) -> Tensor:
        """Measure pixels [N,3,H,W] in [-1,1]: [N,K], or the properties alone."""
        found = measure_pixels(pixels)
        if self.network is None or self.readers is None or not words:
            return found
        return torch.cat([found, self.network(pixels) @ self.readers.T], dim=1)

    def standard(self, pixels: Tensor, *, words: bool = True) -> Tensor:
        """Measure the same in standard units."""
        found = self.raw(pixels, words=words)
        count = found.shape[1]
        return (found - self.mean[:count]) / self.deviation[:count]

    @torch.no_grad()
    def see(self, pictures: np.ndarray, *, words: bool = True) -> np.ndarray:
        """Measure uint8 pictures [N,H,W,3] in standard units: [N,K]."""
        parts = [
            self.standard(to_pixels(pictures[i : i + TOGETHER]), words=words)
            for i in range(0, len(pictures), TOGETHER)
        ]
        return torch.cat(parts).numpy()


def regress(w: np.ndarray, values: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """Give the slopes [D,K] of values [N,K] over w [N,D], by ridge regression."""
    x, y = (a.astype(np.float64) - a.mean(axis=0) for a in (w, values))
    gram = x.T @ x
    shrink = ridge * np.trace(gram) / len(gram) + 1e-9
    return np.linalg.solve(gram + shrink * np.eye(len(gram)), x.T @ y)


def guess(w: np.ndarray, slopes: np.ndarray, leave: float = GUESS) -> np.ndarray:
    """Give moves [K,D] of w; one changes its own measure by about 1, others less.

    Of all moves with these effects to first order, those that samples vary along most
    (least in w's own covariance).
    """
    covariance = np.cov(w.T.astype(np.float64))
    carried = covariance @ slopes  # [D,K]
    gram = slopes.T @ carried
    soft = leave * np.trace(gram) / len(gram) + 1e-12
    moves = carried @ np.linalg.inv(gram + soft * np.eye(len(gram)))
    own = (slopes * moves).sum(axis=0)
    return np.asarray((moves / np.maximum(own, 1e-6)).T)


class Correction:
    """Corrects moves by what they do to works of a model, layer by layer."""

    def __init__(
        self, model: Model, sense: Sense, w: np.ndarray, steps: int = STEPS
    ) -> None:
        """Take the model's samples w [N,D] at the variety that works are made at."""
        self.model, self.sense, self.steps = model, sense, steps
        self.w = torch.from_numpy(w).float()
        values, vectors = np.linalg.eigh(np.cov(w.T.astype(np.float64)))
        spread = np.sqrt(np.maximum(values, 1e-4 * values[-1]))
        # one standard deviation of works, as a matrix to multiply a row with
        self.scale = torch.from_numpy(spread[:, None] * vectors.T).float()
        self.back = torch.from_numpy(vectors / spread).float()

    def correct(self, index: int, move: np.ndarray, wanted: float) -> np.ndarray:
        """Correct the move [D] of the measure `index`: float32 [layers, D].

        `wanted` is how far each work shall go in standard units, or for words the
        value that it shall reach at least.
        """
        start = torch.from_numpy(move).float() @ self.back
        start = start * min(1.0, FARTHEST / (float(start.norm()) + 1e-9))
        hand = start.repeat(self.model.layers, 1).requires_grad_()
        learner = torch.optim.Adam([hand], lr=RATE, betas=(0.8, 0.95))
        chance = torch.Generator().manual_seed(index)
        for step in range(self.steps):
            learner.param_groups[0]["lr"] = RATE * (1 - step / self.steps)
            rows = torch.randint(len(self.w), (WORKS,), generator=chance)
            loss = self._loss(index, self.w[rows], hand, wanted)
            learner.zero_grad()
            loss.backward()
            learner.step()
            with torch.no_grad():
                length = float(hand.norm() / len(hand) ** 0.5)
                hand *= min(1.0, FARTHEST / (length + 1e-9))
        return (hand.detach() @ self.scale).numpy()

    def _loss(self, index: int, w: Tensor, hand: Tensor, wanted: float) -> Tensor:
        words = index >= len(PROPERTIES)
        before = w[:, None].expand(-1, self.model.layers, -1)
        with torch.no_grad():
            old = self._draw(before)
            known = self.sense.standard(old, words=words)
        new = self._draw(before + hand @ self.scale)
        now = self.sense.standard(new, words=words)
        change = now - known
        missed = F.relu(wanted - now[:, index]) if words else change[:, index] - wanted
        others = torch.cat([change[:, :index], change[:, index + 1 :]], dim=1)
        apart = (new - old).abs().mean()
        own = missed.square().mean()
        return own + OTHERS * others.square().mean() + NEARNESS * apart

    def _draw(self, styles: Tensor) -> Tensor:
        latents = self.model.generator.synthesise(styles)
        return self.model.autoencoder.decode(latents)


def draw(model: Model, styles: np.ndarray) -> np.ndarray:
    """Render styles [N, layers, D] a few at a time: uint8 [N,H,W,3]."""
    parts: Sequence[np.ndarray] = [
        model.render_styles(styles[i : i + TOGETHER])
        for i in range(0, len(styles), TOGETHER)
    ]
    return np.concatenate(parts)
