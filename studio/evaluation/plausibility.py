"""How plausible a work is: whether it lies where its model's pictures lie.

The other half of creativity: novelty alone is also noise. Novelty asks how far the
nearest picture is; plausibility asks whether that is far for pictures of this place,
since they lie close together here and far apart there. A picture's ball ends at its
fifth neighbour, and the realism of a work is the largest, over pictures, of the ball's
radius over the work's distance to its middle (Eq. 3, arXiv:1904.06991): 1 on the edge
of a ball, more inside. What that is worth is told by pictures themselves, each among
the others as if it were a work. No ball is left out: in sparse places lies what is
both novel and plausible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.evaluation.metrics import distances

NEIGHBOURS = 5  # as in density and coverage (arXiv:2002.09797)
MOST = 4096  # pictures that are asked: enough for a percentile, and quick
LEAST_DISTANCE = 1e-6


@dataclass(frozen=True)
class Grounds:
    """Where pictures lie: features [M,D], the radius [M] of each one's ball.

    `usual` [M], sorted, is the realism of each picture among the others.
    """

    features: np.ndarray
    radius: np.ndarray
    usual: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Grounds:
        """Measure features [M,D] of pictures, M > 1; of more than MOST, so many."""
        count = len(features)
        some = np.linspace(0, count - 1, min(count, MOST)).astype(int)
        features = features[some]
        among = distances(features, features)
        np.fill_diagonal(among, np.inf)
        reach = min(NEIGHBOURS, len(features) - 1)
        ordered = np.sort(among, axis=1)
        radius = ordered[:, reach - 1]
        # a ball must not be as wide as it is because of the very picture in question
        wider = ordered[:, min(reach, len(features) - 2)]
        without = np.where(among <= radius[:, None], wider[:, None], radius[:, None])
        usual = (without / np.maximum(among, LEAST_DISTANCE)).max(axis=0)
        return cls(features, radius, np.sort(usual))

    def place(self, works: np.ndarray) -> np.ndarray:
        """Give the share of pictures that are less real than works [N,D]: [N]."""
        apart = np.maximum(distances(self.features, works), LEAST_DISTANCE)  # [M,N]
        realism = (self.radius[:, None] / apart).max(axis=0)
        return np.searchsorted(self.usual, realism, side="right") / len(self.usual)
