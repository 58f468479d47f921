"""A checkpoint that knows words, without the minutes that finding them takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.checkpoint import write_words
from studio.direction import PROPERTIES, Named
from studio.latent.properties import measure_pictures
from studio.model import Model


def give_words(
    folder: Path, names: tuple[str, ...], *, measured: bool = False
) -> Model:
    """Name a model's first directions, as if they had been learnt from labels.

    What it foretells of its works are numbers of w, enough to tell starts apart; or
    what its works were measured to be, which takes a second.
    """
    model = Model.open(str(folder))
    pairs = list(zip(model.directions, names, strict=False))
    named = [
        Named(
            **vars(direction) | {"name": name},
            kind="word",
            certainty="known",
            leftover=0.1,
            measured={},
        )
        for direction, name in pairs
    ]
    rng = np.random.default_rng(0)
    readouts = rng.normal(size=(len(PROPERTIES), model.w_dim + 1))
    rows = np.stack([one.rows for one in named])
    measures = [
        {"name": name, "kind": "property", "mean": 0.0, "deviation": 1.0, "foretold": 1}
        for name in PROPERTIES
    ]
    if measured:
        w = model.map_seeds(range(256))
        seen = measure_pictures(model.render_styles(model.truncated(w, 1.0)))
        mean, deviation = seen.mean(axis=0), seen.std(axis=0) + 1e-6
        sides = np.concatenate([w, np.ones((len(w), 1))], axis=1)
        readouts = np.linalg.lstsq(sides, (seen - mean) / deviation, rcond=None)[0].T
        for fact, centre, spread in zip(measures, mean, deviation, strict=True):
            fact |= {"mean": float(centre), "deviation": float(spread)}
    arrays = {"rows": rows, "readouts": readouts.astype(np.float32)}
    facts = {"words": [one.describe() for one in named], "measures": measures}
    write_words(folder, arrays, facts)
    return Model.open(str(folder))
