"""What shall not change in a picture, held by looking: warmth, the horizon, a word.

To first order a step of w leaves a measure alone where it is at right angles to the
measure's slope. The rest is seen in the pictures that come of it, and taken back along
the slopes, twice (Newton's method with slopes that stay, damped).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.direction import PROPERTIES
from studio.latent.measuring import sense_of, slopes
from studio.latent.space import Space

if TYPE_CHECKING:
    from studio.model import Model

LOOKS = 2
DAMPING = 0.7  # after one look as good as 1, and safer where a measure is not straight


def hold(
    model: Model,
    space: Space,
    start: np.ndarray,
    changes: np.ndarray,
    names: Sequence[str],
) -> np.ndarray:
    """Give ``changes`` [N, layers, D] of w ``start`` [layers, D] that keep ``names``.

    Each look renders all of them. What the model does not measure is left as it is.
    """
    known = slopes(model, 0.0)
    names = [name for name in names if name in known]
    sense = sense_of(model) if names else None
    if sense is None:
        return changes
    # Words are read by a network, which is only asked where one of them is held.
    words = not set(names) <= set(PROPERTIES)

    def look(styles: np.ndarray) -> np.ndarray:
        pictures = model.render_styles(styles.astype(np.float32))
        return sense.see(pictures, words=words)[:, columns]

    along = [(space.vectors @ known[name]) * space.spreads for name in names]
    back = np.linalg.pinv(np.stack(along))  # places by measures, [D, K]
    columns = [sense.names.index(name) for name in names]
    wanted = look(start[None])
    for _ in range(LOOKS):
        off = look(start + changes) - wanted  # [N, K]
        steps = np.stack([space.step(back @ one) for one in off])
        changes = changes - DAMPING * steps[:, None]
    return changes
