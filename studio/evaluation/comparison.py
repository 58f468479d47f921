"""One set of pictures that others are compared with, time and again."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.evaluation.features import NAME, extract_features
from studio.evaluation.metrics import (
    density_and_coverage,
    kernel_distance,
    patch_distances,
)
from studio.model import to_pixels

BY_FEATURES = f"kid/{NAME}"
BY_PATCHES = "swd"


class Reference:
    """Real pictures, uint8 [N,H,W,3], whose part of each comparison is kept."""

    def __init__(self, pictures: np.ndarray, metric: str = "features") -> None:
        """Take at least seven pictures for `features`, of which five are neighbours."""
        self.metric = metric if len(pictures) > 6 else "patches"
        self.pixels = to_pixels(pictures)
        if self.metric == "features":
            self.features = extract_features(pictures)

    def compare(self, made: np.ndarray) -> dict[str, Any]:
        """Compare uint8 pictures [M,H,W,3]; `distance` is the one to judge by.

        The kernel distance of features, or with `patches` the mean of the patches'
        distances over scales. Smaller is nearer.
        """
        scales = patch_distances(to_pixels(made), self.pixels)
        found: dict[str, Any] = {"scales": {str(k): v for k, v in scales.items()}}
        found[BY_PATCHES] = sum(scales.values()) / len(scales)
        if self.metric == "patches":
            return {"distance": found[BY_PATCHES], "metric": BY_PATCHES, **found}
        features = extract_features(made)
        found["density"], found["coverage"] = density_and_coverage(
            features, self.features
        )
        distance = kernel_distance(features, self.features)
        return {"distance": distance, "metric": BY_FEATURES, **found}
