"""Pictures as few numbers: what is kept of their features to find copies by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.evaluation.features import extract_features
from studio.evaluation.novelty import to_directions

COMPONENTS, SKETCHED = 128, 64  # numbers kept of a picture's 1280: 384 bytes


@dataclass(frozen=True)
class Components:
    """Pictures as `basis` [K,1280] sees the directions of their features.

    First principal components; then directions by chance through all that those do
    not see, so long that distances there are kept on average (Johnson and
    Lindenstrauss): without them, what is like no picture at all would lie amid them,
    and with few pictures anything would be near to one.
    """

    basis: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Components:
        """Find the components of features [M,1280], rounded as they are kept."""
        seen = to_directions(features)
        # of the second moments, so that 200,000 pictures fit in memory
        _, vectors = np.linalg.eigh(seen.T @ seen)
        first = vectors[:, ::-1][:, : min(COMPONENTS, len(features))]
        width, kept = first.shape
        chance = np.random.default_rng(0).standard_normal((width, SKETCHED))
        spread, _ = np.linalg.qr(chance - first @ (first.T @ chance))
        length = np.sqrt((width - kept) / SKETCHED)
        return cls(round_half(np.vstack([first.T, length * spread.T])))

    def place(self, features: np.ndarray) -> np.ndarray:
        """Give features [N,1280] along the components: float32 [N,K]."""
        return (to_directions(features) @ self.basis.T).astype(np.float32)

    def see(self, pictures: np.ndarray) -> np.ndarray:
        """Give uint8 pictures [N,H,W,3] along the components: float32 [N,K]."""
        return self.place(extract_features(pictures))


def round_half(array: np.ndarray) -> np.ndarray:
    """Round to fp16, as the file does, so that distances are those of the file."""
    return array.astype(np.float16).astype(np.float32)
