"""A model's world: what its works look like, and which pictures are strangers there.

Judged by what Lite1 sees in four bands of a picture (`extract_bands`), each number in
deviations of the model's own works: the distance to the nearest few of those. Colours
and latents alone do not tell: faces and blanks are easy for any autoencoder, and near
enough to a pale sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.evaluation.features import extract_bands
from studio.evaluation.metrics import signal_to_noise
from studio.model import Model, to_bytes, to_pixels

WORKS = 256  # that are known of a model
NEAREST = 5
USUAL = 0.95  # the share of the model's own works that are within the bound, had it
SLACK = 1.3  # no slack: real pictures are further from works than works are
# Below this what the autoencoder gives back is another picture, noise for one.
FAINT_DB = 15.0


@dataclass(frozen=True)
class World:
    """What is seen in a model's works [N,F], and how far pictures of it may be."""

    works: np.ndarray
    bound: float

    @classmethod
    def of(cls, works: np.ndarray) -> World:
        """Measure how far works [N,F] are from each other."""
        alone = [
            _distance(works[i], np.delete(works, i, axis=0), *_scale(works))
            for i in range(len(works))
        ]
        return cls(works, SLACK * float(np.quantile(alone, USUAL)))

    @staticmethod
    @torch.no_grad()
    def look(model: Model, latents: Tensor) -> np.ndarray:
        """See works by their latents [N,C,h,w]: float32 [N,F]."""
        return extract_bands(to_bytes(model.autoencoder.decode(latents)))

    def distance(self, picture: np.ndarray) -> float:
        """Tell how far a picture, uint8 [H,W,3], is from the works nearest to it."""
        seen = extract_bands(picture[None])[0]
        return _distance(seen, self.works, *_scale(self.works))

    def is_stranger(self, picture: np.ndarray) -> bool:
        """Tell whether a picture, uint8 [H,W,3], is unlike anything of this model."""
        return self.distance(picture) > self.bound

    def is_outside(self, picture: np.ndarray, rebuilt: np.ndarray) -> bool:
        """Tell whether a picture is a stranger, or nothing that can be painted.

        `rebuilt` is what the autoencoder gives back of it, both uint8 [H,W,3].
        """
        kept = signal_to_noise(to_pixels([rebuilt]), to_pixels([picture]))
        return kept < FAINT_DB or self.is_stranger(picture)


def _scale(works: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give mean and deviation of each number; what never changes must not be loud."""
    deviation = works.std(axis=0)
    return works.mean(axis=0), deviation + 1e-3 * float(works.std())


def _distance(
    seen: np.ndarray, works: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> float:
    off = (works - seen) / deviation
    squares = np.sort(np.square(off).mean(axis=1))[:NEAREST]
    return float(np.sqrt(squares.mean()))
