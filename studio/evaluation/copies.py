"""How many of a model's works are near-copies, and whether it learnt by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.evaluation.novelty import Known, Nearest, nearest

SHOWN = 8  # of the works that come nearest
MOST_CLINGING = 100.0  # works that are the very pictures would be endlessly near


@dataclass(frozen=True)
class Looks:
    """The nearest picture of each work by features, and by the colours of a glance.

    A glance finds copies that were painted anew, and decides where it finds one and
    features are less sure of it.
    """

    features: Nearest
    colours: Nearest | None = None

    @property
    def painted(self) -> np.ndarray:
        """Whether a glance decides, bool [N]."""
        if self.colours is None:
            return np.zeros(len(self.features.distance), bool)
        close = self.colours.closeness
        return np.asarray((close <= 1) & (close < self.features.closeness))

    def decide(self, name: str) -> np.ndarray:
        """Give a field of `Nearest` from whichever look decides, [N]."""
        ours = np.broadcast_to(getattr(self.features, name), self.painted.shape)
        if self.colours is None:
            return ours
        return np.where(self.painted, getattr(self.colours, name), ours)

    @property
    def twins(self) -> float:
        """The share of pictures that are as near to another one as a copy is."""
        looks = (self.features, self.colours)
        return max(float(np.mean(one.usual <= one.bound)) for one in looks if one)


def count_copies(looks: Looks) -> dict[str, Any]:
    """Tell how many works are near-copies, and which ones come nearest.

    `share` is of works that lie as near to a picture as another view of it, `repainted`
    the part of them that colours tell, `twins` of pictures that lie so to another one.
    Of the nearest, `by` says what tells: features, or colours where a work is painted
    anew.
    """
    close, painted = looks.decide("closeness"), looks.painted
    which, distance, bound = map(looks.decide, ("which", "distance", "bound"))
    return {
        "share": float((close <= 1).mean()),
        "repainted": float(painted.mean()),
        "twins": looks.twins,
        "bound": float(looks.features.bound),
        "median_distance": float(np.median(looks.features.distance)),
        "usual_distance": float(np.median(looks.features.usual)),
        "nearest": [
            {
                "work": int(i),
                "picture": int(which[i]),
                "distance": float(distance[i]),
                "bound": float(bound[i]),
                "by": "colours" if painted[i] else "features",
                "copy": bool(close[i] <= 1),
            }
            for i in np.argsort(close, kind="stable")[:SHOWN]
        ],
    }


def measure_copies(
    features: np.ndarray,
    known: Known,
    learnt: Sequence[int],
    held: Sequence[int],
    glances: tuple[np.ndarray, Known] | None = None,
) -> dict[str, Any]:
    """Count near-copies, and tell whether learning by heart shows.

    `features` [N,D] are the works'; `glances` those of the works, and of the pictures.
    `ratio` is how much farther a picture that was `held` out is from its nearest work
    than one that was `learnt` from, by medians: 1 where neither is nearer, more where
    works cling to what was learnt; None where none were held out.
    """
    colours = glances[1].find(glances[0]) if glances else None
    found = count_copies(Looks(known.find(features), colours))
    return {**found, "ratio": measure_clinging(features, known.features, learnt, held)}


def measure_clinging(
    features: np.ndarray, known: np.ndarray, learnt: Sequence[int], held: Sequence[int]
) -> float | None:
    """Give `ratio` as above, from features of works [N,D] and of all pictures [M,D]."""
    if not len(held):
        return None
    apart, _ = nearest(known, features)  # [M]: the same works for both
    ours, theirs = (
        float(np.median(apart[np.asarray(side)])) for side in (learnt, held)
    )
    return min(theirs / max(ours, 1e-12), MOST_CLINGING)
