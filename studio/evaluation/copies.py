"""How many of a model's works are near-copies, and whether it learnt by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.evaluation.metrics import distances
from studio.evaluation.novelty import TWINS, Known, Nearest, nearest

BLOCK = 256  # rows compared at once with all pictures and their mirror images
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

    `features` [N,D] are the works'; `glances` those of the works, and of the pictures,
    whose colours say how many are `close`. `ratio` is how much farther a picture that
    was `held` out is from its nearest work than one that was `learnt` from, by medians,
    and by the look that sees more of it: 1 where neither is nearer, more where works
    cling to what was learnt; None where none were held out. `chance` is about its
    deviation where nothing was learnt by heart.
    """
    looks = [(features, known), *([glances] if glances else [])]
    found = count_copies(Looks(*(pictures.find(works) for works, pictures in looks)))
    found["close"] = measure_close(*looks[-1])
    if not len(held):
        return {**found, "ratio": None, "chance": None}
    pairs = [
        (measure_clinging(*look, learnt, held), _chance(look[1].usual, learnt, held))
        for look in looks
    ]
    ratio, chance = max(pairs, key=lambda pair: (pair[0] - 1) / pair[1])
    return {**found, "ratio": ratio, "chance": chance}


def measure_close(works: np.ndarray, known: Known) -> float:
    """Give the share of works [N,D] that are near to one picture, and to no other.

    What is learnt by heart is painted from memory, blurred and mixed with others, and
    is no copy by any bound. But it is nearer to a picture than all but TWINS of
    pictures are to another, and so is its distance in relation to that of the next
    (D. Lowe, IJCV 60, 2004, section 7.1): a blur is near to many. One or two in a
    hundred where nothing is learnt so.
    """
    own = _two_nearest(known.features, known, skip_self=True)
    made = _two_nearest(works, known)
    near = made[0] <= np.quantile(own[0], TWINS)
    lone = made[0] / made[1] <= np.quantile(own[0] / own[1], TWINS)
    return float(np.mean(near & lone))


def _two_nearest(
    rows: np.ndarray, known: Known, *, skip_self: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Give each row's distances to the nearest picture and to the next: [N], [N]."""
    found = np.empty((2, len(rows)))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        sides = (distances(block, side) for side in (known.features, known.mirrored))
        apart = np.minimum(*sides)
        if skip_self:
            apart[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        found[:, start : start + BLOCK] = np.partition(apart, 1, axis=1)[:, :2].T
    first, second = found
    return first, np.maximum(second, 1e-9)


def _chance(usual: np.ndarray, learnt: Sequence[int], held: Sequence[int]) -> float:
    """Give the deviation of a ratio of two medians, 1.25 times that of means."""
    spread = float(np.std(usual)) / max(float(np.median(usual)), 1e-12)
    few = 1 / max(len(held), 1) + 1 / max(len(learnt), 1)
    return max(1.25 * spread * few**0.5, 1e-3)


def measure_clinging(
    works: np.ndarray, known: Known, learnt: Sequence[int], held: Sequence[int]
) -> float:
    """Give `ratio` as above, from works [N,D] and all pictures, by one look."""
    sides = (nearest(side, works)[0] for side in (known.features, known.mirrored))
    apart = np.minimum(*sides)  # [M]: the same works for both
    ours, theirs = (
        float(np.median(apart[np.asarray(side)])) for side in (learnt, held)
    )
    return min(theirs / max(ours, 1e-12), MOST_CLINGING)
